//! From a graph to steps: fused groups become calls, values become maps in buffers, per-sample
//! calls form regions.
//!
//! Buffers have sizes but no addresses yet. Values share a buffer where that is free: a flattened
//! map, an aligned part of a concatenation, the result of an element-wise step on a value that dies
//! there.

mod build;
mod in_place;
mod sharing;
pub mod step;
#[cfg(test)]
mod tests;

use crate::{
    ir::{Graph, ParamId},
    passes::layout::Agreed,
};
use step::{Map, Scope, Step, reads};

/// A maximal run of steps of one scope.
#[derive(Clone, Debug)]
pub struct Region {
    pub scope: Scope,
    pub steps: Vec<Step>,
}

impl Region {
    /// Steps that an engine has in hand at the same time: all that carry samples one by one, each
    /// of the batch by itself.
    pub fn stages(&self) -> impl Iterator<Item = &[Step]> {
        let together = match self.scope {
            Scope::Sample => self.steps.len(),
            Scope::Batch => 1,
        };
        self.steps.chunks(together)
    }
}

/// The program of one mode.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Floats of each buffer, per sample.
    pub buffers: Vec<usize>,
    /// Floats of each area that belongs to the batch as a whole.
    pub areas: Vec<usize>,
    /// Up to the scores and the losses.
    pub forward: Vec<Region>,
    /// Empty for inference.
    pub backward: Vec<Region>,
    pub input: Map,
    pub logits: Map,
    /// Main loss first; empty for inference.
    pub losses: Vec<Map>,
    /// Parameters that no step reads after the one that computes their gradient, which may
    /// therefore update them.
    pub fused_update: Vec<ParamId>,
}

impl Schedule {
    /// Schedules a graph; `agreed` ties the storage orders of training and inference together.
    pub fn new(graph: &Graph, agreed: &mut Agreed) -> Schedule {
        let mut schedule = build::build(graph, agreed);
        in_place::merge(&mut schedule);
        schedule
    }

    /// All steps in order of execution.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.forward.iter().chain(&self.backward).flat_map(|region| &region.steps)
    }

    /// The stages of all regions, see [`Region::stages`].
    pub fn stages(&self) -> impl Iterator<Item = &[Step]> {
        self.forward.iter().chain(&self.backward).flat_map(Region::stages)
    }

    /// Number of steps before the backward pass.
    pub fn forward_len(&self) -> usize {
        self.forward.iter().map(|region| region.steps.len()).sum()
    }
}

/// Groups steps into regions. A step of the batch that reads no map, such as an arrangement of
/// filters, is moved in front of the region of samples that it would cut in two.
fn regions(steps: Vec<Step>) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for step in steps {
        let scope = step.described().scope();
        let is_inside = regions.last().is_some_and(|region| region.scope == Scope::Sample);
        if scope == Scope::Batch && is_inside && reads(&step).next().is_none() {
            let split = regions.pop();
            push(&mut regions, scope, step);
            regions.extend(split);
        } else {
            push(&mut regions, scope, step);
        }
    }
    regions
}

/// Appends a step to the last region, or to a new one if that has another scope.
fn push(regions: &mut Vec<Region>, scope: Scope, step: Step) {
    match regions.last_mut() {
        Some(region) if region.scope == scope => region.steps.push(step),
        _ => regions.push(Region { scope, steps: vec![step] }),
    }
}

/// Position of the first step after the last loss.
fn backward_start(steps: &[Step]) -> usize {
    let loss = |step: &Step| matches!(step, Step::Loss(_));
    steps.iter().rposition(loss).map_or(steps.len(), |last| last + 1)
}
