//! Layer names: words and numbers joined by dots, with `{expression}` anywhere, up to the colon.
//!
//! Rust's lexer reads `1.0` in `layer.1.0:` as a float, and `1.` in `1.{i}` too; both are taken
//! apart here.

use proc_macro2::{Ident, Literal};
use syn::{Error, Result, Token, braced, ext::IdentExt, parse::ParseStream, token};

use crate::ast::{Expr, Name, Piece, Span};

/// True where a layer's name comes next, rather than the layer itself.
pub(super) fn comes(input: ParseStream) -> bool {
    let word = input.peek(Ident::peek_any)
        && (input.peek2(token::Brace)
            || input.peek2(Token![.])
            || input.peek2(Token![:]) && !input.peek2(Token![::]));
    word || input.peek(token::Brace) || input.peek(syn::Lit)
}

/// Parses an expression, at a depth.
type Value = fn(ParseStream, usize) -> Result<Expr>;

/// A name and its colon; `value` parses what stands in braces.
pub(super) fn name(input: ParseStream, depth: usize, value: Value) -> Result<Name> {
    let mut span = Span::from(input.span());
    let mut pieces = Vec::new();
    while !input.peek(Token![:]) {
        let (piece, place) = piece(input, depth, value)?;
        span = span.to(place);
        pieces.push(piece);
    }
    input.parse::<Token![:]>()?;
    Ok(Name { pieces, span })
}

fn piece(input: ParseStream, depth: usize, value: Value) -> Result<(Piece, Span)> {
    if input.peek(Token![.]) {
        let dot: Token![.] = input.parse()?;
        Ok((Piece::Text(".".into()), dot.span.into()))
    } else if input.peek(token::Brace) {
        let content;
        let brace = braced!(content in input);
        let value = value(&content, depth + 1)?;
        if !content.is_empty() {
            return Err(
                content.error(format!("expected `}}` after the expression in a layer's name; {PARENTHESES}"))
            );
        }
        Ok((Piece::Expr(value), brace.span.join().into()))
    } else if input.peek(syn::Lit) && !input.peek(syn::LitBool) {
        number(input)
    } else if input.peek(Ident::peek_any) {
        let word = input.call(Ident::parse_any)?;
        before_separator(input)?;
        Ok((Piece::Text(word.unraw().to_string()), word.span().into()))
    } else {
        Err(input.error(format!("{COLON}; {PARENTHESES}")))
    }
}

const COLON: &str = "expected `:` and a layer after the layer's name";
const PARENTHESES: &str = "arguments stand in parentheses, as in `conv(8, 3)`";

/// `0`, or `1.0` as the lexer joins it.
fn number(input: ParseStream) -> Result<(Piece, Span)> {
    let literal: Literal = input.parse()?;
    let text = literal.to_string();
    if !text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err(Error::new(literal.span(), "a layer's name is made of words, whole numbers and dots"));
    }
    if !text.ends_with('.') {
        before_separator(input)?;
    }
    Ok((Piece::Text(text), literal.span().into()))
}

/// After a word or a number only `.`, `{` or `:` can follow: `a b: conv` is no name.
fn before_separator(input: ParseStream) -> Result<()> {
    if input.peek(Token![.]) || input.peek(token::Brace) || input.peek(Token![:]) {
        return Ok(());
    }
    Err(input.error(COLON))
}
