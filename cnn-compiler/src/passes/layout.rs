//! Decides how each value of a graph is stored: its [`Form`].
//!
//! The input stays as images come, all else is blocked. Flattening keeps the form of the map,
//! because a dense layer may take its inputs in any order as long as its weights are packed in the
//! same one; where an operation does need another form of an operand ([`operand`]), the schedule
//! copies. A copy's place is thus the only thing left to decide later.

use cnn_plan::Role;
use indexmap::IndexMap;

use crate::ir::{
    Graph, NodeId, Op, ParamId,
    form::{Form, Layout, padded},
};

/// What the forward, the backward and the inference graph must agree on. The first graph laid out
/// decides.
#[derive(Clone, Debug, Default)]
pub struct Agreed {
    /// Form of the input over which dense weights are packed.
    pub weights: IndexMap<ParamId, Form>,
    /// Form in which a dropout's mask counts elements, by stream.
    pub masks: IndexMap<u32, Form>,
}

/// The form of each node's value; `None` for parameters and their gradients, which have no place in
/// the arena.
pub fn forms(graph: &Graph, agreed: &mut Agreed) -> Vec<Option<Form>> {
    let mut forms: Vec<Option<Form>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let input = |slot: usize| forms[node.inputs[slot].0].expect("a map");
        forms.push(match node.op {
            Op::Input => Some(Form { layout: Layout::Planar, ..Form::of(&node.shape) }),
            Op::Reshape if node.shape.len() == 1 => Some(input(0)),
            Op::Act(_) | Op::Add | Op::Mul | Op::ActGrad(_) => Some(input(0).blocked()),
            Op::Dropout { stream, .. } => Some(*agreed.masks.entry(stream).or_insert(input(0).blocked())),
            Op::DenseInputGrad => Some(agreed.weights[&parameter(graph, node.inputs[1])].blocked()),
            Op::Dense => {
                agreed.weights.entry(parameter(graph, node.inputs[1])).or_insert(input(0));
                Some(Form::of(&node.shape))
            }
            _ => node.op.has_map().then(|| Form::of(&node.shape)),
        });
    }
    forms
}

/// The form in which `node` reads operand `slot`, given all nodes' own forms.
pub fn operand(graph: &Graph, forms: &[Option<Form>], agreed: &Agreed, node: NodeId, slot: usize) -> Form {
    let input = graph[node].inputs[slot];
    let stored = || forms[input.0].expect("a map");
    match &graph[node].op {
        Op::Conv(conv) | Op::ConvFilterGrad(conv) if slot == 0 && conv.groups == 1 => stored(),
        // Copies read any order, and views are taken of what is stored.
        Op::Concat | Op::Slice { .. } => stored(),
        Op::Dense => agreed.weights[&parameter(graph, graph[node].inputs[1])],
        Op::DenseWeightGrad if slot == 0 => agreed.weights[&whole(graph, differentiated(graph, node))],
        Op::Act(_) | Op::ActGrad(_) | Op::Add | Op::Mul | Op::Dropout { .. } | Op::Reshape => {
            forms[node.0].expect("a map")
        }
        _ => Form::of(&graph[input].shape),
    }
}

/// The parameter that a node stands for.
pub fn parameter(graph: &Graph, node: NodeId) -> ParamId {
    match graph[node].op {
        Op::Param(param) => param,
        ref op => panic!("expected a parameter, found {op:?}"),
    }
}

/// A parameter, or that which a gradient is a part of.
fn whole(graph: &Graph, param: ParamId) -> ParamId {
    graph.params[param.0].part_of.unwrap_or(param)
}

/// In which order the elements of a parameter or of its gradient are packed, and floats of that.
pub fn packed(graph: &Graph, agreed: &Agreed, param: ParamId) -> (Role, usize) {
    let shape = &graph.params[param.0].shape;
    let role = match agreed.weights.get(&whole(graph, param)) {
        Some(form) => Role::Weight(form.at(0)),
        None if shape.len() == 1 => Role::Vector,
        None => Role::Filter,
    };
    let inner = match role {
        Role::Weight(map) => map.len(),
        Role::Filter | Role::Vector => shape[1..].iter().product(),
    };
    (role, padded(shape[0]) * inner)
}

/// The parameter whose gradient a node is, or the part of one.
pub fn differentiated(graph: &Graph, node: NodeId) -> ParamId {
    let begins = |sum: NodeId| graph[sum].op == Op::SumGradients && graph[sum].inputs[0] == node;
    let place = |is_it: &dyn Fn(NodeId) -> bool| {
        graph.gradients.iter().position(|gradient| gradient.is_some_and(is_it))
    };
    let param = place(&|gradient| gradient == node).or_else(|| place(&begins));
    ParamId(param.expect("the gradient of a parameter"))
}
