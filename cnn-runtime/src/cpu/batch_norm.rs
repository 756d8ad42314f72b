//! Batch norm's sums over the batch (Ioffe and Szegedy 2015): the statistics forward, two gradients
//! backward.
//!
//! The rest of the layer is element-wise, see [`super::epilogue`]. Blocks of channels are
//! independent pieces of work; a layer with fewer of them than would keep the threads busy also
//! divides the batch.

use super::{
    frame::Frame,
    memory::Span,
    simd::Simd,
    totals::{Terms, Values},
};
use crate::plan::{BLOCK, BatchNormSums, BatchStats, Layout, Map};

/// Runs [`BatchStats`]. The variance is summed around the mean, so large means cost no accuracy.
pub(super) fn stats(frame: &Frame, step: &'static BatchStats) {
    debug_assert_eq!(step.x.layout, Layout::Blocked);
    let (len, count) = (step.x.height * step.x.width * BLOCK, values_of_channel(frame, &step.x));
    frame.each_block(&step.x, &|block, parallel| {
        let plane = |sample| frame.plane(sample, &step.x, block);
        let [sums] = frame.totals(parallel, len, &|sample| Values(plane(sample)));
        let mut near = sums.map(|sum| (sum / count) as f32);
        let near = Span::local(&mut near);
        let [sums, squares] = frame.totals(parallel, len, &|sample| Deviations { x: plane(sample), near });
        let off = sums.map(|sum| sum / count);
        let mean = std::array::from_fn(|lane| near.get(lane) as f64 + off[lane]);
        let variance = std::array::from_fn(|lane| squares[lane] / count - off[lane] * off[lane]);
        record(frame, step, block, mean, variance);
    });
}

/// Writes the statistics of a block and moves the running ones.
fn record(frame: &Frame, step: &BatchStats, block: usize, mean: [f64; BLOCK], variance: [f64; BLOCK]) {
    let channels = step.x.channels.next_multiple_of(BLOCK);
    let stats = frame.fixed(step.stats, 2 * channels);
    let deviation = variance.map(|variance| 1.0 / (variance + step.eps as f64).sqrt());
    frame.write_channels(stats, &step.x, block, mean);
    frame.write_channels(stats.from(channels), &step.x, block, deviation);
    let count = values_of_channel(frame, &step.x);
    let unbiased = count / (count - 1.0).max(1.0);
    let momentum = step.momentum as f64;
    let running = [(step.running_mean, mean), (step.running_var, variance.map(|value| value * unbiased))];
    for (offset, batch) in running {
        let span = frame.memory.params.from(offset);
        let moved = |lane| {
            let before = span.get(block * BLOCK + lane) as f64;
            (1.0 - momentum) * before + momentum * batch[lane]
        };
        frame.write_channels(span, &step.x, block, std::array::from_fn(moved));
    }
}

/// `[x - near, (x - near)²]`
struct Deviations<'a> {
    x: Span<'a>,
    near: Span<'a>,
}

impl Terms<2> for Deviations<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 2] {
        let off = simd.sub(self.x.load(simd, position), self.near.load(simd, 0));
        [off, simd.mul(off, off)]
    }
}

/// Runs [`BatchNormSums`].
pub(super) fn sums(frame: &Frame, step: &'static BatchNormSums) {
    debug_assert_eq!(step.x.layout, Layout::Blocked);
    let (len, channels) = (step.x.height * step.x.width * BLOCK, step.x.channels.next_multiple_of(BLOCK));
    let stats = frame.fixed(step.stats, 2 * channels);
    frame.each_block(&step.x, &|block, parallel| {
        let [dbeta, products] = frame.totals(parallel, len, &|sample| Correlated {
            x: frame.plane(sample, &step.x, block),
            dy: frame.plane(sample, &step.dy, block),
            mean: stats.part(block * BLOCK, BLOCK),
        });
        let deviation = |lane| stats.get(channels + block * BLOCK + lane) as f64;
        let dgamma = std::array::from_fn(|lane| products[lane] * deviation(lane));
        let grads = frame.memory.grads;
        frame.write_channels(grads.from(step.beta), &step.x, block, dbeta);
        frame.write_channels(grads.from(step.gamma), &step.x, block, dgamma);
    });
}

/// `[dy, dy * (x - mean)]`
struct Correlated<'a> {
    x: Span<'a>,
    dy: Span<'a>,
    mean: Span<'a>,
}

impl Terms<2> for Correlated<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 2] {
        let dy = self.dy.load(simd, position);
        let off = simd.sub(self.x.load(simd, position), self.mean.load(simd, 0));
        [dy, simd.mul(dy, off)]
    }
}

fn values_of_channel(frame: &Frame, x: &Map) -> f64 {
    (frame.pass.batch * x.height * x.width) as f64
}
