//! The words of a schedule: maps that lie in numbered buffers, and steps over them.
//!
//! Steps are those of `cnn_plan`, with a buffer in place of an address and a parameter in place of
//! an offset, so that memory can be planned after the steps are known.

pub use cnn_plan::Scope;
use cnn_plan::{Addressing, Operand, Shaped};

use crate::ir::{LayerId, ParamId, form::Form};

/// The addressing of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbolic;

impl Addressing for Symbolic {
    type Name = LayerId;
    type Map = Map;
    type Param = ParamId;
    type Area = AreaId;
    type Epilogue = Vec<Elt>;
}

/// One call of generated code.
pub type Step = cnn_plan::Step<Symbolic>;
/// An element-wise operation on a step's result before it is stored.
pub type Elt = cnn_plan::Elt<Symbolic>;
/// Operands of batch norm in training.
pub type Normalize = cnn_plan::Normalize<Symbolic>;
/// Operands of its gradient.
pub type NormalizeGrad = cnn_plan::NormalizeGrad<Symbolic>;
/// The slopes of a parametric ReLU.
pub type Slope = cnn_plan::Slope<Symbolic>;

/// Index into [`super::Schedule::buffers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferId(pub usize);

/// Index into [`super::Schedule::areas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AreaId(pub usize);

/// A value in a buffer, `start` floats from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    pub buffer: BufferId,
    pub start: usize,
    pub form: Form,
}

impl Shaped for Map {
    fn shape(&self) -> [usize; 3] {
        self.form.shape
    }
}

/// Maps that a step reads, its epilogue's included.
pub fn reads(step: &Step) -> impl Iterator<Item = Map> {
    step.described().reads()
}

/// Maps that a step writes.
pub fn writes(step: &Step) -> impl Iterator<Item = Map> {
    step.described().writes()
}

/// Areas that a step touches, and whether it writes them.
pub fn areas(step: &Step) -> impl Iterator<Item = (AreaId, bool)> {
    step.described().operands().into_iter().filter_map(|operand| match operand {
        Operand::ReadArea(area) => Some((area, false)),
        Operand::WriteArea(area) => Some((area, true)),
        Operand::Read(_) | Operand::Write(_) | Operand::Param(_) => None,
        Operand::Gradient(_) | Operand::ReadGradient(_) => None,
    })
}

/// Parameters that a step reads.
pub fn params(step: &Step) -> impl Iterator<Item = ParamId> {
    step.described().operands().into_iter().filter_map(|operand| match operand {
        Operand::Param(param) => Some(param),
        Operand::Read(_)
        | Operand::Write(_)
        | Operand::Gradient(_)
        | Operand::ReadGradient(_)
        | Operand::ReadArea(_)
        | Operand::WriteArea(_) => None,
    })
}

/// Parameters whose gradients a step writes.
pub fn gradients(step: &Step) -> impl Iterator<Item = ParamId> {
    step.described().operands().into_iter().filter_map(|operand| match operand {
        Operand::Gradient(param) => Some(param),
        Operand::Read(_)
        | Operand::Write(_)
        | Operand::Param(_)
        | Operand::ReadGradient(_)
        | Operand::ReadArea(_)
        | Operand::WriteArea(_) => None,
    })
}

/// Parameters whose gradients a step reads.
pub fn read_gradients(step: &Step) -> impl Iterator<Item = ParamId> {
    step.described().operands().into_iter().filter_map(|operand| match operand {
        Operand::ReadGradient(param) => Some(param),
        Operand::Read(_)
        | Operand::Write(_)
        | Operand::Param(_)
        | Operand::Gradient(_)
        | Operand::ReadArea(_)
        | Operand::WriteArea(_) => None,
    })
}
