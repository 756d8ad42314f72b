//! Epilogues: their operands in a scene, and what they do in f64.

use cnn_runtime::__testing::{
    plan::{Act, Elt, Layout, Map, Normalize, NormalizeGrad, Slope, padded},
    rng::{Mask, element_bits},
};

use crate::{
    scene::{KEY, Scene},
    tensor::{Tensor, indices},
};

/// An [`Elt`] whose map is yet to be planned.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tail {
    Act(Act),
    ActGrad(Act),
    Dropout(f32),
    DropChannels(f32),
    Add,
    Mul,
    /// With one slope for all channels, or one each.
    Prelu(bool),
    PreluGrad(bool),
    Normalize,
    NormalizeRunning,
    NormalizeRunningGrad,
    NormalizeGrad,
}

/// One chain of each kind, and one of several.
pub(crate) const TAILS: &[&[Tail]] = &[
    &[],
    &[Tail::Act(Act::Relu)],
    &[Tail::Act(Act::LeakyRelu(0.1))],
    &[Tail::Act(Act::Elu(1.5))],
    &[Tail::Act(Act::Sigmoid)],
    &[Tail::Act(Act::Tanh)],
    &[Tail::Act(Act::Relu6)],
    &[Tail::Act(Act::HardSigmoid)],
    &[Tail::Act(Act::Softplus(1.5))],
    &[Tail::Act(Act::Silu)],
    &[Tail::Act(Act::HardSwish)],
    &[Tail::Act(Act::Gelu)],
    &[Tail::Act(Act::GeluTanh)],
    &[Tail::ActGrad(Act::Relu)],
    &[Tail::ActGrad(Act::LeakyRelu(0.1))],
    &[Tail::ActGrad(Act::Elu(1.5))],
    &[Tail::ActGrad(Act::Sigmoid)],
    &[Tail::ActGrad(Act::Tanh)],
    &[Tail::ActGrad(Act::Relu6)],
    &[Tail::ActGrad(Act::HardSigmoid)],
    &[Tail::ActGrad(Act::Softplus(1.5))],
    &[Tail::ActGrad(Act::Silu)],
    &[Tail::ActGrad(Act::HardSwish)],
    &[Tail::ActGrad(Act::Gelu)],
    &[Tail::ActGrad(Act::GeluTanh)],
    &[Tail::Prelu(false)],
    &[Tail::Prelu(true)],
    &[Tail::PreluGrad(false), Tail::Mul],
    &[Tail::PreluGrad(true)],
    &[Tail::Dropout(0.4)],
    &[Tail::DropChannels(0.4)],
    &[Tail::Normalize],
    &[Tail::NormalizeRunning],
    &[Tail::NormalizeGrad],
    &[Tail::NormalizeRunningGrad],
    &[Tail::NormalizeRunning, Tail::Add, Tail::Act(Act::Relu)],
    &[Tail::Add],
    &[Tail::Add, Tail::Act(Act::Relu), Tail::Dropout(0.25)],
    &[Tail::Dropout(0.5), Tail::Add, Tail::ActGrad(Act::Relu), Tail::Add],
];

pub(crate) fn act(act: Act, x: f64) -> f64 {
    match act {
        Act::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
        Act::Relu6 => x.clamp(0.0, 6.0),
        Act::LeakyRelu(slope) => {
            if x > 0.0 {
                x
            } else {
                slope as f64 * x
            }
        }
        Act::Elu(alpha) => {
            if x > 0.0 {
                x
            } else {
                alpha as f64 * x.exp_m1()
            }
        }
        Act::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Act::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Act::Tanh => x.tanh(),
        Act::Softplus(beta) => {
            let x = x * beta as f64;
            let largest = if x < 0.0 { 0.0 } else { x };
            (largest + (-x.abs()).exp().ln_1p()) / beta as f64
        }
        Act::Silu => x / (1.0 + (-x).exp()),
        Act::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Act::Gelu => x * normal_below(x),
        Act::GeluTanh => x / (1.0 + (-2.0 * gelu_inner(x)).exp()),
    }
}

/// The derivative at `at`: the function's value, or its argument where that does not tell the slope.
pub(crate) fn slope(kind: Act, at: f64) -> f64 {
    match kind {
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
        Act::Softplus(beta) => -(-at * beta as f64).exp_m1(),
        Act::Silu => {
            let share = act(Act::Sigmoid, at);
            share + at * share * (1.0 - share)
        }
        Act::HardSwish => match at {
            ..=-3.0 => 0.0,
            3.0.. => 1.0,
            _ => at / 3.0 + 0.5,
        },
        Act::Gelu => normal_below(at) + at * (-at * at / 2.0).exp() / std::f64::consts::TAU.sqrt(),
        Act::GeluTanh => {
            let tanh = gelu_inner(at).tanh();
            let rise = (2.0 / std::f64::consts::PI).sqrt() * (1.0 + 3.0 * 0.044715 * at * at);
            (1.0 + tanh) / 2.0 + at / 2.0 * (1.0 - tanh * tanh) * rise
        }
    }
}

/// `sqrt(2 / pi) (x + 0.044715 x^3)`
fn gelu_inner(x: f64) -> f64 {
    (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))
}

/// The probability that a standard normal number is below `x`. Beyond 2.5 by Laplace's continued
/// fraction, within by the Taylor series around 0.
fn normal_below(x: f64) -> f64 {
    let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if x.abs() > 2.5 {
        let fraction = (1..200).rev().fold(x.abs(), |below, n| x.abs() + n as f64 / below);
        let beyond = density / fraction;
        if x < 0.0 { beyond } else { 1.0 - beyond }
    } else {
        // x + x³/3 + x⁵/(3·5) + …, times the density.
        let terms =
            std::iter::successors(Some((x, 1.0)), |&(term, n)| Some((term * x * x / (n + 2.0), n + 2.0)));
        0.5 + density * terms.take(80).map(|(term, _)| term).sum::<f64>()
    }
}

impl Scene {
    /// Plans the chain's operands and applies it to `values`, which the step writes to `y`.
    pub(crate) fn tail(&mut self, chain: &[Tail], y: Map, values: &mut Tensor) -> &'static [Elt] {
        let chain: Vec<Elt> = chain.iter().map(|tail| self.link(*tail, y, values)).collect();
        Box::leak(chain.into_boxed_slice())
    }

    fn link(&mut self, tail: Tail, y: Map, values: &mut Tensor) -> Elt {
        let mut operand = self.normal(values.shape);
        let mut each = |op: &dyn Fn(f64, f64) -> f64, operand: &Tensor| {
            values.data.iter_mut().zip(&operand.data).for_each(|(value, other)| *value = op(*value, *other));
        };
        match tail {
            Tail::Act(kind) => {
                each(&|value, _| act(kind, value), &operand);
                Elt::Act(kind)
            }
            Tail::Add => {
                each(&|value, other| value + other, &operand);
                Elt::Add(self.given(&operand, Layout::Blocked))
            }
            Tail::Mul => {
                each(&|value, other| value * other, &operand);
                Elt::Mul(self.given(&operand, Layout::Blocked))
            }
            Tail::Prelu(shared) => {
                let slopes = self.slopes(shared, y.channels);
                slopes.chain_rule(values, &values.clone());
                Elt::Prelu(slopes.planned)
            }
            Tail::PreluGrad(shared) => {
                let slopes = self.slopes(shared, y.channels);
                slopes.chain_rule(values, &operand);
                Elt::PreluGrad(slopes.planned, self.given(&operand, Layout::Blocked))
            }
            Tail::ActGrad(kind) => {
                let at = |x: f64| if kind.slope_follows_value() { act(kind, x) } else { 2.0 * x };
                operand.data.iter_mut().for_each(|value| *value = at(*value) as f32 as f64);
                each(&|value, other| value * slope(kind, other), &operand);
                Elt::ActGrad(kind, self.given(&operand, Layout::Blocked))
            }
            Tail::Dropout(rate) => {
                let element = |[sample, channel, row, column]: [usize; 4]| {
                    sample * y.len() + y.index(channel, row, column)
                };
                each(&|value, factor| value * factor, &dropout(rate, values.shape, element));
                Elt::Dropout { rate, stream: 3, channelwise: false }
            }
            Tail::DropChannels(rate) => {
                let element = |[sample, channel, ..]: [usize; 4]| sample * padded(y.channels) + channel;
                each(&|value, factor| value * factor, &dropout(rate, values.shape, element));
                Elt::Dropout { rate, stream: 3, channelwise: true }
            }
            Tail::Normalize => {
                let norm = Norm::draw(self, y.channels);
                norm.apply(values);
                Elt::Normalize(norm.normalize(self))
            }
            Tail::NormalizeRunning => {
                let eps = 0.01_f32;
                let mut norm = Norm::draw(self, y.channels);
                let var = norm.deviation.clone();
                norm.deviation.data.iter_mut().for_each(|var| *var = 1.0 / (*var + eps as f64).sqrt());
                norm.apply(values);
                let [mean, var, gamma, beta] =
                    [&norm.mean, &var, &norm.gamma, &norm.beta].map(|values| self.vector(values).1);
                Elt::NormalizeRunning { mean, var, eps, gamma, beta }
            }
            Tail::NormalizeRunningGrad => {
                let eps = 0.01_f32;
                let norm = Norm::draw(self, y.channels);
                let [var, gamma] = [&norm.deviation, &norm.gamma].map(|values| self.vector(values).1);
                let [_, channels, height, width] = values.shape;
                for (at, value) in values.data.iter_mut().enumerate() {
                    let channel = at / (height * width) % channels;
                    *value *= norm.gamma.data[channel] / (norm.deviation.data[channel] + eps as f64).sqrt();
                }
                Elt::NormalizeRunningGrad { var, eps, gamma }
            }
            Tail::NormalizeGrad => {
                let norm = Norm::draw(self, y.channels);
                let Normalize { stats, gamma, .. } = norm.normalize(self);
                let [(dgamma, dgamma_values), (dbeta, dbeta_values)] = [(); 2].map(|()| {
                    let gradient = self.normal(norm.mean.shape);
                    let (number, place) = self.vector(&gradient);
                    self.give_gradient(number, &gradient);
                    (place, gradient)
                });
                norm.chain_rule(values, &operand, [&dgamma_values, &dbeta_values]);
                let through = NormalizeGrad { stats, gamma, dgamma, dbeta };
                Elt::NormalizeGrad(through, self.given(&operand, Layout::Blocked))
            }
        }
    }
}

/// Slopes of a parametric ReLU.
struct Slopes {
    values: Tensor,
    planned: Slope,
}

impl Scene {
    fn slopes(&mut self, shared: bool, channels: usize) -> Slopes {
        let values = self.normal([if shared { 1 } else { channels }, 1, 1, 1]);
        let (_, param) = self.vector(&values);
        Slopes { values, planned: Slope { param, shared } }
    }
}

impl Slopes {
    /// Multiplies `values` where `x` is not positive.
    fn chain_rule(&self, values: &mut Tensor, x: &Tensor) {
        for place in indices(values.shape) {
            let slope = self.values.data[if self.planned.shared { 0 } else { place[1] }];
            values[place] *= if x[place] > 0.0 { 1.0 } else { slope };
        }
    }
}

/// Batch norm's operands, one a channel.
pub(crate) struct Norm {
    pub(crate) mean: Tensor,
    /// Inverse deviations.
    pub(crate) deviation: Tensor,
    pub(crate) gamma: Tensor,
    pub(crate) beta: Tensor,
}

impl Norm {
    fn draw(scene: &mut Scene, channels: usize) -> Norm {
        let [mean, mut deviation, gamma, beta] = [0; 4].map(|_| scene.normal([channels, 1, 1, 1]));
        deviation.data.iter_mut().for_each(|value| *value = value.abs() + 0.5);
        deviation.data.iter_mut().for_each(|value| *value = *value as f32 as f64);
        Norm { mean, deviation, gamma, beta }
    }

    /// Plans them.
    fn normalize(&self, scene: &mut Scene) -> Normalize {
        let stats = scene.given_fixed(&[&self.mean, &self.deviation]);
        let [gamma, beta] = [&self.gamma, &self.beta].map(|values| scene.vector(values).1);
        Normalize { stats, gamma, beta }
    }

    pub(crate) fn apply(&self, values: &mut Tensor) {
        for place in indices(values.shape) {
            let channel = place[1];
            let normal = (values[place] - self.mean.data[channel]) * self.deviation.data[channel];
            values[place] = normal * self.gamma.data[channel] + self.beta.data[channel];
        }
    }

    pub(crate) fn chain_rule(&self, values: &mut Tensor, x: &Tensor, [dgamma, dbeta]: [&Tensor; 2]) {
        let count = (values.shape[0] * values.shape[2] * values.shape[3]) as f64;
        for place in indices(values.shape) {
            let channel = place[1];
            let normal = (x[place] - self.mean.data[channel]) * self.deviation.data[channel];
            let centred = values[place] - dbeta.data[channel] / count - normal * dgamma.data[channel] / count;
            values[place] = self.gamma.data[channel] * self.deviation.data[channel] * centred;
        }
    }
}

/// What dropout of stream 3 multiplies a map with; `element` numbers the mask.
fn dropout(rate: f32, shape: [usize; 4], element: impl Fn([usize; 4]) -> usize) -> Tensor {
    let mask = Mask::new(KEY, 3, rate);
    Tensor::from_fn(shape, |place| {
        let kept = element_bits(mask.key, element(place) as u32) >= mask.threshold;
        if kept { 1.0 / (1.0 - rate as f64) } else { 0.0 }
    })
}
