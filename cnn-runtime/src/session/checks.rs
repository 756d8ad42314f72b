//! What every call of a session must hold to: checked before anything happens, and answered by
//! [`Error::Usage`].

use cnn_core::{Error, Result};

use super::{Array, Session};
use crate::{
    optim::{Clip, Optimizer, Update},
    plan::Param,
};

impl Session {
    /// The update rule; its absence means that there is no memory for gradients.
    pub(super) fn rule(&self) -> Result<Update> {
        self.update.ok_or_else(|| {
            Error::Usage("the session was made for inference only; make it with Options::train".into())
        })
    }

    /// The update rule, of a session whose live parameters are in place.
    pub(super) fn live_rule(&self) -> Result<Update> {
        if self.averaged {
            return Err(Error::Usage("averaged parameters are not trained; swap the live ones in".into()));
        }
        self.rule()
    }

    /// The parameter or running statistic at a position in the network's tables.
    pub(super) fn param(&self, index: usize) -> Result<&'static Param> {
        let params = self.description().params;
        params.get(index).ok_or_else(|| {
            Error::Usage(format!("parameter {index}: the network has {} of them", params.len()))
        })
    }

    /// The parameter that an array belongs to, if the session holds that array.
    pub(super) fn param_of(&self, array: Array, index: usize) -> Result<&'static Param> {
        if let Array::State(slot) = array
            && slot >= self.state_slots()
        {
            return Err(Error::Usage(format!(
                "slot {slot} of state: the session keeps {} of them",
                self.state_slots()
            )));
        }
        self.param(index)
    }

    /// Samples in a batch that can be trained on.
    pub(super) fn batch_to_train(&self, images: &[f32], labels: &[u32]) -> Result<usize> {
        self.live_rule()?;
        let batch = self.samples(images)?;
        check_labels(labels, batch, self.description().classes)?;
        Ok(batch)
    }

    /// Samples in a batch of images.
    pub(super) fn samples(&self, images: &[f32]) -> Result<usize> {
        let [channels, height, width] = self.description().input;
        let image = channels * height * width;
        let samples = images.len() / image;
        if samples == 0 || samples > self.batch || images.len() != samples * image {
            return Err(Error::Usage(format!(
                "expected 1 to {} images of {channels}x{height}x{width}, found {} values",
                self.batch,
                images.len()
            )));
        }
        Ok(samples)
    }
}

/// Checks that each image of a batch has a label and each label is a class.
pub(crate) fn check_labels(labels: &[u32], batch: usize, classes: usize) -> Result<()> {
    if labels.len() != batch {
        return Err(Error::Usage(format!("{} labels for {batch} images", labels.len())));
    }
    match labels.iter().find(|&&label| label as usize >= classes) {
        Some(label) => Err(Error::Usage(format!("label {label}: the network has {classes} classes"))),
        None => Ok(()),
    }
}

/// Checks that a learning rate is a number that an update can be made with.
pub(super) fn check_lr(lr: f32) -> Result<()> {
    if lr.is_finite() && lr >= 0.0 {
        return Ok(());
    }
    Err(Error::Usage(format!("learning rate {lr}: expected a finite number of at least 0")))
}

/// Checks all numbers of an update. Those of the rule have one description, its text form: a rule
/// is sound if its own text is read as the same rule.
pub(super) fn check_update(update: &Update) -> Result<()> {
    let &Update { optimizer, clip, average } = update;
    check_lr(optimizer.lr())?;
    // The text form wants a rate above 0, where a session may stand still.
    optimizer.with_lr(1.0).to_string().parse::<Optimizer>().map_err(Error::Usage)?;
    if let Some(Clip::Norm(limit) | Clip::Value(limit)) = clip
        && !(limit.is_finite() && limit > 0.0)
    {
        return Err(Error::Usage(format!("a limit of {limit} for gradients: expected a number above 0")));
    }
    match average {
        Some(decay) if !(0.0..1.0).contains(&decay) => Err(Error::Usage(format!(
            "decay {decay} of the running average: expected a number of at least 0 and below 1"
        ))),
        _ => Ok(()),
    }
}
