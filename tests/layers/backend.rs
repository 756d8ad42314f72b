//! The engines under test.

use std::sync::LazyLock;

use cnn_runtime::{
    Result,
    engine::{Engine, Sizes},
    opencl::{OpenCl, Selection},
};

/// One engine in variants that must agree to the last bit, such as thread counts.
pub(crate) struct Backend {
    pub(crate) name: String,
    pub(crate) variants: Vec<Make>,
}

/// Creates an engine.
pub(crate) type Make = Box<dyn Fn(&Sizes) -> Result<Box<dyn Engine>> + Send + Sync>;

/// Every engine that this machine can run.
pub(crate) fn backends() -> &'static [Backend] {
    static BACKENDS: LazyLock<Vec<Backend>> = LazyLock::new(|| opencl().into_iter().collect());
    &BACKENDS
}

/// The first OpenCL device, run twice; none is a failure if `CNN_REQUIRE_OPENCL` is 1.
fn opencl() -> Option<Backend> {
    match OpenCl::open(Selection::First) {
        Ok(device) => {
            let make = |device: OpenCl| -> Make { Box::new(move |sizes: &Sizes| device.engine(sizes)) };
            Some(Backend { name: device.describe(), variants: vec![make(device.clone()), make(device)] })
        }
        Err(error) if std::env::var("CNN_REQUIRE_OPENCL").is_ok_and(|value| value == "1") => {
            panic!("{error}")
        }
        Err(error) => {
            eprintln!("skipped on OpenCL: {error}");
            None
        }
    }
}
