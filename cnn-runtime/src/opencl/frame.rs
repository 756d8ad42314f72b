//! One pass: what its steps launch kernels with. The first failure is kept, and the steps after it
//! do nothing.

use std::cell::RefCell;

use cnn_core::Result;

use super::{
    engine::ClEngine,
    kernels::{Arg, Source},
    words,
};
use crate::{
    engine::Pass,
    plan::{BLOCK, Elt, Map},
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

    /// Runs a step, unless one before it failed.
    pub(super) fn attempt(&self, step: impl FnOnce() -> Result<()>) {
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
