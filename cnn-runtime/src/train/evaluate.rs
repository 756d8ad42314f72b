//! Answers to all images of a data set, and how good they are.

use cnn_core::{
    Error, Result, Targets,
    reserve::{filled, product},
};

use super::{Score, tally::Tally};
use crate::{
    data::Batches,
    session::{Session, check_targets},
};

/// Scores a session on all images, in the order of the data set. The score of no images is 0.
///
/// # Errors
///
/// [`Error::Usage`], before any work, if the batches have more images than the session takes, or
/// images of another shape; then what the device or the data set reports.
pub fn evaluate(session: &mut Session, batches: &mut Batches) -> Result<Score> {
    Ok(evaluate_until(session, batches, || false, |_, _| ())?.unwrap_or_default())
}

/// Does as [`evaluate`], and shows each answer with its target to `see`; there is no score if
/// `is_ended` says so before a batch.
pub(crate) fn evaluate_until(
    session: &mut Session,
    batches: &mut Batches,
    is_ended: impl FnMut() -> bool,
    mut see: impl FnMut(&[f32], Targets),
) -> Result<Option<Score>> {
    let description = session.description();
    check_kind(session, batches)?;
    let outputs = description.output_len();
    let mut tally = Tally::new(description.training.loss, description.target(), outputs)?;
    let whole = infer_until(session, batches, is_ended, |logits, target| {
        check_targets(target, 1, description)?;
        see(logits, target);
        tally.add(logits, target)
    })?;
    Ok(whole.then(|| tally.score()))
}

/// Gives the outputs for every image to `each`, with the image's target, in the order of the data
/// set.
///
/// # Errors
///
/// As [`evaluate`], but for targets that the network's answers cannot be compared with: they are
/// handed on as they are.
pub fn infer_all(
    session: &mut Session,
    batches: &mut Batches,
    mut each: impl FnMut(&[f32], Targets),
) -> Result<()> {
    let each = |logits: &[f32], target: Targets| {
        each(logits, target);
        Ok(())
    };
    infer_until(session, batches, || false, each).map(drop)
}

/// Does as [`infer_all`]; false if it was ended.
fn infer_until(
    session: &mut Session,
    batches: &mut Batches,
    mut is_ended: impl FnMut() -> bool,
    mut each: impl FnMut(&[f32], Targets) -> Result<()>,
) -> Result<bool> {
    check_batches(session, batches)?;
    let (outputs, image) = (session.description().output_len(), product(&batches.input()));
    let mut logits = filled(product(&[batches.largest(), outputs]), 0.0, "the scores of a batch")?;
    batches.rewind();
    while let Some(batch) = batches.next_batch()? {
        if is_ended() {
            return Ok(false);
        }
        let samples = batch.images.len() / image;
        let logits = &mut logits[..samples * outputs];
        session.infer(batch.images, logits)?;
        let numbers = batch.targets.len() / samples;
        for (sample, logits) in logits.chunks(outputs).enumerate() {
            each(logits, batch.targets.sample(sample, numbers))?;
        }
    }
    Ok(true)
}

/// Refuses targets that a session's answers cannot be compared with.
///
/// # Errors
///
/// [`Error::Usage`] if they are of another kind.
pub(super) fn check_kind(session: &Session, batches: &Batches) -> Result<()> {
    let (expected, found) = (session.description().target(), batches.target());
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (expected.outputs(), found.outputs());
    Err(Error::Usage(format!("the images' targets are {found}, and the network's outputs {expected}")))
}

/// Refuses batches that a session cannot take.
///
/// # Errors
///
/// [`Error::Usage`] if they have more images than the session takes, or images of another shape.
pub(super) fn check_batches(session: &Session, batches: &Batches) -> Result<()> {
    let (expected, found) = (session.description().image_shape(), batches.input());
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
