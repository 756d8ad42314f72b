//! Walks the fused groups in order and writes a step for each.
//!
//! Invariant: when a group is visited, every value it reads has a map.

mod call;
mod storage;

use cnn_plan::{AddGradient, EPILOGUE_LEN, Elementwise, Winograd};
use indexmap::IndexMap;

use super::{
    Schedule, backward_start, regions,
    sharing::homes,
    step::{AreaId, Elt, Map, Normalize, NormalizeGrad, Slope, Step, Symbolic},
};
use crate::{
    ir::{
        Algorithm, Conv, Graph, NodeId, Op, ParamId,
        form::{BLOCK, Form},
    },
    passes::{
        fuse::{Group, fuse},
        fused_update,
        layout::{Agreed, differentiated, forms, packed, parameter},
    },
};

/// Schedules a graph, without sharing between a step's input and output.
pub fn build(graph: &Graph, agreed: &mut Agreed) -> Schedule {
    let forms = forms(graph, agreed);
    let mut groups = fuse(graph, &forms);
    fused_update::order(graph, &mut groups);
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
        areas: vec![],
        in_areas: IndexMap::new(),
        spilled: vec![],
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
    areas: Vec<usize>,
    /// Where the values lie that belong to no sample: statistics of a batch, arranged filters.
    in_areas: IndexMap<NodeId, AreaId>,
    /// Operations of the step at hand that its epilogue cannot hold.
    spilled: Vec<Elt>,
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
        let nodes = (0..self.graph.nodes.len()).map(NodeId);
        Schedule {
            buffers: self.buffers,
            areas: self.areas,
            forward: regions(self.steps),
            backward: regions(backward),
            input: self.maps[input].expect("the input's map"),
            logits,
            losses: self.losses,
            fused_update: nodes.filter_map(|node| fused_update::updated(self.graph, node)).collect(),
        }
    }

    fn group(&mut self, group: &Group) {
        let anchor = group[0];
        match self.graph[anchor].op {
            Op::Param(_) => {}
            Op::Input => {
                self.store(anchor);
            }
            Op::Reshape => self.maps[anchor.0] = Some(self.operand(anchor, 0)),
            Op::Concat => self.concat(anchor),
            Op::Slice { start } => self.slice(anchor, start),
            Op::SumGradients => self.sum_gradients(anchor),
            _ => self.step(group),
        }
    }

    /// The step of a group: its first node's operation, written to the group's result.
    fn step(&mut self, group: &Group) {
        let step = self.call(group);
        let y = step.described().writes().next();
        let name = *step.described().name();
        self.steps.push(step);
        // What an epilogue cannot hold follows in place.
        let spilled = std::mem::take(&mut self.spilled);
        self.steps.extend(
            spilled
                .chunks(EPILOGUE_LEN)
                .zip(y.into_iter().cycle())
                .map(|(elts, y)| Step::Elementwise(Elementwise { name, x: y, y, epilogue: elts.to_vec() })),
        );
    }

    /// Element-wise operations after the anchor, as many as an epilogue holds; an element-wise
    /// anchor is the first of them.
    fn epilogue(&mut self, group: &Group) -> Vec<Elt> {
        let mut elts = self.elts(group);
        self.spilled = elts.split_off(elts.len().min(EPILOGUE_LEN));
        elts
    }

    fn elts(&mut self, group: &Group) -> Vec<Elt> {
        let mut elts = Vec::new();
        for (position, &node) in group.iter().enumerate() {
            match self.graph[node].op {
                Op::Act(act) => elts.push(Elt::Act(act)),
                Op::Dropout { rate, stream, channelwise } => {
                    elts.push(Elt::Dropout { rate, stream, channelwise })
                }
                Op::ActGrad(act) => elts.push(Elt::ActGrad(act, self.operand(node, 0))),
                Op::Prelu => elts.push(Elt::Prelu(self.slope(node))),
                Op::PreluGrad => elts.push(Elt::PreluGrad(self.slope(node), self.operand(node, 0))),
                Op::Normalize => {
                    let [gamma, beta] = [2, 3].map(|slot| self.parameter(node, slot));
                    elts.push(Elt::Normalize(Normalize { stats: self.area_of(node, 1), gamma, beta }));
                }
                Op::NormalizeRunning { eps } => {
                    let [mean, var, gamma, beta] = [1, 2, 3, 4].map(|slot| self.parameter(node, slot));
                    elts.push(Elt::NormalizeRunning { mean, var, eps, gamma, beta });
                }
                Op::NormalizeRunningGrad { eps } => {
                    let [var, gamma] = [1, 2].map(|slot| self.parameter(node, slot));
                    elts.push(Elt::NormalizeRunningGrad { var, eps, gamma });
                }
                Op::NormalizeGrad => {
                    let x = self.operand(node, 1);
                    let (stats, gamma) = (self.area_of(node, 2), self.parameter(node, 3));
                    let [dgamma, dbeta] = [4, 5].map(|slot| self.differentiated(node, slot));
                    elts.push(Elt::NormalizeGrad(NormalizeGrad { stats, gamma, dgamma, dbeta }, x));
                }
                ref op @ (Op::Add | Op::Mul) => {
                    let join = if *op == Op::Add { Elt::Add } else { Elt::Mul };
                    let before = position.checked_sub(1).map(|before| group[before]);
                    let running = running_slot(self.graph, node, before);
                    let others = (0..self.graph[node].inputs.len()).filter(|&slot| slot != running);
                    elts.extend(others.map(|slot| join(self.operand(node, slot))));
                }
                _ => {}
            }
        }
        elts
    }

    /// Adds up the parts of a gradient.
    fn sum_gradients(&mut self, node: NodeId) {
        let (name, sum) = (self.graph[node].layer, differentiated(self.graph, node));
        let len = packed(self.graph, self.agreed, sum).1;
        let mut first = self.differentiated(node, 0);
        for slot in 1..self.graph[node].inputs.len() {
            let second = self.differentiated(node, slot);
            self.steps.push(Step::AddGradient(AddGradient { name, sum, first, second, len }));
            first = sum;
        }
    }

    /// The parameter whose gradient an operand is.
    fn differentiated(&self, node: NodeId, slot: usize) -> ParamId {
        differentiated(self.graph, self.graph[node].inputs[slot])
    }

    /// The slopes of a layer, which are operand 1.
    fn slope(&self, node: NodeId) -> Slope {
        let slope = self.graph[node].inputs[1];
        Slope { param: parameter(self.graph, slope), shared: self.graph[slope].shape == [1] }
    }

    /// Room for Winograd's algorithm: where filters and tiles are.
    fn winograd(&mut self, conv: &Conv, maps: [NodeId; 2]) -> Option<Winograd<Symbolic>> {
        let Algorithm::Winograd { tiles } = conv.algorithm else { return None };
        let [from, to] = maps.map(|map| self.graph[map].shape[0]);
        let filters = self.area(Winograd::filters_len(from, to));
        Some(Winograd { filters, work: self.area(Winograd::work_len(from, to, tiles)), tiles })
    }

    /// The area that an operand was left in.
    fn area_of(&self, node: NodeId, slot: usize) -> AreaId {
        self.in_areas[&self.graph[node].inputs[slot]]
    }

    fn area(&mut self, len: usize) -> AreaId {
        self.areas.push(len.next_multiple_of(BLOCK));
        AreaId(self.areas.len() - 1)
    }

    fn parameter(&self, node: NodeId, slot: usize) -> ParamId {
        parameter(self.graph, self.graph[node].inputs[slot])
    }
}

/// Which operand of an element-wise node is the running value: the node before it in its group, or,
/// for an anchor, the latest one, which is the most likely to die here.
fn running_slot(graph: &Graph, node: NodeId, before: Option<NodeId>) -> usize {
    let inputs = &graph[node].inputs;
    match (&graph[node].op, before) {
        (Op::ActGrad(_), _) => 1,
        (Op::PreluGrad, _) => 2,
        (_, Some(before)) => inputs.iter().position(|&input| input == before).expect("a chain"),
        (Op::Add | Op::Mul, None) => (0..inputs.len()).max_by_key(|&slot| inputs[slot]).expect("an operand"),
        (_, None) => 0,
    }
}
