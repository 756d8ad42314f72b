//! Optimizers: the update rules, their hyper-parameters and how much state each keeps.
//!
//! An engine applies a rule to the whole parameter arena in one pass; the rules themselves are in one file each.

pub mod adadelta;
pub mod schedule;
pub mod sgd;

pub use adadelta::Adadelta;
pub use schedule::{Schedule, ScheduleKind};
pub use sgd::Sgd;

/// All that happens to the parameters in one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The rule.
    pub optimizer: Optimizer,
    /// Limit of the gradients.
    pub clip: Option<Clip>,
    /// Decay `d` of a running average of the parameters, `a = d a + (1 - d) w`, which validation and saved weights then use. After
    /// `n` updates the decay is at most `(1 + n) / (10 + n)`, so that the first ones are soon forgotten.
    pub average: Option<f32>,
}

impl Update {
    /// The rule alone.
    pub const fn new(optimizer: Optimizer) -> Update {
        Update { optimizer, clip: None, average: None }
    }
}

/// A limit of the gradients before they are used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Scales all gradients together so that their Euclidean norm is at most this.
    Norm(f32),
    /// Limits each element's magnitude.
    Value(f32),
}

/// An update rule with its hyper-parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adadelta.
    Adadelta(Adadelta),
}

impl Optimizer {
    /// Name on the command line and in `train { }`.
    pub const fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd(_) => "sgd",
            Optimizer::Adadelta(_) => "adadelta",
        }
    }

    /// Learning rate.
    pub const fn lr(&self) -> f32 {
        match self {
            Optimizer::Sgd(rule) => rule.lr,
            Optimizer::Adadelta(rule) => rule.lr,
        }
    }

    /// L2 penalty.
    pub const fn weight_decay(&self) -> f32 {
        match self {
            Optimizer::Sgd(rule) => rule.weight_decay,
            Optimizer::Adadelta(rule) => rule.weight_decay,
        }
    }

    /// The same rule with another learning rate.
    pub const fn with_lr(mut self, lr: f32) -> Optimizer {
        match &mut self {
            Optimizer::Sgd(rule) => rule.lr = lr,
            Optimizer::Adadelta(rule) => rule.lr = lr,
        }
        self
    }

    /// Arrays of state, each as long as the parameters.
    pub const fn slots(&self) -> usize {
        match self {
            Optimizer::Sgd(rule) => (rule.momentum != 0.0) as usize,
            Optimizer::Adadelta(_) => 2,
        }
    }
}
