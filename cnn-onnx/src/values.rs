//! Values of initializers: where they come from, and their bytes.

use std::borrow::Cow;

use cnn_core::{
    Result,
    floats::{FloatType, Sink},
};

use crate::messages::DataType;

/// Shows the values of the parameter of an index, part by part, each of whole outputs.
pub type Read<'a> = dyn FnMut(usize, &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> + 'a;

/// A constant of the model, without its values.
#[derive(Debug)]
pub(crate) struct Initializer<'a> {
    /// The name under which nodes read it.
    pub(crate) name: String,
    /// The shape.
    pub(crate) dims: Vec<usize>,
    /// Where the values come from.
    pub(crate) source: Source<'a>,
}

/// Where values come from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// Parameters, in a type of floats.
    Weights(Weights, FloatType),
    /// Numbers that are known.
    Floats(Cow<'a, [f32]>),
    /// Integers that are known.
    Integers(Vec<i64>),
}

/// Values that are made of parameters, which are given by index.
#[derive(Debug)]
pub(crate) enum Weights {
    /// A parameter as it is.
    Parameter(usize),
    /// Filters or dense weights times the scale of the batch norm behind them, output by output.
    Scaled {
        /// The weights.
        weight: usize,
        /// How many belong to an output.
        inner: usize,
        /// The norm.
        norm: RunningNorm,
    },
    /// A bias, or none, taken through the batch norm behind it.
    Shifted { bias: Option<usize>, norm: RunningNorm },
}

/// `(x - mean) * scale + shift` with running statistics, where `scale` is `weight / sqrt(variance +
/// eps)`: parameters by index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RunningNorm {
    /// `weight` and `bias`, if it has them.
    pub(crate) affine: Option<[usize; 2]>,
    pub(crate) mean: usize,
    pub(crate) variance: usize,
    pub(crate) eps: f32,
}

impl Source<'_> {
    /// The type of the elements in the file.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Source::Floats(_) | Source::Weights(_, FloatType::F32) => DataType::Float,
            Source::Weights(_, FloatType::F16) => DataType::Float16,
            Source::Weights(_, FloatType::Bf16) => DataType::Bfloat16,
            Source::Integers(_) => DataType::Int64,
        }
    }

    /// Bytes of an element.
    fn size(&self) -> usize {
        match self {
            Source::Floats(_) => FloatType::F32.size(),
            Source::Weights(_, floats) => floats.size(),
            Source::Integers(_) => size_of::<i64>(),
        }
    }
}

impl RunningNorm {
    /// The factor of each channel.
    fn scale(&self, read: &mut Read) -> Result<Vec<f64>> {
        let variance = whole(self.variance, read)?;
        let weight = self.affine.map(|[weight, _]| whole(weight, read)).transpose()?;
        let root = |variance: f32| (f64::from(variance) + f64::from(self.eps)).sqrt();
        let weight = |channel: usize| weight.as_ref().map_or(1.0, |weight| f64::from(weight[channel]));
        Ok(variance.iter().enumerate().map(|(channel, &variance)| weight(channel) / root(variance)).collect())
    }

    /// What the norm makes of a bias.
    fn shift(&self, bias: Option<usize>, read: &mut Read) -> Result<Vec<f32>> {
        let (scale, mean) = (self.scale(read)?, whole(self.mean, read)?);
        let bias = bias.map(|bias| whole(bias, read)).transpose()?;
        let shift = self.affine.map(|[_, shift]| whole(shift, read)).transpose()?;
        let of = |values: &Option<Vec<f32>>, channel: usize| {
            values.as_ref().map_or(0.0, |values| f64::from(values[channel]))
        };
        let channels = scale.iter().enumerate();
        let shifted = channels.map(|(channel, scale)| {
            (of(&bias, channel) - f64::from(mean[channel])) * scale + of(&shift, channel)
        });
        Ok(shifted.map(|value| value as f32).collect())
    }
}

/// All values of a small parameter.
fn whole(index: usize, read: &mut Read) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    read(index, &mut |part| {
        values.extend_from_slice(part);
        Ok(())
    })?;
    Ok(values)
}

impl Weights {
    /// Shows the values, part by part.
    fn show(&self, read: &mut Read, see: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        match *self {
            Weights::Parameter(index) => read(index, see),
            Weights::Shifted { bias, norm } => see(&norm.shift(bias, read)?),
            Weights::Scaled { weight, inner, norm } => {
                let scale = norm.scale(read)?;
                let (mut first, mut scaled) = (0, Vec::new());
                read(weight, &mut |values| {
                    let outputs = values.chunks(inner).zip(&scale[first..]);
                    scaled.clear();
                    scaled.extend(outputs.flat_map(|(values, scale)| {
                        values.iter().map(move |&value| (f64::from(value) * scale) as f32)
                    }));
                    first += values.len() / inner;
                    see(&scaled)
                })
            }
        }
    }
}

impl Initializer<'_> {
    /// Bytes of all elements.
    pub(crate) fn size(&self) -> u64 {
        let count = self.dims.iter().map(|&side| side as u64).product::<u64>();
        count * self.source.size() as u64
    }

    /// Hands out the bytes of the elements.
    pub(crate) fn write(&self, read: &mut Read, out: &mut Sink) -> Result<()> {
        match &self.source {
            Source::Weights(weights, floats) => {
                weights.show(read, &mut |values| floats.put(values, &self.name, out))
            }
            Source::Floats(values) => FloatType::F32.put(values, &self.name, out),
            Source::Integers(values) => values.iter().try_for_each(|value| out(&value.to_le_bytes())),
        }
    }
}
