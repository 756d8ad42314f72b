//! The words of a schedule: maps that lie in numbered buffers, and steps over them.
//!
//! They mirror `cnn_runtime::plan` with a buffer in place of an address and a parameter in place of an offset, so that
//! memory can be planned after the steps are known. What a step does is the graph's own operation; its operands stand in
//! the order of that operation's inputs, so that nothing here knows any layer.

use crate::ir::{Act, Conv, LayerId, Op, ParamId, Run, form::Form};

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

/// What a step reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A value of each sample.
    Map(Map),
    /// A parameter, or as a result its gradient.
    Param(ParamId),
    /// Floats of the batch as a whole.
    Area(AreaId),
}

/// An element-wise operation on a step's result before it is stored; `cnn_runtime::plan::Elt`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elt {
    Act(Act),
    /// `v * act'(x)` where the map holds `act(x)`
    ActGrad(Act, Map),
    Normalize(Normalize),
    NormalizeRunning {
        mean: ParamId,
        var: ParamId,
        eps: f32,
        gamma: ParamId,
        beta: ParamId,
    },
    /// The map is what was normalised.
    NormalizeGrad(Normalize, Map),
    Dropout {
        rate: f32,
        stream: u32,
        channelwise: bool,
    },
    Add(Map),
}

/// Operands of batch norm in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalize {
    pub stats: AreaId,
    pub gamma: ParamId,
    pub beta: ParamId,
}

/// What a step computes before its epilogue.
#[derive(Clone, Debug, PartialEq)]
pub enum Anchor {
    Op(Op),
    /// Nothing: the epilogue is all.
    Elementwise,
    /// `count` elements, in `[C, H, W]` order.
    Copy {
        x_start: usize,
        y_start: usize,
        count: usize,
    },
}

/// One call of generated code.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub layer: LayerId,
    pub anchor: Anchor,
    /// As the operation's inputs.
    pub operands: Vec<Place>,
    /// The value, or gradients of parameters; then areas to work in.
    pub results: Vec<Place>,
    pub epilogue: Vec<Elt>,
}

/// Whether a step treats samples one by one, or the batch as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Sample,
    Batch,
}

impl Elt {
    fn map(&self) -> Option<Map> {
        match *self {
            Elt::ActGrad(_, map) | Elt::NormalizeGrad(_, map) | Elt::Add(map) => Some(map),
            Elt::Act(_) | Elt::Normalize(_) | Elt::NormalizeRunning { .. } | Elt::Dropout { .. } => None,
        }
    }

    fn map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Elt::ActGrad(_, map) | Elt::NormalizeGrad(_, map) | Elt::Add(map) => Some(map),
            Elt::Act(_) | Elt::Normalize(_) | Elt::NormalizeRunning { .. } | Elt::Dropout { .. } => None,
        }
    }

    fn area(&self) -> Option<AreaId> {
        match self {
            Elt::Normalize(normalize) | Elt::NormalizeGrad(normalize, _) => Some(normalize.stats),
            _ => None,
        }
    }
}

impl Place {
    pub fn map(self) -> Option<Map> {
        if let Place::Map(map) = self { Some(map) } else { None }
    }

    fn map_mut(&mut self) -> Option<&mut Map> {
        if let Place::Map(map) = self { Some(map) } else { None }
    }

    /// The parameter, or the one whose gradient it is.
    pub fn param(self) -> Option<ParamId> {
        if let Place::Param(param) = self { Some(param) } else { None }
    }

    fn area(self) -> Option<AreaId> {
        if let Place::Area(area) = self { Some(area) } else { None }
    }
}

/// What touching an element costs, in multiply-accumulates; `cnn_runtime` counts alike.
const TOUCH: usize = 16;

impl Step {
    pub fn scope(&self) -> Scope {
        match &self.anchor {
            Anchor::Op(op) if matches!(op.run(), Run::Batch | Run::Reduce) => Scope::Batch,
            _ => Scope::Sample,
        }
    }

    /// Maps that the step reads, its epilogue's included.
    pub fn reads(&self) -> impl Iterator<Item = Map> {
        self.operands.iter().filter_map(|place| place.map()).chain(self.epilogue.iter().filter_map(Elt::map))
    }

    /// Maps that the step writes.
    pub fn writes(&self) -> impl Iterator<Item = Map> {
        self.results.iter().filter_map(|place| place.map())
    }

    /// Areas that the step touches.
    pub fn areas(&self) -> impl Iterator<Item = AreaId> {
        let places = self.operands.iter().chain(&self.results).filter_map(|place| place.area());
        places.chain(self.epilogue.iter().filter_map(Elt::area))
    }

    /// Every map of the step, to be redirected.
    pub fn maps_mut(&mut self) -> impl Iterator<Item = &mut Map> {
        let places = self.operands.iter_mut().chain(&mut self.results).filter_map(Place::map_mut);
        places.chain(self.epilogue.iter_mut().filter_map(Elt::map_mut))
    }

    /// Work for one sample: multiply-accumulates, and what touching elements costs where there is nothing to multiply;
    /// `u64::MAX` if it is more.
    pub fn work(&self) -> u64 {
        let elements = |map: Option<Map>| map.map_or(0, |map| map.form.elements());
        let channels = |map: Option<Map>| map.map_or(0, |map| map.form.shape[0]);
        let (read, written) = (self.reads().next(), self.writes().next());
        let second = self.reads().nth(1);
        let conv = |x, y, conv: &Conv| [elements(y), channels(x) / conv.groups, conv.taps()];
        let factors = match &self.anchor {
            Anchor::Op(Op::Conv(op)) => conv(read, written, op),
            Anchor::Op(Op::ConvInputGrad(op)) => conv(written, read, op),
            Anchor::Op(Op::ConvFilterGrad(op)) => conv(read, second, op),
            Anchor::Op(Op::Dense | Op::DenseInputGrad) => [elements(read), elements(written), 1],
            Anchor::Op(Op::DenseWeightGrad) => [elements(read), elements(second), 1],
            Anchor::Op(Op::Pool(pool)) => [TOUCH, elements(written), pool.taps()],
            Anchor::Op(Op::PoolGrad(pool)) => [TOUCH, elements(read), pool.taps()],
            Anchor::Op(Op::Lrn(response) | Op::LrnGrad(response)) => [TOUCH, elements(read), response.size],
            Anchor::Op(_) => [TOUCH, elements(read).max(elements(written)), 1],
            Anchor::Elementwise => [TOUCH, elements(written), self.epilogue.len()],
            Anchor::Copy { count, .. } => [TOUCH, *count, 1],
        };
        factors.iter().fold(1, |work: u64, &factor| work.saturating_mul(factor as u64))
    }
}
