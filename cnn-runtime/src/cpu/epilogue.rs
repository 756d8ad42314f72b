//! Element-wise operations on vectors just written, while they are in the nearest cache.

use super::{
    copy,
    frame::Frame,
    memory::Span,
    simd::{Isa, Kernel, Simd, math},
};
use crate::{
    plan::{Act, BLOCK, Elementwise, Elt, Layout},
    rng::Mask,
};

/// The operations after a step, for one sample of its output.
#[derive(Clone, Copy)]
pub(super) struct Epilogue<'a> {
    pub(super) isa: Isa,
    pub(super) ops: &'static [Elt],
    pub(super) slab: Span<'a>,
    pub(super) y: Span<'a>,
    /// Number of the sample's first element in dropout masks.
    pub(super) first_element: u32,
    pub(super) key: Option<u64>,
}

impl Epilogue<'_> {
    /// Applies all operations to `count` vectors of `y`, `step` floats apart from `position` on.
    pub(super) fn apply(&self, position: usize, step: usize, count: usize) {
        if !self.ops.is_empty() {
            self.isa.run(Chain { epilogue: self, position, step, count });
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
        let Epilogue { slab, first_element, key, .. } = *self.epilogue;
        match *op {
            Elt::Act(act) => self.each(simd, group, start, Activate { act }),
            Elt::ActGrad(act, map) => {
                self.each(simd, group, start, Slope { act, y: slab.part(map.offset, map.len()) });
            }
            Elt::Dropout { rate, stream } => {
                let mask = Mask::new(key, stream, rate);
                self.each(simd, group, start, Drop { mask, first: first_element });
            }
            Elt::Add(map) => self.each(simd, group, start, Sum { other: slab.part(map.offset, map.len()) }),
        }
    }

    #[inline(always)]
    fn each<S: Simd>(&self, simd: S, group: &mut [S::V], start: usize, op: impl VectorOp) {
        for (vector, value) in group.iter_mut().enumerate() {
            *value = op.apply(simd, *value, start + vector * self.step);
        }
    }
}

/// An operation on the vector at a position of the map.
trait VectorOp {
    fn apply<S: Simd>(&self, simd: S, value: S::V, at: usize) -> S::V;
}

struct Activate {
    act: Act,
}

impl VectorOp for Activate {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, x: S::V, _: usize) -> S::V {
        let zero = simd.splat(0.0);
        match self.act {
            Act::Relu => simd.max(zero, x),
            Act::LeakyRelu(slope) => simd.select(simd.gt(x, zero), x, simd.mul(x, simd.splat(slope))),
            Act::Elu(alpha) => {
                let below = simd.mul(simd.splat(alpha), math::expm1(simd, x));
                simd.select(simd.gt(x, zero), x, below)
            }
            Act::Sigmoid => math::sigmoid(simd, x),
            Act::Tanh => math::tanh(simd, x),
        }
    }
}

struct Slope<'a> {
    act: Act,
    y: Span<'a>,
}

impl VectorOp for Slope<'_> {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, value: S::V, at: usize) -> S::V {
        let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
        let y = self.y.load(simd, at);
        let positive = simd.gt(y, zero);
        match self.act {
            Act::Relu => simd.select(positive, value, zero),
            Act::LeakyRelu(slope) => simd.select(positive, value, simd.mul(value, simd.splat(slope))),
            Act::Elu(alpha) => simd.select(positive, value, simd.mul(value, simd.add(y, simd.splat(alpha)))),
            Act::Sigmoid => simd.mul(value, simd.mul(y, simd.sub(one, y))),
            Act::Tanh => simd.mul(value, simd.sub(one, simd.mul(y, y))),
        }
    }
}

struct Drop {
    mask: Mask,
    first: u32,
}

impl VectorOp for Drop {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, value: S::V, at: usize) -> S::V {
        let kept = simd.kept(&self.mask, self.first.wrapping_add(at as u32));
        simd.select(kept, simd.mul(value, simd.splat(self.mask.scale)), simd.splat(0.0))
    }
}

struct Sum<'a> {
    other: Span<'a>,
}

impl VectorOp for Sum<'_> {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, value: S::V, at: usize) -> S::V {
        simd.add(value, self.other.load(simd, at))
    }
}

/// Floats of one piece of an element-wise step.
const PIECE: usize = 1 << 12;

/// See [`Elementwise`].
pub(super) fn elementwise(frame: &Frame, step: &'static Elementwise) {
    debug_assert_eq!(step.y.layout, Layout::Blocked, "only the network's input is planar");
    let (len, pieces) = (step.y.len(), step.y.len().div_ceil(PIECE));
    frame.each_sample(pieces, len as u64, &|sample, piece| {
        let start = piece * PIECE;
        let count = PIECE.min(len - start);
        if step.x.layout != step.y.layout {
            copy::blocks_from_planar(frame, sample, [&step.x, &step.y], start..start + count);
        } else if step.x != step.y {
            let x = frame.map(sample, &step.x).part(start, count);
            frame.map(sample, &step.y).part(start, count).copy_from(x);
        }
        frame.epilogue(step.ops, &step.y, sample).apply(start, BLOCK, count / BLOCK);
    });
}
