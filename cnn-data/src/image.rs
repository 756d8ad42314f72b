//! An image on its way to the network: planar f32 `[C, H, W]`, each value 0 to 255 as photographs
//! store it.
//!
//! Values may be fractions, so images of 16 bits a sample keep their precision. Those of a decoded
//! image are made when somebody asks for them.

use std::ops::Range;

use cnn_core::{
    Error, Result,
    reserve::{product, reserve, resize},
};

use super::{
    budget::{Budget, Lease},
    decode::Pixels,
    decoded::Decoded,
};

/// A planar image of any size.
///
/// ```
/// use cnn_runtime::data::Image;
///
/// let mut image = Image::default();
/// image.set_bytes([1, 2, 3], &[0, 51, 102, 153, 204, 255])?;
/// assert_eq!(image.size(), [2, 3]);
/// assert_eq!(image.values()[5], 255.0);
/// assert!(image.set_bytes([1, 2, 3], &[0, 51]).is_err());
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Image {
    shape: [usize; 3],
    /// The values of an image that is not `decoded`.
    values: Vec<f32>,
    decoded: Option<Decoded>,
    lease: Lease,
}

/// Rows of an image, one above the other.
pub(super) struct Strip<'a> {
    pub(super) rows: Range<usize>,
    /// Their values, for each channel.
    pub(super) planes: Vec<&'a [f32]>,
}

/// What an error calls the values of an image.
const VALUES: &str = "the values of an image";

/// Weights of red, green and blue in a grey value (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

impl Image {
    /// A black image of shape `[C, H, W]`.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if there is no memory for its values.
    pub fn new(shape: [usize; 3]) -> Result<Image> {
        let mut image = Image::default();
        // Values that are added are black.
        image.resize(shape)?;
        Ok(image)
    }

    /// An image without pixels whose memory, once a file is decoded into it, counts against a
    /// budget.
    pub(super) const fn within(budget: &'static Budget) -> Image {
        Image { shape: [0; 3], values: Vec::new(), decoded: None, lease: Lease::of(budget) }
    }

    /// Makes the image a black one of shape `[C, H, W]` and returns its values.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if there is no memory for them.
    pub fn reshape(&mut self, shape: [usize; 3]) -> Result<&mut [f32]> {
        let values = self.resize(shape)?;
        values.fill(0.0);
        Ok(values)
    }

    /// Gives the image a shape and returns its values, all of which are to be written.
    pub(super) fn resize(&mut self, shape: [usize; 3]) -> Result<&mut [f32]> {
        resize(&mut self.values, product(&shape), 0.0, VALUES)?;
        self.shape = shape;
        self.decoded = None;
        Ok(&mut self.values)
    }

    /// Makes the image one that was decoded.
    pub(super) fn set_pixels(&mut self, pixels: Pixels) {
        self.shape = pixels.shape();
        self.values = Vec::new();
        self.decoded = Some(Decoded::new(pixels));
    }

    /// Makes the image one of shape `[C, H, W]` with these planar bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if there are more or fewer bytes than the shape asks for, [`Error::Device`]
    /// if there is no memory for the values: the image stays as it was.
    pub fn set_bytes(&mut self, shape: [usize; 3], bytes: &[u8]) -> Result<()> {
        if product(&shape) != bytes.len() {
            let found = bytes.len();
            return Err(Error::Usage(format!("expected the bytes of an image {shape:?}, found {found}")));
        }
        let values = self.resize(shape)?;
        values.iter_mut().zip(bytes).for_each(|(value, &byte)| *value = f32::from(byte));
        Ok(())
    }

    /// The shape `[C, H, W]`.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The size `[H, W]`.
    pub fn size(&self) -> [usize; 2] {
        [self.shape[1], self.shape[2]]
    }

    /// The values, planar. Of a decoded image they are made by the first call.
    pub fn values(&self) -> &[f32] {
        self.decoded.as_ref().map_or(&self.values, Decoded::values)
    }

    /// The values, planar, to be changed.
    pub fn values_mut(&mut self) -> &mut [f32] {
        self.widen().expect("there is memory for the values");
        &mut self.values
    }

    /// Makes the values of a decoded image, as somebody needs all of them.
    pub(super) fn widen(&mut self) -> Result<()> {
        if let Some(decoded) = &mut self.decoded {
            self.values = decoded.take_values()?;
            self.decoded = None;
        }
        Ok(())
    }

    /// The values, planar, and nothing else of the image.
    pub(super) fn into_values(mut self) -> Result<Vec<f32>> {
        self.widen()?;
        Ok(self.values)
    }

    /// One plane `[H, W]` for each channel.
    pub fn planes(&self) -> impl Iterator<Item = &[f32]> {
        self.values().chunks_exact(self.plane_len())
    }

    /// One plane `[H, W]` for each channel, to be changed.
    pub fn planes_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let len = self.plane_len();
        self.values_mut().chunks_exact_mut(len)
    }

    /// Calls `take` with rows of the image, from the upper ones to the lower: with few at a time
    /// whose values are made for the call, or with all if the values are there.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if there is no memory for the values.
    pub(super) fn for_each_strip(&self, rows: Range<usize>, mut take: impl FnMut(Strip<'_>)) -> Result<()> {
        let Some(decoded) = &self.decoded else {
            let [start, end] = [rows.start, rows.end].map(|row| row * self.shape[2]);
            take(Strip { rows, planes: self.planes().map(|plane| &plane[start..end]).collect() });
            return Ok(());
        };
        let mut strip = Image::default();
        for rows in decoded.strips(rows) {
            decoded.read(rows.clone(), &mut strip)?;
            take(Strip { rows, planes: strip.planes().collect() });
        }
        Ok(())
    }

    /// Takes over another image's pixels, and gives back what the ones before took of a budget.
    pub(super) fn replace(&mut self, other: Image) {
        self.shape = other.shape;
        self.values = other.values;
        self.decoded = other.decoded;
        self.lease.give_back();
    }

    /// Drops the pixels and waits until there is memory for those of a file.
    pub(super) fn wait_for(&mut self, bytes: u64) {
        self.replace(Image::default());
        self.lease.take(bytes);
    }

    /// Drops pixels that count against a budget, so that others can be decoded.
    pub(super) fn give_back(&mut self) {
        if self.lease.is_taken() {
            self.replace(Image::default());
        }
    }

    /// Repeats a grey image in every channel, or turns a coloured one grey.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if neither leads to this number of channels or there are no pixels,
    /// [`Error::Device`] if there is no memory.
    pub(super) fn set_channels(&mut self, channels: usize) -> Result<()> {
        let stored = self.shape[0];
        let leads = stored == channels || stored == 1 || (stored, channels) == (3, 1);
        if product(&self.shape) == 0 || !leads {
            return Err(Error::Usage(format!(
                "an image {:?} gives no image of {channels} channels",
                self.shape
            )));
        }
        match &mut self.decoded {
            _ if stored == channels => {}
            Some(decoded) => decoded.set_channels(channels),
            None if channels == 1 => self.turn_grey(),
            None => {
                let plane = self.values.len();
                reserve(&mut self.values, product(&[plane, channels]) - plane, VALUES)?;
                (1..channels).for_each(|_| self.values.extend_from_within(..plane));
            }
        }
        self.shape[0] = channels;
        Ok(())
    }

    /// Puts the luma of three planes in the place of the first, and drops the others.
    fn turn_grey(&mut self) {
        let plane = self.plane_len();
        let (red, rest) = self.values.split_at_mut(plane);
        let (green, blue) = rest.split_at(plane);
        red.iter_mut().zip(green).zip(blue).for_each(|((r, g), b)| *r = luma(r, g, b));
        self.values.truncate(plane);
    }

    /// A plane of grey values: of three channels the luma, otherwise the first.
    pub(super) fn grey(&self) -> Vec<f32> {
        let planes: Vec<_> = self.planes().collect();
        match planes[..] {
            [red, green, blue] => red.iter().zip(green).zip(blue).map(|((r, g), b)| luma(r, g, b)).collect(),
            _ => planes[0].to_vec(),
        }
    }

    fn plane_len(&self) -> usize {
        product(&self.size()).max(1)
    }
}

/// Images are equal by their values.
impl PartialEq for Image {
    fn eq(&self, other: &Image) -> bool {
        self.shape == other.shape && self.values() == other.values()
    }
}

fn luma(red: &f32, green: &f32, blue: &f32) -> f32 {
    LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_color_turn_into_each_other() {
        let mut image = Image::default();
        image.set_bytes([1, 1, 2], &[0, 100]).unwrap();
        image.set_channels(3).unwrap();
        assert_eq!((image.shape(), image.values()), ([3, 1, 2], &[0.0, 100.0, 0.0, 100.0, 0.0, 100.0][..]));
        image.set_channels(1).unwrap();
        assert_eq!(image.shape(), [1, 1, 2]);
        approx::assert_relative_eq!(image.values()[1], 100.0, max_relative = 1e-6);
        image.set_bytes([2, 1, 1], &[1, 2]).unwrap();
        assert!(image.set_channels(3).is_err());
        assert!(Image::default().set_channels(1).is_err());
    }

    #[test]
    fn no_pixel_of_another_image_stays() {
        let mut image = Image::default();
        image.set_bytes([1, 2, 2], &[9; 4]).unwrap();
        for bytes in [&[1, 2, 3][..], &[1; 5], &[]] {
            assert!(image.set_bytes([1, 2, 2], bytes).is_err());
            assert_eq!(image.values(), [9.0; 4]);
        }
        assert_eq!(image.reshape([1, 3, 1]).unwrap(), [0.0; 3]);
        for shape in [[usize::MAX; 3], [1, usize::MAX, 2], [1, 1 << 40, 1 << 20]] {
            assert!(matches!(image.reshape(shape), Err(Error::Device(_))));
            assert_eq!(image.shape(), [1, 3, 1]);
        }
        assert!(Image::new([usize::MAX, usize::MAX, 0]).unwrap().values().is_empty());
    }
}
