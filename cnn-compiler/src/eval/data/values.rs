//! Checks of stages against the channels and the elements of the input.

use super::{Input, Stage, errors};
use crate::{
    diag::Diagnostics,
    ir::{Augment, Prepare},
};

/// Elements of an input that can be whitened: the matrix of a larger one would not fit memory, nor be found in sensible time.
const MAX_WHITENED: usize = 4096;

/// Adds an error for each stage that does not suit the input.
pub(super) fn check(
    prepare: &[Stage<Prepare>],
    augment: &[Stage<Augment>],
    input: Input,
    diagnostics: &mut Diagnostics,
) {
    // Pixels are 0 to 255 until a stage changes them.
    let mut raw = true;
    for (stage, args) in prepare {
        match stage {
            Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_) => continue,
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
            Prepare::MeanSubtract(_) | Prepare::Standardise(_) | Prepare::Scale(_) => {}
        }
        raw = false;
    }
    for (stage, args) in augment {
        match *stage {
            Augment::ColorJitter { brightness, contrast, saturation } => {
                if [brightness, contrast, saturation].iter().all(|&amount| amount == 0.0) {
                    diagnostics.error(args.word, errors::NO_JITTER);
                }
                if saturation > 0.0 && input.shape[0] != 3 {
                    diagnostics.error(args.span("saturation"), errors::saturation(input));
                }
            }
            Augment::Cutout { size } if size >= input.size()[0].min(input.size()[1]) => {
                diagnostics.error(args.span("size"), errors::cut_out_all(size, input));
            }
            _ => {}
        }
    }
}
