//! The stages of `augment { }`, at random and in training only.

use super::extent;
use crate::{
    settings::{Bound, Kind, Param, Range, Table, Wrong, optional, required, row, unset},
    source::plain,
};

plain! {
    /// A stage of `augment { }`. Amounts are drawn anew for each image and epoch, as a function of
    /// the seed.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Augment {
        /// So many rows and columns of zeros on every side.
        Pad(size: usize),
        /// A part of `[height, width]` from anywhere in the image.
        RandomCrop(size: [usize; 2]),
        /// A part of random area and proportions, resized (Szegedy et al. 2015).
        RandomResizedCrop {
            /// `[height, width]` of the result.
            size: [usize; 2],
            /// Smallest and largest share of the image's area.
            area: [f32; 2],
        },
        /// A mirror image, left and right exchanged.
        Flip {
            /// Share of the images that it happens to.
            probability: f32,
        },
        /// A mirror image, top and bottom exchanged.
        FlipVertical {
            /// Share of the images that it happens to.
            probability: f32,
        },
        /// A turn about the centre; zeros enter at the corners.
        Rotate {
            /// Largest angle either way, at most 180.
            degrees: f32,
        },
        /// Factors from `1 - x` to `1 + x` of brightness, contrast and saturation.
        ColorJitter {
            /// Bound `x` of the factor of all values.
            brightness: f32,
            /// Bound `x` of the factor around the mean grey value.
            contrast: f32,
            /// Bound `x` of the factor around each pixel's grey value; it needs 3 channels.
            saturation: f32,
        },
        /// A square of zeros at a random place (DeVries and Taylor 2017).
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
