//! The bodies of `infer`, `forward` and `backward`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{
    kinds::{kind, words},
    tables::integer,
};
use crate::{
    ir::{Op, cost::total},
    schedule::{
        Region,
        step::{Anchor, Scope, Step},
    },
};

/// Calls of one pass; `names` yields the name of each step and stands at this pass's first.
pub fn body(
    regions: &[Region],
    module: &TokenStream,
    names: &mut impl Iterator<Item = Ident>,
) -> TokenStream {
    let calls = regions.iter().map(|region| self::region(region, module, names));
    quote!(#(#calls)*)
}

fn region(region: &Region, module: &TokenStream, names: &mut impl Iterator<Item = Ident>) -> TokenStream {
    let stages = region.stages().map(|stage| {
        let named: Vec<(&Step, Ident)> = stage.iter().zip(names.by_ref()).collect();
        let calls = named.iter().map(|(step, name)| {
            let method = method(&step.anchor);
            quote!(run.#method(&#module::#name);)
        });
        let prepared = named
            .iter()
            .filter(|(step, _)| matches!(step.anchor, Anchor::Op(Op::ConvInputGrad(_))))
            .map(|(_, name)| quote!(run.prepare_input_grad(&#module::#name);));
        let macs = integer(total(stage.iter().map(Step::work)));
        match region.scope {
            Scope::Batch => quote!(#(#prepared)* #(#calls)*),
            Scope::Sample => quote!(#(#prepared)* run.region(#macs, &|run| { #(#calls)* });),
        }
    });
    stages.collect()
}

/// The method of `Steps` that runs a step.
fn method(anchor: &Anchor) -> Ident {
    format_ident!("{}", words(kind(anchor).name).join("_"))
}
