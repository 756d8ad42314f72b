//! The layers: what each is called, what it takes, and who builds it. A new layer starts here.

use super::{
    Infer, Kind, Site, Spec,
    args::{Bound, INIT, Param, optional, required},
    conv, dense, join, pool, unary,
};
use crate::ir::NodeId;

/// A kind of layer.
#[derive(Debug)]
pub struct Layer {
    pub name: &'static str,
    pub inputs: Inputs,
    pub params: &'static [Param],
    /// Checks shapes and appends the nodes; nothing after an error.
    pub build: fn(&mut Infer, &Site) -> Option<NodeId>,
}

/// How many values a layer joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    One,
    /// Two or more.
    Many,
}

impl Layer {
    /// Its arguments.
    pub fn spec(&self) -> Spec {
        Spec { name: self.name, params: self.params }
    }
}

/// The layer of a name.
pub fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Names of all layers.
pub fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name)
}

const ONE: Bound = Bound::Pair([1, 1]);
const NO_PAD: Bound = Bound::Pad([0, 0]);
const PROBABILITY: Kind = Kind::Number("at least 0 and below 1", |rate| (0.0..1.0).contains(&rate));
const SLOPE: Kind = Kind::Number("from 0 to 1", |slope| (0.0..=1.0).contains(&slope));
const ALPHA: Kind = Kind::Number("above 0", |alpha| alpha > 0.0);

const LAYERS: &[Layer] = &[
    Layer {
        name: "conv",
        inputs: Inputs::One,
        params: &[
            required("channels", Kind::Count),
            required("kernel", Kind::Pair),
            optional("stride", Kind::Pair, ONE),
            optional("pad", Kind::Pad, NO_PAD),
            optional("dilation", Kind::Pair, ONE),
            optional("groups", Kind::Count, Bound::Count(1)),
            optional("bias", Kind::Flag, Bound::Flag(true)),
            // The network's.
            optional("init", INIT, Bound::Unset),
            optional("freeze", Kind::Flag, Bound::Flag(false)),
        ],
        build: conv::conv,
    },
    Layer {
        name: "dense",
        inputs: Inputs::One,
        params: &[
            required("units", Kind::Count),
            optional("bias", Kind::Flag, Bound::Flag(true)),
            optional("init", INIT, Bound::Unset),
            optional("freeze", Kind::Flag, Bound::Flag(false)),
        ],
        build: dense::dense,
    },
    Layer {
        name: "max_pool",
        inputs: Inputs::One,
        params: &[
            required("kernel", Kind::Pair),
            // The kernel.
            optional("stride", Kind::Pair, Bound::Unset),
            optional("pad", Kind::Pad, NO_PAD),
            optional("ceil", Kind::Flag, Bound::Flag(false)),
        ],
        build: pool::max_pool,
    },
    Layer {
        name: "avg_pool",
        inputs: Inputs::One,
        params: &[
            required("kernel", Kind::Pair),
            optional("stride", Kind::Pair, Bound::Unset),
            optional("pad", Kind::Pad, NO_PAD),
            optional("count_include_pad", Kind::Flag, Bound::Flag(true)),
        ],
        build: pool::avg_pool,
    },
    Layer { name: "global_avg_pool", inputs: Inputs::One, params: &[], build: pool::global_avg_pool },
    Layer { name: "relu", inputs: Inputs::One, params: &[], build: unary::relu },
    Layer {
        name: "leaky_relu",
        inputs: Inputs::One,
        params: &[optional("slope", SLOPE, Bound::Number(0.01))],
        build: unary::leaky_relu,
    },
    Layer {
        name: "elu",
        inputs: Inputs::One,
        params: &[optional("alpha", ALPHA, Bound::Number(1.0))],
        build: unary::elu,
    },
    Layer { name: "sigmoid", inputs: Inputs::One, params: &[], build: unary::sigmoid },
    Layer { name: "tanh", inputs: Inputs::One, params: &[], build: unary::tanh },
    Layer {
        name: "dropout",
        inputs: Inputs::One,
        params: &[required("rate", PROBABILITY)],
        build: unary::dropout,
    },
    Layer { name: "flatten", inputs: Inputs::One, params: &[], build: unary::flatten },
    Layer { name: "softmax", inputs: Inputs::One, params: &[], build: unary::softmax },
    Layer { name: "add", inputs: Inputs::Many, params: &[], build: join::add },
    Layer { name: "concat", inputs: Inputs::Many, params: &[], build: join::concat },
];
