//! The sizes of images from stage to stage, to predict and to train.
//!
//! To predict, an image passes the geometry of `data { … }`. In training a crop of `augment { … }`
//! stands in the place of those in `data { … }`. Both ways must end in the size of the input.

use cnn_plan::{Augment, Prepare};

use super::{Input, errors, size::Size};
use crate::{diag::Diagnostics, shape::Made};

/// Follows the sizes and adds an error at the stage where they go wrong.
pub(super) fn check(
    prepare: &[Made<Prepare>],
    augment: &[Made<Augment>],
    input: Input,
    errors: &mut Diagnostics,
) {
    check_order(prepare, errors);
    let stored = if prepare.iter().any(is_geometry) { Size::Any } else { Size::Exact(input.size()) };
    let Some(prepared) = prepared(prepare, stored, input, errors) else { return };
    let start = if augment.iter().any(crops) { uncropped(prepare, stored) } else { prepared };
    augmented(augment, start, input, errors);
}

/// True for a stage that sets a size and leaves values alone.
pub(super) fn is_geometry(stage: &Made<Prepare>) -> bool {
    matches!(stage.thing, Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_))
}

fn crops(stage: &Made<Augment>) -> bool {
    matches!(stage.thing, Augment::RandomCrop(_) | Augment::RandomResizedCrop { .. })
}

/// Sizes first, then values.
fn check_order(prepare: &[Made<Prepare>], diagnostics: &mut Diagnostics) {
    let Some(value) = prepare.iter().find(|stage| !is_geometry(stage)) else { return };
    let values = prepare.iter().skip_while(|stage| is_geometry(stage));
    for stage in values.filter(|stage| is_geometry(stage)) {
        diagnostics.error(stage.args.word, errors::order(stage.name(), value.name()));
    }
}

/// The size behind `data { … }`, which must be the input's; nothing after an error.
fn prepared(
    prepare: &[Made<Prepare>],
    stored: Size,
    input: Input,
    diagnostics: &mut Diagnostics,
) -> Option<Size> {
    let mut size = stored;
    let mut last: Option<&Made<Prepare>> = None;
    for stage in prepare.iter().filter(|stage| is_geometry(stage)) {
        if let Prepare::CenterCrop(cut) = stage.thing {
            crop("data", stage, cut, size, diagnostics)?;
        }
        (size, last) = (after(stage, size), Some(stage));
    }
    let Some(last) = last.filter(|_| size != Size::Exact(input.size())) else { return Some(size) };
    diagnostics.error(last.args.word, errors::wrong_size("data", last.name(), size, input));
    None
}

/// The size behind `data { … }` without its crops.
fn uncropped(prepare: &[Made<Prepare>], stored: Size) -> Size {
    let resizes = prepare.iter().filter(|stage| !matches!(stage.thing, Prepare::CenterCrop(_)));
    resizes.fold(stored, |size, stage| after(stage, size))
}

fn after(stage: &Made<Prepare>, size: Size) -> Size {
    match stage.thing {
        Prepare::ResizeShorter(side) => match size {
            Size::Exact([height, width]) if height == width => Size::Exact([side; 2]),
            Size::Any | Size::Shorter(_) | Size::Exact(_) => Size::Shorter(side),
        },
        Prepare::ResizeExact(size) | Prepare::CenterCrop(size) => Size::Exact(size),
        Prepare::MeanSubtract(_) | Prepare::Standardise(_) | Prepare::Normalise { .. } => size,
        Prepare::Scale(_) | Prepare::Whiten { .. } => size,
    }
}

/// The way of a training image, which must end in the input's size.
fn augmented(
    augment: &[Made<Augment>],
    start: Size,
    input: Input,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let mut size = start;
    let mut last: Option<&Made<Augment>> = None;
    for stage in augment {
        size = match stage.thing {
            Augment::Pad(pixels) => pad(size, pixels),
            Augment::RandomCrop(cut) => {
                crop("augment", stage, cut, size, diagnostics)?;
                Size::Exact(cut)
            }
            Augment::RandomResizedCrop { size, .. } => Size::Exact(size),
            Augment::Flip { .. } | Augment::FlipVertical { .. } | Augment::Rotate { .. } => continue,
            Augment::ColorJitter { .. } | Augment::Cutout { .. } => continue,
        };
        last = Some(stage);
    }
    let last = last.filter(|_| size != Size::Exact(input.size()))?;
    diagnostics.error(last.args.word, errors::wrong_size("augment", last.name(), size, input));
    None
}

fn pad(size: Size, pixels: usize) -> Size {
    match size {
        Size::Any => Size::Any,
        Size::Shorter(side) => Size::Shorter(side + 2 * pixels),
        Size::Exact(size) => Size::Exact(size.map(|side| side + 2 * pixels)),
    }
}

/// Nothing, after an error, if the crop is larger than what comes to it.
fn crop<T>(
    who: &str,
    stage: &Made<T>,
    cut: [usize; 2],
    size: Size,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let fits = match size {
        Size::Any => true,
        Size::Shorter(side) => cut.iter().all(|&cut| cut <= side),
        Size::Exact([height, width]) => cut[0] <= height && cut[1] <= width,
    };
    if !fits {
        diagnostics.error(stage.args.word, errors::crop_too_large(who, stage.name(), cut, size));
    }
    fits.then_some(())
}
