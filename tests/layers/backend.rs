//! The engines under test.

use std::sync::OnceLock;

use cnn_runtime::{
    Result,
    cpu::Cpu,
    engine::{Engine, Sizes},
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
    BACKENDS.get_or_init(|| vec![cpu(Cpu::new), cpu(Cpu::portable)])
}

/// The processor with 1, 2 and 8 threads.
fn cpu(create: fn(Option<usize>) -> Result<Cpu>) -> Backend {
    let cpus = [1, 2, 8].map(|threads| create(Some(threads)).expect("threads"));
    let name = cpus[0].describe();
    let variants = cpus.map(|cpu| -> Make { Box::new(move |sizes| cpu.engine(sizes)) });
    Backend { name, variants: variants.into() }
}
