//! One pass: each step becomes a kernel launch. The first failure is kept, and the steps after it
//! do nothing.

use std::cell::RefCell;

use super::{
    batch_norm, channel, conv, dense, elementwise,
    engine::ClEngine,
    kernels::{Arg, Source},
    loss, lrn, pool, words,
};
use crate::{
    engine::Pass,
    error::Result,
    plan::{
        BLOCK, BatchNormSums, BatchStats, Conv, ConvFilterGrad, ConvInputGrad, Copy, Dense, DenseInputGrad,
        DenseWeightGrad, Elementwise, Elt, Gate, GateGrad, Loss, Lrn, LrnGrad, Map, Maxout, MaxoutGrad,
        Place, Pool, PoolGrad, Softmax, SoftmaxGrad, Steps,
    },
};

/// A pass over a batch while its steps are enqueued.
pub(super) struct Frame<'a> {
    pub(super) engine: &'a ClEngine,
    pub(super) pass: &'a Pass,
    /// The first error of this pass.
    result: RefCell<Result<()>>,
}

/// A kernel and where to find it.
pub(super) struct Launch<'a> {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) options: &'a dyn Fn() -> String,
}

impl Launch<'_> {
    /// A kernel whose shapes are arguments.
    pub(super) fn of(source: Source, name: &'static str) -> Launch<'static> {
        Launch { name, source, options: &String::new }
    }
}

/// The end of a step: operations on its result, and the map that it goes to.
pub(super) struct End<'a> {
    pub(super) layer: &'static str,
    pub(super) ops: &'static [Elt],
    pub(super) y: &'a Map,
}

impl<'a> Frame<'a> {
    pub(super) fn new(engine: &'a ClEngine, pass: &'a Pass) -> Frame<'a> {
        Frame { engine, pass, result: RefCell::new(Ok(())) }
    }

    /// The first error of this pass; steps after it did nothing.
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

    /// Enqueues a kernel of `step` that has a chain; `args` follow those of `STEP` in
    /// `kernels/common.cl`.
    pub(super) fn launch_chain<S>(
        &self,
        step: &'static S,
        launch: Launch,
        end: End,
        args: &[Arg],
        items: [usize; 3],
    ) -> Result<()> {
        let buffers = &self.engine.buffers;
        let [arena, slab] = self.arena();
        let chain = words::chain(end.ops, end.y, self.pass, end.layer)?;
        let start =
            [arena, slab, Arg::Buffer(&buffers.params), Arg::Buffer(&buffers.grads), Arg::Words(&chain)];
        let args: Vec<Arg> = start.into_iter().chain(args.iter().copied()).collect();
        self.launch(step, launch, &args, items)
    }

    /// The first arguments of every kernel: the arena and the length of a slab.
    pub(super) fn arena(&self) -> [Arg<'_>; 2] {
        [Arg::Buffer(&self.engine.buffers.arena), Arg::Int(self.pass.arena.slab)]
    }

    /// A place in the arena's fixed part.
    pub(super) fn fixed(&self, offset: usize) -> Arg<'static> {
        Arg::Offset(self.pass.batch * self.pass.arena.slab + offset)
    }

    /// The number of samples, as an argument.
    pub(super) fn batch(&self) -> Arg<'static> {
        Arg::Int(self.pass.batch)
    }

    /// Work-items of a kernel that makes a float8 of a map at a time.
    pub(super) fn blocks(&self, map: &Map) -> [usize; 3] {
        [map.channels.div_ceil(BLOCK) * map.height * map.width, self.pass.batch, 1]
    }
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
        self.attempt(|| dense::forward(self, step));
    }

    fn dense_input_grad(&self, step: &'static DenseInputGrad) {
        self.attempt(|| dense::input_grad(self, step));
    }

    fn dense_weight_grad(&self, step: &'static DenseWeightGrad) {
        self.attempt(|| dense::weight_grad(self, step));
    }

    fn pool(&self, step: &'static Pool) {
        self.attempt(|| pool::forward(self, step));
    }

    fn pool_grad(&self, step: &'static PoolGrad) {
        self.attempt(|| pool::grad(self, step));
    }

    fn elementwise(&self, step: &'static Elementwise) {
        self.attempt(|| elementwise::elementwise(self, step));
    }

    fn copy(&self, step: &'static Copy) {
        self.attempt(|| elementwise::copy(self, step));
    }

    fn loss(&self, step: &'static Loss) {
        self.attempt(|| loss::run(self, step));
    }

    fn batch_stats(&self, step: &'static BatchStats) {
        self.attempt(|| batch_norm::stats(self, step));
    }

    fn batch_norm_sums(&self, step: &'static BatchNormSums) {
        self.attempt(|| batch_norm::sums(self, step));
    }

    fn lrn(&self, step: &'static Lrn) {
        self.attempt(|| lrn::forward(self, step));
    }

    fn lrn_grad(&self, step: &'static LrnGrad) {
        self.attempt(|| lrn::grad(self, step));
    }

    fn maxout(&self, step: &'static Maxout) {
        self.attempt(|| channel::maxout(self, step));
    }

    fn maxout_grad(&self, step: &'static MaxoutGrad) {
        self.attempt(|| channel::maxout_grad(self, step));
    }

    fn softmax(&self, step: &'static Softmax) {
        self.attempt(|| channel::softmax(self, step));
    }

    fn softmax_grad(&self, step: &'static SoftmaxGrad) {
        self.attempt(|| channel::softmax_grad(self, step));
    }

    fn gate(&self, step: &'static Gate) {
        self.attempt(|| channel::gate(self, step));
    }

    fn gate_grad(&self, step: &'static GateGrad) {
        self.attempt(|| channel::gate_grad(self, step));
    }

    fn place(&self, step: &'static Place) {
        self.attempt(|| elementwise::place(self, step));
    }
}
