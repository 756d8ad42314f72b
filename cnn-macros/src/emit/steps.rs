//! The tables of a mode's steps: each anchor becomes a constant of the plan type of the same name.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{
    Compiled,
    names::Names,
    tables::{act, integer, option},
};
use crate::{
    ir::{
        ParamId, Pool, PoolKind, Window,
        form::{Form, Layout},
    },
    memory::{Program, pack::Packed},
    schedule::step::{Anchor, Elt, Map, Step},
};

/// `mod train { static CONV1: Conv = …; … }`
pub fn module(mode: &TokenStream, program: &Program, names: &Names, compiled: &Compiled) -> TokenStream {
    let writer = Writer { program, params: &compiled.params };
    let tables = program.schedule.steps().zip(names.iter()).map(|(step, name)| {
        let layer = &compiled.network.graph.layers[step.layer.0].name;
        writer.table(step, &name, layer)
    });
    quote! {
        mod #mode {
            use ::cnn_runtime::__private::*;
            #(#tables)*
        }
    }
}

/// A map as `plan::Map`, at an offset.
pub fn map_at(form: Form, offset: usize) -> TokenStream {
    let [channels, height, width] = form.shape.map(integer);
    let offset = integer(offset);
    let layout = match form.layout {
        Layout::Blocked => quote!(Layout::Blocked),
        Layout::Planar => quote!(Layout::Planar),
    };
    quote!(Map { offset: #offset, channels: #channels, height: #height, width: #width, layout: #layout })
}

struct Writer<'a> {
    program: &'a Program,
    params: &'a [Packed],
}

impl Writer<'_> {
    fn table(&self, step: &Step, ident: &Ident, name: &str) -> TokenStream {
        let (kind, fields) = self.anchor(&step.anchor);
        let epilogue = step.epilogue.iter().map(|elt| self.elt(elt));
        let epilogue = match step.anchor {
            Anchor::Elementwise { .. } => quote!(ops: &[#(#epilogue),*],),
            Anchor::Copy { .. }
            | Anchor::CrossEntropy { .. }
            | Anchor::ConvFilterGrad { .. }
            | Anchor::DenseWeightGrad { .. } => quote!(),
            _ => quote!(epilogue: &[#(#epilogue),*],),
        };
        quote!(pub(super) static #ident: #kind = #kind { name: #name, #fields #epilogue };)
    }

    /// The plan type and the fields that are its own.
    fn anchor(&self, anchor: &Anchor) -> (TokenStream, TokenStream) {
        match *anchor {
            Anchor::Conv { x, y, conv, filter, bias } => {
                let (x, y, window) = (self.map(x), self.map(y), window(&conv.window));
                let (groups, filter, bias) = (integer(conv.groups), self.param(filter), self.optional(bias));
                let fields =
                    quote!(x: #x, y: #y, window: #window, groups: #groups, filter: #filter, bias: #bias,);
                (quote!(Conv), fields)
            }
            Anchor::ConvInputGrad { dy, dx, conv, filter, scratch } => {
                let (dy, dx, window) = (self.map(dy), self.map(dx), window(&conv.window));
                let (groups, filter) = (integer(conv.groups), self.param(filter));
                let scratch = integer(self.program.memory.scratch(scratch));
                let fields = quote! {
                    dy: #dy, dx: #dx, window: #window, groups: #groups, filter: #filter, scratch: #scratch,
                };
                (quote!(ConvInputGrad), fields)
            }
            Anchor::ConvFilterGrad { x, dy, conv, filter, bias } => {
                let (x, dy, window) = (self.map(x), self.map(dy), window(&conv.window));
                let (groups, filter, bias) = (integer(conv.groups), self.param(filter), self.optional(bias));
                let fields =
                    quote!(x: #x, dy: #dy, window: #window, groups: #groups, filter: #filter, bias: #bias,);
                (quote!(ConvFilterGrad), fields)
            }
            Anchor::Dense { x, y, weight, bias } => {
                let (x, y, weight, bias) =
                    (self.map(x), self.map(y), self.param(weight), self.optional(bias));
                (quote!(Dense), quote!(x: #x, y: #y, weight: #weight, bias: #bias,))
            }
            Anchor::DenseInputGrad { dy, dx, weight } => {
                let (dy, dx, weight) = (self.map(dy), self.map(dx), self.param(weight));
                (quote!(DenseInputGrad), quote!(dy: #dy, dx: #dx, weight: #weight,))
            }
            Anchor::DenseWeightGrad { x, dy, weight, bias } => {
                let (x, dy, weight, bias) =
                    (self.map(x), self.map(dy), self.param(weight), self.optional(bias));
                (quote!(DenseWeightGrad), quote!(x: #x, dy: #dy, weight: #weight, bias: #bias,))
            }
            Anchor::Pool { x, y, pool } => {
                let (x, y, pool) = (self.map(x), self.map(y), pooling(&pool));
                (quote!(Pool), quote!(#pool x: #x, y: #y,))
            }
            Anchor::PoolGrad { x, dy, dx, pool } => {
                let (x, dy, dx, pool) = (self.map(x), self.map(dy), self.map(dx), pooling(&pool));
                (quote!(PoolGrad), quote!(#pool x: #x, dy: #dy, dx: #dx,))
            }
            Anchor::Elementwise { x, y } => {
                let (x, y) = (self.map(x), self.map(y));
                (quote!(Elementwise), quote!(x: #x, y: #y,))
            }
            Anchor::Copy { x, x_start, y, y_start, count } => {
                let (x, y) = (self.map(x), self.map(y));
                let (x_start, y_start, count) = (integer(x_start), integer(y_start), integer(count));
                let fields = quote!(x: #x, x_start: #x_start, y: #y, y_start: #y_start, count: #count,);
                (quote!(Copy), fields)
            }
            Anchor::CrossEntropy { logits, loss, grad, weight } => {
                let (logits, loss) = (self.map(logits), self.map(loss));
                let grad = option(grad.map(|grad| self.map(grad)));
                (quote!(CrossEntropy), quote!(logits: #logits, loss: #loss, grad: #grad, weight: #weight,))
            }
        }
    }

    fn elt(&self, elt: &Elt) -> TokenStream {
        match *elt {
            Elt::Act(function) => {
                let function = act(function);
                quote!(Elt::Act(#function))
            }
            Elt::ActGrad(function, output) => {
                let (function, output) = (act(function), self.map(output));
                quote!(Elt::ActGrad(#function, #output))
            }
            Elt::Dropout { rate, stream } => {
                let stream = integer(stream);
                quote!(Elt::Dropout { rate: #rate, stream: #stream })
            }
            Elt::Add(map) => {
                let map = self.map(map);
                quote!(Elt::Add(#map))
            }
        }
    }

    fn map(&self, map: Map) -> TokenStream {
        map_at(map.form, self.program.memory.offset(map))
    }

    fn param(&self, param: ParamId) -> TokenStream {
        let offset = integer(self.params[param.0].offset);
        quote!(#offset)
    }

    fn optional(&self, param: Option<ParamId>) -> TokenStream {
        option(param.map(|param| self.param(param)))
    }
}

/// The runtime needs only where windows begin: taps past the end are padding.
fn window(window: &Window) -> TokenStream {
    let pair = |[vertical, horizontal]: [usize; 2]| {
        let (vertical, horizontal) = (integer(vertical), integer(horizontal));
        quote!([#vertical, #horizontal])
    };
    let (kernel, stride, dilation) = (pair(window.kernel), pair(window.stride), pair(window.dilation));
    let pad = pair([window.pad_rows[0], window.pad_columns[0]]);
    quote!(Window { kernel: #kernel, stride: #stride, pad: #pad, dilation: #dilation })
}

fn pooling(pool: &Pool) -> TokenStream {
    let window = window(&pool.window);
    let kind = match pool.kind {
        PoolKind::Max => quote!(PoolKind::Max),
        PoolKind::Avg { count_include_pad } => {
            quote!(PoolKind::Avg { count_include_pad: #count_include_pad })
        }
    };
    quote!(kind: #kind, window: #window,)
}
