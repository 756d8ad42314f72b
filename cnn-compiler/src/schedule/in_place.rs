//! Lets an element-wise step write over its input where that value dies, by merging the two
//! buffers.

use cnn_plan::Readdress;

use super::{
    Schedule,
    step::{AreaId, BufferId, Elt, Map, Step, Symbolic, reads, writes},
};
use crate::ir::{LayerId, ParamId};

/// Merges input and output of every element-wise step that allows it, in order of execution, so
/// that chains share one buffer: both maps fill their buffers, the input is not read later, and the
/// output does not exist earlier.
pub fn merge(schedule: &mut Schedule) {
    let mut merged: Vec<BufferId> = (0..schedule.buffers.len()).map(BufferId).collect();
    let mut spans = spans(schedule);
    for (position, step) in schedule.steps().enumerate() {
        let Step::Elementwise(step) = step else { continue };
        let (x, y) = (step.x, step.y);
        let fills = |map: Map| map.start == 0 && map.form.len() == schedule.buffers[map.buffer.0];
        let onto = merged[x.buffer.0];
        if fills(x) && fills(y) && spans[onto.0].1 == position && spans[y.buffer.0].0 == position {
            merged[y.buffer.0] = onto;
            spans[onto.0].1 = spans[y.buffer.0].1;
        }
    }
    let merged = Merged(merged);
    let regions = schedule.forward.iter_mut().chain(&mut schedule.backward);
    regions.flat_map(|region| &mut region.steps).for_each(|step| *step = step.readdress(&merged));
    let ends = std::iter::once(&mut schedule.logits).chain(&mut schedule.losses);
    ends.for_each(|map| *map = merged.map(*map));
}

/// For each buffer the one that stands for it.
struct Merged(Vec<BufferId>);

impl Readdress<Symbolic, Symbolic> for Merged {
    fn name(&self, name: &LayerId) -> LayerId {
        *name
    }

    fn map(&self, map: Map) -> Map {
        Map { buffer: self.0[map.buffer.0], ..map }
    }

    fn param(&self, param: ParamId) -> ParamId {
        param
    }

    fn area(&self, area: AreaId) -> AreaId {
        area
    }

    fn epilogue(&self, epilogue: &Vec<Elt>) -> Vec<Elt> {
        epilogue.iter().map(|elt| elt.readdress(self)).collect()
    }
}

/// First and last step that touches each buffer; what is read from outside is touched past the end.
fn spans(schedule: &Schedule) -> Vec<(usize, usize)> {
    let mut spans = vec![(usize::MAX, 0); schedule.buffers.len()];
    let mut touch = |map: Map, position: usize| {
        let (first, last) = &mut spans[map.buffer.0];
        (*first, *last) = ((*first).min(position), (*last).max(position));
    };
    for (position, step) in schedule.steps().enumerate() {
        reads(step).chain(writes(step)).for_each(|map| touch(map, position));
    }
    std::iter::once(schedule.logits)
        .chain(schedule.losses.iter().copied())
        .for_each(|map| touch(map, usize::MAX));
    spans
}
