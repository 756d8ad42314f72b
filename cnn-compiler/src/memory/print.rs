//! Readable dumps of schedule and plan, a line for each step.

use std::fmt::Write;

use super::Program;
use crate::{
    ir::{Graph, form::Layout},
    schedule::{
        Schedule,
        step::{Elt, Map, Step, reads, writes},
    },
};

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
                writeln!(text, "  {}", line(graph, step, place).trim_end()).expect("a string");
            }
        }
    }
    text
}

/// `conv1 Conv @0 [1, 28, 28] planar -> @784 [32, 26, 26], Act(Relu)`
fn line(graph: &Graph, step: &Step, place: &dyn Fn(Map) -> String) -> String {
    let list = |maps: &mut dyn Iterator<Item = Map>| maps.map(place).collect::<Vec<_>>().join(", ");
    let described = step.described();
    let operations = described.epilogue().into_iter().flatten();
    let epilogue: String = operations.map(|elt| format!(", {}", operation(elt))).collect();
    let (name, kind) = (&graph.layers[described.name().0].name, step.type_name());
    let from = list(&mut reads(step));
    let from = if from.is_empty() { from } else { format!(" {from}") };
    format!("{name} {kind}{from} -> {}{epilogue}", list(&mut writes(step)))
}

fn operation(elt: &Elt) -> String {
    match elt {
        Elt::Act(act) => format!("{act:?}"),
        Elt::ActGrad(act, _) => format!("gradient of {act:?}"),
        Elt::Prelu(_) => "prelu".into(),
        Elt::PreluGrad(..) => "gradient of prelu".into(),
        Elt::Normalize(_) | Elt::NormalizeRunning { .. } => "normalize".into(),
        Elt::NormalizeGrad(..) | Elt::NormalizeRunningGrad { .. } => "gradient of normalize".into(),
        Elt::Dropout { rate, stream, .. } => format!("dropout {stream} at {rate}"),
        Elt::Add(_) => "add".into(),
        Elt::Mul(_) => "mul".into(),
    }
}

fn extent(map: Map) -> String {
    let planar = if map.form.layout == Layout::Planar { " planar" } else { "" };
    format!(" {:?}{planar}", map.form.shape)
}
