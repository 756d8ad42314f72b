//! The engines and their parts, for the tests and benches of this repository: nothing here is kept
//! stable.

pub use cnn_plan as plan;

pub use crate::cpu::Cpu;

/// What a device provides.
pub mod engine {
    pub use crate::engine::*;
}

/// The OpenCL engine.
pub mod opencl {
    pub use crate::opencl::*;
}

/// Parameters in torch's order and in packed order.
pub mod params {
    pub use crate::params::*;
}

/// Random numbers.
pub mod rng {
    pub use cnn_core::rng::*;
}
