//! Optimizers and schedules as data: the update rules, their hyper-parameters, how much state each
//! keeps, and all of them as text.
//!
//! Every rule has a file with its formula and its type; an engine applies it to the whole parameter
//! arena in one pass. The names, settings and ranges of all rules and schedules are in two tables,
//! [`OPTIMIZERS`] and [`SCHEDULES`], from which `network!` and the command line both read.
//!
//! ```
//! use cnn_plan::optim::{Adam, Optimizer};
//!
//! let optimizer: Optimizer = "adam(lr = 3e-4)".parse()?;
//! assert_eq!(optimizer, Optimizer::Adam(Adam { lr: 3e-4, ..Adam::DEFAULT }));
//! assert_eq!(optimizer.to_string().parse(), Ok(optimizer));
//! # Ok::<(), String>(())
//! ```

mod adadelta;
mod adagrad;
mod adam;
mod rmsprop;
mod schedule;
mod sgd;
mod table;
#[cfg(test)]
mod tests;

pub use adadelta::Adadelta;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use rmsprop::RmsProp;
pub use schedule::{Schedule, ScheduleKind};
pub use sgd::Sgd;
pub use table::{OPTIMIZERS, SCHEDULES};

use crate::{settings::Chosen, source::plain};

plain! {
    /// An update of the parameters: the rule, and what is done before and after it.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Update {
        /// The rule.
        pub optimizer: Optimizer,
        /// Limit of the gradients, if there is one.
        pub clip: Option<Clip>,
        /// Decay `d` of a running average of the parameters, `a = d a + (1 - d) w`, which
        /// validation and saved weights then use. It starts at the weights after the first update;
        /// after `n` updates the decay is at most `(1 + n) / (10 + n)`, so that the first ones are
        /// soon forgotten, as in TensorFlow.
        pub average: Option<f32>,
    }
}

impl Update {
    /// An update by the rule alone.
    pub const fn new(optimizer: Optimizer) -> Update {
        Update { optimizer, clip: None, average: None }
    }

    /// Number of arrays of state, each as long as the parameters: the rule's, then the running
    /// average.
    #[inline]
    pub const fn slots(&self) -> usize {
        self.optimizer.slots() + self.average.is_some() as usize
    }
}

plain! {
    /// A limit of the gradients before they are used.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Clip {
        /// Scaling of all gradients together, so that their Euclidean norm is at most this.
        Norm(limit: f32),
        /// A limit of the magnitude of each element.
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
        /// Adam.
        Adam(rule: Adam),
        /// AdamW.
        AdamW(rule: AdamW),
    }
}

impl Optimizer {
    /// The rule's name in [`OPTIMIZERS`].
    pub fn name(&self) -> &'static str {
        Chosen::name(self)
    }

    /// Learning rate.
    #[inline]
    pub const fn lr(&self) -> f32 {
        let mut rule = *self;
        *rule.settings().0
    }

    /// L2 penalty, or AdamW's decay.
    #[inline]
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

    /// Number of arrays of state, each as long as the parameters.
    #[inline]
    pub const fn slots(&self) -> usize {
        match self {
            Optimizer::Sgd(rule) => (rule.momentum != 0.0) as usize,
            Optimizer::Adagrad(_) => 1,
            Optimizer::RmsProp(rule) => rule.slots(),
            Optimizer::Adadelta(_) | Optimizer::Adam(_) | Optimizer::AdamW(_) => 2,
        }
    }

    /// Factor of the weights that is added to the gradient.
    #[inline]
    pub const fn penalty(&self) -> f32 {
        if self.is_decoupled() { 0.0 } else { self.weight_decay() }
    }

    /// Factor of the weights before a step.
    #[inline]
    pub const fn kept(&self) -> f32 {
        if self.is_decoupled() { 1.0 - self.lr() * self.weight_decay() } else { 1.0 }
    }

    /// True if weights decay by themselves instead of through the gradient.
    #[inline]
    const fn is_decoupled(&self) -> bool {
        matches!(self, Optimizer::AdamW(_))
    }

    /// Learning rate and weight decay, which every rule has.
    #[inline]
    const fn settings(&mut self) -> (&mut f32, &mut f32) {
        let (Optimizer::Sgd(Sgd { lr, weight_decay, .. })
        | Optimizer::Adagrad(Adagrad { lr, weight_decay, .. })
        | Optimizer::Adadelta(Adadelta { lr, weight_decay, .. })
        | Optimizer::RmsProp(RmsProp { lr, weight_decay, .. })
        | Optimizer::Adam(Adam { lr, weight_decay, .. })
        | Optimizer::AdamW(AdamW { lr, weight_decay, .. })) = self;
        (lr, weight_decay)
    }
}
