//! `train { … }` and the sections that are not there yet.

use super::{Diagnostics, operator};
use crate::{
    ast::{self, Argument, Expr, ExprKind, SectionContent, Span},
    diag::did_you_mean,
    infer::{Args, Argument as Evaluated, Bound, Given, INIT, Kind, Spec, Value, bind, optional, required},
    ir::{Init, Optimizer, Training},
};

const SECTIONS: [&str; 4] = ["train", "budget", "data", "augment"];

/// Without a train section: what the Keras example trains with.
const DEFAULT_OPTIMIZER: Optimizer =
    Optimizer::Adadelta { lr: 1.0, rho: 0.95, epsilon: 1e-7, weight_decay: 0.0 };

const LOSS: Kind = Kind::Word(&[("cross_entropy", Bound::Unset)]);
const RATE: Kind = Kind::Number("above 0", |rate| rate > 0.0);
const DECAY: Kind = Kind::Number("at least 0", |decay| decay >= 0.0);
const FRACTION: Kind = Kind::Number("at least 0 and below 1", |fraction| (0.0..1.0).contains(&fraction));

const SGD: Spec = Spec {
    name: "sgd",
    params: &[
        required("lr", RATE),
        optional("momentum", FRACTION, Bound::Number(0.0)),
        optional("nesterov", Kind::Flag, Bound::Flag(false)),
        optional("weight_decay", DECAY, Bound::Number(0.0)),
    ],
};
const ADADELTA: Spec = Spec {
    name: "adadelta",
    params: &[
        optional("lr", RATE, Bound::Number(1.0)),
        optional("rho", FRACTION, Bound::Number(0.95)),
        optional("epsilon", RATE, Bound::Number(1e-7)),
        optional("weight_decay", DECAY, Bound::Number(0.0)),
    ],
};
const SETTINGS: Spec = Spec {
    name: "train",
    params: &[
        optional("loss", LOSS, Bound::Unset),
        optional("batch", Kind::Count, Bound::Count(128)),
        optional("epochs", Kind::Count, Bound::Count(12)),
        optional("init", INIT, Bound::Init(Init::GlorotUniform)),
    ],
};

/// `train { … }` as evaluated.
pub(super) struct Train {
    pub settings: Training,
    /// The network's default for weights.
    pub init: Init,
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
    train(given, span, errors).unwrap_or(Train {
        settings: Training { optimizer: DEFAULT_OPTIMIZER, batch: 1, epochs: 1 },
        init: Init::GlorotUniform,
    })
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

fn train(given: &[Argument], span: Span, errors: &mut Diagnostics) -> Option<Train> {
    let is_optimizer = |argument: &&Argument| argument.key.as_ref().is_some_and(|key| key == "optimizer");
    let (optimizers, others): (Vec<_>, Vec<_>) = given.iter().partition(is_optimizer);
    let mut optimizer = Some(DEFAULT_OPTIMIZER);
    for (index, argument) in optimizers.iter().enumerate() {
        optimizer = self::optimizer(&argument.value, errors);
        if index > 0 {
            errors.error(argument.value.span, "train: `optimizer` is given twice");
        }
    }
    let others: Vec<_> = others.into_iter().map(|argument| evaluated(argument, errors)).collect();
    let args = bind(&SETTINGS, "train", span, &others, errors)?;
    let settings =
        Training { optimizer: optimizer?, batch: args.count("batch"), epochs: args.count("epochs") };
    Some(Train { settings, init: args.init("init")? })
}

/// `sgd(…)`, `adadelta(…)` or the bare word.
fn optimizer(value: &Expr, errors: &mut Diagnostics) -> Option<Optimizer> {
    let (word, given): (_, &[Argument]) = match &value.kind {
        ExprKind::Call(word, given) => (word, given),
        ExprKind::Name(word) => (word, &[]),
        _ => {
            errors.error(value.span, "train: optimizer must be `sgd(lr = …)` or `adadelta(lr = …)`");
            return None;
        }
    };
    let span = Span::from(word.span());
    let given: Vec<_> = given.iter().map(|argument| evaluated(argument, errors)).collect();
    match word.to_string().as_str() {
        "sgd" => bind(&SGD, "sgd", span, &given, errors).map(|args| sgd(&args)),
        "adadelta" => bind(&ADADELTA, "adadelta", span, &given, errors).map(|args| adadelta(&args)),
        other => {
            let guess = match did_you_mean(other, [SGD.name, ADADELTA.name]) {
                guess if guess.is_empty() => "; expected `sgd` or `adadelta`".into(),
                guess => guess,
            };
            errors.error(span, format!("train: unknown optimizer `{other}`{guess}"));
            None
        }
    }
}

fn sgd(args: &Args) -> Optimizer {
    Optimizer::Sgd {
        lr: args.number("lr"),
        momentum: args.number("momentum"),
        nesterov: args.flag("nesterov"),
        weight_decay: args.number("weight_decay"),
    }
}

fn adadelta(args: &Args) -> Optimizer {
    Optimizer::Adadelta {
        lr: args.number("lr"),
        rho: args.number("rho"),
        epsilon: args.number("epsilon"),
        weight_decay: args.number("weight_decay"),
    }
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
