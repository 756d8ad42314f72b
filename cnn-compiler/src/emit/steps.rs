//! The tables of a mode's steps: each becomes a constant of its type, with the addresses of the
//! memory plan.

use cnn_plan::{Addressing, Elt, Map, Readdress};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Compiled, literal::literal, names::Names};
use crate::{
    ir::{Layer, LayerId, ParamId},
    memory::{Program, pack::Packed},
    schedule::step::{self, AreaId, Symbolic},
};

/// `mod train { static CONV1: Conv = …; … }`
pub fn module(mode: &TokenStream, program: &Program, names: &Names, compiled: &Compiled) -> TokenStream {
    let (cnn, layers) = (&compiled.cnn, &compiled.network.graph.layers);
    let addresses = Addresses { program, params: &compiled.params, layers };
    let tables = program.schedule.steps().zip(names.iter()).map(|(step, name)| {
        let kind = format_ident!("{}", step.type_name());
        let step = literal(&step.readdress(&addresses));
        quote!(pub(super) static #name: #kind = #step;)
    });
    quote! {
        mod #mode {
            use #cnn::*;
            #(#tables)*
        }
    }
}

/// The addressing of steps about to be written: that of generated code, with values that own what
/// constants refer to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Addressed;

impl Addressing for Addressed {
    type Name = String;
    type Map = Map;
    type Param = usize;
    type Area = usize;
    type Epilogue = Vec<Elt<Addressed>>;
}

struct Addresses<'a> {
    program: &'a Program,
    params: &'a [Packed],
    layers: &'a [Layer],
}

impl Readdress<Symbolic, Addressed> for Addresses<'_> {
    fn name(&self, name: &LayerId) -> String {
        self.layers[name.0].name.clone()
    }

    fn map(&self, map: step::Map) -> Map {
        self.program.memory.placed(map)
    }

    fn param(&self, param: ParamId) -> usize {
        self.params[param.0].offset
    }

    fn area(&self, area: AreaId) -> usize {
        self.program.memory.area(area)
    }

    fn epilogue(&self, epilogue: &Vec<step::Elt>) -> Vec<Elt<Addressed>> {
        epilogue.iter().map(|elt| elt.readdress(self)).collect()
    }
}
