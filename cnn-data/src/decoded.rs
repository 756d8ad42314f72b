//! An image as its decoder left it: bytes, a quarter of the memory that its values take.
//!
//! Who reads it strip by strip (resampling and windows do) never has the values of a photograph all
//! at once; they are made as a whole only for those who ask for that.

use std::{ops::Range, sync::OnceLock};

use cnn_core::Result;

use super::{Image, decode::Pixels};

/// Values of a strip, about: few enough to stay in a processor's cache until they are used.
const STRIP: usize = 1 << 18;

/// Rows of a strip, at least: a filter's weights are computed anew for each strip.
const ROWS: usize = 64;

/// Decoded pixels of 1 channel or 3 that stand for an image of any number of channels.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    pixels: Pixels,
    channels: usize,
    /// Colours become grey, whatever the number of channels is afterwards.
    is_grey: bool,
    /// All values, once somebody has asked for them.
    values: OnceLock<Vec<f32>>,
}

impl Decoded {
    pub(super) fn new(pixels: Pixels) -> Decoded {
        Decoded { channels: pixels.shape()[0], pixels, is_grey: false, values: OnceLock::new() }
    }

    /// Does as [`Image::set_channels`], with a number that the channels so far lead to.
    pub(super) fn set_channels(&mut self, channels: usize) {
        self.is_grey |= channels == 1;
        self.channels = channels;
        self.values = OnceLock::new();
    }

    /// All values.
    ///
    /// # Panics
    ///
    /// Without memory for them, which decoding the file found to be there.
    pub(super) fn values(&self) -> &[f32] {
        self.values.get_or_init(|| self.whole().expect("there is memory for the values"))
    }

    /// All values, which are no longer kept here.
    pub(super) fn take_values(&mut self) -> Result<Vec<f32>> {
        self.values.take().map_or_else(|| self.whole(), Ok)
    }

    fn whole(&self) -> Result<Vec<f32>> {
        let mut whole = Image::default();
        self.read(0..self.pixels.shape()[1], &mut whole)?;
        whole.into_values()
    }

    /// Replaces `strip` by some rows of the image.
    pub(super) fn read(&self, rows: Range<usize>, strip: &mut Image) -> Result<()> {
        let [stored, _, width] = self.pixels.shape();
        self.pixels.write(rows.clone(), strip.resize([stored, rows.len(), width])?);
        if self.is_grey {
            strip.set_channels(1)?;
        }
        strip.set_channels(self.channels)
    }

    /// Parts rows into strips.
    pub(super) fn strips(&self, rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let [stored, _, width] = self.pixels.shape();
        let height = (STRIP / (stored * width)).max(ROWS);
        rows.clone().step_by(height).map(move |top| top..rows.end.min(top.saturating_add(height)))
    }
}
