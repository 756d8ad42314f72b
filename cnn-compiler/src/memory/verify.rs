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
        step::{
            AreaId, BufferId, Map, Step, areas as areas_of, gradients, params, read_gradients, reads, writes,
        },
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
        reads(step).for_each(|map| slab.read(map, step));
        slab.check_apart(step);
        writes(step).for_each(|map| slab.write(map));
    }
    if schedule.backward.is_empty() {
        slab.read(schedule.logits, &"the session");
    }
    schedule.losses.iter().for_each(|&map| slab.read(map, &"the session"));
    areas(program);
    updates(schedule);
    written_gradients(schedule);
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
        for (read, written) in reads(step).flat_map(|read| writes(step).map(move |map| (read, map))) {
            let in_place = matches!(step, Step::Elementwise(_)) && read == written;
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
        let touched = || stage.iter().flat_map(|step| areas_of(step).map(move |touched| (step, touched)));
        for (_, (area, _)) in touched().filter(|(_, (_, is_written))| *is_written) {
            writers.fill(range(area), area);
        }
        for (step, (area, _)) in touched() {
            assert!(writers.holds(range(area), area), "{step:?} finds area {} overwritten", area.0);
        }
    }
}

/// Every gradient that a step reads was written by an earlier one; and where parts are added up,
/// only what adds further ones reads the sum.
fn written_gradients(schedule: &Schedule) {
    let (mut written, mut summed) = (HashSet::new(), HashSet::new());
    for step in schedule.steps() {
        let is_there = read_gradients(step).all(|param| written.contains(&param));
        assert!(is_there, "{step:?} reads a gradient before it is there");
        let adds = matches!(step, Step::AddGradient(_));
        let is_part = adds || !read_gradients(step).any(|param| summed.contains(&param));
        assert!(is_part, "{step:?} reads a part of a gradient where the sum is");
        if adds {
            summed.extend(gradients(step));
        }
        written.extend(gradients(step));
    }
}

/// No step reads a parameter that an earlier one may have updated.
fn updates(schedule: &Schedule) {
    let fused_update: HashSet<ParamId> = schedule.fused_update.iter().copied().collect();
    let mut updated: HashSet<ParamId> = HashSet::new();
    for step in schedule.steps() {
        let is_early = params(step).any(|param| updated.contains(&param));
        assert!(!is_early, "{step:?} reads a parameter that is updated");
        for param in gradients(step).filter(|param| fused_update.contains(param)) {
            assert!(updated.insert(param), "{step:?} updates a parameter a second time");
        }
    }
    assert_eq!(updated.len(), fused_update.len(), "each is updated in one step");
}
