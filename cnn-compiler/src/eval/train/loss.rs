//! `loss = …`: what training makes small.

use crate::{
    ast::Integer,
    diag::Diagnostics,
    infer::{Args, Bound, Kind, Spec, optional, unset},
    ir::LossKind,
};

const SMOOTHING: Kind = Kind::Number("at least 0 and below 1", |share| (0.0..1.0).contains(&share));
const WEIGHTS: Kind = Kind::Numbers("above 0", |weight| weight > 0.0);

const CROSS_ENTROPY: Spec = Spec::new(
    "cross_entropy",
    &[optional("label_smoothing", SMOOTHING, Bound::Number(0.0)), unset("class_weights", WEIGHTS)],
);

/// `cross_entropy`, `cross_entropy(label_smoothing = 0.1, class_weights = [1, 2])`, `mse` or `binary_cross_entropy`.
pub(super) const LOSSES: &[&Spec] =
    &[&CROSS_ENTROPY, &Spec::new("mse", &[]), &Spec::new("binary_cross_entropy", &[])];

pub(super) fn loss(chosen: Option<&Args>, outputs: Integer, errors: &mut Diagnostics) -> LossKind {
    match chosen.map(|args| (args.spec.name, args)) {
        None => LossKind::CrossEntropy { smoothing: 0.0, class_weights: None },
        Some(("mse", _)) => LossKind::MeanSquared,
        Some(("binary_cross_entropy", _)) => LossKind::BinaryCrossEntropy,
        Some((_, args)) => LossKind::CrossEntropy {
            smoothing: args.number("label_smoothing"),
            class_weights: class_weights(args, outputs, errors),
        },
    }
}

/// One for each output.
fn class_weights(args: &Args, outputs: Integer, errors: &mut Diagnostics) -> Option<Vec<f32>> {
    let weights = args.numbers("class_weights")?;
    let (expected, found) = (outputs.value, weights.len());
    if expected != found as i64 {
        let message = format!(
            "cross_entropy: class_weights must be {expected} numbers, one for each output, found {found}"
        );
        errors.error(args.span("class_weights"), message);
    }
    Some(weights.iter().map(|&weight| weight as f32).collect())
}
