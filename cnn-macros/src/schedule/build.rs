//! Walks the fused groups in order and writes a step for each.
//!
//! Invariant: when a group is visited, every value it reads has a map.

mod storage;

use indexmap::IndexMap;

use super::{
    Schedule, backward_start, regions,
    sharing::homes,
    step::{Anchor, Elt, Map, ScratchId, Step},
};
use crate::{
    ir::{
        Graph, LayerId, NodeId, Op, ParamId,
        form::{Form, padded},
    },
    passes::{
        fuse::{Group, fuse},
        layout::{Agreed, differentiated, forms, parameter},
    },
};

/// Schedules a graph, without sharing between a step's input and output.
pub fn build(graph: &Graph, agreed: &mut Agreed) -> Schedule {
    let forms = forms(graph, agreed);
    let groups = fuse(graph, &forms);
    let homes = homes(graph, &forms, &groups);
    let maps = vec![None; graph.nodes.len()];
    let mut builder = Builder {
        graph,
        agreed,
        forms,
        homes,
        maps,
        copies: IndexMap::new(),
        buffers: vec![],
        scratch: vec![],
        steps: vec![],
        losses: vec![],
    };
    groups.iter().for_each(|group| builder.group(group));
    builder.finish()
}

struct Builder<'a> {
    graph: &'a Graph,
    agreed: &'a Agreed,
    forms: Vec<Option<Form>>,
    homes: IndexMap<NodeId, (NodeId, usize)>,
    maps: Vec<Option<Map>>,
    /// Values stored a second time, in another form.
    copies: IndexMap<(NodeId, Form), Map>,
    buffers: Vec<usize>,
    scratch: Vec<usize>,
    steps: Vec<Step>,
    losses: Vec<Map>,
}

impl Builder<'_> {
    fn finish(mut self) -> Schedule {
        let output = self.graph.losses[0].logits;
        let logits = self.converted(output, Form::of(&self.graph[output].shape));
        let input = self.graph.nodes.iter().position(|node| node.op == Op::Input).expect("an input");
        let training = !self.losses.is_empty();
        let split = if training { backward_start(&self.steps) } else { self.steps.len() };
        let backward = self.steps.split_off(split);
        Schedule {
            buffers: self.buffers,
            scratch: self.scratch,
            forward: regions(self.steps),
            backward: regions(backward),
            input: self.maps[input].expect("the input's map"),
            logits,
            losses: self.losses,
        }
    }

    fn group(&mut self, group: &Group) {
        let (anchor, result) = (group[0], *group.last().expect("an anchor"));
        match self.graph[anchor].op {
            Op::Param(_) => {}
            Op::Input => {
                self.place(anchor);
            }
            Op::Reshape => self.maps[anchor.0] = Some(self.operand(anchor, 0)),
            Op::Concat => self.concat(anchor),
            Op::Slice { start } => self.slice(anchor, start),
            _ => {
                let anchor_step = self.anchor(group, anchor, result);
                let epilogue = self.epilogue(group);
                self.push(self.graph[anchor].layer, anchor_step, epilogue);
            }
        }
    }

    fn push(&mut self, layer: LayerId, anchor: Anchor, epilogue: Vec<Elt>) {
        self.steps.push(Step { layer, anchor, epilogue });
    }

    /// What the group's first node computes, written to the group's result.
    fn anchor(&mut self, group: &Group, node: NodeId, result: NodeId) -> Anchor {
        let inputs = &self.graph[node].inputs;
        match self.graph[node].op.clone() {
            Op::Conv(conv) => {
                let (filter, bias) =
                    (self.parameter(inputs[1]), inputs.get(2).map(|&bias| self.parameter(bias)));
                Anchor::Conv { x: self.operand(node, 0), y: self.place(result), conv, filter, bias }
            }
            Op::ConvInputGrad(conv) => {
                let filter = self.parameter(inputs[1]);
                let (dy, dx) = (self.operand(node, 0), self.place(result));
                let scratch = self.input_grad_scratch(node, conv.groups);
                Anchor::ConvInputGrad { dy, dx, conv, filter, scratch }
            }
            Op::ConvFilterGrad(conv) => {
                let (filter, bias) = self.gradients(group);
                let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
                Anchor::ConvFilterGrad { x, dy, conv, filter, bias }
            }
            Op::Dense => {
                let (weight, bias) =
                    (self.parameter(inputs[1]), inputs.get(2).map(|&bias| self.parameter(bias)));
                Anchor::Dense { x: self.operand(node, 0), y: self.place(result), weight, bias }
            }
            Op::DenseInputGrad => {
                let weight = self.parameter(inputs[1]);
                Anchor::DenseInputGrad { dy: self.operand(node, 0), dx: self.place(result), weight }
            }
            Op::DenseWeightGrad => {
                let (weight, bias) = self.gradients(group);
                let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
                Anchor::DenseWeightGrad { x, dy, weight, bias }
            }
            Op::Pool(pool) => Anchor::Pool { x: self.operand(node, 0), y: self.place(result), pool },
            Op::PoolGrad(pool) => {
                let (x, dy) = (self.operand(node, 0), self.operand(node, 1));
                Anchor::PoolGrad { x, dy, dx: self.place(result), pool }
            }
            Op::Act(_) | Op::ActGrad(_) | Op::Dropout { .. } | Op::Add => {
                let x = self.operand(node, running_slot(self.graph, node, None));
                Anchor::Elementwise { x, y: self.place(result) }
            }
            Op::CrossEntropy { weight } => {
                let logits = self.operand(node, 0);
                let loss = self.allocate(Form::of(&[2]));
                self.losses.push(loss);
                let grad = group.get(1).map(|&gradient| self.place(gradient));
                Anchor::CrossEntropy { logits, loss, grad, weight }
            }
            op @ (Op::Input
            | Op::Param(_)
            | Op::Reshape
            | Op::Concat
            | Op::Slice { .. }
            | Op::CrossEntropyGrad { .. }
            | Op::BiasGrad) => unreachable!("{op:?} is no step of its own"),
        }
    }

    /// Element-wise operations after the anchor; an element-wise anchor is the first of them.
    fn epilogue(&mut self, group: &Group) -> Vec<Elt> {
        let mut elts = Vec::new();
        for (position, &node) in group.iter().enumerate() {
            match self.graph[node].op {
                Op::Act(act) => elts.push(Elt::Act(act)),
                Op::Dropout { rate, stream } => elts.push(Elt::Dropout { rate, stream }),
                Op::ActGrad(act) => elts.push(Elt::ActGrad(act, self.operand(node, 0))),
                Op::Add => {
                    let before = position.checked_sub(1).map(|before| group[before]);
                    let running = running_slot(self.graph, node, before);
                    let others = (0..self.graph[node].inputs.len()).filter(|&slot| slot != running);
                    elts.extend(others.map(|slot| Elt::Add(self.operand(node, slot))));
                }
                _ => {}
            }
        }
        elts
    }

    /// Room for the transposed filters of an input gradient.
    fn input_grad_scratch(&mut self, node: NodeId, groups: usize) -> ScratchId {
        let filter = &self.graph[self.graph[node].inputs[1]].shape;
        let area: usize = filter[2..].iter().product();
        self.scratch.push(padded(filter[1] * groups) * filter[0] / groups * area);
        ScratchId(self.scratch.len() - 1)
    }

    fn parameter(&self, node: NodeId) -> ParamId {
        parameter(self.graph, node)
    }

    /// The parameters whose gradients a group computes.
    fn gradients(&self, group: &Group) -> (ParamId, Option<ParamId>) {
        let of = |&node: &NodeId| differentiated(self.graph, node);
        (of(&group[0]), group.get(1).map(of))
    }
}

/// Which operand of an element-wise node is the running value: the node before it in its group, or, for an anchor, the
/// latest one, which is the most likely to die here.
fn running_slot(graph: &Graph, node: NodeId, before: Option<NodeId>) -> usize {
    let inputs = &graph[node].inputs;
    match (&graph[node].op, before) {
        (Op::ActGrad(_), _) => 1,
        (_, Some(before)) => inputs.iter().position(|&input| input == before).expect("a chain"),
        (_, None) => (0..inputs.len()).max_by_key(|&slot| inputs[slot]).expect("an operand"),
    }
}
