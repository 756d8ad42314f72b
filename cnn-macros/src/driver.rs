//! The whole compiler, in pipeline order.

use proc_macro2::TokenStream;

use crate::{
    emit::{Compiled, emit},
    ir::Network,
    memory::{Program, pack::pack},
    passes::{autodiff::differentiate, layout::Agreed, simplify},
    trace::Trace,
};

/// A typed network to tokens of Rust.
pub fn lower(network: &Network) -> TokenStream {
    let mut trace = Trace::from_env();
    let mut agreed = Agreed::default();
    let graph = &network.graph;
    let train = trace.graph("training", simplify::training(differentiate(graph.clone())));
    let infer = trace.graph("inference", simplify::inference(graph.clone()));
    let train_program = trace.program("training", &train, Program::new(&train, &mut agreed));
    let infer_program = trace.program("inference", &infer, Program::new(&infer, &mut agreed));
    let params = pack(&train, &agreed);
    trace.tokens(emit(&Compiled { network, params, train: train_program, infer: infer_program }))
}
