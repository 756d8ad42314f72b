//! The table of `augment { … }`.

use super::{errors, extent, prepare::SIZE};
use crate::{
    diag::Diagnostics,
    infer::{Args, Bound, Kind, Param, Spec, optional, required, unset},
    ir::Augment,
};

const SHARES: Kind = Kind::Numbers("above 0 and at most 1", |share| share > 0.0 && share <= 1.0);
const PROBABILITY: Kind = Kind::Number("above 0 and at most 1", |share| share > 0.0 && share <= 1.0);
const DEGREES: Kind = Kind::Number("above 0 and at most 180", |degrees| degrees > 0.0 && degrees <= 180.0);
const AMOUNT: Kind = Kind::Number("from 0 to 1", |amount| (0.0..=1.0).contains(&amount));

/// Of a resized crop, torch's.
const AREA: [f32; 2] = [0.08, 1.0];
const HALF: &[Param] = &[optional("probability", PROBABILITY, Bound::Number(0.5))];

pub(super) const STAGES: [&Spec; 8] = [
    &Spec::new("pad", &[required("size", Kind::Count)]),
    &Spec::new("random_crop", SIZE),
    &Spec { name: "random_resized_crop", params: SIZE, attributes: &[unset("area", SHARES)] },
    &Spec::new("flip", HALF),
    &Spec::new("flip_vertical", HALF),
    &Spec::new("rotate", &[required("degrees", DEGREES)]),
    &Spec {
        name: "color_jitter",
        params: &[],
        attributes: &[
            optional("brightness", AMOUNT, Bound::Number(0.0)),
            optional("contrast", AMOUNT, Bound::Number(0.0)),
            optional("saturation", AMOUNT, Bound::Number(0.0)),
        ],
    },
    &Spec::new("cutout", &[required("size", Kind::Count)]),
];

pub(super) fn stage(args: &Args, errors: &mut Diagnostics) -> Option<Augment> {
    Some(match args.spec.name {
        "pad" => Augment::Pad(args.count("size")),
        "random_crop" => Augment::RandomCrop(extent(args)),
        "random_resized_crop" => Augment::RandomResizedCrop { size: extent(args), area: area(args, errors)? },
        "flip" => Augment::Flip { probability: args.number("probability") },
        "flip_vertical" => Augment::FlipVertical { probability: args.number("probability") },
        "rotate" => Augment::Rotate { degrees: args.number("degrees") },
        "color_jitter" => Augment::ColorJitter {
            brightness: args.number("brightness"),
            contrast: args.number("contrast"),
            saturation: args.number("saturation"),
        },
        _ => Augment::Cutout { size: args.count("size") },
    })
}

/// Smallest and largest share of the image.
fn area(args: &Args, diagnostics: &mut Diagnostics) -> Option<[f32; 2]> {
    match args.numbers("area") {
        None => Some(AREA),
        Some(&[least, most]) if least <= most => Some([least as f32, most as f32]),
        Some(_) => {
            diagnostics.error(args.span("area"), errors::AREA);
            None
        }
    }
}
