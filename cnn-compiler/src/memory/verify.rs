//! Checks a plan without knowing how it was made: the steps are replayed on a slab whose blocks
//! remember who wrote them.
//!
//! What was written is kept as runs of blocks, so that a check costs the number of steps whatever
//! the sizes of maps. A failed check is a bug of the compiler and panics with the step.

use std::{collections::HashSet, fmt::Debug, ops::Range};

use super::{Program, runs::Runs};
use crate::{
    ir::{ParamId, form::BLOCK},
    schedule::{
        Schedule,
        step::{Anchor, AreaId, BufferId, Map, Place, Step},
    },
};

/// Every step finds what it reads as it was written, and writes nothing that it reads, except in
/// place.
pub fn program(program: &Program) {
    let mut slab = Slab { program, writers: Runs::default() };
    let schedule = &program.schedule;
    slab.write(schedule.input);
    for (position, step) in schedule.steps().enumerate() {
        if position == schedule.forward_len() {
            slab.read(schedule.logits, &"the session");
        }
        step.reads().for_each(|map| slab.read(map, step));
        slab.check_apart(step);
        step.writes().for_each(|map| slab.write(map));
    }
    if schedule.backward.is_empty() {
        slab.read(schedule.logits, &"the session");
    }
    schedule.losses.iter().for_each(|&map| slab.read(map, &"the session"));
    areas(program);
    updates(schedule);
}

/// One sample's floats.
struct Slab<'a> {
    program: &'a Program,
    /// For each block, the buffer that was written there last.
    writers: Runs<BufferId>,
}

impl Slab<'_> {
    fn range(&self, map: Map) -> Range<usize> {
        let start = self.program.memory.offset(map) / BLOCK;
        start..start + map.form.len().div_ceil(BLOCK)
    }

    fn write(&mut self, map: Map) {
        self.writers.fill(self.range(map), map.buffer);
    }

    fn read(&self, map: Map, reader: &dyn Debug) {
        let intact = self.writers.holds(self.range(map), map.buffer);
        assert!(intact, "{reader:?} reads buffer {} where it was overwritten", map.buffer.0);
    }

    fn check_apart(&self, step: &Step) {
        for (read, written) in step.reads().flat_map(|read| step.writes().map(move |map| (read, map))) {
            let in_place = step.anchor == Anchor::Elementwise && read == written;
            let (from, to) = (self.range(read), self.range(written));
            assert!(
                in_place || from.end <= to.start || to.end <= from.start,
                "{step:?} writes what it reads"
            );
        }
    }
}

/// Areas of one stage lie apart, and what a step left in an area is still there for the steps of
/// later stages.
fn areas(program: &Program) {
    let schedule = &program.schedule;
    let mut writers = Runs::default();
    for stage in schedule.stages() {
        let range = |area: AreaId| {
            let start = program.memory.area(area);
            start / BLOCK..(start + schedule.areas[area.0]) / BLOCK
        };
        let written = |step: &Step, area: AreaId| step.results.contains(&Place::Area(area));
        for (step, area) in stage.iter().flat_map(|step| step.areas().map(move |area| (step, area))) {
            if written(step, area) {
                writers.fill(range(area), area);
            }
        }
        for (step, area) in stage.iter().flat_map(|step| step.areas().map(move |area| (step, area))) {
            assert!(writers.holds(range(area), area), "{step:?} finds area {} overwritten", area.0);
        }
    }
}

/// No step reads a parameter that an earlier one may have updated.
fn updates(schedule: &Schedule) {
    let at_once: HashSet<ParamId> = schedule.at_once.iter().copied().collect();
    let mut updated: HashSet<ParamId> = HashSet::new();
    for step in schedule.steps() {
        let early =
            step.operands.iter().filter_map(|place| place.param()).find(|param| updated.contains(param));
        assert!(early.is_none(), "{step:?} reads a parameter that is updated");
        let gradients = step.results.iter().filter_map(|place| place.param());
        for param in gradients.filter(|param| at_once.contains(param)) {
            assert!(updated.insert(param), "{step:?} updates a parameter a second time");
        }
    }
    assert_eq!(updated.len(), at_once.len(), "each is updated in one step");
}
