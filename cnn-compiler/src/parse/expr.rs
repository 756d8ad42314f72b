//! Expressions, by precedence climbing. From loose to tight: `->`, `..`, `||`, `&&`, comparisons,
//! `+ -`, `* / %`, unary `- !`, field access.

use proc_macro2::Ident;
use syn::{Error, Lit, LitFloat, Result, Token, braced, bracketed, parenthesized, parse::ParseStream, token};

use super::{body::body, guard, int_value, name, separated};
use crate::ast::{Argument, Binary, Expr, ExprKind, Link, Span, Unary};

/// Binding power of `->`; operators that bind tighter have more.
const CHAIN: u8 = 0;

/// Parses an expression.
pub(super) fn expr(input: ParseStream, depth: usize) -> Result<Expr> {
    climb(input, depth, CHAIN)
}

/// An expression of operators that bind at least as tightly as `least`.
fn climb(input: ParseStream, depth: usize, least: u8) -> Result<Expr> {
    let mut left = unary(input, depth)?;
    // The tree leans left, one level deeper with each operator.
    let mut height = depth;
    loop {
        guard(input.span(), height)?;
        height += 1;
        left = if least == CHAIN && input.peek(Token![->]) {
            chain(input, left, depth + 1)?
        } else {
            let Some((operator, power)) = operator(input).filter(|&(_, power)| power >= least) else {
                return Ok(left);
            };
            let place = input.span();
            skip(input, operator)?;
            let right = climb(input, depth + 1, power + 1)?;
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

/// `-x`, `!x` or a value with its fields.
fn unary(input: ParseStream, depth: usize) -> Result<Expr> {
    guard(input.span(), depth)?;
    let operator = if input.peek(Token![!]) && !input.peek(Token![!=]) {
        Unary::Not
    } else if input.peek(Token![-]) && !input.peek(Token![->]) {
        Unary::Negate
    } else {
        return fields(input, depth);
    };
    let start: Span = input.parse::<proc_macro2::Punct>()?.span().into();
    let value = unary(input, depth + 1)?;
    let span = start.to(value.span);
    Ok(Expr { kind: ExprKind::Unary(operator, value.into()), span })
}

fn fields(input: ParseStream, depth: usize) -> Result<Expr> {
    let mut value = primary(input, depth)?;
    let mut height = depth;
    while input.peek(Token![.]) && !input.peek(Token![..]) {
        height += 1;
        guard(input.span(), height)?;
        input.parse::<Token![.]>()?;
        let field: Ident = input.parse()?;
        let span = value.span.to(field.span());
        value = Expr { kind: ExprKind::Field(value.into(), field), span };
    }
    Ok(value)
}

fn primary(input: ParseStream, depth: usize) -> Result<Expr> {
    if input.peek(Lit) {
        literal(input)
    } else if input.peek(Token![if]) {
        conditional(input, depth)
    } else if input.peek(token::Paren) {
        tuple(input, depth)
    } else if input.peek(token::Bracket) {
        let content;
        let bracket = bracketed!(content in input);
        let items = separated(&content, |input| expr(input, depth + 1))?.0;
        Ok(Expr { kind: ExprKind::Array(items), span: bracket.span.join().into() })
    } else if input.peek(token::Brace) {
        let content;
        let brace = braced!(content in input);
        let body = body(&content, brace.span.close().into(), depth + 1)?;
        Ok(Expr { kind: ExprKind::Block(body), span: brace.span.join().into() })
    } else if input.peek(syn::Ident) {
        name_or_call(input, depth)
    } else {
        Err(input.error("expected a value, such as `input`, a number, a call or `if`"))
    }
}

fn literal(input: ParseStream) -> Result<Expr> {
    let literal: Lit = input.parse()?;
    let kind = match &literal {
        Lit::Int(int) => ExprKind::Int(int_value(int)?),
        Lit::Float(float) => ExprKind::Float(float_value(float)?),
        Lit::Bool(flag) => ExprKind::Bool(flag.value),
        Lit::Str(text) => ExprKind::Str(text.value()),
        _ => return Err(Error::new(literal.span(), "expected a number, `true`, `false` or a string")),
    };
    Ok(Expr { kind, span: literal.span().into() })
}

fn float_value(literal: &LitFloat) -> Result<f64> {
    let value: f64 = literal.base10_parse()?;
    if !literal.suffix().is_empty() {
        let (digits, suffix) = (literal.base10_digits(), literal.suffix());
        return Err(Error::new(literal.span(), format!("unexpected suffix `{suffix}`; write `{digits}`")));
    }
    if value.is_infinite() {
        return Err(Error::new(literal.span(), format!("{literal} is too large")));
    }
    Ok(value)
}

/// `if condition { … } else { … }`
fn conditional(input: ParseStream, depth: usize) -> Result<Expr> {
    guard(input.span(), depth)?;
    let start: Span = input.parse::<Token![if]>()?.span.into();
    let condition = expr(input, depth + 1)?;
    let content;
    let brace = braced!(content in input);
    let then = body(&content, brace.span.close().into(), depth + 1)?;
    let mut span = start.to(brace.span.close());
    let mut otherwise = None;
    if input.peek(Token![else]) {
        input.parse::<Token![else]>()?;
        if !input.peek(Token![if]) && !input.peek(token::Brace) {
            return Err(input.error("expected `{` or `if` after `else`"));
        }
        let branch = primary(input, depth + 1)?;
        span = span.to(branch.span);
        otherwise = Some(branch.into());
    }
    Ok(Expr { kind: ExprKind::If { condition: condition.into(), then, otherwise }, span })
}

/// `(a, b)`, or an expression in parentheses.
fn tuple(input: ParseStream, depth: usize) -> Result<Expr> {
    let content;
    let paren = parenthesized!(content in input);
    let span = paren.span.join().into();
    let (mut items, trailing_comma) = separated(&content, |input| expr(input, depth + 1))?;
    match items.pop() {
        Some(only) if items.is_empty() && !trailing_comma => Ok(Expr { kind: only.kind, span }),
        last => {
            items.extend(last);
            Ok(Expr { kind: ExprKind::Tuple(items), span })
        }
    }
}

fn name_or_call(input: ParseStream, depth: usize) -> Result<Expr> {
    let name: Ident = input.parse()?;
    let start = Span::from(name.span());
    if !input.peek(token::Paren) {
        return Ok(Expr { kind: ExprKind::Name(name), span: start });
    }
    let (arguments, end) = arguments(input, depth + 1)?;
    Ok(Expr { kind: ExprKind::Call(name, arguments), span: start.to(end) })
}

/// `(value, key = value)`, and the place of the closing parenthesis.
pub(super) fn arguments(input: ParseStream, depth: usize) -> Result<(Vec<Argument>, Span)> {
    let content;
    let paren = parenthesized!(content in input);
    let arguments = separated(&content, |input| argument(input, depth))?.0;
    Ok((arguments, paren.span.close().into()))
}

/// `value` or `key = value`
pub(super) fn argument(input: ParseStream, depth: usize) -> Result<Argument> {
    let keyed = input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
    let key = if keyed { Some(input.parse()?) } else { None };
    if keyed {
        input.parse::<Token![=]>()?;
    }
    Ok(Argument { key, value: expr(input, depth)? })
}

/// `value -> link -> link`, from the first arrow on.
fn chain(input: ParseStream, value: Expr, depth: usize) -> Result<Expr> {
    let mut links = Vec::new();
    let mut span = value.span;
    while input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
        let link = link(input, depth)?;
        span = span.to(link.span);
        links.push(link);
    }
    Ok(Expr { kind: ExprKind::Chain(value.into(), links), span })
}

/// `name: layer(arguments)`, where the name and the arguments may be missing.
fn link(input: ParseStream, depth: usize) -> Result<Link> {
    let start = Span::from(input.span());
    let name = if name::comes(input) { Some(name::name(input, depth)?) } else { None };
    if !input.peek(syn::Ident) {
        return Err(input.error("expected a layer, such as `conv(32, 3)` or `conv1: conv(32, 3)`"));
    }
    let layer: Ident = input.parse()?;
    let mut span = start.to(layer.span());
    let mut given = Vec::new();
    if input.peek(token::Paren) {
        let (arguments, end) = arguments(input, depth)?;
        given = arguments;
        span = span.to(end);
    }
    Ok(Link { name, layer, arguments: given, span })
}
