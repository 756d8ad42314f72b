//! What a step has to do at least: arithmetic, and bytes that move if each operand is touched once.
//!
//! A multiply-accumulate counts as two operations, whatever the algorithm saves; an element-wise
//! operation as one.

use crate::plan::{self, Map, Operand, StepRef};

/// Operations and bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes read and written.
    pub bytes: f64,
}

impl Work {
    /// The least work of a step for a batch.
    pub fn of(step: StepRef, batch: usize) -> Work {
        let described = step.described();
        let (macs, shared) = match described.work() {
            plan::Work::Multiply { macs, weights } => (macs, weights),
            plan::Work::Touch(_) => (0, 0),
            plan::Work::Arrange(floats) => (0, floats),
        };
        let map = described.writes().next().or_else(|| described.reads().next());
        let operations = described.epilogue().map_or(0, |elts| elts.len()).max((macs == 0) as usize);
        let single = map.map_or(0, |map| map.len() * operations);
        let floats: usize = described.operands().into_iter().filter_map(map_of).map(|map| map.len()).sum();
        Work {
            flops: (batch * (2 * macs + single)) as f64,
            bytes: ((batch * floats + shared) * size_of::<f32>()) as f64,
        }
    }
}

/// The map that an operand is.
fn map_of(operand: Operand<plan::Placed>) -> Option<Map> {
    match operand {
        Operand::Read(map) | Operand::Write(map) => Some(map),
        Operand::Param(_) | Operand::Gradient(_) | Operand::ReadGradient(_) => None,
        Operand::ReadArea(_) | Operand::WriteArea(_) => None,
    }
}
