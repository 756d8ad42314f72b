//! Where scores meet labels: the network's output and auxiliary ones.

use cnn_plan::{
    LossKind,
    settings::{Bound, Kind, Spec, optional},
};

use super::{Shaper, Value, args::Argument, bind, errors};
use crate::{
    ast::{Integer, Span},
    ir::{Act, LayerId, Loss, NodeId, Op},
};

const OUTPUT: Spec = Spec::new("output", &[optional("weight", Kind::POSITIVE, Bound::Number(1.0))]);

/// `output(x, weight = 0.3)`: a loss of its own, in training only, over the same labels. Losses are
/// added after the main one.
pub fn output(
    shaper: &mut Shaper,
    word: Span,
    input: &(Value, Span),
    arguments: &[Argument],
    classes: usize,
) -> Option<Loss> {
    let args = bind(&OUTPUT, "output", word, arguments, &mut shaper.errors);
    let (value, span) = input;
    let node = match value {
        Value::Map(node) => *node,
        Value::Unknown => return None,
        other => {
            let found = other.describe(shaper);
            shaper.errors.error(*span, format!("output: {}", errors::not_a_map("output", &found)));
            return None;
        }
    };
    let shape = &shaper.graph[node].shape;
    if *shape != [classes] {
        let layer = &shaper.graph.layers[shaper.graph[node].layer.0].name;
        let message = errors::wrong_auxiliary(layer, shape, classes);
        shaper.errors.error(*span, message);
        return None;
    }
    shaper.loss(node, args?.values.number("weight"))
}

impl Shaper {
    /// The network's loss of some scores, unless they end in what the loss itself applies.
    pub fn loss(&mut self, logits: NodeId, weight: f32) -> Option<Loss> {
        let kind = self.defaults.loss;
        let mut last = logits;
        while matches!(self.graph[last].op, Op::Reshape | Op::Dropout { .. }) {
            last = self.graph[last].inputs[0];
        }
        let message = match (&kind, &self.graph[last].op) {
            (LossKind::CrossEntropy { .. }, Op::Softmax) => errors::SOFTMAX,
            (LossKind::BinaryCrossEntropy, Op::Act(Act::Sigmoid)) => errors::SIGMOID,
            _ => return Some(Loss { kind, logits, weight, layer: self.graph[logits].layer }),
        };
        let layer = self.graph[last].layer;
        self.error(layer, self.site(layer), message);
        None
    }

    /// Checks the network's value against the declared number of outputs.
    pub fn check_output(&mut self, network: &str, node: NodeId, outputs: Integer) -> Option<()> {
        let (shape, layer) = (&self.graph[node].shape, self.graph[node].layer);
        let expected = outputs.value as usize;
        if *shape == [expected] {
            return Some(());
        }
        let name = &self.graph.layers[layer.0].name;
        let (declared, here) = errors::wrong_output(network, name, shape, expected);
        let mut trace = self.trace(node);
        if let Some(help) = errors::transposed(&self.graph.nodes[0].shape) {
            trace.push_str(&format!("\nhelp: {help}"));
        }
        let spans = [outputs.span, self.site(layer)];
        self.errors.error_at_both(spans, [format!("{declared}\nshapes: {trace}"), here]);
        None
    }

    /// Where a layer stands in the source.
    pub fn site(&self, layer: LayerId) -> Span {
        self.sites[layer.0]
    }
}
