//! The OpenCL engine: devices in, an [`crate::engine::Engine`] out. The only module that names
//! `ocl`.
//!
//! Kernels are those of the crate `cnn-kernels`, compiled when a step first runs. One buffer holds
//! each class of memory, and a kernel argument is a buffer and an element offset. The queue is in
//! order: a batch and its pass are enqueued without waiting, a read waits.

mod batch_norm;
mod bounds;
mod calls;
mod channel;
mod conv;
mod conv_direct;
mod conv_igemm;
mod conv_shape;
mod dense;
mod device;
mod device_info;
mod dispatch;
mod elementwise;
mod engine;
mod failure;
mod frame;
mod kernels;
mod loader;
mod loss;
mod lrn;
mod memory;
mod pool;
mod prelu;
mod sample_norm;
mod segments;
mod selection;
mod staging;
mod update;
mod upsample;
mod words;

pub use device::OpenCl;
#[cfg(feature = "testing")]
pub use device::devices;
#[cfg(feature = "testing")]
pub use device_info::DeviceInfo;
pub use selection::Selection;
