//! The step that a fused group becomes: the operation of its first node, each operand and result
//! under the name that the table of steps has for it.
//!
//! Operands come before results and those before the epilogue, because each may have to be stored
//! anew, in this order.

use cnn_plan::{
    BatchNormSums, BatchStats, Conv, ConvFilterGrad, ConvInputGrad, Dense, DenseInputGrad, DenseWeightGrad,
    Elementwise, Gate, GateGrad, Loss, Lrn, LrnGrad, Maxout, MaxoutGrad, Pool, PoolGrad, PreluSums,
    SampleNorm, SampleNormGrad, SampleNormSums, SampleScaleGrad, SampleStats, Shift, Softmax, SoftmaxGrad,
    TransposeFilters, Upsample, UpsampleGrad, Winograd,
};

use super::{Builder, Step, running_slot};
use crate::{
    ir::{
        self, Algorithm, LayerId, Node, NodeId, Op, ParamId, SampleAxes,
        form::{Form, padded},
    },
    passes::{fuse::Group, layout::differentiated},
    schedule::step::Map,
};

/// What every step is made of: its layer, the node of its operation and the nodes that it fuses.
#[derive(Clone, Copy)]
struct Fused<'a> {
    name: LayerId,
    node: NodeId,
    group: &'a Group,
}

impl Builder<'_> {
    /// The step of a group.
    pub(super) fn call(&mut self, group: &Group) -> Step {
        let node = group[0];
        let fused = Fused { name: self.graph[node].layer, node, group };
        match self.graph[node].op.clone() {
            Op::Conv(conv) => self.conv(fused, &conv),
            Op::TransposeFilters(conv) => self.transpose_filters(fused, &conv),
            Op::ConvInputGrad(conv) => self.conv_input_grad(fused, &conv),
            Op::ConvFilterGrad(conv) => self.conv_filter_grad(fused, &conv),
            Op::Dense => self.dense(fused),
            Op::DenseInputGrad => self.dense_input_grad(fused),
            Op::DenseWeightGrad => self.dense_weight_grad(fused),
            Op::Pool(pool) => self.pool(fused, pool),
            Op::PoolGrad(pool) => self.pool_grad(fused, pool),
            Op::BatchStats { eps, momentum } => self.batch_stats(fused, eps, momentum),
            Op::ScaleGrad => self.batch_norm_sums(fused),
            Op::SampleStats { axes, eps } => {
                let Mapped { name, x, y: stats } = self.mapped(fused);
                Step::SampleStats(SampleStats { name, x, stats, axes, eps })
            }
            Op::SampleNorm(axes) => self.sample_norm(fused, axes),
            Op::SampleNormSums(axes) => self.sample_norm_sums(fused, axes),
            Op::SampleNormGrad(axes) => self.sample_norm_grad(fused, axes),
            Op::SampleScaleGrad(axes) => self.sample_scale_grad(fused, axes),
            Op::Lrn(response) => {
                let Mapped { name, x, y } = self.mapped(fused);
                Step::Lrn(Lrn { name, x, y, response, epilogue: self.epilogue(group) })
            }
            Op::LrnGrad(response) => {
                let Graded { name, x, dy, dx } = self.graded(fused);
                Step::LrnGrad(LrnGrad { name, x, dy, dx, response, epilogue: self.epilogue(group) })
            }
            Op::Maxout { pieces } => {
                let Mapped { name, x, y } = self.mapped(fused);
                Step::Maxout(Maxout { name, x, y, pieces, epilogue: self.epilogue(group) })
            }
            Op::MaxoutGrad { pieces } => {
                let Graded { name, x, dy, dx } = self.graded(fused);
                Step::MaxoutGrad(MaxoutGrad { name, x, dy, dx, pieces, epilogue: self.epilogue(group) })
            }
            Op::Softmax => {
                let Mapped { name, x, y } = self.mapped(fused);
                Step::Softmax(Softmax { name, x, y, epilogue: self.epilogue(group) })
            }
            Op::SoftmaxGrad => {
                let Graded { name, x: y, dy, dx } = self.graded(fused);
                Step::SoftmaxGrad(SoftmaxGrad { name, y, dy, dx, epilogue: self.epilogue(group) })
            }
            Op::Gate => {
                let Graded { name, x, dy: gate, dx: y } = self.graded(fused);
                Step::Gate(Gate { name, x, gate, y, epilogue: self.epilogue(group) })
            }
            Op::GateGrad => {
                let Graded { name, x, dy, dx: dgate } = self.graded(fused);
                Step::GateGrad(GateGrad { name, x, dy, dgate, epilogue: self.epilogue(group) })
            }
            Op::Shift { top, left } => {
                let Mapped { name, x, y } = self.mapped(fused);
                Step::Shift(Shift { name, x, y, top, left, epilogue: self.epilogue(group) })
            }
            Op::Upsample(ir::Upsample { scale, mode }) => {
                let Mapped { name, x, y } = self.mapped(fused);
                Step::Upsample(Upsample { name, x, y, scale, mode, epilogue: self.epilogue(group) })
            }
            Op::UpsampleGrad(ir::Upsample { scale, mode }) => {
                let Mapped { name, x: dy, y: dx } = self.mapped(fused);
                Step::UpsampleGrad(UpsampleGrad { name, dy, dx, scale, mode, epilogue: self.epilogue(group) })
            }
            Op::SlopeGrad => self.prelu_sums(fused),
            Op::Loss { kind, weight } => self.loss(fused, kind, weight),
            Op::Act(_) | Op::ActGrad(_) | Op::Dropout { .. } | Op::Add | Op::Mul => self.elementwise(fused),
            Op::Prelu | Op::PreluGrad => self.elementwise(fused),
            Op::Normalize | Op::NormalizeGrad => self.elementwise(fused),
            Op::NormalizeRunning { .. } | Op::NormalizeRunningGrad { .. } => self.elementwise(fused),
            op @ (Op::Input
            | Op::Param(_)
            | Op::Reshape
            | Op::Concat
            | Op::Slice { .. }
            | Op::Norm(_)
            | Op::BiasGrad
            | Op::SumGradients
            | Op::LossGrad { .. }) => unreachable!("{op:?} is no step of its own"),
        }
    }

    fn elementwise(&mut self, Fused { name, node, group }: Fused) -> Step {
        let x = self.operand(node, running_slot(self.graph, node, None));
        let y = self.result(group);
        Step::Elementwise(Elementwise { name, x, y, epilogue: self.epilogue(group) })
    }

    fn conv(&mut self, Fused { name, node, group }: Fused, conv: &ir::Conv) -> Step {
        let ir::Conv { window, groups, .. } = *conv;
        let x = self.operand(node, 0);
        let (filter, bias) = (self.parameter(node, 1), self.optional_parameter(node, 2));
        let y = self.result(group);
        let winograd = self.winograd(conv, [self.graph[node].inputs[0], node]);
        Step::Conv(Conv {
            name,
            x,
            filter,
            bias,
            y,
            window,
            groups,
            winograd,
            epilogue: self.epilogue(group),
        })
    }

    fn transpose_filters(&mut self, Fused { name, node, .. }: Fused, conv: &ir::Conv) -> Step {
        let ir::Conv { window, groups, algorithm } = *conv;
        let takes_them =
            |reader: &&Node| matches!(reader.op, Op::ConvInputGrad(_)) && reader.inputs[1] == node;
        let reader = self.graph.nodes.iter().find(takes_them).expect("filters are arranged for a reader");
        let [dy, dx] = [&self.graph[reader.inputs[0]].shape, &reader.shape].map(|shape| Form::of(shape));
        let (from, to, winograd) = (dy.shape[0], dx.shape[0], algorithm != Algorithm::Direct);
        let len = if winograd {
            Winograd::filters_len(from, to)
        } else {
            padded(to) * (from / groups) * window.taps()
        };
        let (filter, filters) = (self.parameter(node, 0), self.area(len));
        self.in_areas.insert(node, filters);
        let (dy, dx) = (dy.at(0), dx.at(0));
        Step::TransposeFilters(TransposeFilters { name, filter, filters, dy, dx, window, groups, winograd })
    }

    fn conv_input_grad(&mut self, Fused { name, node, group }: Fused, conv: &ir::Conv) -> Step {
        let ir::Conv { window, groups, algorithm } = *conv;
        let (dy, filters) = (self.operand(node, 0), self.area_of(node, 1));
        let dx = self.result(group);
        let winograd = match algorithm {
            Algorithm::Direct => None,
            Algorithm::Winograd { tiles } => {
                let [from, to] = [dy, dx].map(|map| map.form.shape[0]);
                Some(Winograd { filters, work: self.area(Winograd::work_len(from, to, tiles)), tiles })
            }
        };
        let epilogue = self.epilogue(group);
        Step::ConvInputGrad(ConvInputGrad { name, dy, filters, dx, window, groups, winograd, epilogue })
    }

    fn conv_filter_grad(&mut self, Fused { name, node, group }: Fused, conv: &ir::Conv) -> Step {
        let ir::Conv { window, groups, .. } = *conv;
        let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
        let (filter, bias) = self.gradients(group);
        let winograd = self.winograd(conv, [0, 1].map(|slot| self.graph[node].inputs[slot]));
        Step::ConvFilterGrad(ConvFilterGrad { name, x, dy, filter, bias, window, groups, winograd })
    }

    fn dense(&mut self, Fused { name, node, group }: Fused) -> Step {
        let x = self.operand(node, 0);
        let (weight, bias) = (self.parameter(node, 1), self.optional_parameter(node, 2));
        let y = self.result(group);
        Step::Dense(Dense { name, x, weight, bias, y, epilogue: self.epilogue(group) })
    }

    fn dense_input_grad(&mut self, Fused { name, node, group }: Fused) -> Step {
        let (dy, weight) = (self.operand(node, 0), self.parameter(node, 1));
        let dx = self.result(group);
        Step::DenseInputGrad(DenseInputGrad { name, dy, weight, dx, epilogue: self.epilogue(group) })
    }

    fn dense_weight_grad(&mut self, Fused { name, node, group }: Fused) -> Step {
        let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
        let (weight, bias) = self.gradients(group);
        Step::DenseWeightGrad(DenseWeightGrad { name, x, dy, weight, bias })
    }

    fn pool(&mut self, fused: Fused, ir::Pool { kind, window }: ir::Pool) -> Step {
        let Mapped { name, x, y } = self.mapped(fused);
        Step::Pool(Pool { name, x, y, kind, window, epilogue: self.epilogue(fused.group) })
    }

    fn pool_grad(&mut self, Fused { name, node, group }: Fused, pool: ir::Pool) -> Step {
        let ir::Pool { kind, window } = pool;
        let dy = self.operand(node, 0);
        let x = (self.graph[node].inputs.len() > 1).then(|| self.operand(node, 1));
        let dx = self.result(group);
        Step::PoolGrad(PoolGrad { name, dy, x, dx, kind, window, epilogue: self.epilogue(group) })
    }

    fn batch_stats(&mut self, Fused { name, node, .. }: Fused, eps: f32, momentum: f32) -> Step {
        let x = self.operand(node, 0);
        let (running_mean, running_var) = (self.parameter(node, 1), self.parameter(node, 2));
        let stats = self.area(2 * padded(self.graph[node].shape[1]));
        self.in_areas.insert(node, stats);
        Step::BatchStats(BatchStats { name, x, running_mean, running_var, stats, eps, momentum })
    }

    fn batch_norm_sums(&mut self, Fused { name, node, group }: Fused) -> Step {
        let (x, stats, dy) = (self.operand(node, 0), self.area_of(node, 1), self.operand(node, 2));
        let (gamma, beta) = self.gradients(group);
        let beta = beta.expect("a shift beside the scale");
        Step::BatchNormSums(BatchNormSums { name, x, dy, stats, gamma, beta })
    }

    fn sample_norm(&mut self, Fused { name, node, group }: Fused, axes: SampleAxes) -> Step {
        let (x, stats) = (self.operand(node, 0), self.operand(node, 1));
        let [weight, bias] = [2, 3].map(|slot| self.optional_parameter(node, slot));
        let (per_element, y) = (self.is_per_element(weight), self.result(group));
        let epilogue = self.epilogue(group);
        Step::SampleNorm(SampleNorm { name, x, stats, weight, bias, per_element, y, axes, epilogue })
    }

    fn sample_norm_sums(&mut self, Fused { name, node, group }: Fused, axes: SampleAxes) -> Step {
        let [x, dy, stats] = [0, 1, 2].map(|slot| self.operand(node, slot));
        let weight = self.optional_parameter(node, 3);
        let (per_element, sums) = (self.is_per_element(weight), self.result(group));
        Step::SampleNormSums(SampleNormSums { name, x, dy, stats, weight, per_element, sums, axes })
    }

    fn sample_norm_grad(&mut self, Fused { name, node, group }: Fused, axes: SampleAxes) -> Step {
        let [x, dy, stats, sums] = [0, 1, 2, 3].map(|slot| self.operand(node, slot));
        let weight = self.optional_parameter(node, 4);
        let (per_element, dx) = (self.is_per_element(weight), self.result(group));
        let epilogue = self.epilogue(group);
        Step::SampleNormGrad(SampleNormGrad {
            name,
            x,
            dy,
            stats,
            sums,
            weight,
            per_element,
            dx,
            axes,
            epilogue,
        })
    }

    fn sample_scale_grad(&mut self, Fused { name, node, group }: Fused, axes: SampleAxes) -> Step {
        let [x, stats, dy] = [0, 1, 2].map(|slot| self.operand(node, slot));
        let (weight, bias) = self.gradients(group);
        let (bias, per_element) =
            (bias.expect("a shift beside the scale"), self.is_per_element(Some(weight)));
        Step::SampleScaleGrad(SampleScaleGrad { name, x, stats, dy, weight, bias, per_element, axes })
    }

    /// Whether a scale has a number for each element of a map.
    fn is_per_element(&self, scale: Option<ParamId>) -> bool {
        scale.is_some_and(|ParamId(scale)| self.graph.params[scale].shape.len() > 1)
    }

    fn prelu_sums(&mut self, Fused { name, node, group }: Fused) -> Step {
        let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
        let (slope, shared) = (self.gradients(group).0, self.graph[node].shape[0] == 1);
        Step::PreluSums(PreluSums { name, x, dy, slope, shared })
    }

    fn loss(&mut self, Fused { name, node, group }: Fused, kind: cnn_plan::LossKind, weight: f32) -> Step {
        let logits = self.operand(node, 0);
        let loss = self.allocate(Form::of(&[2]));
        self.losses.push(loss);
        let grad = group.get(1).map(|&gradient| self.store(gradient));
        let target = self.graph.target;
        Step::Loss(Loss { name, logits, loss, grad, kind, target, weight })
    }

    /// Input and output of a step that has one of each.
    fn mapped(&mut self, Fused { name, node, group }: Fused) -> Mapped {
        Mapped { name, x: self.operand(node, 0), y: self.result(group) }
    }

    /// Operands and result of a step that reads two maps, as most gradients do.
    fn graded(&mut self, Fused { name, node, group }: Fused) -> Graded {
        let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
        Graded { name, x, dy, dx: self.result(group) }
    }

    /// Where the value of a group goes.
    fn result(&mut self, group: &Group) -> Map {
        self.store(*group.last().expect("a group has an anchor"))
    }

    /// The parameters whose gradients a group computes: weights, then the bias if it has one.
    fn gradients(&self, group: &Group) -> (ParamId, Option<ParamId>) {
        let gradient = |&node: &NodeId| differentiated(self.graph, node);
        (gradient(&group[0]), group.get(1).map(gradient))
    }

    /// The parameter that an operand is, where a step has that operand.
    fn optional_parameter(&self, node: NodeId, slot: usize) -> Option<ParamId> {
        (slot < self.graph[node].inputs.len()).then(|| self.parameter(node, slot))
    }
}

struct Mapped {
    name: LayerId,
    x: Map,
    y: Map,
}

struct Graded {
    name: LayerId,
    x: Map,
    dy: Map,
    dx: Map,
}
