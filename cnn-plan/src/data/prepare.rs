//! The stages of `data { }`, for every image.

use core::fmt::{Display, Formatter, Result};

use super::extent;
use crate::{
    settings::{Bound, Field, Kind, Param, Range, Table, Word, optional, required, row, unset, words},
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

/// The stage as it is declared: `center_crop(224, 224)`.
impl Display for Prepare {
    fn fmt(&self, f: &mut Formatter) -> Result {
        match *self {
            Prepare::ResizeShorter(size) => write!(f, "resize({size})"),
            Prepare::ResizeExact([height, width]) => write!(f, "resize({height}, {width})"),
            Prepare::CenterCrop([height, width]) => write!(f, "center_crop({height}, {width})"),
            Prepare::MeanSubtract(over) => write!(f, "mean_subtract({})", over.bound()),
            Prepare::Standardise(over) => write!(f, "standardise({})", over.bound()),
            Prepare::Normalise { mean, std } => {
                write!(f, "normalise(mean = {}, std = {})", mean.bound(), std.bound())
            }
            Prepare::Scale(factor) => write!(f, "scale({factor})"),
            Prepare::Whiten { kind, epsilon } => write!(f, "whiten({}, epsilon = {epsilon})", kind.bound()),
        }
    }
}

impl Prepare {
    /// What happens to images of a network that declares nothing: pixels become 0 to 1.
    pub const DEFAULT: &'static [Prepare] = &[Prepare::Normalise { mean: &[0.0], std: &[255.0] }];

    /// True of a stage that changes which pixels there are, and not their values.
    pub const fn is_geometry(&self) -> bool {
        match self {
            Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_) => true,
            Prepare::MeanSubtract(_)
            | Prepare::Standardise(_)
            | Prepare::Normalise { .. }
            | Prepare::Scale(_)
            | Prepare::Whiten { .. } => false,
        }
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
