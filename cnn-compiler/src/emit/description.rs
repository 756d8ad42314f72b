//! The network's description: parameters, plans, summary rows, training defaults.

use cnn_plan::{
    Arena, Map, Meaning,
    tables::{Layer, Param, Plan, Port},
};
use proc_macro2::TokenStream;
use quote::quote;

use super::{
    Compiled, graph,
    literal::{integer, literal},
};
use crate::{
    ir::{self, Op},
    memory::{Program, pack::Packed},
    report::Row,
};

/// The constant `DESCRIPTION`.
pub fn description(compiled: &Compiled, rows: &[Row]) -> TokenStream {
    let graph = &compiled.network.graph;
    let name = compiled.network.name.to_string();
    let input = graph.nodes.iter().find(|node| node.op == Op::Input).expect("an input");
    let inputs = [Port { name: "input", shape: &input.shape, meaning: Meaning::Image }];
    let output = &graph[graph.losses[0].logits].shape;
    let outputs = [Port { name: "output", shape: output, meaning: Meaning::Answer(graph.target) }];
    let (inputs, outputs) = (literal(&inputs.as_slice()), literal(&outputs.as_slice()));
    let params = graph.params.iter().zip(&compiled.params).map(|(param, packed)| self::param(param, packed));
    let len = |packed: &[Packed]| integer(packed.last().map_or(0, |packed| packed.offset + packed.len));
    let (params_len, gradients_len) = (len(&compiled.params[..graph.params.len()]), len(&compiled.params));
    let layers = rows.iter().map(|row| literal(&layer(row)));
    let nodes = graph::rows(graph);
    let (train, infer) = (plan(&compiled.train), plan(&compiled.infer));
    let training = literal(&compiled.network.training);
    let (data, augment) =
        (literal(&compiled.network.data.as_deref()), literal(&compiled.network.augment.as_slice()));
    quote! {
        Description {
            name: #name,
            inputs: #inputs,
            outputs: #outputs,
            params: &[#(#params),*],
            params_len: #params_len,
            gradients_len: #gradients_len,
            layers: &[#(#layers),*],
            graph: &[#(#nodes),*],
            train: #train,
            infer: #infer,
            training: #training,
            data: #data,
            augment: #augment,
        }
    }
}

fn param(param: &ir::Param, packed: &Packed) -> TokenStream {
    let Packed { offset, len, trained, fused_update, role } = *packed;
    literal(&Param {
        name: &param.name,
        shape: &param.shape,
        role,
        offset,
        len,
        init: param.init,
        fan_in: param.fan_in,
        fan_out: param.fan_out,
        trainable: trained,
        buffer: param.buffer,
        lr_factor: param.lr_factor,
        decay: param.decay,
        fused_update,
    })
}

fn layer(row: &Row) -> Layer<'_> {
    Layer {
        name: &row.name,
        kind: row.kind,
        shape: &row.shape,
        parameters: size(row.parameters),
        macs: row.macs,
        activation_bytes: size(row.activation_bytes),
        receptive_field: row.receptive_field,
        auxiliary: row.auxiliary,
        note: row.note.as_deref(),
    }
}

/// A count of the machine that compiles, which has 64 bits as those that train.
fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn plan(program: &Program) -> TokenStream {
    let (schedule, memory) = (&program.schedule, &program.memory);
    let losses: Vec<Map> = schedule.losses.iter().map(|&map| memory.placed(map)).collect();
    literal(&Plan {
        arena: Arena { slab: memory.slab, fixed: memory.fixed },
        inputs: &[memory.placed(schedule.input)],
        outputs: &[memory.placed(schedule.logits)],
        losses: &losses,
    })
}
