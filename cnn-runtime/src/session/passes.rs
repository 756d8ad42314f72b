//! How a session runs a batch: inference, both passes of training, and either of them step by step.

use cnn_core::{Error, Result, Targets};

use super::{Answers, Metrics, OwnLoss, Pending, Session};
use crate::{
    engine::{LossSums, Pass, PendingUpdate},
    network::Model,
    plan::{Loss, StepRef, Steps},
    watch::{self, Observer},
};

impl Session {
    /// Runs a batch step by step and shows each when it has run: with targets a training pass, whose
    /// gradients then wait for [`Session::update`], else inference. Steps that
    /// [`Session::train_step`] would carry sample by sample through a region run one after the
    /// other for the whole batch; the results are the same. Gradients of earlier passes that wait
    /// for an update are lost.
    ///
    /// ```no_run
    /// # fn example(session: &mut cnn_runtime::Session, image: &[f32]) -> cnn_runtime::Result<()> {
    /// session.watch(image, None, &mut |mut event| {
    ///     if let Some(map) = event.output()? {
    ///         println!("{}: {} values, {} s", event.layer(), map.len(), event.seconds);
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::train_step`] and [`Session::infer`]; and the first error of `observer`, which
    /// ends the pass.
    pub fn watch(&mut self, images: &[f32], targets: Option<Targets>, observer: &mut Observer) -> Result<()> {
        let Model { forward, backward, infer, .. } = self.model;
        let (pass, steps) = match targets {
            Some(targets) => {
                let batch = self.batch_to_train(images, targets)?;
                let pass = self.begin(batch, images, targets, Some(self.key(0)))?;
                self.pending = Pending { passes: 1, samples: batch as u64 };
                self.has_gradients = true;
                (pass, watch::steps_of(&|steps| [forward, backward].iter().for_each(|body| body(steps))))
            }
            None => {
                let plan = &self.description().infer;
                let pass = Pass { batch: self.samples(images)?, arena: plan.arena, key: None };
                self.engine.write_map(&pass, &plan.inputs[0], images)?;
                (pass, watch::steps_of(&|steps| infer(steps)))
            }
        };
        self.engine.finish()?;
        watch::run(&mut *self.engine, &pass, &steps, observer)
    }

    /// A training-mode forward and backward pass with dropout off and without an update. The
    /// gradients can then be read by [`Session::gradient`]. Running statistics move, as in every
    /// training-mode pass.
    ///
    /// Returns the mean loss, weighted auxiliary losses included. Gradients of earlier passes that
    /// wait for an update are lost.
    ///
    /// # Errors
    /// As [`Session::train_step`].
    pub fn forward_backward<'t>(&mut self, images: &[f32], targets: impl Into<Targets<'t>>) -> Result<f64> {
        let targets = targets.into();
        let batch = self.batch_to_train(images, targets)?;
        self.pending = Pending::default();
        let trained = self.take_metrics()?;
        self.train(batch, images, targets, None, None, None)?;
        let sums = self.take_metrics()?;
        self.metrics = trained;
        Ok(sums.loss / sums.samples as f64)
    }

    /// What was summed over the training steps since the last call; waits for them.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn take_metrics(&mut self) -> Result<Metrics> {
        let LossSums { loss, correct } = self.engine.take_losses()?;
        let mut metrics = std::mem::take(&mut self.metrics);
        metrics += Metrics { loss, correct, ..Metrics::default() };
        Ok(metrics)
    }

    /// Outputs `[n, N]` of a batch, scores or values, with every layer in inference mode.
    ///
    /// # Errors
    /// [`Error::Usage`] if the images do not fit the network, or the scores the images;
    /// [`Error::Device`] if the device fails.
    pub fn infer(&mut self, images: &[f32], logits: &mut [f32]) -> Result<()> {
        let description = self.description();
        let (plan, count) = (&description.infer, description.output_len());
        let batch = self.samples(images)?;
        if logits.len() != batch * count {
            let (asked, kind) = (logits.len(), description.target().outputs());
            return Err(Error::Usage(format!("{asked} scores asked of {batch} images of {count} {kind}")));
        }
        let [input, output] = [plan.inputs, plan.outputs].map(|ports| &ports[0]);
        let pass = Pass { batch, arena: plan.arena, key: None };
        let infer = self.model.infer;
        self.engine.write_map(&pass, input, images)?;
        // SAFETY: these are the steps of the inference plan, and a `Network` keeps within it.
        unsafe { self.engine.run(&pass, &|run: &dyn Steps| infer(run)) }?;
        let stored = &mut self.logits[..batch * output.len()];
        self.engine.read_map(&pass, output, stored)?;
        for (scores, stored) in logits.chunks_exact_mut(count).zip(stored.chunks_exact(output.len())) {
            scores.copy_from_slice(&stored[..count]);
        }
        Ok(())
    }

    /// Both passes over a batch that was checked, by the network's loss or another one: adds to the
    /// sums, and leaves the gradients or makes an update by them.
    pub(super) fn train(
        &mut self,
        batch: usize,
        images: &[f32],
        targets: Targets,
        key: Option<u64>,
        update: Option<&PendingUpdate>,
        loss: Option<&mut OwnLoss>,
    ) -> Result<()> {
        let pass = self.begin(batch, images, targets, key)?;
        let Model { forward, backward, .. } = self.model;
        let body = |run: &dyn Steps| {
            forward(run);
            backward(run);
        };
        self.has_gradients = false;
        let fused = update.filter(|pending| loss.is_none() && !self.takes_norm(pending));
        if fused.is_some() {
            self.gradient_norm = None;
        }
        match (loss, fused) {
            (Some(loss), _) => self.run_by(&pass, targets, loss)?,
            // SAFETY: these are the steps of the training plan, and a `Network` keeps within it;
            // the targets are written.
            (None, Some(pending)) => unsafe { self.engine.train(&pass, &body, pending) }?,
            // SAFETY: as above.
            (None, None) => unsafe { self.engine.run(&pass, &body) }?,
        }
        if let Some(pending) = update.filter(|_| fused.is_none()) {
            self.make_update(*pending)?;
        }
        self.has_gradients = update.is_none();
        self.metrics.samples += pass.batch as u64;
        self.engine.add_losses(&pass, self.model.description().train.losses)
    }

    /// Both passes, with a loss between them that the host computes: its gradient takes the place
    /// of that of the network's main loss, and so does its value in the sums.
    fn run_by(&mut self, pass: &Pass, targets: Targets, loss: &mut OwnLoss) -> Result<()> {
        let Model { forward, backward, .. } = self.model;
        // SAFETY: these are the steps of the training plan, and a `Network` keeps within it; the
        // targets are written.
        unsafe { self.engine.run(pass, &|run: &dyn Steps| forward(run)) }?;
        let main = main_loss(forward);
        let (batch, count, stored) = (pass.batch, main.logits.channels, main.logits.len());
        let map = &mut self.logits[..batch * stored];
        self.engine.read_map(pass, &main.logits, map)?;
        for image in 0..batch {
            map.copy_within(image * stored..image * stored + count, image * count);
        }
        let answers = Answers::new(&map[..batch * count], targets, batch)?;
        let (value, gradient) = loss.with_gradient(&answers)?;
        if let Some(grad) = &main.grad {
            for (stored, gradient) in map.chunks_mut(stored).zip(gradient.chunks(count)) {
                stored[..count].copy_from_slice(gradient);
                stored[count..].fill(0.0);
            }
            self.engine.write_map(pass, grad, map)?;
        }
        let losses = &mut self.logits[..batch * main.loss.len()];
        self.engine.read_map(pass, &main.loss, losses)?;
        losses.chunks_mut(main.loss.len()).for_each(|loss| loss[0] = value as f32);
        self.engine.write_map(pass, &main.loss, losses)?;
        // SAFETY: as above, after the forward pass.
        unsafe { self.engine.run(pass, &|run: &dyn Steps| backward(run)) }
    }

    /// Hands a batch that was checked to the engine for a training-mode pass.
    fn begin(&mut self, batch: usize, images: &[f32], targets: Targets, key: Option<u64>) -> Result<Pass> {
        let plan = &self.description().train;
        let pass = Pass { batch, arena: plan.arena, key };
        self.engine.write_map(&pass, &plan.inputs[0], images)?;
        self.engine.write_targets(targets)?;
        Ok(pass)
    }
}

/// The step of a network's main loss, which comes first.
fn main_loss(forward: fn(&dyn Steps)) -> &'static Loss {
    let is_loss = |step| if let StepRef::Loss(loss) = step { Some(loss) } else { None };
    let steps = watch::steps_of(&|steps| forward(steps));
    steps.into_iter().find_map(is_loss).expect("a network has a loss")
}
