//! Runs a planned program as an engine does: maps by address in one arena, regions sample by sample.
//!
//! The arena starts as NaN and padding lanes are written as NaN, so that whatever reads before a write, past a channel or
//! behind an overwritten value shows in the results.

use indexmap::IndexMap;

use super::{Feed, Tensor, ops};
use crate::{
    ir::form::{BLOCK, Form, Layout},
    memory::Program,
    schedule::{
        Region,
        step::{Anchor, Elt, Map, Scope, Step},
    },
};

/// What a session reads after a pass.
#[derive(Debug, Default)]
pub struct Results {
    /// Scores of each sample, read after the forward pass.
    pub logits: Vec<Tensor>,
    /// Losses of each sample, main loss first, read after the backward pass.
    pub losses: Vec<Vec<f64>>,
    /// By parameter; `None` where no step wrote one.
    pub gradients: Vec<Option<Tensor>>,
}

/// Forward and, if there is one, backward pass.
pub fn run(program: &Program, feed: &Feed) -> Results {
    let arena = vec![f64::NAN; program.memory.slab * feed.images.len()];
    let gradients = vec![None; feed.params.len()];
    let mut machine = Machine { program, feed, arena, gradients, masks: IndexMap::new() };
    let schedule = &program.schedule;
    let samples = 0..feed.images.len();
    samples.clone().for_each(|sample| machine.store(schedule.input, sample, &feed.images[sample]));
    schedule.forward.iter().for_each(|region| machine.region(region));
    let logits = samples.clone().map(|sample| machine.load(schedule.logits, sample)).collect();
    schedule.backward.iter().for_each(|region| machine.region(region));
    let loss = |sample| schedule.losses.iter().map(|&map| machine.load(map, sample).data[0]).collect();
    Results { logits, losses: samples.map(loss).collect(), gradients: machine.gradients }
}

struct Machine<'a> {
    program: &'a Program,
    feed: &'a Feed,
    arena: Vec<f64>,
    gradients: Vec<Option<Tensor>>,
    /// The form in which each dropout's mask was counted first.
    masks: IndexMap<u32, Form>,
}

impl Machine<'_> {
    fn region(&mut self, region: &Region) {
        let samples = 0..self.feed.images.len();
        match region.scope {
            Scope::Sample => {
                samples.for_each(|sample| region.steps.iter().for_each(|step| self.step(step, sample)))
            }
            Scope::Batch => region.steps.iter().for_each(|step| {
                samples.clone().for_each(|sample| self.step(step, sample));
            }),
        }
    }

    fn step(&mut self, step: &Step, sample: usize) {
        let params = &self.feed.params;
        let load = |map: Map| self.load(map, sample);
        let (map, value) = match &step.anchor {
            Anchor::Conv { x, y, conv, filter, bias } => {
                let bias = bias.map(|bias| &params[bias.0]);
                (*y, ops::conv(conv, &load(*x), &params[filter.0], bias, &y.form.shape))
            }
            Anchor::ConvInputGrad { dy, dx, conv, filter, .. } => {
                (*dx, ops::conv_input_grad(conv, &load(*dy), &params[filter.0], &dx.form.shape))
            }
            Anchor::Dense { x, y, weight, bias } => {
                let bias = bias.map(|bias| &params[bias.0]);
                (*y, ops::dense(&load(*x), &params[weight.0], bias, &y.form.shape))
            }
            Anchor::DenseInputGrad { dy, dx, weight } => {
                (*dx, ops::dense_input_grad(&load(*dy), &params[weight.0], &dx.form.shape))
            }
            Anchor::Pool { x, y, pool } => (*y, ops::pool(pool, &load(*x), &y.form.shape)),
            Anchor::PoolGrad { x, dy, dx, pool } => (*dx, ops::pool_grad(pool, &load(*x), &load(*dy))),
            Anchor::Elementwise { x, y } => (*y, load(*x)),
            Anchor::ConvFilterGrad { x, dy, conv, filter, bias } => {
                let (x, dy) = (load(*x), load(*dy));
                let gradient = ops::conv_filter_grad(conv, &x, &dy, &params[filter.0].shape);
                self.accumulate(filter.0, gradient, sample);
                return bias.iter().for_each(|bias| self.bias_grad(bias.0, &dy, sample));
            }
            Anchor::DenseWeightGrad { x, dy, weight, bias } => {
                let (x, dy) = (load(*x), load(*dy));
                let gradient = ops::dense_weight_grad(&x, &dy, &params[weight.0].shape);
                self.accumulate(weight.0, gradient, sample);
                return bias.iter().for_each(|bias| self.bias_grad(bias.0, &dy, sample));
            }
            Anchor::Copy { x, x_start, y, y_start, count } => {
                let x = load(*x);
                return (0..*count).for_each(|element| {
                    let place = self.place(*y, sample, y_start + element);
                    self.arena[place] = x.data[x_start + element];
                });
            }
            Anchor::CrossEntropy { logits, loss, grad, weight } => {
                let (logits, label) = (load(*logits), self.feed.labels[sample]);
                let value = ops::cross_entropy(*weight, &logits, label).data[0];
                self.store(*loss, sample, &Tensor { shape: vec![2, 1, 1], data: vec![value, 0.0] });
                let gradient = ops::cross_entropy_grad(*weight, &logits, label, self.feed.images.len());
                return grad.iter().for_each(|&grad| self.store(grad, sample, &gradient));
            }
        };
        let value = step.epilogue.iter().fold(value, |value, elt| self.elt(elt, sample, map.form, value));
        self.store(map, sample, &value);
    }

    fn elt(&mut self, elt: &Elt, sample: usize, form: Form, value: Tensor) -> Tensor {
        match *elt {
            Elt::Act(act) => ops::act(act, &value),
            Elt::ActGrad(act, output) => ops::act_grad(act, &self.load(output, sample), &value),
            Elt::Dropout { rate, stream } => {
                let counted = *self.masks.entry(stream).or_insert(form);
                assert_eq!(counted, form, "the mask of dropout {stream} counts elements in another order");
                ops::dropout(rate, stream, sample, &value)
            }
            Elt::Add(map) => value.zip(&self.load(map, sample), |a, b| a + b),
        }
    }

    fn bias_grad(&mut self, param: usize, dy: &Tensor, sample: usize) {
        let gradient = ops::bias_grad(dy, &self.feed.params[param].shape);
        self.accumulate(param, gradient, sample);
    }

    /// The first sample overwrites.
    fn accumulate(&mut self, param: usize, gradient: Tensor, sample: usize) {
        self.gradients[param] = Some(match &self.gradients[param] {
            Some(sum) if sample > 0 => sum.zip(&gradient, |a, b| a + b),
            _ => gradient,
        });
    }

    /// Address of an element given in `[C, H, W]` order.
    fn place(&self, map: Map, sample: usize, element: usize) -> usize {
        let [_, height, width] = map.form.shape;
        let (channel, position) = (element / (height * width), element % (height * width));
        let within = match map.form.layout {
            Layout::Planar => element,
            Layout::Blocked => (channel / BLOCK * height * width + position) * BLOCK + channel % BLOCK,
        };
        sample * self.program.memory.slab + self.program.memory.offset(map) + within
    }

    fn load(&self, map: Map, sample: usize) -> Tensor {
        let elements = 0..map.form.elements();
        let data = elements.map(|element| self.arena[self.place(map, sample, element)]).collect();
        Tensor { shape: map.form.shape.to_vec(), data }
    }

    fn store(&mut self, map: Map, sample: usize, value: &Tensor) {
        let start = self.place(map, sample, 0);
        self.arena[start..start + map.form.len()].fill(f64::NAN);
        for (element, &value) in value.data.iter().enumerate() {
            let place = self.place(map, sample, element);
            self.arena[place] = value;
        }
    }
}
