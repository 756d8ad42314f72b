//! An image on its way to the network: planar f32 `[C, H, W]`, each value 0 to 255 as photographs store it.
//!
//! Values may be fractions, so images of 16 bits a sample keep their precision.

/// A planar image of any size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    shape: [usize; 3],
    values: Vec<f32>,
}

/// Weights of red, green and blue in a grey value (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

impl Image {
    /// A black image of shape `[C, H, W]`.
    pub fn new(shape: [usize; 3]) -> Image {
        Image { shape, values: vec![0.0; shape.iter().product()] }
    }

    /// Gives the image a shape `[C, H, W]` and returns its values, all of which are to be written.
    pub fn reshape(&mut self, shape: [usize; 3]) -> &mut [f32] {
        self.shape = shape;
        self.values.resize(shape.iter().product(), 0.0);
        &mut self.values
    }

    /// Takes over planar bytes; as many as the shape says.
    pub fn set_bytes(&mut self, shape: [usize; 3], bytes: &[u8]) {
        for (value, &byte) in self.reshape(shape).iter_mut().zip(bytes) {
            *value = f32::from(byte);
        }
    }

    /// `[C, H, W]`.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// `[H, W]`.
    pub fn size(&self) -> [usize; 2] {
        [self.shape[1], self.shape[2]]
    }

    /// Values, planar.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Values, planar.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// One plane `[H, W]` for each channel.
    pub fn planes(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.plane_len())
    }

    /// One plane `[H, W]` for each channel.
    pub fn planes_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let len = self.plane_len();
        self.values.chunks_exact_mut(len)
    }

    /// Repeats a grey image in every channel, or turns a coloured one grey. False if neither leads to this number.
    pub(super) fn set_channels(&mut self, channels: usize) -> bool {
        let [stored, height, width] = self.shape;
        match (stored, channels) {
            _ if stored == channels => return true,
            (1, _) => self.values = self.values.repeat(channels),
            (3, 1) => self.values = self.grey(),
            _ => return false,
        }
        self.shape = [channels, height, width];
        true
    }

    /// A plane of grey values: of three channels the luma, else the first.
    pub(super) fn grey(&self) -> Vec<f32> {
        let planes: Vec<_> = self.planes().collect();
        match planes[..] {
            [red, green, blue] => {
                let color = red.iter().zip(green).zip(blue);
                color.map(|((r, g), b)| LUMA[0] * r + LUMA[1] * g + LUMA[2] * b).collect()
            }
            _ => planes[0].to_vec(),
        }
    }

    fn plane_len(&self) -> usize {
        (self.shape[1] * self.shape[2]).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_color_turn_into_each_other() {
        let mut image = Image::default();
        image.set_bytes([1, 1, 2], &[0, 100]);
        assert!(image.set_channels(3));
        assert_eq!((image.shape(), image.values()), ([3, 1, 2], &[0.0, 100.0, 0.0, 100.0, 0.0, 100.0][..]));
        assert!(image.set_channels(1));
        assert_eq!(image.shape(), [1, 1, 2]);
        approx::assert_relative_eq!(image.values()[1], 100.0, max_relative = 1e-6);
        image.set_bytes([2, 1, 1], &[1, 2]);
        assert!(!image.set_channels(3));
    }
}
