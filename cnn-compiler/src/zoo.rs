//! The example networks as the compiler sees them: what they cost, and what their plans cost.

#[path = "../../tests/common/costs.rs"]
mod costs;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{
    driver, expand,
    ir::Network,
    memory::{self, Program},
    parse,
    passes::{Mode, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    report::{self, Row},
    schedule::step::Step,
};
use costs::COSTS;

/// The tokens between the braces of `network! { … }` in an example.
fn source(example: &str) -> TokenStream {
    let path = format!("{}/../examples/{example}.rs", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let tokens: TokenStream = text.parse().expect("Rust tokens");
    let mut tokens = tokens.into_iter().skip_while(|token| token.to_string() != "network");
    let body = tokens.find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    body.filter(|body| !body.to_string().trim_start().is_empty()).expect("a network")
}

fn network(example: &str) -> Network {
    let network = parse::parse(source(example)).and_then(|network| expand::network(&network));
    network.unwrap_or_else(|_| panic!("{example} has errors"))
}

fn training(network: &Network) -> Program {
    let graph = simplify::training(differentiate(lower(network.graph.clone(), Mode::Train)));
    let program = Program::new(&graph, &mut Agreed::default());
    memory::verify::program(&program);
    program
}

#[test]
fn layers_cost_what_the_papers_networks_cost() {
    for (example, parameters, macs, auxiliary) in COSTS {
        let rows = report::rows(&network(example).graph);
        let macs_of =
            |heads: bool| rows.iter().filter(|row| row.auxiliary == heads).map(|row| row.macs).sum::<u64>();
        let found: u64 = rows.iter().map(|row| row.parameters).sum();
        assert_eq!(
            (found as usize, macs_of(false), macs_of(true)),
            (parameters, macs, auxiliary),
            "{example}"
        );
    }
}

#[test]
fn training_takes_at_most_three_fifths_of_what_values_take_apart() {
    const BATCH: usize = 4;
    for example in ["densenet121", "googlenet", "resnet50"] {
        let network = network(example);
        let bytes: u64 = report::rows(&network.graph).iter().map(|row: &Row| row.activation_bytes).sum();
        let apart = 2 * BATCH * bytes as usize / size_of::<f32>();
        let memory = training(&network).memory;
        let planned = BATCH * memory.slab + memory.fixed;
        assert!(planned * 5 <= apart * 3, "{example}: {planned} of {apart} floats");
    }
}

#[test]
fn auxiliary_heads_exist_in_training_only() {
    let network = network("googlenet");
    let infer = simplify::inference(lower(network.graph.clone(), Mode::Infer));
    let heads = |name: &str| name.starts_with("aux");
    assert!(infer.nodes.iter().all(|node| !heads(&infer.layers[node.layer.0].name)));
    assert_eq!(infer.params.len(), network.graph.params.len());
    assert_eq!(training(&network).schedule.losses.len(), 3);
}

#[test]
fn dense_blocks_copy_nothing() {
    let program = training(&network("densenet121"));
    assert!(!program.schedule.steps().any(|step| matches!(step, Step::CopyElements(_))));
}

#[test]
fn every_example_compiles() {
    for (example, ..) in COSTS {
        assert!(
            !driver::compile(&quote::quote!(::cnn_runtime), source(example))
                .to_string()
                .contains("compile_error"),
            "{example}"
        );
    }
}
