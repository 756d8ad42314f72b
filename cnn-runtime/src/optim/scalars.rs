//! The scalars of one update beside its rule: computed once, the same for all parameters and on
//! every engine.

use super::{Adam, Clip};
use crate::engine::PendingUpdate;

/// The scalars of one update: `g = scale * gradient`, no further from 0 than `limit`, then the
/// rule. NaN stays NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpdateScalars {
    /// Number of the update, from 1.
    pub number: u64,
    /// Factor of all gradients.
    pub scale: f32,
    /// Limit of each gradient's magnitude after that, infinite where there is none.
    pub limit: f32,
    /// Decay of the running average.
    pub decay: Option<f32>,
}

impl UpdateScalars {
    /// The scalars of an update; a norm that it has to know and does not makes them NaN.
    pub(crate) fn of(pending: &PendingUpdate) -> UpdateScalars {
        let &PendingUpdate { update, number, norm, .. } = pending;
        let (scale, limit) = match update.clip {
            None => (1.0, f32::INFINITY),
            Some(Clip::Value(limit)) => (1.0, limit),
            Some(Clip::Norm(limit)) => (scale(norm.unwrap_or(f64::NAN), limit), f32::INFINITY),
        };
        UpdateScalars { number, scale, limit, decay: update.average.map(|decay| decay_at(decay, number)) }
    }
}

/// Adam's `1 / (1 - beta1^t)` and `1 / sqrt(1 - beta2^t)` at update `t` from 1: both means start at
/// 0 and are too small at first.
pub fn corrections(rule: &Adam, t: u64) -> [f32; 2] {
    let rest = |beta: f32| 1.0 - f64::from(beta).powf(t as f64);
    [(1.0 / rest(rule.beta1)) as f32, (1.0 / rest(rule.beta2).sqrt()) as f32]
}

/// `limit / (norm + 1e-6)` and at most 1, as in torch. A norm that is not finite is no measure: all
/// becomes NaN, which the loss then shows.
fn scale(norm: f64, limit: f32) -> f32 {
    if norm.is_finite() { (f64::from(limit) / (norm + 1e-6)).min(1.0) as f32 } else { f32::NAN }
}

/// `min(d, (1 + n) / (10 + n))` with `n` updates averaged so far; the first one starts the average.
fn decay_at(decay: f32, number: u64) -> f32 {
    let n = (number - 1) as f64;
    if number == 1 { 0.0 } else { f64::from(decay).min((1.0 + n) / (10.0 + n)) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_starts_at_the_first_weights_and_forgets_fast_at_first() {
        assert_eq!(decay_at(0.9, 1), 0.0);
        assert_eq!(decay_at(0.9, 2), (2.0 / 11.0) as f32);
        assert_eq!(decay_at(0.9, 1000), 0.9);
    }

    #[test]
    fn a_norm_is_brought_down_but_never_up_and_nan_shows() {
        assert_eq!(scale(0.5, 1.0), 1.0);
        approx::assert_relative_eq!(scale(4.0, 1.0), 0.25, max_relative = 1e-6);
        assert!(scale(f64::NAN, 1.0).is_nan() && scale(f64::INFINITY, 1.0).is_nan());
    }
}
