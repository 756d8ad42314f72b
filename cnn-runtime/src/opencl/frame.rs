//! One pass: each step becomes a kernel launch. The first failure is kept, and the steps after it do nothing.

use std::cell::RefCell;

use super::{
    conv,
    engine::ClEngine,
    kernels::{Arg, Source},
    words,
};
use crate::{
    engine::Pass,
    error::Result,
    plan::{
        BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Copy, CrossEntropy, Dense, DenseInputGrad,
        DenseWeightGrad, Elementwise, Elt, Map, Pool, PoolGrad, PoolKind, Steps,
    },
};

/// Samples of a work-item: `DENSE_SAMPLES` and `DENSE_RUN` in `kernels/dense.cl`.
const DENSE_SAMPLES: usize = 8;
const DENSE_RUN: usize = 32;

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

    /// Enqueues a kernel of `step`; its first two arguments are the arena and the slab.
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

    fn layers<S>(&self, step: &'static S, name: &'static str, args: &[Arg], items: [usize; 3]) -> Result<()> {
        let kernel = Launch { name, source: Source::Layers, options: &String::new };
        let [arena, slab] = self.arena();
        let args: Vec<Arg> = [arena, slab].into_iter().chain(args.iter().copied()).collect();
        self.launch(step, kernel, &args, items)
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
    fn blocks(&self, map: &Map) -> [usize; 3] {
        [map.channels.div_ceil(BLOCK) * map.height * map.width, self.pass.batch, 1]
    }

    /// Sums a bias gradient.
    pub(super) fn bias_grad<S>(&self, step: &'static S, dy: &Map, bias: Option<usize>) -> Result<()> {
        let Some(bias) = bias else { return Ok(()) };
        let grads = Arg::Buffer(&self.engine.buffers.grads);
        let args = [Arg::Words(&words::map(dy)), grads, Arg::Uint(bias as u32), self.batch()];
        self.layers(step, "bias_grad", &args, [dy.channels.div_ceil(BLOCK), 1, 1])
    }

    fn try_dense(&self, step: &'static Dense) -> Result<()> {
        let args = [
            Arg::Words(&words::map(&step.x)),
            Arg::Uint(step.y.offset as u32),
            Arg::Uint(step.y.channels as u32),
            Arg::Buffer(&self.engine.buffers.params),
            Arg::Offset(step.weight),
            offset_or_none(step.bias),
            self.batch(),
            Arg::Words(&self.chain(step.epilogue, step.name)?),
        ];
        let tiles = self.pass.batch.div_ceil(DENSE_SAMPLES);
        self.layers(step, "dense", &args, [tiles, step.y.channels.div_ceil(BLOCK), 1])
    }

    fn try_dense_input_grad(&self, step: &'static DenseInputGrad) -> Result<()> {
        let args = [
            Arg::Uint(step.dy.offset as u32),
            Arg::Uint(step.dy.channels as u32),
            Arg::Words(&words::map(&step.dx)),
            Arg::Buffer(&self.engine.buffers.params),
            Arg::Offset(step.weight),
            self.batch(),
            Arg::Words(&self.chain(step.epilogue, step.name)?),
        ];
        let runs = self.pass.batch.div_ceil(DENSE_RUN);
        self.layers(step, "dense_input_grad", &args, [step.dx.len() / BLOCK, runs, 1])
    }

    fn try_dense_weight_grad(&self, step: &'static DenseWeightGrad) -> Result<()> {
        let args = [
            Arg::Words(&words::map(&step.x)),
            Arg::Uint(step.dy.offset as u32),
            Arg::Uint(step.dy.channels as u32),
            Arg::Buffer(&self.engine.buffers.grads),
            Arg::Offset(step.weight),
            self.batch(),
        ];
        let items = [step.x.len().div_ceil(BLOCK), step.dy.channels.div_ceil(BLOCK), 1];
        self.layers(step, "dense_weight_grad", &args, items)?;
        self.bias_grad(step, &step.dy, step.bias)
    }

    fn try_pool(&self, step: &'static Pool) -> Result<()> {
        let [is_max, count_all] = pool_kind(step.kind);
        let args = [
            Arg::Words(&words::map(&step.x)),
            Arg::Words(&words::map(&step.y)),
            Arg::Words(&words::window(&step.window)),
            is_max,
            count_all,
            Arg::Words(&self.chain(step.epilogue, step.name)?),
        ];
        self.layers(step, "pool", &args, self.blocks(&step.y))
    }

    fn try_pool_grad(&self, step: &'static PoolGrad) -> Result<()> {
        let [is_max, count_all] = pool_kind(step.kind);
        let args = [
            Arg::Words(&words::map(&step.x)),
            Arg::Words(&words::map(&step.dy)),
            Arg::Words(&words::map(&step.dx)),
            Arg::Words(&words::window(&step.window)),
            is_max,
            count_all,
            Arg::Words(&self.chain(step.epilogue, step.name)?),
        ];
        self.layers(step, "pool_grad", &args, self.blocks(&step.dx))
    }

    fn try_elementwise(&self, step: &'static Elementwise) -> Result<()> {
        let chain = self.chain(step.ops, step.name)?;
        let args = [Arg::Words(&words::map(&step.x)), Arg::Words(&words::map(&step.y)), Arg::Words(&chain)];
        self.layers(step, "elementwise", &args, self.blocks(&step.y))
    }

    fn try_copy(&self, step: &'static Copy) -> Result<()> {
        let args = [
            Arg::Words(&words::map(&step.x)),
            Arg::Uint(step.x_start as u32),
            Arg::Words(&words::map(&step.y)),
            Arg::Uint(step.y_start as u32),
            Arg::Uint(step.count as u32),
        ];
        self.layers(step, "copy", &args, [step.count, self.pass.batch, 1])
    }

    fn try_cross_entropy(&self, step: &'static CrossEntropy) -> Result<()> {
        let args = [
            Arg::Uint(step.logits.offset as u32),
            Arg::Uint(step.logits.channels as u32),
            Arg::Uint(step.loss.offset as u32),
            Arg::Uint(step.grad.is_some() as u32),
            Arg::Uint(step.grad.map_or(0, |grad| grad.offset as u32)),
            Arg::Float(step.weight),
            Arg::Buffer(&self.engine.buffers.labels),
            self.batch(),
        ];
        self.layers(step, "cross_entropy", &args, [self.pass.batch, 1, 1])
    }
}

/// An `int` argument that is -1 for nothing.
pub(super) fn offset_or_none(offset: Option<usize>) -> Arg<'static> {
    Arg::Uint(offset.map_or(u32::MAX, |offset| offset as u32))
}

/// `is_max` and `count_all` in `kernels/pool.cl`.
fn pool_kind(kind: PoolKind) -> [Arg<'static>; 2] {
    match kind {
        PoolKind::Max => [1, 0],
        PoolKind::Avg { count_include_pad } => [0, count_include_pad as u32],
    }
    .map(Arg::Uint)
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
        self.attempt(|| self.try_dense(step));
    }

    fn dense_input_grad(&self, step: &'static DenseInputGrad) {
        self.attempt(|| self.try_dense_input_grad(step));
    }

    fn dense_weight_grad(&self, step: &'static DenseWeightGrad) {
        self.attempt(|| self.try_dense_weight_grad(step));
    }

    fn pool(&self, step: &'static Pool) {
        self.attempt(|| self.try_pool(step));
    }

    fn pool_grad(&self, step: &'static PoolGrad) {
        self.attempt(|| self.try_pool_grad(step));
    }

    fn elementwise(&self, step: &'static Elementwise) {
        self.attempt(|| self.try_elementwise(step));
    }

    fn copy(&self, step: &'static Copy) {
        self.attempt(|| self.try_copy(step));
    }

    fn cross_entropy(&self, step: &'static CrossEntropy) {
        self.attempt(|| self.try_cross_entropy(step));
    }
}
