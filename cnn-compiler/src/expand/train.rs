//! `train { … }`: a table of settings. What the loss, the optimizer and the schedule can be is said
//! by the tables of `cnn_plan`; checked here is what depends on the network and on the other
//! settings.

mod loss;
mod schedule;

use cnn_plan::{
    Init, LOSSES, LossKind, Training,
    optim::{Adadelta, Clip, OPTIMIZERS, Optimizer, SCHEDULES, Schedule, Update},
    settings::{Bound, Kind, Spec, Table, Word, optional, unset, words},
};

use super::{Diagnostics, freeze::Freeze, section};
use crate::{
    ast::{self, Span},
    shape::{Args, Argument, Defaults, Made, bind, choose},
};

const TRAIN: Spec = Spec {
    name: "train",
    params: &[],
    attributes: &[
        unset("loss", Kind::Choice),
        unset("optimizer", Kind::Choice),
        unset("schedule", Kind::Choice),
        optional("batch", Kind::Count, Bound::Count(128)),
        optional("accumulate", Kind::Count, Bound::Count(1)),
        optional("epochs", Kind::Count, Bound::Count(12)),
        optional("init", Kind::Init, Bound::Init(Init::GlorotUniform)),
        unset("average", Kind::SHARE),
        unset("clip_norm", Kind::POSITIVE),
        unset("clip_value", Kind::POSITIVE),
        optional("decay", Kind::Word(words::<Decay>), Bound::Word("all")),
        unset("freeze", Kind::Texts),
    ],
};

/// The parameters that weight decay applies to where a layer does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decay {
    All,
    /// All but biases and what normalisation learns.
    Weights,
}

impl Word for Decay {
    const WORDS: &'static [(&'static str, Decay)] = &[("all", Decay::All), ("weights", Decay::Weights)];
}

/// `train { … }` as evaluated.
pub(super) struct Train {
    pub settings: Training,
    pub defaults: Defaults,
    pub freeze: Freeze,
}

/// What `train { … }` chooses from tables, where it does.
#[derive(Default)]
struct Choices {
    loss: Option<Made<LossKind>>,
    optimizer: Option<Made<Optimizer>>,
    schedule: Option<Made<Schedule>>,
}

/// Evaluates the train section, or its defaults.
pub(super) fn training(network: &ast::Network, errors: &mut Diagnostics) -> Train {
    let (given, span) = section::find(network, "train").unwrap_or((&[], network.name.span().into()));
    let given = section::arguments("train", given, errors);
    let choices = choices(&given, errors);
    let args = bind(&TRAIN, "train", span, &given, errors);
    match args.zip(choices) {
        Some((args, choices)) => train(&args, &choices, network, errors),
        None => failed(span, network, errors),
    }
}

/// After an error: the defaults, with a loss that takes whatever scores there are, so that no other
/// error follows.
fn failed(span: Span, network: &ast::Network, errors: &mut Diagnostics) -> Train {
    let args = bind(&TRAIN, "train", span, &[], errors).expect("every setting has a default");
    let mut train = train(&args, &Choices::default(), network, errors);
    train.defaults.loss = LossKind::MeanSquared;
    train
}

/// Nothing if one of the choices is wrong.
fn choices(given: &[Argument], errors: &mut Diagnostics) -> Option<Choices> {
    let loss = chosen("loss", &LOSSES, given, errors);
    let optimizer = chosen("optimizer", &OPTIMIZERS, given, errors);
    let schedule = chosen("schedule", &SCHEDULES, given, errors);
    Some(Choices { loss: loss?, optimizer: optimizer?, schedule: schedule? })
}

/// What is chosen for a setting, which may be nothing; nothing at all after an error.
fn chosen<T>(
    setting: &str,
    table: &Table<T>,
    given: &[Argument],
    errors: &mut Diagnostics,
) -> Option<Option<Made<T>>> {
    let is_called = |argument: &&Argument| argument.key.as_ref().is_some_and(|(key, _)| key == setting);
    match given.iter().find(is_called) {
        Some(argument) => choose(table, "train", argument, errors).map(Some),
        None => Some(None),
    }
}

fn train(args: &Args, choices: &Choices, network: &ast::Network, errors: &mut Diagnostics) -> Train {
    let values = &args.values;
    let epochs = values.count("epochs");
    let loss = loss::loss(choices.loss.as_ref(), network, errors);
    // Adadelta as in the Keras example, if none is chosen.
    let optimizer = choices.optimizer.as_ref().map(|made| made.thing);
    let optimizer = optimizer.unwrap_or(Optimizer::Adadelta(Adadelta::DEFAULT));
    Train {
        settings: Training {
            update: Update { optimizer, clip: clip(args, errors), average: values.given_number("average") },
            schedule: schedule::schedule(choices.schedule.as_ref(), epochs, errors),
            batch: values.count("batch"),
            accumulate: values.count("accumulate"),
            epochs,
            loss,
        },
        defaults: Defaults {
            init: values.init("init").unwrap_or(Init::GlorotUniform),
            decay_weights_only: values.read::<Decay>("decay") == Decay::Weights,
            loss,
        },
        freeze: Freeze { patterns: values.texts("freeze"), span: args.span("freeze") },
    }
}

fn clip(args: &Args, errors: &mut Diagnostics) -> Option<Clip> {
    let limit = |name| args.values.given_number(name);
    let (norm, value) = (limit("clip_norm"), limit("clip_value"));
    if norm.is_some() && value.is_some() {
        let message = "train: gradients are clipped by `clip_norm` or by `clip_value`, not by both";
        errors.error(args.span("clip_value"), message);
    }
    norm.map(Clip::Norm).or(value.map(Clip::Value))
}

/// Names of all settings and of what can be chosen for them.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let settings =
        TRAIN.attributes.iter().flat_map(|setting| std::iter::once(setting.name).chain(setting.kind.words()));
    settings.chain(LOSSES.names()).chain(OPTIMIZERS.names()).chain(SCHEDULES.names())
}
