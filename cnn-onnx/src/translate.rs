//! An operation of the graph of inference as nodes of operator set 17. What takes several nodes adds
//! all but the last, which is returned.

mod activation;
mod norm;
mod shape;
mod window;

use cnn_core::{Error, Result};
use cnn_plan::{Axes, GraphOp, PoolKind, tables::GraphNode};

use crate::{
    builder::{Builder, Call},
    values::{RunningNorm, Weights},
};

/// A node with what it reads.
pub(crate) struct Site<'s, 'a> {
    pub(crate) node: &'s GraphNode<'a>,
    /// The name and the shape of each value.
    pub(crate) inputs: Vec<(&'s str, &'a [usize])>,
    /// The batch norm that a convolution or a dense layer takes in.
    pub(crate) norm: Option<RunningNorm>,
}

impl<'s, 'a> Site<'s, 'a> {
    fn layer(&self) -> &'a str {
        self.node.layer
    }

    /// The name of the first value.
    fn x(&self) -> &'s str {
        self.inputs[0].0
    }

    /// The shape of the first value.
    fn shape(&self) -> &'a [usize] {
        self.inputs[0].1
    }

    /// The names of all values.
    fn names(&self) -> impl Iterator<Item = &'s str> {
        self.inputs.iter().map(|(name, _)| *name)
    }

    /// An error about this layer.
    fn refused(&self, why: &str) -> Error {
        Error::Usage(format!("{}: {why}", self.node.layer))
    }
}

/// The node that yields the value of a layer.
///
/// # Errors
///
/// [`Error::Usage`] naming the layer, if the operator set has nothing that it could be.
pub(crate) fn translate(builder: &mut Builder, site: &Site) -> Result<Call> {
    Ok(match site.node.op {
        GraphOp::Input => unreachable!("inputs are values that are there"),
        GraphOp::Conv { window, groups } => {
            let inputs = weighted(builder, site);
            window::conv(site, inputs, &window, groups)
        }
        GraphOp::Dense => {
            let inputs = weighted(builder, site);
            Call::new("Gemm", inputs).int("transB", 1)
        }
        GraphOp::Pool { kind: PoolKind::Max, window } => window::max_pool(site, &window),
        GraphOp::Pool { kind: PoolKind::Avg { count_include_pad }, window } => {
            window::avg_pool(builder, site, &window, count_include_pad)?
        }
        GraphOp::Pool { kind: PoolKind::AdaptiveAvg, .. } => window::adaptive_avg_pool(builder, site),
        GraphOp::Act(act) => activation::activation(builder, site, act),
        GraphOp::Prelu => activation::prelu(builder, site),
        GraphOp::Norm { axes: Axes::Batch, .. } => norm::batch(builder, site),
        GraphOp::Norm { axes: Axes::Sample(axes), eps } => norm::sample(builder, site, axes, eps),
        GraphOp::Lrn(response) => norm::lrn(builder, site, &response),
        GraphOp::Maxout { pieces } => shape::maxout(builder, site, pieces),
        GraphOp::Softmax => Call::new("Softmax", [site.x()]).int("axis", 1),
        GraphOp::Gate => shape::gate(builder, site),
        GraphOp::Pad { top, left, bottom, right } => {
            shape::pad(builder, site, [[top, bottom], [left, right]])?
        }
        GraphOp::Flatten => Call::new("Flatten", [site.x()]).int("axis", 1),
        GraphOp::Add => {
            let operator = if site.inputs.len() == 2 { "Add" } else { "Sum" };
            Call::new(operator, site.names())
        }
        GraphOp::Mul => Call::new("Mul", site.names()),
        GraphOp::Upsample { scale, mode } => shape::upsample(builder, site, scale, mode),
        GraphOp::Concat => Call::new("Concat", site.names()).int("axis", 1),
    })
}

/// The value, the weights and the bias, if there is one, of a convolution or a dense layer.
fn weighted(builder: &mut Builder, site: &Site) -> Vec<String> {
    let mut inputs = vec![site.x().to_owned()];
    let Some(norm) = site.norm else {
        inputs.extend(site.node.params.iter().map(|&param| builder.parameter(param)));
        return inputs;
    };
    let (weight, bias) = (site.node.params[0], site.node.params.get(1).copied());
    let shape = builder.param_shape(weight);
    let name = builder.param_name(weight).to_owned();
    let inner = shape[1..].iter().product();
    inputs.push(builder.weights(name, shape, Weights::Scaled { weight, inner, norm }));
    let name = match bias {
        Some(bias) => builder.param_name(bias).to_owned(),
        None => builder.value_name(&format!("{}.bias", site.layer())),
    };
    inputs.push(builder.weights(name, &shape[..1], Weights::Shifted { bias, norm }));
    inputs
}
