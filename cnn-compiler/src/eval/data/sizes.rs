//! The sizes of images from stage to stage, to predict and to train.
//!
//! To predict, an image passes the geometry of `data { … }`. In training a crop of `augment { … }` stands in the place of those
//! in `data { … }`. Both ways must end in the size of the input.

use super::{Input, Stage, errors};
use crate::{
    diag::Diagnostics,
    infer::Args,
    ir::{Augment, Prepare},
};

/// What is known of an image's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Size {
    /// Nothing: images as they are stored.
    Any,
    /// Its shorter side.
    Shorter(usize),
    /// `[height, width]`
    Exact([usize; 2]),
}

/// Follows the sizes and adds an error at the stage where they go wrong.
pub(super) fn check(
    prepare: &[Stage<Prepare>],
    augment: &[Stage<Augment>],
    input: Input,
    errors: &mut Diagnostics,
) {
    check_order(prepare, errors);
    let crops = |stage: &Augment| matches!(stage, Augment::RandomCrop(_) | Augment::RandomResizedCrop { .. });
    let stored = if prepare.iter().any(|(stage, _)| is_geometry(stage)) {
        Size::Any
    } else {
        Size::Exact(input.size())
    };
    let Some(prepared) = prepared(prepare, stored, input, errors) else { return };
    let start =
        if augment.iter().any(|(stage, _)| crops(stage)) { uncropped(prepare, stored) } else { prepared };
    augmented(augment, start, input, errors);
}

fn is_geometry(stage: &Prepare) -> bool {
    matches!(stage, Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_))
}

/// Sizes first, then values.
fn check_order(prepare: &[Stage<Prepare>], diagnostics: &mut Diagnostics) {
    let Some((_, value)) = prepare.iter().find(|(stage, _)| !is_geometry(stage)) else { return };
    let values = prepare.iter().skip_while(|(stage, _)| is_geometry(stage));
    for (_, args) in values.filter(|(stage, _)| is_geometry(stage)) {
        diagnostics.error(args.word, errors::order(args.spec.name, value.spec.name));
    }
}

/// The size behind `data { … }`, which must be the input's; nothing after an error.
fn prepared(
    prepare: &[Stage<Prepare>],
    stored: Size,
    input: Input,
    diagnostics: &mut Diagnostics,
) -> Option<Size> {
    let mut size = stored;
    let mut last: Option<&Args> = None;
    for (stage, args) in prepare.iter().filter(|(stage, _)| is_geometry(stage)) {
        if let Prepare::CenterCrop(cut) = *stage {
            crop("data", args, cut, size, diagnostics)?;
        }
        (size, last) = (after(stage, size), Some(args));
    }
    let Some(last) = last.filter(|_| size != Size::Exact(input.size())) else { return Some(size) };
    diagnostics.error(last.word, errors::wrong_size("data", last.spec.name, size, input));
    None
}

/// The size behind `data { … }` without its crops.
fn uncropped(prepare: &[Stage<Prepare>], stored: Size) -> Size {
    let resizes = prepare.iter().filter(|(stage, _)| !matches!(stage, Prepare::CenterCrop(_)));
    resizes.fold(stored, |size, (stage, _)| after(stage, size))
}

fn after(stage: &Prepare, size: Size) -> Size {
    match *stage {
        Prepare::ResizeShorter(side) => match size {
            Size::Exact([height, width]) if height == width => Size::Exact([side; 2]),
            _ => Size::Shorter(side),
        },
        Prepare::ResizeExact(size) | Prepare::CenterCrop(size) => Size::Exact(size),
        _ => size,
    }
}

/// The way of a training image, which must end in the input's size.
fn augmented(
    augment: &[Stage<Augment>],
    start: Size,
    input: Input,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let mut size = start;
    let mut last: Option<&Args> = None;
    for (stage, args) in augment {
        size = match *stage {
            Augment::Pad(pixels) => pad(size, pixels),
            Augment::RandomCrop(cut) => {
                crop("augment", args, cut, size, diagnostics)?;
                Size::Exact(cut)
            }
            Augment::RandomResizedCrop { size, .. } => Size::Exact(size),
            _ => continue,
        };
        last = Some(args);
    }
    let last = last.filter(|_| size != Size::Exact(input.size()))?;
    diagnostics.error(last.word, errors::wrong_size("augment", last.spec.name, size, input));
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
fn crop(who: &str, args: &Args, cut: [usize; 2], size: Size, diagnostics: &mut Diagnostics) -> Option<()> {
    let fits = match size {
        Size::Any => true,
        Size::Shorter(side) => cut.iter().all(|&cut| cut <= side),
        Size::Exact([height, width]) => cut[0] <= height && cut[1] <= width,
    };
    if !fits {
        diagnostics.error(args.word, errors::crop_too_large(who, args.spec.name, cut, size));
    }
    fits.then_some(())
}
