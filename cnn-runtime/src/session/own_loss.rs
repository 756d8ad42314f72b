//! A loss of a program's own: computed on the host from a batch's outputs and targets, with its
//! gradient.

use std::fmt;

use cnn_core::{Error, Result, Targets, rng::subkey};

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
    /// The outputs of some images, at least one, and as many targets.
    ///
    /// # Errors
    /// [`Error::Usage`] if they cannot be divided among so many images.
    pub fn new(outputs: &'a [f32], targets: impl Into<Targets<'a>>, images: usize) -> Result<Answers<'a>> {
        let targets = targets.into();
        if images == 0 || [outputs.len(), targets.len()].iter().any(|len| len % images != 0) {
            let (found, numbers) = (outputs.len(), targets.len());
            return Err(Error::Usage(format!(
                "expected outputs and targets of {images} images, found {found} and {numbers} numbers"
            )));
        }
        Ok(Answers { outputs, targets, images })
    }

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
/// output, in the order of the outputs. Before the first update its gradient is compared with
/// differences of the loss along a few directions and by single outputs, which calls the function
/// some seventy times: it should give the same answer to the same batch. Validation wants the loss
/// alone, and ignores what is written.
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

/// Outputs whose gradients are checked one by one, at most.
const CHECKED: usize = 32;
/// Directions along which all are checked: that of the gradient's signs, and some at random.
const DIRECTIONS: u64 = 4;
/// Step of a difference, of outputs up to 1.
const STEP: f32 = 1.0 / 256.0;
/// What a slope may be off by, as a share of itself and of what slopes are elsewhere.
const TOLERANCE: [f64; 2] = [2e-2, 1e-3];
/// That of a slope in a random direction, in which most of the gradient cancels.
const CANCELLED: f64 = 5e-2;

impl<'a> OwnLoss<'a> {
    /// The loss that a function computes.
    pub fn new(function: impl FnMut(&Answers, &mut [f32]) -> f64 + Send + 'a) -> OwnLoss<'a> {
        OwnLoss { function: Box::new(function), is_checked: false, outputs: Vec::new(), gradient: Vec::new() }
    }

    /// The mean loss of a batch.
    #[cfg(feature = "data")]
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
            let gradient = self.gradient.clone();
            self.check(answers, loss, &gradient)?;
            self.gradient = gradient;
            self.is_checked = true;
        }
        Ok((loss, &self.gradient))
    }

    /// Compares a batch's gradient with differences of the loss on either side: where it has a
    /// kink, every slope between the two is one.
    fn check(&mut self, answers: &Answers, loss: f64, gradient: &[f32]) -> Result<()> {
        let Answers { outputs, images, .. } = *answers;
        let place = |at: usize| {
            let each = outputs.len() / images;
            format!("output {} of image {}", at % each, at / each)
        };
        if let Some(at) = gradient.iter().position(|slope| !slope.is_finite()) {
            let found = gradient[at];
            let message = if found.is_nan() { "not written, or NaN".into() } else { format!("{found}") };
            return Err(Error::Usage(format!("the loss: its gradient by {} is {message}", place(at))));
        }
        let largest = gradient.iter().fold(0f64, |largest, &slope| largest.max(f64::from(slope).abs()));
        for at in (0..outputs.len()).step_by(outputs.len().div_ceil(CHECKED)) {
            let alone = |other: usize| f32::from(other == at);
            let tolerance = TOLERANCE[1] * largest;
            self.check_slope(answers, (loss, gradient), &alone, tolerance, &|| format!("by {}", place(at)))?;
        }
        let norm = gradient.iter().map(|&slope| f64::from(slope).powi(2)).sum::<f64>().sqrt();
        for direction in 0..DIRECTIONS {
            let along = |at: usize| match direction {
                0 => gradient[at].signum(),
                _ if subkey(direction, at as u64).is_multiple_of(2) => 1.0,
                _ => -1.0,
            };
            let tolerance = CANCELLED * norm;
            self.check_slope(answers, (loss, gradient), &along, tolerance, &|| "along a direction".into())?;
        }
        Ok(())
    }

    /// Compares the slope in one direction, which `what` describes.
    fn check_slope(
        &mut self,
        answers: &Answers,
        (loss, gradient): (f64, &[f32]),
        direction: &dyn Fn(usize) -> f32,
        tolerance: f64,
        what: &dyn Fn() -> String,
    ) -> Result<()> {
        let Answers { outputs, targets, images } = *answers;
        let mut moved = |step: f32| {
            self.outputs.clear();
            self.outputs.extend(outputs.iter().enumerate().map(|(at, &z)| z + step * direction(at)));
            let distances =
                self.outputs.iter().zip(outputs).map(|(&to, &from)| f64::from(to) - f64::from(from));
            // What was moved in fact: small steps of large outputs are rounded.
            let found: f64 =
                distances.zip(gradient).map(|(distance, &slope)| distance * f64::from(slope)).sum();
            let answers = Answers { outputs: &self.outputs, targets, images };
            [(self.function)(&answers, &mut self.gradient) - loss, found]
                .map(|difference| difference / f64::from(step))
        };
        let largest = outputs.iter().enumerate().filter(|(at, _)| direction(*at) != 0.0);
        let step = largest.fold(1f32, |largest, (_, z)| largest.max(z.abs())) * STEP;
        let [[below, found], [above, other]] = [moved(-step), moved(step)];
        let found = (found + other) / 2.0;
        // A loss in 32 bits is exact to a few units in its last place.
        let rounding = 4.0 * f64::from(f32::EPSILON) * loss.abs() / f64::from(step);
        let tolerance = TOLERANCE[0] * found.abs() + tolerance + rounding;
        if found < below.min(above) - tolerance || found > below.max(above) + tolerance {
            let expected = (below + above) / 2.0;
            return Err(Error::Usage(format!(
                "the loss: its gradient {} is {found:.6}, and differences of the loss say {expected:.6}",
                what()
            )));
        }
        Ok(())
    }
}

impl fmt::Debug for OwnLoss<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnLoss").field("is_checked", &self.is_checked).finish_non_exhaustive()
    }
}
