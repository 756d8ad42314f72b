//! The example networks as the compiler sees them: what they cost, and what their plans cost.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{
    driver, eval,
    ir::Network,
    memory::{self, Program},
    parse,
    passes::{Mode, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    report::{self, Row},
    schedule::step::Anchor,
};

/// Name, parameters, multiply-accumulates of inference and of auxiliary heads.
const COSTS: [(&str, usize, u64, u64); 11] = [
    ("activations", 12_218, 2_506_912, 0),
    ("alexnet", 60_965_224, 724_406_816, 0),
    ("densenet121", 7_978_856, 2_834_161_664, 0),
    ("googlenet", 13_004_888, 1_498_376_192, 8_372_224),
    ("lenet5", 61_706, 416_520, 0),
    ("mnist", 1_199_882, 11_992_448, 0),
    ("resnet18", 11_689_512, 1_814_073_344, 0),
    ("resnet50", 25_557_032, 4_089_184_256, 0),
    ("tv_alexnet", 61_100_840, 714_188_480, 0),
    ("vgg16", 138_357_544, 15_470_264_320, 0),
    ("zfnet", 62_357_608, 1_168_032_896, 0),
];

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
    let network = parse::parse(source(example)).and_then(|network| eval::network(&network));
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
        let found: usize = rows.iter().map(|row| row.parameters).sum();
        assert_eq!((found, macs_of(false), macs_of(true)), (parameters, macs, auxiliary), "{example}");
    }
}

#[test]
fn training_takes_at_most_three_fifths_of_what_values_take_apart() {
    const BATCH: usize = 4;
    for example in ["densenet121", "googlenet", "resnet50"] {
        let network = network(example);
        let bytes: usize = report::rows(&network.graph).iter().map(|row: &Row| row.activation_bytes).sum();
        let apart = 2 * BATCH * bytes / size_of::<f32>();
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
    assert!(!program.schedule.steps().any(|step| matches!(step.anchor, Anchor::Copy { .. })));
}

#[test]
fn every_example_compiles() {
    for (example, ..) in COSTS {
        assert!(!driver::compile(source(example)).to_string().contains("compile_error"), "{example}");
    }
}
