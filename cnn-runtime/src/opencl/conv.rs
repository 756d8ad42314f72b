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

    /// True if groups do not consist of whole blocks.
    fn mixed(&self) -> bool {
        self.groups > 1 && self.group().iter().any(|channels| !channels.is_multiple_of(BLOCK))
    }

    /// Output blocks of a work-item: two, where both lie in one group.
    fn item_blocks(&self) -> usize {
        let in_group = if self.groups == 1 { self.output_blocks() } else { self.group()[1] / BLOCK };
        if !self.mixed() && in_group.is_multiple_of(2) { 2 } else { 1 }
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

    /// Input channels of a work-item of the filter gradient. A block's are neighbours in storage, and those past the last channel
    /// cost nothing.
    fn tile(&self) -> usize {
        let whole = self.x.layout == Layout::Blocked && !self.mixed();
        if whole { BLOCK } else { self.group()[0].next_power_of_two().min(BLOCK) }
    }

    fn taps(&self) -> usize {
        self.window.kernel.iter().product()
    }

    /// Channels of `x` and of `y` in a group.
    fn group(&self) -> [usize; 2] {
        [self.x.channels / self.groups, self.y.channels / self.groups]
    }

    /// The `-D` options: what shapes the inner loops. What is rare, such as groups of a few channels, gets no program of its own
    /// where a general one will do.
    fn options(&self) -> String {
        let unit_stride = self.transposed && self.window.stride == [1, 1];
        let defines = [
            ("X_PLANAR", (self.x.layout == Layout::Planar) as usize),
            ("TRANSPOSED", self.transposed as usize),
            ("UNIT_STRIDE", unit_stride as usize),
            ("PADDED", (self.padded() || self.mixed()) as usize),
            ("MIXED", self.mixed() as usize),
            ("BLOCKS", self.item_blocks()),
            ("PIXELS", PIXELS),
            ("TILE", if self.transposed { BLOCK } else { self.tile() }),
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
