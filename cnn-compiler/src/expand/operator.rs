//! Arithmetic and logic on plain values. Whole numbers stay whole, as in Rust, and never wrap.

use crate::{
    ast::{Binary, Unary},
    shape::Value,
};

/// Why an operator has no result.
pub(super) struct Failure {
    /// `{found}` stands for the operands.
    pub message: String,
    /// The operator is wrong, rather than what it computes.
    pub at_operator: bool,
}

type Result = std::result::Result<Value, Failure>;

fn mismatch(expected: &str) -> Failure {
    Failure { message: format!("expected {expected}, found {{found}}"), at_operator: false }
}

fn failure(message: &str) -> Failure {
    Failure { message: message.into(), at_operator: false }
}

pub(super) fn unary(operator: Unary, value: &Value) -> Result {
    match (operator, value) {
        (Unary::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (Unary::Negate, Value::Float(value)) => Ok(Value::Float(-value)),
        (Unary::Negate, Value::Int(value)) => integer(value.checked_neg()),
        (Unary::Not, _) => Err(mismatch("`true` or `false` after `!`")),
        (Unary::Negate, _) => Err(mismatch("a number after `-`")),
    }
}

pub(super) fn binary(operator: Binary, a: &Value, b: &Value) -> Result {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => integers(operator, *a, *b),
        (Value::Float(a), Value::Float(b)) => floats(operator, *a, *b),
        (Value::Int(a), Value::Float(b)) => floats(operator, *a as f64, *b),
        (Value::Float(a), Value::Int(b)) => floats(operator, *a, *b as f64),
        (Value::Bool(a), Value::Bool(b)) => bools(operator, *a, *b),
        (Value::Str(a), Value::Str(b)) if operator == Binary::Equal => Ok(Value::Bool(a == b)),
        (Value::Str(a), Value::Str(b)) if operator == Binary::NotEqual => Ok(Value::Bool(a != b)),
        (Value::Map(_), Value::Map(_)) if operator == Binary::Add => Err(Failure {
            message: "`+` adds numbers; join feature maps with `add(a, b)`".into(),
            at_operator: true,
        }),
        (Value::Map(_), _) | (_, Value::Map(_)) => Err(failure(
            "expected two numbers, found {found}; feature maps are joined by layers, such as `add` and `mul`",
        )),
        _ => Err(mismatch(operands(operator))),
    }
}

/// What an operator takes.
fn operands(operator: Binary) -> &'static str {
    match operator {
        Binary::And | Binary::Or => "two conditions",
        Binary::Equal | Binary::NotEqual => "two numbers, conditions or strings",
        Binary::Range | Binary::RangeInclusive => "two whole numbers around `..`",
        _ => "two numbers",
    }
}

fn integer(value: Option<i64>) -> Result {
    value.map(Value::Int).ok_or_else(|| failure("the result is too large for a 64-bit integer"))
}

fn integers(operator: Binary, a: i64, b: i64) -> Result {
    use Binary::*;
    match operator {
        Add => integer(a.checked_add(b)),
        Subtract => integer(a.checked_sub(b)),
        Multiply => integer(a.checked_mul(b)),
        Divide | Remainder if b == 0 => Err(failure("division by zero")),
        Divide => integer(a.checked_div(b)),
        Remainder => integer(a.checked_rem(b)),
        _ => compare(operator, &a, &b),
    }
}

fn floats(operator: Binary, a: f64, b: f64) -> Result {
    use Binary::*;
    let value = match operator {
        Add => a + b,
        Subtract => a - b,
        Multiply => a * b,
        Divide => a / b,
        Remainder => a % b,
        _ => return compare(operator, &a, &b),
    };
    if value.is_finite() {
        Ok(Value::Float(value))
    } else {
        Err(failure("the result is not a finite number"))
    }
}

fn bools(operator: Binary, a: bool, b: bool) -> Result {
    match operator {
        Binary::And => Ok(Value::Bool(a && b)),
        Binary::Or => Ok(Value::Bool(a || b)),
        Binary::Equal | Binary::NotEqual => compare(operator, &a, &b),
        _ => Err(mismatch(operands(operator))),
    }
}

fn compare<T: PartialOrd>(operator: Binary, a: &T, b: &T) -> Result {
    Ok(Value::Bool(match operator {
        Binary::Equal => a == b,
        Binary::NotEqual => a != b,
        Binary::Less => a < b,
        Binary::LessEqual => a <= b,
        Binary::Greater => a > b,
        Binary::GreaterEqual => a >= b,
        _ => return Err(mismatch(operands(operator))),
    }))
}
