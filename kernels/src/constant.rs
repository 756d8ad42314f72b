//! Constants that differ from program to program: options of the device's compiler.

use alloc::{format, string::String};
use core::fmt::Display;

/// A constant that a program is compiled with, beside those that all programs share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// 1 if a convolution's input is planar.
    XPlanar,
    /// 1 for the input gradient of a convolution.
    Transposed,
    /// 1 for an input gradient whose strides are 1.
    UnitStride,
    /// 0 if every tap of every pixel lies inside a convolution's input.
    Padded,
    /// 1 if the groups of a convolution do not consist of whole blocks.
    Mixed,
    /// Output blocks of a work-item of a direct convolution.
    Blocks,
    /// Output pixels of a work-item of a direct convolution.
    Pixels,
    /// Input channels of a work-item of a direct convolution's filter gradient.
    Tile,
    /// The weights of all classes, separated by commas; absent where classes weigh alike.
    ClassWeights,
}

impl Constant {
    /// Its name in the kernels.
    pub const fn name(self) -> &'static str {
        match self {
            Constant::XPlanar => "X_PLANAR",
            Constant::Transposed => "TRANSPOSED",
            Constant::UnitStride => "UNIT_STRIDE",
            Constant::Padded => "PADDED",
            Constant::Mixed => "MIXED",
            Constant::Blocks => "BLOCKS",
            Constant::Pixels => "PIXELS",
            Constant::Tile => "TILE",
            Constant::ClassWeights => "CLASS_WEIGHTS",
        }
    }

    /// The compiler's option that sets it.
    pub fn option(self, value: impl Display) -> String {
        format!("-D{}={value}", self.name())
    }
}
