//! The Euclidean norm of all trained parameters' gradients, in an order that depends on their sizes
//! alone.

use super::{PIECE, is_parallel};
use crate::{
    cpu::{
        Cpu,
        memory::Span,
        totals::{Products, Total, tree},
    },
    engine::PendingUpdate,
};

/// The norm; NaN if any gradient is.
pub(in crate::cpu) fn of(cpu: &Cpu, pending: &PendingUpdate, grads: Span) -> f64 {
    let trained = pending.ranges().filter(|part| part.rule.is_some());
    let squares = trained.map(|part| squares(cpu, grads.part(part.range.start, part.range.len())));
    squares.sum::<f64>().sqrt()
}

fn squares(cpu: &Cpu, grads: Span) -> f64 {
    let of_piece = |piece: usize| {
        let start = piece * PIECE;
        let grads = grads.part(start, PIECE.min(grads.len() - start));
        cpu.isa.run(Total { terms: Products(grads, grads), len: grads.len() })
    };
    let [lanes] = tree(0..grads.len().div_ceil(PIECE), is_parallel(cpu, grads.len()), &of_piece);
    lanes.iter().sum()
}
