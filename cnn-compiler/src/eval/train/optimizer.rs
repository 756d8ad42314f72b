//! `optimizer = …`: the update rule and its hyper-parameters, named as the fields of the runtime's types.

use super::fields;
use crate::{
    diag::Diagnostics,
    infer::{Args, Kind, Spec, unset},
    ir::Optimizer,
};

const FRACTION: Kind = Kind::Number("at least 0 and below 1", |fraction| (0.0..1.0).contains(&fraction));

const SGD: Spec = Spec::new(
    "sgd",
    &[
        unset("lr", Kind::POSITIVE),
        unset("momentum", FRACTION),
        unset("nesterov", Kind::Flag),
        unset("weight_decay", Kind::NOT_NEGATIVE),
    ],
);
const ADAGRAD: Spec = Spec::new(
    "adagrad",
    &[
        unset("lr", Kind::POSITIVE),
        unset("epsilon", Kind::POSITIVE),
        unset("weight_decay", Kind::NOT_NEGATIVE),
    ],
);
const ADADELTA: Spec = Spec::new(
    "adadelta",
    &[
        unset("lr", Kind::POSITIVE),
        unset("rho", FRACTION),
        unset("epsilon", Kind::POSITIVE),
        unset("weight_decay", Kind::NOT_NEGATIVE),
    ],
);
const RMSPROP: Spec = Spec::new(
    "rmsprop",
    &[
        unset("lr", Kind::POSITIVE),
        unset("alpha", FRACTION),
        unset("epsilon", Kind::POSITIVE),
        unset("momentum", FRACTION),
        unset("centered", Kind::Flag),
        unset("weight_decay", Kind::NOT_NEGATIVE),
    ],
);
const ADAM: Spec = Spec::new(
    "adam",
    &[
        unset("lr", Kind::POSITIVE),
        unset("beta1", FRACTION),
        unset("beta2", FRACTION),
        unset("epsilon", Kind::POSITIVE),
        unset("weight_decay", Kind::NOT_NEGATIVE),
    ],
);
const ADAMW: Spec = Spec { name: "adamw", ..ADAM };

/// `sgd(…)`, `adam(…)` … or the bare word.
pub(super) const RULES: &[&Spec] = &[&SGD, &ADAGRAD, &ADADELTA, &RMSPROP, &ADAM, &ADAMW];

/// Adadelta if none is chosen, as in the Keras example.
pub(super) fn optimizer(chosen: Option<&Args>, errors: &mut Diagnostics) -> Optimizer {
    let Some(args) = chosen else {
        return Optimizer { rule: "Adadelta", base: "DEFAULT", fields: Vec::new() };
    };
    let (rule, base) = match args.spec.name {
        "sgd" => ("Sgd", "DEFAULT"),
        "adagrad" => ("Adagrad", "DEFAULT"),
        "adadelta" => ("Adadelta", "DEFAULT"),
        "rmsprop" => ("RmsProp", "DEFAULT"),
        "adam" => ("Adam", "DEFAULT"),
        _ => ("Adam", "DECOUPLED"),
    };
    if rule == "Sgd" && args.flag("nesterov") && args.given_number("momentum").unwrap_or(0.0) == 0.0 {
        errors.error(
            args.span("nesterov"),
            "sgd: nesterov looks ahead along the momentum; set momentum above 0",
        );
    }
    Optimizer { rule, base, fields: fields(args) }
}
