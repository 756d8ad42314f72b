//! The tables of a mode's steps: each anchor becomes a constant of the plan type of the same name.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::{
    Compiled,
    kinds::{Kind, OPTIONAL, kind},
    names::Names,
    tables::{act, integer, option},
};
use crate::{
    ir::{
        Algorithm, Op, ParamId, PoolKind,
        form::{Form, Layout},
    },
    memory::{Program, pack::Packed},
    schedule::step::{Anchor, Elt, Map, Normalize, Place, Step},
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
        let Kind { name: kind, operands, results, epilogue, attributes } = kind(&step.anchor);
        let kind = format_ident!("{kind}");
        let fields = match step.anchor {
            Anchor::Op(Op::ScaleGrad) => self.sums(step),
            _ => {
                let (operands, results) =
                    (self.fields(operands, &step.operands), self.fields(results, &step.results));
                let unread = self.unread(step);
                quote!(#operands #results #unread)
            }
        };
        let winograd = self.winograd(step);
        let epilogue = epilogue.map(|field| {
            let (field, elts) = (format_ident!("{field}"), step.epilogue.iter().map(|elt| self.elt(elt)));
            quote!(#field: &[#(#elts),*],)
        });
        quote!(pub(super) static #ident: #kind = #kind { name: #name, #attributes #fields #winograd #epilogue };)
    }

    /// `x: Map { … }, filter: 0, bias: None,`
    fn fields(&self, names: &[&str], places: &[Place]) -> TokenStream {
        let fields = names.iter().enumerate().map(|(slot, name)| {
            // What may be missing is a parameter, or the gradient of the scores.
            let optional = OPTIONAL.contains(name);
            let place = places.get(slot).filter(|place| !optional || !matches!(place, Place::Area(_)));
            let place = place.map(|&place| self.place(place));
            let value = if optional { option(place) } else { place.expect("an operand") };
            let name = format_ident!("{name}");
            quote!(#name: #value,)
        });
        fields.collect()
    }

    /// Room for Winograd's algorithm, in steps that know it: their last two results.
    fn winograd(&self, step: &Step) -> Option<TokenStream> {
        let Anchor::Op(Op::Conv(conv) | Op::ConvInputGrad(conv) | Op::ConvFilterGrad(conv)) = step.anchor
        else {
            return None;
        };
        let room = match (conv.algorithm, step.results.as_slice()) {
            (Algorithm::Winograd { tiles }, &[.., filters, work]) => {
                let (filters, work, tiles) = (self.place(filters), self.place(work), integer(tiles));
                Some(quote!(Winograd { filters: #filters, work: #work, tiles: #tiles }))
            }
            _ => None,
        };
        let room = option(room);
        Some(quote!(winograd: #room,))
    }

    /// An average's gradient does not read `x`; `dx` has its shape.
    fn unread(&self, step: &Step) -> TokenStream {
        match &step.anchor {
            Anchor::Op(Op::PoolGrad(pool)) if pool.kind != PoolKind::Max => {
                self.fields(&["x"], &step.results)
            }
            _ => TokenStream::new(),
        }
    }

    fn sums(&self, step: &Step) -> TokenStream {
        let &[x, stats, gamma, beta, dy] = step.operands.as_slice() else { unreachable!("{step:?}") };
        let [x, stats, gamma, beta, dy] = [x, stats, gamma, beta, dy].map(|place| self.place(place));
        quote!(x: #x, dy: #dy, normalize: Normalize { stats: #stats, gamma: #gamma, beta: #beta },)
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
            Elt::Normalize(normalize) => {
                let normalize = self.normalize(normalize);
                quote!(Elt::Normalize(#normalize))
            }
            Elt::NormalizeGrad(normalize, x) => {
                let (normalize, x) = (self.normalize(normalize), self.map(x));
                quote!(Elt::NormalizeGrad(#normalize, #x))
            }
            Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
                let [mean, var, gamma, beta] = [mean, var, gamma, beta].map(|param| self.param(param));
                quote!(Elt::NormalizeRunning { mean: #mean, var: #var, eps: #eps, gamma: #gamma, beta: #beta })
            }
            Elt::Dropout { rate, stream, channelwise } => {
                let stream = integer(stream);
                quote!(Elt::Dropout { rate: #rate, stream: #stream, channelwise: #channelwise })
            }
            Elt::Add(map) => {
                let map = self.map(map);
                quote!(Elt::Add(#map))
            }
        }
    }

    fn normalize(&self, Normalize { stats, gamma, beta }: Normalize) -> TokenStream {
        let [stats, gamma, beta] =
            [Place::Area(stats), Place::Param(gamma), Place::Param(beta)].map(|place| self.place(place));
        quote!(Normalize { stats: #stats, gamma: #gamma, beta: #beta })
    }

    fn place(&self, place: Place) -> TokenStream {
        match place {
            Place::Map(map) => self.map(map),
            Place::Param(param) => self.param(param),
            Place::Area(area) => integer(self.program.memory.area(area)).into_token_stream(),
        }
    }

    fn map(&self, map: Map) -> TokenStream {
        map_at(map.form, self.program.memory.offset(map))
    }

    fn param(&self, param: ParamId) -> TokenStream {
        integer(self.params[param.0].offset).into_token_stream()
    }
}
