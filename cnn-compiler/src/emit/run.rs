//! The bodies of `infer`, `forward` and `backward`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::literal::integer;
use crate::schedule::{
    Region,
    step::{Scope, Step},
};

/// Where generated code finds the plan's types, and the steps of a mode.
#[derive(Clone, Copy)]
pub struct Paths<'a> {
    pub cnn: &'a TokenStream,
    pub module: &'a TokenStream,
}

/// Calls of one pass; `names` yields the name of each step and stands at this pass's first.
pub fn body(regions: &[Region], paths: Paths, names: &mut impl Iterator<Item = Ident>) -> TokenStream {
    let calls = regions.iter().map(|region| self::region(region, paths, names));
    quote!(#(#calls)*)
}

fn region(region: &Region, paths: Paths, names: &mut impl Iterator<Item = Ident>) -> TokenStream {
    let Paths { cnn, module } = paths;
    let calls = region.steps.iter().zip(names.by_ref()).map(|(step, name)| {
        let kind = format_ident!("{}", step.type_name());
        quote!(run.step(#cnn::StepRef::#kind(&#module::#name));)
    });
    let calls: TokenStream = calls.collect();
    let cost = |step: &Step| step.described().work().cost();
    match region.scope {
        Scope::Batch => calls,
        Scope::Sample => {
            let macs = integer(region.steps.iter().map(cost).fold(0, u64::saturating_add));
            quote!(run.region(#macs, &|run| { #calls });)
        }
    }
}
