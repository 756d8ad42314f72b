//! Norms of each sample by `kernels/sample_norm.cl`: the arguments of each step's kernels.

use cnn_core::Result;

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    segments::Division,
    words,
};
use crate::plan::{
    BLOCK, Map, SampleAxes, SampleNorm, SampleNormGrad, SampleNormSums, SampleScaleGrad, SampleStats,
};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::SampleNorm, name)
}

/// Whether statistics belong to positions, as an argument.
fn by_position(axes: SampleAxes) -> Arg<'static> {
    Arg::Code((axes == SampleAxes::Channels).into())
}

/// How many groups a sample has; `None` where its positions have statistics.
fn groups(axes: SampleAxes) -> Option<usize> {
    match axes {
        SampleAxes::Groups(groups) => Some(groups),
        SampleAxes::Channels => None,
    }
}

/// Work-items for each block of channels, for each group, or for each position of a sample.
fn items(frame: &Frame, count: usize) -> [usize; 3] {
    [count, frame.pass.batch, 1]
}

fn blocks(map: &Map) -> usize {
    map.channels.div_ceil(BLOCK)
}

/// Statistics of each sample: [`SampleStats`].
pub(super) fn stats(frame: &Frame, step: &'static SampleStats) -> Result<()> {
    let [arena, slab] = frame.arena();
    let [x, stats] = words::maps([&step.x, &step.stats])?;
    let (x, stats, eps) = (Arg::Words(&x), Arg::Words(&stats), Arg::Float(step.eps));
    let Some(groups) = groups(step.axes) else {
        let positions = items(frame, step.x.height * step.x.width);
        return frame.launch(step, kernel("position_stats"), &[arena, slab, x, stats, eps], positions);
    };
    let args = [arena, slab, x, stats];
    frame.launch(step, kernel("channel_moments"), &args, items(frame, blocks(&step.x)))?;
    let args = [arena, slab, Arg::Int(step.x.channels), stats, Arg::Int(groups), eps];
    frame.launch(step, kernel("group_stats"), &args, items(frame, groups))
}

/// The norm: [`SampleNorm`].
pub(super) fn forward(frame: &Frame, step: &'static SampleNorm) -> Result<()> {
    let [x, stats] = words::maps([&step.x, &step.stats])?;
    let [weight, bias] = [step.weight, step.bias].map(Arg::OptionalInt);
    let per_element = Arg::Code(step.per_element.into());
    let args = [Arg::Words(&x), Arg::Words(&stats), weight, bias, per_element, by_position(step.axes)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, kernel("sample_norm"), end, &args, frame.blocks(&step.y))
}

/// What the gradient takes of the whole: [`SampleNormSums`].
pub(super) fn sums(frame: &Frame, step: &'static SampleNormSums) -> Result<()> {
    let [arena, slab] = frame.arena();
    let [x, dy, stats, sums] = words::maps([&step.x, &step.dy, &step.stats, &step.sums])?;
    let sums = Arg::Words(&sums);
    let args = [
        arena,
        slab,
        Arg::Buffer(&frame.engine.buffers.params),
        Arg::Words(&x),
        Arg::Words(&dy),
        Arg::Words(&stats),
        Arg::OptionalInt(step.weight),
        Arg::Code(step.per_element.into()),
        sums,
    ];
    let Some(groups) = groups(step.axes) else {
        let positions = items(frame, step.x.height * step.x.width);
        return frame.launch(step, kernel("position_sums"), &args, positions);
    };
    frame.launch(step, kernel("channel_sums"), &args, items(frame, blocks(&step.x)))?;
    let args = [arena, slab, Arg::Int(step.x.channels), sums, Arg::Int(groups)];
    frame.launch(step, kernel("group_sums"), &args, items(frame, groups))
}

/// Gradient of the input: [`SampleNormGrad`].
pub(super) fn grad(frame: &Frame, step: &'static SampleNormGrad) -> Result<()> {
    let [x, dy, stats, sums] = words::maps([&step.x, &step.dy, &step.stats, &step.sums])?;
    let args = [
        Arg::Words(&x),
        Arg::Words(&dy),
        Arg::Words(&stats),
        Arg::Words(&sums),
        Arg::OptionalInt(step.weight),
        Arg::Code(step.per_element.into()),
        by_position(step.axes),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    frame.launch_chain(step, kernel("sample_norm_grad"), end, &args, frame.blocks(&step.dx))
}

/// Gradients of scale and shift: [`SampleScaleGrad`].
pub(super) fn scale_grad(frame: &Frame, step: &'static SampleScaleGrad) -> Result<()> {
    let [arena, slab] = frame.arena();
    let [x, stats, dy] = words::maps([&step.x, &step.stats, &step.dy])?;
    let [x, stats, dy] = [&x, &stats, &dy].map(|map| Arg::Words(map));
    let by_position = by_position(step.axes);
    let grads = Arg::Buffer(&frame.engine.buffers.grads);
    let [weight, bias] = [step.weight, step.bias].map(Arg::Int);
    if step.per_element {
        let args = [arena, slab, x, stats, dy, by_position, frame.batch(), grads, weight, bias];
        let [elements, ..] = frame.blocks(&step.x);
        return frame.launch(step, kernel("element_scale_grad"), &args, [elements, 1, 1]);
    }
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len(2))?;
    let [first, second] = division.items();
    let (segments, partial) = (Arg::Int(division.segments), Arg::Buffer(&partial));
    let positions = Arg::Int(division.positions);
    let args = [arena, slab, x, stats, dy, by_position, positions, segments, partial];
    frame.launch(step, kernel("segment_scales"), &args, first)?;
    let args = [Arg::Int(step.x.channels), segments, partial, grads, weight, bias];
    frame.launch(step, kernel("scale_grad"), &args, second)
}
