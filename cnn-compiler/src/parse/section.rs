//! Sections after the body: `train { … }`, `data { … }`, `augment { … }`, `budget { … }`.

use proc_macro2::{Ident, TokenStream};
use syn::{Error, Lit, Result, Token, braced, parse::ParseStream};

use super::{
    expect,
    expr::{argument, begins_section},
    separated,
};
use crate::ast::{Limit, SECTIONS, Section, SectionContent, Span};

/// Sections up to the end.
pub(super) fn sections(input: ParseStream) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    while !input.is_empty() {
        if !begins_section(input) {
            return Err(
                input.error("expected a section such as `train { … }`; statements come before sections")
            );
        }
        sections.push(section(input)?);
    }
    Ok(sections)
}

/// True where a known section begins.
pub(super) fn begins(input: ParseStream) -> bool {
    let known = |name: Ident| SECTIONS.contains(&name.to_string().as_str());
    begins_section(input) && input.fork().parse().is_ok_and(known)
}

fn section(input: ParseStream) -> Result<Section> {
    let name: Ident = input.parse()?;
    let content;
    braced!(content in input);
    let content = match name.to_string().as_str() {
        "train" | "data" | "augment" => {
            SectionContent::Arguments(separated(&content, |input| argument(input, 1))?.0)
        }
        "budget" => SectionContent::Budget(separated(&content, limit)?.0),
        _ => {
            content.parse::<TokenStream>()?;
            SectionContent::Other
        }
    };
    Ok(Section { name, content })
}

/// `params <= 62M`
fn limit(input: ParseStream) -> Result<Limit> {
    let quantity: Ident = input.parse()?;
    expect(input, "<=", "a limit, as in `params <= 62M`", |input| input.parse::<Token![<=]>())?;
    let literal: Lit = input.parse()?;
    let (digits, suffix) = match &literal {
        Lit::Int(int) => (int.base10_digits().to_string(), int.suffix().to_string()),
        Lit::Float(float) => (float.base10_digits().to_string(), float.suffix().to_string()),
        _ => return Err(Error::new(literal.span(), "expected a number such as `62M` or `2 MiB`")),
    };
    let mut span = Span::from(literal.span());
    let mut unit = suffix;
    if unit.is_empty() && input.peek(syn::Ident) {
        let word: Ident = input.parse()?;
        span = span.to(word.span());
        unit = word.to_string();
    }
    let Some(factor) = factor(&unit) else {
        let message = format!("unknown unit `{unit}`; expected K, M, G, KiB, MiB or GiB");
        return Err(Error::new(span.end, message));
    };
    let number: f64 = digits.parse().map_err(|_| Error::new(literal.span(), "expected a number"))?;
    let space = if unit.ends_with('B') { " " } else { "" };
    Ok(Limit { quantity, most: (number * factor) as u64, text: format!("{digits}{space}{unit}"), span })
}

/// What a unit multiplies with.
fn factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "" | "B" => 1.0,
        "K" | "k" | "kB" | "KB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    })
}
