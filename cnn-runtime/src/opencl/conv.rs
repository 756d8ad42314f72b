//! Convolution by `kernels/conv_direct.cl`: the constants of a program, and its launches in the three directions.
//!
//! The forward pass and the filter gradient share a program. The input gradient exchanges the maps and has programs of its own,
//! with `TRANSPOSED`.

use std::fmt::Write;

use super::{
    dense::bias_grad,
    frame::{End, Frame, Launch, offset_or_none},
    kernels::{Arg, Source},
    words,
};
use crate::{
    error::Result,
    plan::{BLOCK, Conv, ConvFilterGrad, ConvInputGrad, Layout, Map, Window},
};

/// Output pixels of a work-item: with two blocks, 10 sums, beside which 2 weights and the pixels' values fit in the 16 registers of
/// AVX2.
const PIXELS: usize = 5;

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

    /// Channels of `x` and of `y` in a group.
    fn group(&self) -> [usize; 2] {
        [self.x.channels / self.groups, self.y.channels / self.groups]
    }

    /// The `-D` options: what shapes the inner loops.
    fn options(&self) -> String {
        let planar = self.x.layout == Layout::Planar;
        let [group_x, group_y] = self.group();
        let mixed = self.groups > 1 && !group_y.is_multiple_of(BLOCK);
        let aligned = self.groups == 1 || group_x.is_multiple_of(BLOCK);
        let defines = [
            ("X_PLANAR", planar as usize),
            ("STRIDE_H", self.window.stride[0]),
            ("STRIDE_W", self.window.stride[1]),
            ("TRANSPOSED", self.transposed as usize),
            ("PADDED", self.padded() as usize),
            ("MIXED", mixed as usize),
            ("ADJACENT", (!planar && !mixed && aligned) as usize),
            ("BLOCKS", self.item_blocks()),
            ("PIXELS", PIXELS),
            ("TILE", group_x.min(BLOCK)),
        ];
        defines.iter().fold(String::new(), |mut options, (name, value)| {
            let _ = write!(options, "-D{name}={value} ");
            options
        })
    }

    /// `Shape` in `kernels/conv_direct.cl`.
    fn words(&self) -> Vec<u32> {
        let group = self.group().map(|channels| channels as u32);
        [&words::map(self.x)[..], &words::map(self.y), &words::window(self.window), &group].concat()
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
    let params = Arg::Buffer(&frame.engine.buffers.params);
    let args = [Arg::Words(&shape.words()), params, Arg::Offset(step.filter), offset_or_none(step.bias)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let options = || shape.options();
    frame.launch_chain(step, program("conv", &options), end, &args, shape.items(frame.pass.batch))
}

/// Builds the filters for [`input_grad`].
pub(super) fn transpose(frame: &Frame, step: &'static ConvInputGrad) -> Result<()> {
    let shape = transposed(step);
    let [arena, _] = frame.arena();
    let (params, words) = (Arg::Buffer(&frame.engine.buffers.params), shape.words());
    let args = [params, Arg::Offset(step.filter), arena, frame.fixed(step.scratch), Arg::Words(&words)];
    let filters = step.dy.channels / step.groups * shape.taps();
    let options = || shape.options();
    frame.launch(step, program("conv_transpose", &options), &args, [filters, shape.output_blocks(), 1])
}

/// See [`ConvInputGrad`].
pub(super) fn input_grad(frame: &Frame, step: &'static ConvInputGrad) -> Result<()> {
    let shape = transposed(step);
    let [arena, _] = frame.arena();
    let args = [Arg::Words(&shape.words()), arena, frame.fixed(step.scratch), offset_or_none(None)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let options = || shape.options();
    frame.launch_chain(step, program("conv", &options), end, &args, shape.items(frame.pass.batch))
}

/// See [`ConvFilterGrad`].
pub(super) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad) -> Result<()> {
    let shape =
        Shape { x: &step.x, y: &step.dy, window: &step.window, groups: step.groups, transposed: false };
    let [arena, slab] = frame.arena();
    // A CPU keeps the maps in its cache for all taps, a GPU needs the work-items.
    let item_taps = if frame.engine.is_gpu { 1 } else { shape.taps() };
    let args = [
        arena,
        slab,
        Arg::Words(&shape.words()),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.filter),
        frame.batch(),
        Arg::Uint(item_taps as u32),
    ];
    let tiles = shape.group()[0].div_ceil(BLOCK);
    let items = [shape.taps().div_ceil(item_taps) * tiles * shape.output_blocks(), 1, 1];
    frame.launch(step, program("conv_filter_grad", &|| shape.options()), &args, items)?;
    bias_grad(frame, step, &step.dy, step.bias)
}
