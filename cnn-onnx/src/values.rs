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
    /// The type of its elements in the file.
    pub(crate) elements: Elements,
    /// Where the values come from.
    pub(crate) source: Source<'a>,
}

/// The type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elements {
    Floats(FloatType),
    Integers,
}

/// Where values come from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// A parameter as it is.
    Parameter(usize),
    /// Filters or dense weights times the scale of the batch norm behind them, output by output.
    Scaled { weight: usize, norm: RunningNorm },
    /// A bias, or none, taken through the batch norm behind it.
    Shifted { bias: Option<usize>, norm: RunningNorm },
    /// Numbers that are known.
    Floats(Cow<'a, [f32]>),
    /// Integers that are known.
    Integers(Vec<i64>),
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

impl Elements {
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Elements::Floats(FloatType::F32) => DataType::Float,
            Elements::Floats(FloatType::F16) => DataType::Float16,
            Elements::Floats(FloatType::Bf16) => DataType::Bfloat16,
            Elements::Integers => DataType::Int64,
        }
    }

    /// Bytes of an element.
    fn size(self) -> usize {
        match self {
            Elements::Floats(floats) => floats.size(),
            Elements::Integers => size_of::<i64>(),
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

impl Initializer<'_> {
    /// Bytes of all elements.
    pub(crate) fn size(&self) -> u64 {
        let count = self.dims.iter().map(|&side| side as u64).product::<u64>();
        count * self.elements.size() as u64
    }

    /// Hands out the bytes of the elements.
    pub(crate) fn write(&self, read: &mut Read, out: &mut Sink) -> Result<()> {
        let floats = match self.elements {
            Elements::Floats(floats) => floats,
            Elements::Integers => FloatType::F32,
        };
        match &self.source {
            Source::Parameter(index) => read(*index, &mut |values| floats.put(values, &self.name, out)),
            Source::Scaled { weight, norm } => {
                let scale = norm.scale(read)?;
                let inner: usize = self.dims[1..].iter().product();
                let (mut first, mut scaled) = (0, Vec::new());
                read(*weight, &mut |values| {
                    let outputs = values.chunks(inner).zip(&scale[first..]);
                    scaled.clear();
                    scaled.extend(outputs.flat_map(|(values, scale)| {
                        values.iter().map(move |&value| (f64::from(value) * scale) as f32)
                    }));
                    first += values.len() / inner;
                    floats.put(&scaled, &self.name, out)
                })
            }
            Source::Shifted { bias, norm } => floats.put(&norm.shift(*bias, read)?, &self.name, out),
            Source::Floats(values) => floats.put(values, &self.name, out),
            Source::Integers(values) => values.iter().try_for_each(|value| out(&value.to_le_bytes())),
        }
    }
}
