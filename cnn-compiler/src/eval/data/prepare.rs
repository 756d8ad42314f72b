//! The table of `data { … }`.

use super::extent;
use crate::{
    infer::{Args, Bound, Kind, Param, Spec, optional, required, unset},
    ir::{Per, Prepare, Whitening},
};

const NOT_ZERO: Kind = Kind::Number("other than 0", |factor| factor != 0.0);
const FINITE: Kind = Kind::Numbers("finite", |_| true);
const DEVIATIONS: Kind = Kind::Numbers("above 0", |deviation| deviation > 0.0);

/// `(256)` for the shorter side or a square, `(224, 192)` for height and width.
pub(super) const SIZE: &[Param] = &[required("height", Kind::Count), unset("width", Kind::Count)];
const OVER: &[Param] =
    &[optional("over", Kind::Word(&["per_channel", "per_pixel"]), Bound::Word("per_channel"))];

pub(super) const STAGES: [&Spec; 7] = [
    &Spec::new("resize", SIZE),
    &Spec::new("center_crop", SIZE),
    &Spec::new("mean_subtract", OVER),
    &Spec::new("standardise", OVER),
    &Spec::new("normalise", &[required("mean", FINITE), required("std", DEVIATIONS)]),
    &Spec::new("scale", &[required("factor", NOT_ZERO)]),
    &Spec::new(
        "whiten",
        &[
            required("kind", Kind::Word(&["pca", "zca"])),
            optional("epsilon", Kind::POSITIVE, Bound::Number(1e-5)),
        ],
    ),
];

pub(super) fn stage(args: &Args) -> Prepare {
    let numbers = |name| args.numbers(name).unwrap_or_default().iter().map(|&number| number as f32).collect();
    match args.spec.name {
        "resize" if args.given_count("width").is_none() => Prepare::ResizeShorter(args.count("height")),
        "resize" => Prepare::ResizeExact(extent(args)),
        "center_crop" => Prepare::CenterCrop(extent(args)),
        "mean_subtract" => Prepare::MeanSubtract(per(args)),
        "standardise" => Prepare::Standardise(per(args)),
        "normalise" => Prepare::Normalise { mean: numbers("mean"), std: numbers("std") },
        "scale" => Prepare::Scale(args.number("factor")),
        _ => {
            let kind = if args.word("kind") == "pca" { Whitening::Pca } else { Whitening::Zca };
            Prepare::Whiten { kind, epsilon: args.number("epsilon") }
        }
    }
}

fn per(args: &Args) -> Per {
    if args.word("over") == "per_pixel" { Per::Pixel } else { Per::Channel }
}
