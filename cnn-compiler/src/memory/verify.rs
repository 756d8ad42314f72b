//! Checks a plan without knowing how it was made: the steps are replayed on a slab whose blocks remember who wrote them.
//!
//! A failed check is a bug of the compiler and panics with the step.

use std::{fmt::Debug, ops::Range};

use super::Program;
use crate::{
    ir::{ParamId, form::BLOCK},
    schedule::{
        Schedule,
        step::{AreaId, Map, Step, areas as areas_of, gradients, params, reads, writes},
    },
};

/// Every step finds what it reads as it was written, and writes nothing that it reads, except in place.
pub fn program(program: &Program) {
    let mut slab = Slab { program, writers: vec![None; program.memory.slab.div_ceil(BLOCK)] };
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
}

/// One sample's blocks of floats: for each, the buffer that was written there last.
struct Slab<'a> {
    program: &'a Program,
    writers: Vec<Option<u32>>,
}

impl Slab<'_> {
    fn range(&self, map: Map) -> Range<usize> {
        let start = self.program.memory.offset(map) / BLOCK;
        start..start + map.form.len().div_ceil(BLOCK)
    }

    fn write(&mut self, map: Map) {
        let range = self.range(map);
        self.writers[range].fill(Some(map.buffer.0 as u32));
    }

    fn read(&self, map: Map, reader: &dyn Debug) {
        let owner = Some(map.buffer.0 as u32);
        let intact = self.writers[self.range(map)].iter().all(|&writer| writer == owner);
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

/// Areas of one stage lie apart, and what a step left in an area is still there for the steps of later stages.
fn areas(program: &Program) {
    let schedule = &program.schedule;
    let mut writers: Vec<Option<AreaId>> = vec![None; program.memory.fixed / BLOCK];
    for stage in schedule.stages() {
        let range = |area: AreaId| {
            let start = program.memory.area(area);
            start / BLOCK..(start + schedule.areas[area.0]) / BLOCK
        };
        let touched = || stage.iter().flat_map(|step| areas_of(step).map(move |touched| (step, touched)));
        for (_, (area, _)) in touched().filter(|(_, (_, is_written))| *is_written) {
            writers[range(area)].fill(Some(area));
        }
        for (step, (area, _)) in touched() {
            let intact = writers[range(area)].iter().all(|&writer| writer == Some(area));
            assert!(intact, "{step:?} finds area {} overwritten", area.0);
        }
    }
}

/// No step reads a parameter that an earlier one may have updated.
fn updates(schedule: &Schedule) {
    let mut updated: Vec<ParamId> = Vec::new();
    for step in schedule.steps() {
        assert!(
            !params(step).any(|param| updated.contains(&param)),
            "{step:?} reads a parameter that is updated"
        );
        updated.extend(gradients(step).filter(|gradient| schedule.at_once.contains(gradient)));
    }
    assert_eq!(updated.len(), schedule.at_once.len(), "each is updated in one step");
}
