//! The words of a schedule: maps that lie in numbered buffers, and steps over them.
//!
//! They mirror `cnn_runtime::plan` with a buffer in place of an address and a parameter in place of an offset, so that
//! memory can be planned after the steps are known.

use crate::ir::{Act, Conv, LayerId, ParamId, Pool, form::Form};

/// Index into [`super::Schedule::buffers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferId(pub usize);

/// Index into [`super::Schedule::scratch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchId(pub usize);

/// A value in a buffer, `start` floats from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    pub buffer: BufferId,
    pub start: usize,
    pub form: Form,
}

/// An element-wise operation on a step's result before it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elt {
    Act(Act),
    /// `v * act'(x)` where the map holds `act(x)`
    ActGrad(Act, Map),
    Dropout {
        rate: f32,
        stream: u32,
    },
    Add(Map),
}

/// What a step computes before its epilogue.
#[derive(Clone, Debug, PartialEq)]
pub enum Anchor {
    Conv { x: Map, y: Map, conv: Conv, filter: ParamId, bias: Option<ParamId> },
    ConvInputGrad { dy: Map, dx: Map, conv: Conv, filter: ParamId, scratch: ScratchId },
    ConvFilterGrad { x: Map, dy: Map, conv: Conv, filter: ParamId, bias: Option<ParamId> },
    Dense { x: Map, y: Map, weight: ParamId, bias: Option<ParamId> },
    DenseInputGrad { dy: Map, dx: Map, weight: ParamId },
    DenseWeightGrad { x: Map, dy: Map, weight: ParamId, bias: Option<ParamId> },
    Pool { x: Map, y: Map, pool: Pool },
    PoolGrad { x: Map, dy: Map, dx: Map, pool: Pool },
    Elementwise { x: Map, y: Map },
    Copy { x: Map, x_start: usize, y: Map, y_start: usize, count: usize },
    CrossEntropy { logits: Map, loss: Map, grad: Option<Map>, weight: f32 },
}

/// One call of generated code.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub layer: LayerId,
    pub anchor: Anchor,
    pub epilogue: Vec<Elt>,
}

/// Whether a step treats samples one by one, or the batch as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Sample,
    Batch,
}

impl Step {
    pub fn scope(&self) -> Scope {
        match self.anchor {
            Anchor::ConvFilterGrad { .. }
            | Anchor::Dense { .. }
            | Anchor::DenseInputGrad { .. }
            | Anchor::DenseWeightGrad { .. } => Scope::Batch,
            Anchor::Conv { .. }
            | Anchor::ConvInputGrad { .. }
            | Anchor::Pool { .. }
            | Anchor::PoolGrad { .. }
            | Anchor::Elementwise { .. }
            | Anchor::Copy { .. }
            | Anchor::CrossEntropy { .. } => Scope::Sample,
        }
    }

    /// Maps that the step reads, its epilogue's included.
    pub fn reads(&self) -> Vec<Map> {
        let mut maps = match self.anchor {
            Anchor::Conv { x, .. } | Anchor::Dense { x, .. } | Anchor::Pool { x, .. } => vec![x],
            Anchor::Elementwise { x, .. } | Anchor::Copy { x, .. } => vec![x],
            Anchor::ConvInputGrad { dy, .. } | Anchor::DenseInputGrad { dy, .. } => vec![dy],
            Anchor::ConvFilterGrad { x, dy, .. } | Anchor::DenseWeightGrad { x, dy, .. } => vec![x, dy],
            Anchor::PoolGrad { x, dy, .. } => vec![x, dy],
            Anchor::CrossEntropy { logits, .. } => vec![logits],
        };
        maps.extend(self.epilogue.iter().filter_map(|elt| match *elt {
            Elt::ActGrad(_, map) | Elt::Add(map) => Some(map),
            Elt::Act(_) | Elt::Dropout { .. } => None,
        }));
        maps
    }

    /// Maps that the step writes.
    pub fn writes(&self) -> Vec<Map> {
        match self.anchor {
            Anchor::Conv { y, .. } | Anchor::Dense { y, .. } | Anchor::Pool { y, .. } => vec![y],
            Anchor::Elementwise { y, .. } | Anchor::Copy { y, .. } => vec![y],
            Anchor::ConvInputGrad { dx, .. } | Anchor::DenseInputGrad { dx, .. } => vec![dx],
            Anchor::PoolGrad { dx, .. } => vec![dx],
            Anchor::ConvFilterGrad { .. } | Anchor::DenseWeightGrad { .. } => vec![],
            Anchor::CrossEntropy { loss, grad, .. } => [Some(loss), grad].into_iter().flatten().collect(),
        }
    }

    /// Every map of the step, to be redirected.
    pub fn maps_mut(&mut self) -> Vec<&mut Map> {
        let mut maps = match &mut self.anchor {
            Anchor::Conv { x, y, .. } | Anchor::Dense { x, y, .. } | Anchor::Pool { x, y, .. } => vec![x, y],
            Anchor::Elementwise { x, y } | Anchor::Copy { x, y, .. } => vec![x, y],
            Anchor::ConvInputGrad { dy, dx, .. } | Anchor::DenseInputGrad { dy, dx, .. } => vec![dy, dx],
            Anchor::ConvFilterGrad { x, dy, .. } | Anchor::DenseWeightGrad { x, dy, .. } => vec![x, dy],
            Anchor::PoolGrad { x, dy, dx, .. } => vec![x, dy, dx],
            Anchor::CrossEntropy { logits, loss, grad, .. } => {
                [Some(logits), Some(loss), grad.as_mut()].into_iter().flatten().collect()
            }
        };
        maps.extend(self.epilogue.iter_mut().filter_map(|elt| match elt {
            Elt::ActGrad(_, map) | Elt::Add(map) => Some(map),
            Elt::Act(_) | Elt::Dropout { .. } => None,
        }));
        maps
    }

    /// Work for one sample: multiply-accumulates, or elements touched where there is nothing to multiply.
    pub fn work(&self) -> u64 {
        let area = |kernel: [usize; 2]| kernel[0] * kernel[1];
        let work = match &self.anchor {
            Anchor::Conv { x, y, conv, .. }
            | Anchor::ConvInputGrad { dx: x, dy: y, conv, .. }
            | Anchor::ConvFilterGrad { x, dy: y, conv, .. } => {
                y.form.elements() * x.form.shape[0] / conv.groups * area(conv.window.kernel)
            }
            Anchor::Dense { x, y, .. }
            | Anchor::DenseInputGrad { dx: x, dy: y, .. }
            | Anchor::DenseWeightGrad { x, dy: y, .. } => x.form.elements() * y.form.elements(),
            Anchor::Pool { y, pool, .. } | Anchor::PoolGrad { dy: y, pool, .. } => {
                y.form.elements() * area(pool.window.kernel)
            }
            Anchor::Elementwise { y, .. } => y.form.elements() * self.epilogue.len(),
            Anchor::Copy { count, .. } => *count,
            Anchor::CrossEntropy { logits, .. } => logits.form.elements(),
        };
        work as u64
    }
}
