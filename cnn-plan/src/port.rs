//! Where a network meets the world: what enters it, what leaves it, and what that is compared with.

use crate::source::plain;

plain! {
    /// What a sample's target is.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum TargetKind {
        /// One of as many classes as there are outputs, which are their scores.
        #[default]
        Class,
        /// A real number for each output.
        Values,
        /// A set of labels, of as many as there are outputs, which are their scores.
        Labels,
    }

    /// What the values of a port mean.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Meaning {
        /// An image, `[C, H, W]`.
        Image,
        /// What training compares with targets of this kind.
        Answer(kind: TargetKind),
    }

    /// A value that enters or leaves a network.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Port<'a> {
        /// What other formats call it: `input`, `output`.
        pub name: &'a str,
        /// Shape for one sample: `[C, H, W]` or `[N]`.
        pub shape: &'a [usize],
        /// What it means.
        pub meaning: Meaning,
    }
}

impl TargetKind {
    /// Numbers of a sample's target for so many outputs: a class is one, the others have one for
    /// each output.
    pub const fn len(self, outputs: usize) -> usize {
        match self {
            TargetKind::Class => 1,
            TargetKind::Values | TargetKind::Labels => outputs,
        }
    }

    /// What an output stands for, in the singular: `class`.
    pub const fn output(self) -> &'static str {
        match self {
            TargetKind::Class => "class",
            TargetKind::Values => "value",
            TargetKind::Labels => "label",
        }
    }

    /// What the outputs are, in the plural: `classes`.
    pub const fn outputs(self) -> &'static str {
        match self {
            TargetKind::Class => "classes",
            TargetKind::Values => "values",
            TargetKind::Labels => "labels",
        }
    }
}
