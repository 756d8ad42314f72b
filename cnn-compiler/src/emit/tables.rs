//! The network's description: parameters, plans, summary rows, training defaults.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Compiled, steps::map_at, tokens};
use crate::{
    ir::{Act, Op, Param, Pool, PoolKind, Response, Window},
    memory::{
        Program,
        pack::{Packed, Role},
    },
    report::Row,
    schedule::step::Map,
};

/// The constant `DESCRIPTION`.
pub fn description(compiled: &Compiled, rows: &[Row]) -> TokenStream {
    let graph = &compiled.network.graph;
    let name = compiled.network.name.to_string();
    let input = graph.nodes.iter().find(|node| node.op == Op::Input).expect("an input");
    let input = list(&input.shape);
    let classes = integer(graph[graph.losses[0].logits].shape[0]);
    let params = graph.params.iter().zip(&compiled.params).map(|(param, packed)| self::param(param, packed));
    let params_len = integer(compiled.params.last().map_or(0, |packed| packed.offset + packed.len));
    let layers = rows.iter().map(layer);
    let (train, infer) = (plan(&compiled.train), plan(&compiled.infer));
    let training = tokens(&compiled.network.training);
    let data = tokens(&compiled.network.data.as_deref());
    let augment = tokens(&compiled.network.augment.as_slice());
    quote! {
        Description {
            name: #name,
            input: #input,
            classes: #classes,
            params: &[#(#params),*],
            params_len: #params_len,
            layers: &[#(#layers),*],
            train: #train,
            infer: #infer,
            training: #training,
            data: #data,
            augment: #augment,
        }
    }
}

fn param(param: &Param, packed: &Packed) -> TokenStream {
    let Packed { offset, len, trained, at_once, .. } = *packed;
    let (shape, init) = (list(&param.shape), tokens(&param.init));
    let (offset, len) = (integer(offset), integer(len));
    let (fan_in, fan_out) = (integer(param.fan_in), integer(param.fan_out));
    let Param { name, buffer, lr_factor, decay, .. } = param;
    let role = match packed.role {
        Role::Filter => quote!(Role::Filter),
        Role::Vector => quote!(Role::Vector),
        Role::Weight(form) => {
            let map = map_at(form, 0);
            quote!(Role::Weight(#map))
        }
    };
    quote! {
        Param {
            name: #name, shape: &#shape, role: #role, offset: #offset, len: #len,
            init: #init, fan_in: #fan_in, fan_out: #fan_out, trainable: #trained,
            buffer: #buffer, lr_factor: #lr_factor, decay: #decay, at_once: #at_once,
        }
    }
}

/// `Act` of the plan.
pub fn act(act: Act) -> TokenStream {
    match act {
        Act::Relu => quote!(Act::Relu),
        Act::LeakyRelu(slope) => quote!(Act::LeakyRelu(#slope)),
        Act::Elu(alpha) => quote!(Act::Elu(#alpha)),
        Act::Sigmoid => quote!(Act::Sigmoid),
        Act::Tanh => quote!(Act::Tanh),
    }
}

/// The field `response`.
pub fn response(response: &Response) -> TokenStream {
    let Response { alpha, beta, k, .. } = response;
    let size = integer(response.size);
    quote!(response: Response { size: #size, alpha: #alpha, beta: #beta, k: #k },)
}

/// `Window` of the plan.
pub fn window(window: &Window) -> TokenStream {
    let pair = |[vertical, horizontal]: [usize; 2]| {
        let (vertical, horizontal) = (integer(vertical), integer(horizontal));
        quote!([#vertical, #horizontal])
    };
    let (kernel, stride, dilation) = (pair(window.kernel), pair(window.stride), pair(window.dilation));
    let [pad, pad_end] = [0, 1].map(|side| pair([window.pad_rows[side], window.pad_columns[side]]));
    quote! {
        Window { kernel: #kernel, stride: #stride, pad: #pad, pad_end: #pad_end, dilation: #dilation }
    }
}

/// The fields `kind` and `window`.
pub fn pooling(pool: &Pool) -> TokenStream {
    let window = window(&pool.window);
    let kind = match pool.kind {
        PoolKind::Max => quote!(PoolKind::Max),
        PoolKind::AdaptiveAvg => quote!(PoolKind::AdaptiveAvg),
        PoolKind::Avg { count_include_pad } => {
            quote!(PoolKind::Avg { count_include_pad: #count_include_pad })
        }
    };
    quote!(kind: #kind, window: #window,)
}

fn layer(row: &Row) -> TokenStream {
    let Row { name, kind, auxiliary, .. } = row;
    let (shape, note) = (list(&row.shape), option(row.note.as_ref().map(|note| quote!(#note))));
    let (parameters, macs) = (integer(row.parameters), integer(row.macs));
    let (activation_bytes, receptive_field) = (integer(row.activation_bytes), list(&row.receptive_field));
    quote! {
        Layer {
            name: #name, kind: #kind, shape: &#shape, parameters: #parameters, macs: #macs,
            activation_bytes: #activation_bytes, receptive_field: #receptive_field,
            auxiliary: #auxiliary, note: #note,
        }
    }
}

fn plan(program: &Program) -> TokenStream {
    let map = |map: Map| map_at(map.form, program.memory.offset(map));
    let (slab, fixed) = (integer(program.memory.slab), integer(program.memory.fixed));
    let (input, logits) = (map(program.schedule.input), map(program.schedule.logits));
    let losses = program.schedule.losses.iter().copied().map(map);
    quote! {
        Plan {
            arena: Arena { slab: #slab, fixed: #fixed },
            input: #input,
            logits: #logits,
            losses: &[#(#losses),*],
        }
    }
}

/// `[64, 26, 26]`
pub fn list(numbers: &[usize]) -> TokenStream {
    let numbers = numbers.iter().map(|&number| integer(number));
    quote!([#(#numbers),*])
}

/// `Some(…)` or `None`.
pub fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

/// An integer without suffix, as people write them.
pub fn integer(number: impl TryInto<u64, Error: std::fmt::Debug>) -> Literal {
    Literal::u64_unsuffixed(number.try_into().expect("sizes fit 64 bits"))
}
