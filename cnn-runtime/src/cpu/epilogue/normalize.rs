//! The element-wise part of batch norm: `v = (v - mean) * scale + shift`, with one of each a channel, and its chain rule.

use std::ops::Range;

use super::Pass;
use crate::{
    cpu::{
        memory::{Span, Vectors},
        simd::Simd,
    },
    plan::{BLOCK, Normalize, padded},
};

impl<'a> Pass<'a> {
    /// By the batch's statistics.
    #[inline(always)]
    pub(super) fn normalize<S: Simd>(&self, simd: S, normalize: &Normalize) {
        let [mean, deviation] = self.statistics(normalize);
        let params = self.epilogue.frame.memory.params;
        let (gamma, beta) = (params.from(normalize.gamma), params.from(normalize.beta));
        self.by_block(|block, vectors| {
            let [mean, deviation, gamma, beta] =
                [mean, deviation, gamma, beta].map(|span| span.load(simd, block * BLOCK));
            self.scale(simd, vectors, [mean, simd.mul(deviation, gamma), beta]);
        });
    }

    /// By the running statistics; mean, variance, scale and shift are places among the parameters.
    #[inline(always)]
    pub(super) fn normalize_running<S: Simd>(&self, simd: S, places: [usize; 4], eps: f32) {
        let operands = places.map(|place| self.epilogue.frame.memory.params.from(place));
        self.by_block(|block, vectors| {
            let [mean, var, gamma, beta] = operands.map(|span| span.load(simd, block * BLOCK));
            let deviation = simd.sqrt(simd.add(var, simd.splat(eps)));
            self.scale(simd, vectors, [mean, simd.div(gamma, deviation), beta]);
        });
    }

    #[inline(always)]
    fn scale<S: Simd>(&self, simd: S, vectors: Range<usize>, [mean, scale, shift]: [S::V; 3]) {
        self.each(simd, vectors, |_, v| simd.fma(simd.sub(v, mean), scale, shift));
    }

    /// The chain rule, by the batch's statistics and its sums.
    #[inline(always)]
    pub(super) fn normalize_grad<S: Simd>(&self, simd: S, normalize: &Normalize, x: Vectors) {
        let (frame, map) = (self.epilogue.frame, &self.epilogue.map);
        let share = simd.splat(1.0 / (frame.pass.batch * map.height * map.width) as f32);
        let [mean, deviation] = self.statistics(normalize);
        let gamma = frame.memory.params.from(normalize.gamma);
        let [dgamma, dbeta] = [normalize.gamma, normalize.beta].map(|place| frame.memory.grads.from(place));
        self.by_block(|block, vectors| {
            let [mean, deviation, gamma, dgamma, dbeta] =
                [mean, deviation, gamma, dgamma, dbeta].map(|span| span.load(simd, block * BLOCK));
            let (scale, shift) = (simd.mul(deviation, gamma), simd.mul(dbeta, share));
            let slope = simd.mul(simd.mul(dgamma, share), deviation);
            self.each(simd, vectors, |at, v| {
                let off = simd.mul(simd.sub(x.load(simd, at), mean), slope);
                simd.mul(simd.sub(simd.sub(v, shift), off), scale)
            });
        });
    }

    /// Means and inverse deviations.
    #[inline(always)]
    fn statistics(&self, normalize: &Normalize) -> [Span<'a>; 2] {
        let channels = padded(self.epilogue.map.channels);
        let stats = self.epilogue.frame.fixed(normalize.stats, 2 * channels);
        [stats.part(0, channels), stats.part(channels, channels)]
    }
}
