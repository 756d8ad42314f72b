//! Steps across or along the channels, and those that move a map.

use super::Tensor;
use crate::ir::{Upsample, Upsampling};

/// Position of the largest of each group of adjacent channels, the first on a tie.
fn winners(pieces: usize, x: &Tensor) -> Vec<usize> {
    let area = x.data.len() / x.shape[0];
    let winner = |element: usize| {
        let (channel, position) = (element / area, element % area);
        let places = (0..pieces).map(|piece| (channel * pieces + piece) * area + position);
        places.reduce(|best, next| if x.data[next] > x.data[best] { next } else { best }).expect("a piece")
    };
    (0..x.data.len() / pieces).map(winner).collect()
}

pub fn maxout(pieces: usize, x: &Tensor, shape: &[usize]) -> Tensor {
    Tensor {
        shape: shape.to_vec(),
        data: winners(pieces, x).into_iter().map(|place| x.data[place]).collect(),
    }
}

pub fn maxout_grad(pieces: usize, x: &Tensor, dy: &Tensor) -> Tensor {
    let mut dx = Tensor::zeros(&x.shape);
    winners(pieces, x).into_iter().zip(&dy.data).for_each(|(place, dy)| dx.data[place] = *dy);
    dx
}

/// For each element, the sum of a function of it over all channels of its position.
fn over_channels(x: &Tensor) -> Tensor {
    let area = x.data.len() / x.shape[0];
    let sum = |element: usize| x.data.iter().skip(element % area).step_by(area).sum();
    Tensor { shape: x.shape.clone(), data: (0..x.data.len()).map(sum).collect() }
}

/// Test values are small: no maximum to subtract.
pub fn softmax(x: &Tensor) -> Tensor {
    let powers = x.map(f64::exp);
    powers.zip(&over_channels(&powers), |power, sum| power / sum)
}

pub fn softmax_grad(y: &Tensor, dy: &Tensor) -> Tensor {
    let products = dy.zip(y, |dy, y| dy * y);
    dy.zip(&over_channels(&products), |dy, sum| dy - sum).zip(y, |value, y| value * y)
}

pub fn gate(x: &Tensor, gate: &Tensor) -> Tensor {
    x.by_channel(|channel, x| x * gate.data[channel])
}

pub fn gate_grad(x: &Tensor, dy: &Tensor, shape: &[usize]) -> Tensor {
    let products = x.zip(dy, |x, dy| x * dy);
    Tensor { shape: shape.to_vec(), ..super::ops::bias_grad(&products, &[x.shape[0]]) }
}

pub fn shift(top: isize, left: isize, x: &Tensor, shape: &[usize]) -> Tensor {
    let mut y = Tensor::zeros(shape);
    let [height, width] = [x.shape[1] as isize, x.shape[2] as isize];
    for (element, value) in y.data.iter_mut().enumerate() {
        let (channel, row, column) =
            (element / (shape[1] * shape[2]), element / shape[2] % shape[1], element % shape[2]);
        let (row, column) = (row as isize - top, column as isize - left);
        if (0..height).contains(&row) && (0..width).contains(&column) {
            *value = x.data[(channel as isize * height * width + row * width + column) as usize];
        }
    }
    y
}

/// Calls `visit(x, y, share)` for each element of `x` that one of `y` depends on.
fn blends(upsample: &Upsample, x: &[usize], y: &[usize], mut visit: impl FnMut(usize, usize, f64)) {
    // The elements of a line that one of the longer line depends on, with their shares.
    let parts = |axis: usize, at: usize| {
        let (scale, last) = (upsample.scale[axis], x[axis + 1] - 1);
        if upsample.mode == Upsampling::Nearest {
            return [(at / scale, 1.0), (0, 0.0)];
        }
        let place = (((at as f64 + 0.5) / scale as f64) - 0.5).max(0.0);
        let before = (place as usize).min(last);
        [(before, 1.0 - place.fract()), ((before + 1).min(last), place.fract())]
    };
    for element in 0..y.iter().product() {
        let (channel, row, column) = (element / (y[1] * y[2]), element / y[2] % y[1], element % y[2]);
        for (above, down) in parts(0, row) {
            for (left, across) in parts(1, column) {
                visit((channel * x[1] + above) * x[2] + left, element, down * across);
            }
        }
    }
}

pub fn upsample(upsample: &Upsample, x: &Tensor, shape: &[usize]) -> Tensor {
    let mut y = Tensor::zeros(shape);
    blends(upsample, &x.shape, shape, |from, to, share| y.data[to] += share * x.data[from]);
    y
}

pub fn upsample_grad(upsample: &Upsample, dy: &Tensor, shape: &[usize]) -> Tensor {
    let mut dx = Tensor::zeros(shape);
    blends(upsample, shape, &dy.shape, |to, from, share| dx.data[to] += share * dy.data[from]);
    dx
}
