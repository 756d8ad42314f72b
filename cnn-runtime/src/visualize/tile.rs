//! Planes of values as a small picture: one plane in grey, three in colour.

use std::fmt;

use super::picture::Picture;

/// The values that are drawn in black and in white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ValueRange {
    low: f32,
    high: f32,
}

impl ValueRange {
    /// The range from the smallest value to the largest; what is not finite does not count.
    pub(super) fn of(values: &[f32]) -> ValueRange {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low <= high { ValueRange { low, high } } else { ValueRange { low: 0.0, high: 0.0 } }
    }

    /// The range that reaches as far below zero as above, so that zero is the middle grey.
    pub(super) fn around_zero(values: &[f32]) -> ValueRange {
        let ValueRange { low, high } = ValueRange::of(values);
        let most = high.max(-low);
        ValueRange { low: -most, high: most }
    }

    /// The grey level of a value, 0 to 255. All of a range without extent is drawn as its lower
    /// end, and so is NaN.
    fn level(self, value: f32) -> u8 {
        let share = (value - self.low) / (self.high - self.low);
        (share * 255.0).round() as u8
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:.3} to {:.3}", self.low, self.high)
    }
}

/// Values `[1 or 3, height, width]`.
pub(super) struct Planes<'a> {
    pub(super) values: &'a [f32],
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Planes<'_> {
    pub(super) fn draw(&self, range: ValueRange) -> Picture {
        let area = self.height * self.width;
        Picture::from_fn(self.width, self.height, |x, y| {
            let at = y * self.width + x;
            let level = |plane: usize| range.level(self.values[plane * area + at]);
            if self.values.len() == 3 * area { [0, 1, 2].map(level) } else { [level(0); 3] }
        })
    }
}
