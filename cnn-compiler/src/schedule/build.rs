//! Walks the fused groups in order and writes a step for each.
//!
//! Invariant: when a group is visited, every value it reads has a map.

mod storage;

use cnn_plan::EPILOGUE_LEN;
use indexmap::IndexMap;

use super::{
    Schedule, backward_start, regions,
    sharing::homes,
    step::{Anchor, AreaId, Elt, Map, Normalize, Place, Step},
};
use crate::{
    ir::{
        Algorithm, Conv, Graph, NodeId, Op, ParamId, Run,
        form::{BLOCK, Form, padded, winograd},
    },
    passes::{
        at_once,
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
        areas: vec![],
        stats: IndexMap::new(),
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
    /// Where the statistics of a batch lie.
    stats: IndexMap<NodeId, AreaId>,
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
            at_once: nodes.filter_map(|node| at_once::updated(self.graph, node)).collect(),
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
            _ => self.step(group),
        }
    }

    /// The step of a group: its first node's operation, written to the group's result.
    fn step(&mut self, group: &Group) {
        let (first, result) = (group[0], *group.last().expect("an anchor"));
        let op = self.graph[first].op.clone();
        let (anchor, operands) = match op.run() {
            Run::Elementwise => {
                let x = self.operand(first, running_slot(self.graph, first, None));
                (Anchor::Elementwise, vec![Place::Map(x)])
            }
            _ => {
                let slots = 0..self.graph[first].inputs.len();
                (Anchor::Op(op), slots.map(|slot| self.place(first, slot)).collect())
            }
        };
        let results = self.results(group, result);
        let mut epilogue = self.epilogue(group);
        let layer = self.graph[first].layer;
        let spilled = epilogue.split_off(epilogue.len().min(EPILOGUE_LEN));
        let y = results.first().copied();
        self.steps.push(Step { layer, anchor, operands, results, epilogue });
        // What an epilogue cannot hold follows in place.
        self.steps.extend(spilled.chunks(EPILOGUE_LEN).map(|elts| {
            let (operands, results) = (Vec::from_iter(y), Vec::from_iter(y));
            Step { layer, anchor: Anchor::Elementwise, operands, results, epilogue: elts.to_vec() }
        }));
    }

    /// Where an operand lies.
    fn place(&mut self, node: NodeId, slot: usize) -> Place {
        let input = self.graph[node].inputs[slot];
        match self.graph[input].op {
            Op::Param(param) => Place::Param(param),
            Op::BatchStats { .. } => Place::Area(self.stats[&input]),
            _ => Place::Map(self.operand(node, slot)),
        }
    }

    /// Where the results of a group's first node go.
    fn results(&mut self, group: &Group, result: NodeId) -> Vec<Place> {
        let first = group[0];
        match self.graph[first].op {
            Op::ConvFilterGrad(_) | Op::DenseWeightGrad => {
                let gradients = group.iter().map(|&node| Place::Param(differentiated(self.graph, node)));
                let mut results: Vec<Place> = gradients.collect();
                if let Op::ConvFilterGrad(Conv { algorithm: Algorithm::Winograd { tiles }, .. }) =
                    self.graph[first].op
                {
                    let [x, dy] = [0, 1].map(|slot| self.graph[first].inputs[slot]);
                    results.extend(self.winograd([x, dy], tiles));
                }
                results
            }
            Op::ScaleGrad => vec![self.place(first, 2), self.place(first, 3)],
            Op::BatchStats { .. } => {
                let stats = self.area(2 * padded(self.graph[first].shape[1]));
                self.stats.insert(first, stats);
                vec![Place::Area(stats)]
            }
            Op::Loss { .. } => {
                let loss = self.allocate(Form::of(&[2]));
                self.losses.push(loss);
                let grad = group.get(1).map(|&gradient| self.store(gradient));
                std::iter::once(loss).chain(grad).map(Place::Map).collect()
            }
            Op::Conv(Conv { algorithm: Algorithm::Winograd { tiles }, .. })
            | Op::ConvInputGrad(Conv { algorithm: Algorithm::Winograd { tiles }, .. }) => {
                let y = self.store(result);
                let [filters, work] = self.winograd([self.graph[first].inputs[0], first], tiles);
                vec![Place::Map(y), filters, work]
            }
            Op::ConvInputGrad(conv) => {
                let dx = self.store(result);
                vec![Place::Map(dx), Place::Area(self.input_grad_scratch(first, conv.groups))]
            }
            _ => vec![Place::Map(self.store(result))],
        }
    }

    /// Element-wise operations after the anchor; an element-wise anchor is the first of them.
    fn epilogue(&mut self, group: &Group) -> Vec<Elt> {
        let mut elts = Vec::new();
        for (position, &node) in group.iter().enumerate() {
            match self.graph[node].op {
                Op::Act(act) => elts.push(Elt::Act(act)),
                Op::Dropout { rate, stream, channelwise } => {
                    elts.push(Elt::Dropout { rate, stream, channelwise })
                }
                Op::ActGrad(act) => elts.push(Elt::ActGrad(act, self.operand(node, 0))),
                Op::Normalize => elts.push(Elt::Normalize(self.normalize(node, 1))),
                Op::NormalizeRunning { eps } => {
                    let [mean, var, gamma, beta] = [1, 2, 3, 4].map(|slot| self.parameter(node, slot));
                    elts.push(Elt::NormalizeRunning { mean, var, eps, gamma, beta });
                }
                Op::NormalizeGrad => {
                    let x = self.operand(node, 1);
                    elts.push(Elt::NormalizeGrad(self.normalize(node, 2), x));
                }
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

    /// Statistics, scale and shift, from operand `slot` on.
    fn normalize(&self, node: NodeId, slot: usize) -> Normalize {
        Normalize {
            stats: self.stats[&self.graph[node].inputs[slot]],
            gamma: self.parameter(node, slot + 1),
            beta: self.parameter(node, slot + 2),
        }
    }

    /// Room for the transposed filters of an input gradient.
    fn input_grad_scratch(&mut self, node: NodeId, groups: usize) -> AreaId {
        let filter = &self.graph[self.graph[node].inputs[1]].shape;
        let area: usize = filter[2..].iter().product();
        self.area(padded(filter[1] * groups) * filter[0] / groups * area)
    }

    /// Room for Winograd's algorithm between two maps: filters, and tiles.
    fn winograd(&mut self, maps: [NodeId; 2], tiles: usize) -> [Place; 2] {
        let [from, to] = maps.map(|map| self.graph[map].shape[0]);
        [winograd::filters_len(from, to), winograd::work_len(from, to, tiles)]
            .map(|len| Place::Area(self.area(len)))
    }

    fn area(&mut self, len: usize) -> AreaId {
        self.areas.push(len.next_multiple_of(BLOCK));
        AreaId(self.areas.len() - 1)
    }

    fn parameter(&self, node: NodeId, slot: usize) -> ParamId {
        parameter(self.graph, self.graph[node].inputs[slot])
    }
}

/// Which operand of an element-wise node is the running value: the node before it in its group, or, for an anchor, the
/// latest one, which is the most likely to die here.
fn running_slot(graph: &Graph, node: NodeId, before: Option<NodeId>) -> usize {
    let inputs = &graph[node].inputs;
    match (&graph[node].op, before) {
        (Op::ActGrad(_), _) => 1,
        (_, Some(before)) => inputs.iter().position(|&input| input == before).expect("a chain"),
        (Op::Add, None) => (0..inputs.len()).max_by_key(|&slot| inputs[slot]).expect("an operand"),
        (_, None) => 0,
    }
}
