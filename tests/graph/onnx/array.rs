//! Arrays of numbers of any shape, and what goes over their places.

use cnn_onnx::messages::{DataType, TensorProto};

/// Numbers in row-major order; integers too are exact in f64.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f64>,
}

impl Array {
    pub(crate) fn new(shape: &[usize], data: Vec<f64>) -> Array {
        assert_eq!(data.len(), shape.iter().product::<usize>(), "{shape:?}");
        Array { shape: shape.into(), data }
    }

    /// An array from the value of each place.
    pub(crate) fn each(shape: &[usize], value: impl Fn(&[usize]) -> f64) -> Array {
        let mut data = Vec::with_capacity(shape.iter().product());
        for flat in 0..shape.iter().product() {
            data.push(value(&place(shape, flat)));
        }
        Array { shape: shape.into(), data }
    }

    /// A constant of a model, whose values are raw.
    pub(crate) fn constant(tensor: &TensorProto) -> Array {
        let shape: Vec<usize> = tensor.dims.iter().map(|&side| side as usize).collect();
        let raw = tensor.raw_data.as_deref().unwrap();
        let data = match tensor.data_type() {
            DataType::Float => numbers(raw, |bytes| f32::from_le_bytes(bytes).into()),
            DataType::Int64 => numbers(raw, |bytes| i64::from_le_bytes(bytes) as f64),
            DataType::Float16 => numbers(raw, |bytes| half(u16::from_le_bytes(bytes))),
            DataType::Bfloat16 => numbers(raw, |[low, high]| f32::from_le_bytes([0, 0, low, high]).into()),
            other => panic!("{}: {other:?}", tensor.name),
        };
        Array::new(&shape, data)
    }

    pub(crate) fn at(&self, place: &[usize]) -> f64 {
        self.data[flat(&self.shape, place)]
    }

    /// A pixel of a map, or nothing outside of it.
    pub(crate) fn pixel(&self, image: usize, channel: usize, [row, column]: [isize; 2]) -> Option<f64> {
        let [_, channels, height, width] = self.shape[..] else { panic!("{:?} is no map", self.shape) };
        let inside = (0..height as isize).contains(&row) && (0..width as isize).contains(&column);
        let line = ((image * channels + channel) * height) as isize + row;
        inside.then(|| self.data[(line * width as isize + column) as usize])
    }

    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Array {
        Array { shape: self.shape.clone(), data: self.data.iter().map(|&x| f(x)).collect() }
    }

    /// The numbers as sizes or places.
    pub(crate) fn ints(&self) -> Vec<isize> {
        self.data.iter().map(|&value| value as isize).collect()
    }

    /// An operation of two arrays, whose missing and single dimensions are repeated.
    pub(crate) fn with(&self, other: &Array, f: impl Fn(f64, f64) -> f64) -> Array {
        let rank = self.shape.len().max(other.shape.len());
        let side = |array: &Array, axis: usize| {
            let missing = rank - array.shape.len();
            if axis < missing { 1 } else { array.shape[axis - missing] }
        };
        let shape: Vec<usize> = (0..rank)
            .map(|axis| {
                let sides = [side(self, axis), side(other, axis)];
                assert!(sides[0] == sides[1] || sides.contains(&1), "{:?} {:?}", self.shape, other.shape);
                sides[0].max(sides[1])
            })
            .collect();
        let value = |array: &Array, place: &[usize]| {
            let place = &place[rank - array.shape.len()..];
            let place: Vec<usize> =
                place.iter().zip(&array.shape).map(|(&at, &side)| if side == 1 { 0 } else { at }).collect();
            array.at(&place)
        };
        Array::each(&shape, |place| f(value(self, place), value(other, place)))
    }

    /// The same numbers in another shape: 0 stands for the dimension that was there, -1 for what is
    /// left.
    pub(crate) fn reshaped(&self, dims: &[isize]) -> Array {
        let known = dims.iter().enumerate().filter(|(_, dim)| **dim != -1);
        let known: usize =
            known.map(|(axis, &dim)| if dim == 0 { self.shape[axis] } else { dim as usize }).product();
        let shape = dims.iter().enumerate().map(|(axis, &dim)| match dim {
            0 => self.shape[axis],
            -1 => self.data.len() / known,
            _ => dim as usize,
        });
        Array::new(&shape.collect::<Vec<_>>(), self.data.clone())
    }

    /// What is computed of the numbers of each run of the dimensions from `axis` on.
    pub(crate) fn each_run(&self, axis: usize, f: impl Fn(&[f64]) -> Vec<f64>) -> Array {
        let len: usize = self.shape[axis..].iter().product();
        Array::new(&self.shape, self.data.chunks(len).flat_map(f).collect())
    }

    /// The array with its dimensions in another order.
    pub(crate) fn transposed(&self, order: &[usize]) -> Array {
        let shape: Vec<usize> = order.iter().map(|&axis| self.shape[axis]).collect();
        Array::each(&shape, |place| {
            let mut from = vec![0; place.len()];
            order.iter().zip(place).for_each(|(&axis, &at)| from[axis] = at);
            self.at(&from)
        })
    }
}

fn place(shape: &[usize], mut flat: usize) -> Vec<usize> {
    let mut place = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        place[axis] = flat % shape[axis];
        flat /= shape[axis];
    }
    place
}

fn flat(shape: &[usize], place: &[usize]) -> usize {
    assert!(shape.len() == place.len() && place.iter().zip(shape).all(|(at, side)| at < side));
    shape.iter().zip(place).fold(0, |flat, (side, at)| flat * side + at)
}

fn numbers<const N: usize>(raw: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (numbers, rest) = raw.as_chunks();
    assert!(rest.is_empty());
    numbers.iter().map(|&bytes| value(bytes)).collect()
}

/// The value of a finite float of 16 bits.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    sign * if exponent == 0 {
        fraction * 2f64.powi(-24)
    } else {
        (fraction + 1024.0) * 2f64.powi(exponent - 25)
    }
}
