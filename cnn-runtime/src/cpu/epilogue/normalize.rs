//! The element-wise part of batch norm: `v = (v - mean) * scale + shift`, with one of each a channel, and its chain rule.

use super::{BlockOp, VectorOp};
use crate::{
    cpu::{frame::Frame, memory::Span, simd::Simd},
    plan::{BLOCK, Map, Normalize, padded},
};

/// `(v - mean) * scale + shift`
pub(super) struct Scale<V> {
    mean: V,
    scale: V,
    shift: V,
}

impl<S: Simd> VectorOp<S> for Scale<S::V> {
    #[inline(always)]
    fn apply(&self, simd: S, value: S::V, _: usize) -> S::V {
        simd.fma(simd.sub(value, self.mean), self.scale, self.shift)
    }
}

/// By the batch's statistics.
pub(super) struct Normalized<'a> {
    mean: Span<'a>,
    deviation: Span<'a>,
    gamma: Span<'a>,
    beta: Span<'a>,
}

impl<'a> Normalized<'a> {
    #[inline(always)]
    pub(super) fn new(frame: &Frame<'a>, map: &Map, normalize: &Normalize) -> Normalized<'a> {
        let [mean, deviation] = statistics(frame, map, normalize);
        let params = frame.memory.params;
        Normalized { mean, deviation, gamma: params.from(normalize.gamma), beta: params.from(normalize.beta) }
    }
}

/// Means and inverse deviations.
#[inline(always)]
fn statistics<'a>(frame: &Frame<'a>, map: &Map, normalize: &Normalize) -> [Span<'a>; 2] {
    let channels = padded(map.channels);
    let stats = frame.fixed(normalize.stats, 2 * channels);
    [stats.part(0, channels), stats.part(channels, channels)]
}

impl<S: Simd> BlockOp<S> for Normalized<'_> {
    type Op = Scale<S::V>;

    #[inline(always)]
    fn of_block(&self, simd: S, block: usize) -> Scale<S::V> {
        let at = block * BLOCK;
        let scale = simd.mul(self.deviation.load(simd, at), self.gamma.load(simd, at));
        Scale { mean: self.mean.load(simd, at), scale, shift: self.beta.load(simd, at) }
    }
}

/// By the running statistics.
pub(super) struct NormalizedRunning<'a> {
    pub(super) mean: Span<'a>,
    pub(super) var: Span<'a>,
    pub(super) eps: f32,
    pub(super) gamma: Span<'a>,
    pub(super) beta: Span<'a>,
}

impl<S: Simd> BlockOp<S> for NormalizedRunning<'_> {
    type Op = Scale<S::V>;

    #[inline(always)]
    fn of_block(&self, simd: S, block: usize) -> Scale<S::V> {
        let at = block * BLOCK;
        let deviation = simd.sqrt(simd.add(self.var.load(simd, at), simd.splat(self.eps)));
        let scale = simd.div(self.gamma.load(simd, at), deviation);
        Scale { mean: self.mean.load(simd, at), scale, shift: self.beta.load(simd, at) }
    }
}

/// The chain rule, by the batch's statistics and its sums.
pub(super) struct NormalizedGrad<'a> {
    x: Span<'a>,
    /// Values of a channel.
    count: f32,
    mean: Span<'a>,
    deviation: Span<'a>,
    gamma: Span<'a>,
    dgamma: Span<'a>,
    dbeta: Span<'a>,
}

impl<'a> NormalizedGrad<'a> {
    #[inline(always)]
    pub(super) fn new(
        frame: &Frame<'a>,
        map: &Map,
        normalize: &Normalize,
        x: Span<'a>,
    ) -> NormalizedGrad<'a> {
        let [mean, deviation] = statistics(frame, map, normalize);
        let (params, grads) = (frame.memory.params, frame.memory.grads);
        NormalizedGrad {
            x,
            count: (frame.pass.batch * map.height * map.width) as f32,
            mean,
            deviation,
            gamma: params.from(normalize.gamma),
            dgamma: grads.from(normalize.gamma),
            dbeta: grads.from(normalize.beta),
        }
    }
}

impl<'a, S: Simd> BlockOp<S> for NormalizedGrad<'a> {
    type Op = ScaleGrad<'a, S::V>;

    #[inline(always)]
    fn of_block(&self, simd: S, block: usize) -> ScaleGrad<'a, S::V> {
        let at = block * BLOCK;
        let deviation = self.deviation.load(simd, at);
        let share = simd.splat(1.0 / self.count);
        let slope = simd.mul(simd.mul(self.dgamma.load(simd, at), share), deviation);
        ScaleGrad {
            x: self.x,
            mean: self.mean.load(simd, at),
            scale: simd.mul(deviation, self.gamma.load(simd, at)),
            shift: simd.mul(self.dbeta.load(simd, at), share),
            slope,
        }
    }
}

/// `(v - shift - (x - mean) * slope) * scale`
pub(super) struct ScaleGrad<'a, V> {
    x: Span<'a>,
    mean: V,
    scale: V,
    shift: V,
    slope: V,
}

impl<S: Simd> VectorOp<S> for ScaleGrad<'_, S::V> {
    #[inline(always)]
    fn apply(&self, simd: S, value: S::V, at: usize) -> S::V {
        let off = simd.mul(simd.sub(self.x.load(simd, at), self.mean), self.slope);
        simd.mul(simd.sub(simd.sub(value, self.shift), off), self.scale)
    }
}
