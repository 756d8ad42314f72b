//! The whole compiler, in pipeline order.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    emit::{Compiled, emit},
    eval,
    ir::Network,
    memory::{Program, pack::pack},
    parse,
    passes::{Mode, algorithm::choose, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    trace::Trace,
};

/// Tokens of `network! { … }` to tokens of Rust, which finds the crate `cnn-runtime` at the path `runtime`.
pub fn compile(runtime: &TokenStream, tokens: TokenStream) -> TokenStream {
    let mut trace = Trace::from_env();
    let parsed = parse::parse(tokens.clone()).map(|network| trace.parsed(network));
    match parsed.and_then(|network| eval::network(&network)).map(|network| trace.evaluated(network)) {
        Ok(network) => generate(runtime, &network, trace),
        Err(errors) => errors.emit(runtime, tokens),
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

#[cfg(test)]
mod tests {
    use super::generate;
    use crate::{testing, trace::Trace};

    fn generated() -> String {
        let runtime = quote::quote!(::cnn_runtime);
        generate(&runtime, &testing::network(testing::mnist()), Trace::from_env()).to_string()
    }

    #[test]
    fn the_same_network_always_yields_the_same_tokens() {
        assert_eq!(generated(), generated());
    }

    #[test]
    fn passes_are_straight_line_calls() {
        let step = |kind: &str, name: &str| {
            format!("run . step (:: cnn_runtime :: __private :: StepRef :: {kind} (& infer :: {name})) ;")
        };
        let region = |macs: u64, body: &str| format!("run . region ({macs} , & | run | {{ {body} }}) ;");
        let calls = [
            region(194_688, &step("Conv", "CONV1")),
            step("Conv", "CONV2"),
            region(589_824, &step("Pool", "POOL1")),
            step("Dense", "DENSE1"),
            step("Dense", "DENSE2"),
        ];
        let calls = &calls.join(" ");
        let tokens = generated();
        assert!(tokens.contains(calls), "{}", &tokens[tokens.find("fn infer").unwrap_or(0)..]);
    }

    #[test]
    fn layers_are_documented_constants() {
        let constant = "# [doc = \"Layer `conv1`, conv: output 32x26x26, 320 parameters, 194,688 multiply-accumulates, \
                        86,528 bytes of activations, receptive field 3x3.\"] pub const CONV1 : & 'static str = \"conv1\" ;";
        assert!(generated().contains(constant));
    }
}
