//! From plans to Rust: the type, its tables and straight-line code that calls an engine step by
//! step.
//!
//! One `static` per step, named after the layer, in a module per mode; all paths go through the
//! runtime's `__private`. Modules begin with two underscores, so that a network may be called
//! `train`. The same network always yields the same tokens.

mod description;
mod graph;
mod literal;
mod names;
mod run;
mod steps;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::{
    ir::Network,
    memory::{Program, pack::Packed},
    report::{self, Row},
};
use names::Names;
use run::Paths;

/// Everything that emission needs.
pub struct Compiled<'a> {
    /// The path of what generated code may name, `::cnn_runtime::__private`.
    pub cnn: TokenStream,
    pub network: &'a Network,
    pub params: Vec<Packed>,
    pub train: Program,
    pub infer: Program,
}

/// The generated type and its implementation of `Network`.
pub fn emit(compiled: &Compiled) -> TokenStream {
    let Network { name, visibility, attributes, graph, .. } = compiled.network;
    let cnn = &compiled.cnn;
    let rows = report::rows(graph);
    let documentation = report::documentation(compiled.network, &rows);
    let layers = layers(&rows);
    let train_names = Names::of(&compiled.train.schedule, graph);
    let infer_names = Names::of(&compiled.infer.schedule, graph);
    let description = description::description(compiled, &rows);
    let modes = [quote!(__train), quote!(__infer)];
    let train = steps::module(&modes[0], &compiled.train, &train_names, compiled);
    let infer = steps::module(&modes[1], &compiled.infer, &infer_names, compiled);
    let [training, inference] = modes.each_ref().map(|module| Paths { cnn, module });
    let infer_body = run::body(&compiled.infer.schedule.forward, inference, &mut infer_names.iter());
    let unused = unused(&compiled.network.unused);
    let mut names = train_names.iter();
    let forward_body = run::body(&compiled.train.schedule.forward, training, &mut names);
    let backward_body = run::body(&compiled.train.schedule.backward, training, &mut names);
    quote! {
        #attributes
        #(#[doc = #documentation])*
        #visibility struct #name;

        #unused

        #[allow(dead_code, reason = "a program names few layers")]
        impl #name { #layers }

        const _: () = {
            mod __description {
                use #cnn::*;
                pub(super) const DESCRIPTION: Description = #description;
            }
            #train
            #infer
            // SAFETY: the memory plan that the steps are written from gives each operand room of
            // its own in the arena.
            unsafe impl #cnn::Network for #name {
                const DESCRIPTION: #cnn::Description = __description::DESCRIPTION;
                fn infer(run: &dyn #cnn::Steps) { #infer_body }
                fn forward(run: &dyn #cnn::Steps) { #forward_body }
                fn backward(run: &dyn #cnn::Steps) { #backward_body }
            }
        };
    }
}

/// Variables of the network that nothing reads, for rustc to warn of: a macro cannot.
fn unused(names: &[Ident]) -> Option<TokenStream> {
    (!names.is_empty()).then(|| quote! { const _: fn() = || { #(let #names = 0;)* }; })
}

/// A constant for each layer, the layer's name, so that a program can name it without a typing
/// error and an editor can show what it costs.
fn layers(rows: &[Row]) -> TokenStream {
    let names = Names::of_layers(rows);
    let constants = rows.iter().zip(names.iter()).map(|(row, constant)| {
        let (name, cost) = (&row.name, report::cost(row));
        quote!(#[doc = #cost] pub const #constant: &'static str = #name;)
    });
    constants.collect()
}
