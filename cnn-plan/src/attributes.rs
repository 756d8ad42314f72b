//! Attributes of steps: how a kernel slides over a map, what a pooling window yields, what a
//! response is normalised by.

use core::ops::Range;

use crate::{settings::Word, source::plain};

plain! {
    /// What a pooling window yields.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PoolKind {
        /// The largest element; padding never wins. On a tie the first in row-major order takes the
        /// gradient; NaN wins.
        Max,
        /// The mean over windows that cover the input evenly, whatever the output's size: output
        /// row `r` of `R` averages input rows `floor(r * H / R)` up to `ceil((r + 1) * H / R)`, and
        /// columns alike. The step's window is not used.
        AdaptiveAvg,
        /// The mean.
        Avg {
            /// Divide by the window's area within the padded input (`true`, torch's default) or by
            /// the taps inside the input.
            count_include_pad: bool,
        },
    }
}

plain! {
    /// What the mean and the variance of a normalisation are taken over.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Axes {
        /// The batch and all positions, for each channel: batch norm (Ioffe and Szegedy 2015).
        Batch,
        /// Part of a sample.
        Sample(axes: SampleAxes),
    }

    /// What they are taken over in each sample.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum SampleAxes {
        /// All positions and the adjacent channels of each of so many groups: group norm (Wu and
        /// He 2018), with one group layer norm (Ba et al. 2016), with a channel a group instance
        /// norm (Ulyanov et al. 2016).
        Groups(groups: usize),
        /// The channels of each position: layer norm as ConvNeXt has it (Liu et al. 2022).
        Channels,
    }
}

plain! {
    /// What lies between the elements of a map that gets more rows and columns.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Upsampling {
        /// The element itself again.
        Nearest,
        /// What a line between the centres of neighbours says, along both axes (torch's
        /// `align_corners = False`): output row `r` lies at input row `(r + 0.5) / scale - 0.5`, or
        /// at the nearest one there is, and columns alike.
        Bilinear,
    }
}

impl Word for Upsampling {
    const WORDS: &'static [(&'static str, Upsampling)] =
        &[("nearest", Upsampling::Nearest), ("bilinear", Upsampling::Bilinear)];
}

plain! {
    /// Local response normalisation across channels (Krizhevsky et al. 2012, with torch's scaling):
    /// `s[c] = k + alpha / size * sum over size channels around c of x²`,
    /// `y[c] = x[c] / s[c]^beta`. The window of an even size reaches `size / 2` channels back and
    /// `(size - 1) / 2` ahead.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Response {
        /// Channels in the window.
        pub size: usize,
        /// Scale of the squares.
        pub alpha: f32,
        /// Exponent.
        pub beta: f32,
        /// Offset.
        pub k: f32,
    }
}

plain! {
    /// How a kernel slides over a map; the first of each pair is vertical.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Window {
        /// Kernel height and width.
        pub kernel: [usize; 2],
        /// Step between windows.
        pub stride: [usize; 2],
        /// Rows added above and columns added on the left. What is needed below and on the right
        /// follows from the output's shape: a tap outside the input counts as padding.
        pub pad: [usize; 2],
        /// Rows below and columns on the right that count as padding where an average counts
        /// padding; beyond them (ceil mode) there is nothing to count.
        pub pad_end: [usize; 2],
        /// Distance between taps; 1 is a dense kernel.
        pub dilation: [usize; 2],
    }
}

impl Response {
    /// Largest [`Response::size`]: engines lay a few pixels' channels and their windows out in a
    /// buffer of fixed size.
    pub const MAX_SIZE: usize = 511;
}

impl Window {
    /// Elements of the kernel.
    pub const fn taps(&self) -> usize {
        self.kernel[0].saturating_mul(self.kernel[1])
    }
}

/// The inputs, from the first to behind the last, that output `index` of `outputs` averages in
/// windows that cover `inputs` evenly: `floor(index * inputs / outputs)` up to
/// `ceil((index + 1) * inputs / outputs)`.
pub const fn even_window(index: usize, outputs: usize, inputs: usize) -> Range<usize> {
    index * inputs / outputs..((index + 1) * inputs).div_ceil(outputs)
}
