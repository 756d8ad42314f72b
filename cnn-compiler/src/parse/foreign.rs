//! What Rust, Python and their libraries write otherwise: each with what is written here.

use proc_macro2::{Spacing, Span};
use syn::{Error, parse::ParseStream};

/// Words that begin something which a network has not.
const WORDS: &[(&[&str], &str)] = &[
    (&["const", "static", "var", "val", "auto"], "write `let name = value;`"),
    (&["mut"], "every variable can be assigned; leave `mut` out"),
    (&["fn", "def", "function", "lambda"], "a function of feature maps is a block: `block name(x, n) { … }`"),
    (&["while", "loop", "repeat"], "repeat with `for i in 0..3 { … }`"),
    (&["match", "switch"], "choose with `if … { … } else { … }`"),
    (&["elif"], "write `else if`"),
    (&["return"], "the last line is the value, without `return` and without `;`"),
    (&["break", "continue"], "a loop takes all its turns; choose within it with `if`"),
    (
        &[
            "use", "mod", "struct", "enum", "impl", "trait", "type", "import", "from", "class", "unsafe",
            "extern", "pub",
        ],
        "Rust's items stand outside of the network",
    ),
    (&["in"], "a loop is `for i in 0..3 { … }`, without parentheses"),
    (&["and"], "write `a && b`"),
    (&["or"], "write `a || b`"),
    (&["not"], "write `!a`"),
    (&["as"], "numbers have no types; leave `as …` out"),
    (&["self", "Self"], "the network's input is `input`"),
];

/// Signs that are no operators here.
const SIGNS: &[(&str, &str)] = &[
    ("=>", "layers are chained by `->`"),
    ("|>", "layers are chained by `->`"),
    ("<<", "there are no shifts; multiply, as in `8 * n`"),
    (">>", "there are no shifts; to chain layers, write `->`"),
    ("**", "there are no powers; multiply, as in `n * n`"),
    ("+=", "write `x = x + …`"),
    ("-=", "write `x = x - …`"),
    ("*=", "write `x = x * …`"),
    ("/=", "write `x = x / …`"),
    ("++", "write `x = x + 1`"),
    ("::", "a network sees its own names alone; neither Rust's paths nor its constants"),
    ("&", "values are not borrowed; a condition is `a && b`"),
    ("|", "a condition is `a || b`"),
    ("^", "there are no powers; write `1e-3`, or multiply"),
    ("<-", "layers are chained by `->`, from the input on; to compare, write `a < -b`"),
    ("$", "a variable of `macro_rules!` has a value within such a macro alone"),
    ("?", "choose with `if … { … } else { … }`"),
    ("!", "a network has no macros"),
    ("#", "a comment begins with `//`"),
    ("@", "join feature maps with `add`, `mul` or `concat`"),
];

/// The error at what stands next: that it belongs to another language, else `expected`.
pub(super) fn error(input: ParseStream, expected: &str) -> Error {
    sign(input).or_else(|| word(input)).unwrap_or_else(|| input.error(expected))
}

/// The error for a word of another language that stands next.
pub(super) fn word(input: ParseStream) -> Option<Error> {
    let (word, _) = input.cursor().ident()?;
    let text = word.to_string();
    let (_, advice) = WORDS.iter().find(|(words, _)| words.contains(&text.as_str()))?;
    Some(found(word.span(), &text, advice))
}

/// The error for a sign of another language that stands next.
pub(super) fn sign(input: ParseStream) -> Option<Error> {
    let (first, rest) = input.cursor().punct()?;
    let second = rest.punct().filter(|_| first.spacing() == Spacing::Joint);
    let text: String =
        std::iter::once(first.as_char()).chain(second.map(|(sign, _)| sign.as_char())).collect();
    // What follows a sign may begin the next value: `10^-3`.
    let text = text.strip_suffix(['-', '!']).filter(|sign| *sign != "<" && !sign.is_empty()).unwrap_or(&text);
    let (sign, advice) = SIGNS.iter().find(|(sign, _)| *sign == text)?;
    Some(found(first.span(), sign, advice))
}

fn found(span: Span, text: &str, advice: &str) -> Error {
    Error::new(span, format!("found `{text}`; {advice}"))
}
