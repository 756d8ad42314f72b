//! The OpenCL engine: devices in, an [`crate::engine::Engine`] out. The only module that names `ocl`.
//!
//! Kernels are in the folder `kernels/`, compiled when a step first runs. One buffer holds each class of memory, and a kernel
//! argument is a buffer and an element offset. One in-order queue: a batch and its pass are enqueued without waiting, a read waits.

mod batch_norm;
mod channel;
mod conv;
mod conv_direct;
mod conv_igemm;
mod dense;
mod device;
mod elementwise;
mod engine;
mod failure;
mod frame;
mod kernels;
#[cfg(all(unix, not(target_os = "macos")))]
mod loader;
mod loss;
mod lrn;
mod memory;
mod pool;
mod segments;
mod staging;
mod update;
mod words;

#[cfg(feature = "testing")]
pub use device::DeviceInfo;
pub use device::{OpenCl, Selection, devices};
