//! The table of layers: what each is called, what it takes, and which function builds it. A new
//! layer starts with a row here.

use cnn_plan::settings::{Bound, Kind, Param, optional, required, unset, words};

use super::{
    Shaper, Site, conv, dense, frame, join,
    layers::{Inputs, Layer},
    norm::{self, Over},
    pool,
    unary::{self, activation},
};
use crate::ir::{Act, NodeId, Upsampling};

type Build = fn(&mut Shaper, &Site) -> Option<NodeId>;

const ONE: Bound = Bound::Pair([1, 1]);
const NO_PAD: Bound = Bound::Sides([[0, 0], [0, 0]]);

const FREEZE: Param = optional("freeze", Kind::Flag, Bound::Flag(false));
const LR_FACTOR: Param = optional("lr_factor", Kind::POSITIVE, Bound::Number(1.0)).or("lr");
/// Whether weight decay applies to the layer's parameters; `decay` of `train { … }` says so for a
/// layer that does not.
const DECAY: Param = unset("decay", Kind::Flag);

/// Whether the layer is applied again, on the parameters of the one that has its name.
const REUSE: Param = optional("reuse", Kind::Flag, Bound::Flag(false));

/// What a norm adds to the variance.
const EPS: Param = optional("eps", Kind::POSITIVE, Bound::Number(1e-5));

/// The attributes of weights and biases. For `init` and `bias_init` that are left out, the
/// network's initial values apply.
const WEIGHTS: &[Param] =
    &[unset("init", Kind::Init), unset("bias_init", Kind::Init), FREEZE, LR_FACTOR, DECAY, REUSE];

/// A layer of one input without parameters.
const fn simple(name: &'static str, params: &'static [Param], build: Build) -> Layer {
    Layer { name, inputs: Inputs::One, params, attributes: &[], build }
}

/// A layer that joins values.
const fn joins(name: &'static str, inputs: Inputs, build: Build) -> Layer {
    Layer { name, inputs, params: &[], attributes: &[], build }
}

/// A norm of each sample.
const fn sample_norm(
    name: &'static str,
    params: &'static [Param],
    attributes: &'static [Param],
    build: Build,
) -> Layer {
    Layer { name, inputs: Inputs::One, params, attributes, build }
}

/// The attributes of a norm of each sample, with scale and shift unless it says otherwise.
const AFFINE: &[Param] =
    &[EPS, optional("affine", Kind::Flag, Bound::Flag(true)), FREEZE, LR_FACTOR, DECAY, REUSE];
/// As [`AFFINE`], without scale and shift unless it says otherwise.
const NOT_AFFINE: &[Param] =
    &[EPS, optional("affine", Kind::Flag, Bound::Flag(false)), FREEZE, LR_FACTOR, DECAY, REUSE];

/// The layer of a name.
pub fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Names of all layers.
pub fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name)
}

/// True for what says how the parameters of some layer start and move.
pub(super) fn is_of_parameters(key: &str) -> bool {
    is_attribute(key) || key == "start"
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
            EPS,
            optional("momentum", Kind::UNIT, Bound::Number(0.1)),
            FREEZE,
            LR_FACTOR,
            DECAY,
            REUSE,
        ],
        build: norm::batch_norm,
    },
    sample_norm("group_norm", &[required("groups", Kind::Count)], AFFINE, norm::group_norm),
    sample_norm("instance_norm", &[], NOT_AFFINE, norm::instance_norm),
    sample_norm(
        "layer_norm",
        &[optional("over", Kind::Word(words::<Over>), Bound::Word("all"))],
        AFFINE,
        norm::layer_norm,
    ),
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
    simple("relu", &[], |shaper, site| activation(shaper, site, Act::Relu)),
    simple("relu6", &[], |shaper, site| activation(shaper, site, Act::Relu6)),
    simple("leaky_relu", &[optional("slope", Kind::UNIT, Bound::Number(0.01))], |shaper, site| {
        activation(shaper, site, Act::LeakyRelu(site.args.values.number("slope")))
    }),
    Layer {
        name: "prelu",
        inputs: Inputs::One,
        params: &[optional("per_channel", Kind::Flag, Bound::Flag(false))],
        attributes: &[optional("start", Kind::ANY, Bound::Number(0.25)), FREEZE, LR_FACTOR, DECAY, REUSE],
        build: unary::prelu,
    },
    simple("elu", &[optional("alpha", Kind::POSITIVE, Bound::Number(1.0))], |shaper, site| {
        activation(shaper, site, Act::Elu(site.args.values.number("alpha")))
    }),
    simple("sigmoid", &[], |shaper, site| activation(shaper, site, Act::Sigmoid)),
    simple("hard_sigmoid", &[], |shaper, site| activation(shaper, site, Act::HardSigmoid)),
    simple("tanh", &[], |shaper, site| activation(shaper, site, Act::Tanh)),
    simple("softplus", &[optional("beta", Kind::POSITIVE, Bound::Number(1.0))], |shaper, site| {
        activation(shaper, site, Act::Softplus(site.args.values.number("beta")))
    }),
    simple("silu", &[], |shaper, site| activation(shaper, site, Act::Silu)),
    simple("hard_swish", &[], |shaper, site| activation(shaper, site, Act::HardSwish)),
    simple("gelu", &[optional("tanh", Kind::Flag, Bound::Flag(false))], |shaper, site| {
        activation(shaper, site, if site.args.values.flag("tanh") { Act::GeluTanh } else { Act::Gelu })
    }),
    simple("maxout", &[required("pieces", Kind::Count)], unary::maxout),
    simple("softmax", &[], unary::softmax),
    simple("dropout", &[required("rate", Kind::FRACTION)], unary::dropout),
    simple("channel_dropout", &[required("rate", Kind::FRACTION)], unary::channel_dropout),
    simple("zero_pad", &[required("sides", Kind::Sides)], frame::zero_pad),
    simple("crop", &[required("sides", Kind::Sides)], frame::crop),
    simple(
        "upsample",
        &[
            required("scale", Kind::Pair),
            optional("mode", Kind::Word(words::<Upsampling>), Bound::Word("nearest")),
        ],
        frame::upsample,
    ),
    simple("flatten", &[], unary::flatten),
    joins("add", Inputs::Many, join::add),
    joins("concat", Inputs::Many, join::concat),
    joins("mul", Inputs::Two, join::mul),
];
