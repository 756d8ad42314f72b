//! Loss and accuracy in inference mode, from the logits, in f64 on the host: the same on every
//! device.
//!
//! The loss is the network's main one, see [`LossKind`], as the mean over images. Cross-entropy is
//! measured without label smoothing and class weights, which are means of training:
//! `log(sum exp z) - z[label]`. An answer is the first largest logit.

use cnn_core::{
    Error, Result,
    reserve::{filled, product},
};

use crate::{
    data::Batches,
    plan::LossKind,
    session::{Metrics, Session, check_labels},
};

/// Means over some images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// Mean loss.
    pub loss: f64,
    /// Share of correct answers.
    pub accuracy: f64,
    /// Number of images.
    pub images: u64,
}

impl Score {
    /// The score, unless its loss is NaN or infinite.
    ///
    /// # Errors
    ///
    /// What `error` makes of a loss that is not finite.
    pub fn finite(self, error: impl FnOnce(f64) -> Error) -> Result<Score> {
        if self.loss.is_finite() { Ok(self) } else { Err(error(self.loss)) }
    }
}

impl From<Metrics> for Score {
    fn from(sums: Metrics) -> Score {
        let count = sums.samples.max(1) as f64;
        Score { loss: sums.loss / count, accuracy: sums.correct as f64 / count, images: sums.samples }
    }
}

/// Scores a session on all images, in the order of the data set. The score of no images is 0.
///
/// # Errors
///
/// [`Error::Usage`], before any work, if the batches have more images than the session takes, or
/// images of another shape; then what the device or the data set reports.
pub fn evaluate(session: &mut Session, batches: &mut Batches) -> Result<Score> {
    Ok(evaluate_until(session, batches, || false)?.unwrap_or_default())
}

/// Does as [`evaluate`]; there is no score if `is_ended` says so before a batch.
pub(crate) fn evaluate_until(
    session: &mut Session,
    batches: &mut Batches,
    is_ended: impl FnMut() -> bool,
) -> Result<Option<Score>> {
    let kind = session.description().training.loss;
    let mut sums = Metrics::default();
    let add = |logits: &[f32], label| sums += measure(kind, logits, label);
    let whole = infer_until(session, batches, is_ended, add)?;
    Ok(whole.then(|| Score::from(sums)))
}

/// Gives the logits of every image to `each`, with its label, in the order of the data set.
///
/// # Errors
///
/// As [`evaluate`].
pub fn infer_all(
    session: &mut Session,
    batches: &mut Batches,
    each: impl FnMut(&[f32], usize),
) -> Result<()> {
    infer_until(session, batches, || false, each).map(drop)
}

/// Does as [`infer_all`]; false if it was ended.
fn infer_until(
    session: &mut Session,
    batches: &mut Batches,
    mut is_ended: impl FnMut() -> bool,
    mut each: impl FnMut(&[f32], usize),
) -> Result<bool> {
    check_batches(session, batches)?;
    let classes = session.description().classes;
    let mut logits = filled(product(&[batches.largest(), classes]), 0.0, "the scores of a batch")?;
    batches.rewind();
    while let Some(batch) = batches.next_batch()? {
        if is_ended() {
            return Ok(false);
        }
        let logits = &mut logits[..batch.labels.len() * classes];
        check_labels(batch.labels, batch.labels.len(), classes)?;
        session.infer(batch.images, logits)?;
        logits.chunks(classes).zip(batch.labels).for_each(|(logits, &label)| each(logits, label as usize));
    }
    Ok(true)
}

/// Refuses batches that a session cannot take.
///
/// # Errors
///
/// [`Error::Usage`] if they have more images than the session takes, or images of another shape.
pub(super) fn check_batches(session: &Session, batches: &Batches) -> Result<()> {
    let (expected, found) = (session.description().input, batches.input());
    if expected != found {
        return Err(Error::Usage(format!("expected batches of images {expected:?}, found {found:?}")));
    }
    let (expected, found) = (session.batch(), batches.largest());
    if expected < found {
        return Err(Error::Usage(format!(
            "expected batches of up to {expected} images, found {found}: make smaller batches, or the session for \
             larger ones"
        )));
    }
    Ok(())
}

/// The loss of an image, and whether the answer is its label.
pub(super) fn measure(kind: LossKind, logits: &[f32], label: usize) -> Metrics {
    let correct = first_largest(logits) == label;
    Metrics { loss: loss(kind, logits, label), correct: correct.into(), samples: 1 }
}

fn loss(kind: LossKind, logits: &[f32], label: usize) -> f64 {
    let mean = |term: fn(f64, f64) -> f64| {
        let target = |class| f64::from(u8::from(class == label));
        let terms = logits.iter().enumerate().map(|(class, &z)| term(f64::from(z), target(class)));
        terms.sum::<f64>() / logits.len() as f64
    };
    match kind {
        LossKind::CrossEntropy { .. } => cross_entropy(logits, label),
        LossKind::MeanSquared => mean(|z, t| (z - t).powi(2)),
        LossKind::BinaryCrossEntropy => mean(|z, t| z.max(0.0) - z * t + (-z.abs()).exp().ln_1p()),
    }
}

fn cross_entropy(logits: &[f32], label: usize) -> f64 {
    let largest = f64::from(logits[first_largest(logits)]);
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    sum.ln() + largest - f64::from(logits[label])
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
        let of = |kind| loss(kind, &[2.0, -1.0], 0);
        let close = |found, expected: f64| approx::assert_relative_eq!(found, expected, max_relative = 1e-12);
        close(
            of(LossKind::CrossEntropy { smoothing: 0.1, class_weights: Some(&[1.0, 2.0]) }),
            (-3f64).exp().ln_1p(),
        );
        close(of(LossKind::MeanSquared), 1.0);
        close(of(LossKind::BinaryCrossEntropy), ((-2f64).exp().ln_1p() + (-1f64).exp().ln_1p()) / 2.0);
        assert!(loss(LossKind::BinaryCrossEntropy, &[0.0, f32::NAN], 0).is_nan());
    }

    #[test]
    fn ties_go_to_the_first() {
        assert_eq!(first_largest(&[0.0, 2.0, 2.0]), 1);
    }
}
