//! Runs a planned program as an engine does: maps by address in one arena, regions sample by
//! sample.
//!
//! The arena starts as NaN and padding lanes are written as NaN, so that whatever reads before a
//! write, past a channel or behind an overwritten value shows in the results.

use cnn_plan::{AddGradient, BatchStats, ConvInputGrad, CopyElements, Loss, Operand};
use indexmap::IndexMap;

use super::{Feed, Sample, Tensor, norm, op};
use crate::{
    ir::{
        Op, ParamId,
        form::{BLOCK, Form, Layout, padded},
    },
    memory::Program,
    schedule::{
        Region,
        step::{AreaId, Elt, Map, Normalize, NormalizeGrad, Scope, Step, Symbolic, gradients, reads, writes},
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
    /// Running statistics that moved.
    pub running: IndexMap<ParamId, Tensor>,
}

/// Forward and, if there is one, backward pass.
pub fn run(program: &Program, feed: &Feed) -> Results {
    let shapes = gradient_shapes(program, feed);
    let arena = vec![f64::NAN; program.memory.slab * feed.images.len()];
    let mut machine = Machine {
        program,
        feed,
        arena,
        fixed: vec![f64::NAN; program.memory.fixed],
        gradients: vec![None; shapes.len()],
        shapes,
        running: IndexMap::new(),
        masks: IndexMap::new(),
    };
    let schedule = &program.schedule;
    let samples = 0..feed.images.len();
    samples.clone().for_each(|sample| machine.store(schedule.input, sample, &feed.images[sample]));
    schedule.forward.iter().for_each(|region| machine.region(region));
    let logits = samples.clone().map(|sample| machine.load(schedule.logits, sample)).collect();
    schedule.backward.iter().for_each(|region| machine.region(region));
    let loss = |sample| schedule.losses.iter().map(|&map| machine.load(map, sample).data[0]).collect();
    Results {
        logits,
        losses: samples.map(loss).collect(),
        gradients: machine.gradients,
        running: machine.running,
    }
}

/// The shape of each gradient.
fn gradient_shapes(program: &Program, feed: &Feed) -> Vec<Vec<usize>> {
    let mut shapes: Vec<_> = feed.params.iter().map(|param| param.shape.clone()).collect();
    for step in program.schedule.steps() {
        if let Step::AddGradient(step) = step {
            for part in [step.first, step.second] {
                shapes.resize(shapes.len().max(part.0 + 1), Vec::new());
                shapes[part.0] = shapes[step.sum.0].clone();
            }
        }
    }
    shapes
}

struct Machine<'a> {
    program: &'a Program,
    feed: &'a Feed,
    arena: Vec<f64>,
    fixed: Vec<f64>,
    /// Of parameters, then the parts of those with several readers.
    gradients: Vec<Option<Tensor>>,
    shapes: Vec<Vec<usize>>,
    running: IndexMap<ParamId, Tensor>,
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
            Scope::Batch => region.steps.iter().for_each(|step| match step {
                Step::BatchStats(step) => self.batch_stats(step),
                Step::TransposeFilters(step) => {
                    self.keep(step.filters, &self.feed.params[step.filter.0].data)
                }
                step => samples.clone().for_each(|sample| self.step(step, sample)),
            }),
        }
    }

    fn step(&mut self, step: &Step, sample: usize) {
        match step {
            Step::Loss(step) => self.loss(step, sample),
            Step::CopyElements(step) => self.copy(step, sample),
            Step::AddGradient(step) if sample == 0 => self.add_gradient(step),
            Step::AddGradient(_) => {}
            Step::ConvFilterGrad(_)
            | Step::DenseWeightGrad(_)
            | Step::BatchNormSums(_)
            | Step::SampleScaleGrad(_)
            | Step::PreluSums(_) => self.gradients(step, sample),
            step => self.value(step, sample),
        }
    }

    /// A step that yields a value for each sample, and what ends it.
    fn value(&mut self, step: &Step, sample: usize) {
        let map = writes(step).next().expect("a result");
        let operands = self.operands(step, sample);
        let operands: Vec<&Tensor> = operands.iter().collect();
        let at = Sample { feed: self.feed, index: sample };
        let value = match op::of(step) {
            Some(op) => at.apply(&op, &operands, &map.form.shape),
            None => operands[0].clone(),
        };
        let elts = step.described().epilogue().into_iter().flatten();
        let value = elts.fold(value, |value, elt| self.elt(elt, sample, map.form, value));
        self.store(map, sample, &value);
    }

    fn loss(&mut self, step: &Loss<Symbolic>, sample: usize) {
        let logits = self.load(step.logits, sample);
        let at = Sample { feed: self.feed, index: sample };
        let case = |op: Op, shape: &[usize]| at.apply(&op, &[&logits], shape);
        let (kind, weight) = (step.kind, step.weight);
        let loss = case(Op::Loss { kind, weight }, &[1]).data[0];
        let grad = case(Op::LossGrad { kind, weight }, &logits.shape);
        self.store(step.loss, sample, &Tensor { shape: vec![2, 1, 1], data: vec![loss, 0.0] });
        step.grad.into_iter().for_each(|map| self.store(map, sample, &grad));
    }

    fn add_gradient(&mut self, step: &AddGradient<Symbolic>) {
        let gradient = |param: ParamId| self.gradients[param.0].as_ref().expect("summed before");
        let sum = gradient(step.first).zip(gradient(step.second), |a, b| a + b);
        self.gradients[step.sum.0] = Some(sum);
    }

    fn copy(&mut self, step: &CopyElements<Symbolic>, sample: usize) {
        let x = self.load(step.x, sample);
        for element in 0..step.count {
            let place = self.place(step.y, sample, step.y_start + element);
            self.arena[place] = x.data[step.x_start + element];
        }
    }

    /// A step that sums gradients over the batch: of weights or scales, then of what is added to
    /// them.
    fn gradients(&mut self, step: &Step, sample: usize) {
        let op = op::of(step).expect("an operation of the graph");
        let operands = self.operands(step, sample);
        let operands: Vec<&Tensor> = operands.iter().collect();
        let dy = reads(step).last().map(|dy| self.load(dy, sample)).expect("the gradient of the output");
        let at = Sample { feed: self.feed, index: sample };
        let params: Vec<ParamId> = gradients(step).collect();
        for (param, op) in params.into_iter().zip([op, Op::BiasGrad]) {
            let shape = &self.shapes[param.0].clone();
            let operands = if op == Op::BiasGrad { &[&dy][..] } else { &operands };
            self.accumulate(param.0, at.apply(&op, operands, shape), sample);
        }
    }

    /// Operands before the epilogue, in the order of the operation's inputs.
    fn operands(&self, step: &Step, sample: usize) -> Vec<Tensor> {
        op::inputs(step).into_iter().filter_map(|operand| self.operand(operand, step, sample)).collect()
    }

    fn operand(&self, operand: Operand<Symbolic>, step: &Step, sample: usize) -> Option<Tensor> {
        match (operand, step) {
            (Operand::Read(map), _) => Some(self.load(map, sample)),
            (Operand::Param(param), _) => Some(self.feed.params[param.0].clone()),
            (Operand::ReadArea(area), Step::ConvInputGrad(step)) => Some(self.filters(area, step)),
            (Operand::ReadArea(area), _) => Some(self.stats(area)),
            (Operand::Write(_) | Operand::Gradient(_) | Operand::ReadGradient(_), _) => None,
            (Operand::WriteArea(_), _) => None,
        }
    }

    /// Filters that [`TransposeFilters`](cnn_plan::TransposeFilters) left, in torch's order.
    fn filters(&self, area: AreaId, step: &ConvInputGrad<Symbolic>) -> Tensor {
        let (outputs, inputs) = (step.dy.form.shape[0], step.dx.form.shape[0]);
        let shape = [vec![outputs, inputs / step.groups], step.window.kernel.to_vec()].concat();
        let (start, len) = (self.program.memory.area(area), shape.iter().product::<usize>());
        Tensor { shape, data: self.fixed[start..start + len].to_vec() }
    }

    fn keep(&mut self, area: AreaId, values: &[f64]) {
        let start = self.program.memory.area(area);
        self.fixed[start..start + values.len()].copy_from_slice(values);
    }

    fn elt(&mut self, elt: &Elt, sample: usize, form: Form, value: Tensor) -> Tensor {
        let at = Sample { feed: self.feed, index: sample };
        let apply = |op: Op, operands: &[&Tensor]| at.apply(&op, operands, &value.shape);
        let param = |param: ParamId| &self.feed.params[param.0];
        match *elt {
            Elt::Act(act) => apply(Op::Act(act), &[&value]),
            Elt::ActGrad(act, at) => apply(Op::ActGrad(act), &[&self.load(at, sample), &value]),
            Elt::Prelu(slope) => apply(Op::Prelu, &[&value, param(slope.param)]),
            Elt::PreluGrad(slope, x) => {
                apply(Op::PreluGrad, &[&self.load(x, sample), param(slope.param), &value])
            }
            Elt::Normalize(Normalize { stats, gamma, beta }) => {
                apply(Op::Normalize, &[&value, &self.stats(stats), param(gamma), param(beta)])
            }
            Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
                let op = Op::NormalizeRunning { eps };
                apply(op, &[&value, param(mean), param(var), param(gamma), param(beta)])
            }
            Elt::NormalizeRunningGrad { var, eps, gamma } => {
                apply(Op::NormalizeRunningGrad { eps }, &[&value, param(var), param(gamma)])
            }
            Elt::NormalizeGrad(NormalizeGrad { stats, gamma, dgamma, dbeta }, x) => {
                let sum = |param: ParamId| self.gradients[param.0].as_ref().expect("summed before");
                let (x, stats) = (self.load(x, sample), self.stats(stats));
                let operands = [&value, &x, &stats, param(gamma), sum(dgamma), sum(dbeta)];
                apply(Op::NormalizeGrad, &operands)
            }
            Elt::Dropout { rate, stream, channelwise } => {
                let counted = *self.masks.entry(stream).or_insert(form);
                assert_eq!(counted, form, "the mask of dropout {stream} counts elements in another order");
                at.apply(&Op::Dropout { rate, stream, channelwise }, &[&value], &value.shape)
            }
            Elt::Add(map) => apply(Op::Add, &[&value, &self.load(map, sample)]),
            Elt::Mul(map) => apply(Op::Mul, &[&value, &self.load(map, sample)]),
        }
    }

    fn batch_stats(&mut self, step: &BatchStats<Symbolic>) {
        let BatchStats { x, running_mean: mean, running_var: variance, stats: area, eps, momentum, .. } =
            *step;
        let batch: Vec<Tensor> = (0..self.feed.images.len()).map(|sample| self.load(x, sample)).collect();
        let batch: Vec<&Tensor> = batch.iter().collect();
        let stats = norm::batch_stats(&batch, eps);
        let start = self.program.memory.area(area);
        for (row, values) in stats.data.chunks(stats.shape[1]).enumerate() {
            let start = start + row * padded(values.len());
            self.fixed[start..start + values.len()].copy_from_slice(values);
        }
        let old = |param: ParamId| self.running.get(&param).unwrap_or(&self.feed.params[param.0]);
        let [new_mean, new_variance] = norm::moved(&batch, momentum, [mean, variance].map(old));
        self.running.extend([(mean, new_mean), (variance, new_variance)]);
    }

    /// The statistics in an area, `[2, padded(C)]`.
    fn stats(&self, area: AreaId) -> Tensor {
        let (start, len) = (self.program.memory.area(area), self.program.schedule.areas[area.0]);
        Tensor { shape: vec![2, len / 2], data: self.fixed[start..start + len].to_vec() }
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
