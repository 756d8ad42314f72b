//! What `data { }` and `augment { }` declare: the way from a stored image to the network's input.
//!
//! Stages run in this order: the geometry of `data { }` (resize, crop); in training `augment { }`, in place of the crop if
//! it crops itself; then the values of `data { }` (means, scale, whitening), in the order given. Pixels enter as 0 to 255.
//! What is fitted is fitted on the training images without augmentation.

use crate::source::plain;

plain! {
    /// Over what a statistic is taken.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Per {
        /// One value for each channel.
        Channel,
        /// One value for each element of the input.
        Pixel,
    }
}

plain! {
    /// How whitened values are turned back: not at all, or into the axes of the input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Whitening {
        /// Coordinates along the principal components.
        Pca,
        /// `V diag(1/sqrt(l + epsilon)) V'`: the whitening nearest to the original (Bell and Sejnowski 1997).
        Zca,
    }
}

plain! {
    /// A stage of `data { }`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Prepare {
        /// The shorter side gets this many pixels, the longer one keeps the proportions.
        ResizeShorter(size: usize),
        /// Exactly `[height, width]`.
        ResizeExact(size: [usize; 2]),
        /// The middle `[height, width]`.
        CenterCrop(size: [usize; 2]),
        /// Subtracts the training set's mean.
        MeanSubtract(over: Per),
        /// Subtracts the mean and divides by the standard deviation of the training set.
        Standardise(over: Per),
        /// Subtracts and divides by given values, one for each channel.
        Normalise {
            /// Subtracted first.
            mean: &'static [f32],
            /// Divided by.
            std: &'static [f32],
        },
        /// Multiplies.
        Scale(factor: f32),
        /// Decorrelates the elements of the input and gives them variance 1; subtracts the mean first.
        Whiten {
            /// Axes of the result.
            kind: Whitening,
            /// Added to each variance.
            epsilon: f32,
        },
    }
}

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
