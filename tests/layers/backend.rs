//! The engines under test.

use std::{env, sync::OnceLock};

use cnn_runtime::{
    __testing::{
        Cpu,
        engine::{Engine, Sizes, checked},
        opencl::{OpenCl, Selection},
    },
    Result,
    backend::Backend as _,
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
    static BACKENDS: OnceLock<Vec<Backend>> = OnceLock::new();
    BACKENDS.get_or_init(|| cpus().chain(opencl().map(|device| twice(device.with_tiles(false)))).collect())
}

/// The OpenCL device with convolutions in local memory; those of [`backends`] are direct, whatever
/// it would use by itself.
pub(crate) fn tiled() -> Option<&'static Backend> {
    static TILED: OnceLock<Option<Backend>> = OnceLock::new();
    TILED.get_or_init(|| opencl().map(|device| twice(device.with_tiles(true)))).as_ref()
}

/// The processor with its vector instructions, which all give the same bits, and with plain Rust,
/// which rounds more often: each with 1, 2 and 8 threads.
fn cpus() -> impl Iterator<Item = Backend> {
    let (mut vectors, mut plain) = (Vec::new(), Vec::new());
    for threads in [1, 2, 8] {
        let mut cpus = Cpu::each_instruction_set(Some(threads)).expect("threads");
        plain.extend(cpus.pop());
        vectors.extend(cpus);
    }
    [vectors, plain].into_iter().filter(|cpus| !cpus.is_empty()).map(|cpus| {
        let names: Vec<_> = cpus.iter().map(Cpu::describe).collect();
        let make = |cpu: Cpu| -> Make { Box::new(move |sizes| Ok(checked(cpu.engine(sizes)?, sizes))) };
        Backend { name: names.join(", "), variants: cpus.into_iter().map(make).collect() }
    })
}

/// The first OpenCL device. Without one this says so; with `CNN_REQUIRE_OPENCL=1` it fails.
fn opencl() -> Option<OpenCl> {
    match OpenCl::open(Selection::First) {
        Ok(device) => Some(device),
        Err(error) if env::var("CNN_REQUIRE_OPENCL").is_ok_and(|value| value == "1") => panic!("{error}"),
        Err(error) => {
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// A device, run twice.
fn twice(device: OpenCl) -> Backend {
    let name = device.describe();
    let make = |device: OpenCl| -> Make { Box::new(move |sizes| Ok(checked(device.engine(sizes)?, sizes))) };
    Backend { name, variants: vec![make(device.clone()), make(device)] }
}
