//! One layer applied to typed values: nodes of the graph, or errors.
//!
//! Every shape error is raised here and none later. A layer that fails yields [`Value::Unknown`],
//! which silences what follows from it; its name and arguments are still checked, so independent
//! mistakes are found together.

mod append;
mod args;
mod bind;
mod bound;
mod conv;
mod dense;
mod errors;
mod frame;
mod join;
mod layers;
mod norm;
mod output;
mod pool;
mod reuse;
mod signature;
mod table;
mod unary;
mod value;
mod window;

use cnn_plan::{Init, LossKind};
use indexmap::IndexMap;

pub use args::{Argument, Given};
pub use bind::{bind, choose};
pub use bound::{Args, Made};
pub use errors::{no_input, shape, transposed};
pub use layers::{Inputs, Layer};
pub use output::output;
pub use reuse::First;
pub use signature::{Place, assign};
pub use table::{find, names};
pub use value::{List, Value};

use crate::{
    ast::Span,
    diag::Diagnostics,
    ir::{self, Graph, LayerId, NodeId, Op},
};

/// Layers a network may have; far above any real one.
pub const MAX_LAYERS: usize = 100_000;

/// The graph so far and what is needed to extend it.
#[derive(Debug)]
pub struct Shaper {
    pub graph: Graph,
    pub errors: Diagnostics,
    pub defaults: Defaults,
    /// Where each layer stands in the source.
    sites: Vec<Span>,
    names: IndexMap<String, Named>,
    /// Uses of layers that are applied again.
    uses: IndexMap<String, usize>,
    /// Layers so far, by the call that reuses its block, the block they are in and kind.
    numbers: IndexMap<(Option<usize>, String), usize>,
    dropouts: u32,
    /// Whether the layers applied now belong to a block that is not trained.
    pub is_frozen: bool,
    /// The call, if the layers applied now belong to a block that reuses an earlier call's.
    pub pass: Option<usize>,
}

/// What `train { … }` says for the whole network.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Initial values of weights whose layer does not say.
    pub init: Init,
    /// Whether weight decay leaves biases and what normalisation learns alone, where the layer does
    /// not say.
    pub decay_weights_only: bool,
    pub loss: LossKind,
}

/// A name in use: where it was given, and by whom.
#[derive(Clone, Copy, Debug)]
struct Named {
    layer: LayerId,
    span: Span,
    /// True if the user wrote it, false if it was made from kind and number.
    written: bool,
}

/// A layer with what it is applied to.
#[derive(Debug)]
pub struct Application {
    pub layer: &'static Layer,
    /// The layer's word.
    pub word: Span,
    /// The whole application, from its name to its last argument.
    pub span: Span,
    /// Path of the block that applies it, with a dot at its end; empty outside of blocks.
    pub prefix: String,
    pub name: Option<(String, Span)>,
    pub inputs: Vec<(Value, Span)>,
    pub arguments: Vec<Argument>,
}

/// A layer that is being built: its place in the graph and what it was given.
#[derive(Debug)]
pub struct Site {
    pub id: LayerId,
    /// The layer's word.
    pub word: Span,
    pub inputs: Vec<(NodeId, Span)>,
    pub args: Args,
    /// Of a layer that is applied again.
    pub first: Option<First>,
}

impl Shaper {
    /// A graph of the input alone.
    pub fn new(input: [usize; 3], span: Span, defaults: Defaults, errors: Diagnostics) -> (Shaper, Value) {
        let mut shaper = Shaper {
            graph: Graph::default(),
            errors,
            defaults,
            sites: vec![span],
            names: IndexMap::new(),
            uses: IndexMap::new(),
            numbers: IndexMap::new(),
            dropouts: 0,
            is_frozen: false,
            pass: None,
        };
        shaper.graph.layers.push(ir::Layer { name: "input".into(), kind: "input", note: None });
        shaper.names.insert("input".into(), Named { layer: LayerId(0), span, written: true });
        let node = shaper.graph.push(Op::Input, Vec::new(), input.to_vec(), LayerId(0));
        (shaper, Value::Map(node))
    }

    /// Applies a layer.
    pub fn apply(&mut self, application: Application) -> Value {
        let Application { layer, word, span, inputs, .. } = &application;
        let id = LayerId(self.graph.layers.len());
        let (name, first) = self.choose_name(id, &application);
        self.graph.layers.push(ir::Layer { name: name.clone(), kind: layer.name, note: None });
        self.sites.push(*span);
        if self.misplaced(id, layer, &application.arguments) {
            return Value::Unknown;
        }
        let args = bind(&layer.spec(), &name, *word, &application.arguments, &mut self.errors);
        let inputs = self.typed(id, *word, layer.inputs, inputs);
        let (Some(args), Some(inputs)) = (args, inputs) else { return Value::Unknown };
        let site = Site { id, word: *word, inputs, args, first };
        let Some(node) = (layer.build)(self, &site) else { return Value::Unknown };
        if let Some(first) = &site.first {
            self.note_reuse(id, &site, first, node);
        }
        Value::Map(node)
    }

    /// Adds an error for an argument that no layer of this kind can have: a second input, an
    /// attribute of parameters.
    fn misplaced(&mut self, id: LayerId, layer: &Layer, arguments: &[Argument]) -> bool {
        if layer.inputs == Inputs::One
            && let Some(extra) = arguments.iter().find(|argument| argument.is_map())
        {
            self.error(id, extra.span, errors::joins_nothing(layer.name));
            return true;
        }
        let keys = arguments.iter().filter_map(|argument| argument.key.as_ref());
        let attribute = keys.into_iter().find(|(key, _)| table::is_attribute(key));
        match attribute {
            Some((key, span)) if layer.attributes.is_empty() => {
                self.error(id, *span, errors::no_parameters(layer.name, key));
                true
            }
            _ => false,
        }
    }

    /// The layer's path: as written, or of kind and number. Two layers cannot share one, unless the
    /// second reuses the first.
    fn choose_name(&mut self, id: LayerId, application: &Application) -> (String, Option<First>) {
        let Application { layer, word, prefix, name, .. } = application;
        let written = name.is_some();
        let numbered = self.numbered(prefix, layer.name);
        let (name, span) = match name {
            Some((name, span)) => (format!("{prefix}{name}"), *span),
            None => (numbered, *word),
        };
        if self.is_reused(application) {
            return self.first_use(application, name);
        }
        if let Some(&first) = self.names.get(&name) {
            let message = if span.is_at(first.span) && self.errors.in_context() {
                errors::name_repeats(&name)
            } else {
                errors::duplicate_name(&name, layer.name, written, first.written)
            };
            let note = errors::first_of_name(&name, first.written);
            self.errors.error_at_both([span, first.span], [message, note]);
        } else {
            self.names.insert(name.clone(), Named { layer: id, span, written });
        }
        (name, None)
    }

    fn numbered(&mut self, prefix: &str, kind: &str) -> String {
        let number = self.numbers.entry((self.pass, format!("{prefix}{kind}"))).or_default();
        *number += 1;
        format!("{prefix}{kind}{number}")
    }

    /// The nodes a layer is applied to, if all of them are known and as many as it takes.
    fn typed(
        &mut self,
        id: LayerId,
        word: Span,
        expected: Inputs,
        inputs: &[(Value, Span)],
    ) -> Option<Vec<(NodeId, Span)>> {
        let kind = self.graph.layers[id.0].kind;
        if let Some(problem) = errors::too_few_inputs(kind, expected, inputs.len()) {
            self.error(id, word, problem);
            return None;
        }
        let mut nodes = Vec::new();
        let mut all_known = true;
        for (value, span) in inputs {
            match value {
                Value::Map(node) => nodes.push((*node, *span)),
                Value::Unknown => all_known = false,
                other => {
                    self.error(id, *span, errors::not_a_map(kind, &other.describe(self)));
                    all_known = false;
                }
            }
        }
        all_known.then_some(nodes)
    }

    /// Adds an error that begins with the layer's name.
    pub fn error(&mut self, layer: LayerId, span: Span, message: impl std::fmt::Display) {
        let message = format!("{}: {message}", self.graph.layers[layer.0].name);
        self.errors.error(span, message);
    }

    /// Adds something that `summary` should say about a layer.
    fn note(&mut self, layer: LayerId, note: String) {
        let notes = &mut self.graph.layers[layer.0].note;
        *notes = Some(notes.take().map_or(note.clone(), |earlier| format!("{earlier}; {note}")));
    }

    /// Adds an error about a shape, with the shapes of the layers before it.
    fn shape_error(
        &mut self,
        site: &Site,
        span: Span,
        message: impl std::fmt::Display,
        help: Option<String>,
    ) {
        let mut message = format!("{message}\nshapes: {}", self.trace(site.inputs[0].0));
        if let Some(help) = errors::transposed(&self.graph.nodes[0].shape).or(help) {
            message.push_str(&format!("\nhelp: {help}"));
        }
        self.error(site.id, span, message);
    }

    /// Shapes of the last layers up to a node, `input 1x28x28 -> conv1 32x26x26`; layers that keep
    /// the shape are left out.
    pub fn trace(&self, node: NodeId) -> String {
        const SHOWN: usize = 4;
        let mut steps = Vec::new();
        let mut next = Some(node);
        while let Some(id) = next {
            let node = &self.graph[id];
            next = node.inputs.first().copied();
            if next.is_some_and(|input| self.graph[input].shape == node.shape) {
                continue;
            }
            if steps.len() == SHOWN {
                steps.push("…".into());
                break;
            }
            steps.push(format!("{} {}", self.graph.layers[node.layer.0].name, errors::shape(&node.shape)));
        }
        steps.reverse();
        steps.join(" -> ")
    }
}
