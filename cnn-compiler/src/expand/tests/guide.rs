//! The pages of the guide that are tables of the language, docs/layers.md and docs/settings.md, and
//! the dumps in docs/compiler.md. `REWRITE_GUIDE=1 cargo test -p cnn-compiler guide` writes them anew.

use std::{env, fs, path::PathBuf};

use cnn_plan::{
    AUGMENTATIONS, LOSSES, PREPARATIONS,
    optim::{OPTIMIZERS, SCHEDULES},
    settings::{Bound, Kind, Param, Spec, Table},
};

use super::network;
use crate::{
    ir::print,
    memory::{self, Program},
    passes::{Mode, algorithm::choose, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    shape::{Inputs, find, names},
};

const LAYERS: &str = "# Layers

Each layer of the language with its arguments. What has no default must be given. Arguments are given in order or as `name = value`;
attributes as `name = value` alone.
Made from the compiler's table by `cnn-compiler/src/expand/tests/guide.rs`; do not edit it by hand.
";

const SETTINGS: &str = "# Optimizers, schedules, losses, stages of data

What the sections `train { }`, `data { }` and `augment { }` take, and `--optimizer` and `--schedule` on the command line: both read the
same tables. What has no default must be given.
Made from these tables by `cnn-compiler/src/expand/tests/guide.rs`; do not edit it by hand.
";

/// What each layer does.
const ABOUT: [(&str, &str); 35] = [
    ("conv", "a convolution (cross-correlation, as in PyTorch) over a feature map"),
    ("dense", "a fully connected layer over flat values"),
    ("batch_norm", "normalisation over the batch, with scale and shift; running statistics in inference"),
    ("group_norm", "normalisation of each sample over groups of channels"),
    ("instance_norm", "normalisation of each channel of each sample"),
    ("layer_norm", "normalisation of each sample over all values, or over the channels of each position"),
    ("lrn", "local response normalisation across channels"),
    ("max_pool", "the maximum of each window; without `stride`, windows lie side by side"),
    ("avg_pool", "the mean of each window; without `stride`, windows lie side by side"),
    ("global_max_pool", "the maximum of each channel"),
    ("global_avg_pool", "the mean of each channel"),
    (
        "adaptive_avg_pool",
        "means over windows that give an output of this size; without `width` it is square",
    ),
    ("relu", "`max(x, 0)`"),
    ("relu6", "`min(max(x, 0), 6)`"),
    ("leaky_relu", "`x`, or `slope * x` below 0"),
    ("prelu", "`x`, or a trained slope times `x` below 0"),
    ("elu", "`x`, or `alpha * (exp(x) - 1)` below 0"),
    ("sigmoid", "`1 / (1 + exp(-x))`"),
    ("hard_sigmoid", "`min(max(x / 6 + 1 / 2, 0), 1)`"),
    ("tanh", "the hyperbolic tangent"),
    ("softplus", "`log(1 + exp(beta * x)) / beta`"),
    ("silu", "`x * sigmoid(x)`"),
    ("hard_swish", "`x * hard_sigmoid(x)`"),
    (
        "gelu",
        "`x` times the normal distribution's share below `x`; with `tanh = true` its usual approximation",
    ),
    ("maxout", "the maximum of each group of adjacent channels"),
    ("softmax", "shares of the channels of each position that add up to 1"),
    ("dropout", "zeros in training for this share of values, the others scaled up"),
    ("channel_dropout", "the same for whole channels"),
    ("zero_pad", "rows and columns of zeros at the sides"),
    ("crop", "the map without rows and columns at the sides"),
    ("upsample", "a map that is larger by whole factors"),
    ("flatten", "the values of a map in a row, as a dense layer takes them"),
    ("add", "the sum of values of equal shapes"),
    ("concat", "channels one after the other"),
    ("mul", "the product of two values of equal shapes, or of a map and a factor for each of its channels"),
];

#[test]
fn the_guide_lists_the_layers() {
    let mut page = format!("{LAYERS}\n| layer | is | arguments | attributes |\n|---|---|---|---|\n");
    let mut attributes: Vec<Param> = Vec::new();
    for name in names() {
        let layer = find(name).expect("a name of the table");
        let call = match layer.inputs {
            Inputs::One => name.into(),
            Inputs::Two => format!("{name}(x, y)"),
            Inputs::Many => format!("{name}(a, b, …)"),
        };
        let about = ABOUT.iter().find(|(known, _)| *known == name).map(|(_, about)| *about);
        let about = about.unwrap_or_else(|| panic!("say what {name} does"));
        let its: Vec<_> = layer.attributes.iter().map(with_default).collect();
        page += &format!("| `{call}` | {about} | {} | {} |\n", list(layer.params), its.join(", "));
        for attribute in layer.attributes {
            if attributes.iter().all(|known| known.name != attribute.name) {
                attributes.push(*attribute);
            }
        }
    }
    page += "\nSizes are one number, or a pair `(vertical, horizontal)`; sides are also `(top, bottom, left, right)`.\n";
    page += "\n## What attributes may be\n\n| attribute | may be |\n|---|---|\n";
    attributes
        .iter()
        .for_each(|attribute| page += &format!("| `{}` | {} |\n", attribute.name, may_be(attribute)));
    check("layers.md", &page);
}

#[test]
fn the_guide_lists_the_settings() {
    let language = include_str!("../../../../cnn-runtime/src/language.md");
    let train = language.split("## `train`").nth(1).and_then(|rest| rest.split("\n## ").next());
    let train = train.expect("the section of train in language.md").trim();
    let mut page = format!("{SETTINGS}\n## Settings of `train`\n\n{train}\n");
    page += &table("Optimizers", &OPTIMIZERS);
    page += &table("Schedules", &SCHEDULES);
    page += &table("Losses", &LOSSES);
    page += &table("Stages of `data { }`", &PREPARATIONS);
    page += &table("Stages of `augment { }`", &AUGMENTATIONS);
    check("settings.md", &page);
}

/// The network of docs/compiler.md.
const TINY: &str =
    "Tiny<[1, 8, 8] -> 3> { input -> conv1: conv(8, 3) -> relu -> max_pool(2) -> flatten -> fc: dense(3) }";

#[test]
fn the_guide_shows_the_stages() {
    let (forward, mut agreed) = (network(TINY).graph, Agreed::default());
    let differentiated = differentiate(lower(forward.clone(), Mode::Train));
    let train = choose(simplify::training(differentiated));
    let infer = choose(simplify::inference(lower(forward, Mode::Infer)));
    let program = Program::new(&train, &mut agreed);
    let inference = Program::new(&infer, &mut agreed);
    let mut page = read("compiler.md");
    for (title, dump) in [
        ("graph of training", print::graph(&train)),
        ("schedule of training", memory::print::schedule(&train, &program.schedule)),
        ("plan of training", memory::print::plan(&train, &program)),
        ("plan of inference", memory::print::plan(&infer, &inference)),
    ] {
        let start = format!("```text\n{title}\n");
        let (before, rest) =
            page.split_once(&start).unwrap_or_else(|| panic!("docs/compiler.md: no {title}"));
        let (_, after) = rest.split_once("```\n").expect("the end of the block");
        page = format!("{before}{start}{}\n```\n{after}", dump.trim_end());
    }
    check("compiler.md", &page);
}

/// A section for a table: a row for each thing that it names.
fn table<T>(title: &str, table: &Table<T>) -> String {
    let mut section = format!("\n## {title}\n\n| name | settings |\n|---|---|\n");
    for Spec { name, params, attributes } in table.rows.iter().map(|row| row.spec) {
        let both: Vec<_> = params.iter().chain(attributes).copied().collect();
        section += &format!("| `{name}` | {} |\n", list(&both));
    }
    section
}

/// Arguments with what they may be.
fn list(params: &[Param]) -> String {
    let params: Vec<_> =
        params.iter().map(|param| format!("{}: {}", with_default(param), may_be(param))).collect();
    params.join("; ")
}

/// `stride = (1, 1)`
fn with_default(param: &Param) -> String {
    match param.default {
        Some(Bound::Pair([a, b])) if a == b => format!("`{} = {a}`", param.name),
        Some(Bound::Sides([[a, b], [c, d]])) if [a, b, c] == [d; 3] => format!("`{} = {a}`", param.name),
        Some(Bound::Unset) => format!("`{}` (may be left out)", param.name),
        Some(default) => format!("`{} = {default}`", param.name),
        None => format!("`{}`", param.name),
    }
}

fn may_be(param: &Param) -> String {
    let words = || param.kind.words().iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match param.kind {
        Kind::Count => "a whole number from 1".into(),
        Kind::Counts => "whole numbers from 1, `[30, 60]`".into(),
        Kind::Pair => "a size".into(),
        Kind::Sides => "sides".into(),
        Kind::Pad => format!("sides, or {}", words()),
        Kind::Flag => "`true` or `false`".into(),
        Kind::Number(range) => format!("a number {}", range.words),
        Kind::Numbers(range) => format!("numbers {}, `[…]`", range.words),
        Kind::Init => format!("a number, or {}", words()),
        Kind::Texts => "texts in quotes".into(),
        Kind::Word(_) => words(),
        Kind::Choice => "a name, with settings in brackets".into(),
    }
}

/// Compares a page of the guide with what it should be, or writes it.
fn check(page: &str, expected: &str) {
    if env::var_os("REWRITE_GUIDE").is_some() {
        fs::write(path(page), expected).expect("docs/");
    }
    assert!(read(page) == expected, "docs/{page} is stale: REWRITE_GUIDE=1 cargo test -p cnn-compiler guide");
}

fn read(page: &str) -> String {
    fs::read_to_string(path(page)).unwrap_or_default()
}

fn path(page: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page)
}
