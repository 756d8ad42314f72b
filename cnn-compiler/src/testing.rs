//! Networks for tests, built node by node as the front end does.

pub mod random;

use cnn_plan::{
    Init, LossKind, Training,
    optim::{Optimizer, Schedule, Sgd, Update},
};

use crate::ir::{
    Act, Algorithm, Conv, Graph, Layer, LayerId, Loss, Network, Node, NodeId, Norm, Op, Param, Pool,
    PoolKind, Response, SampleAxes, Upsample, Upsampling, Window,
};

/// Every activation function.
pub const ACTS: [Act; 12] = [
    Act::Relu,
    Act::Relu6,
    Act::LeakyRelu(0.1),
    Act::Elu(0.7),
    Act::Sigmoid,
    Act::HardSigmoid,
    Act::Tanh,
    Act::Softplus(1.5),
    Act::Silu,
    Act::HardSwish,
    Act::Gelu,
    Act::GeluTanh,
];

/// A network in the making.
#[derive(Default)]
pub struct Net {
    pub graph: Graph,
    streams: u32,
    frozen: bool,
}

/// How a window slides: kernel and stride, padding all around, dilation.
pub fn window(kernel: usize, stride: usize, pad: usize, dilation: usize) -> Window {
    Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        pad: [pad; 2],
        pad_end: [pad; 2],
        dilation: [dilation; 2],
    }
}

/// Output extents of a window, the last window inside the padded input.
fn slide(shape: &[usize], window: &Window) -> [usize; 2] {
    std::array::from_fn(|axis| {
        let span = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
        (shape[axis + 1] + window.pad[axis] + window.pad_end[axis] - span) / window.stride[axis] + 1
    })
}

impl Net {
    pub fn new(shape: [usize; 3]) -> (Net, NodeId) {
        let mut net = Net::default();
        let layer = net.layer("input");
        let input = net.graph.push(Op::Input, vec![], shape.to_vec(), layer);
        (net, input)
    }

    /// Layers from here on are frozen, or trained again.
    pub fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    fn layer(&mut self, kind: &'static str) -> LayerId {
        let number = self.graph.layers.iter().filter(|layer| layer.kind == kind).count() + 1;
        self.graph.layers.push(Layer { name: format!("{kind}{number}"), kind, note: None });
        LayerId(self.graph.layers.len() - 1)
    }

    /// The operation of a node once more, of another first input and on the same parameters.
    pub fn again(&mut self, like: NodeId, x: NodeId) -> NodeId {
        let Node { op, mut inputs, shape, .. } = self.graph[like].clone();
        inputs[0] = x;
        let layer = self.layer("again");
        self.graph.push(op, inputs, shape, layer)
    }

    fn shape(&self, node: NodeId) -> Vec<usize> {
        self.graph[node].shape.clone()
    }

    fn param(&mut self, layer: LayerId, kind: &str, shape: &[usize]) -> NodeId {
        let name = format!("{}.{kind}", self.graph.layers[layer.0].name);
        let inner: usize = shape[1..].iter().product();
        let buffer = kind.starts_with("running");
        let param = Param {
            name,
            shape: shape.to_vec(),
            init: Init::GlorotUniform,
            fan_in: inner,
            fan_out: shape[0] * inner,
            trainable: !self.frozen && !buffer,
            buffer,
            lr_factor: 1.0,
            decay: true,
            part_of: None,
        };
        self.graph.push_param(param, layer)
    }

    pub fn conv(&mut self, x: NodeId, channels: usize, window: Window, groups: usize, bias: bool) -> NodeId {
        let layer = self.layer("conv");
        let shape = self.shape(x);
        let filter = [channels, shape[0] / groups, window.kernel[0], window.kernel[1]];
        let mut inputs = vec![x, self.param(layer, "weight", &filter)];
        if bias {
            inputs.push(self.param(layer, "bias", &[channels]));
        }
        let [height, width] = slide(&shape, &window);
        self.graph.push(
            Op::Conv(Conv { window, groups, algorithm: Algorithm::Direct }),
            inputs,
            vec![channels, height, width],
            layer,
        )
    }

    pub fn dense(&mut self, x: NodeId, features: usize) -> NodeId {
        let layer = self.layer("dense");
        let weight = self.param(layer, "weight", &[features, self.graph[x].shape[0]]);
        let bias = self.param(layer, "bias", &[features]);
        self.graph.push(Op::Dense, vec![x, weight, bias], vec![features], layer)
    }

    pub fn pool(&mut self, x: NodeId, kind: PoolKind, window: Window) -> NodeId {
        let layer = self.layer("pool");
        let [height, width] = slide(&self.shape(x), &window);
        let shape = vec![self.graph[x].shape[0], height, width];
        self.graph.push(Op::Pool(Pool { kind, window }), vec![x], shape, layer)
    }

    pub fn act(&mut self, x: NodeId, act: Act) -> NodeId {
        let layer = self.layer("act");
        self.graph.push(Op::Act(act), vec![x], self.shape(x), layer)
    }

    /// A parametric ReLU of so many slopes.
    pub fn prelu(&mut self, x: NodeId, slopes: usize) -> NodeId {
        let layer = self.layer("prelu");
        let slope = self.param(layer, "weight", &[slopes]);
        self.graph.push(Op::Prelu, vec![x, slope], self.shape(x), layer)
    }

    pub fn relu(&mut self, x: NodeId) -> NodeId {
        self.act(x, Act::Relu)
    }

    pub fn dropout(&mut self, x: NodeId, rate: f32) -> NodeId {
        self.drop(x, rate, false)
    }

    /// Drops whole channels.
    pub fn channel_dropout(&mut self, x: NodeId, rate: f32) -> NodeId {
        self.drop(x, rate, true)
    }

    fn drop(&mut self, x: NodeId, rate: f32, channelwise: bool) -> NodeId {
        let layer = self.layer("dropout");
        self.streams += 1;
        let op = Op::Dropout { rate, stream: self.streams - 1, channelwise };
        self.graph.push(op, vec![x], self.shape(x), layer)
    }

    pub fn batch_norm(&mut self, x: NodeId) -> NodeId {
        let layer = self.layer("batch_norm");
        let channels = [self.graph[x].shape[0]];
        let vectors =
            ["weight", "bias", "running_mean", "running_var"].map(|kind| self.param(layer, kind, &channels));
        let op = Op::Norm(Norm::Batch { eps: 1e-3, momentum: 0.1 });
        self.graph.push(op, [x].into_iter().chain(vectors).collect(), self.shape(x), layer)
    }

    /// A norm of each sample; with scale and shift of a shape, if there is one.
    pub fn sample_norm(&mut self, x: NodeId, axes: SampleAxes, affine: Option<&[usize]>) -> NodeId {
        let layer = self.layer("norm");
        let mut inputs = vec![x];
        if let Some(shape) = affine {
            inputs.extend(["weight", "bias"].map(|kind| self.param(layer, kind, shape)));
        }
        let op = Op::Norm(Norm::Sample { axes, eps: 1e-2 });
        self.graph.push(op, inputs, self.shape(x), layer)
    }

    pub fn lrn(&mut self, x: NodeId, response: Response) -> NodeId {
        let layer = self.layer("lrn");
        self.graph.push(Op::Lrn(response), vec![x], self.shape(x), layer)
    }

    pub fn maxout(&mut self, x: NodeId, pieces: usize) -> NodeId {
        let layer = self.layer("maxout");
        let mut shape = self.shape(x);
        shape[0] /= pieces;
        self.graph.push(Op::Maxout { pieces }, vec![x], shape, layer)
    }

    pub fn softmax(&mut self, x: NodeId) -> NodeId {
        let layer = self.layer("softmax");
        self.graph.push(Op::Softmax, vec![x], self.shape(x), layer)
    }

    pub fn gate(&mut self, x: NodeId, gate: NodeId) -> NodeId {
        let layer = self.layer("mul");
        self.graph.push(Op::Gate, vec![x, gate], self.shape(x), layer)
    }

    /// Adds rows and columns of zeros around, or takes them away where negative: top, bottom, left,
    /// right.
    pub fn pad(&mut self, x: NodeId, [top, bottom, left, right]: [isize; 4]) -> NodeId {
        let layer = self.layer("pad");
        let mut shape = self.shape(x);
        shape[1] = shape[1].strict_add_signed(top + bottom);
        shape[2] = shape[2].strict_add_signed(left + right);
        self.graph.push(Op::Shift { top, left }, vec![x], shape, layer)
    }

    pub fn adaptive_avg(&mut self, x: NodeId, size: [usize; 2]) -> NodeId {
        let layer = self.layer("adaptive_avg_pool");
        let shape = vec![self.graph[x].shape[0], size[0], size[1]];
        let pool = Pool { kind: PoolKind::AdaptiveAvg, window: window(1, 1, 0, 1) };
        self.graph.push(Op::Pool(pool), vec![x], shape, layer)
    }

    pub fn upsample(&mut self, x: NodeId, scale: [usize; 2], mode: Upsampling) -> NodeId {
        let layer = self.layer("upsample");
        let [channels, height, width] = self.shape(x)[..] else { panic!("a map") };
        let shape = vec![channels, height * scale[0], width * scale[1]];
        self.graph.push(Op::Upsample(Upsample { scale, mode }), vec![x], shape, layer)
    }

    pub fn flatten(&mut self, x: NodeId) -> NodeId {
        let layer = self.layer("flatten");
        let elements = self.graph[x].shape.iter().product();
        self.graph.push(Op::Reshape, vec![x], vec![elements], layer)
    }

    pub fn add(&mut self, parts: &[NodeId]) -> NodeId {
        let layer = self.layer("add");
        self.graph.push(Op::Add, parts.to_vec(), self.shape(parts[0]), layer)
    }

    pub fn mul(&mut self, parts: [NodeId; 2]) -> NodeId {
        let layer = self.layer("mul");
        self.graph.push(Op::Mul, parts.to_vec(), self.shape(parts[0]), layer)
    }

    pub fn concat(&mut self, parts: &[NodeId]) -> NodeId {
        let layer = self.layer("concat");
        let mut shape = self.shape(parts[0]);
        shape[0] = parts.iter().map(|&part| self.graph[part].shape[0]).sum();
        self.graph.push(Op::Concat, parts.to_vec(), shape, layer)
    }

    /// Adds a loss beside the main one.
    pub fn loss(&mut self, kind: LossKind, logits: NodeId, weight: f32) {
        let layer = self.graph[logits].layer;
        self.graph.losses.push(Loss { kind, logits, weight, layer });
    }

    /// Ends the network with its scores.
    pub fn finish(mut self, logits: NodeId) -> Graph {
        let layer = self.graph[logits].layer;
        self.graph.losses.insert(0, Loss { kind: LossKind::CROSS_ENTROPY, logits, weight: 1.0, layer });
        self.graph
    }
}

/// The Keras MNIST convnet.
pub fn mnist() -> Graph {
    let (mut net, x) = Net::new([1, 28, 28]);
    let x = net.conv(x, 32, window(3, 1, 0, 1), 1, true);
    let x = net.relu(x);
    let x = net.conv(x, 64, window(3, 1, 0, 1), 1, true);
    let x = net.relu(x);
    let x = net.pool(x, PoolKind::Max, window(2, 2, 0, 1));
    let x = net.dropout(x, 0.25);
    let x = net.flatten(x);
    let x = net.dense(x, 128);
    let x = net.relu(x);
    let x = net.dropout(x, 0.5);
    let x = net.dense(x, 10);
    net.finish(x)
}

/// A graph as the front end hands it over.
pub fn network(graph: Graph) -> Network {
    Network {
        name: quote::format_ident!("Net"),
        visibility: quote::quote!(pub),
        attributes: quote::quote!(#[doc = " A network."]),
        graph,
        training: Training {
            update: Update::new(Optimizer::Sgd(Sgd { lr: 0.1, ..Sgd::DEFAULT })),
            schedule: Schedule::CONSTANT,
            batch: 128,
            accumulate: 1,
            epochs: 12,
            loss: LossKind::CROSS_ENTROPY,
        },
        data: None,
        augment: vec![],
        unused: vec![],
    }
}
