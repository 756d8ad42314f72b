//! `train { … }`: a table of settings, of which the loss, the optimizer and the schedule have tables of their own.
//!
//! The defaults of an optimizer are the runtime's; all others stand here.

mod loss;
mod optimizer;
mod schedule;

use super::{Diagnostics, section};
use crate::{
    ast::{self, Span},
    infer::{Args, Bound, Defaults, Filled, Kind, Spec, bind, optional, unset},
    ir::{Clip, Init, LossKind, Setting, Training},
};

const SHARE: Kind = Kind::Number("above 0 and below 1", |share| share > 0.0 && share < 1.0);

const TRAIN: Spec = Spec {
    name: "train",
    params: &[],
    attributes: &[
        unset("loss", Kind::Choice(loss::LOSSES)),
        unset("optimizer", Kind::Choice(optimizer::RULES)),
        unset("schedule", Kind::Choice(schedule::COURSES)),
        optional("batch", Kind::Count, Bound::Count(128)),
        optional("accumulate", Kind::Count, Bound::Count(1)),
        optional("epochs", Kind::Count, Bound::Count(12)),
        optional("init", Kind::Init, Bound::Init(Init::GlorotUniform)),
        unset("average", SHARE),
        unset("clip_norm", Kind::POSITIVE),
        unset("clip_value", Kind::POSITIVE),
        optional("decay", Kind::Word(&["all", "weights"]), Bound::Word("all")),
    ],
};

/// `train { … }` as evaluated.
pub(super) struct Train {
    pub settings: Training,
    pub defaults: Defaults,
}

/// Evaluates the train section, or its defaults.
pub(super) fn training(network: &ast::Network, errors: &mut Diagnostics) -> Train {
    let (given, span) = section::find(network, "train").unwrap_or((&[], network.name.span().into()));
    let given = section::arguments("train", given, errors);
    match bind(&TRAIN, "train", span, &given, errors) {
        Some(args) => train(&args, network.outputs, errors),
        None => failed(span, network.outputs, errors),
    }
}

fn train(args: &Args, outputs: ast::Integer, errors: &mut Diagnostics) -> Train {
    let epochs = args.count("epochs");
    Train {
        settings: Training {
            optimizer: optimizer::optimizer(args.chosen("optimizer"), errors),
            schedule: schedule::schedule(args.chosen("schedule"), epochs, errors),
            clip: clip(args, errors),
            average: args.given_number("average"),
            batch: args.count("batch"),
            accumulate: args.count("accumulate"),
            epochs,
        },
        defaults: Defaults {
            init: args.init("init").unwrap_or(Init::GlorotUniform),
            decay_weights_only: args.word("decay") == "weights",
            loss: loss::loss(args.chosen("loss"), outputs, errors),
        },
    }
}

/// After an error: the defaults, with a loss that takes whatever scores there are, so that no other error follows.
fn failed(span: Span, outputs: ast::Integer, errors: &mut Diagnostics) -> Train {
    let args = bind(&TRAIN, "train", span, &[], errors).expect("every setting has a default");
    let mut train = train(&args, outputs, errors);
    train.defaults.loss = LossKind::MeanSquared;
    train
}

fn clip(args: &Args, errors: &mut Diagnostics) -> Option<Clip> {
    let (norm, value) = (args.given_number("clip_norm"), args.given_number("clip_value"));
    if norm.is_some() && value.is_some() {
        let message = "train: gradients are clipped by `clip_norm` or by `clip_value`, not by both";
        errors.error(args.span("clip_value"), message);
    }
    norm.map(Clip::Norm).or(value.map(Clip::Value))
}

/// The given arguments as fields of the runtime's type, whose names are the same.
fn fields(args: &Args) -> Vec<(&'static str, Setting)> {
    let setting = |(name, filled): (&'static str, &Filled)| {
        let setting = match filled {
            Filled::One(Bound::Number(number)) => Setting::Number(*number as f32),
            Filled::One(Bound::Count(count)) => Setting::Count(*count),
            Filled::One(Bound::Flag(flag)) => Setting::Flag(*flag),
            Filled::Numbers(numbers) => {
                Setting::Counts(numbers.iter().map(|&count| count as usize).collect())
            }
            other => unreachable!("{name} is {other:?}"),
        };
        (name, setting)
    };
    args.given().map(setting).collect()
}

/// Names of all settings and of what can be chosen for them.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TRAIN.attributes.iter().flat_map(|setting| std::iter::once(setting.name).chain(setting.kind.words()))
}
