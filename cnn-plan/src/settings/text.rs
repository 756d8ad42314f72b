//! Names with settings as text: `adam`, or `adam(1e-3, beta2 = 0.99)`, as in the sections of
//! `network!`.

use alloc::{format, string::String, vec::Vec};

use super::{Spec, Values, Written, shortened};

/// A name and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'a> {
    /// The name.
    pub name: &'a str,
    /// The arguments in order.
    pub arguments: Vec<Argument<'a>>,
}

/// An argument of a [`Call`].
#[derive(Clone, Debug, PartialEq)]
pub struct Argument<'a> {
    /// Its name, if it has one.
    pub key: Option<&'a str>,
    /// Its value.
    pub value: Written<'a>,
}

impl<'a> Call<'a> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// What was expected where the text is none of a call.
    pub fn parse(text: &'a str) -> Result<Call<'a>, String> {
        let text = text.trim();
        let (name, rest) = text.split_once('(').unwrap_or((text, ")"));
        let inside = rest.strip_suffix(')');
        let inside = inside.ok_or_else(|| format!("expected `)` at the end of `{}`", shortened(text)))?;
        let arguments = items(inside).map(Argument::parse).collect::<Result<_, _>>()?;
        Ok(Call { name: name.trim(), arguments })
    }
}

impl<'a> Argument<'a> {
    fn parse(text: &'a str) -> Result<Argument<'a>, String> {
        match text.split_once('=') {
            Some((key, value)) => Ok(Argument { key: Some(key.trim()), value: Written::parse(value)? }),
            None => Ok(Argument { key: None, value: Written::parse(text)? }),
        }
    }
}

impl<'a> Written<'a> {
    fn parse(text: &'a str) -> Result<Written<'a>, String> {
        let text = text.trim();
        let within = |open, close| text.strip_prefix(open)?.strip_suffix(close);
        if let Some(inside) = within('[', ']') {
            items(inside).map(Written::scalar).collect::<Result<_, _>>().map(Written::Array)
        } else if let Some(inside) = within('(', ')') {
            items(inside).map(Written::scalar).collect::<Result<_, _>>().map(Written::Tuple)
        } else {
            Written::scalar(text)
        }
    }

    fn scalar(text: &'a str) -> Result<Written<'a>, String> {
        let text = text.trim();
        let is_word = text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
            && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if let Ok(flag) = text.parse() {
            return Ok(Written::Flag(flag));
        }
        if is_word {
            return Ok(Written::Word(text));
        }
        if let Ok(whole) = text.parse() {
            return Ok(Written::Int(whole));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Written::Float(number)),
            Ok(_) => Err(format!("{} is too large", shortened(text))),
            Err(_) => Err(format!("expected a number, an array or a word, found `{}`", shortened(text))),
        }
    }
}

/// The parts between commas that stand in no brackets; the last may end in a comma.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let separates = move |letter: char| {
        depth += i32::from(matches!(letter, '[' | '(')) - i32::from(matches!(letter, ']' | ')'));
        letter == ',' && depth == 0
    };
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(separates).skip(usize::from(text.is_empty()))
}

/// Binds arguments to the parameters of a spec.
///
/// # Errors
/// What is wrong with the first argument that is wrong, after the spec's name.
pub fn bind(spec: &Spec, arguments: &[Argument]) -> Result<Values, String> {
    let wrong = |message: String| format!("{}: {message}", spec.name);
    let keys: Vec<_> = arguments.iter().map(|given| given.key.map(|key| spec.canonical(key))).collect();
    let mut assignment = spec.signature().assign(&keys);
    if !assignment.problems.is_empty() {
        return Err(wrong(assignment.problems.swap_remove(0).message));
    }
    let params = spec.all().zip(assignment.arguments);
    let bounds = params.map(|(param, index)| match (index, param.default) {
        (Some(index), _) => spec.accept(param, &arguments[index].value, arguments[index].key.is_some()),
        (None, Some(default)) => Ok(default),
        (None, None) => unreachable!("{} is required, so its absence is a problem", param.name),
    });
    Ok(Values { spec: *spec, bounds: bounds.collect::<Result<_, _>>().map_err(wrong)? })
}
