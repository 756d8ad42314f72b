//! From plans to Rust: the type, its tables and straight-line code that calls an engine step by step.
//!
//! One `static` per step, named after the layer, in a module per mode; all paths go through `::cnn_runtime::__private`.
//! The same network always yields the same tokens.

mod kinds;
mod names;
mod run;
mod steps;
mod tables;

use cnn_plan::Source;
use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    ir::Network,
    memory::{Program, pack::Packed},
    report::{self, Row},
};
use names::Names;

/// Everything that emission needs.
pub struct Compiled<'a> {
    pub network: &'a Network,
    pub params: Vec<Packed>,
    pub train: Program,
    pub infer: Program,
}

/// The generated type and its implementation of `Network`.
pub fn emit(compiled: &Compiled) -> TokenStream {
    let Network { name, visibility, attributes, graph, .. } = compiled.network;
    let rows = report::rows(graph);
    let documentation = report::documentation(compiled.network, &rows);
    let layers = layers(&rows);
    let train_names = Names::of(&compiled.train.schedule, graph);
    let infer_names = Names::of(&compiled.infer.schedule, graph);
    let description = tables::description(compiled, &rows);
    let train = steps::module(&quote!(train), &compiled.train, &train_names, compiled);
    let infer = steps::module(&quote!(infer), &compiled.infer, &infer_names, compiled);
    let infer_body = run::body(&compiled.infer.schedule.forward, &quote!(infer), &mut infer_names.iter());
    let mut names = train_names.iter();
    let forward_body = run::body(&compiled.train.schedule.forward, &quote!(train), &mut names);
    let backward_body = run::body(&compiled.train.schedule.backward, &quote!(train), &mut names);
    quote! {
        #attributes
        #(#[doc = #documentation])*
        #visibility struct #name;

        #[allow(dead_code, reason = "a program names few layers")]
        impl #name { #layers }

        const _: () = {
            mod description {
                use ::cnn_runtime::__private::*;
                pub(super) const DESCRIPTION: Description = #description;
            }
            #train
            #infer
            // SAFETY: the memory plan that the steps are written from gives each operand room of its own in the arena.
            unsafe impl ::cnn_runtime::__private::Network for #name {
                const DESCRIPTION: ::cnn_runtime::__private::Description = description::DESCRIPTION;
                fn infer(run: &dyn ::cnn_runtime::__private::Steps) { #infer_body }
                fn forward(run: &dyn ::cnn_runtime::__private::Steps) { #forward_body }
                fn backward(run: &dyn ::cnn_runtime::__private::Steps) { #backward_body }
            }
        };
    }
}

/// A constant for each layer, the layer's name, so that a program can name it without a typing error and an editor can show
/// what it costs.
fn layers(rows: &[Row]) -> TokenStream {
    let names = Names::of_layers(rows);
    let constants = rows.iter().zip(names.iter()).map(|(row, constant)| {
        let (name, cost) = (&row.name, report::cost(row));
        quote!(#[doc = #cost] pub const #constant: &'static str = #name;)
    });
    constants.collect()
}

/// A value of the plan as the expression that yields it.
fn tokens(value: &(impl Source + ?Sized)) -> TokenStream {
    let mut text = String::new();
    value.write(&mut text).expect("a string takes any text");
    text.parse().expect("the plan writes Rust")
}
