//! Element-wise operations on vectors just written, while they are in a near cache.
//!
//! Each operation is a loop of its own over some vectors. Operands may lie where the result goes:
//! between the operations of a chain vectors wait in a local buffer, and they return when all
//! operations are done.

mod activation;
mod dropout;
mod normalize;

use std::ops::Range;

use super::{
    frame::Frame,
    memory::{Span, Vectors},
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, Elt, Map};

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

impl Frame<'_> {
    /// The epilogue of a step that writes `y`.
    pub(super) fn epilogue(&self, ops: &'static [Elt], y: &Map, sample: usize) -> Epilogue<'_> {
        Epilogue { frame: self, ops, map: *y, sample, slab: self.slab(sample), y: self.map(sample, y) }
    }
}

/// Vectors that pass through a chain together.
const TOGETHER: usize = 64;

impl Epilogue<'_> {
    /// Applies all operations to `count` vectors of `y`, `step` floats apart from `position` on.
    pub(super) fn apply(&self, position: usize, step: usize, count: usize) {
        match self.ops {
            [] => {}
            [op] => {
                let y = self.y.vectors(position, step, count);
                self.run(op, Places { position, step, count }, [y, y]);
            }
            ops => {
                for first in (0..count).step_by(TOGETHER) {
                    let count = TOGETHER.min(count - first);
                    self.chain(ops, Places { position: position + first * step, step, count });
                }
            }
        }
    }

    fn chain(&self, ops: &[Elt], places: Places) {
        let mut waiting = [0.0; TOGETHER * BLOCK];
        let waiting = Span::local(&mut waiting).vectors(0, BLOCK, places.count);
        let y = places.of(self.y);
        let last = ops.len() - 1;
        for (number, op) in ops.iter().enumerate() {
            let from = if number == 0 { y } else { waiting };
            let to = if number == last { y } else { waiting };
            self.run(op, places, [from, to]);
        }
    }

    fn run(&self, op: &Elt, places: Places, [from, to]: [Vectors; 2]) {
        self.frame.isa().run(Pass { epilogue: self, op, places, from, to });
    }
}

/// Where some vectors lie in a map.
#[derive(Clone, Copy)]
struct Places {
    position: usize,
    step: usize,
    count: usize,
}

impl Places {
    #[inline(always)]
    fn of<'a>(&self, span: Span<'a>) -> Vectors<'a> {
        span.vectors(self.position, self.step, self.count)
    }

    /// Runs of vectors of the same block of channels, of which each takes `plane` floats.
    #[inline(always)]
    fn blocks(&self, plane: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let Places { position, step, count } = *self;
        let mut next = 0;
        std::iter::from_fn(move || {
            let first = next;
            let at = position + first * step;
            next = count.min(first + (plane - at % plane).div_ceil(step));
            (first < count).then_some((at / plane, first..next))
        })
    }
}

/// One operation on some vectors.
struct Pass<'a> {
    epilogue: &'a Epilogue<'a>,
    op: &'a Elt,
    places: Places,
    from: Vectors<'a>,
    to: Vectors<'a>,
}

impl Kernel for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match *self.op {
            Elt::Act(act) => self.activate(simd, act),
            Elt::ActGrad(act, at) => self.slope(simd, act, self.operand(at)),
            Elt::Prelu(slope) => self.prelu(simd, &slope),
            Elt::PreluGrad(slope, x) => self.prelu_grad(simd, &slope, self.operand(x)),
            Elt::Add(other) => {
                let other = self.operand(other);
                self.each(simd, 0..self.places.count, |at, v| simd.add(v, other.load(simd, at)));
            }
            Elt::Mul(other) => {
                let other = self.operand(other);
                self.each(simd, 0..self.places.count, |at, v| simd.mul(v, other.load(simd, at)));
            }
            Elt::Dropout { rate, stream, channelwise } => self.drop(simd, rate, stream, channelwise),
            Elt::Normalize(normalize) => self.normalize(simd, &normalize),
            Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
                self.normalize_running(simd, [mean, var, gamma, beta], eps);
            }
            Elt::NormalizeRunningGrad { var, eps, gamma } => {
                self.normalize_running_grad(simd, [var, gamma], eps);
            }
            Elt::NormalizeGrad(through, x) => self.normalize_grad(simd, &through, self.operand(x)),
        }
    }
}

impl<'a> Pass<'a> {
    /// The vectors of another map at the same places.
    #[inline(always)]
    fn operand(&self, map: Map) -> Vectors<'a> {
        self.places.of(self.epilogue.slab.part(map.offset, map.len()))
    }

    #[inline(always)]
    fn each<S: Simd>(&self, simd: S, vectors: Range<usize>, op: impl Fn(usize, S::V) -> S::V) {
        for at in vectors {
            self.to.store(simd, at, op(at, self.from.load(simd, at)));
        }
    }

    /// Applies an operation that differs between blocks of channels.
    #[inline(always)]
    fn by_block(&self, mut op: impl FnMut(usize, Range<usize>)) {
        let map = &self.epilogue.map;
        for (block, vectors) in self.places.blocks(map.height * map.width * BLOCK) {
            op(block, vectors);
        }
    }
}
