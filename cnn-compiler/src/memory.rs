//! From buffers to addresses: a schedule goes in, offsets and the arena's size come out.
//!
//! A buffer lives from the first step that touches it to the last, an area of the fixed part
//! likewise by stages; buffers whose lives overlap get disjoint floats of the sample's slab, others
//! may share. One after the other takes the lowest free place, the largest first or the longest-lived:
//! near optimal for networks, whose big buffers are few. All places are multiples of a block.

pub mod pack;
mod place;
pub mod print;
mod runs;
#[cfg(test)]
mod tests;
pub mod verify;

use crate::{
    ir::Graph,
    passes::layout::Agreed,
    schedule::{
        Schedule,
        step::{AreaId, BufferId, Map, areas, reads, writes},
    },
};
use place::{Life, place};

/// One mode's steps and addresses.
#[derive(Clone, Debug)]
pub struct Program {
    pub schedule: Schedule,
    pub memory: Memory,
}

impl Program {
    /// Schedules a graph and plans its memory; `agreed` ties training and inference together.
    pub fn new(graph: &Graph, agreed: &mut Agreed) -> Program {
        let schedule = Schedule::new(graph, agreed);
        let memory = Memory::plan(&schedule);
        Program { schedule, memory }
    }
}

/// Addresses of one mode.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Floats per sample.
    pub slab: usize,
    /// Floats for the batch as a whole.
    pub fixed: usize,
    buffers: Vec<usize>,
    areas: Vec<usize>,
}

/// Samples a multiple of this many floats apart would compete for the same cache sets: 4 KiB.
const ALIAS: usize = 1024;
/// What keeps them apart: a cache line.
const SKEW: usize = 16;

impl Memory {
    /// Plans the memory of a schedule.
    pub fn plan(schedule: &Schedule) -> Memory {
        let buffers = place(&schedule.buffers, &lives(schedule));
        let ends = buffers.iter().zip(&schedule.buffers).map(|(&start, &len)| start + len);
        let slab: usize = ends.max().unwrap_or(0);
        let areas = place(&schedule.areas, &area_lives(schedule));
        let fixed = areas.iter().zip(&schedule.areas).map(|(&start, &len)| start + len).max().unwrap_or(0);
        let skew = if slab.is_multiple_of(ALIAS) { SKEW } else { 0 };
        Memory { slab: slab + skew, fixed, buffers, areas }
    }

    /// Floats from the start of a sample's slab.
    pub fn offset(&self, map: Map) -> usize {
        self.buffers[map.buffer.0] + map.start
    }

    /// A map at its address.
    pub fn placed(&self, map: Map) -> cnn_plan::Map {
        map.form.at(self.offset(map))
    }

    /// Floats from the start of the fixed part.
    pub fn area(&self, id: AreaId) -> usize {
        self.areas[id.0]
    }
}

/// The input is written before the first step, the logits are read after the forward pass, the
/// losses after the last step.
fn lives(schedule: &Schedule) -> Vec<Life> {
    let mut lives: Vec<Life> = vec![None; schedule.buffers.len()];
    let mut touch = |buffer: BufferId, step: usize| {
        let life = &mut lives[buffer.0];
        let first = life.as_ref().map_or(step, |life| *life.start());
        *life = Some(first..=step);
    };
    let end = schedule.steps().count();
    touch(schedule.input.buffer, 0);
    for (position, step) in schedule.steps().enumerate() {
        if position == schedule.forward_len() {
            touch(schedule.logits.buffer, position);
        }
        reads(step).chain(writes(step)).for_each(|map| touch(map.buffer, position));
    }
    if schedule.backward.is_empty() {
        touch(schedule.logits.buffer, end);
    }
    schedule.losses.iter().for_each(|map| touch(map.buffer, end));
    lives
}

/// Stages during which an area must not be overwritten.
fn area_lives(schedule: &Schedule) -> Vec<Life> {
    let mut lives: Vec<Life> = vec![None; schedule.areas.len()];
    for (position, stage) in schedule.stages().enumerate() {
        for (area, _) in stage.iter().flat_map(areas) {
            let first = lives[area.0].as_ref().map_or(position, |life| *life.start());
            lives[area.0] = Some(first..=position);
        }
    }
    lives
}
