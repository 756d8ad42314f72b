//! Convolution by `kernels/conv_direct.cl`: the constants of a program, and its launches in the three directions.
//!
//! The forward pass and the filter gradient share a program. The input gradient is the program of the exchanged maps with
//! `TRANSPOSED`.

use std::fmt::Write;

use super::{
    dense::bias_grad,
    frame::{End, Frame, Launch, offset_or_none},
    kernels::{Arg, Source},
};
use crate::{
    error::Result,
    plan::{BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Layout, Map, Window},
};

/// Output pixels of a work-item: with two blocks, 12 accumulators of the 16 registers of AVX2.
const PIXELS: usize = 6;

/// What a program computes: `y` from `x`.
struct Shape<'a> {
    x: &'a Map,
    y: &'a Map,
    window: &'a Window,
    groups: usize,
    transposed: bool,
}

impl Shape<'_> {
    fn output_blocks(&self) -> usize {
        self.y.channels.div_ceil(BLOCK)
    }

    /// Output blocks of a work-item: two, where both lie in one group.
    fn item_blocks(&self) -> usize {
        let paired = self.groups == 1 || (self.y.channels / self.groups).is_multiple_of(2 * BLOCK);
        if paired && self.output_blocks().is_multiple_of(2) { 2 } else { 1 }
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

    fn taps(&self) -> usize {
        self.window.kernel.iter().product()
    }

    /// Taps of a work-item of the filter gradient: a CPU keeps the maps in its cache for all of them, a GPU needs the work-items.
    fn item_taps(&self, frame: &Frame) -> usize {
        if frame.engine.is_gpu { 1 } else { self.taps() }
    }

    /// The `-D` options.
    fn options(&self, frame: &Frame) -> String {
        let Window { kernel, stride, pad, dilation, .. } = self.window;
        let defines = [
            ("X_CHANNELS", self.x.channels),
            ("X_HEIGHT", self.x.height),
            ("X_WIDTH", self.x.width),
            ("X_PLANAR", (self.x.layout == Layout::Planar) as usize),
            ("Y_CHANNELS", self.y.channels),
            ("Y_HEIGHT", self.y.height),
            ("Y_WIDTH", self.y.width),
            ("KERNEL_H", kernel[0]),
            ("KERNEL_W", kernel[1]),
            ("STRIDE_H", stride[0]),
            ("STRIDE_W", stride[1]),
            ("PAD_H", pad[0]),
            ("PAD_W", pad[1]),
            ("DILATION_H", dilation[0]),
            ("DILATION_W", dilation[1]),
            ("GROUPS", self.groups),
            ("TRANSPOSED", self.transposed as usize),
            ("PADDED", self.padded() as usize),
            ("BLOCKS", self.item_blocks()),
            ("PIXELS", PIXELS),
            ("ITEM_TAPS", self.item_taps(frame)),
        ];
        defines.iter().fold(String::new(), |mut options, (name, value)| {
            let _ = write!(options, "-D{name}={value} ");
            options
        })
    }

    /// Work-items of `conv`.
    fn items(&self, batch: usize) -> [usize; 3] {
        let tiles = (self.y.height * self.y.width).div_ceil(PIXELS);
        [tiles, self.output_blocks() / self.item_blocks(), batch]
    }
}

fn program<'a>(name: &'static str, options: &'a dyn Fn() -> String) -> Launch<'a> {
    Launch { name, source: Source::ConvDirect, options }
}

fn transposed(step: &ConvInputGrad) -> Shape<'_> {
    Shape { x: &step.dy, y: &step.dx, window: &step.window, groups: step.groups, transposed: true }
}

/// See [`Conv`].
pub(super) fn forward(frame: &Frame, step: &'static Conv) -> Result<()> {
    let shape =
        Shape { x: &step.x, y: &step.y, window: &step.window, groups: step.groups, transposed: false };
    let args = [
        Arg::Uint(step.x.offset as u32),
        Arg::Buffer(&frame.engine.buffers.params),
        Arg::Offset(step.filter),
        offset_or_none(step.bias),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let options = || shape.options(frame);
    frame.launch_chain(step, program("conv", &options), end, &args, shape.items(frame.pass.batch))
}

/// Builds the filters for [`input_grad`].
pub(super) fn transpose(frame: &Frame, step: &'static ConvInputGrad) -> Result<()> {
    let shape = transposed(step);
    let [arena, _] = frame.arena();
    let params = Arg::Buffer(&frame.engine.buffers.params);
    let args = [params, Arg::Offset(step.filter), arena, frame.fixed(step.scratch)];
    let filters = step.dy.channels / step.groups * shape.taps();
    let options = || shape.options(frame);
    frame.launch(step, program("conv_transpose", &options), &args, [filters, shape.output_blocks(), 1])
}

/// See [`ConvInputGrad`].
pub(super) fn input_grad(frame: &Frame, step: &'static ConvInputGrad) -> Result<()> {
    let shape = transposed(step);
    let [arena, _] = frame.arena();
    let filters = frame.fixed(step.scratch);
    let args = [Arg::Uint(step.dy.offset as u32), arena, filters, offset_or_none(None)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let options = || shape.options(frame);
    frame.launch_chain(step, program("conv", &options), end, &args, shape.items(frame.pass.batch))
}

/// See [`ConvFilterGrad`].
pub(super) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad) -> Result<()> {
    let shape =
        Shape { x: &step.x, y: &step.dy, window: &step.window, groups: step.groups, transposed: false };
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Uint(step.x.offset as u32),
        Arg::Uint(step.dy.offset as u32),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.filter),
        frame.batch(),
    ];
    let tap_runs = shape.taps().div_ceil(shape.item_taps(frame));
    let tiles = (step.x.channels / step.groups).div_ceil(BLOCK);
    let items = [tap_runs * tiles * shape.output_blocks(), 1, 1];
    frame.launch(step, program("conv_filter_grad", &|| shape.options(frame)), &args, items)?;
    bias_grad(frame, step, &step.dy, step.bias)
}
