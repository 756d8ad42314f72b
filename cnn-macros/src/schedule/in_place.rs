//! Lets an element-wise step write over its input where that value dies, by merging the two buffers.

use super::{
    Schedule,
    step::{Anchor, BufferId, Map, Step},
};

/// Merges input and output of every element-wise step that allows it, in order of execution, so that chains share one
/// buffer.
pub fn merge(schedule: &mut Schedule) {
    for position in 0..schedule.steps().count() {
        let step = schedule.steps().nth(position).expect("a step");
        let Anchor::Elementwise { x, y } = step.anchor else { continue };
        if may_share(schedule, position, x, y) {
            redirect(schedule, y.buffer, x.buffer);
        }
    }
}

/// Both maps fill their buffers, the input is not read later, and the output does not exist earlier.
fn may_share(schedule: &Schedule, position: usize, x: Map, y: Map) -> bool {
    let fills = |map: Map| map.start == 0 && map.form.len() == schedule.buffers[map.buffer.0];
    let touches = |buffer: BufferId| {
        move |step: &Step| step.reads().iter().chain(&step.writes()).any(|map| map.buffer == buffer)
    };
    let kept = std::iter::once(&schedule.logits).chain(&schedule.losses).any(|map| map.buffer == x.buffer);
    fills(x)
        && fills(y)
        && !kept
        && !schedule.steps().skip(position + 1).any(touches(x.buffer))
        && !schedule.steps().take(position).any(touches(y.buffer))
}

fn redirect(schedule: &mut Schedule, from: BufferId, to: BufferId) {
    let steps =
        schedule.forward.iter_mut().chain(&mut schedule.backward).flat_map(|region| &mut region.steps);
    let ends = std::iter::once(&mut schedule.logits).chain(&mut schedule.losses);
    for map in steps.flat_map(Step::maps_mut).chain(ends).filter(|map| map.buffer == from) {
        map.buffer = to;
    }
}
