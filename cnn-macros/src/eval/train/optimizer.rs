//! `optimizer = …`: the update rule and its hyper-parameters.

use super::{Choice, evaluated_all};
use crate::{
    ast::Expr,
    diag::Diagnostics,
    infer::{Bound, Kind, Spec, bind, optional, required},
    ir::Optimizer,
};

/// What the Keras example trains with.
pub(super) const DEFAULT: Optimizer =
    Optimizer::Adadelta { lr: 1.0, rho: 0.95, epsilon: 1e-7, weight_decay: 0.0 };

const RATE: Kind = Kind::Number("above 0", |rate| rate > 0.0);
const DECAY: Kind = Kind::Number("at least 0", |decay| decay >= 0.0);
const FRACTION: Kind = Kind::Number("at least 0 and below 1", |fraction| (0.0..1.0).contains(&fraction));

const SGD: Spec = Spec::new(
    "sgd",
    &[
        required("lr", RATE),
        optional("momentum", FRACTION, Bound::Number(0.0)),
        optional("nesterov", Kind::Flag, Bound::Flag(false)),
        optional("weight_decay", DECAY, Bound::Number(0.0)),
    ],
);
const ADADELTA: Spec = Spec::new(
    "adadelta",
    &[
        optional("lr", RATE, Bound::Number(1.0)),
        optional("rho", FRACTION, Bound::Number(0.95)),
        optional("epsilon", RATE, Bound::Number(1e-7)),
        optional("weight_decay", DECAY, Bound::Number(0.0)),
    ],
);

/// `sgd(…)`, `adadelta(…)` or the bare word.
pub(super) fn optimizer(value: &Expr, errors: &mut Diagnostics) -> Option<Optimizer> {
    let choice = Choice { what: "optimizer", specs: &[&SGD, &ADADELTA] };
    let (spec, word, given) = choice.made(value, errors)?;
    let given = evaluated_all(given, errors);
    let args = bind(spec, spec.name, word, &given, errors)?;
    let (lr, weight_decay) = (args.number("lr"), args.number("weight_decay"));
    Some(match spec.name {
        "sgd" => {
            let (momentum, nesterov) = (args.number("momentum"), args.flag("nesterov"));
            Optimizer::Sgd { lr, momentum, nesterov, weight_decay }
        }
        _ => {
            let (rho, epsilon) = (args.number("rho"), args.number("epsilon"));
            Optimizer::Adadelta { lr, rho, epsilon, weight_decay }
        }
    })
}
