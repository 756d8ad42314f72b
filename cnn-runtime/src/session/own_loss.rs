//! A loss of a program's own: computed on the host from a batch's outputs and targets, with its
//! gradient.

use std::fmt;

use cnn_core::{Error, Result, Targets};

/// A batch as a loss sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Answers<'a> {
    /// The network's outputs `[n, N]`, one image after the other.
    pub outputs: &'a [f32],
    /// What they are compared with.
    pub targets: Targets<'a>,
    /// Number of images.
    pub images: usize,
}

impl<'a> Answers<'a> {
    /// Outputs and target of each image.
    pub fn each(&self) -> impl Iterator<Item = (&'a [f32], Targets<'a>)> + use<'a> {
        let Answers { outputs, targets, images } = *self;
        let numbers = targets.len() / images;
        let outputs = outputs.chunks(outputs.len() / images);
        outputs.enumerate().map(move |(image, outputs)| (outputs, targets.sample(image, numbers)))
    }
}

/// Returns the mean loss of a batch and writes its gradient, a number for each output.
type Function<'a> = dyn FnMut(&Answers, &mut [f32]) -> f64 + Send + 'a;

/// A loss as a function of outputs and targets, in place of the one that a network declares; losses
/// of auxiliary outputs stay.
///
/// The function returns the mean loss of a batch and writes the gradient of that mean by each
/// output, in the order of the outputs. The first batch checks some of them against differences of
/// the loss, see [`OwnLoss::check`].
///
/// ```
/// use cnn_runtime::OwnLoss;
///
/// // log(cosh(z - t)), the mean over all values
/// let log_cosh = OwnLoss::new(|answers, gradient| {
///     let targets = answers.targets.values().unwrap_or_default();
///     let count = targets.len() as f64;
///     let mut sum = 0.0;
///     for ((z, t), gradient) in answers.outputs.iter().zip(targets).zip(gradient) {
///         let distance = f64::from(z - t);
///         sum += distance.cosh().ln();
///         *gradient = (distance.tanh() / count) as f32;
///     }
///     sum / count
/// });
/// ```
pub struct OwnLoss<'a> {
    function: Box<Function<'a>>,
    is_checked: bool,
    outputs: Vec<f32>,
    gradient: Vec<f32>,
}

/// Outputs whose gradients are checked, at most.
const CHECKED: usize = 32;
/// Step of a difference, of outputs up to 1.
const STEP: f32 = 1.0 / 256.0;
/// What a gradient may be off by, as a share of itself and of the largest.
const TOLERANCE: [f64; 2] = [2e-2, 1e-3];

impl<'a> OwnLoss<'a> {
    /// The loss that a function computes.
    pub fn new(function: impl FnMut(&Answers, &mut [f32]) -> f64 + Send + 'a) -> OwnLoss<'a> {
        OwnLoss { function: Box::new(function), is_checked: false, outputs: Vec::new(), gradient: Vec::new() }
    }

    /// The mean loss of a batch.
    pub(crate) fn of(&mut self, answers: &Answers) -> f64 {
        self.gradient.resize(answers.outputs.len(), 0.0);
        (self.function)(answers, &mut self.gradient)
    }

    /// The mean loss of a batch and its gradient; the first batch is checked.
    pub(super) fn with_gradient(&mut self, answers: &Answers) -> Result<(f64, &[f32])> {
        self.gradient.clear();
        self.gradient.resize(answers.outputs.len(), f32::NAN);
        let loss = (self.function)(answers, &mut self.gradient);
        if !self.is_checked && loss.is_finite() {
            self.check(answers)?;
            self.is_checked = true;
        }
        Ok((loss, &self.gradient))
    }

    /// Compares some of a batch's gradients with differences of the loss on either side: where it
    /// has a kink, every slope between the two is one.
    ///
    /// # Errors
    /// [`Error::Usage`] with the output whose gradient is something else, or was not written.
    pub fn check(&mut self, answers: &Answers) -> Result<()> {
        let Answers { outputs, targets, images } = *answers;
        let each = outputs.len() / images;
        let mut gradient = vec![f32::NAN; outputs.len()];
        let loss = (self.function)(answers, &mut gradient);
        let place = |at: usize| format!("output {} of image {}", at % each, at / each);
        if let Some(at) = gradient.iter().position(|slope| !slope.is_finite()) {
            let found = gradient[at];
            let message = if found.is_nan() { "not written, or NaN".into() } else { format!("{found}") };
            return Err(Error::Usage(format!("the loss: its gradient by {} is {message}", place(at))));
        }
        let largest = gradient.iter().fold(0f64, |largest, &slope| largest.max(f64::from(slope).abs()));
        let mut ignored = gradient.clone();
        self.outputs.clear();
        self.outputs.extend_from_slice(outputs);
        for at in (0..outputs.len()).step_by(outputs.len().div_ceil(CHECKED)) {
            let output = outputs[at];
            let mut slope = |step: f32| {
                self.outputs[at] = output + step * output.abs().max(1.0);
                let moved = f64::from(self.outputs[at]) - f64::from(output);
                let answers = Answers { outputs: &self.outputs, targets, images };
                let difference = (self.function)(&answers, &mut ignored) - loss;
                self.outputs[at] = output;
                difference / moved
            };
            let [below, above] = [slope(-STEP), slope(STEP)];
            let found = f64::from(gradient[at]);
            // A loss in 32 bits is exact to a few units in its last place.
            let rounding = 4.0 * f64::from(f32::EPSILON) * loss.abs() / f64::from(STEP);
            let tolerance = TOLERANCE[0] * found.abs() + TOLERANCE[1] * largest + rounding;
            if found < below.min(above) - tolerance || found > below.max(above) + tolerance {
                let expected = (below + above) / 2.0;
                return Err(Error::Usage(format!(
                    "the loss: its gradient by {} is {found:.6}, and differences of the loss say {expected:.6}",
                    place(at)
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for OwnLoss<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnLoss").field("is_checked", &self.is_checked).finish_non_exhaustive()
    }
}
