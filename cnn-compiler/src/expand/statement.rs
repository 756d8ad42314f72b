//! Statements, in order.

use proc_macro2::Ident;

use super::{Dropped, Expander};
use crate::{
    ast::{Body, Expr, ExprKind, Pattern, Span, Statement},
    diag::did_you_mean,
    shape::Value,
};

impl<'a> Expander<'a> {
    /// A body in a scope of its own.
    pub(super) fn body(&mut self, body: &'a Body) -> Value {
        self.scopes.push();
        let value = self.statements(body);
        self.scopes.pop();
        value
    }

    /// A body in the current scope: its final value, or nothing.
    pub(super) fn statements(&mut self, body: &'a Body) -> Value {
        for statement in &body.statements {
            if self.exhausted {
                return Value::Unknown;
            }
            self.statement(statement);
        }
        body.value.as_ref().map_or_else(Value::unit, |value| self.expr(value))
    }

    fn statement(&mut self, statement: &'a Statement) {
        match statement {
            Statement::Let { pattern, value } => {
                let found = self.expr(value);
                self.bind(pattern, found, false);
            }
            Statement::Assign { name, value } => self.assign(name, value),
            Statement::For { pattern, values, body } => self.repeat(pattern, values, body),
            // Known since before the first statement.
            Statement::Block(_) => {}
            Statement::Expr(value) => {
                if let Value::Map(node) = self.expr(value) {
                    self.dropped.insert(node, Dropped { span: value.span, advice: kept(value) });
                }
            }
        }
    }

    fn assign(&mut self, name: &Ident, value: &'a Expr) {
        let found = self.expr(value);
        if name == "input" {
            self.error(name.span().into(), "`input` is the network's input; write `let x = …`");
            return;
        }
        let word = name.to_string();
        if self.scopes.set(&word, found).is_none() {
            self.skipped = true;
            let names = self.scopes.names();
            let mut guess = did_you_mean(&word, names.iter().map(String::as_str));
            if guess.is_empty() {
                guess = format!("; write `let {word} = …`");
            }
            self.error(name.span().into(), format!("unknown variable `{word}`{guess}"));
            self.scopes.define(name, Value::Unknown, true);
        }
    }

    /// Binds a pattern's names to the parts of a value; `used` if they need not be read.
    fn bind(&mut self, pattern: &Pattern, value: Value, used: bool) {
        match (pattern, value) {
            (Pattern::Ignore, _) => {}
            (Pattern::Name(name), value) => {
                let place = Span::from(name.span());
                if name == "input" {
                    self.error(place, "`input` is the network's input; choose another name");
                    return;
                }
                self.scopes.define(name, value, used);
            }
            (Pattern::Tuple(patterns, _), Value::Tuple(list)) if list.items.len() == patterns.len() => {
                for (pattern, value) in patterns.iter().zip(list.items.iter()) {
                    self.bind(pattern, value.clone(), used);
                }
            }
            (Pattern::Tuple(patterns, place), value) => {
                if !matches!(value, Value::Unknown) {
                    let found = value.describe(&self.shaper);
                    self.error(*place, format!("expected a tuple of {}, found {found}", patterns.len()));
                }
                for pattern in patterns {
                    self.bind(pattern, Value::Unknown, true);
                }
            }
        }
    }

    fn repeat(&mut self, pattern: &'a Pattern, values: &'a Expr, body: &'a Body) {
        let list = match self.expr(values) {
            Value::Array(list) => list,
            Value::Unknown => return self.forget(body),
            other => {
                let found = other.describe(&self.shaper);
                self.error(
                    values.span,
                    format!("expected a range `a..b` or an array after `in`, found {found}"),
                );
                return self.forget(body);
            }
        };
        for value in list.items.iter() {
            if !self.spend(values.span, 1) {
                return;
            }
            let turn = format!("`for` with {} = {}", describe(pattern), value.brief(&self.shaper));
            self.shaper.errors.enter(turn);
            self.scopes.push();
            self.bind(pattern, value.clone(), false);
            self.statements(body);
            self.scopes.pop();
            self.shaper.errors.leave();
        }
    }

    /// What a body that cannot be evaluated would have assigned becomes unknown.
    pub(super) fn forget(&mut self, body: &Body) {
        self.skipped = true;
        for statement in &body.statements {
            match statement {
                Statement::Assign { name, .. } => {
                    self.scopes.set(&name.to_string(), Value::Unknown);
                }
                Statement::For { body, .. } => self.forget(body),
                Statement::Expr(value) => self.forget_expr(value),
                _ => {}
            }
        }
        if let Some(value) = &body.value {
            self.forget_expr(value);
        }
    }

    pub(super) fn forget_expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Block(body) => self.forget(body),
            ExprKind::If { then, otherwise, .. } => {
                self.forget(then);
                if let Some(otherwise) = otherwise {
                    self.forget_expr(otherwise);
                }
            }
            _ => {}
        }
    }
}

/// How the value of a statement that nothing takes is kept.
fn kept(value: &Expr) -> String {
    let first = match &value.kind {
        ExprKind::Chain(first, _) => first,
        _ => value,
    };
    match &first.kind {
        ExprKind::Name(x) if x != "input" => {
            format!(
                "write `{x} = {x} -> …` to go on from it, `let y = {x} -> …` to use it elsewhere, or remove it"
            )
        }
        _ => "write `let x = …` and go on from `x`, or remove it".into(),
    }
}

/// A pattern as written.
fn describe(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Name(name) => name.to_string(),
        Pattern::Ignore => "_".into(),
        Pattern::Tuple(patterns, _) => {
            format!("({})", patterns.iter().map(describe).collect::<Vec<_>>().join(", "))
        }
    }
}
