//! Batch norm, norms of each sample and local response normalisation.

use super::Tensor;
use crate::ir::{Response, SampleAxes, op::stats_shape};

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

/// Which of so many means an element of a sample belongs to.
fn member(axes: SampleAxes, shape: &[usize], element: usize) -> usize {
    let area: usize = shape[1..].iter().product();
    match axes {
        SampleAxes::Groups(groups) => element / area / (shape[0] / groups),
        SampleAxes::Channels => element % area,
    }
}

/// Means of a function of the elements over what the statistics are taken over.
fn means(axes: SampleAxes, shape: &[usize], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let elements: usize = shape.iter().product();
    let count = match axes {
        SampleAxes::Groups(groups) => groups,
        _ => elements / shape[0],
    };
    let mut sums = vec![0.0; count];
    (0..elements).for_each(|element| sums[member(axes, shape, element)] += value(element));
    sums.into_iter().map(|sum| sum * count as f64 / elements as f64).collect()
}

/// Two vectors in the order of a sample's statistics: for each channel, in whole blocks, or for each
/// position.
fn spread(axes: SampleAxes, shape: &[usize], vectors: [&[f64]; 2]) -> Tensor {
    let stats = stats_shape(axes, shape);
    let half: usize = stats.iter().product::<usize>() / 2;
    let area: usize = shape[1..].iter().product();
    let of = |vector: &[f64], at: usize| match axes {
        SampleAxes::Channels => vector[at],
        _ if at < shape[0] => vector[member(axes, shape, at * area)],
        _ => 0.0,
    };
    let data = vectors.into_iter().flat_map(|vector| (0..half).map(move |at| of(vector, at))).collect();
    Tensor { shape: stats, data }
}

/// The two statistics, or sums, that belong to an element.
fn two(axes: SampleAxes, stats: &Tensor, shape: &[usize], element: usize) -> [f64; 2] {
    let area: usize = shape[1..].iter().product();
    let at = if axes == SampleAxes::Channels { element % area } else { element / area };
    [stats.data[at], stats.data[stats.data.len() / 2 + at]]
}

/// The scale or shift of an element.
fn scale(scale: Option<&&Tensor>, shape: &[usize], element: usize, without: f64) -> f64 {
    let area: usize = shape[1..].iter().product();
    scale.map_or(without, |scale| scale.data[if scale.shape == shape { element } else { element / area }])
}

fn by_element(x: &Tensor, value: impl Fn(usize) -> f64) -> Tensor {
    Tensor { shape: x.shape.clone(), data: (0..x.data.len()).map(value).collect() }
}

pub fn sample_stats(axes: SampleAxes, eps: f32, x: &Tensor) -> Tensor {
    let mean = means(axes, &x.shape, |element| x.data[element]);
    let squares =
        means(axes, &x.shape, |element| (x.data[element] - mean[member(axes, &x.shape, element)]).powi(2));
    let inverse: Vec<f64> = squares.iter().map(|variance| 1.0 / (variance + eps as f64).sqrt()).collect();
    spread(axes, &x.shape, [&mean, &inverse])
}

/// `x` normalised by the statistics of a sample.
fn standard(axes: SampleAxes, x: &Tensor, stats: &Tensor) -> Tensor {
    by_element(x, |element| {
        let [mean, inverse] = two(axes, stats, &x.shape, element);
        (x.data[element] - mean) * inverse
    })
}

pub fn sample_norm(axes: SampleAxes, x: &Tensor, stats: &Tensor, affine: &[&Tensor]) -> Tensor {
    let normal = standard(axes, x, stats);
    by_element(x, |element| {
        let [gamma, beta] =
            [(0, 1.0), (1, 0.0)].map(|(n, none)| scale(affine.get(n), &x.shape, element, none));
        normal.data[element] * gamma + beta
    })
}

/// `dy * gamma`
fn scaled(dy: &Tensor, affine: &[&Tensor]) -> Tensor {
    by_element(dy, |element| dy.data[element] * scale(affine.first(), &dy.shape, element, 1.0))
}

pub fn sample_norm_sums(axes: SampleAxes, [x, dy, stats]: [&Tensor; 3], affine: &[&Tensor]) -> Tensor {
    let (g, normal) = (scaled(dy, affine), standard(axes, x, stats));
    let plain = means(axes, &x.shape, |element| g.data[element]);
    let products = means(axes, &x.shape, |element| g.data[element] * normal.data[element]);
    spread(axes, &x.shape, [&plain, &products])
}

pub fn sample_norm_grad(axes: SampleAxes, [x, dy, stats, sums]: [&Tensor; 4], affine: &[&Tensor]) -> Tensor {
    let (g, normal) = (scaled(dy, affine), standard(axes, x, stats));
    by_element(x, |element| {
        let [_, inverse] = two(axes, stats, &x.shape, element);
        let [plain, products] = two(axes, sums, &x.shape, element);
        inverse * (g.data[element] - plain - normal.data[element] * products)
    })
}

/// One sample's part of the sum of `dy` times the normalised `x`.
pub fn sample_scale_grad(axes: SampleAxes, [x, stats, dy]: [&Tensor; 3], shape: &[usize]) -> Tensor {
    super::ops::bias_grad(&standard(axes, x, stats).zip(dy, |normal, dy| normal * dy), shape)
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
