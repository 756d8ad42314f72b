//! Statements and the expressions in them, which hold statements again: `let`, assignment, `for`,
//! `block`; values, calls and chains of layers.

use proc_macro2::Ident;
use syn::{Error, Lit, LitFloat, Result, Token, braced, bracketed, parenthesized, parse::ParseStream, token};

use super::{
    foreign, guard, int_value, name,
    operators::{Parts, operation},
    separated,
};
use crate::ast::{Argument, Block, Body, Expr, ExprKind, Link, Parameter, Pattern, Span, Statement};

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
    input.is_empty() || depth == 0 && begins_section(input)
}

/// True where a section begins.
pub(super) fn begins_section(input: ParseStream) -> bool {
    input.peek(syn::Ident) && input.peek2(token::Brace)
}

fn is_block_like(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::If { .. } | ExprKind::Block(_))
}

/// A statement that begins with its kind, or nothing if an expression follows.
fn statement(input: ParseStream, depth: usize) -> Result<Option<Statement>> {
    if input.peek(syn::Ident)
        && input.peek2(syn::Ident)
        && let Some(error) = foreign::word(input)
    {
        return Err(error);
    }
    Ok(Some(if input.peek(Token![let]) {
        input.parse::<Token![let]>()?;
        let pattern = pattern(input, depth)?;
        if input.peek(Token![,]) {
            return Err(input.error("several variables stand in parentheses: `let (a, b) = (1, 2);`"));
        }
        if input.peek(Token![:]) {
            return Err(input.error("variables have no types; write `let name = value;`"));
        }
        let value = assigned(input, depth)?;
        Statement::Let { pattern, value }
    } else if input.peek(Token![for]) {
        repetition(input, depth)?
    } else if input.peek(syn::Ident) && input.peek2(syn::Ident) && input.fork().parse::<Ident>()? == "block" {
        Statement::Block(block(input, depth)?)
    } else if is_keyed(input) {
        let name = input.parse()?;
        let value = assigned(input, depth)?;
        Statement::Assign { name, value }
    } else {
        return Ok(None);
    }))
}

/// True for `name = …`.
fn is_keyed(input: ParseStream) -> bool {
    let is_operator = input.peek2(Token![==]) || input.peek2(Token![=>]);
    input.peek(syn::Ident) && input.peek2(Token![=]) && !is_operator
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
    let expected = match () {
        () if input.peek(Token![=]) => "expected `:` between a layer's name and the layer",
        () if input.peek(Token![:]) => {
            "a name stands between the arrow and its layer, as in `input -> conv1: conv(8, 3)`"
        }
        () if input.peek(Lit) => {
            "expected `->` and the next layer, or `;`; arguments stand in parentheses, as in `conv(8, 3)`"
        }
        () => "expected `->` and the next layer, or `;`",
    };
    foreign::error(input, expected)
}

/// `for pattern in values { … }`
fn repetition(input: ParseStream, depth: usize) -> Result<Statement> {
    input.parse::<Token![for]>()?;
    let pattern = pattern(input, depth)?;
    input.parse::<Token![in]>()?;
    let values = expr(input, depth + 1)?;
    braces_follow(input)?;
    let content;
    let brace = braced!(content in input);
    let body = body(&content, brace.span.close().into(), depth + 1)?;
    Ok(Statement::For { pattern, values, body })
}

/// Fails where no body follows what stands before one.
fn braces_follow(input: ParseStream) -> Result<()> {
    if input.peek(token::Brace) {
        return Ok(());
    }
    let expected = if input.peek(Token![=]) { "expected `==` to compare, found `=`" } else { "expected `{`" };
    Err(foreign::error(input, expected))
}

/// `name`, `_` or `(pattern, pattern)`
fn pattern(input: ParseStream, depth: usize) -> Result<Pattern> {
    guard(input.span(), depth)?;
    if input.peek(Token![_]) {
        input.parse::<Token![_]>()?;
        return Ok(Pattern::Ignore);
    }
    if !input.peek(token::Paren) {
        const EXPECTED: &str = "expected a variable's name, `_` or several in parentheses";
        let name = input.parse().map_err(|_| foreign::error(input, EXPECTED));
        return Ok(Pattern::Name(name?));
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
    if !input.peek(token::Paren) {
        return Err(input.error("expected a block's parameters, as in `block name(x, n = 8) { … }`"));
    }
    let content;
    parenthesized!(content in input);
    let parameters = separated(&content, |input| parameter(input, depth))?.0;
    if input.peek(Token![->]) {
        return Err(input.error("expected `{`; what a block yields is its last line, and is not declared"));
    }
    let content;
    let brace = braced!(content in input);
    let body = body(&content, brace.span.close().into(), depth + 1)?;
    Ok(Block { name, parameters, body })
}

fn parameter(input: ParseStream, depth: usize) -> Result<Parameter> {
    let name = input.parse()?;
    if input.peek(Token![:]) {
        return Err(input.error("a block's parameters have no types, as in `block name(x, n = 8) { … }`"));
    }
    let mut default = None;
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        default = Some(expr(input, depth + 1)?);
    }
    Ok(Parameter { name, default })
}

/// Parses an expression.
pub(super) fn expr(input: ParseStream, depth: usize) -> Result<Expr> {
    operation(input, depth, Parts { operand: fields, chain })
}

/// A value with its fields.
fn fields(input: ParseStream, depth: usize) -> Result<Expr> {
    let mut value = primary(input, depth)?;
    let mut height = depth;
    while input.peek(Token![.]) && !input.peek(Token![..]) {
        height += 1;
        guard(input.span(), height)?;
        input.parse::<Token![.]>()?;
        let field: Ident = input.parse()?;
        if input.peek(token::Paren) {
            let message = format!("nothing has methods; a layer is applied by an arrow: `-> {field}(…)`");
            return Err(Error::new(field.span(), message));
        }
        let span = value.span.to(field.span());
        value = Expr { kind: ExprKind::Field(value.into(), field), span };
    }
    if input.peek(token::Bracket) {
        return Err(input.error(indexed(&value)));
    }
    Ok(value)
}

/// What to write for `value[0]`.
fn indexed(value: &Expr) -> &'static str {
    match &value.kind {
        ExprKind::Field(..) => "the sizes of a feature map are `x.channels`, `x.height` and `x.width`",
        ExprKind::Call(..) => "arguments stand in parentheses, as in `conv(8, 3)`",
        _ => {
            "nothing is indexed; go through an array with `for n in array { … }`, or write several variables"
        }
    }
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
        Err(no_value(input))
    }
}

/// What begins no value is here.
fn no_value(input: ParseStream) -> Error {
    match () {
        () if input.peek(Token![|]) => input
            .error("there are no closures; a function of feature maps is a block: `block name(x, n) { … }`"),
        () if input.peek(Token![.]) => input.error("expected a value; a range is `0..3`"),
        () if input.peek(Token![>]) => input.error("expected a value; an arrow is `->`, without a space"),
        () if input.peek(Token![->]) => {
            input.error("expected a value before the arrow; a network begins with `input -> …`")
        }
        () => foreign::error(input, "expected a value, such as `input`, a number, a call or `if`"),
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
    braces_follow(input)?;
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
    let keyed = is_keyed(input);
    if input.peek(syn::Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let key: Ident = input.parse()?;
        return Err(input.error(format!("expected `=` after an argument's name: `{key} = …`")));
    }
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
    let name = if name::comes(input) { Some(name::name(input, depth, expr)?) } else { None };
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
    } else if input.peek(token::Bracket) || input.peek(Token![<]) {
        return Err(input.error(format!("arguments stand in parentheses: `{layer}(…)`")));
    }
    Ok(Link { name, layer, arguments: given, span })
}
