//! Losses that are means over outputs, as the formulas of [`LossKind`] have them: what one output
//! contributes.

use crate::plan::LossKind;

/// The term `l` of an output `z` and its target `t`, of which the loss is the mean; `None` for
/// cross-entropy, which looks at all outputs together. It does not overflow for finite outputs.
pub(crate) fn term(kind: LossKind, z: f64, t: f64) -> Option<f64> {
    Some(match kind {
        LossKind::CrossEntropy { .. } => return None,
        LossKind::MeanSquared => (z - t).powi(2),
        LossKind::MeanAbsolute => (z - t).abs(),
        LossKind::Huber { delta } => huber((z - t).abs(), delta.into()),
        LossKind::BinaryCrossEntropy => logistic(z, t),
    })
}

/// Huber's function of a distance.
fn huber(distance: f64, delta: f64) -> f64 {
    if distance <= delta { distance * distance / 2.0 } else { delta * (distance - delta / 2.0) }
}

/// `log(1 + exp(z)) - z t`, without a difference of large numbers.
fn logistic(z: f64, t: f64) -> f64 {
    let above = if z > 0.0 { z } else { 0.0 };
    above - z * t + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_those_of_the_formulas() {
        let of = |kind, z, t| term(kind, z, t).unwrap();
        let huber = LossKind::Huber { delta: 2.0 };
        for (found, expected) in [
            (of(LossKind::MeanSquared, 3.0, 1.0), 4.0),
            (of(LossKind::MeanAbsolute, -3.0, 1.0), 4.0),
            (of(huber, 0.5, 1.0), 0.125),
            (of(huber, 6.0, 1.0), 8.0),
            (of(LossKind::BinaryCrossEntropy, 2.0, 1.0), (-2f64).exp().ln_1p()),
            (of(LossKind::BinaryCrossEntropy, 800.0, 0.0), 800.0),
        ] {
            approx::assert_relative_eq!(found, expected, max_relative = 1e-12);
        }
        for kind in [LossKind::MeanSquared, LossKind::MeanAbsolute, huber, LossKind::BinaryCrossEntropy] {
            assert!(of(kind, f64::NAN, 0.0).is_nan() && of(kind, f64::NAN, 1.0).is_nan(), "{kind:?}");
        }
    }
}
