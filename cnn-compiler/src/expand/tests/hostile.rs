//! Sources that try to overflow, exhaust or confuse the compiler: errors, never a panic, and soon.

use proc_macro2::{Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use super::{
    LENET5, complaints,
    sources::{EVERYTHING, RESNET18},
};
use crate::driver;

#[test]
fn numbers_that_overflow() {
    for (expression, complaint) in [
        ("9223372036854775807 + 1", "the result is too large for a 64-bit integer"),
        ("9223372036854775807 * 9223372036854775807", "the result is too large for a 64-bit integer"),
        ("(-9223372036854775807 - 1) / -1", "the result is too large for a 64-bit integer"),
        ("-(-9223372036854775807 - 1)", "the result is too large for a 64-bit integer"),
        ("(-9223372036854775807 - 1) % -1", "the result is too large for a 64-bit integer"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("9223372036854775807", "conv1: channels must be at most 16777216, found 9223372036854775807"),
        ("9223372036854775808", "9223372036854775808 is too large"),
        ("1e999", "1e999 is too large"),
        ("16777216", "conv1: output of 16777216x26x26 has more than 2147483647 elements"),
    ] {
        assert_eq!(
            complaints(&format!("input -> conv({expression}, 3) -> flatten -> dense(10)")),
            [complaint]
        );
    }
}

#[test]
fn work_is_limited() {
    let turns = "more than 100000 turns of loops and calls of blocks";
    for (body, complaint) in [
        ("let x = input; for i in 0..9223372036854775807 { x = x -> relu; } x", turns),
        ("let x = input; for _ in 0..=9223372036854775807 { x = x -> relu; } x", turns),
        ("for i in 0..1000 { for j in 0..1000 { let _a = i + j; } } input", turns),
        // Doubles with each level.
        (
            "block a(x) { x } block b(x) { a(a(a(a(x)))) } block c(x) { b(b(b(b(x)))) } block d(x) { c(c(c(c(x)))) }
             block e(x) { d(d(d(d(x)))) } block f(x) { e(e(e(e(x)))) } block g(x) { f(f(f(f(x)))) }
             block h(x) { g(g(g(g(x)))) } block i(x) { h(h(h(h(x)))) } block j(x) { i(i(i(i(x)))) } input -> j",
            turns,
        ),
        ("block a(x) { x -> a } input -> a", "blocks call each other more than 32 deep; `a` may call itself"),
        ("let a = [1]; for _ in 0..100 { a = [a, a]; } input", "arrays nest more than 16 levels deep"),
    ] {
        let found = complaints(body);
        assert!(found.iter().any(|found| found == complaint), "{body}: {found:?}");
    }
}

#[test]
fn nesting_is_limited() {
    let deep = "nested more than 64 levels deep; use `let`";
    for body in [
        format!("{}1{}", "(".repeat(5000), ")".repeat(5000)),
        format!("{}1", "- ".repeat(5000)),
        format!("1{}", " + 1".repeat(5000)),
        format!("x{}", ".channels".repeat(5000)),
        format!("{}1{}", "{".repeat(500), "}".repeat(500)),
        format!("{}true {{ 1 }}", "if true { 1 } else if ".repeat(500)),
    ] {
        assert_eq!(complaints(&body), [deep], "{}", &body[..30]);
    }
}

#[test]
fn nesting_through_blocks_is_limited() {
    let nested = format!("{}a(x){}", "(1 + ".repeat(20), ")".repeat(20));
    let found = complaints(&format!("block a(x) {{ {nested} }} input -> a"));
    assert_eq!(found, ["expressions nest more than 256 levels deep"]);
}

/// Sizes that once overflowed, or took memory with the number of elements.
#[test]
fn large_networks_are_compiled() {
    let gates = "Gates<[3, 224, 224] -> 10> {
        block gate(x) { mul(x, x -> global_avg_pool -> flatten -> dense(x.channels) -> sigmoid) }
        let x = input -> stem: conv(8, 3, stride = 2, pad = 1);
        for i in 0..16 { x = x -> conv{i}: conv(8, 3, pad = 1) -> gate{i}: gate; }
        x -> global_avg_pool -> flatten -> dense(10)
    }";
    let maps = "Maps<[1, 16000, 16000] -> 10> {
        let x = input;
        for i in 0..40 { x = x -> conv{i}: conv(8, 3, pad = 1); }
        x -> global_avg_pool -> flatten -> dense(10)
    }";
    for source in [gates, maps] {
        let tokens = driver::compile(&quote::quote!(::cnn_runtime), source.parse().expect("tokens"));
        assert!(!tokens.to_string().contains("compile_error"), "{}", &source[..20]);
    }
}

/// A few thousand small changes to real networks: whatever the tokens, the compiler returns.
#[test]
fn no_token_stream_panics() {
    let mut random = Random(7);
    for (source, rounds) in [(LENET5, 1500), (RESNET18, 300), (EVERYTHING, 4000)] {
        let tokens: TokenStream = source.parse().expect("tokens");
        assert!(
            !driver::compile(&quote::quote!(::cnn_runtime), tokens.clone())
                .to_string()
                .contains("compile_error")
        );
        for _ in 0..rounds {
            let mut mutated = tokens.clone();
            for _ in 0..=random.below(3) {
                mutated = mutate(mutated, &mut random);
            }
            driver::compile(&quote::quote!(::cnn_runtime), mutated);
        }
    }
}

/// Deletes, doubles, swaps or replaces one token, at any level.
fn mutate(tokens: TokenStream, random: &mut Random) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.is_empty() {
        return TokenStream::new();
    }
    let place = random.below(trees.len());
    if let TokenTree::Group(group) = &trees[place]
        && random.below(4) > 0
    {
        let inner = mutate(group.stream(), random);
        trees[place] = Group::new(group.delimiter(), inner).into();
        return trees.into_iter().collect();
    }
    match random.below(4) {
        0 => drop(trees.remove(place)),
        1 => trees.insert(place, trees[place].clone()),
        2 => {
            let other = random.below(trees.len());
            trees.swap(place, other);
        }
        _ => trees[place] = replacement(random),
    }
    trees.into_iter().collect()
}

fn replacement(random: &mut Random) -> TokenTree {
    const NUMBERS: [i64; 8] = [0, 1, 2, 3, 7, 1000, i32::MAX as i64, i64::MAX];
    const WORDS: [&str; 16] = [
        "input",
        "x",
        "unit",
        "output",
        "for",
        "if",
        "same",
        "batch_norm",
        "mul",
        "crop",
        "maxout",
        "train",
        "data",
        "resize",
        "flip",
        "adam",
    ];
    const SIGNS: [char; 8] = ['-', '>', '.', ':', '=', ',', ';', '!'];
    match random.below(5) {
        0 => Literal::i64_unsuffixed(NUMBERS[random.below(NUMBERS.len())]).into(),
        1 => Literal::f64_unsuffixed(1.5).into(),
        2 => Ident::new(WORDS[random.below(WORDS.len())], Span::call_site()).into(),
        3 => Punct::new(SIGNS[random.below(SIGNS.len())], Spacing::Joint).into(),
        _ => Literal::string("text").into(),
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (bits >> 33) as usize % bound
    }
}
