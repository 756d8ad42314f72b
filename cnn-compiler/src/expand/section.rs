//! Sections: which a network has, and the values in them.
//!
//! Nothing in a section depends on the network's body, and its numbers are real: `1 / 255` is a
//! fraction.

use super::operator;
use crate::{
    ast::{self, Binary, Expr, ExprKind, SECTIONS, SectionContent, Span},
    diag::{Diagnostics, NO_CONSTANTS, did_you_mean, is_constant},
    shape::{Argument, Given, List, Value},
};

/// Complains about sections that are unknown or repeated.
pub(super) fn check(network: &ast::Network, errors: &mut Diagnostics) {
    for (index, section) in network.sections.iter().enumerate() {
        let (name, span) = (section.name.to_string(), Span::from(section.name.span()));
        if network.sections[..index].iter().any(|earlier| earlier.name == name) {
            errors.error(span, format!("the section `{name}` is given twice"));
        }
        if matches!(section.content, SectionContent::Other) {
            let guess = match did_you_mean(&name, SECTIONS) {
                guess if guess.is_empty() => "; expected `train`, `data`, `augment` or `budget`".into(),
                guess => guess,
            };
            errors.error(span, format!("unknown section `{name}`{guess}"));
        }
    }
}

/// The arguments of a section and its name's place, if the network has it.
pub(super) fn find<'a>(network: &'a ast::Network, name: &str) -> Option<(&'a [ast::Argument], Span)> {
    network.sections.iter().rev().find_map(|section| match &section.content {
        SectionContent::Arguments(given) if section.name == name => {
            Some((&given[..], section.name.span().into()))
        }
        _ => None,
    })
}

/// Arguments with their values; `who` begins each error.
pub(super) fn arguments(who: &str, given: &[ast::Argument], errors: &mut Diagnostics) -> Vec<Argument> {
    given.iter().map(|given| argument(who, given, errors)).collect()
}

fn argument(who: &str, given: &ast::Argument, errors: &mut Diagnostics) -> Argument {
    let key = given.key.as_ref().map(|key| (key.to_string(), key.span().into()));
    let value = match &given.value.kind {
        ExprKind::Name(word) => {
            let word = word.to_string();
            let unknown = is_constant(&word).then(|| {
                format!(
                    "unknown name `{word}`; {NO_CONSTANTS}, and a section sees no variables; write the value"
                )
            });
            Given::Word { word, unknown }
        }
        ExprKind::Call(word, inner) => Given::Call {
            word: word.to_string(),
            span: word.span().into(),
            arguments: arguments(who, inner, errors),
        },
        _ => Given::Value(value(&given.value).unwrap_or_else(|(span, message)| {
            errors.error(span, format!("{who}: {message}"));
            Value::Unknown
        })),
    };
    Argument { key, value, span: given.value.span }
}

/// The value of an expression of literals, or what is wrong and where.
fn value(expr: &Expr) -> Result<Value, (Span, String)> {
    let result = match &expr.kind {
        ExprKind::Int(value) => return Ok(Value::Int(*value)),
        ExprKind::Float(value) => return Ok(Value::Float(*value)),
        ExprKind::Bool(value) => return Ok(Value::Bool(*value)),
        ExprKind::Str(value) => return Ok(Value::Str(value.as_str().into())),
        ExprKind::Array(items) => return list(items).map(Value::Array),
        ExprKind::Tuple(items) => return list(items).map(Value::Tuple),
        ExprKind::Unary(operator, value) => operator::unary(*operator, &self::value(value)?),
        ExprKind::Binary(a, operator, _, b) => binary(*operator, value(a)?, value(b)?),
        _ => {
            let message =
                "expected a number, an array or a word; nothing in a section depends on the network";
            return Err((expr.span, message.into()));
        }
    };
    // The operands are literals, which stand at the place of the error.
    result.map_err(|failure| (expr.span, failure.message.replace(", found {found}", "")))
}

fn list(items: &[Expr]) -> Result<List, (Span, String)> {
    items.iter().map(value).collect::<Result<_, _>>().map(List::new)
}

/// A quotient is whole only if it comes out even.
fn binary(operator: Binary, a: Value, b: Value) -> Result<Value, operator::Failure> {
    match (operator, &a, &b) {
        (Binary::Divide, &Value::Int(dividend), &Value::Int(divisor))
            if dividend.checked_rem(divisor).is_some_and(|rest| rest != 0) =>
        {
            operator::binary(operator, &Value::Float(dividend as f64), &b)
        }
        _ => operator::binary(operator, &a, &b),
    }
}
