//! What a file announces of its image, and the memory that decoding it takes.

/// Pixels of the largest image: more than cameras take, far less than what a bomb unfolds to.
const MOST_PIXELS: u64 = 1 << 27;

/// Bytes of the values of a pixel: three channels of f32, which a grey image may become too.
const VALUES: u64 = 12;

/// Size and samples of an image.
pub(super) struct Header {
    /// `[height, width]` as stored, before the image is turned.
    pub(super) size: [usize; 2],
    pub(super) color: Color,
    /// Bytes that the decoder works with for each pixel, beside its output, at most.
    working: u64,
}

/// The samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color {
    /// Samples that a pixel has in the file, transparency included.
    pub(super) stored: usize,
    /// Samples that count: 1 or 3.
    pub(super) channels: usize,
    /// A sample is two bytes, the upper one first; otherwise one.
    pub(super) is_wide: bool,
}

impl Color {
    /// Pixels of 1 to 4 samples: grey or three colours, without transparency or with it.
    pub(super) fn new(stored: usize, is_wide: bool) -> Color {
        Color { stored, channels: if stored < 3 { 1 } else { 3 }, is_wide }
    }

    fn bytes(self) -> u64 {
        self.stored as u64 * if self.is_wide { 2 } else { 1 }
    }
}

impl Header {
    /// The header of an image `[height, width]`, unless those are no pixels or too many.
    pub(super) fn new(size: [usize; 2], color: Color, working: u64) -> Result<Header, String> {
        let header = Header { size, color, working };
        if size.contains(&0) {
            return Err("damaged: it has no pixels".into());
        }
        if header.pixels() > MOST_PIXELS {
            let [height, width] = size;
            return Err(format!("{width}x{height} pixels are more than the {MOST_PIXELS} allowed"));
        }
        Ok(header)
    }

    /// Bytes of the samples.
    pub(super) fn samples(&self) -> u64 {
        self.pixels() * self.color.bytes()
    }

    /// Bytes that decoding takes beside those of the file, at most: the samples, what the decoder
    /// works with, and the values.
    pub(super) fn memory(&self) -> u64 {
        self.samples() + self.working_memory() + self.values()
    }

    /// Bytes that the decoder works with beside its output, at most.
    pub(super) fn working_memory(&self) -> u64 {
        self.pixels() * self.working
    }

    /// Bytes of the values, at most.
    pub(super) fn values(&self) -> u64 {
        self.pixels() * VALUES
    }

    fn pixels(&self) -> u64 {
        self.size.iter().map(|&side| side as u64).product()
    }
}
