//! Tables of a whole network: its memory plans, its summary, its defaults.

use super::{
    Augment, LossKind, Map, Meaning, Prepare, TargetKind, graph::GraphNode, param::Param, port::Port,
};
use crate::optim::{Optimizer, Schedule, Sgd, Update};
use crate::source::plain;

plain! {
    /// Size of an arena: `batch * slab + fixed` floats.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Arena {
        /// Floats per sample.
        pub slab: usize,
        /// Floats for the batch as a whole, after the slabs.
        pub fixed: usize,
    }
}

impl Arena {
    /// Floats for a batch; `usize::MAX`, which no memory holds, if there are more.
    pub const fn len(&self, batch: usize) -> usize {
        batch.saturating_mul(self.slab).saturating_add(self.fixed)
    }

    /// True if nothing is planned; never so for a network.
    pub const fn is_empty(&self) -> bool {
        self.slab == 0 && self.fixed == 0
    }
}

plain! {
    /// The plan of one mode: its arena, and where the batch enters and leaves.
    #[derive(Clone, Copy, Debug)]
    pub struct Plan<'a> {
        /// Memory.
        pub arena: Arena,
        /// Where the values of each input are written.
        pub inputs: &'a [Map],
        /// Where those of each output are read: valid after `infer`, or after `forward` and before
        /// `backward`.
        pub outputs: &'a [Map],
        /// Per-sample losses to add up, main loss first; empty for inference.
        pub losses: &'a [Map],
    }
}

impl Plan<'_> {
    /// The plan of nothing.
    const EMPTY: Self = Plan { arena: Arena { slab: 0, fixed: 0 }, inputs: &[], outputs: &[], losses: &[] };
}

plain! {
    /// A row of `summary`.
    #[derive(Clone, Copy, Debug)]
    pub struct Layer<'a> {
        /// Path of the layer: its name, or its kind and number.
        pub name: &'a str,
        /// Kind, as written: `conv`, `max_pool`.
        pub kind: &'a str,
        /// Output shape: `[C, H, W]` or `[N]`.
        pub shape: &'a [usize],
        /// Trainable and frozen scalars.
        pub parameters: usize,
        /// Multiply-accumulates of one image, forward.
        pub macs: u64,
        /// Bytes of the output of one image as the mathematics counts it, without padding.
        pub activation_bytes: usize,
        /// Pixels of the input, vertical and horizontal, that one output element sees.
        pub receptive_field: [usize; 2],
        /// True if only training runs it, because it leads to nothing but an auxiliary loss.
        pub auxiliary: bool,
        /// Something worth knowing, such as rows that a window drops.
        pub note: Option<&'a str>,
    }
}

plain! {
    /// What `train { }` declares.
    #[derive(Clone, Copy, Debug)]
    pub struct Training {
        /// What an update does.
        pub update: Update,
        /// Course of the learning rate.
        pub schedule: Schedule,
        /// Samples per pass.
        pub batch: usize,
        /// Passes whose gradients are averaged for one update.
        pub accumulate: usize,
        /// Passes over the training set.
        pub epochs: usize,
        /// The main loss, which validation measures too.
        pub loss: LossKind,
    }
}

plain! {
    /// Everything constant about a network.
    #[derive(Debug)]
    pub struct Description<'a> {
        /// The type's name, `MnistCnn`.
        pub name: &'a str,
        /// What enters: an image.
        pub inputs: &'a [Port<'a>],
        /// What leaves: scores or values.
        pub outputs: &'a [Port<'a>],
        /// Parameters and buffers in order of declaration; offsets ascend.
        pub params: &'a [Param<'a>],
        /// Floats of all packed parameters.
        pub params_len: usize,
        /// Floats of all gradients: those of the parameters at the same offsets, then parts of
        /// those with several readers.
        pub gradients_len: usize,
        /// Rows of the summary.
        pub layers: &'a [Layer<'a>],
        /// What inference computes, in order of execution: the first node is the input, the last
        /// yields the outputs.
        pub graph: &'a [GraphNode<'a>],
        /// Plan of `forward` and `backward`.
        pub train: Plan<'a>,
        /// Plan of `infer`.
        pub infer: Plan<'a>,
        /// Defaults of the trainer.
        pub training: Training,
        /// From a stored image to the network's input; `None` where nothing is declared: images are
        /// scaled to 0 to 1, and resized if they have another size.
        pub data: Option<&'a [Prepare]>,
        /// Changes of training images.
        pub augment: &'a [Augment],
    }
}

impl<'a> Description<'a> {
    /// A network without anything: what a declaration with errors becomes, so that the rest of the
    /// program still compiles.
    pub const EMPTY: Self = Description {
        name: "",
        inputs: &[],
        outputs: &[],
        params: &[],
        params_len: 0,
        gradients_len: 0,
        layers: &[],
        graph: &[],
        train: Plan::EMPTY,
        infer: Plan::EMPTY,
        training: Training {
            update: Update::new(Optimizer::Sgd(Sgd::DEFAULT)),
            schedule: Schedule::CONSTANT,
            batch: 0,
            accumulate: 1,
            epochs: 0,
            loss: LossKind::CROSS_ENTROPY,
        },
        data: None,
        augment: &[],
    };

    /// The shape `[C, H, W]` of the image that enters.
    pub const fn image_shape(&self) -> [usize; 3] {
        match self.inputs {
            &[Port { shape: &[channels, height, width], .. }, ..] => [channels, height, width],
            _ => [0; 3],
        }
    }

    /// What happens to every image before it enters.
    pub const fn preparation(&self) -> &'a [Prepare] {
        match self.data {
            Some(stages) => stages,
            None => Prepare::DEFAULT,
        }
    }

    /// Numbers that the network answers an image with: scores of classes or labels, or values.
    pub fn output_len(&self) -> usize {
        self.outputs.first().map_or(0, |port| port.shape.iter().product())
    }

    /// What the answer is compared with.
    pub const fn target(&self) -> TargetKind {
        match self.outputs {
            [Port { meaning: Meaning::Answer(kind), .. }, ..] => *kind,
            _ => TargetKind::Class,
        }
    }

    /// Number of scalars in all parameters, without padding and without buffers.
    pub fn parameter_count(&self) -> usize {
        self.count(|param| !param.buffer)
    }

    /// Number of those that are trained: all that are not frozen.
    pub fn trained_count(&self) -> usize {
        self.count(|param| param.trainable)
    }

    /// Scalars of some parameters.
    fn count(&self, which: impl Fn(&&Param) -> bool) -> usize {
        let sizes = self.params.iter().filter(which).map(|param| param.shape.iter().product::<usize>());
        sizes.sum()
    }

    /// Floats of the arena of a session, as [`Arena::len`] has them: a training session also
    /// infers, in the same arena.
    pub fn arena_len(&self, training: bool, batch: usize) -> usize {
        let inference = self.infer.arena.len(batch);
        if training { self.train.arena.len(batch).max(inference) } else { inference }
    }

    /// Multiply-accumulates of one image, forward, in inference.
    pub fn macs(&self) -> u64 {
        self.layers.iter().filter(|layer| !layer.auxiliary).map(|layer| layer.macs).sum()
    }

    /// What the auxiliary heads add to [`Description::macs`] in training.
    pub fn auxiliary_macs(&self) -> u64 {
        self.layers.iter().filter(|layer| layer.auxiliary).map(|layer| layer.macs).sum()
    }
}
