//! The element-wise part of batch norm: `v = (v - mean) * scale + shift`, with one of each a
//! channel, and its chain rule.

use std::ops::Range;

use super::Pass;
use crate::{
    cpu::{
        memory::{Span, Vectors},
        simd::Simd,
    },
    plan::{BLOCK, Normalize, NormalizeGrad, padded},
};

impl<'a> Pass<'a> {
    /// By the batch's statistics.
    #[inline(always)]
    pub(super) fn normalize<S: Simd>(&self, simd: S, normalize: &Normalize) {
        let [mean, deviation] = self.statistics(normalize.stats);
        let params = self.epilogue.frame.memory.params;
        let (gamma, beta) = (params.from(normalize.gamma), params.from(normalize.beta));
        self.by_block(|block, vectors| {
            let of_block = |span: Span| span.load(simd, block * BLOCK);
            let scale = simd.mul(of_block(deviation), of_block(gamma));
            self.scale(simd, vectors, [of_block(mean), scale, of_block(beta)]);
        });
    }

    /// By the running statistics; mean, variance, scale and shift are places among the parameters.
    #[inline(always)]
    pub(super) fn normalize_running<S: Simd>(&self, simd: S, places: [usize; 4], eps: f32) {
        let params = self.epilogue.frame.memory.params;
        let [mean, var, gamma, beta] = places;
        self.by_block(|block, vectors| {
            let of_block = |place: usize| params.load(simd, place + block * BLOCK);
            let deviation = simd.sqrt(simd.add(of_block(var), simd.splat(eps)));
            let scale = simd.div(of_block(gamma), deviation);
            self.scale(simd, vectors, [of_block(mean), scale, of_block(beta)]);
        });
    }

    /// The chain rule through it.
    #[inline(always)]
    pub(super) fn normalize_running_grad<S: Simd>(&self, simd: S, [var, gamma]: [usize; 2], eps: f32) {
        let params = self.epilogue.frame.memory.params;
        self.by_block(|block, vectors| {
            let of_block = |place: usize| params.load(simd, place + block * BLOCK);
            let deviation = simd.sqrt(simd.add(of_block(var), simd.splat(eps)));
            let scale = simd.div(of_block(gamma), deviation);
            self.each(simd, vectors, |_, v| simd.mul(v, scale));
        });
    }

    #[inline(always)]
    fn scale<S: Simd>(&self, simd: S, vectors: Range<usize>, [mean, scale, shift]: [S::V; 3]) {
        self.each(simd, vectors, |_, v| simd.fma(simd.sub(v, mean), scale, shift));
    }

    /// The chain rule, by the batch's statistics and its sums.
    #[inline(always)]
    pub(super) fn normalize_grad<S: Simd>(&self, simd: S, through: &NormalizeGrad, x: Vectors) {
        let (frame, map) = (self.epilogue.frame, &self.epilogue.map);
        let share = simd.splat(1.0 / (frame.pass.batch * map.height * map.width) as f32);
        let [mean, deviation] = self.statistics(through.stats);
        let (params, grads) = (frame.memory.params, frame.memory.grads);
        self.by_block(|block, vectors| {
            let of_block = |span: Span, place: usize| span.load(simd, place + block * BLOCK);
            let (mean, deviation) = (of_block(mean, 0), of_block(deviation, 0));
            let scale = simd.mul(deviation, of_block(params, through.gamma));
            let shift = simd.mul(of_block(grads, through.dbeta), share);
            let slope = simd.mul(simd.mul(of_block(grads, through.dgamma), share), deviation);
            self.each(simd, vectors, |at, v| {
                let off = simd.mul(simd.sub(x.load(simd, at), mean), slope);
                simd.mul(simd.sub(simd.sub(v, shift), off), scale)
            });
        });
    }

    /// Means and inverse deviations.
    #[inline(always)]
    fn statistics(&self, stats: usize) -> [Span<'a>; 2] {
        let channels = padded(self.epilogue.map.channels);
        let stats = self.epilogue.frame.fixed(stats, 2 * channels);
        [stats.part(0, channels), stats.part(channels, channels)]
    }
}
