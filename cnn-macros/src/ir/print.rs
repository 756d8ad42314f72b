//! Readable dumps of the stages, a line for each node or step.

use std::fmt::Write;

use super::Graph;
use crate::{
    memory::Program,
    schedule::{
        Schedule,
        step::{Elt, Layout, Map, Step},
    },
};

/// `%12 [32, 26, 26] conv1: Conv(…) %0 %10 %11`
pub fn graph(graph: &Graph) -> String {
    let mut text = String::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let layer = &graph.layers[node.layer.0].name;
        let inputs: String = node.inputs.iter().map(|input| format!(" %{}", input.0)).collect();
        writeln!(text, "%{index} {:?} {layer}: {:?}{inputs}", node.shape, node.op).expect("a string");
    }
    for (param, gradient) in graph.params.iter().zip(&graph.gradients) {
        let gradient = gradient.map_or("none".into(), |id| format!("%{}", id.0));
        writeln!(text, "gradient of {} {:?}: {gradient}", param.name, param.shape).expect("a string");
    }
    text
}

/// Regions and their steps, with buffers in place of addresses.
pub fn schedule(graph: &Graph, schedule: &Schedule) -> String {
    steps(graph, schedule, &|map| format!("b{}+{}{}", map.buffer.0, map.start, extent(map)))
}

/// Sizes, and every step with addresses.
pub fn plan(graph: &Graph, program: &Program) -> String {
    let memory = &program.memory;
    let sizes = format!("slab {} floats per sample, fixed {} floats\n", memory.slab, memory.fixed);
    sizes + &steps(graph, &program.schedule, &|map| format!("@{}{}", memory.offset(map), extent(map)))
}

fn steps(graph: &Graph, schedule: &Schedule, place: &dyn Fn(Map) -> String) -> String {
    let mut text = String::new();
    for (pass, regions) in [("forward", &schedule.forward), ("backward", &schedule.backward)] {
        for region in regions {
            writeln!(text, "{pass} {:?}", region.scope).expect("a string");
            for step in &region.steps {
                writeln!(text, "  {}", line(graph, step, place)).expect("a string");
            }
        }
    }
    text
}

/// `conv1 Conv @0 [1, 28, 28] planar -> @784 [32, 26, 26], Act(Relu)`
fn line(graph: &Graph, step: &Step, place: &dyn Fn(Map) -> String) -> String {
    let kind = format!("{:?}", step.anchor);
    let kind = kind.split(' ').next().unwrap_or_default();
    let list = |maps: Vec<Map>| maps.into_iter().map(place).collect::<Vec<_>>().join(", ");
    let epilogue: String = step.epilogue.iter().map(|elt| format!(", {}", operation(elt))).collect();
    let name = &graph.layers[step.layer.0].name;
    format!("{name} {kind} {} -> {}{epilogue}", list(step.reads()), list(step.writes()))
}

fn operation(elt: &Elt) -> String {
    match elt {
        Elt::Act(act) => format!("{act:?}"),
        Elt::ActGrad(act, _) => format!("gradient of {act:?}"),
        Elt::Dropout { rate, stream } => format!("dropout {stream} at {rate}"),
        Elt::Add(_) => "add".into(),
    }
}

fn extent(map: Map) -> String {
    let planar = if map.form.layout == Layout::Planar { " planar" } else { "" };
    format!(" {:?}{planar}", map.form.shape)
}
