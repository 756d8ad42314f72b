//! Batch norm and local response normalisation.

use super::Tensor;
use crate::ir::Response;

/// `[2, C]`: mean and inverse deviation of each channel over the batch.
pub fn batch_stats(batch: &[&Tensor], eps: f32) -> Tensor {
    let (mean, variance) = moments(batch);
    let inverse = variance.data.iter().map(|variance| 1.0 / (variance + eps as f64).sqrt());
    let channels = mean.data.len();
    Tensor { shape: vec![2, channels], data: mean.data.iter().copied().chain(inverse).collect() }
}

/// Running mean and variance after the batch: the batch's, unbiased, with the weight `momentum`.
pub fn moved(batch: &[&Tensor], momentum: f32, running: [&Tensor; 2]) -> [Tensor; 2] {
    let (mean, variance) = moments(batch);
    let count = (batch.len() * batch[0].data.len() / mean.data.len()) as f64;
    let unbiased =
        variance.map(|variance| if count > 1.0 { variance * count / (count - 1.0) } else { variance });
    let momentum = momentum as f64;
    let mix = |old: &Tensor, new: &Tensor| old.zip(new, |old, new| (1.0 - momentum) * old + momentum * new);
    [mix(running[0], &mean), mix(running[1], &unbiased)]
}

/// Mean and biased variance of each channel.
fn moments(batch: &[&Tensor]) -> (Tensor, Tensor) {
    let channels = batch[0].shape[0];
    let area = batch[0].data.len() / channels;
    let mean_of = |channel: usize, value: &dyn Fn(f64) -> f64| {
        let elements = batch.iter().flat_map(|x| &x.data[channel * area..(channel + 1) * area]);
        elements.map(|&x| value(x)).sum::<f64>() / (area * batch.len()) as f64
    };
    let vector = |data: Vec<f64>| Tensor { shape: vec![channels], data };
    let mean: Vec<f64> = (0..channels).map(|channel| mean_of(channel, &|x| x)).collect();
    let variance = (0..channels).map(|channel| mean_of(channel, &|x| (x - mean[channel]).powi(2))).collect();
    (vector(mean.clone()), vector(variance))
}

/// `(x - mean) * inverse` with `[2, C]` statistics; `C` may be padded.
fn normal(x: &Tensor, stats: &Tensor) -> Tensor {
    let (mean, inverse) = stats.data.split_at(stats.shape[1]);
    x.by_channel(|channel, x| (x - mean[channel]) * inverse[channel])
}

pub fn normalize(x: &Tensor, stats: &Tensor, gamma: &Tensor, beta: &Tensor) -> Tensor {
    normal(x, stats).by_channel(|channel, normal| normal * gamma.data[channel] + beta.data[channel])
}

/// Statistics of the form that [`normalize`] takes, from running ones.
pub fn running_stats(mean: &Tensor, variance: &Tensor, eps: f32) -> Tensor {
    let inverse = variance.data.iter().map(|variance| 1.0 / (variance + eps as f64).sqrt());
    Tensor { shape: vec![2, mean.data.len()], data: mean.data.iter().copied().chain(inverse).collect() }
}

/// One sample's part of the sum of `dy` times the normalised `x`.
pub fn scale_grad(x: &Tensor, stats: &Tensor, dy: &Tensor) -> Tensor {
    super::ops::bias_grad(&normal(x, stats).zip(dy, |normal, dy| normal * dy), &[x.shape[0]])
}

/// Gradient of `x` through the normalisation and the statistics; `m` is the number of elements of a
/// channel in the batch.
pub fn normalize_grad([dy, x, stats, gamma, dgamma, dbeta]: [&Tensor; 6], m: f64) -> Tensor {
    let centred = dy.by_channel(|channel, dy| dy - dbeta.data[channel] / m);
    let through = normal(x, stats).by_channel(|channel, normal| normal * dgamma.data[channel] / m);
    let inverse = &stats.data[stats.shape[1]..];
    centred
        .zip(&through, |centred, through| centred - through)
        .by_channel(|channel, value| value * gamma.data[channel] * inverse[channel])
}

/// `s` of each element: `k + alpha / size * sum of squares in the window`.
fn scales(response: &Response, x: &Tensor) -> Tensor {
    let squares = x.map(|x| x * x);
    let sums = windows(response, &squares, false);
    sums.map(|sum| response.k as f64 + response.alpha as f64 / response.size as f64 * sum)
}

/// Sums over the channels around each; mirrored, over the channels whose window holds it.
fn windows(response: &Response, x: &Tensor, mirrored: bool) -> Tensor {
    let (channels, area) = (x.shape[0], x.data.len() / x.shape[0]);
    let (mut back, mut ahead) = (response.size / 2, (response.size - 1) / 2);
    if mirrored {
        std::mem::swap(&mut back, &mut ahead);
    }
    let mut sums = Tensor::zeros(&x.shape);
    for (element, sum) in sums.data.iter_mut().enumerate() {
        let (channel, position) = (element / area, element % area);
        let window = channel.saturating_sub(back)..(channel + ahead + 1).min(channels);
        *sum = window.map(|other| x.data[other * area + position]).sum();
    }
    sums
}

pub fn lrn(response: &Response, x: &Tensor) -> Tensor {
    x.zip(&scales(response, x), |x, scale| x / scale.powf(response.beta as f64))
}

pub fn lrn_grad(response: &Response, x: &Tensor, dy: &Tensor) -> Tensor {
    let (scales, beta) = (scales(response, x), response.beta as f64);
    let direct = dy.zip(&scales, |dy, scale| dy / scale.powf(beta));
    let parts = dy.zip(x, |dy, x| dy * x).zip(&scales, |part, scale| part / scale.powf(beta + 1.0));
    let factor = 2.0 * response.alpha as f64 * beta / response.size as f64;
    let shared = windows(response, &parts, true).zip(x, |sum, x| factor * x * sum);
    direct.zip(&shared, |direct, shared| direct - shared)
}
