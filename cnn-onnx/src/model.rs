//! A network as a model: what it computes is translated when the model is made, and its values are
//! read when it is written.

use cnn_core::{
    Error, Result, ValueStage,
    floats::{FloatType, Sink},
};
use cnn_plan::{
    GraphOp, LossKind, TargetKind,
    tables::{Description, GraphNode},
};

use crate::{
    builder::{Builder, Call, value_info},
    encode::Encoded,
    fold,
    messages::{
        GraphProto, IR_VERSION, ModelProto, OPSET, OperatorSetIdProto, StringStringEntryProto, ValueInfoProto,
    },
    preprocessing,
    translate::{Site, translate},
    values::{Read, RunningNorm},
};

/// The most bytes that a model may have: readers of the encoding count them in 31 bits.
pub const LARGEST: u64 = i32::MAX as u64;

/// What a model is beyond its network.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Whether batch norms go into the convolutions and dense layers before them.
    pub fold_batch_norm: bool,
    /// Whether the scores that a cross-entropy takes are made probabilities.
    pub probabilities: bool,
    /// The type in which parameters are stored; all is computed with floats of 32 bits.
    pub stored: FloatType,
    /// What happens to values of pixels before they enter the network.
    pub preprocessing: &'a [ValueStage<'a>],
    /// What people should know of the input.
    pub input: &'a str,
    /// Text under names.
    pub metadata: &'a [(String, String)],
}

/// A network as an ONNX model.
///
/// ```
/// use cnn_onnx::{Model, Options, messages::ModelProto};
/// use cnn_runtime::network;
/// use prost::Message;
///
/// network! { Tiny<[1, 8, 8] -> 3> { input -> conv1: conv(8, 3) -> relu -> flatten -> fc: dense(3) } }
///
/// let description = cnn_runtime::Model::of::<Tiny>().description();
/// let model = Model::new(description, &Options::default())?;
/// let mut bytes = Vec::new();
/// let mut zeros = |index: usize, see: &mut dyn FnMut(&[f32]) -> cnn_core::Result<()>| {
///     see(&vec![0.0; description.params[index].shape.iter().product()])
/// };
/// model.write(&mut zeros, &mut |part| {
///     bytes.extend_from_slice(part);
///     Ok(())
/// })?;
/// assert_eq!(bytes.len() as u64, model.len());
/// let graph = ModelProto::decode(&bytes[..]).unwrap().graph.unwrap();
/// assert_eq!(graph.node.iter().map(|node| &node.op_type[..]).collect::<Vec<_>>(), ["Conv", "Relu", "Flatten", "Gemm"]);
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
#[derive(Debug)]
pub struct Model<'a> {
    encoded: Encoded<'a>,
    folded: usize,
    batch_norms: usize,
}

impl<'a> Model<'a> {
    /// Translates a network.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] naming a layer that operator set 17 does not have, or if probabilities are
    /// asked of a network whose loss takes none.
    pub fn new(description: &'a Description<'a>, options: &Options<'a>) -> Result<Model<'a>> {
        let [output] = description.outputs else {
            return Err(Error::Usage(format!(
                "{}: expected a network with one output, found {}",
                description.name,
                description.outputs.len()
            )));
        };
        let ports = description.inputs.iter().chain([output]);
        let mut builder = Builder::new(description.params, options.stored, ports.map(|port| port.name));
        let taken = if options.fold_batch_norm {
            fold::folded(description.graph)
        } else {
            vec![None; description.graph.len()]
        };
        let values = nodes(&mut builder, description, options, &taken)?;
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "cnn-runtime".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            opset_import: vec![OperatorSetIdProto { version: OPSET, ..OperatorSetIdProto::default() }],
            metadata_props: options.metadata.iter().map(entry).collect(),
            graph: Some(GraphProto {
                node: builder.nodes,
                name: description.name.into(),
                input: description
                    .inputs
                    .iter()
                    .map(|port| value_info(port.name, port.shape, options.input))
                    .collect(),
                output: vec![value_info(output.name, output.shape, &meaning(description, options))],
                value_info: values,
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        };
        Ok(Model {
            encoded: Encoded::new(model, builder.initializers),
            folded: taken.iter().flatten().count(),
            batch_norms: fold::count(description.graph),
        })
    }

    /// Bytes of the file. A file of more than [`LARGEST`] cannot be read.
    #[allow(clippy::len_without_is_empty, reason = "no model is empty")]
    pub fn len(&self) -> u64 {
        self.encoded.len()
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.encoded.nodes()
    }

    /// The number of constant tensors.
    pub fn initializers(&self) -> usize {
        self.encoded.initializers()
    }

    /// How many batch norms went into the layer before them.
    pub fn folded(&self) -> usize {
        self.folded
    }

    /// How many batch norms the network has.
    pub fn batch_norms(&self) -> usize {
        self.batch_norms
    }

    /// Hands out the bytes of the file; `read` shows the values of parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] naming a parameter with a value that is too large for the type in which it
    /// is stored; the first error of `read` or `out`.
    pub fn write(&self, read: &mut Read, out: &mut Sink) -> Result<()> {
        self.encoded.write(read, out)
    }
}

fn entry((key, value): &(String, String)) -> StringStringEntryProto {
    StringStringEntryProto { key: key.clone(), value: value.clone() }
}

/// What people should know of the output.
fn meaning(description: &Description, options: &Options) -> String {
    let what = match description.target() {
        TargetKind::Values => return "values".into(),
        kind @ (TargetKind::Class | TargetKind::Labels) => kind.output(),
    };
    match (options.probabilities, description.training.loss) {
        (true, _) => format!("the probability of each {what}"),
        (false, LossKind::CrossEntropy { .. }) => format!("a score of each {what}, for a softmax"),
        (false, LossKind::BinaryCrossEntropy) => format!("a score of each {what}, for a sigmoid"),
        (false, LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::Huber { .. }) => {
            format!("a score of each {what}")
        }
    }
}

/// The operator that makes probabilities of scores.
fn probabilities(description: &Description, scores: String) -> Result<Call> {
    match description.training.loss {
        LossKind::CrossEntropy { .. } => Ok(Call::new("Softmax", [scores]).int("axis", 1)),
        LossKind::BinaryCrossEntropy => Ok(Call::new("Sigmoid", [scores])),
        LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::Huber { .. } => {
            Err(Error::Usage(format!(
                "{} is trained by a loss of values: its outputs are no scores to make probabilities of",
                description.name
            )))
        }
    }
}

/// Adds the nodes of a network; each of some of them takes in the batch norm of an index. Returns
/// what is known of the values between them.
fn nodes<'a>(
    builder: &mut Builder<'a>,
    description: &'a Description<'a>,
    options: &Options<'a>,
    taken: &[Option<usize>],
) -> Result<Vec<ValueInfoProto>> {
    let (graph, output) = (description.graph, description.outputs[0].name);
    let mut ports = description.inputs.iter();
    // The names of the values of all nodes so far.
    let mut values: Vec<String> = Vec::with_capacity(graph.len());
    let mut infos = Vec::new();
    for (index, node) in graph.iter().enumerate() {
        if let GraphOp::Input = node.op {
            let port = ports.next().ok_or_else(|| {
                Error::Usage(format!("{}: an input that no port of the network is", node.layer))
            })?;
            values.push(preprocessing::nodes(builder, port.name, node.shape, options.preprocessing));
            continue;
        }
        if taken.contains(&Some(index)) {
            values.push(values[node.inputs[0]].clone());
            continue;
        }
        let site = Site {
            node,
            inputs: node.inputs.iter().map(|&input| (values[input].as_str(), graph[input].shape)).collect(),
            norm: taken[index].map(|norm| running_norm(&graph[norm])),
        };
        let call = translate(builder, &site)?;
        let is_last = taken[index].unwrap_or(index) + 1 == graph.len();
        let is_output = is_last && !options.probabilities;
        let value = if is_output { output.into() } else { builder.value_name(node.layer) };
        builder.node(node.layer, call, &value);
        if !is_output {
            infos.push(value_info(&value, node.shape, ""));
        }
        values.push(value);
    }
    let value = values.pop().unwrap_or_default();
    if options.probabilities {
        builder.node("probabilities", probabilities(description, value)?, output);
    } else if value != output {
        builder.node("output", Call::new("Identity", [value]), output);
    }
    Ok(infos)
}

/// A batch norm of inference.
pub(crate) fn running_norm(node: &GraphNode) -> RunningNorm {
    let GraphOp::Norm { eps, .. } = node.op else { unreachable!("{} is no norm", node.layer) };
    match *node.params {
        [weight, bias, mean, variance] => RunningNorm { affine: Some([weight, bias]), mean, variance, eps },
        [mean, variance] => RunningNorm { affine: None, mean, variance, eps },
        _ => unreachable!("{} has running statistics", node.layer),
    }
}

#[cfg(test)]
mod tests;
