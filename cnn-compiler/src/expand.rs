//! Runs the language: syntax tree in, typed graph out. Nothing of `let`, `for`, `if` and blocks is
//! left after it.
//!
//! Values are computed in source order and each layer is applied through `shape` at once, so that
//! `x.channels` is known where it is used. An expression that fails adds an error and yields
//! [`Value::Unknown`].

mod apply;
mod block;
mod budget;
mod data;
mod expr;
mod finish;
mod freeze;
mod operator;
mod scope;
mod section;
mod statement;
#[cfg(test)]
mod tests;
mod train;

use indexmap::IndexMap;
use proc_macro2::Ident;

use crate::{
    ast::{self, Span, Statement},
    diag::{Diagnostics, Errors, guess},
    ir::{self, NodeId},
    shape::{self, Shaper, Value},
};
use scope::Scopes;

/// Turns of loops, calls of blocks and items of ranges that one network may take: far above any
/// real one, and no source can keep the compiler busy for longer.
const MAX_STEPS: usize = 100_000;
/// Calls of blocks within calls of blocks.
const MAX_CALLS: usize = 32;
/// Nesting of expressions, through the calls of blocks.
const MAX_DEPTH: usize = 256;
/// Largest size of the input and number of outputs.
const MAX_SIZE: i64 = 1 << 16;

/// Evaluates a network.
pub fn network(ast: &ast::Network) -> Result<ir::Network, Errors> {
    let mut errors = Diagnostics::default();
    section::check(ast, &mut errors);
    let training = train::training(ast, &mut errors);
    let input = header(ast, &mut errors);
    let (data, augment) = data::stages(ast, input, &mut errors);
    let input_span = ast.input[0].span.to(ast.input[2].span);
    let (shaper, mut image) = Shaper::new(input.unwrap_or([1, 1, 1]), input_span, training.defaults, errors);
    if input.is_none() {
        image = Value::Unknown;
    }
    let mut expander = Expander {
        shaper,
        scopes: Scopes::default(),
        blocks: IndexMap::new(),
        named_calls: IndexMap::new(),
        prefix: String::new(),
        outputs: ast.outputs,
        losses: Vec::new(),
        dropped: IndexMap::new(),
        steps: 0,
        depth: 0,
        calls: 0,
        exhausted: false,
        skipped: false,
    };
    expander.shaper.graph.target = ast.target;
    expander.run(ast, image);
    training.freeze.apply(&mut expander.shaper);
    expander.shaper.errors.check()?;
    Ok(ir::Network {
        unused: expander.scopes.unused().map(|found| found.name.clone()).collect(),
        name: ast.name.clone(),
        visibility: ast.visibility.clone(),
        attributes: ast.attributes.clone(),
        graph: std::mem::take(&mut expander.shaper.graph),
        training: training.settings,
        data,
        augment,
    })
}

/// The input's sizes, if they and the number of outputs are sound.
fn header(ast: &ast::Network, errors: &mut Diagnostics) -> Option<[usize; 3]> {
    let named = ["channels", "height", "width"].into_iter().zip(ast.input);
    let mut sound = true;
    for (what, size) in named.chain([("number of outputs", ast.outputs)]) {
        if !(1..=MAX_SIZE).contains(&size.value) {
            let what = if what == "number of outputs" { what.into() } else { format!("input {what}") };
            errors.error(
                size.span,
                format!("{}: {what} must be from 1 to {MAX_SIZE}, found {}", ast.name, size.value),
            );
            sound = false;
        }
    }
    sound.then(|| ast.input.map(|size| size.value as usize))
}

/// A value that nothing takes.
#[derive(Clone, Debug)]
struct Dropped {
    span: Span,
    /// What to write, or to do, instead.
    advice: String,
}

/// The state of an evaluation.
struct Expander<'a> {
    shaper: Shaper,
    scopes: Scopes,
    blocks: IndexMap<String, &'a ast::Block>,
    /// The blocks that were called by a name, by their paths.
    named_calls: IndexMap<String, String>,
    /// Path of the block being evaluated, with a dot at its end.
    prefix: String,
    outputs: ast::Integer,
    /// Auxiliary losses.
    losses: Vec<ir::Loss>,
    /// Values of statements that keep none.
    dropped: IndexMap<NodeId, Dropped>,
    steps: usize,
    depth: usize,
    calls: usize,
    /// A limit was reached; nothing more is evaluated.
    exhausted: bool,
    /// Something was not evaluated because it depends on a value that failed.
    skipped: bool,
}

impl<'a> Expander<'a> {
    fn run(&mut self, ast: &'a ast::Network, image: Value) {
        self.define_blocks(&ast.body);
        self.scopes.push();
        self.scopes.define(&Ident::new("input", ast.input[0].span.start), image, true);
        let value = self.statements(&ast.body);
        self.finish(ast, value);
        self.scopes.pop();
    }

    /// Blocks may be used before the line that defines them.
    fn define_blocks(&mut self, body: &'a ast::Body) {
        for statement in &body.statements {
            let Statement::Block(block) = statement else { continue };
            let name = block.name.to_string();
            let span = Span::from(block.name.span());
            if shape::find(&name).is_some() || name == "output" {
                self.error(span, format!("`{name}` is a layer; choose another name for the block"));
            }
            if let Some(first) = self.blocks.get(&name) {
                let spans = [span, first.name.span().into()];
                let message = format!("the block `{name}` is defined twice");
                let note = format!("`{name}` is first defined here");
                self.shaper.errors.error_at_both(spans, [message, note]);
            } else {
                self.blocks.insert(name, block);
            }
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>) -> Value {
        self.shaper.errors.error(span, message);
        Value::Unknown
    }

    /// Accounts for work that the source asks for; false, after an error, when it is too much.
    fn spend(&mut self, span: Span, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            self.exhaust(span, format!("more than {MAX_STEPS} turns of loops and calls of blocks"));
        }
        !self.exhausted
    }

    /// Ends the evaluation with one error.
    fn exhaust(&mut self, span: Span, message: String) {
        if !std::mem::replace(&mut self.exhausted, true) {
            self.error(span, message);
        }
    }

    /// `unknown layer or block …` with a guess.
    fn unknown_callee(&mut self, callee: &proc_macro2::Ident) -> Value {
        let name = callee.to_string();
        match self.scopes.get(&name) {
            Some(Value::Unknown) => return Value::Unknown,
            Some(_) => {
                let message = format!(
                    "`{name}` is a variable; behind an arrow stand layers and blocks, as in `-> {name}: relu`"
                );
                return self.error(callee.span().into(), message);
            }
            None => {}
        }
        let mut known: Vec<&str> = shape::names().chain(["output"]).collect();
        known.extend(self.blocks.keys().map(String::as_str));
        let mut guess = guess("layer", &name, known.iter().copied());
        if guess.is_empty() {
            guess = data::section_of(&name).map_or_else(
                || format!("; known are {}", known.join(", ")),
                |section| format!("; as a stage it stands in `{section} {{ … }}`"),
            );
        }
        self.error(callee.span().into(), format!("unknown layer or block `{name}`{guess}"))
    }
}
