//! Optimizers and schedules as data: the update rules, their hyper-parameters, how much state each keeps, and all of them as text.
//!
//! An engine applies a rule to the whole parameter arena in one pass; the formulas stand with the rules, one file each.

mod adadelta;
mod adagrad;
mod adam;
mod display;
mod rmsprop;
mod schedule;
mod settings;
mod sgd;
mod text;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use rmsprop::RmsProp;
pub use schedule::{Schedule, ScheduleKind};
pub use sgd::Sgd;

use crate::source::plain;

plain! {
    /// All that happens to the parameters in one update.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Update {
        /// The rule.
        pub optimizer: Optimizer,
        /// Limit of the gradients.
        pub clip: Option<Clip>,
        /// Decay `d` of a running average of the parameters, `a = d a + (1 - d) w`, which validation and saved weights then use. It
        /// starts at the weights after the first update; after `n` updates the decay is at most `(1 + n) / (10 + n)`, so that the first
        /// ones are soon forgotten, as in TensorFlow.
        pub average: Option<f32>,
    }
}

impl Update {
    /// The rule alone.
    pub const fn new(optimizer: Optimizer) -> Update {
        Update { optimizer, clip: None, average: None }
    }

    /// Arrays of state, each as long as the parameters: the rule's, then the running average.
    pub const fn slots(&self) -> usize {
        self.optimizer.slots() + self.average.is_some() as usize
    }
}

plain! {
    /// A limit of the gradients before they are used.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Clip {
        /// Scales all gradients together so that their Euclidean norm is at most this.
        Norm(limit: f32),
        /// Limits each element's magnitude.
        Value(limit: f32),
    }
}

plain! {
    /// An update rule with its hyper-parameters.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Optimizer {
        /// Stochastic gradient descent with momentum.
        Sgd(rule: Sgd),
        /// Adagrad.
        Adagrad(rule: Adagrad),
        /// Adadelta.
        Adadelta(rule: Adadelta),
        /// RMSprop.
        RmsProp(rule: RmsProp),
        /// Adam and AdamW.
        Adam(rule: Adam),
    }
}

impl Optimizer {
    /// Name on the command line and in `train { }`.
    pub const fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd(_) => "sgd",
            Optimizer::Adagrad(_) => "adagrad",
            Optimizer::Adadelta(_) => "adadelta",
            Optimizer::RmsProp(_) => "rmsprop",
            Optimizer::Adam(Adam { decoupled: false, .. }) => "adam",
            Optimizer::Adam(Adam { decoupled: true, .. }) => "adamw",
        }
    }

    /// Learning rate.
    pub const fn lr(&self) -> f32 {
        let mut rule = *self;
        *rule.settings().0
    }

    /// L2 penalty, or the decoupled decay.
    pub const fn weight_decay(&self) -> f32 {
        let mut rule = *self;
        *rule.settings().1
    }

    /// The same rule with another learning rate.
    pub const fn with_lr(mut self, lr: f32) -> Optimizer {
        *self.settings().0 = lr;
        self
    }

    /// The same rule with another weight decay.
    pub const fn with_weight_decay(mut self, weight_decay: f32) -> Optimizer {
        *self.settings().1 = weight_decay;
        self
    }

    /// Arrays of state, each as long as the parameters.
    pub const fn slots(&self) -> usize {
        match self {
            Optimizer::Sgd(rule) => (rule.momentum != 0.0) as usize,
            Optimizer::Adagrad(_) => 1,
            Optimizer::RmsProp(rule) => rule.slots(),
            Optimizer::Adadelta(_) | Optimizer::Adam(_) => 2,
        }
    }

    /// Factor of the weights that is added to the gradient.
    pub const fn penalty(&self) -> f32 {
        if self.is_decoupled() { 0.0 } else { self.weight_decay() }
    }

    /// Factor of the weights before a step.
    pub const fn kept(&self) -> f32 {
        if self.is_decoupled() { 1.0 - self.lr() * self.weight_decay() } else { 1.0 }
    }

    const fn is_decoupled(&self) -> bool {
        matches!(self, Optimizer::Adam(Adam { decoupled: true, .. }))
    }

    /// What every rule has: learning rate and weight decay.
    const fn settings(&mut self) -> (&mut f32, &mut f32) {
        let (Optimizer::Sgd(Sgd { lr, weight_decay, .. })
        | Optimizer::Adagrad(Adagrad { lr, weight_decay, .. })
        | Optimizer::Adadelta(Adadelta { lr, weight_decay, .. })
        | Optimizer::RmsProp(RmsProp { lr, weight_decay, .. })
        | Optimizer::Adam(Adam { lr, weight_decay, .. })) = self;
        (lr, weight_decay)
    }
}
