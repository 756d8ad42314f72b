//! `train { … }` and the sections that are not there yet.

mod loss;
mod optimizer;

use super::{Diagnostics, operator};
use crate::{
    ast::{self, Argument, Expr, ExprKind, SectionContent, Span},
    diag::did_you_mean,
    infer::{Argument as Evaluated, Bound, Defaults, Given, Kind, Spec, Value, bind, optional},
    ir::{Init, LossKind, Training},
};

const SECTIONS: [&str; 4] = ["train", "budget", "data", "augment"];

/// The loss and the optimizer have arguments of their own and are not bound here.
const SETTINGS: Spec = Spec {
    name: "train",
    params: &[],
    attributes: &[
        optional("loss", Kind::Flag, Bound::Unset),
        optional("optimizer", Kind::Flag, Bound::Unset),
        optional("batch", Kind::Count, Bound::Count(128)),
        optional("epochs", Kind::Count, Bound::Count(12)),
        optional("init", Kind::Init, Bound::Init(Init::GlorotUniform)),
    ],
};

/// `train { … }` as evaluated.
pub(super) struct Train {
    pub settings: Training,
    pub defaults: Defaults,
}

impl Default for Train {
    fn default() -> Train {
        Train {
            settings: Training { optimizer: optimizer::DEFAULT, batch: 128, epochs: 12 },
            defaults: Defaults { init: Init::GlorotUniform, loss: LossKind::CrossEntropy { smoothing: 0.0 } },
        }
    }
}

/// Evaluates the train section, or its defaults, and complains about unknown sections.
pub(super) fn training(network: &ast::Network, errors: &mut Diagnostics) -> Train {
    let mut settings: Option<(&[Argument], Span)> = None;
    for (index, section) in network.sections.iter().enumerate() {
        let (name, span) = (section.name.to_string(), Span::from(section.name.span()));
        if network.sections[..index].iter().any(|earlier| earlier.name == name) {
            errors.error(span, format!("the section `{name}` is given twice"));
        }
        match &section.content {
            SectionContent::Train(given) => settings = Some((given, span)),
            SectionContent::Budget(_) => {}
            SectionContent::Other => errors.error(span, unknown_section(&name)),
        }
    }
    let (given, span) = settings.unwrap_or((&[], network.name.span().into()));
    train(given, span, errors)
}

fn unknown_section(name: &str) -> String {
    match name {
        "data" | "augment" => format!("`{name}` is not supported yet"),
        _ => match did_you_mean(name, SECTIONS) {
            guess if guess.is_empty() => format!("unknown section `{name}`; expected `train` or `budget`"),
            guess => format!("unknown section `{name}`{guess}"),
        },
    }
}

/// The defaults where something is wrong.
fn train(given: &[Argument], span: Span, errors: &mut Diagnostics) -> Train {
    let mut train = Train::default();
    let mut others = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for argument in given {
        let key = argument.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let value = &argument.value;
        match key.as_str() {
            "loss" | "optimizer" if seen.contains(&key) => {
                errors.error(value.span, format!("train: `{key}` is given twice"));
            }
            "loss" => train.defaults.loss = loss::loss(value, errors).unwrap_or(train.defaults.loss),
            "optimizer" => {
                train.settings.optimizer =
                    optimizer::optimizer(value, errors).unwrap_or(train.settings.optimizer);
            }
            _ => others.push(evaluated(argument, errors)),
        }
        seen.push(key);
    }
    if let Some(args) = bind(&SETTINGS, "train", span, &others, errors) {
        train.settings.batch = args.count("batch");
        train.settings.epochs = args.count("epochs");
        train.defaults.init = args.init("init").unwrap_or(train.defaults.init);
    }
    train
}

/// A setting that is one of some words, each with arguments of its own.
struct Choice<'a> {
    what: &'static str,
    specs: &'a [&'static Spec],
}

impl Choice<'_> {
    /// What was chosen by `word(…)` or the bare word.
    fn made<'a>(
        &self,
        value: &'a Expr,
        errors: &mut Diagnostics,
    ) -> Option<(&'static Spec, Span, &'a [Argument])> {
        let (word, given): (_, &[Argument]) = match &value.kind {
            ExprKind::Call(word, given) => (word, given),
            ExprKind::Name(word) => (word, &[]),
            _ => {
                errors.error(value.span, format!("train: {} must be {}", self.what, self.expected()));
                return None;
            }
        };
        let span = Span::from(word.span());
        let found = self.specs.iter().find(|spec| word == spec.name);
        if found.is_none() {
            let guess = match did_you_mean(&word.to_string(), self.specs.iter().map(|spec| spec.name)) {
                guess if guess.is_empty() => format!("; expected {}", self.expected()),
                guess => guess,
            };
            errors.error(span, format!("train: unknown {} `{word}`{guess}", self.what));
        }
        found.map(|&spec| (spec, span, given))
    }

    /// `a`, `b` or `c`
    fn expected(&self) -> String {
        let names: Vec<_> = self.specs.iter().map(|spec| format!("`{}`", spec.name)).collect();
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            _ => names.concat(),
        }
    }
}

fn evaluated_all(given: &[Argument], errors: &mut Diagnostics) -> Vec<Evaluated> {
    given.iter().map(|argument| evaluated(argument, errors)).collect()
}

fn evaluated(argument: &Argument, errors: &mut Diagnostics) -> Evaluated {
    let key = argument.key.as_ref().map(|key| (key.to_string(), key.span().into()));
    let value = match &argument.value.kind {
        ExprKind::Name(word) => {
            Given::Word { word: word.to_string(), unknown: format!("unknown word `{word}`") }
        }
        _ => Given::Value(constant(&argument.value).unwrap_or_else(|| {
            errors.error(
                argument.value.span,
                "train: expected a number or a word, nothing that depends on the network",
            );
            Value::Unknown
        })),
    };
    Evaluated { key, value, span: argument.value.span }
}

/// The value of an expression of literals.
fn constant(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Int(value) => Some(Value::Int(*value)),
        ExprKind::Float(value) => Some(Value::Float(*value)),
        ExprKind::Bool(value) => Some(Value::Bool(*value)),
        ExprKind::Unary(operator, value) => operator::unary(*operator, &constant(value)?).ok(),
        ExprKind::Binary(a, operator, _, b) => operator::binary(*operator, &constant(a)?, &constant(b)?).ok(),
        _ => None,
    }
}
