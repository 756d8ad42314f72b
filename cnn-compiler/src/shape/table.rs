//! The table of layers: what each is called, what it takes, and which function builds it. A new
//! layer starts with a row here.

use cnn_plan::settings::{Bound, Kind, Param, optional, required, unset};

use super::{
    Shaper, Site, conv, dense, frame, join,
    layers::{Inputs, Layer},
    norm, pool, unary,
};
use crate::ir::NodeId;

type Build = fn(&mut Shaper, &Site) -> Option<NodeId>;

const ONE: Bound = Bound::Pair([1, 1]);
const NO_PAD: Bound = Bound::Sides([[0, 0], [0, 0]]);

const FREEZE: Param = optional("freeze", Kind::Flag, Bound::Flag(false));
const LR_FACTOR: Param = optional("lr_factor", Kind::POSITIVE, Bound::Number(1.0)).or("lr");
/// Whether weight decay applies to the layer's parameters; `decay` of `train { … }` says so for a
/// layer that does not.
const DECAY: Param = unset("decay", Kind::Flag);

/// The attributes of weights and biases. For `init` and `bias_init` that are left out, the
/// network's initial values apply.
const WEIGHTS: &[Param] =
    &[unset("init", Kind::Init), unset("bias_init", Kind::Init), FREEZE, LR_FACTOR, DECAY];

/// A layer of one input without parameters.
const fn simple(name: &'static str, params: &'static [Param], build: Build) -> Layer {
    Layer { name, inputs: Inputs::One, params, attributes: &[], build }
}

/// A layer that joins values.
const fn joins(name: &'static str, inputs: Inputs, build: Build) -> Layer {
    Layer { name, inputs, params: &[], attributes: &[], build }
}

/// The layer of a name.
pub fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Names of all layers.
pub fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name)
}

/// True for an attribute that the parameters of some layer have.
pub(super) fn is_attribute(key: &str) -> bool {
    WEIGHTS.iter().any(|attribute| attribute.is_called(key))
}

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
        ],
        attributes: WEIGHTS,
        build: conv::conv,
    },
    Layer {
        name: "dense",
        inputs: Inputs::One,
        params: &[required("units", Kind::Count), optional("bias", Kind::Flag, Bound::Flag(true))],
        attributes: WEIGHTS,
        build: dense::dense,
    },
    Layer {
        name: "batch_norm",
        inputs: Inputs::One,
        params: &[],
        attributes: &[
            optional("eps", Kind::POSITIVE, Bound::Number(1e-5)),
            optional("momentum", Kind::UNIT, Bound::Number(0.1)),
            FREEZE,
            LR_FACTOR,
            DECAY,
        ],
        build: norm::batch_norm,
    },
    simple(
        "lrn",
        &[
            optional("size", Kind::Count, Bound::Count(5)),
            optional("alpha", Kind::NOT_NEGATIVE, Bound::Number(1e-4)),
            optional("beta", Kind::NOT_NEGATIVE, Bound::Number(0.75)),
            optional("k", Kind::POSITIVE, Bound::Number(2.0)),
        ],
        norm::lrn,
    ),
    simple(
        "max_pool",
        &[
            required("kernel", Kind::Pair),
            // Without it, windows lie side by side.
            unset("stride", Kind::Pair),
            optional("pad", Kind::Pad, NO_PAD),
            optional("ceil", Kind::Flag, Bound::Flag(false)),
        ],
        pool::max_pool,
    ),
    simple(
        "avg_pool",
        &[
            required("kernel", Kind::Pair),
            unset("stride", Kind::Pair),
            optional("pad", Kind::Pad, NO_PAD),
            optional("ceil", Kind::Flag, Bound::Flag(false)),
            optional("count_include_pad", Kind::Flag, Bound::Flag(true)),
        ],
        pool::avg_pool,
    ),
    simple("global_max_pool", &[], pool::global_max_pool),
    simple("global_avg_pool", &[], pool::global_avg_pool),
    simple(
        "adaptive_avg_pool",
        // Two numbers, as in `adaptive_avg_pool(6, 4)`, are height and width.
        &[required("height", Kind::Pair), unset("width", Kind::Count)],
        pool::adaptive_avg_pool,
    ),
    simple("relu", &[], unary::relu),
    simple("leaky_relu", &[optional("slope", Kind::UNIT, Bound::Number(0.01))], unary::leaky_relu),
    simple("elu", &[optional("alpha", Kind::POSITIVE, Bound::Number(1.0))], unary::elu),
    simple("sigmoid", &[], unary::sigmoid),
    simple("tanh", &[], unary::tanh),
    simple("maxout", &[required("pieces", Kind::Count)], unary::maxout),
    simple("softmax", &[], unary::softmax),
    simple("dropout", &[required("rate", Kind::FRACTION)], unary::dropout),
    simple("channel_dropout", &[required("rate", Kind::FRACTION)], unary::channel_dropout),
    simple("zero_pad", &[required("sides", Kind::Sides)], frame::zero_pad),
    simple("crop", &[required("sides", Kind::Sides)], frame::crop),
    simple("flatten", &[], unary::flatten),
    joins("add", Inputs::Many, join::add),
    joins("concat", Inputs::Many, join::concat),
    joins("mul", Inputs::Two, join::mul),
];
