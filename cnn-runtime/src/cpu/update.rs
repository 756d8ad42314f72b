//! Optimizer steps: one pass over parameters, gradients, state and running average, eight elements
//! at a time.
//!
//! Where gradient, parameter and state are zero, as in padding, they stay zero. Results do not
//! depend on the threads.

pub(super) mod norm;
mod rules;

use std::ops::Range;

use super::{Cpu, memory::Span, simd::Isa, split};
use crate::{
    engine::PendingUpdate,
    optim::{Optimizer, ParamRange, UpdateScalars, range_of, ranges},
    plan::Param,
};
use rules::{Merge, Work};

/// Floats of one piece of work.
const PIECE: usize = 1 << 14;

/// Parameters, gradients and state, all of one length but the state.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub(super) params: Span<'a>,
    pub(super) grads: Span<'a>,
    pub(super) state: Span<'a>,
}

/// The pass over a network's memory that makes one update.
pub(super) struct UpdatePass<'a> {
    pending: &'a PendingUpdate,
    scalars: UpdateScalars,
    operands: Operands<'a>,
}

impl<'a> UpdatePass<'a> {
    /// The gradients need not be there yet.
    pub(super) fn new(pending: &'a PendingUpdate, operands: Operands<'a>) -> UpdatePass<'a> {
        UpdatePass { pending, scalars: pending.scalars(), operands }
    }

    /// Updates some of the parameters by their gradients.
    pub(super) fn run(&self, cpu: &Cpu, is_reached: &(dyn Fn(&Param) -> bool + Sync)) {
        each_piece(cpu, self.operands.params.len(), &|piece| {
            let reached = self.pending.params.iter().filter(|param| is_reached(param));
            for ParamRange { range, rule } in ranges(self.pending.update, reached) {
                let range = piece.start.max(range.start)..piece.end.min(range.end);
                if !range.is_empty() {
                    let gradient = self.operands.grads.part(range.start, range.len());
                    cpu.isa.run(Work { update: self, rule, start: range.start, gradient });
                }
            }
        });
    }

    /// The update of the parameter at an offset, if the step that computes its gradient makes it.
    pub(super) fn fused_update(&self, offset: usize) -> Option<FusedUpdate<'_>> {
        let param = self.pending.params.iter().find(|param| param.offset == offset)?;
        let range = range_of(&self.pending.update, param).filter(|_| param.fused_update)?;
        Some(FusedUpdate { update: self, rule: range.rule })
    }
}

/// The update of one parameter, part by part.
#[derive(Clone, Copy)]
pub(super) struct FusedUpdate<'a> {
    update: &'a UpdatePass<'a>,
    rule: Option<Optimizer>,
}

impl FusedUpdate<'_> {
    /// Updates the elements from `start` on by their gradient; both ends are multiples of a block.
    pub(super) fn update(&self, isa: Isa, start: usize, gradient: Span) {
        isa.run(Work { update: self.update, rule: self.rule, start, gradient });
    }
}

/// `gradients = share * gradients + (1 - share) * stashed`
pub(super) fn merge_stashed(cpu: &Cpu, share: f32, grads: Span, stashed: Span) {
    each_piece(cpu, grads.len(), &|range| cpu.isa.run(Merge { share, grads, stashed, range }));
}

/// Calls `body` for each piece of `0..len`, on several threads if that is worth it.
fn each_piece(cpu: &Cpu, len: usize, body: &(dyn Fn(Range<usize>) + Sync)) {
    let piece = |at: usize| body(at * PIECE..len.min((at + 1) * PIECE));
    let pieces = 0..len.div_ceil(PIECE);
    if is_parallel(cpu, len) { split::each(pieces, &piece) } else { pieces.for_each(piece) }
}

fn is_parallel(cpu: &Cpu, len: usize) -> bool {
    cpu.threads > 1 && len as u64 >= split::TINY
}
