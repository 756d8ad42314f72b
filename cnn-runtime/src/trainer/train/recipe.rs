//! What a run does, once its options and the network's declaration have been put together.

use super::args::Optimisation;
use crate::{
    optim::{Adadelta, Optimizer, Sgd, Update},
    plan::Training,
    trainer::values::OptimizerName,
};

/// The settings that decide what comes out of training, beside data and seed.
pub(super) struct Recipe {
    /// Passes over the training images.
    pub(super) epochs: usize,
    /// Images per update.
    pub(super) batch: usize,
    /// What an update does.
    pub(super) update: Update,
}

impl Recipe {
    pub(super) fn new(options: &Optimisation, declared: &Training) -> Recipe {
        let optimizer = optimizer(declared.update.optimizer, options.optimizer, options.lr);
        Recipe {
            epochs: options.epochs.unwrap_or(declared.epochs),
            batch: options.batch.unwrap_or(declared.batch),
            update: Update { optimizer, ..declared.update },
        }
    }

    /// The options that would ask for this recipe, by name, but for the number of epochs.
    pub(super) fn options(&self) -> Vec<(&'static str, String)> {
        let optimizer = &self.update.optimizer;
        vec![
            ("batch", self.batch.to_string()),
            ("optimizer", optimizer.name().into()),
            ("lr", optimizer.lr().to_string()),
        ]
    }
}

/// The network's optimizer, or the named one with its usual settings; `lr` changes the rate of either. The penalty on
/// weights is the network's in any case: it belongs to what is minimised.
fn optimizer(declared: Optimizer, name: Option<OptimizerName>, lr: Option<f32>) -> Optimizer {
    let weight_decay = declared.weight_decay();
    let chosen = match (name, declared) {
        (None, _)
        | (Some(OptimizerName::Sgd), Optimizer::Sgd(_))
        | (Some(OptimizerName::Adadelta), Optimizer::Adadelta(_)) => declared,
        (Some(OptimizerName::Sgd), _) => Optimizer::Sgd(Sgd { weight_decay, ..Sgd::DEFAULT }),
        (Some(OptimizerName::Adadelta), _) => {
            Optimizer::Adadelta(Adadelta { weight_decay, ..Adadelta::DEFAULT })
        }
    };
    lr.map_or(chosen, |lr| chosen.with_lr(lr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rule_keeps_the_weight_decay() {
        let declared = Optimizer::Sgd(Sgd { lr: 0.1, weight_decay: 5e-4, ..Sgd::DEFAULT });
        assert_eq!(optimizer(declared, Some(OptimizerName::Sgd), None), declared);
        let chosen = optimizer(declared, Some(OptimizerName::Adadelta), Some(0.5));
        let expected = Adadelta { lr: 0.5, weight_decay: 5e-4, ..Adadelta::DEFAULT };
        assert_eq!(chosen, Optimizer::Adadelta(expected));
    }
}
