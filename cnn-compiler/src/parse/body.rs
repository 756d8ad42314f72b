//! Statements: `let`, assignment, `for`, `block`, and the final value.

use proc_macro2::Ident;
use syn::{Error, Result, Token, braced, parenthesized, parse::ParseStream, token};

use super::{expr::expr, guard, section, separated};
use crate::ast::{Block, Body, Expr, ExprKind, Parameter, Pattern, Span, Statement};

/// Statements up to the end of the braces, whose closing one is at `close`, or up to the network's
/// first section.
pub(super) fn body(input: ParseStream, close: Span, depth: usize) -> Result<Body> {
    guard(input.span(), depth)?;
    let mut body = Body { statements: Vec::new(), value: None, end: close };
    while !ends(input, depth) {
        if let Some(statement) = statement(input, depth)? {
            body.statements.push(statement);
            continue;
        }
        let value = expr(input, depth)?;
        if input.peek(Token![;]) {
            body.end = input.parse::<Token![;]>()?.span.into();
            body.statements.push(Statement::Expr(value));
        } else if ends(input, depth) {
            body.value = Some(value.into());
        } else if is_block_like(&value) {
            body.statements.push(Statement::Expr(value));
        } else {
            return Err(after_value(input));
        }
    }
    Ok(body)
}

/// The network's own body, at depth 0, ends where its sections begin.
fn ends(input: ParseStream, depth: usize) -> bool {
    input.is_empty() || depth == 0 && section::comes(input)
}

fn is_block_like(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::If { .. } | ExprKind::Block(_))
}

/// A statement that begins with its kind, or nothing if an expression follows.
fn statement(input: ParseStream, depth: usize) -> Result<Option<Statement>> {
    Ok(Some(if input.peek(Token![let]) {
        input.parse::<Token![let]>()?;
        let pattern = pattern(input, depth)?;
        let value = assigned(input, depth)?;
        Statement::Let { pattern, value }
    } else if input.peek(Token![for]) {
        repetition(input, depth)?
    } else if input.peek(syn::Ident) && input.peek2(syn::Ident) && input.fork().parse::<Ident>()? == "block" {
        Statement::Block(block(input, depth)?)
    } else if input.peek(syn::Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
        let name = input.parse()?;
        let value = assigned(input, depth)?;
        Statement::Assign { name, value }
    } else {
        return Ok(None);
    }))
}

/// `= value;`
fn assigned(input: ParseStream, depth: usize) -> Result<Expr> {
    input.parse::<Token![=]>()?;
    let value = expr(input, depth + 1)?;
    if !input.peek(Token![;]) {
        return Err(after_value(input));
    }
    input.parse::<Token![;]>()?;
    Ok(value)
}

/// What can follow a value is not here.
fn after_value(input: ParseStream) -> Error {
    input.error(match input.peek(Token![=]) {
        true => "expected `:` between a layer's name and the layer",
        false => "expected `->` and the next layer, or `;`",
    })
}

/// `for pattern in values { … }`
fn repetition(input: ParseStream, depth: usize) -> Result<Statement> {
    input.parse::<Token![for]>()?;
    let pattern = pattern(input, depth)?;
    input.parse::<Token![in]>()?;
    let values = expr(input, depth + 1)?;
    let content;
    let brace = braced!(content in input);
    let body = body(&content, brace.span.close().into(), depth + 1)?;
    Ok(Statement::For { pattern, values, body })
}

/// `name`, `_` or `(pattern, pattern)`
fn pattern(input: ParseStream, depth: usize) -> Result<Pattern> {
    guard(input.span(), depth)?;
    if input.peek(Token![_]) {
        input.parse::<Token![_]>()?;
        return Ok(Pattern::Ignore);
    }
    if !input.peek(token::Paren) {
        return Ok(Pattern::Name(input.parse()?));
    }
    let content;
    let paren = parenthesized!(content in input);
    let patterns = separated(&content, |input| pattern(input, depth + 1))?.0;
    Ok(Pattern::Tuple(patterns, paren.span.join().into()))
}

/// `block name(x, a, b = default) { … }`
fn block(input: ParseStream, depth: usize) -> Result<Block> {
    if depth > 0 {
        return Err(input.error("blocks are defined at the top level of the network"));
    }
    input.parse::<Ident>()?;
    let name = input.parse()?;
    let content;
    parenthesized!(content in input);
    let parameters = separated(&content, |input| parameter(input, depth))?.0;
    let content;
    let brace = braced!(content in input);
    let body = body(&content, brace.span.close().into(), depth + 1)?;
    Ok(Block { name, parameters, body })
}

fn parameter(input: ParseStream, depth: usize) -> Result<Parameter> {
    let name = input.parse()?;
    let mut default = None;
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        default = Some(expr(input, depth + 1)?);
    }
    Ok(Parameter { name, default })
}
