//! The stages of `data { }`, for every image.

use super::extent;
use crate::{
    settings::{Bound, Kind, Param, Range, Table, Word, optional, required, row, unset, words},
    source::plain,
};

plain! {
    /// The values that a statistic is taken over.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Per {
        /// One value for each channel.
        Channel,
        /// One value for each element of the input.
        Pixel,
    }
}

plain! {
    /// How whitened values are turned back: not at all, or into the axes of the input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Whitening {
        /// Coordinates along the principal components.
        Pca,
        /// `V diag(1/sqrt(l + epsilon)) V'`: the whitening nearest to the original (Bell and
        /// Sejnowski 1997).
        Zca,
    }
}

plain! {
    /// A stage of `data { }`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Prepare {
        /// A resize of the shorter side to this many pixels; the longer one keeps the proportions.
        ResizeShorter(size: usize),
        /// A resize to exactly `[height, width]`.
        ResizeExact(size: [usize; 2]),
        /// The middle `[height, width]`.
        CenterCrop(size: [usize; 2]),
        /// Subtraction of the training set's mean.
        MeanSubtract(over: Per),
        /// Subtraction of the mean and division by the standard deviation of the training set.
        Standardise(over: Per),
        /// Subtraction of and division by given values, one for each channel.
        Normalise {
            /// Values that are subtracted first.
            mean: &'static [f32],
            /// Divisors.
            std: &'static [f32],
        },
        /// Multiplication.
        Scale(factor: f32),
        /// Decorrelation of the input's elements, which get mean 0 and variance 1.
        Whiten {
            /// Axes of the result.
            kind: Whitening,
            /// Number added to each variance.
            epsilon: f32,
        },
    }
}

/// All stages of `data { }`.
pub const PREPARATIONS: Table<Prepare> = Table {
    what: "stage",
    rows: &[
        row!("resize" { height: required(Kind::Count), width: unset(Kind::Count) }
            => resize(height, width)),
        row!("center_crop" { height: required(Kind::Count), width: unset(Kind::Count) }
            => Prepare::CenterCrop(extent(height, width))),
        row!("mean_subtract" { over: over() } => Prepare::MeanSubtract(over)),
        row!("standardise" { over: over() } => Prepare::Standardise(over)),
        row!("normalise" {
            mean: required(Kind::Numbers(Range::ANY)),
            std: required(Kind::Numbers(Range::POSITIVE)),
        } => Prepare::Normalise { mean, std }),
        row!("scale" { factor: required(NOT_ZERO) } => Prepare::Scale(factor)),
        row!("whiten" {
            kind: required(Kind::Word(words::<Whitening>)),
            epsilon: optional(Kind::POSITIVE, Bound::Number(1e-5)),
        } => Prepare::Whiten { kind, epsilon }),
    ],
};

const NOT_ZERO: Kind = Kind::Number(Range { words: "other than 0", holds: |factor| factor != 0.0 });

/// One size is that of the shorter side.
fn resize(height: usize, width: Option<usize>) -> Prepare {
    match width {
        None => Prepare::ResizeShorter(height),
        Some(width) => Prepare::ResizeExact([height, width]),
    }
}

const fn over(name: &'static str) -> Param {
    optional(name, Kind::Word(words::<Per>), Bound::Word("per_channel"))
}

impl Word for Per {
    const WORDS: &'static [(&'static str, Per)] = &[("per_channel", Per::Channel), ("per_pixel", Per::Pixel)];
}

impl Word for Whitening {
    const WORDS: &'static [(&'static str, Whitening)] = &[("pca", Whitening::Pca), ("zca", Whitening::Zca)];
}
