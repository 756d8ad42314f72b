//! Where each parameter lies among all parameters, and in which order its elements are packed.
//!
//! Offsets ascend in order of declaration and are multiples of a block; gradients lie at the same
//! offsets. Parts of gradients, which are no parameters, follow.

use std::collections::HashSet;

use cnn_plan::Role;

use crate::{
    ir::{Graph, ParamId},
    passes::layout::{Agreed, packed},
    schedule::Schedule,
};

/// A parameter's packed form.
#[derive(Clone, Debug)]
pub struct Packed {
    pub role: Role,
    pub offset: usize,
    pub len: usize,
    /// False without a gradient: the layer is frozen, or no loss depends on it.
    pub trained: bool,
    /// Among [`Schedule::fused_update`].
    pub fused_update: bool,
}

/// Packs all parameters of a differentiated graph and its schedule, one after the other.
pub fn pack(graph: &Graph, schedule: &Schedule, agreed: &Agreed) -> Vec<Packed> {
    let mut end = 0;
    let updated: HashSet<ParamId> = schedule.fused_update.iter().copied().collect();
    let place = |(index, gradient): (usize, &Option<_>)| {
        let (role, len) = packed(graph, agreed, ParamId(index));
        let offset = end;
        end += len;
        let fused_update = updated.contains(&ParamId(index));
        Packed { role, offset, len, trained: gradient.is_some(), fused_update }
    };
    graph.gradients.iter().enumerate().map(place).collect()
}
