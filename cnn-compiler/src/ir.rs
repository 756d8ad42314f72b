//! The typed graph: what a network computes, with every shape known.
//!
//! Nodes stand in topological order and a node's inputs precede it. A node of the forward part
//! belongs to a layer; the backward nodes that autodiff appends are ordinary nodes under the same
//! layer's name. There are no spans here: nothing after `shape` can fail.

pub mod cost;
pub mod form;
pub mod op;
pub mod print;
pub mod verify;

pub use op::{
    Act, Algorithm, Conv, Norm, Op, Pool, PoolKind, Reach, Response, Run, SampleAxes, Upsample, Upsampling,
    Window,
};

use cnn_plan::{Augment, Init, LossKind, Prepare, TargetKind, Training};

/// Index of a node in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// Index of a parameter in [`Graph::params`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub usize);

/// Index of a layer in [`Graph::layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId(pub usize);

/// One value of the network.
#[derive(Clone, Debug)]
pub struct Node {
    pub op: Op,
    pub inputs: Vec<NodeId>,
    /// `[C, H, W]` of a map, `[N]` of a flat value, the torch shape of a parameter or its gradient.
    /// The batch is not part of it.
    pub shape: Vec<usize>,
    /// The layer whose application made it.
    pub layer: LayerId,
}

/// A trainable tensor.
#[derive(Clone, Debug)]
pub struct Param {
    /// `conv1.weight`
    pub name: String,
    /// Torch shape.
    pub shape: Vec<usize>,
    pub init: Init,
    pub fan_in: usize,
    pub fan_out: usize,
    pub trainable: bool,
    /// Running statistics: kept in files, no parameter.
    pub buffer: bool,
    /// Factor of the learning rate.
    pub lr_factor: f32,
    /// False if weight decay leaves it alone.
    pub decay: bool,
    /// Of what is no parameter but a part of the gradient of one: that one.
    pub part_of: Option<ParamId>,
}

/// One application of a layer, as the user wrote it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its path, `layer1.0.conv1`, or kind and number, `max_pool1`.
    pub name: String,
    /// As written: `conv`, `max_pool`, `input`.
    pub kind: &'static str,
    /// Something `summary` should say.
    pub note: Option<String>,
}

/// A loss of some scores, weighted.
#[derive(Clone, Debug)]
pub struct Loss {
    pub kind: LossKind,
    pub logits: NodeId,
    pub weight: f32,
    /// The layer named by an auxiliary `output`, or the layer that yields the scores.
    pub layer: LayerId,
}

/// A whole network.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub params: Vec<Param>,
    pub layers: Vec<Layer>,
    /// The main loss first; its logits are the network's output.
    pub losses: Vec<Loss>,
    /// What all losses compare their scores with.
    pub target: TargetKind,
    /// Gradient node of each parameter; empty before autodiff, `None` for a frozen parameter. Parts
    /// follow; the first part of a sum that is not among them is what the sum begins with.
    pub gradients: Vec<Option<NodeId>>,
}

impl Graph {
    /// Appends a node.
    pub fn push(&mut self, op: Op, inputs: Vec<NodeId>, shape: Vec<usize>, layer: LayerId) -> NodeId {
        self.nodes.push(Node { op, inputs, shape, layer });
        NodeId(self.nodes.len() - 1)
    }

    /// Appends a parameter and the node that stands for it.
    pub fn push_param(&mut self, param: Param, layer: LayerId) -> NodeId {
        let shape = param.shape.clone();
        self.params.push(param);
        self.push(Op::Param(ParamId(self.params.len() - 1)), Vec::new(), shape, layer)
    }

    /// Whether a batch norm is frozen: its scale and shift are not trained, and in training too it
    /// normalises by the running statistics, which stay as they are.
    pub fn is_fixed(&self, batch_norm: &Node) -> bool {
        let is_frozen = |input: &NodeId| match self[*input].op {
            Op::Param(param) => !self.params[param.0].trainable,
            _ => false,
        };
        batch_norm.inputs[1..].iter().all(is_frozen)
    }

    /// For each node, whether the network's output depends on it.
    pub fn inferred(&self) -> Vec<bool> {
        let mut inferred = vec![false; self.nodes.len()];
        inferred[self.losses[0].logits.0] = true;
        for id in (0..self.nodes.len()).rev() {
            if inferred[id] {
                self.nodes[id].inputs.iter().for_each(|input| inferred[input.0] = true);
            }
        }
        inferred
    }
}

impl std::ops::Index<NodeId> for Graph {
    type Output = Node;
    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

/// What the front end hands to the rest of the compiler.
#[derive(Debug)]
pub struct Network {
    pub name: proc_macro2::Ident,
    /// Visibility and doc attributes, to be repeated on the generated type.
    pub visibility: proc_macro2::TokenStream,
    pub attributes: proc_macro2::TokenStream,
    pub graph: Graph,
    pub training: Training,
    /// From a stored image to the network's input, where it is declared.
    pub data: Option<Vec<Prepare>>,
    pub augment: Vec<Augment>,
    /// Variables that nothing reads.
    pub unused: Vec<proc_macro2::Ident>,
}
