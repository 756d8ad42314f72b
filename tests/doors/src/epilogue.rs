//! The element-wise operations that end steps, for one element.

use cnn_runtime::{
    backend::rng::{Mask, element_bits},
    plan::{Elt, Map, Normalize, NormalizeGrad, Slope, padded},
};

use crate::{activation, machine::Machine, values::Place};

/// An element of a step's result.
pub(crate) struct At<'a> {
    pub(crate) machine: &'a Machine<'a>,
    pub(crate) sample: usize,
    pub(crate) map: &'a Map,
    pub(crate) place: Place,
}

impl At<'_> {
    /// The value `v` after one operation.
    pub(crate) fn apply(&self, elt: &Elt, v: f64) -> f64 {
        match *elt {
            Elt::Act(act) => activation::value(act, v),
            Elt::ActGrad(act, at) => v * activation::derivative(act, self.operand(&at)),
            Elt::Prelu(slope) => self.prelu(&slope, v, v),
            Elt::PreluGrad(slope, x) => self.prelu(&slope, self.operand(&x), v),
            Elt::Normalize(Normalize { stats, gamma, beta }) => {
                let [mean, inverse] = self.statistics(stats);
                (v - mean) * inverse * self.param(gamma) + self.param(beta)
            }
            Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
                (v - self.param(mean)) * self.scale(var, eps, gamma) + self.param(beta)
            }
            Elt::NormalizeRunningGrad { var, eps, gamma } => v * self.scale(var, eps, gamma),
            Elt::NormalizeGrad(through, x) => self.normalize_grad(&through, self.operand(&x), v),
            Elt::Dropout { rate, stream, channelwise } => {
                let mask = Mask::new(self.machine.pass.key, stream, rate);
                let is_kept = element_bits(mask.key, self.masked(channelwise)) >= mask.threshold;
                if is_kept { v * f64::from(mask.scale) } else { 0.0 }
            }
            Elt::Add(map) => v + self.operand(&map),
            Elt::Mul(map) => v * self.operand(&map),
        }
    }

    /// The element of another map at the same place.
    fn operand(&self, map: &Map) -> f64 {
        self.machine.get(self.sample, map, self.place)
    }

    /// The channel's number in a vector over channels.
    fn param(&self, vector: usize) -> f64 {
        self.machine.param(vector + self.place[0])
    }

    /// `v`, times the slope unless `x` is positive.
    fn prelu(&self, slope: &Slope, x: f64, v: f64) -> f64 {
        let slope = if slope.shared { self.machine.param(slope.param) } else { self.param(slope.param) };
        if x > 0.0 { v } else { slope * v }
    }

    /// `gamma / sqrt(var + eps)`
    fn scale(&self, var: usize, eps: f32, gamma: usize) -> f64 {
        self.param(gamma) / (self.param(var) + f64::from(eps)).sqrt()
    }

    /// Mean and inverse deviation of the channel.
    fn statistics(&self, stats: usize) -> [f64; 2] {
        let stats = self.machine.area(stats);
        [0, padded(self.map.channels)].map(|start| stats[start + self.place[0]].get().into())
    }

    fn normalize_grad(&self, through: &NormalizeGrad, x: f64, v: f64) -> f64 {
        let m = (self.machine.pass.batch * self.map.height * self.map.width) as f64;
        let [mean, inverse] = self.statistics(through.stats);
        let [dgamma, dbeta] =
            [through.dgamma, through.dbeta].map(|grad| self.machine.grad(grad + self.place[0]) / m);
        self.param(through.gamma) * inverse * (v - dbeta - (x - mean) * inverse * dgamma)
    }

    /// The element's number in a mask of dropout, modulo 2^32.
    fn masked(&self, channelwise: bool) -> u32 {
        let [channel, row, column] = self.place;
        let element = match channelwise {
            true => self.sample * padded(self.map.channels) + channel,
            false => self.sample * self.map.len() + self.map.index(channel, row, column),
        };
        element as u32
    }
}
