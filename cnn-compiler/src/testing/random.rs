//! Random small networks and batches, the same for the same seed.

use cnn_plan::{LossKind, TargetKind};

use super::{ACTS, Net, window};
use crate::{
    interp::{Feed, Tensor},
    ir::{Act, Graph, NodeId, Op, Param, PoolKind, Response, SampleAxes, Upsampling},
};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// In `-1..1`.
    fn signed(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let mut tensor = Tensor::zeros(shape);
        tensor.data.fill_with(|| self.signed());
        tensor
    }

    /// Variances are positive.
    fn param(&mut self, param: &Param) -> Tensor {
        let mut tensor = self.tensor(&param.shape);
        if param.name.ends_with("running_var") {
            tensor.data.iter_mut().for_each(|value| *value = value.abs() + 0.5);
        }
        tensor
    }
}

/// A batch and parameters for a graph.
pub fn feed(graph: &Graph, batch: usize, seed: u64) -> Feed {
    let mut random = Random(seed);
    let input = graph.nodes.iter().find(|node| node.op == Op::Input).expect("an input");
    let outputs = graph[graph.losses[0].logits].shape[0];
    let mut target = || match graph.target {
        TargetKind::Class => {
            let class = random.below(outputs);
            (0..outputs).map(|output| f64::from(u8::from(output == class))).collect()
        }
        TargetKind::Values => (0..outputs).map(|_| random.signed()).collect(),
        TargetKind::Labels => (0..outputs).map(|_| random.below(2) as f64).collect(),
    };
    let targets = (0..batch).map(|_| target()).collect();
    Feed {
        images: (0..batch).map(|_| random.tensor(&input.shape)).collect(),
        targets,
        params: graph.params.iter().map(|param| random.param(param)).collect(),
    }
}

const POOLS: [PoolKind; 3] =
    [PoolKind::Max, PoolKind::Avg { count_include_pad: true }, PoolKind::Avg { count_include_pad: false }];

/// A loss of three scores that takes such targets.
fn loss(random: &mut Random, target: TargetKind) -> LossKind {
    let class_weights: Option<&[f32]> = Some(&[1.0, 0.25, 3.0]);
    let losses = [
        LossKind::CrossEntropy { smoothing: 0.1, class_weights: None },
        LossKind::CrossEntropy { smoothing: 0.1, class_weights },
        LossKind::BinaryCrossEntropy,
        LossKind::MeanSquared,
        LossKind::MeanAbsolute,
        LossKind::Huber { delta: 0.5 },
    ];
    let fit: Vec<LossKind> = losses.into_iter().filter(|loss| loss.takes(target)).collect();
    random.pick(&fit)
}

/// A network of up to a dozen layers on a tiny image, with branches, joins and sometimes a second
/// loss.
pub fn network(seed: u64) -> Graph {
    let mut random = Random(seed);
    let shape = [random.pick(&[1, 3, 8, 10]), 4 + random.below(4), 4 + random.below(4)];
    let (mut net, input) = Net::new(shape);
    net.graph.target =
        random.pick(&[TargetKind::Class, TargetKind::Class, TargetKind::Values, TargetKind::Labels]);
    let mut maps = vec![input];
    for _ in 0..3 + random.below(9) {
        net.freeze(random.below(6) == 0);
        let next = layer(&mut net, &maps, &mut random);
        maps.push(next);
    }
    net.freeze(false);
    let mut value = *maps.last().expect("a map");
    if random.below(3) == 0 {
        let logits = head(&mut net, random.pick(&maps), 3, &mut random);
        let kind = loss(&mut random, net.graph.target);
        net.loss(kind, logits, 0.3);
    }
    if random.below(4) == 0 {
        value = net.concat(&[value, value]);
    }
    let logits = head(&mut net, value, 3, &mut random);
    let mut graph = net.finish(logits);
    graph.losses[0].kind = loss(&mut random, graph.target);
    graph
}

fn layer(net: &mut Net, maps: &[NodeId], random: &mut Random) -> NodeId {
    let recent = maps.len().saturating_sub(3);
    let x = random.pick(&maps[recent..]);
    let shape = net.graph[x].shape.clone();
    let fellows = |same: &dyn Fn(&[usize]) -> bool| -> Vec<NodeId> {
        maps.iter().copied().filter(|&map| same(&net.graph[map].shape)).collect()
    };
    match random.below(16) {
        0..3 => {
            let groups = if shape[0].is_multiple_of(2) { random.pick(&[1, 1, 2]) } else { 1 };
            let channels = groups * random.pick(&[1, 3, 4, 8, 12]);
            let sliding = sliding(&shape, random);
            net.conv(x, channels, sliding, groups, random.below(2) == 0)
        }
        3 => match random.below(4) {
            0 => net.prelu(x, random.pick(&[1, shape[0]])),
            _ => net.act(x, random.pick(&ACTS)),
        },
        4 => {
            let mut sliding = sliding(&shape, random);
            sliding.dilation = [1; 2];
            for axis in 0..2 {
                let most = sliding.kernel[axis] / 2;
                sliding.pad[axis] = sliding.pad[axis].min(most);
                sliding.pad_end[axis] = sliding.pad_end[axis].min(most);
            }
            net.pool(x, random.pick(&POOLS), sliding)
        }
        5 => net.dropout(x, 0.3),
        6 => {
            let same = fellows(&|other| other == shape);
            let parts = [x, random.pick(&same), random.pick(&same)];
            match random.below(3) {
                0 => net.mul([parts[0], parts[1]]),
                _ => net.add(&parts[..2 + random.below(2)]),
            }
        }
        7 => match random.below(2) {
            0 => net.batch_norm(x),
            _ => {
                let groups: Vec<usize> = (1..=shape[0]).filter(|&n| shape[0].is_multiple_of(n)).collect();
                let groups = SampleAxes::Groups(random.pick(&groups));
                let axes = random.pick(&[groups, SampleAxes::Channels]);
                let affine = random.pick(&[None, Some(&shape[..1]), Some(&shape[..])]);
                net.sample_norm(x, axes, affine)
            }
        },
        8 => match random.below(2) {
            0 => net.channel_dropout(x, 0.3),
            _ => net.softmax(x),
        },
        9 => {
            let size = 1 + random.below(5);
            net.lrn(x, Response { size, alpha: 0.5, beta: 0.75, k: 1.5 })
        }
        10 => {
            let pieces: Vec<usize> = (1..4).filter(|&pieces| shape[0].is_multiple_of(pieces)).collect();
            net.maxout(x, random.pick(&pieces))
        }
        11 => {
            let gate = net.adaptive_avg(x, [1, 1]);
            let gate = net.conv(gate, shape[0], window(1, 1, 0, 1), 1, true);
            let gate = net.act(gate, Act::Sigmoid);
            let gate = if random.below(2) == 0 { net.flatten(gate) } else { gate };
            net.gate(x, gate)
        }
        12 => match random.below(3) {
            0 if shape[1] * shape[2] < 40 => {
                let scale = [0; 2].map(|_| 1 + random.below(3));
                net.upsample(x, scale, random.pick(&[Upsampling::Nearest, Upsampling::Bilinear]))
            }
            0 | 1 => net.pad(x, [random.below(3) as isize, 1, -1, 2]),
            _ => net.adaptive_avg(x, [1 + random.below(shape[1]), 1 + random.below(shape[2])]),
        },
        13 | 14 => {
            let owners: Vec<NodeId> = (0..net.graph.nodes.len())
                .map(NodeId)
                .filter(|&id| {
                    let inputs = &net.graph[id].inputs;
                    let is_param = |input: &NodeId| matches!(net.graph[*input].op, Op::Param(_));
                    inputs.iter().any(is_param) && net.graph[inputs[0]].shape == shape
                })
                .collect();
            if owners.is_empty() { net.batch_norm(x) } else { net.again(random.pick(&owners), x) }
        }
        _ => {
            let same = fellows(&|other| other[1..] == shape[1..]);
            let parts = [random.pick(&same), x, random.pick(&same)];
            net.concat(&parts[..2 + random.below(2)])
        }
    }
}

/// A window that fits, with some stride, padding and dilation.
fn sliding(shape: &[usize], random: &mut Random) -> crate::ir::Window {
    let smallest = shape[1].min(shape[2]);
    let kernel = 1 + random.below(smallest.min(3));
    let dilation = if smallest > 2 * (kernel - 1) { 1 + random.below(2) } else { 1 };
    window(kernel, 1 + random.below(2), random.below(2).min(kernel - 1), dilation)
}

/// Scores of a map: flattened, perhaps through a hidden layer.
fn head(net: &mut Net, map: NodeId, classes: usize, random: &mut Random) -> NodeId {
    let mut value = net.flatten(map);
    match random.below(5) {
        0 => value = net.relu(value),
        1 => value = net.dropout(value, 0.4),
        2 => {
            let hidden = net.dense(value, 11);
            let hidden = net.act(hidden, random.pick(&ACTS));
            let hidden = net.dropout(hidden, 0.2);
            value = net.concat(&[value, hidden]);
        }
        3 => {
            let hidden = net.dense(value, net.graph[value].shape[0]);
            value = net.add(&[value, hidden]);
        }
        _ => {}
    }
    net.dense(value, classes)
}
