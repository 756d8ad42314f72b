//! The wording of every error about layers: what was expected, what was found, what to do. The layer's name is put before.

use super::{
    Inputs, Signature, Value,
    args::{Kind, Param},
    window::Request,
};
use crate::diag::did_you_mean;

pub(super) const SOFTMAX: &str = "cross_entropy takes raw scores; remove softmax";
pub(super) const SIGMOID: &str = "binary_cross_entropy takes raw scores; remove sigmoid";
pub(super) const NO_BIAS: &str = "bias_init has no meaning with bias = false";
pub(super) const WIDTH_TWICE: &str = "the width is given twice: the first argument is a pair (height, width)";
pub(super) const POSITIONAL_AFTER_KEYED: &str = "positional arguments come before `key = value` ones";

/// `64x12x12`, `128`
pub fn shape(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// `a map of 64x12x12`, `128 values`
pub(super) fn value(sizes: &[usize]) -> String {
    match sizes {
        [1] => "1 value".into(),
        [count] => format!("{count} values"),
        _ => format!("a map of {}", shape(sizes)),
    }
}

/// `7x7`
fn pair([vertical, horizontal]: [usize; 2]) -> String {
    format!("{vertical}x{horizontal}")
}

/// `1`, `(1, 2)` for rows and columns, or `(1, 2, 3, 4)` where opposite sides differ
fn sides(sides: [[usize; 2]; 2]) -> String {
    let [[top, bottom], [left, right]] = sides;
    if top == bottom && left == right {
        return argument([top, left]);
    }
    format!("({top}, {bottom}, {left}, {right})")
}

/// `1`, or `(1, 2)` where the two differ
fn argument([vertical, horizontal]: [usize; 2]) -> String {
    if vertical == horizontal { vertical.to_string() } else { format!("({vertical}, {horizontal})") }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

// Names

pub(super) fn duplicate_name(name: &str, kind: &str, written: bool, first_written: bool) -> String {
    match (written, first_written) {
        (false, _) => format!("{name}: this unnamed {kind} would share its name with another layer; name it"),
        (true, true) => format!("{name}: the name is used twice; rename one of the two layers"),
        (true, false) => {
            format!("{name}: the name belongs to an unnamed layer; rename this layer or name that one")
        }
    }
}

/// The same layer, evaluated again by a loop or by another call of its block.
pub(super) fn name_repeats(name: &str) -> String {
    format!(
        "{name}: another call of the block or turn of the loop has used the name; name each, as in `stage{{i}}: …`"
    )
}

pub(super) fn first_of_name(name: &str, written: bool) -> String {
    if written { format!("{name}: first used here") } else { format!("{name}: the unnamed layer is here") }
}

// Arguments

pub(super) fn missing(signature: &Signature, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} missing; expected {}", names.join(" and "), required(signature))
}

pub(super) fn given_twice(name: &str) -> String {
    format!("`{name}` is given twice")
}

pub(super) fn too_many(signature: &Signature) -> String {
    match &signature.params[..] {
        [] => format!("{} takes no arguments", signature.name),
        params => match &params[..signature.positional] {
            [] => format!("{} takes only `key = value`: {}", signature.name, names(params)),
            all if all.len() == params.len() => {
                format!("too many arguments; {} takes {}", signature.name, names(all))
            }
            some => format!(
                "too many arguments; {} takes {}, and others as `key = value`",
                signature.name,
                names(some)
            ),
        },
    }
}

pub(super) fn unknown_argument(signature: &Signature, key: &str) -> String {
    let guess = did_you_mean(key, signature.params.iter().map(|(name, _)| *name));
    match &signature.params[..] {
        [] => format!("{} takes no arguments", signature.name),
        _ if guess.is_empty() => {
            format!("unknown argument `{key}`; {} takes {}", signature.name, names(&signature.params))
        }
        _ => format!("unknown argument `{key}`{guess}"),
    }
}

/// `channels, kernel, stride and pad`
fn names(params: &[(&str, bool)]) -> String {
    let names: Vec<_> = params.iter().map(|(name, _)| *name).collect();
    match names.split_last() {
        Some((last, [])) => last.to_string(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

/// What must be given: `conv(channels, kernel, …)`.
fn required(signature: &Signature) -> String {
    let required = signature.params.iter().filter(|(_, required)| *required).map(|(name, _)| *name);
    let mut shown: Vec<_> = required.collect();
    if shown.len() < signature.params.len() {
        shown.push("…");
    }
    format!("{}({})", signature.name, shown.join(", "))
}

pub(super) fn wrong_kind(param: &Param, found: &Value) -> String {
    let found = match found {
        Value::Map(_) => "a feature map".to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Bool(value) => format!("`{value}`"),
        Value::Str(value) => format!("{value:?}"),
        Value::Array(_) => "an array".into(),
        Value::Tuple(list) => format!("a tuple of {}", list.items.len()),
        Value::Unknown => "something unknown".into(),
    };
    format!("{} must be {}, found {found}", param.name, kind(param.kind))
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Count => "a whole number".into(),
        Kind::Pair => "a whole number or a pair (vertical, horizontal)".into(),
        Kind::Sides => "a whole number, (vertical, horizontal) or (top, bottom, left, right)".into(),
        Kind::Pad => {
            "a whole number, (vertical, horizontal), (top, bottom, left, right), `same` or `valid`".into()
        }
        Kind::Flag => "`true` or `false`".into(),
        Kind::Number(range, _) => format!("a number {range}"),
        Kind::Word([(only, _)]) => format!("`{only}`"),
        Kind::Word(_) => format!("one of {}", words(kind)),
        Kind::Init => format!("a number or one of {}", words(kind)),
    }
}

fn words(kind: Kind) -> String {
    kind.words().iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn unknown_word(param: &Param, word: &str, unknown: &str) -> String {
    if param.kind.words().is_empty() {
        return unknown.to_string();
    }
    let guess = did_you_mean(word, param.kind.words().iter().map(|(word, _)| *word));
    if guess.is_empty() {
        format!("{} must be {}, found `{word}`", param.name, kind(param.kind))
    } else {
        format!("unknown `{word}`{guess}")
    }
}

// Inputs

pub(super) fn too_few_inputs(kind: &str, expected: Inputs, found: usize) -> Option<String> {
    match (expected, found) {
        (_, 0) => Some(format!("{kind} needs an input: `x -> {kind}` or `{kind}(x)`")),
        (Inputs::Many, 1) => Some(format!("{kind} joins two or more values, found 1")),
        (Inputs::Two, 1) => Some(format!("{kind} needs a map and its gate: `{kind}(x, gate)`")),
        (Inputs::Two, 3..) => Some(format!("{kind} takes a map and its gate, found {found} values")),
        _ => None,
    }
}

pub(super) fn joins_nothing(kind: &str) -> String {
    format!("{kind} takes one feature map; join two with `add` or `concat`")
}

pub(super) fn not_a_map(kind: &str, found: &str) -> String {
    format!("{kind} needs a feature map, found {found}")
}

pub(super) fn needs_flat(kind: &str, found: &[usize]) -> String {
    format!("{kind} needs a flat input, found {}; insert `-> flatten`", shape(found))
}

pub(super) fn needs_map(kind: &str, found: &[usize]) -> String {
    format!("{kind} needs a map of channels, rows and columns, found {}", value(found))
}

pub(super) fn too_large(tensor: &str, sizes: &[usize], most: u64) -> String {
    format!("{tensor} of {} has more than {most} elements", shape(sizes))
}

pub(super) fn no_parameters(kind: &str, attribute: &str) -> String {
    format!("{kind} has no parameters, so `{attribute}` has no meaning here")
}

pub(super) fn pieces(pieces: usize, found: &[usize]) -> String {
    let what = if found.len() == 3 { "input channel" } else { "input value" };
    format!("pieces = {pieces} does not divide the {}", plural(found[0], what))
}

pub(super) fn groups(groups: usize, count: usize, side: &str) -> String {
    format!("groups = {groups} does not divide the {}", plural(count, &format!("{side} channel")))
}

pub(super) fn shapes_differ(kind: &str, a: &str, b: &str) -> String {
    let need = if kind == "add" { "equal shapes" } else { "equal rows and columns" };
    format!("{kind} needs {need}, but {a} and {b}")
}

pub(super) fn gate(x: &str, channels: usize, gate: &str) -> String {
    format!("mul needs a gate of {channels} or {channels}x1x1, one factor a channel, but {x} and {gate}")
}

pub(super) fn crops_all(cut: [[usize; 2]; 2], input: [usize; 2]) -> String {
    format!("crop {} leaves nothing of input {}", sides(cut), pair(input))
}

// Windows

pub(super) fn pad_over_half(pad: [[usize; 2]; 2], kernel: [usize; 2]) -> String {
    let most = kernel.map(|size| size / 2);
    format!(
        "padding {} is more than half the kernel {}; use at most {}",
        sides(pad),
        pair(kernel),
        argument(most)
    )
}

/// Only called where padding is explicit: `same` always fits.
pub(super) fn window_does_not_fit(request: &Request, input: [usize; 2]) -> (String, Option<String>) {
    let pad = request.pad.unwrap_or_default();
    let span = [request.span(0), request.span(1)];
    let dilated = if span == request.kernel {
        String::new()
    } else {
        format!(" with dilation {} (spans {})", argument(request.dilation), pair(span))
    };
    let message = format!(
        "kernel {}{dilated} does not fit input {} (padding {})",
        pair(request.kernel),
        pair(input),
        sides(pad)
    );
    (message, fitting(request, pad, input))
}

/// The least padding and the largest kernel that would fit.
fn fitting(request: &Request, pad: [[usize; 2]; 2], input: [usize; 2]) -> Option<String> {
    let most = pad.map(|[before, after]| before.max(after));
    let more = [0, 1].map(|axis| request.span(axis).saturating_sub(input[axis]).div_ceil(2).max(most[axis]));
    let less = [0, 1].map(|axis| {
        let room = (input[axis] + pad[axis][0] + pad[axis][1] - 1) / request.dilation[axis] + 1;
        room.min(request.kernel[axis])
    });
    let pads = !request.pooling || (0..2).all(|axis| more[axis] <= request.kernel[axis] / 2);
    let both = |values: [usize; 2], given: [usize; 2]| {
        // One number was given for both axes where it can be.
        if given[0] == given[1] { [values[0].max(values[1]); 2] } else { values }
    };
    let smallest = |values: [usize; 2], given: [usize; 2]| {
        if given[0] == given[1] { [values[0].min(values[1]); 2] } else { values }
    };
    let kernel = format!("kernel = {}", argument(smallest(less, request.kernel)));
    Some(if pads { format!("pad = {} or {kernel}", argument(both(more, most))) } else { kernel })
}

/// What `summary` notes about the end of the input that no window reaches.
pub(super) fn dropped(request: &Request, rows: usize, columns: usize) -> Option<String> {
    let what = match (rows, columns) {
        (0, 0) => return None,
        (_, 0) => plural(rows, "row"),
        (0, _) => plural(columns, "column"),
        _ => format!("{} and {}", plural(rows, "row"), plural(columns, "column")),
    };
    Some(format!("a {} window with stride {} drops {what}", pair(request.kernel), argument(request.stride)))
}

pub(super) fn bias_before_norm(norm: &str) -> String {
    format!("its bias has no effect before {norm}; write bias = false")
}

// Outputs

pub(super) fn wrong_auxiliary(layer: &str, found: &[usize], classes: usize) -> String {
    let advice =
        if found.len() == 3 { format!("; insert `-> flatten -> dense({classes})`") } else { String::new() };
    format!("output: expected {}, but {layer} yields {}{advice}", plural(classes, "score"), value(found))
}

/// For the declared number, and for the layer that yields something else.
pub(super) fn wrong_output(network: &str, layer: &str, found: &[usize], declared: usize) -> (String, String) {
    let found_text = value(found);
    let declared_text = plural(declared, "output");
    let advice = match found {
        [_] => "",
        _ if found.iter().product::<usize>() == declared => "; insert `-> flatten`",
        _ => "; add `-> flatten -> dense({declared})`",
    };
    let advice = advice.replace("{declared}", &declared.to_string());
    (
        format!("{network} declares {declared_text}, but {layer} yields {found_text}{advice}"),
        format!("{layer}: yields {found_text}, expected {declared}"),
    )
}
