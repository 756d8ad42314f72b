//! Looking on while a network runs: generated code goes in, its steps come out one by one, as
//! values.
//!
//! [`steps_of`] runs generated code without an engine and lists its steps, regions broken open:
//! what follows is the order of execution of a whole batch. A [`Session`](crate::Session) runs such
//! a list step by step and shows each as a [`StepEvent`], when its result is still in the arena:
//! the place is another step's a little later.

mod work;

use std::{cell::RefCell, time::Instant};

use cnn_core::Result;

use crate::{
    engine::{Engine, Pass},
    params::load_map,
    plan::*,
};
pub use work::Work;

/// One step after the other, regions broken open.
pub fn steps_of(body: &dyn Fn(&dyn Steps)) -> Vec<StepRef> {
    let list = List::default();
    body(&list);
    list.0.into_inner()
}

#[derive(Default)]
struct List(RefCell<Vec<StepRef>>);

impl Steps for List {
    fn region(&self, _: u64, body: &(dyn Fn(&dyn Steps) + Sync)) {
        body(self);
    }

    fn step(&self, step: StepRef) {
        self.0.borrow_mut().push(step);
    }
}

/// A step that has just run.
pub struct StepEvent<'a> {
    /// The step.
    pub step: StepRef,
    /// Its position in the pass.
    pub position: usize,
    /// What it took.
    pub seconds: f64,
    engine: &'a mut dyn Engine,
    pass: &'a Pass,
}

impl StepEvent<'_> {
    /// The layer's name.
    pub fn layer(&self) -> &'static str {
        self.step.described().name()
    }

    /// The map that the step writes, if it writes one.
    pub fn written(&self) -> Option<Map> {
        self.step.described().writes().next()
    }

    /// The first map that the step reads and the map that it writes; sums over the batch read two
    /// and write none.
    pub fn shapes(&self) -> [Option<Map>; 2] {
        let mut reads = self.step.described().reads();
        [reads.next(), self.written().or_else(|| reads.next())]
    }

    /// What it wrote for each sample of the batch, `[n, C, H, W]`; nothing if that is no map. A step
    /// that copies elements writes a part of its map, and other steps the rest.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if the device fails.
    pub fn output(&mut self) -> Result<Option<Vec<f32>>> {
        let Some(map) = self.written() else { return Ok(None) };
        let mut stored = vec![0.0; self.pass.batch * map.len()];
        self.engine.read_map(self.pass, &map, &mut stored)?;
        Ok(Some(stored.chunks_exact(map.len()).flat_map(|sample| load_map(&map, sample)).collect()))
    }
}

/// Called after each step; an error ends the pass.
pub type Observer<'a> = dyn FnMut(StepEvent) -> Result<()> + 'a;

/// Runs steps one by one on an engine, in order, and shows each.
pub(crate) fn run(
    engine: &mut dyn Engine,
    pass: &Pass,
    steps: &[StepRef],
    observer: &mut Observer,
) -> Result<()> {
    for (position, &step) in steps.iter().enumerate() {
        let start = Instant::now();
        // SAFETY: the step is one of a `Network`'s, and the pass is that of its plan.
        unsafe { engine.run(pass, &|steps| run_alone(step, steps)) }?;
        engine.finish()?;
        let seconds = start.elapsed().as_secs_f64();
        observer(StepEvent { step, position, seconds, engine, pass })?;
    }
    Ok(())
}

/// Runs a step, in a region of its own if it treats samples one by one.
fn run_alone(step: StepRef, steps: &dyn Steps) {
    let described = step.described();
    match described.scope() {
        Scope::Batch => steps.step(step),
        Scope::Sample => steps.region(described.work().cost(), &|steps| steps.step(step)),
    }
}
