//! Expressions.

use proc_macro2::Ident;

use super::{Expander, MAX_DEPTH, operator};
use crate::{
    ast::{Binary, Body, Expr, ExprKind, Span},
    diag::{NO_CONSTANTS, did_you_mean, guess, is_constant},
    shape::{self, List, Value},
};

/// Levels of arrays in arrays.
const MAX_LIST_DEPTH: usize = 16;

impl<'a> Expander<'a> {
    /// The value of an expression; unknown after an error.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Value {
        if self.exhausted {
            return Value::Unknown;
        }
        if self.depth >= MAX_DEPTH {
            self.exhaust(expr.span, format!("expressions nest more than {MAX_DEPTH} levels deep"));
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.kind(expr);
        self.depth -= 1;
        value
    }

    fn kind(&mut self, expr: &'a Expr) -> Value {
        match &expr.kind {
            ExprKind::Int(value) => Value::Int(*value),
            ExprKind::Float(value) => Value::Float(*value),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Str(value) => Value::Str(value.as_str().into()),
            ExprKind::Name(name) => self.variable(name, ""),
            ExprKind::Field(value, field) => self.field(value, field),
            ExprKind::Unary(operator, value) => {
                let found = self.expr(value);
                let result = operator::unary(*operator, &found);
                self.operated(expr.span, result, &[found])
            }
            ExprKind::Binary(left, operator, place, right) => self.binary(left, *operator, *place, right),
            ExprKind::Call(callee, arguments) => self.call(callee, arguments, expr.span),
            ExprKind::Array(items) => self.list(items, expr.span, Value::Array),
            ExprKind::Tuple(items) => self.list(items, expr.span, Value::Tuple),
            ExprKind::If { condition, then, otherwise } => self.branch(condition, then, otherwise.as_deref()),
            ExprKind::Block(body) => self.body(body),
            ExprKind::Chain(value, links) => self.chain(value, links),
        }
    }

    /// The value of a variable; `otherwise` ends the error where nothing is known to be meant.
    pub(super) fn variable(&mut self, name: &Ident, otherwise: &str) -> Value {
        let word = name.to_string();
        if let Some(value) = self.scopes.get(&word) {
            return value;
        }
        let mut message = self.unknown_name(name);
        if !message.contains(';') {
            message.push_str(otherwise);
        }
        self.error(name.span().into(), message)
    }

    /// The error that a name is unknown, with what may be meant by it.
    pub(super) fn unknown_name(&mut self, name: &Ident) -> String {
        let word = name.to_string();
        let names = self.scopes.names();
        let mut guess = guess("name", &word, names.iter().map(String::as_str));
        if guess.is_empty() {
            guess = match () {
                () if self.scopes.is_hidden(&word) => {
                    "; a block sees its parameters only, so pass it as one".into()
                }
                () if shape::find(&word).is_some() => {
                    format!("; a layer stands behind an arrow, as in `input -> {word}`")
                }
                () if is_constant(&word) => {
                    format!("; {NO_CONSTANTS}; write `let {word} = 10;` before this line")
                }
                () => String::new(),
            };
        }
        // The variable that was meant is not unused.
        self.skipped |= !guess.is_empty();
        format!("unknown name `{word}`{guess}")
    }

    fn field(&mut self, value: &'a Expr, field: &Ident) -> Value {
        const FIELDS: [&str; 3] = ["channels", "height", "width"];
        let found = self.expr(value);
        let place = Span::from(field.span());
        let word = field.to_string();
        let node = match found {
            Value::Map(node) => node,
            Value::Unknown => return Value::Unknown,
            other => {
                let found = other.describe(&self.shaper);
                return self.error(place, format!("only feature maps have fields, found {found}"));
            }
        };
        let Some(index) = FIELDS.iter().position(|known| *known == word) else {
            let mut guess = did_you_mean(&word, FIELDS);
            if guess.is_empty() {
                guess = "; a feature map has `channels`, `height` and `width`".into();
            }
            return self.error(place, format!("unknown field `{word}`{guess}"));
        };
        match self.shaper.graph[node].shape.get(index) {
            Some(&size) => Value::Int(size as i64),
            None => {
                let found = Value::Map(node).describe(&self.shaper);
                self.error(place, format!("a flat value has no `{word}`, found {found}"))
            }
        }
    }

    fn binary(&mut self, left: &'a Expr, operator: Binary, place: Span, right: &'a Expr) -> Value {
        let a = self.expr(left);
        // `&&` and `||` do not evaluate what cannot matter.
        match (operator, &a) {
            (Binary::And, Value::Bool(false)) | (Binary::Or, Value::Bool(true)) => return a,
            _ => {}
        }
        let b = self.expr(right);
        if let (Binary::Range | Binary::RangeInclusive, &Value::Int(first), &Value::Int(last)) =
            (operator, &a, &b)
        {
            let end = if operator == Binary::Range { Some(last) } else { last.checked_add(1) };
            return self.range(first, end, left.span.to(right.span));
        }
        let result = operator::binary(operator, &a, &b);
        let span =
            if result.as_ref().is_err_and(|e| e.at_operator) { place } else { left.span.to(right.span) };
        self.operated(span, result, &[a, b])
    }

    fn range(&mut self, first: i64, end: Option<i64>, span: Span) -> Value {
        let length = end.and_then(|end| end.checked_sub(first)).map(|length| length.max(0) as usize);
        if !self.spend(span, length.unwrap_or(usize::MAX)) {
            return Value::Unknown;
        }
        let items = (0..length.unwrap_or(0)).map(|offset| Value::Int(first + offset as i64)).collect();
        Value::Array(List::new(items))
    }

    /// The result of an operator, or an error about its operands.
    fn operated(
        &mut self,
        span: Span,
        result: Result<Value, operator::Failure>,
        operands: &[Value],
    ) -> Value {
        match result {
            Ok(value) => value,
            Err(_) if operands.iter().any(|operand| matches!(operand, Value::Unknown)) => Value::Unknown,
            Err(failure) => {
                let found: Vec<_> = operands.iter().map(|operand| operand.describe(&self.shaper)).collect();
                let message = failure.message.replace("{found}", &found.join(" and "));
                self.error(span, message)
            }
        }
    }

    fn list(&mut self, items: &'a [Expr], span: Span, make: fn(List) -> Value) -> Value {
        let values = items.iter().map(|item| self.expr(item)).collect();
        let list = List::new(values);
        if list.depth > MAX_LIST_DEPTH {
            return self.error(span, format!("arrays nest more than {MAX_LIST_DEPTH} levels deep"));
        }
        make(list)
    }

    fn branch(&mut self, condition: &'a Expr, then: &'a Body, otherwise: Option<&'a Expr>) -> Value {
        match self.expr(condition) {
            Value::Bool(true) => self.body(then),
            Value::Bool(false) => otherwise.map_or_else(Value::unit, |otherwise| self.expr(otherwise)),
            other => {
                if !matches!(other, Value::Unknown) {
                    let found = other.describe(&self.shaper);
                    self.error(
                        condition.span,
                        format!("expected a condition, `true` or `false`, found {found}"),
                    );
                }
                self.forget(then);
                if let Some(otherwise) = otherwise {
                    self.forget_expr(otherwise);
                }
                Value::Unknown
            }
        }
    }
}
