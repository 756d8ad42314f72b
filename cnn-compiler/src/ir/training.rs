//! What `train { … }` declares, checked. Fields that are left out have their default in the runtime.

/// `cnn_runtime::plan::Training` without the loss, which the graph has.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub clip: Option<Clip>,
    /// Decay of the running average of the parameters.
    pub average: Option<f32>,
    pub batch: usize,
    /// Passes for one update.
    pub accumulate: usize,
    pub epochs: usize,
}

/// A limit of the gradients, `cnn_runtime::optim::Clip`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    Norm(f32),
    Value(f32),
}

/// A rule of `cnn_runtime::optim` with the fields that were given.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {
    /// The variant of `Optimizer` and the struct in it, `Adam`.
    pub rule: &'static str,
    /// The struct's constant that has all other fields, `DEFAULT`.
    pub base: &'static str,
    pub fields: Vec<(&'static str, Setting)>,
}

/// A course of the learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The variant of `cnn_runtime::optim::ScheduleKind`.
    pub kind: &'static str,
    /// All of its fields.
    pub fields: Vec<(&'static str, Setting)>,
    /// Epochs before the course begins.
    pub warm_up: f32,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Number(f32),
    Count(usize),
    Counts(Vec<usize>),
    Flag(bool),
}
