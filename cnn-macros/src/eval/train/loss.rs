//! `loss = …`: what training makes small.

use super::{Choice, evaluated_all};
use crate::{
    ast::Expr,
    diag::Diagnostics,
    infer::{Bound, Kind, Spec, bind, optional},
    ir::LossKind,
};

const SMOOTHING: Kind = Kind::Number("at least 0 and below 1", |share| (0.0..1.0).contains(&share));

const CROSS_ENTROPY: Spec =
    Spec::new("cross_entropy", &[optional("label_smoothing", SMOOTHING, Bound::Number(0.0))]);
const MEAN_SQUARED: Spec = Spec::new("mse", &[]);
const BINARY: Spec = Spec::new("binary_cross_entropy", &[]);

/// `cross_entropy`, `cross_entropy(label_smoothing = 0.1)`, `mse` or `binary_cross_entropy`.
pub(super) fn loss(value: &Expr, errors: &mut Diagnostics) -> Option<LossKind> {
    let choice = Choice { what: "loss", specs: &[&CROSS_ENTROPY, &MEAN_SQUARED, &BINARY] };
    let (spec, word, given) = choice.made(value, errors)?;
    let given = evaluated_all(given, errors);
    let args = bind(spec, "loss", word, &given, errors)?;
    Some(match spec.name {
        "mse" => LossKind::MeanSquared,
        "binary_cross_entropy" => LossKind::BinaryCrossEntropy,
        _ => LossKind::CrossEntropy { smoothing: args.number("label_smoothing") },
    })
}
