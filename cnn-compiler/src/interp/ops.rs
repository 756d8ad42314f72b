//! The operations of one sample. A convolution and its two gradients walk the same triples (input,
//! filter, output).

use super::Tensor;
use crate::ir::{Act, Conv, Pool, PoolKind, Window};

/// `[C, H, W]` of a map; a flat value is a map of one pixel.
fn extents(shape: &[usize]) -> [usize; 3] {
    [shape[0], *shape.get(1).unwrap_or(&1), *shape.get(2).unwrap_or(&1)]
}

/// Calls `visit(x, tap)` for the elements of one channel that a window covers, in row-major order.
fn covered(window: &Window, x: [usize; 3], at: [usize; 2], mut visit: impl FnMut(usize, usize)) {
    let place = |axis: usize, tap: usize| {
        let padded = at[axis] * window.stride[axis] + tap * window.dilation[axis];
        padded.checked_sub(window.pad[axis]).filter(|&place| place < x[axis + 1])
    };
    for tap_row in 0..window.kernel[0] {
        for tap_column in 0..window.kernel[1] {
            if let (Some(row), Some(column)) = (place(0, tap_row), place(1, tap_column)) {
                visit(row * x[2] + column, tap_row * window.kernel[1] + tap_column);
            }
        }
    }
}

/// Calls `visit(x, w, y)` for each product of a convolution.
fn products(conv: &Conv, x: &[usize], w: &[usize], y: &[usize], mut visit: impl FnMut(usize, usize, usize)) {
    let (x, [outputs, height, width]) = (extents(x), extents(y));
    let (area, taps, per_group) = (x[1] * x[2], w[2] * w[3], outputs / conv.groups);
    for output in 0..outputs {
        for position in 0..height * width {
            covered(&conv.window, x, [position / width, position % width], |place, tap| {
                for input in 0..w[1] {
                    let channel = output / per_group * w[1] + input;
                    let weight = (output * w[1] + input) * taps + tap;
                    visit(channel * area + place, weight, output * height * width + position);
                }
            });
        }
    }
}

pub fn conv(conv: &Conv, x: &Tensor, w: &Tensor, bias: Option<&Tensor>, shape: &[usize]) -> Tensor {
    let mut y = biased(bias, shape);
    products(conv, &x.shape, &w.shape, shape, |xi, wi, yi| y.data[yi] += x.data[xi] * w.data[wi]);
    y
}

pub fn conv_input_grad(conv: &Conv, dy: &Tensor, w: &Tensor, shape: &[usize]) -> Tensor {
    let mut dx = Tensor::zeros(shape);
    products(conv, shape, &w.shape, &dy.shape, |xi, wi, yi| dx.data[xi] += dy.data[yi] * w.data[wi]);
    dx
}

pub fn conv_filter_grad(conv: &Conv, x: &Tensor, dy: &Tensor, shape: &[usize]) -> Tensor {
    let mut dw = Tensor::zeros(shape);
    products(conv, &x.shape, shape, &dy.shape, |xi, wi, yi| dw.data[wi] += x.data[xi] * dy.data[yi]);
    dw
}

pub fn dense(x: &Tensor, w: &Tensor, bias: Option<&Tensor>, shape: &[usize]) -> Tensor {
    let mut y = biased(bias, shape);
    for (wi, weight) in w.data.iter().enumerate() {
        y.data[wi / w.shape[1]] += weight * x.data[wi % w.shape[1]];
    }
    y
}

pub fn dense_input_grad(dy: &Tensor, w: &Tensor, shape: &[usize]) -> Tensor {
    let mut dx = Tensor::zeros(shape);
    for (wi, weight) in w.data.iter().enumerate() {
        dx.data[wi % w.shape[1]] += weight * dy.data[wi / w.shape[1]];
    }
    dx
}

pub fn dense_weight_grad(x: &Tensor, dy: &Tensor, shape: &[usize]) -> Tensor {
    let features = x.data.len();
    let data =
        (0..dy.data.len() * features).map(|wi| dy.data[wi / features] * x.data[wi % features]).collect();
    Tensor { shape: shape.to_vec(), data }
}

pub fn bias_grad(dy: &Tensor, shape: &[usize]) -> Tensor {
    let area = dy.data.len() / shape.iter().product::<usize>();
    Tensor { shape: shape.to_vec(), data: dy.data.chunks(area).map(|channel| channel.iter().sum()).collect() }
}

fn biased(bias: Option<&Tensor>, shape: &[usize]) -> Tensor {
    let mut y = Tensor::zeros(shape);
    if let Some(bias) = bias {
        let area = y.data.len() / shape[0];
        y.data.iter_mut().enumerate().for_each(|(position, value)| *value = bias.data[position / area]);
    }
    y
}

/// Calls `visit(y, shares)` for each window, with the elements of `x` that it depends on and their
/// shares in the result.
fn shares(pool: &Pool, x: &Tensor, y: &[usize], mut visit: impl FnMut(usize, &[(usize, f64)])) {
    let (extent, [channels, height, width]) = (extents(&x.shape), extents(y));
    for output in 0..channels * height * width {
        let (channel, at) = (output / (height * width), [output / width % height, output % width]);
        let mut places = Vec::new();
        let mut add = |place: usize| places.push(channel * extent[1] * extent[2] + place);
        match pool.kind {
            PoolKind::AdaptiveAvg => even([extent[1], extent[2]], [height, width], at, &mut add),
            _ => covered(&pool.window, extent, at, |place, _| add(place)),
        }
        let shares: Vec<_> = match pool.kind {
            PoolKind::Max => {
                let keeps = |best: usize, next: usize| x.data[best].is_nan() || x.data[next] <= x.data[best];
                let first =
                    places.into_iter().reduce(|best, next| if keeps(best, next) { best } else { next });
                first.into_iter().map(|place| (place, 1.0)).collect()
            }
            PoolKind::AdaptiveAvg => {
                let count = places.len() as f64;
                places.into_iter().map(|place| (place, 1.0 / count)).collect()
            }
            PoolKind::Avg { count_include_pad } => {
                let inside = places.len();
                let count = if count_include_pad { area(&pool.window, extent, at) } else { inside };
                places.into_iter().map(|place| (place, 1.0 / count as f64)).collect()
            }
        };
        visit(output, &shares);
    }
}

/// Calls `visit` for the elements under one of `count` windows that cover the input evenly.
fn even(x: [usize; 2], count: [usize; 2], at: [usize; 2], visit: &mut impl FnMut(usize)) {
    let span =
        |axis: usize| at[axis] * x[axis] / count[axis]..((at[axis] + 1) * x[axis]).div_ceil(count[axis]);
    span(0).for_each(|row| span(1).for_each(|column| visit(row * x[1] + column)));
}

/// Elements of the padded input under a window.
fn area(window: &Window, x: [usize; 3], at: [usize; 2]) -> usize {
    let side = |axis: usize| {
        let padded = x[axis + 1] + window.pad[axis] + window.pad_end[axis];
        window.kernel[axis].min(padded - at[axis] * window.stride[axis])
    };
    side(0) * side(1)
}

pub fn pool(pool: &Pool, x: &Tensor, shape: &[usize]) -> Tensor {
    let mut y = Tensor::zeros(shape);
    shares(pool, x, shape, |yi, parts| {
        y.data[yi] = parts.iter().map(|&(xi, share)| share * x.data[xi]).sum()
    });
    y
}

pub fn pool_grad(pool: &Pool, x: &Tensor, dy: &Tensor) -> Tensor {
    let mut dx = Tensor::zeros(&x.shape);
    shares(pool, x, &dy.shape, |yi, parts| {
        parts.iter().for_each(|&(xi, share)| dx.data[xi] += share * dy.data[yi]);
    });
    dx
}

pub fn act(act: Act, x: &Tensor) -> Tensor {
    x.map(|x| value(act, x))
}

fn value(act: Act, x: f64) -> f64 {
    match act {
        // NaN stays, which `max` would drop.
        Act::Relu => {
            if x <= 0.0 {
                0.0
            } else {
                x
            }
        }
        Act::Relu6 => x.clamp(0.0, 6.0),
        Act::LeakyRelu(slope) => x * if x > 0.0 { 1.0 } else { slope as f64 },
        Act::Elu(alpha) => {
            if x > 0.0 {
                x
            } else {
                alpha as f64 * x.exp_m1()
            }
        }
        Act::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Act::HardSigmoid => ((x + 3.0) / 6.0).clamp(0.0, 1.0),
        Act::Tanh => x.tanh(),
        Act::Softplus(beta) => (beta as f64 * x).exp().ln_1p() / beta as f64,
        Act::Silu => x * value(Act::Sigmoid, x),
        Act::HardSwish => x * value(Act::HardSigmoid, x),
        Act::Gelu => x * below(x),
        Act::GeluTanh => x / 2.0 * (1.0 + (ROOT * (x + 0.044715 * x.powi(3))).tanh()),
    }
}

/// `sqrt(2 / pi)`
const ROOT: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;

/// The density of the standard normal distribution.
fn density(x: f64) -> f64 {
    ROOT / 2.0 * (-x * x / 2.0).exp()
}

/// The probability that a standard normal number is below `x`: one half and the density's Taylor
/// series, integrated term by term around 0. Test values are small.
fn below(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / (2 * n) as f64;
        sum += term / (2 * n + 1) as f64;
    }
    0.5 + ROOT / 2.0 * sum
}

/// The derivative at `x`, or where the function's value is `at` if that tells the slope.
fn derivative(act: Act, at: f64) -> f64 {
    match act {
        Act::Relu => (at > 0.0) as u8 as f64,
        Act::Relu6 => (at > 0.0 && at < 6.0) as u8 as f64,
        Act::LeakyRelu(slope) => {
            if at > 0.0 {
                1.0
            } else {
                slope as f64
            }
        }
        Act::Elu(alpha) => {
            if at > 0.0 {
                1.0
            } else {
                at + alpha as f64
            }
        }
        Act::Sigmoid => at * (1.0 - at),
        Act::HardSigmoid => (at > 0.0 && at < 1.0) as u8 as f64 / 6.0,
        Act::Tanh => 1.0 - at * at,
        Act::Softplus(beta) => 1.0 - (-at * beta as f64).exp(),
        Act::Silu => {
            let share = value(Act::Sigmoid, at);
            share * (1.0 + at * (1.0 - share))
        }
        Act::HardSwish => {
            if at.abs() < 3.0 {
                at / 3.0 + 0.5
            } else {
                (at > 0.0) as u8 as f64
            }
        }
        Act::Gelu => below(at) + at * density(at),
        Act::GeluTanh => {
            let tanh = (ROOT * (at + 0.044715 * at.powi(3))).tanh();
            let inner = ROOT * (1.0 + 3.0 * 0.044715 * at * at);
            (1.0 + tanh) / 2.0 + at / 2.0 * (1.0 - tanh * tanh) * inner
        }
    }
}

pub fn act_grad(act: Act, at: &Tensor, dy: &Tensor) -> Tensor {
    at.zip(dy, |at, dy| dy * derivative(act, at))
}

/// The slope of each channel, of which there may be one for all.
fn slope(slopes: &Tensor, channel: usize) -> f64 {
    slopes.data[if slopes.shape == [1] { 0 } else { channel }]
}

pub fn prelu(x: &Tensor, slopes: &Tensor) -> Tensor {
    x.by_channel(|channel, x| if x > 0.0 { x } else { slope(slopes, channel) * x })
}

pub fn prelu_grad(x: &Tensor, slopes: &Tensor, dy: &Tensor) -> Tensor {
    x.by_channel(|channel, x| if x > 0.0 { 1.0 } else { slope(slopes, channel) }).zip(dy, |f, dy| f * dy)
}

pub fn slope_grad(x: &Tensor, dy: &Tensor, shape: &[usize]) -> Tensor {
    let products = x.zip(dy, |x, dy| if x > 0.0 { 0.0 } else { x * dy });
    if *shape == [1] {
        Tensor { shape: vec![1], data: vec![products.data.iter().sum()] }
    } else {
        bias_grad(&products, shape)
    }
}

/// Any fixed mask does, as long as stream, sample and element or channel matter.
pub fn dropout(rate: f32, stream: u32, channelwise: bool, sample: usize, x: &Tensor) -> Tensor {
    let area = if channelwise { x.data.len() / x.shape[0] } else { 1 };
    let kept = |element: usize| {
        let key = (element / area * 31 + sample * 17 + stream as usize * 7 + 3) as u32;
        (key.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32 >= rate
    };
    let scale = 1.0 / (1.0 - rate as f64);
    let data = x.data.iter().enumerate().map(|(element, x)| if kept(element) { x * scale } else { 0.0 });
    Tensor { shape: x.shape.clone(), data: data.collect() }
}
