//! Chains and calls: layers, auxiliary outputs and blocks applied to values.

use proc_macro2::Ident;

use super::Expander;
use crate::{
    ast::{self, Expr, ExprKind, Link, Name, Piece, Span},
    shape::{self, Application, Argument, Given, Inputs, MAX_LAYERS, Value},
};

/// First parts of the names of what files hold beside layers: statistics of the data, state of the
/// optimizer.
const NOT_LAYERS: [&str; 2] = ["data", "optimizer"];

/// A call before it is known what is called; the receiver, if any, is the first input.
pub(super) struct Call<'a> {
    pub callee: &'a Ident,
    pub name: Option<(String, Span)>,
    pub receiver: Option<(Value, Span)>,
    pub arguments: &'a [ast::Argument],
    pub span: Span,
}

impl<'a> Expander<'a> {
    /// `value -> link -> link`
    pub(super) fn chain(&mut self, value: &'a Expr, links: &'a [Link]) -> Value {
        let first = match &value.kind {
            ExprKind::Name(name) => self.variable(name, "; a network begins with `input`"),
            _ => self.expr(value),
        };
        let mut current = (first, value.span);
        for link in links {
            if self.exhausted {
                return Value::Unknown;
            }
            let name = match &link.name {
                Some(name) => self.name(name),
                None => None,
            };
            if link.name.is_some() && name.is_none() {
                current = (Value::Unknown, link.span);
                continue;
            }
            let Link { layer: callee, arguments, span, .. } = link;
            let call = Call { callee, name, receiver: Some(current), arguments, span: *span };
            current = (self.dispatch(call), *span);
        }
        current.0
    }

    /// `layer(value, arguments)`
    pub(super) fn call(&mut self, callee: &'a Ident, arguments: &'a [ast::Argument], span: Span) -> Value {
        self.dispatch(Call { callee, name: None, receiver: None, arguments, span })
    }

    fn dispatch(&mut self, mut call: Call<'a>) -> Value {
        let word = call.callee.to_string();
        if let Some(block) = self.blocks.get(&word).copied() {
            return self.block(block, call);
        }
        if call.receiver.is_none()
            && let [first, rest @ ..] = call.arguments
            && first.key.is_none()
        {
            let value = (self.expr(&first.value), first.value.span);
            if let Some(layer) = shape::find(&word)
                && let Some(message) = shape::no_input(layer, &value.0, &self.shaper)
            {
                self.skipped = true;
                return self.error(value.1, message);
            }
            call.receiver = Some(value);
            call.arguments = rest;
        }
        if word == "output" {
            return self.auxiliary(call);
        }
        match shape::find(&word) {
            Some(layer) => self.layer(layer, call),
            None => self.unknown_callee(call.callee),
        }
    }

    fn layer(&mut self, layer: &'static shape::Layer, call: Call<'a>) -> Value {
        let word = call.callee.span().into();
        if self.shaper.graph.layers.len() > MAX_LAYERS {
            self.exhaust(word, format!("a network has at most {MAX_LAYERS} layers"));
            return Value::Unknown;
        }
        let mut inputs: Vec<_> = call.receiver.into_iter().collect();
        let mut given = call.arguments;
        if layer.inputs != Inputs::One {
            let count = given.iter().take_while(|argument| argument.key.is_none()).count();
            inputs.extend(
                given[..count].iter().map(|argument| (self.expr(&argument.value), argument.value.span)),
            );
            given = &given[count..];
        }
        let arguments = given.iter().map(|argument| self.argument(argument)).collect();
        let prefix = self.prefix.clone();
        self.shaper.apply(Application {
            layer,
            word,
            span: call.span,
            prefix,
            name: call.name,
            inputs,
            arguments,
        })
    }

    /// An argument of a layer, where a bare name that is no variable is a word such as `same`.
    pub(super) fn argument(&mut self, argument: &'a ast::Argument) -> Argument {
        let key = argument.key.as_ref().map(|key| (key.to_string(), key.span().into()));
        let value = match &argument.value.kind {
            ExprKind::Name(name) => match self.scopes.get(&name.to_string()) {
                Some(value) => Given::Value(value),
                None => Given::Word { word: name.to_string(), unknown: Some(self.unknown_name(name)) },
            },
            _ => Given::Value(self.expr(&argument.value)),
        };
        Argument { key, value, span: argument.value.span }
    }

    /// `output(x, weight = 0.3)`
    fn auxiliary(&mut self, call: Call<'a>) -> Value {
        let word = Span::from(call.callee.span());
        if let Some((name, span)) = call.name {
            self.error(span, format!("{name}: `output` is no layer and has no name"));
        }
        let Some(input) = call.receiver else {
            return self.error(word, "`output` needs scores: `x -> output(weight = 0.3)`");
        };
        let arguments: Vec<_> = call.arguments.iter().map(|argument| self.argument(argument)).collect();
        let classes = self.outputs.value as usize;
        let loss = shape::output(&mut self.shaper, word, &input, &arguments, classes);
        self.losses.extend(loss);
        Value::unit()
    }

    /// The text of a layer's name.
    fn name(&mut self, name: &'a Name) -> Option<(String, Span)> {
        let mut text = String::new();
        for piece in &name.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Expr(expr) => match self.expr(expr) {
                    Value::Int(value) if value >= 0 => text.push_str(&value.to_string()),
                    Value::Str(value) => text.push_str(&value),
                    Value::Unknown => return None,
                    other => {
                        let found = other.describe(&self.shaper);
                        let message =
                            format!("expected a whole number or a string in a layer's name, found {found}");
                        self.error(expr.span, message);
                        return None;
                    }
                },
            }
        }
        let is_word = |word: &str| {
            word.chars().any(char::is_alphanumeric) && word.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        if !text.split('.').all(is_word) {
            let message = format!("`{text}` is no layer name; expected words or numbers between single dots");
            self.error(name.span, message);
            return None;
        }
        let first = text.split('.').next().unwrap_or(&text);
        if self.prefix.is_empty() && NOT_LAYERS.contains(&first) {
            let message = format!("{text}: files keep other values under `{first}.`; rename the layer");
            self.error(name.span, message);
            return None;
        }
        Some((text, name.span))
    }
}
