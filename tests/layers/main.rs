//! Every step of every engine against naive references in f64.
//!
//! A file an op holds its `Case` descriptor, its reference in torch order and its shapes. A case
//! builds a [`scene::Scene`] of random operands, steps and expected results; [`backend::backends`]
//! says which engines it runs on.

mod add_gradient;
mod backend;
mod batch_norm;
mod conv;
mod copy;
mod dense;
mod elementwise;
mod gate;
mod limits;
mod loss;
mod lrn;
mod maxout;
mod memory;
mod pool;
mod prelu;
mod sample_norm;
mod scene;
mod shift;
mod softmax;
mod tail;
mod tensor;
mod trajectories;
mod update;
mod upsample;
