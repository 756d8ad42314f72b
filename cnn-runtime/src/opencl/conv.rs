//! Convolution in its three directions: the shape that a direction has, and the choice of its
//! kernels.
//!
//! Devices whose work-groups have fast memory of their own get [`conv_igemm`], the others and small
//! groups [`conv_direct`]. The forward pass and the filter gradient share a program. The input
//! gradient exchanges the maps and has programs of its own, with `TRANSPOSED`.

use cnn_core::Result;
use cnn_kernels::Constant;

use super::{
    conv_direct, conv_igemm,
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    segments::bias_grad,
    words,
};
use crate::plan::{BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Layout, Map, TransposeFilters, Window};

/// One direction of a convolution: `y` is computed from `x`.
pub(super) struct Shape<'a> {
    pub(super) x: &'a Map,
    pub(super) y: &'a Map,
    pub(super) window: &'a Window,
    pub(super) groups: usize,
    pub(super) transposed: bool,
}

impl<'a> Shape<'a> {
    fn of(step: &'a Conv) -> Shape<'a> {
        Shape { x: &step.x, y: &step.y, window: &step.window, groups: step.groups, transposed: false }
    }

    fn of_input_grad(step: &'a ConvInputGrad) -> Shape<'a> {
        Shape { x: &step.dy, y: &step.dx, window: &step.window, groups: step.groups, transposed: true }
    }

    fn of_filter_grad(step: &'a ConvFilterGrad) -> Shape<'a> {
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

    fn is_tiled(&self, frame: &Frame) -> bool {
        frame.engine.has_tiles && conv_igemm::fits(self)
    }
}

/// What a direction has beside its shape: filters, bias, and how it ends.
pub(super) struct Output<'a> {
    pub(super) filters: [Arg<'a>; 2],
    pub(super) bias: Option<usize>,
    pub(super) end: End<'a>,
}

fn run<S>(frame: &Frame, step: &'static S, shape: &Shape, output: Output) -> Result<()> {
    let run = if shape.is_tiled(frame) { conv_igemm::run } else { conv_direct::run };
    run(frame, step, shape, output)
}

/// Convolution: [`Conv`].
pub(super) fn forward(frame: &Frame, step: &'static Conv) -> Result<()> {
    let filters = [Arg::Buffer(&frame.engine.buffers.params), Arg::Offset(step.filter)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    run(frame, step, &Shape::of(step), Output { filters, bias: step.bias, end })
}

/// Runs [`TransposeFilters`]; this engine has no filters at points.
pub(super) fn transpose(frame: &Frame, step: &'static TransposeFilters) -> Result<()> {
    let TransposeFilters { dy: x, dx: y, window, groups, .. } = step;
    let shape = Shape { x, y, window, groups: *groups, transposed: true };
    let [arena, _] = frame.arena();
    let (params, words) = (Arg::Buffer(&frame.engine.buffers.params), shape.words()?);
    let args = [params, Arg::Offset(step.filter), arena, frame.fixed(step.filters), Arg::Words(&words)];
    let filters = step.dy.channels / step.groups * shape.taps();
    let (source, options): (_, fn(&Shape) -> String) = if shape.is_tiled(frame) {
        (Source::ConvIgemm, conv_igemm::options)
    } else {
        (Source::ConvDirect, conv_direct::options)
    };
    let launch = Launch { name: "conv_transpose", source, options: &|| options(&shape) };
    frame.launch(step, launch, &args, [filters, shape.output_blocks(), 1])
}

/// Gradient of the input: [`ConvInputGrad`].
pub(super) fn input_grad(frame: &Frame, step: &'static ConvInputGrad) -> Result<()> {
    let [arena, _] = frame.arena();
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let filters = [arena, frame.fixed(step.filters)];
    run(frame, step, &Shape::of_input_grad(step), Output { filters, bias: None, end })
}

/// Gradient of the filters and the bias: [`ConvFilterGrad`].
pub(super) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad) -> Result<()> {
    let shape = Shape::of_filter_grad(step);
    let grad = if shape.is_tiled(frame) { conv_igemm::filter_grad } else { conv_direct::filter_grad };
    grad(frame, step, &shape)?;
    bias_grad(frame, step, &step.dy, step.bias)
}
