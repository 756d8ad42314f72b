//! Operators between operands, by precedence climbing. From loose to tight: `->`, `..`, `||`, `&&`,
//! comparisons, `+ -`, `* / %`, unary `- !`.

use syn::{Error, Result, Token, parse::ParseStream};

use super::{foreign, guard};
use crate::ast::{Binary, Expr, ExprKind, Span, Unary};

/// The parsers of what operators stand between, each with its depth.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    /// A value.
    pub(super) operand: fn(ParseStream, usize) -> Result<Expr>,
    /// All links behind a value, from the first `->` on.
    pub(super) chain: fn(ParseStream, Expr, usize) -> Result<Expr>,
}

/// Binding power of `->`; operators that bind tighter have more.
const CHAIN: u8 = 0;

/// Operands with operators between them.
pub(super) fn operation(input: ParseStream, depth: usize, parts: Parts) -> Result<Expr> {
    climb(input, depth, parts, CHAIN)
}

/// An expression of operators that bind at least as tightly as `least`.
fn climb(input: ParseStream, depth: usize, parts: Parts, least: u8) -> Result<Expr> {
    let mut left = unary(input, depth, parts)?;
    // The tree leans left, one level deeper with each operator.
    let mut height = depth;
    loop {
        guard(input.span(), height)?;
        height += 1;
        left = if least == CHAIN && input.peek(Token![->]) {
            (parts.chain)(input, left, depth + 1)?
        } else if let Some(error) = foreign::sign(input) {
            return Err(error);
        } else {
            let Some((operator, power)) = operator(input).filter(|&(_, power)| power >= least) else {
                return Ok(left);
            };
            let place = input.span();
            skip(input, operator)?;
            if operator == Binary::Remainder && input.is_empty() {
                return Err(Error::new(place, "`%` is the remainder of a division; write a share as `0.5`"));
            }
            let right = climb(input, depth + 1, parts, power + 1)?;
            let span = left.span.to(right.span);
            Expr { kind: ExprKind::Binary(left.into(), operator, place.into(), right.into()), span }
        };
    }
}

/// The binary operator that comes next, and how tightly it binds.
fn operator(input: ParseStream) -> Option<(Binary, u8)> {
    Some(match () {
        () if input.peek(Token![->]) => return None,
        () if input.peek(Token![..=]) => (Binary::RangeInclusive, 1),
        () if input.peek(Token![..]) => (Binary::Range, 1),
        () if input.peek(Token![||]) => (Binary::Or, 2),
        () if input.peek(Token![&&]) => (Binary::And, 3),
        () if input.peek(Token![==]) => (Binary::Equal, 4),
        () if input.peek(Token![!=]) => (Binary::NotEqual, 4),
        () if input.peek(Token![<=]) => (Binary::LessEqual, 4),
        () if input.peek(Token![>=]) => (Binary::GreaterEqual, 4),
        () if input.peek(Token![<]) => (Binary::Less, 4),
        () if input.peek(Token![>]) => (Binary::Greater, 4),
        () if input.peek(Token![+]) => (Binary::Add, 5),
        () if input.peek(Token![-]) => (Binary::Subtract, 5),
        () if input.peek(Token![*]) => (Binary::Multiply, 6),
        () if input.peek(Token![/]) => (Binary::Divide, 6),
        () if input.peek(Token![%]) => (Binary::Remainder, 6),
        () => return None,
    })
}

/// Consumes an operator's tokens.
fn skip(input: ParseStream, operator: Binary) -> Result<()> {
    use Binary::*;
    let tokens = match operator {
        RangeInclusive => 3,
        Range | Or | And | Equal | NotEqual | LessEqual | GreaterEqual => 2,
        Less | Greater | Add | Subtract | Multiply | Divide | Remainder => 1,
    };
    (0..tokens).try_for_each(|_| input.parse::<proc_macro2::Punct>().map(drop))
}

/// `-x`, `!x` or an operand.
fn unary(input: ParseStream, depth: usize, parts: Parts) -> Result<Expr> {
    guard(input.span(), depth)?;
    let operator = if input.peek(Token![!]) && !input.peek(Token![!=]) {
        Unary::Not
    } else if input.peek(Token![-]) && !input.peek(Token![->]) {
        Unary::Negate
    } else {
        return (parts.operand)(input, depth);
    };
    let start: Span = input.parse::<proc_macro2::Punct>()?.span().into();
    let value = unary(input, depth + 1, parts)?;
    let span = start.to(value.span);
    Ok(Expr { kind: ExprKind::Unary(operator, value.into()), span })
}
