//! The OpenCL engine of a build without the feature `opencl`: there is no device, and asking for
//! one says why.

mod selection;

pub use selection::Selection;

use cnn_core::{DeviceError, Remedy, Result};

use crate::backend::{Backend, Engine, Sizes};

/// An open device, of which there is none.
#[derive(Clone, Debug)]
pub enum OpenCl {}

impl OpenCl {
    /// Opens no device.
    ///
    /// # Errors
    /// [`crate::Error::Device`] always.
    pub fn open(_: Selection) -> Result<OpenCl> {
        let message =
            "this program is built without OpenCL: build it with the feature `opencl` of cnn-runtime";
        Err(DeviceError::new(message).with_remedy(Remedy::CpuEngine).into())
    }

    /// Opens no GPU: this says why.
    ///
    /// # Errors
    /// The reason, always.
    pub fn open_gpu() -> Result<OpenCl, String> {
        Err("this program is built without OpenCL".to_owned())
    }
}

impl Backend for OpenCl {
    fn kind(&self) -> &'static str {
        match *self {}
    }

    fn describe(&self) -> String {
        match *self {}
    }

    fn engine(&self, _: &Sizes) -> Result<Box<dyn Engine>> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_opencl_says_so() {
        let error = OpenCl::open(Selection::First).expect_err("no device");
        assert!(error.to_string().contains("feature `opencl`"), "{error}");
        assert_eq!("opencl:1.0".parse::<Selection>().ok(), Some(Selection::At { platform: 1, device: 0 }));
    }
}
