//! The wording of errors in `data { … }` and `augment { … }`.

use super::{Input, size::Size};
use crate::shape::shape;

pub(super) const NORMALISE_RAW: &str =
    "normalise: these are for pixels from 0 to 1, and pixels enter as 0 to 255; add scale(1 / 255) before it";

pub(super) fn keyed(who: &str, key: &str) -> String {
    format!("{who}: stages have no names; write `{key}(…)` for a stage")
}

/// A stage of the other section.
pub(super) fn elsewhere(who: &str, word: &str) -> String {
    match who {
        "data" => format!("data: `{word}` changes images at random, in training only; put it in `augment`"),
        _ => format!("augment: `{word}` is for every image, not for training alone; put it in `data`"),
    }
}

pub(super) fn order(geometry: &str, value: &str) -> String {
    format!("data: {geometry} stands behind {value}; sizes come first, then values")
}

pub(super) fn crop_too_large(who: &str, stage: &str, cut: [usize; 2], size: Size) -> String {
    let cut = shape(&cut);
    match size {
        Size::Exact(size) => {
            format!("{who}: {stage} of {cut} does not fit the {} image that comes to it", shape(&size))
        }
        Size::Shorter(side) => {
            format!("{who}: {stage} of {cut} does not fit an image whose shorter side is {side}")
        }
        Size::Any => unreachable!("an image of any size may be large enough"),
    }
}

/// The last stage that sets a size sets another one than the input's.
pub(super) fn wrong_size(who: &str, stage: &str, size: Size, input: Input) -> String {
    let [height, width] = input.size();
    let (exactly, call) = (format!("{height}, {width}"), arguments(input.size()));
    let (yields, advice) = match (stage, size) {
        (_, Size::Shorter(side)) if side < height.max(width) => {
            (format!("fixes the shorter side only, {side}"), format!("write resize({exactly})"))
        }
        (_, Size::Shorter(side)) => {
            (format!("fixes the shorter side only, {side}"), format!("add center_crop({call})"))
        }
        (_, Size::Exact(size)) => {
            let advice = match stage {
                "pad" => format!("add random_crop({call})"),
                // With one number it would keep the proportions.
                "resize" => format!("write resize({exactly})"),
                _ => format!("write {stage}({call})"),
            };
            (format!("yields {}", shape(&size)), advice)
        }
        (_, Size::Any) => unreachable!("{stage} sets a size"),
    };
    let (network, size) = (input.network, shape(&input.size()));
    let advice = match input.help() {
        help if help.is_empty() => format!("; {advice}"),
        help => help,
    };
    format!("{who}: {stage} {yields}, but {network} takes {size}{advice}")
}

/// `224`, or `224, 192`
fn arguments([height, width]: [usize; 2]) -> String {
    if height == width { height.to_string() } else { format!("{height}, {width}") }
}

pub(super) fn wrong_count(name: &str, input: Input, found: usize) -> String {
    let (Input { network, shape: [channels, ..] }, help) = (input, input.help());
    format!(
        "normalise: {name} needs {channels} numbers, one for each channel of {network}, found {found}{help}"
    )
}

pub(super) fn saturation(input: Input) -> String {
    let (Input { network, shape: [channels, ..] }, help) = (input, input.help());
    format!("color_jitter: saturation needs 3 channels, and {network} takes {channels}{help}")
}

pub(super) fn cut_out_all(size: usize, input: Input) -> String {
    format!("cutout of {size}x{size} covers a {} image; use less", shape(&input.size()))
}

pub(super) fn whitened(elements: usize, input: Input, most: usize) -> String {
    let gib = (elements as f64).powi(2) * 4.0 / f64::from(1 << 30);
    format!(
        "whiten: an input of {} has {elements} elements, so its matrix would take {gib:.1} GiB; at most {most} can be whitened; \
         use standardise(per_channel)",
        shape(&input.shape)
    )
}
