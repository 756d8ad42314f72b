//! What happens to values: `(x - shift) / divisor` for each element, and whitening matrices.
//!
//! Element-wise stages that follow each other are folded into one, in f64. A fitted stage finds its
//! statistics by name: `data.mean`, `data.std` (`[C]` or `[C, H, W]`), `data.whiten` (`[n, n]`);
//! the second use of a name is `data.mean.2`.

use cnn_core::{Tensor, ValueStage};
use cnn_plan::{Per, Prepare};
use nalgebra::{DMatrix, DMatrixView};

/// Images that are multiplied by a whitening matrix at once; fewer are filled up with zeros, so
/// that none depends on its neighbours.
const GROUP: usize = 16;

/// The stages of a network that change values.
#[derive(Debug, Default)]
pub(super) struct Values {
    stages: Vec<Stage>,
}

#[derive(Debug)]
enum Stage {
    Affine { shift: Vec<f32>, divisor: Vec<f32> },
    Matrix(DMatrix<f32>),
}

impl Values {
    /// The stages of `data { }` that change values, with their fitted statistics; the error says
    /// which is missing, misshapen or given twice.
    pub(super) fn new(
        stages: &[Prepare],
        input: [usize; 3],
        statistics: &[Tensor],
    ) -> Result<Values, String> {
        let mut builder = Builder::new(input);
        let mut names = StatisticNames::default();
        for stage in stages {
            let mut find = |name, shape: &[usize]| find(statistics, names.next(name), shape);
            match *stage {
                Prepare::MeanSubtract(per) => builder.affine(find("data.mean", &shape(per, input))?, &[1.0]),
                Prepare::Standardise(per) => {
                    let mean = find("data.mean", &shape(per, input))?;
                    builder.affine(mean, find("data.std", &shape(per, input))?);
                }
                Prepare::Normalise { mean, std } => builder.affine(mean, std),
                Prepare::Scale(factor) => builder.scale(factor),
                Prepare::Whiten { .. } => {
                    builder.affine(find("data.mean", &input)?, &[1.0]);
                    let size = input.iter().product();
                    builder.matrix(DMatrix::from_row_slice(size, size, find("data.whiten", &[size; 2])?));
                }
                Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_) => {}
            }
        }
        Ok(builder.build())
    }

    pub(super) fn whitens(&self) -> bool {
        self.stages.iter().any(|stage| matches!(stage, Stage::Matrix(_)))
    }

    /// What happens to values, in order.
    pub(super) fn stages(&self) -> impl Iterator<Item = ValueStage<'_>> {
        self.stages.iter().map(|stage| match stage {
            Stage::Affine { shift, divisor } => ValueStage::Affine { shift, divisor },
            Stage::Matrix(matrix) => ValueStage::Matrix(matrix.as_slice()),
        })
    }

    /// Applies the stages to images, one after the other.
    pub(super) fn apply(&self, images: &mut [f32]) {
        for stage in &self.stages {
            match stage {
                Stage::Affine { shift, divisor } => {
                    for image in images.chunks_exact_mut(shift.len()) {
                        for ((value, shift), divisor) in image.iter_mut().zip(shift).zip(divisor) {
                            *value = (*value - shift) / divisor;
                        }
                    }
                }
                Stage::Matrix(matrix) => {
                    images.chunks_mut(GROUP * matrix.nrows()).for_each(|group| multiply(matrix, group));
                }
            }
        }
    }
}

/// `images[i] = matrix * images[i]` for at most [`GROUP`] images.
fn multiply(matrix: &DMatrix<f32>, images: &mut [f32]) {
    let size = matrix.nrows();
    let mut group = vec![0.0; GROUP * size];
    group[..images.len()].copy_from_slice(images);
    let product = matrix * DMatrixView::from_slice(&group, size, GROUP);
    images.copy_from_slice(&product.as_slice()[..images.len()]);
}

/// Folds element-wise stages into one until a matrix follows.
struct Builder {
    input: [usize; 3],
    stages: Vec<Stage>,
    shift: Vec<f64>,
    divisor: Vec<f64>,
}

impl Builder {
    fn new(input: [usize; 3]) -> Builder {
        let size = input.iter().product();
        Builder { input, stages: Vec::new(), shift: vec![0.0; size], divisor: vec![1.0; size] }
    }

    /// Adds `(x - mean) / std` after all before; either has one value, or one for each channel or
    /// element.
    fn affine(&mut self, mean: &[f32], std: &[f32]) {
        let size = self.shift.len();
        // ((x - shift) / divisor - mean) / std = (x - (shift + divisor * mean)) / (divisor * std)
        for (element, (shift, divisor)) in self.shift.iter_mut().zip(&mut self.divisor).enumerate() {
            let of = |values: &[f32]| f64::from(values[element * values.len() / size]);
            *shift += *divisor * of(mean);
            *divisor *= of(std);
        }
    }

    fn scale(&mut self, factor: f32) {
        self.divisor.iter_mut().for_each(|divisor| *divisor /= f64::from(factor));
    }

    fn matrix(&mut self, matrix: DMatrix<f32>) {
        let empty = Builder::new(self.input);
        let before = std::mem::replace(self, empty).build();
        self.stages = before.stages;
        self.stages.push(Stage::Matrix(matrix));
    }

    fn build(mut self) -> Values {
        let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<_>>();
        let (shift, divisor) = (narrow(self.shift), narrow(self.divisor));
        if shift.iter().any(|&shift| shift != 0.0) || divisor.iter().any(|&divisor| divisor != 1.0) {
            self.stages.push(Stage::Affine { shift, divisor });
        }
        Values { stages: self.stages }
    }
}

/// The shape of a statistic.
pub(super) fn shape(per: Per, input: [usize; 3]) -> Vec<usize> {
    match per {
        Per::Channel => vec![input[0]],
        Per::Pixel => input.to_vec(),
    }
}

/// The names of statistics, numbered in the order of their use.
#[derive(Default)]
pub(super) struct StatisticNames(Vec<&'static str>);

impl StatisticNames {
    pub(super) fn next(&mut self, name: &'static str) -> String {
        self.0.push(name);
        match self.0.iter().filter(|&&used| used == name).count() {
            1 => name.into(),
            nth => format!("{name}.{nth}"),
        }
    }
}

fn find<'a>(statistics: &'a [Tensor], name: String, shape: &[usize]) -> Result<&'a [f32], String> {
    let mut named = statistics.iter().filter(|tensor| tensor.name() == name);
    match (named.next(), named.next()) {
        (_, Some(_)) => Err(format!("{name} is given twice")),
        (Some(tensor), None) if tensor.shape() == shape => Ok(tensor.values()),
        (Some(tensor), None) => Err(format!("{name} is {:?}, expected {shape:?}", tensor.shape())),
        (None, None) => Err(format!("{name} is missing, a statistic that training writes with the weights")),
    }
}
