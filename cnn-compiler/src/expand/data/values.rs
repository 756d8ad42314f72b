//! Checks of stages against the channels and the elements of the input.

use cnn_plan::{Augment, Prepare};

use super::{Input, errors, sizes::is_geometry};
use crate::{diag::Diagnostics, shape::Made};

/// Elements of an input that can be whitened: the matrix of a larger one would not fit memory, nor
/// be found in sensible time.
const MAX_WHITENED: usize = 4096;

/// Adds an error for each stage that does not suit the input.
pub(super) fn check(
    prepare: &[Made<Prepare>],
    augment: &[Made<Augment>],
    input: Input,
    diagnostics: &mut Diagnostics,
) {
    // Pixels are 0 to 255 until a stage changes them.
    let mut raw = true;
    for stage in prepare {
        check_preparation(stage, raw, input, diagnostics);
        raw &= is_geometry(stage);
    }
    for stage in augment {
        check_augmentation(stage, input, diagnostics);
    }
}

fn check_preparation(stage: &Made<Prepare>, raw: bool, input: Input, diagnostics: &mut Diagnostics) {
    let args = &stage.args;
    match stage.thing {
        Prepare::Normalise { mean, std } => {
            for (name, found) in [("mean", mean.len()), ("std", std.len())] {
                if found != input.shape[0] {
                    diagnostics.error(args.span(name), errors::wrong_count(name, input, found));
                }
            }
            if raw && mean.iter().chain(std).all(|value| value.abs() <= 1.0) {
                diagnostics.error(args.span("mean"), errors::NORMALISE_RAW);
            }
        }
        Prepare::Whiten { .. } => {
            let elements = input.shape.iter().product();
            if elements > MAX_WHITENED {
                diagnostics.error(args.word, errors::whitened(elements, input, MAX_WHITENED));
            }
        }
        Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_) => {}
        Prepare::MeanSubtract(_) | Prepare::Standardise(_) | Prepare::Scale(_) => {}
    }
}

fn check_augmentation(stage: &Made<Augment>, input: Input, diagnostics: &mut Diagnostics) {
    match stage.thing {
        Augment::ColorJitter { saturation, .. } => {
            if saturation > 0.0 && input.shape[0] != 3 {
                diagnostics.error(stage.args.span("saturation"), errors::saturation(input));
            }
        }
        Augment::Cutout { size } => {
            let [height, width] = input.size();
            if size >= height.min(width) {
                diagnostics.error(stage.args.span("size"), errors::cut_out_all(size, input));
            }
        }
        Augment::Pad(_) | Augment::RandomCrop(_) | Augment::RandomResizedCrop { .. } => {}
        Augment::Flip { .. } | Augment::FlipVertical { .. } | Augment::Rotate { .. } => {}
    }
}
