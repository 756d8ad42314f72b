//! Norms of each sample: group, instance and layer norm.
//!
//! Statistics over groups of channels have a number for each channel, so that a block of channels
//! finds its own whatever the groups; those over the channels have one for each position. What is
//! summed up of a sample is the same for both, along a plane or across the planes.

use std::ops::Range;

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
    totals::{Terms, Total, Values},
};
use crate::plan::{
    BLOCK, Map, SampleAxes, SampleNorm, SampleNormGrad, SampleNormSums, SampleScaleGrad, SampleStats, padded,
};

/// Runs [`SampleStats`].
pub(super) fn stats(frame: &Frame, step: &'static SampleStats) {
    let inverse = |variance: f64| 1.0 / (variance + step.eps as f64).sqrt();
    let values = |sample, block| Values(frame.plane(sample, &step.x, block));
    let squares = |sample, block| Squares {
        x: frame.plane(sample, &step.x, block),
        stats: Pairs::new(frame, sample, block, &step.stats, step.axes),
    };
    each_unit(frame, &step.x, step.axes, &|sample, unit| {
        let stats = frame.map(sample, &step.stats);
        match unit {
            Unit::Groups(groups) => {
                let [mean, deviation] = halves(stats);
                along(frame, &step.x, &|block| values(sample, block), [mean]);
                share(mean, step.x.channels, groups, |mean| mean);
                along(frame, &step.x, &|block| squares(sample, block), [deviation]);
                share(deviation, step.x.channels, groups, inverse);
            }
            Unit::Position(at) => {
                let [mean] = across(frame, &step.x, at, &|block| values(sample, block));
                write_pair(stats, at, [mean, 0.0]);
                let [variance] = across(frame, &step.x, at, &|block| squares(sample, block));
                write_pair(stats, at, [mean, inverse(variance)]);
            }
        }
    });
}

/// Runs [`SampleNorm`].
pub(super) fn forward(frame: &Frame, step: &'static SampleNorm) {
    frame.touch_each(step.x.channels.div_ceil(BLOCK), step.y.len(), &|sample, block| {
        let y = frame.plane(sample, &step.y, block);
        frame.isa().run(Apply {
            normal: Normal::new(frame, sample, block, [&step.x, &step.stats], step.axes),
            scale: Scale::new(frame, block, &step.x, (step.weight, step.per_element), 1.0),
            shift: Scale::new(frame, block, &step.x, (step.bias, step.per_element), 0.0),
            y,
        });
        frame.epilogue(step.epilogue, &step.y, sample).apply(block * y.len(), BLOCK, y.len() / BLOCK);
    });
}

/// Runs [`SampleNormSums`].
pub(super) fn sums(frame: &Frame, step: &'static SampleNormSums) {
    let terms = |sample, block| Weighed {
        dy: frame.plane(sample, &step.dy, block),
        normal: Normal::new(frame, sample, block, [&step.x, &step.stats], step.axes),
        scale: Scale::new(frame, block, &step.x, (step.weight, step.per_element), 1.0),
    };
    each_unit(frame, &step.x, step.axes, &|sample, unit| {
        let sums = frame.map(sample, &step.sums);
        match unit {
            Unit::Groups(groups) => {
                along(frame, &step.x, &|block| terms(sample, block), halves(sums));
                halves(sums).into_iter().for_each(|half| share(half, step.x.channels, groups, |mean| mean));
            }
            Unit::Position(at) => {
                write_pair(sums, at, across(frame, &step.x, at, &|block| terms(sample, block)));
            }
        }
    });
}

/// Runs [`SampleNormGrad`].
pub(super) fn grad(frame: &Frame, step: &'static SampleNormGrad) {
    frame.touch_each(step.x.channels.div_ceil(BLOCK), 2 * step.dx.len(), &|sample, block| {
        let dx = frame.plane(sample, &step.dx, block);
        frame.isa().run(ChainRule {
            dy: frame.plane(sample, &step.dy, block),
            normal: Normal::new(frame, sample, block, [&step.x, &step.stats], step.axes),
            scale: Scale::new(frame, block, &step.x, (step.weight, step.per_element), 1.0),
            sums: Pairs::new(frame, sample, block, &step.sums, step.axes),
            dx,
        });
        frame.epilogue(step.epilogue, &step.dx, sample).apply(block * dx.len(), BLOCK, dx.len() / BLOCK);
    });
}

/// Runs [`SampleScaleGrad`].
pub(super) fn scale_grad(frame: &Frame, step: &'static SampleScaleGrad) {
    let plane = plane(&step.x);
    let terms = |sample, block| Weighed {
        dy: frame.plane(sample, &step.dy, block),
        normal: Normal::new(frame, sample, block, [&step.x, &step.stats], step.axes),
        scale: Scale { values: None, per_element: false, without: 1.0 },
    };
    let grads = [step.bias, step.weight].map(|place| frame.memory.grads.from(place));
    frame.each_block(&step.x, &|block, parallel| {
        if step.per_element {
            let sums = grads.map(|span| span.part(block * plane, plane));
            sums.into_iter().for_each(|sums| sums.fill(0.0));
            for sample in frame.samples.clone() {
                frame.isa().run(Accumulate { terms: terms(sample, block), sums });
            }
            sums.into_iter().for_each(|sums| sums.clear_padding(step.x.channels, block));
        } else {
            let totals = frame.totals(parallel, plane, &|sample| terms(sample, block));
            for (span, totals) in grads.into_iter().zip(totals) {
                frame.write_channels(span, &step.x, block, totals);
            }
        }
    });
}

/// What statistics are made of at a time.
enum Unit {
    /// A sample with so many groups.
    Groups(usize),
    /// A position, by its place in a plane.
    Position(usize),
}

/// Calls `body(sample, unit)` for all that has statistics.
fn each_unit(frame: &Frame, x: &Map, axes: SampleAxes, body: &(dyn Fn(usize, Unit) + Sync)) {
    match axes {
        SampleAxes::Groups(groups) => {
            frame.touch_each(1, 2 * x.len(), &|sample, _| body(sample, Unit::Groups(groups)));
        }
        SampleAxes::Channels => frame.touch_each(x.height, 2 * x.len(), &|sample, row| {
            let columns: Range<usize> = row * x.width..(row + 1) * x.width;
            columns.for_each(|position| body(sample, Unit::Position(position * BLOCK)));
        }),
    }
}

/// Floats of a block of channels.
fn plane(map: &Map) -> usize {
    map.height * map.width * BLOCK
}

/// The two halves of statistics over groups.
fn halves(stats: Span) -> [Span; 2] {
    let half = stats.len() / 2;
    [stats.part(0, half), stats.part(half, half)]
}

/// Writes the mean over all positions of each term, channel by channel.
fn along<T: Terms<N>, const N: usize>(
    frame: &Frame,
    map: &Map,
    terms: &dyn Fn(usize) -> T,
    means: [Span; N],
) {
    let (len, count) = (plane(map), (map.height * map.width) as f64);
    for block in 0..map.channels.div_ceil(BLOCK) {
        let totals = frame.isa().run(Total { terms: terms(block), len });
        for (vector, totals) in means.iter().zip(totals) {
            frame.write_channels(*vector, map, block, totals.map(|total| total / count));
        }
    }
}

/// Gives the channels of each group a function of their mean.
fn share(vector: Span, channels: usize, groups: usize, of: impl Fn(f64) -> f64) {
    let size = channels / groups;
    for first in (0..channels).step_by(size) {
        let sum: f64 = (first..first + size).map(|channel| vector.get(channel) as f64).sum();
        vector.part(first, size).fill(of(sum / size as f64) as f32);
    }
    vector.part(channels, padded(channels) - channels).fill(0.0);
}

/// The mean over all channels of each term at a place of their planes.
fn across<T: Terms<N>, const N: usize>(
    frame: &Frame,
    map: &Map,
    at: usize,
    terms: &dyn Fn(usize) -> T,
) -> [f64; N] {
    let channels = map.channels;
    frame.isa().run(Across::<T, N> { terms, channels, at }).map(|sum| sum / channels as f64)
}

/// Writes what belongs to a position.
fn write_pair(stats: Span, at: usize, [first, second]: [f64; 2]) {
    stats.set(at, first as f32);
    stats.set(at + 1, second as f32);
}

/// The two numbers that belong to the vectors of a block: statistics, or sums of the gradient.
#[derive(Clone, Copy)]
enum Pairs<'a> {
    /// A vector of each.
    OfBlock([Span<'a>; 2]),
    /// Both in the first lanes at each position.
    OfPositions(Span<'a>),
}

impl<'a> Pairs<'a> {
    fn new(frame: &Frame<'a>, sample: usize, block: usize, map: &Map, axes: SampleAxes) -> Pairs<'a> {
        let stats = frame.map(sample, map);
        match axes {
            SampleAxes::Channels => Pairs::OfPositions(stats),
            SampleAxes::Groups(_) => {
                let half = stats.len() / 2;
                Pairs::OfBlock([0, half].map(|start| stats.part(start + block * BLOCK, BLOCK)))
            }
        }
    }

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: usize) -> [S::V; 2] {
        match self {
            Pairs::OfBlock(vectors) => [vectors[0].load(simd, 0), vectors[1].load(simd, 0)],
            Pairs::OfPositions(stats) => [simd.splat(stats.get(at)), simd.splat(stats.get(at + 1))],
        }
    }
}

/// Scales or shifts of a block: one for each channel, for each element, or none.
#[derive(Clone, Copy)]
struct Scale<'a> {
    values: Option<Span<'a>>,
    per_element: bool,
    without: f32,
}

impl<'a> Scale<'a> {
    fn new(
        frame: &Frame<'a>,
        block: usize,
        map: &Map,
        (param, per_element): (Option<usize>, bool),
        without: f32,
    ) -> Scale<'a> {
        let len = if per_element { plane(map) } else { BLOCK };
        let values = param.map(|param| frame.memory.params.part(param + block * len, len));
        Scale { values, per_element, without }
    }

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: usize) -> S::V {
        match self.values {
            Some(values) => values.load(simd, if self.per_element { at } else { 0 }),
            None => simd.splat(self.without),
        }
    }
}

/// `(x - mean) * inv_std` of a block.
#[derive(Clone, Copy)]
struct Normal<'a> {
    x: Span<'a>,
    stats: Pairs<'a>,
}

impl<'a> Normal<'a> {
    fn new(
        frame: &Frame<'a>,
        sample: usize,
        block: usize,
        [x, stats]: [&Map; 2],
        axes: SampleAxes,
    ) -> Normal<'a> {
        let stats = Pairs::new(frame, sample, block, stats, axes);
        Normal { x: frame.plane(sample, x, block), stats }
    }

    /// The value, and the inverse deviation.
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: usize) -> [S::V; 2] {
        let [mean, inverse] = self.stats.at(simd, at);
        [simd.mul(simd.sub(self.x.load(simd, at), mean), inverse), inverse]
    }
}

/// `(x - mean)²`
struct Squares<'a> {
    x: Span<'a>,
    stats: Pairs<'a>,
}

impl Terms<1> for Squares<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 1] {
        let [mean, _] = self.stats.at(simd, position);
        let off = simd.sub(self.x.load(simd, position), mean);
        [simd.mul(off, off)]
    }
}

/// `[g, g * normal]` with `g = dy * scale`
struct Weighed<'a> {
    dy: Span<'a>,
    normal: Normal<'a>,
    scale: Scale<'a>,
}

impl Terms<2> for Weighed<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 2] {
        let g = simd.mul(self.dy.load(simd, position), self.scale.at(simd, position));
        let [normal, _] = self.normal.at(simd, position);
        [g, simd.mul(g, normal)]
    }
}

/// Sums over the channels at a place; lanes past the last channel take no part.
struct Across<'a, T, const N: usize> {
    terms: &'a dyn Fn(usize) -> T,
    channels: usize,
    at: usize,
}

impl<T: Terms<N>, const N: usize> Kernel for Across<'_, T, N> {
    type Output = [f64; N];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f64; N] {
        let mut sums = [simd.splat(0.0); N];
        for block in 0..self.channels.div_ceil(BLOCK) {
            let real = simd.first_lanes(BLOCK.min(self.channels - block * BLOCK));
            let terms = (self.terms)(block).at(simd, self.at);
            for n in 0..N {
                sums[n] = simd.add(sums[n], simd.select(real, terms[n], simd.splat(0.0)));
            }
        }
        sums.map(|sum| {
            let mut lanes = [0.0; BLOCK];
            Span::local(&mut lanes).store(simd, 0, sum);
            lanes.iter().map(|&lane| lane as f64).sum()
        })
    }
}

struct Apply<'a> {
    normal: Normal<'a>,
    scale: Scale<'a>,
    shift: Scale<'a>,
    y: Span<'a>,
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (0..self.y.len()).step_by(BLOCK) {
            let [normal, _] = self.normal.at(simd, at);
            self.y.store(simd, at, simd.fma(normal, self.scale.at(simd, at), self.shift.at(simd, at)));
        }
    }
}

struct ChainRule<'a> {
    dy: Span<'a>,
    normal: Normal<'a>,
    scale: Scale<'a>,
    sums: Pairs<'a>,
    dx: Span<'a>,
}

impl Kernel for ChainRule<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (0..self.dx.len()).step_by(BLOCK) {
            let g = simd.mul(self.dy.load(simd, at), self.scale.at(simd, at));
            let ([normal, inverse], [plain, product]) = (self.normal.at(simd, at), self.sums.at(simd, at));
            let centred = simd.sub(simd.sub(g, plain), simd.mul(normal, product));
            self.dx.store(simd, at, simd.mul(centred, inverse));
        }
    }
}

/// Adds the terms of a sample to sums of which each element has its own.
struct Accumulate<'a> {
    terms: Weighed<'a>,
    sums: [Span<'a>; 2],
}

impl Kernel for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (0..self.sums[0].len()).step_by(BLOCK) {
            let terms = self.terms.at(simd, at);
            for (sums, term) in self.sums.into_iter().zip(terms) {
                sums.store(simd, at, simd.add(sums.load(simd, at), term));
            }
        }
    }
}
