//! Sums over answers and their targets, from which scores follow, in f64 on the host: the same on
//! every device.
//!
//! The loss is the network's main one, see [`LossKind`]. Cross-entropy is measured without label
//! smoothing and class weights, which are means of training: `log(sum exp z) - z[class]`. The answer
//! to a class is the first largest score; a label is answered if its score is above 0.

use cnn_core::{Error, Result, Targets, reserve::filled};
use serde::Serialize;

use super::{ClassScore, Score};
use crate::{
    loss,
    plan::{LossKind, TargetKind},
    session::Metrics,
};

/// Answers counted for one label.
#[derive(Clone, Copy, Debug, Default)]
struct LabelCounts {
    /// Images that have the label.
    images: u64,
    /// Images that were said to have it.
    answers: u64,
    /// Images of both kinds.
    right: u64,
}

/// Sums over the targets and the errors of one value.
#[derive(Clone, Copy, Debug, Default)]
struct ValueSums {
    /// Mean of the targets so far, and the sum of their squared distances to it (Welford 1962).
    mean: f64,
    spread: f64,
    absolute: f64,
    squared: f64,
}

/// The figures of a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValueScore {
    /// Mean distance to the target.
    pub mae: f64,
    /// Root of the mean squared distance.
    pub rmse: f64,
    /// The coefficient of determination, see [`Score::r2`].
    pub r2: f64,
}

#[derive(Clone, Debug)]
enum Details {
    Class,
    Labels(Vec<LabelCounts>),
    Values(Vec<ValueSums>),
}

/// Sums over the images added so far.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    kind: LossKind,
    outputs: usize,
    sums: Metrics,
    details: Details,
}

impl Tally {
    pub(super) fn new(kind: LossKind, target: TargetKind, outputs: usize) -> Result<Tally> {
        let details = match target {
            TargetKind::Class => Details::Class,
            TargetKind::Labels => {
                Details::Labels(filled(outputs, LabelCounts::default(), "the counts of labels")?)
            }
            TargetKind::Values => {
                Details::Values(filled(outputs, ValueSums::default(), "the sums of values")?)
            }
        };
        Ok(Tally { kind, outputs, sums: Metrics::default(), details })
    }

    /// Adds an image by its outputs and its target.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if either does not fit.
    pub(super) fn add(&mut self, outputs: &[f32], target: Targets) -> Result<()> {
        if outputs.len() != self.outputs {
            return Err(Error::Usage(format!("expected {} outputs, found {}", self.outputs, outputs.len())));
        }
        let samples = self.sums.samples + 1;
        match (&mut self.details, target) {
            (Details::Class, Targets::Classes(&[class])) if (class as usize) < outputs.len() => {
                self.sums.correct += u64::from(first_largest(outputs) == class as usize);
            }
            (Details::Labels(counts), Targets::Values(target)) if target.len() == outputs.len() => {
                let mut all_right = true;
                for (counts, (&z, &t)) in counts.iter_mut().zip(outputs.iter().zip(target)) {
                    let (is_answer, is_true) = (z > 0.0, t > 0.5);
                    counts.answers += u64::from(is_answer);
                    counts.images += u64::from(is_true);
                    counts.right += u64::from(is_answer && is_true);
                    all_right &= is_answer == is_true;
                }
                self.sums.correct += u64::from(all_right);
            }
            (Details::Values(sums), Targets::Values(target)) if target.len() == outputs.len() => {
                for (sums, (&z, &t)) in sums.iter_mut().zip(outputs.iter().zip(target)) {
                    let (z, t) = (f64::from(z), f64::from(t));
                    let from_mean = t - sums.mean;
                    sums.mean += from_mean / samples as f64;
                    sums.spread += from_mean * (t - sums.mean);
                    sums.absolute += (z - t).abs();
                    sums.squared += (z - t).powi(2);
                }
            }
            (_, target) => {
                let kind = self.target().outputs();
                return Err(Error::Usage(format!("{target:?} is no target of {} {kind}", self.outputs)));
            }
        }
        self.sums.samples = samples;
        self.sums.loss += loss(self.kind, outputs, target);
        Ok(())
    }

    /// What the targets are.
    pub(super) fn target(&self) -> TargetKind {
        match self.details {
            Details::Class => TargetKind::Class,
            Details::Labels(_) => TargetKind::Labels,
            Details::Values(_) => TargetKind::Values,
        }
    }

    pub(super) fn images(&self) -> u64 {
        self.sums.samples
    }

    pub(super) fn score(&self) -> Score {
        let score = Score::of(self.sums, self.target());
        match &self.details {
            Details::Class => score,
            Details::Labels(counts) => {
                let sum = |count: fn(&LabelCounts) -> u64| counts.iter().map(count).sum();
                let (right, answers) = (sum(|counts| counts.right), sum(|counts| counts.answers));
                let scores = ClassScore::of(right, answers, sum(|counts| counts.images));
                Score { f1: Some(scores.f1), ..score }
            }
            Details::Values(_) => {
                let values = self.value_scores();
                if self.sums.samples == 0 {
                    return Score { r2: Some(0.0), ..score };
                }
                let mean = values.iter().map(|value| value.r2).sum::<f64>() / values.len().max(1) as f64;
                Score { r2: Some(mean), ..score }
            }
        }
    }

    /// The figures of each label; none if the targets are no labels.
    pub(super) fn label_scores(&self) -> Vec<ClassScore> {
        let Details::Labels(counts) = &self.details else { return Vec::new() };
        counts.iter().map(|counts| ClassScore::of(counts.right, counts.answers, counts.images)).collect()
    }

    /// The figures of each value; none if the targets are no values.
    pub(super) fn value_scores(&self) -> Vec<ValueScore> {
        let Details::Values(sums) = &self.details else { return Vec::new() };
        let count = self.sums.samples.max(1) as f64;
        let of = |sums: &ValueSums| ValueScore {
            mae: sums.absolute / count,
            rmse: (sums.squared / count).sqrt(),
            r2: if sums.spread > 0.0 {
                1.0 - sums.squared / sums.spread
            } else {
                f64::from(u8::from(sums.squared == 0.0))
            },
        };
        sums.iter().map(of).collect()
    }
}

/// The loss of an answer to a target that fits it.
fn loss(kind: LossKind, outputs: &[f32], target: Targets) -> f64 {
    let mean = |goal: &dyn Fn(usize) -> f32| {
        let terms =
            outputs.iter().enumerate().filter_map(|(nth, &z)| loss::term(kind, z.into(), goal(nth).into()));
        terms.sum::<f64>() / outputs.len() as f64
    };
    match (kind, target) {
        (LossKind::CrossEntropy { .. }, target) => cross_entropy(outputs, target.class().unwrap_or_default()),
        (_, Targets::Classes(classes)) => mean(&|nth| f32::from(u8::from(classes[0] as usize == nth))),
        (_, Targets::Values(values)) => mean(&|nth| values[nth]),
    }
}

fn cross_entropy(logits: &[f32], class: usize) -> f64 {
    let largest = f64::from(logits[first_largest(logits)]);
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    sum.ln() + largest - f64::from(logits[class])
}

/// The first class with the largest logit.
pub(super) fn first_largest(logits: &[f32]) -> usize {
    (1..logits.len()).fold(0, |best, index| if logits[index] > logits[best] { index } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_of_large_logits_is_finite() {
        approx::assert_relative_eq!(cross_entropy(&[1000.0, 1000.0], 0), 2f64.ln(), max_relative = 1e-12);
        assert_eq!(cross_entropy(&[-1000.0, 0.0], 0), 1000.0);
        assert!(cross_entropy(&[f32::NAN, 0.0], 1).is_nan());
    }

    #[test]
    fn every_loss_is_measured_by_its_own_formula() {
        let of = |kind| loss(kind, &[2.0, -1.0], Targets::Classes(&[0]));
        let close = |found, expected: f64| approx::assert_relative_eq!(found, expected, max_relative = 1e-12);
        close(
            of(LossKind::CrossEntropy { smoothing: 0.1, class_weights: Some(&[1.0, 2.0]) }),
            (-3f64).exp().ln_1p(),
        );
        close(of(LossKind::MeanSquared), 1.0);
        close(of(LossKind::BinaryCrossEntropy), ((-2f64).exp().ln_1p() + (-1f64).exp().ln_1p()) / 2.0);
        assert!(loss(LossKind::BinaryCrossEntropy, &[0.0, f32::NAN], Targets::Classes(&[0])).is_nan());
        close(loss(LossKind::MeanAbsolute, &[2.0, -1.0], Targets::Values(&[0.5, -2.0])), 1.25);
    }

    #[test]
    fn ties_go_to_the_first() {
        assert_eq!(first_largest(&[0.0, 2.0, 2.0]), 1);
    }

    /// Checked with scikit-learn's `f1_score(average = "micro")` and `accuracy_score`.
    #[test]
    fn labels_are_right_one_by_one_and_as_a_set() {
        let mut tally = Tally::new(LossKind::BinaryCrossEntropy, TargetKind::Labels, 3).unwrap();
        for (outputs, target) in [
            ([1.0, -1.0, 2.0], [1.0, 0.0, 1.0]),
            ([1.0, 1.0, -2.0], [1.0, 0.0, 1.0]),
            ([-1.0, -1.0, -1.0], [0.0, 1.0, 0.0]),
        ] {
            tally.add(&outputs, Targets::Values(&target)).unwrap();
        }
        let score = tally.score();
        assert_eq!((score.accuracy, score.r2, score.images), (Some(1.0 / 3.0), None, 3));
        approx::assert_relative_eq!(score.f1.unwrap(), 6.0 / 9.0, max_relative = 1e-12);
        let labels = tally.label_scores();
        assert_eq!((labels[0].f1, labels[1].f1, labels[2].recall), (1.0, 0.0, 0.5));
        assert!(tally.add(&[0.0; 3], Targets::Classes(&[1])).is_err());
        assert!(tally.add(&[0.0; 3], Targets::Values(&[1.0])).is_err());
    }

    /// Checked with scikit-learn's `r2_score`, `mean_absolute_error` and `root_mean_squared_error`.
    #[test]
    fn values_have_errors_and_a_coefficient_of_determination() {
        let mut tally = Tally::new(LossKind::MeanSquared, TargetKind::Values, 2).unwrap();
        assert_eq!(tally.score(), Score { r2: Some(0.0), ..Score::default() });
        for (outputs, target) in [
            ([2.5, 1.0], [3.0, 1.0]),
            ([0.0, 1.0], [-0.5, 1.0]),
            ([2.0, 1.0], [2.0, 1.0]),
            ([8.0, 1.0], [7.0, 1.0]),
        ] {
            tally.add(&outputs, Targets::Values(&target)).unwrap();
        }
        let values = tally.value_scores();
        approx::assert_relative_eq!(values[0].r2, 0.9486081370449679, max_relative = 1e-12);
        approx::assert_relative_eq!(values[0].mae, 0.5, max_relative = 1e-12);
        approx::assert_relative_eq!(values[0].rmse, 0.375f64.sqrt(), max_relative = 1e-12);
        assert_eq!(values[1], ValueScore { mae: 0.0, rmse: 0.0, r2: 1.0 });
        let score = tally.score();
        assert_eq!((score.accuracy, score.f1), (None, None));
        approx::assert_relative_eq!(score.r2.unwrap(), (values[0].r2 + 1.0) / 2.0, max_relative = 1e-12);
        approx::assert_relative_eq!(score.loss, 0.1875, max_relative = 1e-12);
    }
}
