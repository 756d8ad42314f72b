//! What comes out of the compiler for whole sources: the usual code, and for hostile sources always
//! Rust.

use std::{collections::HashSet, time::Duration};

use proc_macro2::TokenStream;

use super::generate;
use crate::{
    testing::{self, random::Random},
    trace::Trace,
};

/// Where generated code finds the runtime.
fn runtime() -> TokenStream {
    quote::quote!(::cnn_runtime)
}

fn compile(source: TokenStream) -> TokenStream {
    super::compile(&runtime(), source)
}

fn generated() -> String {
    generate(&runtime(), &testing::network(testing::mnist()), Trace::from_env()).to_string()
}

#[test]
fn the_same_network_always_yields_the_same_tokens() {
    assert_eq!(generated(), generated());
}

#[test]
fn passes_are_straight_line_calls() {
    let step = |kind: &str, name: &str| {
        format!("run . step (:: cnn_runtime :: __private :: StepRef :: {kind} (& __infer :: {name})) ;")
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

/// The items that a source becomes. Whatever the source, they are Rust.
fn items(source: &str) -> Vec<syn::Item> {
    let tokens = compile(source.parse::<TokenStream>().expect("tokens"));
    let file = syn::parse2::<syn::File>(tokens);
    file.unwrap_or_else(|error| panic!("{source}: {error}")).items
}

fn has_errors(items: &[syn::Item]) -> bool {
    items.iter().any(|item| matches!(item, syn::Item::Macro(_)))
}

/// Checks that the items of each scope, of the network's type and of the tables, have names of
/// their own.
fn check_distinct(items: &[syn::Item], source: &str) {
    let mut names = HashSet::new();
    for item in items {
        let name = match item {
            syn::Item::Const(item) => match *item.expr {
                syn::Expr::Block(ref block) => {
                    let inner = block.block.stmts.iter().filter_map(|statement| match statement {
                        syn::Stmt::Item(item) => Some(item.clone()),
                        _ => None,
                    });
                    check_distinct(&inner.collect::<Vec<_>>(), source);
                    continue;
                }
                _ => item.ident.to_string(),
            },
            syn::Item::Static(item) => item.ident.to_string(),
            syn::Item::Mod(item) => {
                check_distinct(&item.content.as_ref().expect("an inline module").1, source);
                continue;
            }
            syn::Item::Impl(item) => {
                let constants = item.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Const(constant) => Some(constant.ident.to_string()),
                    _ => None,
                });
                let mut names = HashSet::new();
                constants.for_each(|name| assert!(name != "_" && names.insert(name), "{source}"));
                continue;
            }
            _ => continue,
        };
        assert!(name != "_" && names.insert(name.clone()), "{source}: {name}");
    }
}

#[test]
fn every_name_of_a_layer_becomes_an_identifier() {
    const PIECES: [&str; 24] = [
        "a", "A", "x1", "_", "__", "_a", "ü", "ß", "日本", "éclair", "0", "1x", "12", "self", "Self",
        "crate", "fn", "r#type", "input", "conv1", "super", "NONE", "Ω", "ﬀ",
    ];
    let mut accepted = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let mut name = || {
            let pieces: Vec<_> = (0..=random.below(2)).map(|_| random.pick(&PIECES)).collect();
            pieces.join(".")
        };
        let (first, second) = (name(), name());
        let source = format!(
            "Net<[1, 6, 6] -> 2> {{ input -> {first}: conv(3, 3) -> {second}: batch_norm -> flatten -> fc: dense(2) }}"
        );
        if source.parse::<TokenStream>().is_err() {
            continue;
        }
        let items = items(&source);
        if !has_errors(&items) {
            accepted += 1;
            check_distinct(&items, &source);
        }
    }
    assert!(accepted > 150, "{accepted}");
}

#[test]
fn names_that_become_one_constant_are_numbered() {
    for [first, second] in [["ü", "ö"], ["日本", "中国"], ["a.b", "a_b"], ["conv", "Conv"], ["fn", "FN"]]
    {
        let source = format!(
            "Net<[1, 6, 6] -> 2> {{ input -> {first}: conv(3, 3) -> {second}: conv(3, 3) -> flatten -> dense(2) }}"
        );
        let items = items(&source);
        assert!(!has_errors(&items), "{source}");
        check_distinct(&items, &source);
    }
}

/// Time that a processor has spent on this thread, which other threads and processes do not
/// lengthen; nothing where the system does not say.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Arguments at and beyond their limits, alone and in chains: errors or Rust, never a panic, and
/// within a second of work.
#[test]
fn no_argument_overflows_the_compiler() {
    const NUMBERS: [usize; 12] = [1, 2, 3, 7, 8, 16, 511, 32767, 32768, 65535, 65536, 1 << 24];
    const LAYERS: [&str; 14] = [
        "conv(A, B, stride = C, pad = same, dilation = D)",
        "conv(8, B, pad = same, freeze = true)",
        "conv(1, 1, stride = A)",
        "conv(A, (B, C), pad = (D, 1), groups = A)",
        "max_pool(A, stride = B, pad = C, ceil = true)",
        "avg_pool(A, stride = 1, pad = same)",
        "avg_pool((A, B), stride = (C, D), pad = same, count_include_pad = false)",
        "adaptive_avg_pool((A, B))",
        "global_max_pool",
        "zero_pad((A, B, C, D))",
        "crop(A)",
        "lrn(A, beta = 1e38, alpha = 1e38)",
        "batch_norm",
        "maxout(A)",
    ];
    let mut accepted = 0;
    for seed in 0..1500 {
        let mut random = Random(seed);
        let mut body = String::from("let x = input;");
        for _ in 0..=random.below(4) {
            let mut layer = random.pick(&LAYERS).to_string();
            ["A", "B", "C", "D"].iter().for_each(|place| {
                layer = layer.replace(place, &random.pick(&NUMBERS).to_string());
            });
            let times = random.pick(&[1, 1, 1, 2, 6, 20]);
            body.push_str(&format!(" for _i in 0..{times} {{ x = x -> {layer}; }}"));
        }
        let [channels, height, width] = [(); 3].map(|()| random.pick(&[1, 3, 16, 1000, 16384, 65536]));
        let source = format!(
            "Net<[{channels}, {height}, {width}] -> 2> {{ {body} x -> global_avg_pool -> flatten -> dense(2) }}"
        );
        let before = spent();
        let items = items(&source);
        let time = spent().saturating_sub(before);
        assert!(time < Duration::from_secs(1), "{time:?}: {source}");
        accepted += usize::from(!has_errors(&items));
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn work_beyond_counting_is_an_error() {
    let source = "Deep<[1, 3000, 3000] -> 1> {
        let x = input;
        for _i in 0..1100 { x = x -> conv(8, 5656, pad = same, freeze = true); }
        x -> global_avg_pool -> flatten -> dense(1)
    }";
    let tokens = compile(source.parse().expect("tokens")).to_string();
    let message = "Deep: one image takes 2.03e19 multiply-accumulates; expected at most 1e18\\nlargest: conv";
    assert!(tokens.contains(message), "{tokens}");
}

/// Strides multiply along a chain of layers, and what an element sees with them.
#[test]
fn sights_end_at_the_input() {
    let source = "Far<[1, 16, 16] -> 1> {
        let x = input;
        for _i in 0..20 { x = x -> conv(1, 3, stride = 32768, pad = same, dilation = 32768); }
        x -> flatten -> dense(1)
    }";
    let tokens = compile(source.parse().expect("tokens")).to_string();
    assert!(tokens.contains("receptive_field : [16 , 16 ,]"), "{tokens}");
}
