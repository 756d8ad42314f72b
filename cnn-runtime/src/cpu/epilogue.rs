//! Element-wise operations on vectors just written, while they are in the nearest cache.

mod activation;
mod dropout;
mod normalize;

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
};
use crate::{
    plan::{BLOCK, Elt, Map, padded},
    rng::Mask,
};
use activation::{Activate, Slope};
use dropout::{Drop, DropChannels};
use normalize::{Normalized, NormalizedGrad, NormalizedRunning};

/// The operations after a step, for one sample of its output.
#[derive(Clone, Copy)]
pub(super) struct Epilogue<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) ops: &'static [Elt],
    /// The output, and the sample.
    pub(super) map: Map,
    pub(super) sample: usize,
    /// Their memory.
    pub(super) slab: Span<'a>,
    pub(super) y: Span<'a>,
}

impl Epilogue<'_> {
    /// Applies all operations to `count` vectors of `y`, `step` floats apart from `position` on.
    pub(super) fn apply(&self, position: usize, step: usize, count: usize) {
        if !self.ops.is_empty() {
            self.frame.isa().run(Chain { epilogue: self, position, step, count });
        }
    }
}

struct Chain<'a> {
    epilogue: &'a Epilogue<'a>,
    position: usize,
    step: usize,
    count: usize,
}

/// Vectors that pass through the chain together.
const TOGETHER: usize = 8;

impl Kernel for Chain<'_> {
    type Output = ();

    /// Operands may lie where the result goes: a group of vectors is stored when all operations are done.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let y = self.epilogue.y;
        for first in (0..self.count).step_by(TOGETHER) {
            let mut group = [simd.splat(0.0); TOGETHER];
            let group = &mut group[..TOGETHER.min(self.count - first)];
            let start = self.position + first * self.step;
            for (vector, value) in group.iter_mut().enumerate() {
                *value = y.load(simd, start + vector * self.step);
            }
            for op in self.epilogue.ops {
                self.op(simd, op, group, start);
            }
            for (vector, value) in group.iter().enumerate() {
                y.store(simd, start + vector * self.step, *value);
            }
        }
    }
}

impl Chain<'_> {
    #[inline(always)]
    fn op<S: Simd>(&self, simd: S, op: &Elt, group: &mut [S::V], start: usize) {
        let Epilogue { frame, map: y, sample, slab, .. } = *self.epilogue;
        let values = |map: Map| slab.part(map.offset, map.len());
        match *op {
            Elt::Act(act) => self.each(simd, group, start, Activate { act }),
            Elt::ActGrad(act, map) => self.each(simd, group, start, Slope { act, y: values(map) }),
            Elt::Add(map) => self.each(simd, group, start, Sum { other: values(map) }),
            Elt::Dropout { rate, stream, channelwise } => {
                let mask = Mask::new(frame.pass.key, stream, rate);
                if channelwise {
                    let first = (sample * padded(y.channels)) as u32;
                    self.by_block(simd, group, start, DropChannels { mask, first });
                } else {
                    self.each(simd, group, start, Drop { mask, first: (sample * y.len()) as u32 });
                }
            }
            Elt::Normalize(normalize) => {
                self.by_block(simd, group, start, Normalized::new(frame, &y, &normalize));
            }
            Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
                let [mean, var, gamma, beta] =
                    [mean, var, gamma, beta].map(|offset| frame.memory.params.from(offset));
                self.by_block(simd, group, start, NormalizedRunning { mean, var, eps, gamma, beta });
            }
            Elt::NormalizeGrad(normalize, map) => {
                self.by_block(simd, group, start, NormalizedGrad::new(frame, &y, &normalize, values(map)));
            }
        }
    }

    #[inline(always)]
    fn each<S: Simd>(&self, simd: S, group: &mut [S::V], start: usize, op: impl VectorOp<S>) {
        for (vector, value) in group.iter_mut().enumerate() {
            *value = op.apply(simd, *value, start + vector * self.step);
        }
    }

    /// Applies an operation that differs between blocks of channels.
    #[inline(always)]
    fn by_block<S: Simd>(&self, simd: S, group: &mut [S::V], start: usize, op: impl BlockOp<S>) {
        let plane = self.epilogue.map.height * self.epilogue.map.width * BLOCK;
        let mut done = 0;
        while done < group.len() {
            let at = start + done * self.step;
            let block = at / plane;
            let room = ((block + 1) * plane - at).div_ceil(self.step);
            let end = group.len().min(done + room);
            self.each(simd, &mut group[done..end], at, op.of_block(simd, block));
            done = end;
        }
    }
}

/// An operation on the vector at a position of the map.
trait VectorOp<S: Simd> {
    fn apply(&self, simd: S, value: S::V, at: usize) -> S::V;
}

/// An operation for each block of channels.
trait BlockOp<S: Simd> {
    type Op: VectorOp<S>;
    fn of_block(&self, simd: S, block: usize) -> Self::Op;
}

struct Sum<'a> {
    other: Span<'a>,
}

impl<S: Simd> VectorOp<S> for Sum<'_> {
    #[inline(always)]
    fn apply(&self, simd: S, value: S::V, at: usize) -> S::V {
        simd.add(value, self.other.load(simd, at))
    }
}
