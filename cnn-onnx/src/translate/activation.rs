//! Activation functions, with the formulas of [`Act`].

use cnn_plan::Act;

use super::Site;
use crate::builder::{Builder, Call};

pub(super) fn activation(builder: &mut Builder, site: &Site, act: Act) -> Call {
    let x = site.x();
    match act {
        Act::Relu => Call::new("Relu", [x]),
        Act::Relu6 => {
            let [min, max] =
                [("min", 0.0), ("max", 6.0)].map(|(what, bound)| builder.float(site.layer(), what, bound));
            Call::new("Clip", [x.to_owned(), min, max])
        }
        Act::LeakyRelu(slope) => Call::new("LeakyRelu", [x]).float("alpha", slope),
        Act::Elu(alpha) => Call::new("Elu", [x]).float("alpha", alpha),
        Act::Sigmoid => Call::new("Sigmoid", [x]),
        Act::HardSigmoid => Call::new("HardSigmoid", [x]).float("alpha", 1.0 / 6.0).float("beta", 0.5),
        Act::Tanh => Call::new("Tanh", [x]),
        Act::Softplus(1.0) => Call::new("Softplus", [x]),
        Act::Softplus(beta) => {
            let beta = builder.float(site.layer(), "beta", beta);
            let scaled = builder.step(site.layer(), Call::new("Mul", [x, &beta]));
            let value = builder.step(site.layer(), Call::new("Softplus", [scaled]));
            Call::new("Div", [value, beta])
        }
        Act::Silu => {
            let gate = builder.step(site.layer(), Call::new("Sigmoid", [x]));
            Call::new("Mul", [x, &gate])
        }
        Act::HardSwish => Call::new("HardSwish", [x]),
        Act::Gelu => {
            let root = builder.float(site.layer(), "root", std::f32::consts::SQRT_2);
            let scaled = builder.step(site.layer(), Call::new("Div", [x, &root]));
            let error = builder.step(site.layer(), Call::new("Erf", [scaled]));
            half_of(builder, site, error)
        }
        Act::GeluTanh => {
            let layer = site.layer();
            let square = builder.step(layer, Call::new("Mul", [x, x]));
            let cube = builder.step(layer, Call::new("Mul", [x, &square]));
            let share = builder.float(layer, "share", 0.044715);
            let part = builder.step(layer, Call::new("Mul", [cube, share]));
            let sum = builder.step(layer, Call::new("Add", [x, &part]));
            let root = builder.float(layer, "root", (2.0 / std::f64::consts::PI).sqrt() as f32);
            let scaled = builder.step(layer, Call::new("Mul", [sum, root]));
            let curve = builder.step(layer, Call::new("Tanh", [scaled]));
            half_of(builder, site, curve)
        }
    }
}

/// `x / 2 * (1 + curve)`
fn half_of(builder: &mut Builder, site: &Site, curve: String) -> Call {
    let one = builder.float(site.layer(), "one", 1.0);
    let raised = builder.step(site.layer(), Call::new("Add", [curve, one]));
    let weighted = builder.step(site.layer(), Call::new("Mul", [site.x(), &raised]));
    let half = builder.float(site.layer(), "half", 0.5);
    Call::new("Mul", [weighted, half])
}

/// Slopes stand for channels, so each has one row and one column, unless there is one for all.
pub(super) fn prelu(builder: &mut Builder, site: &Site) -> Call {
    let slope = site.node.params[0];
    let count = builder.param_shape(slope)[0];
    let sides = if count == 1 { 0 } else { site.shape().len() - 1 };
    let dims = [vec![count], vec![1; sides]].concat();
    let slope = builder.parameter_as(slope, &dims);
    Call::new("PRelu", [site.x().to_owned(), slope])
}
