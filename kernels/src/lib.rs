//! The sources of the OpenCL kernels that `cnn-runtime` compiles on a device.
#![no_std]
#![forbid(unsafe_code)]

/// A program: kernels that are compiled together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// What most networks need: dense layers, pooling, element-wise chains, losses, updates.
    Layers,
    /// Batch norm's sums.
    BatchNorm,
    /// Local response normalisation.
    Lrn,
    /// Maxout, softmax and gates.
    Channel,
    /// Convolution, specialised for its kind of inner loop.
    ConvDirect,
    /// Convolution by tiles in local memory, specialised likewise.
    ConvIgemm,
}

impl Source {
    /// The program's text in OpenCL C 1.2.
    pub const fn text(self) -> &'static str {
        macro_rules! files {
            ($($name:literal)*) => { concat!($(include_str!(concat!("../", $name)),)*) };
        }
        match self {
            Source::Layers => {
                files!("common.cl" "segments.cl" "dense.cl" "pool.cl" "elementwise.cl" "loss.cl" "update.cl")
            }
            Source::BatchNorm => files!("common.cl" "segments.cl" "batch_norm.cl"),
            Source::Lrn => files!("common.cl" "lrn.cl"),
            Source::Channel => files!("common.cl" "channel.cl"),
            Source::ConvDirect => files!("common.cl" "conv.cl" "conv_direct.cl"),
            Source::ConvIgemm => files!("common.cl" "conv.cl" "conv_igemm.cl"),
        }
    }
}
