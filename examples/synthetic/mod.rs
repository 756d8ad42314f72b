//! Numbers for images that a program makes itself: the same for the same part, seed and index.

use cnn_runtime::{data::Part, trainer::Opening};

/// How many images there are, and what they are drawn from.
pub(crate) struct Draw {
    pub(crate) images: usize,
    key: u64,
}

impl Draw {
    /// So many images for training and for testing; no image is in both.
    pub(crate) fn of(opening: &Opening, [training, testing]: [usize; 2]) -> Draw {
        match opening.part {
            Part::Train => Draw { images: training, key: 2 * opening.seed },
            Part::Test => Draw { images: testing, key: 2 * opening.seed + 1 },
        }
    }

    /// The numbers of an image.
    pub(crate) fn of_image(&self, index: usize) -> Numbers {
        Numbers((self.key << 32) ^ index as u64)
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) struct Numbers(u64);

impl Numbers {
    /// A number from `low` to `high`.
    pub(crate) fn within(&mut self, low: f32, high: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        low + (high - low) * (((bits ^ (bits >> 31)) >> 40) as f32 / (1u64 << 24) as f32)
    }
}
