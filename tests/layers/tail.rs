//! Epilogues: their operands in a scene, and what they do in f64.

use cnn_runtime::{
    plan::{Act, Elt, Layout, Map},
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
    Add,
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
                each(&|value, factor| value * factor, &dropout(y, rate, values.shape));
                Elt::Dropout { rate, stream: 3 }
            }
        }
    }
}

/// What dropout of stream 3 multiplies a map with.
fn dropout(map: Map, rate: f32, shape: [usize; 4]) -> Tensor {
    let mask = Mask::new(KEY, 3, rate);
    let mut factors = Tensor::zeros(shape);
    for place @ [sample, channel, row, column] in indices(shape) {
        let element = (sample * map.len() + map.index(channel, row, column)) as u32;
        let kept = element_bits(mask.key, element) >= mask.threshold;
        factors[place] = if kept { 1.0 / (1.0 - rate as f64) } else { 0.0 };
    }
    factors
}
