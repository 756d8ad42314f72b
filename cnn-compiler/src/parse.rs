//! Tokens to syntax tree. Only syntax errors arise here, and the first one ends the parse.
//!
//! Recursive descent over `syn`'s token cursor; expressions by precedence climbing. Nesting is
//! limited, so no input can exhaust the compiler's stack.

mod expr;
mod foreign;
mod name;
mod operators;
mod section;
#[cfg(test)]
mod tests;

use cnn_plan::TargetKind;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Error, LitInt, Result, Token, braced, bracketed, parenthesized,
    parse::{Parse, ParseStream, Parser},
    token,
};

use crate::{
    ast::{Integer, Network, Span},
    diag::{Errors, NO_CONSTANTS},
};

/// Levels of nesting that an expression may have.
const MAX_DEPTH: usize = 64;

/// Parses what stands between the braces of `network! { … }`.
pub fn parse(tokens: TokenStream) -> std::result::Result<Network, Errors> {
    syn::parse2(tokens).map_err(Errors::from)
}

/// Visibility and name of the network, if at least these can be read.
pub fn name(tokens: TokenStream) -> Option<(TokenStream, Ident)> {
    let head = |input: ParseStream| {
        attributes(input)?;
        let head = (visibility(input)?, input.parse::<Ident>()?);
        input.parse::<TokenStream>()?;
        Ok(head)
    };
    head.parse2(tokens).ok()
}

impl Parse for Network {
    fn parse(input: ParseStream) -> Result<Network> {
        let attributes = attributes(input)?;
        let visibility = visibility(input)?;
        let name =
            input.parse().map_err(|_| input.error(format!("expected the network's name, as in {HEADER}")))?;
        expect(input, "<", &format!("the network's type, as in {HEADER}"), |input| {
            input.parse::<Token![<]>()
        })?;
        let shape = shape(input)?;
        expect(input, "->", &format!("the number of outputs, as in {HEADER}"), |input| {
            input.parse::<Token![->]>()
        })?;
        let (target, outputs) = outputs(input)?;
        input.parse::<Token![>]>()?;
        let content;
        let brace = braced!(content in input);
        let body = expr::body(&content, brace.span.close().into(), 0)?;
        let sections = section::sections(&content)?;
        if section::begins(input) {
            return Err(input.error("sections stand in the network's braces, after its last line"));
        }
        if !input.is_empty() {
            return Err(input.error("expected the end of the macro: one `network!` declares one network"));
        }
        Ok(Network { attributes, visibility, name, input: shape, outputs, target, body, sections })
    }
}

/// `#[…]`, any number of times. Inner attributes cannot stand on a type.
fn attributes(input: ParseStream) -> Result<TokenStream> {
    let mut attributes = TokenStream::new();
    while input.peek(Token![#]) {
        attributes.extend([TokenTree::Punct(input.parse()?)]);
        let content;
        let bracket = bracketed!(content in input);
        let mut group = proc_macro2::Group::new(proc_macro2::Delimiter::Bracket, content.parse()?);
        group.set_span(bracket.span.join());
        attributes.extend([TokenTree::Group(group)]);
    }
    Ok(attributes)
}

/// `pub`, `pub(…)` or nothing.
fn visibility(input: ParseStream) -> Result<TokenStream> {
    let mut visibility = TokenStream::new();
    if input.peek(Token![pub]) {
        visibility.extend([TokenTree::Ident(input.call(syn::ext::IdentExt::parse_any)?)]);
        if input.peek(syn::token::Paren) {
            visibility.extend([input.parse::<TokenTree>()?]);
        }
    }
    Ok(visibility)
}

/// How a network begins.
const HEADER: &str = "`Name<[1, 28, 28] -> 10>`";

/// How a header gets a number that is not the same everywhere.
const PARAMETERS: &str = "for a number that varies, put the network into a macro: \
     `macro_rules! net { ($name:ident, $n:literal) => { network! { $name<[1, 28, 28] -> $n> { … } } } }`";

/// `[C, H, W]`
fn shape(input: ParseStream) -> Result<[Integer; 3]> {
    if !input.peek(token::Bracket) {
        let expected = format!("expected the input's `[channels, height, width]`, as in {HEADER}");
        let generic = input.peek(Token![const]) || input.peek(syn::Ident) || input.peek(syn::Lifetime);
        let advice =
            if generic { format!("; a network has no parameters; {PARAMETERS}") } else { String::new() };
        return Err(input.error(format!("{expected}{advice}")));
    }
    let content;
    let bracket = bracketed!(content in input);
    let sizes = separated(&content, integer)?.0;
    let found = sizes.len();
    sizes.try_into().map_err(|_| {
        let s = if found == 1 { "" } else { "s" };
        let advice = match found {
            1 => "; for values without rows and columns write `[784, 1, 1]`",
            2 => "; for images of one channel write `[1, 28, 28]`",
            _ => "",
        };
        let message =
            format!("expected the input's [channels, height, width], found {found} number{s}{advice}");
        Error::new(bracket.span.join(), message)
    })
}

/// `10`, `values(3)` or `labels(20)`
fn outputs(input: ParseStream) -> Result<(TargetKind, Integer)> {
    const EXPECTED: &str = "expected a number of classes, `values(N)` or `labels(N)`";
    if input.peek(token::Bracket) {
        return Err(
            input.error(format!("{EXPECTED}; a map is answered as its values, with `-> flatten` at the end: `values(1024)` for 1x32x32"))
        );
    }
    if !input.peek(syn::Ident) {
        return Ok((TargetKind::Class, integer(input)?));
    }
    let word: Ident = input.parse()?;
    let kinds = [TargetKind::Values, TargetKind::Labels];
    let kind = kinds.into_iter().find(|kind| word == kind.outputs()).ok_or_else(|| {
        let advice = if input.peek(token::Paren) { String::new() } else { constant() };
        Error::new(word.span(), format!("{EXPECTED}, found `{word}`{advice}"))
    })?;
    if !input.peek(token::Paren) {
        return Err(input.error(format!("expected the number of outputs, as in `{word}(3)`")));
    }
    let content;
    parenthesized!(content in input);
    let outputs = integer(&content)?;
    if content.is_empty() {
        Ok((kind, outputs))
    } else {
        Err(content.error("expected one number, that of the outputs"))
    }
}

/// What to do instead of naming a constant in the header.
fn constant() -> String {
    format!("; {NO_CONSTANTS}, so write the number; {PARAMETERS}")
}

/// An integer literal of the header.
fn integer(input: ParseStream) -> Result<Integer> {
    let (word, place) = (input.fork().parse::<Ident>(), input.span());
    let literal: LitInt = input.parse().map_err(|_| {
        let found = word.map(|word| format!(", found `{word}`{}", constant()));
        Error::new(place, format!("expected a whole number{}", found.unwrap_or_default()))
    })?;
    let operator =
        [input.peek(Token![+]), input.peek(Token![-]), input.peek(Token![*]), input.peek(Token![/])];
    if operator.contains(&true) && !input.peek(Token![->]) {
        return Err(input.error("the header has plain numbers; write the result"));
    }
    Ok(Integer { value: int_value(&literal)?, span: literal.span().into() })
}

/// The value of an integer literal without suffix.
fn int_value(literal: &LitInt) -> Result<i64> {
    if !literal.suffix().is_empty() {
        let (digits, suffix) = (literal.base10_digits(), literal.suffix());
        if let Some(width) = suffix.strip_prefix('x') {
            return Err(Error::new(
                literal.span(),
                format!("write `({digits}, {width})` for `{digits}x{width}`"),
            ));
        }
        return Err(Error::new(literal.span(), format!("unexpected suffix `{suffix}`; write `{digits}`")));
    }
    literal.base10_parse().map_err(|_| Error::new(literal.span(), format!("{literal} is too large")))
}

/// What `parse` yields, or an error that says what should stand here and what does.
fn expect<T>(
    input: ParseStream,
    token: &str,
    purpose: &str,
    parse: impl FnOnce(ParseStream) -> Result<T>,
) -> Result<T> {
    parse(input).map_err(|_| input.error(format!("expected `{token}` and {purpose}")))
}

/// Items between commas, and whether a comma ends them.
fn separated<T>(
    input: ParseStream,
    mut item: impl FnMut(ParseStream) -> Result<T>,
) -> Result<(Vec<T>, bool)> {
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(item(input)?);
        if input.is_empty() {
            return Ok((items, false));
        }
        if !input.peek(Token![,]) {
            return Err(foreign::error(input, "expected `,`"));
        }
        input.parse::<Token![,]>()?;
    }
    let trailing_comma = !items.is_empty();
    Ok((items, trailing_comma))
}

/// Fails where nesting is too deep to be meant.
fn guard(span: impl Into<Span>, depth: usize) -> Result<()> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(Error::new(span.into().start, format!("nested more than {MAX_DEPTH} levels deep; use `let`")))
}
