//! Where each parameter lies among all parameters, and in which order its elements are packed.
//!
//! Offsets ascend in order of declaration and are multiples of a block; gradients lie at the same
//! offsets.

use std::collections::HashSet;

use cnn_plan::Role;

use crate::{
    ir::{Graph, ParamId, form::padded},
    passes::layout::Agreed,
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
    let packed = |(index, gradient): (usize, &Option<_>)| {
        let shape = &graph.params[index].shape;
        let role = match agreed.weights.get(&ParamId(index)) {
            Some(form) => Role::Weight(form.at(0)),
            None if shape.len() == 1 => Role::Vector,
            None => Role::Filter,
        };
        let inner = match role {
            Role::Weight(map) => map.len(),
            Role::Filter | Role::Vector => shape[1..].iter().product(),
        };
        let (offset, len) = (end, padded(shape[0]) * inner);
        end += len;
        let fused_update = updated.contains(&ParamId(index));
        Packed { role, offset, len, trained: gradient.is_some(), fused_update }
    };
    graph.gradients.iter().enumerate().map(packed).collect()
}
