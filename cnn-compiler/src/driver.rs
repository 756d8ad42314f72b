//! The whole compiler, in pipeline order.

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    emit::{Compiled, emit},
    expand,
    ir::Network,
    memory::{Program, pack::pack},
    parse,
    passes::{Mode, algorithm::choose, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    stub::stub,
    trace::Trace,
};

/// Tokens of `network! { … }` to tokens of Rust, which finds the crate `cnn-runtime` at the path
/// `runtime`.
pub fn compile(runtime: &TokenStream, tokens: TokenStream) -> TokenStream {
    let mut trace = Trace::from_env();
    let parsed = parse::parse(tokens.clone()).map(|network| trace.parsed(network));
    match parsed.and_then(|network| expand::network(&network)).map(|network| trace.expanded(network)) {
        Ok(network) => generate(runtime, &network, trace),
        Err(errors) => {
            let (errors, stub) = (errors.emit(), stub(runtime, tokens));
            quote! { #errors #stub }
        }
    }
}

/// A typed network to tokens of Rust.
fn generate(runtime: &TokenStream, network: &Network, mut trace: Trace) -> TokenStream {
    let mut agreed = Agreed::default();
    let forward = &network.graph;
    let differentiated = differentiate(trace.graph("forward", lower(forward.clone(), Mode::Train)));
    let train = trace.graph("training", choose(simplify::training(differentiated)));
    let infer = simplify::inference(lower(forward.clone(), Mode::Infer));
    let infer = trace.graph("inference", choose(infer));
    let train_program = trace.program("training", &train, Program::new(&train, &mut agreed));
    let infer_program = trace.program("inference", &infer, Program::new(&infer, &mut agreed));
    let params = pack(&train, &train_program.schedule, &agreed);
    let cnn = quote!(#runtime::__private);
    trace.tokens(emit(&Compiled { cnn, network, params, train: train_program, infer: infer_program }))
}
