//! Epilogues: their operands in a scene, and what they do in f64.

use cnn_runtime::__testing::{
    plan::{Act, Elt, Layout, Map, Normalize, padded},
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
    Normalize,
    NormalizeRunning,
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
    &[Tail::ActGrad(Act::Relu)],
    &[Tail::ActGrad(Act::LeakyRelu(0.1))],
    &[Tail::ActGrad(Act::Elu(1.5))],
    &[Tail::ActGrad(Act::Sigmoid)],
    &[Tail::ActGrad(Act::Tanh)],
    &[Tail::Dropout(0.4)],
    &[Tail::DropChannels(0.4)],
    &[Tail::Normalize],
    &[Tail::NormalizeRunning],
    &[Tail::NormalizeGrad],
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
        Act::Tanh => x.tanh(),
    }
}

/// The derivative at the point whose output is `y`.
fn slope(act: Act, y: f64) -> f64 {
    match act {
        Act::Relu => (y > 0.0) as u8 as f64,
        Act::LeakyRelu(slope) => {
            if y > 0.0 {
                1.0
            } else {
                slope as f64
            }
        }
        Act::Elu(alpha) => {
            if y > 0.0 {
                1.0
            } else {
                y + alpha as f64
            }
        }
        Act::Sigmoid => y * (1.0 - y),
        Act::Tanh => 1.0 - y * y,
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
            Tail::ActGrad(kind) => {
                operand.data.iter_mut().for_each(|value| *value = act(kind, *value) as f32 as f64);
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
                Elt::Normalize(norm.normalize(self).0)
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
            Tail::NormalizeGrad => {
                let norm = Norm::draw(self, y.channels);
                let (normalize, [gamma, beta]) = norm.normalize(self);
                let [dgamma, dbeta] = [gamma, beta].map(|param| {
                    let gradient = self.normal(norm.mean.shape);
                    self.give_gradient(param, &gradient);
                    gradient
                });
                norm.chain_rule(values, &operand, [&dgamma, &dbeta]);
                Elt::NormalizeGrad(normalize, self.given(&operand, Layout::Blocked))
            }
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

    /// Plans them; also the numbers of scale and shift.
    fn normalize(&self, scene: &mut Scene) -> (Normalize, [usize; 2]) {
        let stats = scene.given_fixed(&[&self.mean, &self.deviation]);
        let [(gamma_number, gamma), (beta_number, beta)] =
            [&self.gamma, &self.beta].map(|values| scene.vector(values));
        (Normalize { stats, gamma, beta }, [gamma_number, beta_number])
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
