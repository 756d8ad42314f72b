//! The bytes of a model: what stands around the values is encoded by `prost`, and values follow
//! from their source, so that only lengths have to be known before.
//!
//! The bytes are those of an encoder that has the whole message: fields in the order of their tags.

use cnn_core::{Result, floats::Sink};
use prost::{Message, encode_length_delimiter, length_delimiter_len};

use crate::{
    messages::{GraphProto, ModelProto, TensorProto},
    values::{Initializer, Read},
};

/// The key of a field that a length and as many bytes follow.
const fn key(tag: u8) -> u8 {
    tag << 3 | 2
}

const GRAPH: u8 = key(7);
const INITIALIZER: u8 = key(5);
const RAW_DATA: u8 = key(9);

/// A model without the values of its initializers, in the order of its bytes.
#[derive(Debug)]
pub(crate) struct Encoded<'a> {
    /// What stands before the graph.
    before: ModelProto,
    /// Of the graph, what stands before its initializers.
    graph_before: GraphProto,
    initializers: Vec<Initializer<'a>>,
    graph_after: GraphProto,
    after: ModelProto,
}

impl<'a> Encoded<'a> {
    /// The bytes of a model whose graph has these initializers and no others.
    pub(crate) fn new(mut model: ModelProto, initializers: Vec<Initializer<'a>>) -> Encoded<'a> {
        let mut graph = model.graph.take().unwrap_or_default();
        let graph_before = GraphProto {
            node: std::mem::take(&mut graph.node),
            name: std::mem::take(&mut graph.name),
            ..GraphProto::default()
        };
        let after = ModelProto {
            opset_import: std::mem::take(&mut model.opset_import),
            metadata_props: std::mem::take(&mut model.metadata_props),
            ..ModelProto::default()
        };
        Encoded { before: model, graph_before, initializers, graph_after: graph, after }
    }

    pub(crate) fn nodes(&self) -> usize {
        self.graph_before.node.len()
    }

    pub(crate) fn initializers(&self) -> usize {
        self.initializers.len()
    }

    /// Bytes of the whole.
    pub(crate) fn len(&self) -> u64 {
        self.before.encoded_len() as u64 + field(self.graph_len()) + self.after.encoded_len() as u64
    }

    fn graph_len(&self) -> u64 {
        let initializers = self.initializers.iter().map(|tensor| field(tensor_len(tensor))).sum::<u64>();
        (self.graph_before.encoded_len() + self.graph_after.encoded_len()) as u64 + initializers
    }

    /// Hands out the bytes.
    pub(crate) fn write(&self, read: &mut Read, out: &mut Sink) -> Result<()> {
        out(&self.before.encode_to_vec())?;
        out(&start(GRAPH, self.graph_len()))?;
        out(&self.graph_before.encode_to_vec())?;
        for tensor in &self.initializers {
            out(&start(INITIALIZER, tensor_len(tensor)))?;
            // All that a tensor has beside its values has smaller tags.
            out(&head(tensor).encode_to_vec())?;
            out(&start(RAW_DATA, tensor.size()))?;
            tensor.write(read, out)?;
        }
        out(&self.graph_after.encode_to_vec())?;
        out(&self.after.encode_to_vec())
    }
}

/// What stands before the values of an initializer.
fn head(tensor: &Initializer) -> TensorProto {
    TensorProto {
        dims: tensor.dims.iter().map(|&side| side as i64).collect(),
        data_type: tensor.source.data_type().into(),
        name: tensor.name.clone(),
        ..TensorProto::default()
    }
}

/// Bytes of an initializer's message.
fn tensor_len(tensor: &Initializer) -> u64 {
    head(tensor).encoded_len() as u64 + field(tensor.size())
}

/// Bytes of a field with so many bytes inside.
fn field(len: u64) -> u64 {
    1 + length_delimiter_len(usize::try_from(len).unwrap_or(usize::MAX)) as u64 + len
}

/// The key and the length of a field.
fn start(key: u8, len: u64) -> Vec<u8> {
    let mut bytes = vec![key];
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    encode_length_delimiter(len, &mut bytes).expect("a vector takes more bytes");
    bytes
}
