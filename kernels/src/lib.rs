//! The OpenCL kernels that `cnn-runtime` compiles on a device: the text of each program, and the
//! names of the numbers that the host and the kernels share.
//!
//! A number that both sides know is declared once, in Rust: [`Source::text`] puts a `#define` of
//! each before the kernels, which use the names alone.
//!
//! ```
//! use cnn_kernels::{EltCode, Source};
//! use cnn_plan::{Act, Elt};
//!
//! let code = EltCode::of(&Elt::Act(Act::Relu));
//! assert!(Source::Layers.text().contains(&format!("#define ELT_ACT {}\n", code as u32)));
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod codes;
mod constant;
mod define;
mod shared;
mod source;
#[cfg(test)]
mod tests;

pub use codes::{ActCode, EltCode, LossCode, PoolCode, TargetCode, UpsamplingCode};
pub use constant::Constant;
pub use shared::{BLOCK, DENSE_RUN, DENSE_SAMPLES, EPILOGUE_LEN, ITEMS, SIDE};
pub use source::Source;
