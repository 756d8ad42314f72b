//! Planes of values as a small picture: one plane in the colours of a scale, three as red, green and
//! blue.

use colorous::{Gradient, RED_BLUE, VIRIDIS};

use super::picture::{Color, Picture};

/// Which colour a value has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f32,
    high: f32,
    colors: Gradient,
}

/// The share of the magnitudes that a scale around zero reaches; larger ones have its last colour,
/// so that a few of them do not leave all others pale.
const REACHED: f64 = 0.995;

impl Scale {
    /// From the smallest value, dark, to the largest, bright; what is not finite does not count.
    pub(super) fn of(values: &[f32]) -> Scale {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
        Scale { low, high, colors: VIRIDIS }
    }

    /// As far below zero as above: red is negative, white zero, blue positive.
    pub(super) fn around_zero(values: &[f32]) -> Scale {
        let mut magnitudes: Vec<f32> =
            values.iter().map(|value| value.abs()).filter(|value| value.is_finite()).collect();
        magnitudes.sort_unstable_by(f32::total_cmp);
        let last = (magnitudes.len() as f64 * REACHED).ceil() as usize;
        let most = last.checked_sub(1).and_then(|at| magnitudes.get(at)).copied().unwrap_or(0.0);
        Scale { low: -most, high: most, colors: RED_BLUE }
    }

    /// The place of a value between both ends, 0 to 1. All of a scale without extent is in its
    /// middle, and so is NaN.
    fn share(self, value: f32) -> f64 {
        let share = f64::from(value - self.low) / f64::from(self.high - self.low);
        if share.is_nan() { 0.5 } else { share.clamp(0.0, 1.0) }
    }

    /// The colour of a value.
    pub(super) fn color(self, value: f32) -> Color {
        self.color_at(self.share(value))
    }

    /// The colour at a place between both ends, 0 to 1.
    pub(super) fn color_at(self, share: f64) -> Color {
        self.colors.eval_continuous(share).as_array()
    }

    /// The values at both ends and in the middle, from the top down.
    pub(super) fn marks(self) -> [String; 3] {
        [self.high, f32::midpoint(self.low, self.high), self.low].map(|value| format!("{value:.3}"))
    }
}

/// Values `[height, width]`.
pub(super) struct Plane<'a> {
    pub(super) values: &'a [f32],
    pub(super) width: usize,
}

impl Plane<'_> {
    pub(super) fn draw(&self, scale: Scale) -> Picture {
        let height = self.values.len() / self.width;
        Picture::from_fn(self.width, height, |x, y| scale.color(self.values[y * self.width + x]))
    }
}

/// Values `[3, height, width]` as red, green and blue: grey is zero, and both ends of the scale are
/// a colour's absence and its full strength.
pub(super) fn in_color(values: &[f32], width: usize, scale: Scale) -> Picture {
    let area = values.len() / 3;
    Picture::from_fn(width, area / width, |x, y| {
        [0, 1, 2].map(|plane| (scale.share(values[plane * area + y * width + x]) * 255.0).round() as u8)
    })
}
