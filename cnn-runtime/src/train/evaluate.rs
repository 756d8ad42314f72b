//! Answers to all images of a data set, and how good they are.

use cnn_core::{
    Error, Result, Targets,
    reserve::{filled, product},
};

use super::{Score, tally::Tally};
use crate::{
    data::Batches,
    session::{Answers, OwnLoss, Session, check_targets},
};

/// Scores a session on all images, in the order of the data set. The score of no images is 0.
///
/// # Errors
///
/// [`Error::Usage`], before any work, if the batches have more images than the session takes, or
/// images of another shape; then what the device or the data set reports.
pub fn evaluate(session: &mut Session, batches: &mut Batches) -> Result<Score> {
    Ok(evaluate_until(session, batches, || false, |_, _| (), None)?.unwrap_or_default())
}

/// Does as [`evaluate`], and shows each answer with its target to `see`; there is no score if
/// `is_ended` says so before a batch. A loss of the program's own takes the place of the network's.
pub(crate) fn evaluate_until(
    session: &mut Session,
    batches: &mut Batches,
    is_ended: impl FnMut() -> bool,
    mut see: impl FnMut(&[f32], Targets),
    mut loss: Option<&mut OwnLoss>,
) -> Result<Option<Score>> {
    let description = session.description();
    check_kind(session, batches)?;
    let outputs = description.output_len();
    let mut tally = Tally::new(description.training.loss, description.target(), outputs)?;
    let mut sum = 0.0;
    let whole = infer_until(session, batches, is_ended, |answers| {
        check_targets(answers.targets, answers.images, description)?;
        if let Some(loss) = &mut loss {
            sum += loss.of(answers) * answers.images as f64;
        }
        answers.each().try_for_each(|(outputs, target)| {
            see(outputs, target);
            tally.add(outputs, target)
        })
    })?;
    let mut score = tally.score();
    if loss.is_some() {
        score.loss = sum / score.images.max(1) as f64;
    }
    Ok(whole.then_some(score))
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
    let each = |answers: &Answers| {
        answers.each().for_each(|(outputs, target)| each(outputs, target));
        Ok(())
    };
    infer_until(session, batches, || false, each).map(drop)
}

/// Gives the outputs for every batch to `each`; false if it was ended.
fn infer_until(
    session: &mut Session,
    batches: &mut Batches,
    mut is_ended: impl FnMut() -> bool,
    mut each: impl FnMut(&Answers) -> Result<()>,
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
        each(&Answers::new(logits, batch.targets, samples)?)?;
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
