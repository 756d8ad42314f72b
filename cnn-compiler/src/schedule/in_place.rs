//! Lets an element-wise step write over its input where that value dies, by merging the two buffers.

use super::{
    Schedule,
    step::{Anchor, BufferId, Map, Step},
};

/// Merges input and output of every element-wise step that allows it, in order of execution, so that chains share one
/// buffer: both maps fill their buffers, the input is not read later, and the output does not exist earlier.
pub fn merge(schedule: &mut Schedule) {
    let mut merged: Vec<BufferId> = (0..schedule.buffers.len()).map(BufferId).collect();
    let mut spans = spans(schedule);
    for (position, step) in schedule.steps().enumerate() {
        let (Anchor::Elementwise, Some(x), Some(y)) =
            (&step.anchor, step.reads().next(), step.writes().next())
        else {
            continue;
        };
        let fills = |map: Map| map.start == 0 && map.form.len() == schedule.buffers[map.buffer.0];
        let onto = merged[x.buffer.0];
        if fills(x) && fills(y) && spans[onto.0].1 == position && spans[y.buffer.0].0 == position {
            merged[y.buffer.0] = onto;
            spans[onto.0].1 = spans[y.buffer.0].1;
        }
    }
    let steps =
        schedule.forward.iter_mut().chain(&mut schedule.backward).flat_map(|region| &mut region.steps);
    let ends = std::iter::once(&mut schedule.logits).chain(&mut schedule.losses);
    steps.flat_map(Step::maps_mut).chain(ends).for_each(|map| map.buffer = merged[map.buffer.0]);
}

/// First and last step that touches each buffer; what is read from outside is touched past the end.
fn spans(schedule: &Schedule) -> Vec<(usize, usize)> {
    let mut spans = vec![(usize::MAX, 0); schedule.buffers.len()];
    let mut touch = |map: Map, position: usize| {
        let (first, last) = &mut spans[map.buffer.0];
        (*first, *last) = ((*first).min(position), (*last).max(position));
    };
    for (position, step) in schedule.steps().enumerate() {
        step.reads().chain(step.writes()).for_each(|map| touch(map, position));
    }
    std::iter::once(schedule.logits)
        .chain(schedule.losses.iter().copied())
        .for_each(|map| touch(map, usize::MAX));
    spans
}
