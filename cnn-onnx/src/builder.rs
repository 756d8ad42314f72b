//! A model while it is built: nodes and initializers, each under a name of its own.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use cnn_core::floats::FloatType;
use cnn_plan::tables::Param;

use crate::{
    messages::{
        AttributeProto, AttributeType, DataType, Dimension, DimensionValue, NodeProto, TensorShapeProto,
        TensorType, TypeProto, TypeValue, ValueInfoProto,
    },
    values::{Initializer, Source, Weights},
};

/// The name of the dimension that is the batch.
const BATCH: &str = "N";

/// An operator with what it reads and goes by: a node without its name and the name of its value.
#[derive(Debug)]
pub(crate) struct Call {
    operator: &'static str,
    inputs: Vec<String>,
    attributes: Vec<AttributeProto>,
}

impl Call {
    /// An operator on these values; an empty name stands for one that is left out.
    pub(crate) fn new<I: Into<String>>(operator: &'static str, inputs: impl IntoIterator<Item = I>) -> Call {
        Call { operator, inputs: inputs.into_iter().map(Into::into).collect(), attributes: Vec::new() }
    }

    fn with(mut self, name: &str, kind: AttributeType, value: AttributeProto) -> Call {
        self.attributes.push(AttributeProto { name: name.into(), r#type: kind.into(), ..value });
        self
    }

    /// The same with an attribute that is an integer.
    pub(crate) fn int(self, name: &str, value: usize) -> Call {
        let value = AttributeProto { i: Some(value as i64), ..AttributeProto::default() };
        self.with(name, AttributeType::Int, value)
    }

    /// The same with an attribute that is a number.
    pub(crate) fn float(self, name: &str, value: f32) -> Call {
        let value = AttributeProto { f: Some(value), ..AttributeProto::default() };
        self.with(name, AttributeType::Float, value)
    }

    /// The same with an attribute of integers.
    pub(crate) fn ints(self, name: &str, values: &[usize]) -> Call {
        let ints = values.iter().map(|&value| value as i64).collect();
        self.with(name, AttributeType::Ints, AttributeProto { ints, ..AttributeProto::default() })
    }

    /// The same with an attribute that is text.
    pub(crate) fn text(self, name: &str, value: &str) -> Call {
        let value = AttributeProto { s: Some(value.as_bytes().into()), ..AttributeProto::default() };
        self.with(name, AttributeType::String, value)
    }
}

/// Names that are taken.
#[derive(Debug, Default)]
struct Names(HashSet<String>);

impl Names {
    /// This name, or one that begins with it if it is taken.
    fn take(&mut self, wanted: &str) -> String {
        let numbered = (2..).map(|number| format!("{wanted}/{number}"));
        let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
        let name = names.find(|name| !self.0.contains(name)).expect("numbers do not end");
        self.0.insert(name.clone());
        name
    }
}

/// The parts of a model's graph.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    params: &'a [Param<'a>],
    /// The type in which parameters are stored.
    stored: FloatType,
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) initializers: Vec<Initializer<'a>>,
    node_names: Names,
    value_names: Names,
    /// The values of parameters that nodes read already, by index and shape.
    known: HashMap<(usize, Vec<usize>), String>,
}

impl<'a> Builder<'a> {
    /// A model without nodes, whose parameters are stored as floats of a type. The names of ports
    /// and parameters are theirs alone.
    pub(crate) fn new<'n>(
        params: &'a [Param<'a>],
        stored: FloatType,
        ports: impl IntoIterator<Item = &'n str>,
    ) -> Builder<'a> {
        let names = params.iter().map(|param| param.name).map(String::from);
        let value_names = Names(names.chain(ports.into_iter().map(String::from)).collect());
        Builder {
            params,
            stored,
            nodes: Vec::new(),
            initializers: Vec::new(),
            node_names: Names::default(),
            value_names,
            known: HashMap::new(),
        }
    }

    /// The name of a parameter.
    pub(crate) fn param_name(&self, index: usize) -> &'a str {
        self.params[index].name
    }

    /// The torch shape of a parameter.
    pub(crate) fn param_shape(&self, index: usize) -> &'a [usize] {
        self.params[index].shape
    }

    /// A name for the value that a layer yields.
    pub(crate) fn value_name(&mut self, layer: &str) -> String {
        self.value_names.take(layer)
    }

    /// Adds the node that yields a layer's value.
    pub(crate) fn node(&mut self, layer: &str, call: Call, value: &str) {
        let name = self.node_names.take(layer);
        self.push(name, call, value.into());
    }

    /// Adds a node on the way to a layer's value, and returns what it yields.
    pub(crate) fn step(&mut self, layer: &str, call: Call) -> String {
        let name = format!("{layer}/{}", call.operator);
        let (name, value) = (self.node_names.take(&name), self.value_names.take(&name));
        self.push(name, call, value.clone());
        value
    }

    fn push(&mut self, name: String, Call { operator, inputs, attributes }: Call, value: String) {
        self.nodes.push(NodeProto {
            input: inputs,
            output: vec![value],
            name,
            op_type: operator.into(),
            attribute: attributes,
            ..NodeProto::default()
        });
    }

    /// The value of a parameter in torch's shape.
    pub(crate) fn parameter(&mut self, index: usize) -> String {
        self.parameter_as(index, self.param_shape(index))
    }

    /// The value of a parameter in a shape of as many elements.
    pub(crate) fn parameter_as(&mut self, index: usize, dims: &[usize]) -> String {
        let key = (index, dims.to_vec());
        if let Some(value) = self.known.get(&key) {
            return value.clone();
        }
        let name = self.param_name(index);
        // The names of parameters are taken from the start, for the first that asks for them.
        let is_first = self.known.keys().all(|(other, _)| *other != index);
        let name = if is_first { name.to_owned() } else { self.value_names.take(name) };
        let value = self.weights(name, dims, Weights::Parameter(index));
        self.known.insert(key, value.clone());
        value
    }

    /// Values that are stored as parameters are, under a name that is taken for them.
    pub(crate) fn weights(&mut self, name: String, dims: &[usize], weights: Weights) -> String {
        let source = Source::Weights(weights, self.stored);
        self.initializers.push(Initializer { name: name.clone(), dims: dims.into(), source });
        match self.stored {
            FloatType::F32 => name,
            FloatType::F16 | FloatType::Bf16 => {
                let cast = Call::new("Cast", [&name]).int("to", DataType::Float as usize);
                self.step(&name, cast)
            }
        }
    }

    /// Numbers that a layer goes by.
    pub(crate) fn floats(
        &mut self,
        layer: &str,
        what: &str,
        dims: &[usize],
        values: impl Into<Cow<'a, [f32]>>,
    ) -> String {
        self.constant(layer, what, dims, Source::Floats(values.into()))
    }

    /// A number that a layer goes by.
    pub(crate) fn float(&mut self, layer: &str, what: &str, value: f32) -> String {
        self.floats(layer, what, &[], vec![value])
    }

    /// Integers that a layer goes by.
    pub(crate) fn ints(&mut self, layer: &str, what: &str, values: Vec<i64>) -> String {
        self.constant(layer, what, &[values.len()], Source::Integers(values))
    }

    fn constant(&mut self, layer: &str, what: &str, dims: &[usize], source: Source<'a>) -> String {
        let name = self.value_names.take(&format!("{layer}/{what}"));
        self.initializers.push(Initializer { name: name.clone(), dims: dims.into(), source });
        name
    }

    /// The call that gives a value other dimensions behind the batch; -1 stands for what is left.
    pub(crate) fn reshape(&mut self, layer: &str, value: &str, dims: &[i64]) -> Call {
        // The batch is a 0, which stands for the dimension that is there.
        let dims = [&[0], dims].concat();
        let shape = self.ints(layer, "shape", dims);
        Call::new("Reshape", [value.to_owned(), shape])
    }
}

/// What is known of a value for a batch of any size.
pub(crate) fn value_info(name: &str, shape: &[usize], doc: &str) -> ValueInfoProto {
    let batch = DimensionValue::DimParam(BATCH.into());
    let sides = shape.iter().map(|&side| DimensionValue::DimValue(side as i64));
    let dim = std::iter::once(batch).chain(sides).map(|value| Dimension { value: Some(value) }).collect();
    let shape = Some(TensorShapeProto { dim });
    let tensor = TensorType { elem_type: DataType::Float.into(), shape };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto { value: Some(TypeValue::TensorType(tensor)) }),
        doc_string: doc.into(),
    }
}
