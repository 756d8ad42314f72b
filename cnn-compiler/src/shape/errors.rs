//! The wording of every error about layers: what was expected, what was found, what to do. The
//! layer's name is put before.

mod windows;

pub(super) use windows::*;

use super::{Inputs, Layer, Shaper, Value};

pub(super) const SOFTMAX: &str = "cross_entropy takes raw scores; remove softmax";
pub(super) const SIGMOID: &str = "binary_cross_entropy takes raw scores; remove sigmoid";
pub(super) const NO_BIAS: &str = "bias_init has no meaning with bias = false";
pub(super) const WIDTH_TWICE: &str = "the width is given twice: the first argument is a pair (height, width)";

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

/// Help where an input is probably in the order of Keras: rows, columns, and 1, 3 or 4 channels.
pub fn transposed(input: &[usize]) -> Option<String> {
    match *input {
        [height, width, channels @ (1 | 3 | 4)] if height.min(width) >= 8 => Some(format!(
            "shapes are [channels, height, width]; for {height}x{width} pixels write [{channels}, {height}, {width}]"
        )),
        _ => None,
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

pub(super) fn at_most(name: &str, most: usize, found: usize) -> String {
    format!("{name} must be at most {most}, found {found}")
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

// Reuse

pub(super) fn reuse_without_name(kind: &str) -> String {
    format!("reuse: this {kind} has no name; give it the name of the layer whose parameters it takes")
}

pub(super) fn nothing_to_reuse(name: &str, guess: &str) -> String {
    format!("{name}: reuse: no layer before it has this name{guess}")
}

pub(super) fn reuse_of_another(name: &str, first: &str, kind: &str) -> String {
    format!("{name}: reuse: the layer of this name is {first}, and this is {kind}")
}

/// A layer without a name, in a block that is called again: which it was is told by its place.
pub(super) fn reuse_of_unnamed(name: &str, kind: &str) -> String {
    format!(
        "{name}: reuse: this unnamed {kind} was another one of the block in the call that is reused; name both"
    )
}

pub(super) fn other_norm(first: &str) -> String {
    format!("reuse: {first} normalises with other settings; say the same here")
}

pub(super) fn no_such_tensor(first: &str, tensor: &str) -> String {
    format!("reuse: {first} has no {tensor}")
}

pub(super) fn other_shape(first: &str, tensor: &str, found: &[usize], needed: &[usize]) -> String {
    let (found, needed) = (shape(found), shape(needed));
    format!("reuse: the {tensor} of {first} is {found}, and {needed} would be needed here")
}

pub(super) fn other_attributes(first: &str) -> String {
    format!("reuse: its attributes are not those of {first}, whose parameters it takes; leave them out")
}

pub(super) fn left_out(tensor: &str) -> String {
    format!("reuse: this use leaves {tensor} out; both uses have all parameters or neither has")
}

// Inputs

pub(super) fn too_few_inputs(kind: &str, expected: Inputs, found: usize) -> Option<String> {
    match (expected, found) {
        (_, 0) => {
            Some(format!("{kind} needs an input: `x -> {kind}` or `{kind}(x)`, as in `input -> {kind}`"))
        }
        (Inputs::Many, 1) => Some(format!("{kind} joins two or more values, found 1")),
        (Inputs::Two, 1) => Some(format!("{kind} needs two values: `{kind}(x, y)`")),
        (Inputs::Two, 3..) => Some(format!("{kind} takes two values, found {found}")),
        _ => None,
    }
}

/// The error for a call of a layer whose first argument, its input, is no feature map.
pub fn no_input(layer: &Layer, first: &Value, shaper: &Shaper) -> Option<String> {
    let (kind, found) = (layer.name, first.describe(shaper));
    match first {
        Value::Map(_) | Value::Unknown => None,
        _ if layer.inputs == Inputs::One => Some(format!(
            "{kind} needs a feature map first, found {found}; write `input -> {kind}(…)`, or `x -> {kind}(…)` with another feature map"
        )),
        _ => Some(format!("{kind} joins feature maps, found {found}; write `{kind}(x, y)`")),
    }
}

pub(super) fn joins_nothing(kind: &str) -> String {
    format!("{kind} takes one feature map; join two with `add` or `concat`")
}

pub(super) fn not_a_map(kind: &str, found: &str) -> String {
    let advice = match found {
        "nothing" => "; a block ends in its value, without `;`, and an `if` needs an `else`",
        _ => "",
    };
    format!("{kind} needs a feature map, found {found}{advice}")
}

pub(super) fn needs_flat(kind: &str, found: &[usize]) -> String {
    format!("{kind} needs a flat input, found {}; insert `-> flatten`", shape(found))
}

pub(super) fn needs_map(kind: &str, found: &[usize]) -> String {
    format!("{kind} needs a map of channels, rows and columns, found {}", value(found))
}

/// `blocks` if it is too large only as it is stored.
pub(super) fn too_large(tensor: &str, sizes: &[usize], most: u64, blocks: bool) -> String {
    let stored = if blocks { ", stored in blocks of 8 channels" } else { "" };
    format!("{tensor} of {} has more than {most} elements{stored}", shape(sizes))
}

pub(super) fn no_parameters(kind: &str, attribute: &str) -> String {
    format!("{kind} has no parameters, so `{attribute}` has no meaning here")
}

/// `argument` is a number that channels, or the values of a flat input, are to be divided by.
pub(super) fn divides(argument: &str, number: usize, found: &[usize]) -> String {
    let what = if found.len() == 3 { "input channel" } else { "input value" };
    format!("{argument} = {number} does not divide the {}", plural(found[0], what))
}

/// A norm that would take each mean over a single element.
pub(super) fn one_value(kind: &str, found: &[usize]) -> String {
    format!("{kind} needs means over more than one element each, found {}", value(found))
}

pub(super) fn not_affine(attribute: &str) -> String {
    format!("{attribute} has no meaning with affine = false: there are no parameters")
}

pub(super) fn groups(groups: usize, count: usize, side: &str) -> String {
    format!("groups = {groups} does not divide the {}", plural(count, &format!("{side} channel")))
}

pub(super) fn shapes_differ(kind: &str, a: &str, b: &str) -> String {
    let need = if kind == "concat" { "equal rows and columns" } else { "equal shapes" };
    format!("{kind} needs {need}, but {a} and {b}")
}

/// A map times what has neither its shape nor a factor for each channel.
pub(super) fn gate(x: &str, channels: usize, gate: &str) -> String {
    format!(
        "mul needs equal shapes, or a gate of {channels} or {channels}x1x1, one factor a channel, but {x} and {gate}"
    )
}

pub(super) fn crops_all(cut: [[usize; 2]; 2], input: [usize; 2]) -> String {
    format!("crop {} leaves nothing of input {}", sides(cut), pair(input))
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
