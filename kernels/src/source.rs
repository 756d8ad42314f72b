//! Programs, and the files that each consists of.

use alloc::string::String;

use crate::{constant::Constant, shared::prelude};

/// A program: kernels that are compiled together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// What most networks need: dense layers, pooling, element-wise chains, losses, updates.
    Layers,
    /// Batch norm's sums.
    BatchNorm,
    /// Norms of each sample.
    SampleNorm,
    /// Local response normalisation.
    Lrn,
    /// Maxout, softmax and gates.
    Channel,
    /// Gradients of a parametric ReLU's slopes.
    Prelu,
    /// More rows and columns.
    Upsample,
    /// Direct convolution, specialised for its kind of inner loop.
    ConvDirect,
    /// Convolution by tiles in local memory, specialised likewise.
    ConvIgemm,
}

impl Source {
    /// Every program.
    pub const ALL: [Source; 9] = [
        Source::Layers,
        Source::BatchNorm,
        Source::SampleNorm,
        Source::Lrn,
        Source::Channel,
        Source::Prelu,
        Source::Upsample,
        Source::ConvDirect,
        Source::ConvIgemm,
    ];

    /// The program's text in OpenCL C 1.2; it is compiled with [`Source::constants`].
    pub fn text(self) -> String {
        macro_rules! files {
            ($($name:literal)*) => { concat!($(include_str!(concat!("../", $name)),)*) };
        }
        let files = match self {
            Source::Layers => {
                files!("common.cl" "segments.cl" "dense.cl" "pool.cl" "elementwise.cl" "loss.cl" "update.cl")
            }
            Source::BatchNorm => files!("common.cl" "segments.cl" "batch_norm.cl"),
            Source::SampleNorm => files!("common.cl" "segments.cl" "sample_norm.cl"),
            Source::Lrn => files!("common.cl" "lrn.cl"),
            Source::Channel => files!("common.cl" "channel.cl"),
            Source::Prelu => files!("common.cl" "segments.cl" "prelu.cl"),
            Source::Upsample => files!("common.cl" "upsample.cl"),
            Source::ConvDirect => files!("common.cl" "conv.cl" "conv_direct.cl"),
            Source::ConvIgemm => files!("common.cl" "conv.cl" "conv_igemm.cl"),
        };
        prelude() + files
    }

    /// The constants that the program is compiled with; all are needed but
    /// [`Constant::ClassWeights`].
    pub const fn constants(self) -> &'static [Constant] {
        use Constant::*;
        match self {
            Source::Layers => &[ClassWeights],
            Source::BatchNorm | Source::SampleNorm | Source::Lrn | Source::Channel => &[],
            Source::Prelu | Source::Upsample => &[],
            Source::ConvDirect => &[XPlanar, Transposed, UnitStride, Padded, Mixed, Blocks, Pixels, Tile],
            Source::ConvIgemm => &[XPlanar, Transposed, UnitStride, Padded],
        }
    }
}
