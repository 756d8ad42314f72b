//! What a run does, once its options and the network's declaration have been put together.

use cnn_core::Result;

use super::args::Optimisation;
use crate::{
    optim::{Clip, OPTIMIZERS, Optimizer, Schedule, Update},
    plan::{
        Training,
        settings::{Bound, Chosen},
    },
    trainer::usage,
};

/// The setting that `--momentum` changes.
const MOMENTUM: &str = "momentum";

/// The settings that decide what comes out of training, beside data and seed.
#[derive(Debug, PartialEq)]
pub(super) struct Recipe {
    /// The number of passes over the training images.
    pub(super) epochs: usize,
    /// Images per forward and backward pass.
    pub(super) batch: usize,
    /// Forward and backward passes per update.
    pub(super) accumulate: usize,
    /// What an update does.
    pub(super) update: Update,
    /// The course of the learning rate.
    pub(super) schedule: Schedule,
}

impl Recipe {
    pub(super) fn new(options: &Optimisation, declared: &Training) -> Result<Recipe> {
        let schedule = options.schedule.unwrap_or(declared.schedule);
        Ok(Recipe {
            epochs: options.epochs.unwrap_or(declared.epochs),
            batch: options.batch.unwrap_or(declared.batch),
            accumulate: options.accumulate.unwrap_or(declared.accumulate),
            update: Update {
                optimizer: optimizer(options, declared.update.optimizer)?,
                clip: clip(options, declared.update.clip)?,
                average: options.average.map_or(declared.update.average, above_0),
            },
            schedule: Schedule { warm_up: options.warm_up.unwrap_or(schedule.warm_up), ..schedule },
        })
    }

    /// The options that ask for this recipe whatever the network declares, by name; the number of
    /// epochs is not among them.
    pub(super) fn options(&self) -> Vec<(&'static str, String)> {
        let (clip, limit) = match self.update.clip {
            Some(Clip::Value(limit)) => ("clip-value", limit),
            Some(Clip::Norm(limit)) => ("clip-norm", limit),
            None => ("clip-norm", 0.0),
        };
        vec![
            ("batch", self.batch.to_string()),
            ("accumulate", self.accumulate.to_string()),
            ("optimizer", self.update.optimizer.to_string()),
            ("schedule", self.schedule.to_string()),
            (clip, limit.to_string()),
            ("average", self.update.average.unwrap_or(0.0).to_string()),
        ]
    }
}

/// The network's optimizer, or the named one. A bare name of the network's own changes nothing, and
/// that of another keeps the network's penalty on weights: it belongs to what is minimised.
fn optimizer(options: &Optimisation, declared: Optimizer) -> Result<Optimizer> {
    let mut chosen = match options.optimizer {
        None => declared,
        Some(rule) if !rule.bare => rule.optimizer,
        Some(rule) if rule.optimizer.name() == declared.name() => declared,
        Some(rule) if declared.weight_decay() == 0.0 => rule.optimizer,
        Some(rule) => rule.optimizer.with_weight_decay(declared.weight_decay()),
    };
    if let Some(momentum) = options.momentum {
        chosen = with_momentum(chosen, momentum)?;
    }
    let chosen = options.lr.map_or(chosen, |lr| chosen.with_lr(lr));
    Ok(options.weight_decay.map_or(chosen, |decay| chosen.with_weight_decay(decay)))
}

fn with_momentum(optimizer: Optimizer, momentum: f32) -> Result<Optimizer> {
    match optimizer.with(MOMENTUM, Bound::Number(momentum)) {
        Some(Ok(changed)) => Ok(changed),
        Some(Err(wrong)) => Err(usage(format!("--momentum {momentum}: {}", wrong.message))),
        None => {
            let rows =
                OPTIMIZERS.rows.iter().filter(|row| row.spec.all().any(|param| param.name == MOMENTUM));
            let others: Vec<_> = rows.map(|row| row.spec.name).collect();
            let (name, others) = (optimizer.name(), others.join(" and "));
            Err(usage(format!("--momentum: {name} has none; {others} do")))
        }
    }
}

fn clip(options: &Optimisation, declared: Option<Clip>) -> Result<Option<Clip>> {
    match (options.clip_norm, options.clip_value) {
        (None, None) => Ok(declared),
        (Some(norm), None) => Ok(above_0(norm).map(Clip::Norm)),
        (None, Some(value)) => Ok(above_0(value).map(Clip::Value)),
        (Some(_), Some(_)) => Err(usage("--clip-norm and --clip-value: choose one")),
    }
}

/// `None` for 0, which switches off a limit that the network declares.
fn above_0(value: f32) -> Option<f32> {
    Some(value).filter(|&value| value > 0.0)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::optim::{Adadelta, Sgd};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Optimisation,
    }

    const DECLARED: Training = Training {
        update: Update {
            optimizer: Optimizer::Sgd(Sgd { lr: 0.1, weight_decay: 5e-4, ..Sgd::DEFAULT }),
            clip: Some(Clip::Norm(1.0)),
            average: Some(0.5),
        },
        accumulate: 2,
        ..crate::trainer::fixture::DESCRIPTION.training
    };

    fn recipe(line: &[&str]) -> Result<Recipe> {
        let options = Line::parse_from([&["train"], line].concat()).options;
        Recipe::new(&options, &DECLARED)
    }

    #[test]
    fn without_options_it_is_the_declared_one() {
        let Recipe { epochs, batch, accumulate, update, schedule } = recipe(&[]).unwrap();
        assert_eq!((epochs, batch, accumulate), (DECLARED.epochs, DECLARED.batch, DECLARED.accumulate));
        assert_eq!((update, schedule), (DECLARED.update, DECLARED.schedule));
        assert_eq!(recipe(&["--optimizer", "sgd"]).unwrap(), recipe(&[]).unwrap());
    }

    #[test]
    fn another_rule_keeps_the_weight_decay_unless_it_has_settings() {
        let optimizer = |line: &[&str]| recipe(line).unwrap().update.optimizer;
        let expected = Adadelta { lr: 0.5, weight_decay: 5e-4, ..Adadelta::DEFAULT };
        assert_eq!(optimizer(&["--optimizer", "adadelta", "--lr", "0.5"]), Optimizer::Adadelta(expected));
        let settings = optimizer(&["--optimizer", "adadelta(lr = 2)"]);
        assert_eq!(settings, Optimizer::Adadelta(Adadelta { lr: 2.0, ..Adadelta::DEFAULT }));
        assert_eq!(optimizer(&["--weight-decay", "0"]).weight_decay(), 0.0);
    }

    #[test]
    fn zero_turns_off_what_is_declared() {
        let update = recipe(&["--clip-norm", "0", "--average", "0"]).unwrap().update;
        assert_eq!((update.clip, update.average), (None, None));
        assert_eq!(recipe(&["--clip-value", "2"]).unwrap().update.clip, Some(Clip::Value(2.0)));
    }

    #[test]
    fn what_does_not_go_together_is_said() {
        let message = |line: &[&str]| recipe(line).unwrap_err().to_string();
        assert!(message(&["--optimizer", "adam", "--momentum", "0.9"]).contains("adam has none"));
        assert!(message(&["--clip-norm", "1", "--clip-value", "1"]).contains("choose one"));
        let nesterov = ["--optimizer", "sgd(momentum = 0.9, nesterov = true)", "--momentum", "0"];
        assert!(message(&nesterov).contains("looks ahead"));
    }

    #[test]
    fn its_own_options_ask_for_it_again() {
        let line = ["--momentum", "0.5", "--schedule", "step(2)", "--warm-up", "1.5", "--clip-value", "0.25"];
        let first = recipe(&line).unwrap();
        let options: Vec<String> =
            first.options().into_iter().map(|(name, value)| format!("--{name}={value}")).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        assert_eq!(recipe(&options).unwrap(), first);
    }
}
