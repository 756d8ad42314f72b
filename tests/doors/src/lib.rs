//! A backend that somebody outside this project could have written: a portable interpreter of
//! [`cnn_runtime::plan`], in plain loops.
//!
//! The crate proves that the public API is enough for another backend. It names nothing but
//! `cnn_runtime`, without the feature `testing`, and contains no unsafe block. Its tests run the
//! same networks on [`Naive`] and on the CPU engine, and compare the result of every step, scores,
//! losses, gradients and updated parameters: what the documentation of the plan says of each step
//! is what the engines do.
//!
//! It is also a place to start from. An engine of one's own needs what the files here hold:
//!
//! | file | holds |
//! |---|---|
//! | `engine.rs` | memory: parameters, gradients, state, arena, targets |
//! | `machine.rs` | maps, parameters and areas of one pass by their addresses |
//! | `steps.rs` | which function computes which step |
//! | `conv.rs`, `dense.rs`, `pool.rs`, … | the steps, a file for each topic |
//! | `epilogue.rs`, `activation.rs` | the element-wise operations that end steps |
//! | `update.rs` | the rules of the optimizers |
//!
//! Every step runs for the whole batch before the next one. A step computes all of a sample's
//! result before it stores any of it. Sums are taken in `f64`; what is stored is `f32`, as on every
//! device.

#![deny(unsafe_code)]

mod activation;
mod batch_norm;
mod channel;
mod conv;
mod dense;
mod elementwise;
mod engine;
mod epilogue;
mod loss;
mod lrn;
mod machine;
mod pool;
mod sample_norm;
mod shape;
mod steps;
mod update;
mod values;

use cnn_runtime::{
    Result,
    backend::{Backend, Engine, Sizes},
};

use engine::NaiveEngine;

/// The interpreter as a device.
///
/// ```
/// use cnn_door_tests::Naive;
/// use cnn_runtime::Device;
///
/// let device = Device::new(Naive);
/// assert_eq!(device.describe(), "naive (plain loops): as asked");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Naive;

impl Backend for Naive {
    fn kind(&self) -> &'static str {
        "naive"
    }

    fn describe(&self) -> String {
        "naive (plain loops)".to_owned()
    }

    fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>> {
        Ok(Box::new(NaiveEngine::new(sizes)?))
    }
}
