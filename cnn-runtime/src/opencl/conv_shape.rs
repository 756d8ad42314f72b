//! What the kernels of a convolution are told of it.

use cnn_core::Result;
use cnn_kernels::Constant;

use super::{frame::End, kernels::Arg, words};
use crate::plan::{BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Layout, Map, Window};

/// One direction of a convolution: `y` is computed from `x`.
pub(super) struct Shape<'a> {
    pub(super) x: &'a Map,
    pub(super) y: &'a Map,
    pub(super) window: &'a Window,
    pub(super) groups: usize,
    pub(super) transposed: bool,
}

impl<'a> Shape<'a> {
    pub(super) fn of(step: &'a Conv) -> Shape<'a> {
        Shape { x: &step.x, y: &step.y, window: &step.window, groups: step.groups, transposed: false }
    }

    pub(super) fn of_input_grad(step: &'a ConvInputGrad) -> Shape<'a> {
        Shape { x: &step.dy, y: &step.dx, window: &step.window, groups: step.groups, transposed: true }
    }

    pub(super) fn of_filter_grad(step: &'a ConvFilterGrad) -> Shape<'a> {
        Shape { x: &step.x, y: &step.dy, window: &step.window, groups: step.groups, transposed: false }
    }

    /// Blocks of output channels.
    pub(super) fn output_blocks(&self) -> usize {
        self.y.channels.div_ceil(BLOCK)
    }

    /// Taps of the kernel.
    pub(super) fn taps(&self) -> usize {
        self.window.kernel.iter().product()
    }

    /// Output pixels of a sample.
    pub(super) fn area(&self) -> usize {
        self.y.height * self.y.width
    }

    pub(super) fn is_planar(&self) -> bool {
        self.x.layout == Layout::Planar
    }

    /// Channels of `x` and of `y` in a group.
    pub(super) fn group(&self) -> [usize; 2] {
        [self.x.channels / self.groups, self.y.channels / self.groups]
    }

    /// True if groups do not consist of whole blocks.
    pub(super) fn mixed(&self) -> bool {
        self.groups > 1 && self.group().iter().any(|channels| !channels.is_multiple_of(BLOCK))
    }

    /// True if some tap of some pixel lies outside of `x`.
    fn padded(&self) -> bool {
        let Window { kernel, stride, pad, dilation, .. } = self.window;
        let reach = |d: usize, y: usize| (y - 1) * stride[d] + (kernel[d] - 1) * dilation[d];
        self.transposed
            || *pad != [0, 0]
            || reach(0, self.y.height) >= self.x.height
            || reach(1, self.y.width) >= self.x.width
    }

    /// The constants of a program: what shapes the inner loops, and `more` that one kernel file
    /// has. What is rare, such as groups of a few channels, gets no program of its own where a
    /// general one will do.
    pub(super) fn options(&self, more: &[(Constant, usize)]) -> String {
        let unit_stride = self.transposed && self.window.stride == [1, 1];
        let shared = [
            (Constant::XPlanar, self.is_planar() as usize),
            (Constant::Transposed, self.transposed as usize),
            (Constant::UnitStride, unit_stride as usize),
            (Constant::Padded, (self.padded() || self.mixed()) as usize),
        ];
        let options = shared.iter().chain(more).map(|(constant, value)| constant.option(value));
        options.collect::<Vec<_>>().join(" ")
    }

    /// `Shape` in `kernels/conv.cl`.
    pub(super) fn words(&self) -> Result<Vec<u32>> {
        let [x, y] = words::maps([self.x, self.y])?;
        let (window, group) = (words::window(self.window)?, words::words(self.group())?);
        Ok([&x[..], &y, &window, &group].concat())
    }
}

/// What a direction has beside its shape: filters, bias, and how it ends.
pub(super) struct Output<'a> {
    pub(super) filters: [Arg<'a>; 2],
    pub(super) bias: Option<usize>,
    pub(super) end: End<'a>,
}
