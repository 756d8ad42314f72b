//! Optimizer steps: one pass over parameters, gradients, state and running average, eight elements at a time.
//!
//! Where gradient, parameter and state are zero, as in padding, they stay zero. Results do not depend on the threads.

mod norm;
mod rules;

use std::ops::Range;

use super::{Cpu, memory::Span, split};
use crate::{
    error::Result,
    optim::{Stretch, Update},
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

/// Makes the update with a number from 1.
pub(super) fn run(
    cpu: &Cpu,
    update: &Update,
    number: u64,
    params: &'static [Param],
    operands: Operands,
) -> Result<()> {
    let moment = update.moment(number, || Ok(norm::of(cpu, update, params, operands.grads)))?;
    let average = update.optimizer.slots() * operands.params.len();
    each_piece(cpu, operands.params.len(), &|piece| {
        for Stretch { range, rule } in update.stretches(params) {
            let range = piece.start.max(range.start)..piece.end.min(range.end);
            if !range.is_empty() {
                cpu.isa.run(Work { rule, moment, operands, average, range });
            }
        }
    });
    Ok(())
}

/// `gradients = share * gradients + (1 - share) * aside`
pub(super) fn merge(cpu: &Cpu, share: f32, grads: Span, aside: Span) {
    each_piece(cpu, grads.len(), &|range| cpu.isa.run(Merge { share, grads, aside, range }));
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
