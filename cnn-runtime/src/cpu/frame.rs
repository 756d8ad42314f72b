//! What one call of generated code sees: some samples of the batch, and the memory they live in.
//!
//! Outside of regions a frame holds the whole batch and its steps divide their work among the
//! threads. In a region each thread has frames of single samples; a batch smaller than the threads
//! has one frame that divides its steps.

use std::ops::Range;

use super::{
    Cpu,
    memory::Span,
    simd::Isa,
    split,
    totals::{self, Terms, Total, Totals},
    update::{FusedUpdate, UpdatePass},
};
use crate::{
    engine::Pass,
    plan::{BLOCK, Map},
};

/// A network's memory during a pass.
#[derive(Clone, Copy)]
pub(super) struct Memory<'a> {
    pub(super) params: Span<'a>,
    pub(super) grads: Span<'a>,
    pub(super) arena: Span<'a>,
    pub(super) targets: &'a [u32],
}

/// What a step may touch: the samples that it works on, the memory, and whether it may use several
/// threads.
#[derive(Clone)]
pub(super) struct Frame<'a> {
    pub(super) cpu: &'a Cpu,
    pub(super) pass: Pass,
    pub(super) memory: Memory<'a>,
    /// The update that follows, of a pass whose gradients serve nothing else.
    pub(super) update: Option<&'a UpdatePass<'a>>,
    pub(super) samples: Range<usize>,
    /// Whether steps divide their own work among the threads.
    pub(super) divides: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn isa(&self) -> Isa {
        self.cpu.isa
    }

    /// The memory of one sample.
    pub(super) fn slab(&self, sample: usize) -> Span<'a> {
        let slab = self.pass.arena.slab;
        self.memory.arena.part(sample * slab, slab)
    }

    /// One sample of a map.
    pub(super) fn map(&self, sample: usize, map: &Map) -> Span<'a> {
        self.slab(sample).part(map.offset, map.len())
    }

    /// Eight channels of one sample of a blocked map.
    pub(super) fn plane(&self, sample: usize, map: &Map, block: usize) -> Span<'a> {
        let len = map.height * map.width * BLOCK;
        self.slab(sample).part(map.offset + block * len, len)
    }

    /// The same map of all samples, from the first on; samples are `slab` floats apart.
    pub(super) fn batch_map(&self, map: &Map) -> Span<'a> {
        let slab = self.pass.arena.slab;
        self.memory.arena.part(map.offset, (self.pass.batch - 1) * slab + map.len())
    }

    /// Memory of the batch as a whole.
    pub(super) fn fixed(&self, offset: usize, len: usize) -> Span<'a> {
        self.memory.arena.part(self.pass.batch * self.pass.arena.slab + offset, len)
    }

    /// Writes a block of the `values` that a map's channels have in a vector over channels; padding
    /// becomes zero.
    pub(super) fn write_channels(&self, vector: Span, map: &Map, block: usize, values: [f64; BLOCK]) {
        let mut values = values.map(|value| value as f32);
        values[BLOCK.min(map.channels - block * BLOCK)..].fill(0.0);
        vector.part(block * BLOCK, BLOCK).write(&values);
    }

    /// The update of the parameter at an offset, if it is made as soon as a part of the gradient is
    /// summed up, which then needs no place among the gradients.
    pub(super) fn fused_update(&self, offset: usize) -> Option<FusedUpdate<'a>> {
        self.update?.fused_update(offset)
    }

    /// Sums of terms over `len` floats of each of its samples, on several threads if `parallel`.
    pub(super) fn totals<T: Terms<N>, const N: usize>(
        &self,
        parallel: bool,
        len: usize,
        terms: &(dyn Fn(usize) -> T + Sync),
    ) -> Totals<N> {
        let of_sample = |sample| self.isa().run(Total { terms: terms(sample), len });
        totals::tree(self.samples.clone(), parallel, &of_sample)
    }

    /// Calls `body(block, parallel)` for each block of a map's channels, whose values of the whole
    /// batch are summed up; `parallel` if it is to divide its work, too.
    pub(super) fn each_block(&self, map: &Map, body: &(dyn Fn(usize, bool) + Sync)) {
        let (blocks, work) = (map.channels.div_ceil(BLOCK), 2 * (self.pass.batch * map.len()) as u64);
        let parallel = self.is_parallel(work) && blocks < 4 * self.cpu.threads;
        self.each(blocks, work, &|block| body(block, parallel));
    }

    /// Calls `body` with a frame for each sample, in parallel if the work, `macs` a sample, is
    /// worth it; with this frame, which divides its work, if samples are too few to keep the
    /// threads busy.
    pub(super) fn carry(&self, macs: u64, body: &(dyn Fn(&Frame) + Sync)) {
        let batch = self.samples.len();
        let tiny = macs.saturating_mul(batch as u64) < split::TINY;
        if !tiny && batch < self.cpu.threads {
            return body(self);
        }
        let one = |sample: usize| {
            body(&Frame { samples: sample..sample + 1, divides: false, ..self.clone() });
        };
        if tiny || self.cpu.threads == 1 {
            self.samples.clone().for_each(one);
        } else {
            split::each(self.samples.clone(), &one);
        }
    }

    /// Whether this frame may divide that much work.
    pub(super) fn is_parallel(&self, work: u64) -> bool {
        self.divides && self.cpu.threads > 1 && work >= split::TINY
    }

    /// Calls `body` for each piece, in parallel if this frame may and the work is worth it.
    pub(super) fn each(&self, pieces: usize, work: u64, body: &(dyn Fn(usize) + Sync)) {
        if self.is_parallel(work) {
            split::each(0..pieces, body);
        } else {
            (0..pieces).for_each(body);
        }
    }

    /// As [`Frame::each_sample`], for steps that touch so many elements of a sample and multiply
    /// little.
    pub(super) fn touch_each(&self, pieces: usize, elements: usize, body: &(dyn Fn(usize, usize) + Sync)) {
        self.each_sample(pieces, split::TOUCH.saturating_mul(elements as u64), body);
    }

    /// Calls `body(sample, piece)` for each piece of each sample.
    pub(super) fn each_sample(&self, pieces: usize, work: u64, body: &(dyn Fn(usize, usize) + Sync)) {
        let samples = self.samples.len();
        self.each(samples * pieces, work.saturating_mul(samples as u64), &|at| {
            body(self.samples.start + at / pieces, at % pieces);
        });
    }
}
