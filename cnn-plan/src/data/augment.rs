//! The stages of `augment { }`, at random and in training only.

use super::extent;
use crate::{
    settings::{Bound, Kind, Param, Range, Table, Wrong, optional, required, row, unset},
    source::plain,
};

plain! {
    /// A stage of `augment { }`. Amounts are drawn anew for each image and epoch, as a function of the seed.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Augment {
        /// Adds rows and columns of zeros on every side.
        Pad(size: usize),
        /// `[height, width]` from anywhere.
        RandomCrop(size: [usize; 2]),
        /// `[height, width]` from a part of random area and proportions (Szegedy et al. 2015).
        RandomResizedCrop {
            /// Size of the result.
            size: [usize; 2],
            /// Smallest and largest share of the image's area.
            area: [f32; 2],
        },
        /// Mirrors left and right.
        Flip {
            /// How often.
            probability: f32,
        },
        /// Mirrors top and bottom.
        FlipVertical {
            /// How often.
            probability: f32,
        },
        /// Turns by up to this many degrees either way; zeros enter at the corners.
        Rotate {
            /// At most 180.
            degrees: f32,
        },
        /// Multiplies brightness, contrast and saturation by a factor from `1 - x` to `1 + x`.
        ColorJitter {
            /// Of all values.
            brightness: f32,
            /// Around the mean grey value.
            contrast: f32,
            /// Around each pixel's grey value; needs 3 channels.
            saturation: f32,
        },
        /// Zeros a square at a random place (DeVries and Taylor 2017).
        Cutout {
            /// Side of the square.
            size: usize,
        },
    }
}

/// All stages of `augment { }`.
pub const AUGMENTATIONS: Table<Augment> = Table {
    what: "stage",
    rows: &[
        row!("pad" { size: required(Kind::Count) } => Augment::Pad(size)),
        row!("random_crop" { height: required(Kind::Count), width: unset(Kind::Count) }
            => Augment::RandomCrop(extent(height, width))),
        row!("random_resized_crop" {
            height: required(Kind::Count), width: unset(Kind::Count);
            area: optional(Kind::Numbers(Range::CHANCE), Bound::Numbers(&AREA))
        } => Augment::RandomResizedCrop { size: extent(height, width), area: shares(area)? }),
        row!("flip" { probability: probability() } => Augment::Flip { probability }),
        row!("flip_vertical" { probability: probability() } => Augment::FlipVertical { probability }),
        row!("rotate" { degrees: required(DEGREES) } => Augment::Rotate { degrees }),
        row!("color_jitter" { ; brightness: amount(), contrast: amount(), saturation: amount() }
            => jitter(brightness, contrast, saturation)?),
        row!("cutout" { size: required(Kind::Count) } => Augment::Cutout { size }),
    ],
};

/// Shares of the area that a resized crop may have, torch's.
const AREA: [f32; 2] = [0.08, 1.0];

const DEGREES: Kind = Kind::Number(Range {
    words: "above 0 and at most 180",
    holds: |degrees| degrees > 0.0 && degrees <= 180.0,
});

const fn probability(name: &'static str) -> Param {
    optional(name, Kind::CHANCE, Bound::Number(0.5))
}

const fn amount(name: &'static str) -> Param {
    optional(name, Kind::UNIT, Bound::Number(0.0))
}

/// Smallest and largest share of the image.
fn shares(area: &[f32]) -> Result<[f32; 2], Wrong> {
    match *area {
        [least, most] if least <= most => Ok([least, most]),
        _ => Err(Wrong {
            setting: Some("area"),
            message: "area must be (smallest, largest), shares of the image that ascend",
        }),
    }
}

fn jitter(brightness: f32, contrast: f32, saturation: f32) -> Result<Augment, Wrong> {
    if [brightness, contrast, saturation] == [0.0; 3] {
        let message = "changes nothing; give brightness, contrast or saturation";
        return Err(Wrong { setting: None, message });
    }
    Ok(Augment::ColorJitter { brightness, contrast, saturation })
}
