//! Several networks that answer as one: the mean of their predictions (Hansen and Salamon 1990),
//! which dropout imitates.
//!
//! A prediction is what the loss takes for one: the softmax for cross-entropy, each sigmoid for
//! binary cross-entropy, the output itself for distances. The mean goes back to logits, so that it is
//! measured as one network's would be.

use cnn_core::{
    Error, Result,
    reserve::{filled, product, reserve},
};

use crate::plan::LossKind;

/// Predictions of all images, summed over the members.
#[derive(Clone, Debug)]
pub struct Ensemble {
    kind: LossKind,
    classes: usize,
    members: usize,
    sums: Vec<f64>,
}

impl Ensemble {
    /// An ensemble without members, for this many images.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] if there is no memory for the predictions.
    pub fn new(kind: LossKind, classes: usize, images: usize) -> Result<Ensemble> {
        let sums = filled(product(&[images, classes]), 0.0, "the predictions of all images")?;
        Ok(Ensemble { kind, classes, members: 0, sums })
    }

    /// Adds a member by its logits `[images, classes]`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if there are more or fewer logits.
    pub fn add(&mut self, logits: &[f32]) -> Result<()> {
        if logits.len() != self.sums.len() {
            let (expected, found) = (self.sums.len(), logits.len());
            return Err(Error::Usage(format!("expected {expected} logits of a member, found {found}")));
        }
        self.members += 1;
        let classes = self.classes.max(1);
        for (sums, logits) in self.sums.chunks_mut(classes).zip(logits.chunks(classes)) {
            let add = |(sum, prediction): (&mut f64, f64)| *sum += prediction;
            sums.iter_mut().zip(predictions(self.kind, logits)).for_each(add);
        }
        Ok(())
    }

    /// The logits `[images, classes]` of the mean prediction.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] without members, [`Error::Device`] if there is no memory for the logits.
    pub fn logits(&self) -> Result<Vec<f32>> {
        if self.members == 0 {
            return Err(Error::Usage("an ensemble without members predicts nothing; add one".into()));
        }
        let mut logits = Vec::new();
        reserve(&mut logits, self.sums.len(), "the logits of all images")?;
        logits.extend(self.sums.iter().map(|sum| logit(self.kind, sum / self.members as f64) as f32));
        Ok(logits)
    }
}

/// What a network that is trained on this loss predicts by the logits of an image: their softmax
/// for cross-entropy, their sigmoids for binary cross-entropy, themselves for distances.
pub fn predictions(kind: LossKind, logits: &[f32]) -> Vec<f64> {
    let logits = logits.iter().map(|&logit| f64::from(logit));
    match kind {
        LossKind::CrossEntropy { .. } => {
            let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<f64> = logits.map(|logit| (logit - largest).exp()).collect();
            let sum: f64 = powers.iter().sum();
            powers.into_iter().map(|power| power / sum).collect()
        }
        LossKind::BinaryCrossEntropy => logits.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
        LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::Huber { .. } => logits.collect(),
    }
}

/// A logit that leads to this prediction: for the softmax its logarithm, since the predictions of
/// all classes sum to 1.
fn logit(kind: LossKind, prediction: f64) -> f64 {
    let log = |value: f64| value.clamp(f64::MIN_POSITIVE, 1.0).ln();
    match kind {
        LossKind::CrossEntropy { .. } => log(prediction),
        LossKind::BinaryCrossEntropy => log(prediction) - log(1.0 - prediction),
        LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::Huber { .. } => prediction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(kind: LossKind, members: &[[f32; 2]]) -> Vec<f32> {
        let mut ensemble = Ensemble::new(kind, 2, 1).unwrap();
        members.iter().for_each(|logits| ensemble.add(logits).unwrap());
        ensemble.logits().unwrap()
    }

    #[track_caller]
    fn assert_close(found: &[f32], expected: [f64; 2]) {
        for (&found, expected) in found.iter().zip(expected) {
            approx::assert_relative_eq!(f64::from(found), expected, max_relative = 1e-6);
        }
    }

    #[test]
    fn probabilities_are_averaged_and_not_logits() {
        let kind = LossKind::CrossEntropy { smoothing: 0.0, class_weights: None };
        let sure = 1.0 / (1.0 + (-4f64).exp());
        let mean_of_both = (sure + 0.5) / 2.0;
        assert_close(
            &mean(kind, &[[1004.0, 1000.0], [0.0, 0.0]]),
            [mean_of_both.ln(), (1.0 - mean_of_both).ln()],
        );
    }

    #[test]
    fn one_member_keeps_its_predictions() {
        assert_close(&mean(LossKind::BinaryCrossEntropy, &[[2.0, -3.0]]), [2.0, -3.0]);
        assert_close(&mean(LossKind::MeanSquared, &[[2.0, -3.0], [0.0, 1.0]]), [1.0, -1.0]);
        assert_close(
            &mean(LossKind::CrossEntropy { smoothing: 0.1, class_weights: None }, &[[0.0, 0.0]]),
            [0.5f64.ln(); 2],
        );
    }

    #[test]
    fn what_all_exclude_stays_finite_and_nan_stays_nan() {
        let kind = LossKind::CrossEntropy { smoothing: 0.0, class_weights: None };
        assert!(mean(kind, &[[0.0, 2000.0]]).iter().all(|logit| logit.is_finite()));
        assert!(mean(kind, &[[f32::NAN, 0.0]])[1].is_nan());
    }
}
