//! One pass: each step becomes a kernel launch. The first failure is kept, and the steps after it do nothing.

use std::cell::RefCell;

use super::{
    conv,
    engine::ClEngine,
    kernels::{Arg, Source},
    layers, words,
};
use crate::{
    engine::Pass,
    error::Result,
    plan::{
        BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Copy, CrossEntropy, Dense, DenseInputGrad,
        DenseWeightGrad, Elementwise, Elt, Map, Pool, PoolGrad, Steps,
    },
};

pub(super) struct Frame<'a> {
    pub(super) engine: &'a ClEngine,
    pub(super) pass: &'a Pass,
    result: RefCell<Result<()>>,
}

/// A kernel and where to find it.
pub(super) struct Launch<'a> {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) options: &'a dyn Fn() -> String,
}

impl<'a> Frame<'a> {
    pub(super) fn new(engine: &'a ClEngine, pass: &'a Pass) -> Frame<'a> {
        Frame { engine, pass, result: RefCell::new(Ok(())) }
    }

    /// What came of the pass.
    pub(super) fn finish(self) -> Result<()> {
        self.result.into_inner()
    }

    fn attempt(&self, step: impl FnOnce() -> Result<()>) {
        if self.result.borrow().is_ok() {
            *self.result.borrow_mut() = step();
        }
    }

    /// Enqueues a kernel of `step`.
    pub(super) fn launch<S>(
        &self,
        step: &'static S,
        launch: Launch,
        args: &[Arg],
        items: [usize; 3],
    ) -> Result<()> {
        let mut kernels = self.engine.kernels.borrow_mut();
        let address = std::ptr::from_ref(step).addr();
        kernels.get(address, launch.name, launch.source, launch.options)?.launch(
            &self.engine.queue,
            args,
            items,
        )
    }

    /// Enqueues a kernel whose shapes are arguments; `args` follow the arena and the slab.
    pub(super) fn launch_layer<S>(
        &self,
        step: &'static S,
        name: &'static str,
        args: &[Arg],
        items: [usize; 3],
    ) -> Result<()> {
        let launch = Launch { name, source: Source::Layers, options: &String::new };
        let [arena, slab] = self.arena();
        let args: Vec<Arg> = [arena, slab].into_iter().chain(args.iter().copied()).collect();
        self.launch(step, launch, &args, items)
    }

    /// The arguments that every step starts with.
    pub(super) fn arena(&self) -> [Arg<'_>; 2] {
        [Arg::Buffer(&self.engine.buffers.arena), Arg::Uint(self.pass.arena.slab as u32)]
    }

    pub(super) fn batch(&self) -> Arg<'static> {
        Arg::Uint(self.pass.batch as u32)
    }

    pub(super) fn chain(&self, elts: &[Elt], layer: &str) -> Result<words::Chain> {
        words::chain(elts, self.pass, layer)
    }

    /// Work-items of a kernel that makes a float8 of a map at a time.
    pub(super) fn blocks(&self, map: &Map) -> [usize; 3] {
        [map.channels.div_ceil(BLOCK) * map.height * map.width, self.pass.batch, 1]
    }
}

/// An `int` argument that is -1 for nothing.
pub(super) fn offset_or_none(offset: Option<usize>) -> Arg<'static> {
    Arg::Uint(offset.map_or(u32::MAX, |offset| offset as u32))
}

impl Steps for Frame<'_> {
    fn region(&self, _macs: u64, body: &(dyn Fn(&dyn Steps) + Sync)) {
        body(self);
    }

    fn prepare_input_grad(&self, step: &'static ConvInputGrad) {
        self.attempt(|| conv::transpose(self, step));
    }

    fn conv(&self, step: &'static Conv) {
        self.attempt(|| conv::forward(self, step));
    }

    fn conv_input_grad(&self, step: &'static ConvInputGrad) {
        self.attempt(|| conv::input_grad(self, step));
    }

    fn conv_filter_grad(&self, step: &'static ConvFilterGrad) {
        self.attempt(|| conv::filter_grad(self, step));
    }

    fn dense(&self, step: &'static Dense) {
        self.attempt(|| layers::dense(self, step));
    }

    fn dense_input_grad(&self, step: &'static DenseInputGrad) {
        self.attempt(|| layers::dense_input_grad(self, step));
    }

    fn dense_weight_grad(&self, step: &'static DenseWeightGrad) {
        self.attempt(|| layers::dense_weight_grad(self, step));
    }

    fn pool(&self, step: &'static Pool) {
        self.attempt(|| layers::pool(self, step));
    }

    fn pool_grad(&self, step: &'static PoolGrad) {
        self.attempt(|| layers::pool_grad(self, step));
    }

    fn elementwise(&self, step: &'static Elementwise) {
        self.attempt(|| layers::elementwise(self, step));
    }

    fn copy(&self, step: &'static Copy) {
        self.attempt(|| layers::copy(self, step));
    }

    fn cross_entropy(&self, step: &'static CrossEntropy) {
        self.attempt(|| layers::cross_entropy(self, step));
    }
}
