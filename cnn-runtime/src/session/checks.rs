//! What every call of a session must hold to: checked before anything happens, and answered by
//! [`Error::Usage`].

use cnn_core::{Error, Result, Targets};

use super::{Array, Options, Session};
use crate::{
    network::Model,
    optim::{Clip, Optimizer, Update},
    plan::{Description, Param, StepRef, TargetKind},
    watch,
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
    pub(super) fn batch_to_train(&self, images: &[f32], targets: Targets) -> Result<usize> {
        self.live_rule()?;
        let batch = self.samples(images)?;
        check_targets(targets, batch, self.description())?;
        Ok(batch)
    }

    /// Samples in a batch of images.
    pub(super) fn samples(&self, images: &[f32]) -> Result<usize> {
        let [channels, height, width] = self.description().image_shape();
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

/// Checks that each image of a batch has a target that the network's answer can be compared with.
pub(crate) fn check_targets(targets: Targets, batch: usize, description: &Description) -> Result<()> {
    let (kind, outputs) = (description.target(), description.output_len());
    let refused = |message: String| Err(Error::Usage(message));
    let expected = batch.saturating_mul(kind.len(outputs));
    match (targets, kind) {
        (Targets::Classes(classes), TargetKind::Class) => {
            if classes.len() != batch {
                return refused(format!("{} labels for {batch} images", classes.len()));
            }
            match classes.iter().find(|&&class| class as usize >= outputs) {
                Some(class) => refused(format!("label {class}: the network has {outputs} classes")),
                None => Ok(()),
            }
        }
        (Targets::Values(values), TargetKind::Values | TargetKind::Labels) => {
            if values.len() != expected {
                return refused(format!(
                    "{} target values for {batch} images of {outputs} {}",
                    values.len(),
                    kind.outputs()
                ));
            }
            let is_target = |value: &f32| match kind {
                TargetKind::Labels => *value == 0.0 || *value == 1.0,
                TargetKind::Class | TargetKind::Values => value.is_finite(),
            };
            match values.iter().find(|value| !is_target(value)) {
                Some(value) if kind == TargetKind::Labels => {
                    refused(format!("a target of {value}: a label is there, 1, or not, 0"))
                }
                Some(value) => refused(format!("a target of {value}: expected finite numbers")),
                None => Ok(()),
            }
        }
        (Targets::Classes(_), TargetKind::Values | TargetKind::Labels) => {
            refused(format!("the targets are classes, and the network's outputs {}", kind.outputs()))
        }
        (Targets::Values(_), TargetKind::Class) => {
            refused("the targets are values, and the network's outputs classes".into())
        }
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

/// Refuses to train a batch norm on batches that have one value for each channel: its variance is 0,
/// and would be learnt as such.
pub(super) fn check_statistics(model: &Model, options: &Options) -> Result<()> {
    if options.update.is_none() || options.batch != 1 {
        return Ok(());
    }
    let forward = model.forward;
    let alone = watch::steps_of(&|steps| forward(steps)).into_iter().find_map(|step| match step {
        StepRef::BatchStats(step) if step.x.height * step.x.width == 1 => Some(step.name),
        _ => None,
    });
    match alone {
        None => Ok(()),
        Some(layer) => Err(Error::Usage(format!(
            "{layer}: a batch of 1 has one value for each channel here, which is no statistic: train on batches of 2 or \
             more, or freeze the layer"
        ))),
    }
}
