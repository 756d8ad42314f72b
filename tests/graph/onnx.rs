//! Exported models, evaluated on their own, answer what the graph of inference says, whatever the
//! batch.

mod array;
mod evaluator;

use std::{
    collections::BTreeSet,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use cnn_onnx::messages::{GraphProto, ModelProto, TypeValue};
use cnn_runtime::{
    Device, Network, Session, network,
    onnx::{self, Exported},
    weights::{FloatType, Tensor, TensorFile, save_tensors},
};
use prost::Message;

use super::{Curves, LeNet5, Mnist, Norms, Units, Windows, reference, session};
use array::Array;

network! {
    /// What the networks above leave out: layers that are applied again, norms of few and of flat
    /// values, norms that no layer takes in, windows beyond padding, unequal averages.
    Odd<[3, 11, 9] -> 5> {
        let x = input -> stem: conv(6, (3, 2), stride = 2, pad = same, bias = false) -> bn0: batch_norm(eps = 1e-3) -> prelu;
        let x = x -> again: conv(6, 3, pad = 1) -> bn1: batch_norm -> again: conv(6, 3, pad = 1, reuse = true)
            -> bn2: batch_norm -> group_norm(1) -> lrn(3);
        let x = concat(x, x -> max_pool(3, stride = 2, pad = 1, ceil = true) -> upsample((2, 1)) -> adaptive_avg_pool((6, 5)));
        let x = x -> bn3: batch_norm -> avg_pool(3, stride = 2, pad = (1, 0), ceil = true)
            -> adaptive_avg_pool((4, 3)) -> avg_pool((2, 3), stride = (3, 1), ceil = true);
        let gate = x -> global_avg_pool -> squeeze: conv(12, 1) -> sigmoid;
        let y = mul(x, gate) -> flatten -> fc1: dense(10, bias = false) -> bn4: batch_norm -> prelu(per_channel = true);
        let y = y -> group_norm(5, affine = false) -> softmax;
        let z = y -> maxout(2) -> fc2: dense(10) -> layer_norm(affine = false) -> softplus;
        add(y, z, mul(y, z)) -> fc3: dense(5) -> bn5: batch_norm
    }
}

/// The file of a session's network, and what was said of it.
fn file(session: &mut Session, options: &onnx::Options) -> (Vec<u8>, Exported) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    let exported = onnx::export(session, &path, options).unwrap();
    (std::fs::read(path).unwrap(), exported)
}

fn model(session: &mut Session, options: &onnx::Options) -> ModelProto {
    ModelProto::decode(&file(session, options).0[..]).unwrap()
}

fn graph(model: &ModelProto) -> &GraphProto {
    model.graph.as_ref().unwrap()
}

fn params(session: &mut Session) -> Vec<Vec<f32>> {
    (0..session.description().params.len()).map(|index| session.parameter(index).unwrap()).collect()
}

/// Compares a model's answers to one image and to three with those of the graph, whose images `prepare`
/// makes of the model's.
#[track_caller]
fn answers_alike(
    model: &ModelProto,
    session: &Session,
    params: &[Vec<f32>],
    prepare: impl Fn(&[f32]) -> Vec<f32>,
    answer: impl Fn(Vec<f64>) -> Vec<f64>,
) {
    let description = session.description();
    let [channels, height, width] = description.image_shape();
    let size = channels * height * width;
    for batch in [1, 3] {
        let images: Vec<f32> = cnn_tests::noise(batch as u64, batch * size);
        let expected = images
            .chunks(size)
            .flat_map(|image| answer(reference::scores(description, params, &prepare(image))));
        let expected = Array::new(&[batch, description.output_len()], expected.collect());
        keep_case(model, description.name, &images, &expected);
        let images = images.iter().map(|&pixel| pixel.into()).collect();
        let found = evaluator::run(model, Array::new(&[batch, channels, height, width], images));
        assert_eq!(found.shape, expected.shape);
        let largest = expected.data.iter().fold(1e-3f64, |largest, x| largest.max(x.abs()));
        let far = found.data.iter().zip(&expected.data).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-6 * largest, "{}: {far:.1e} of {largest}", description.name);
    }
}

/// The folder that `onnx_runtime.py cases` looks into: where it is named, models are kept there, with
/// images and the answers to them.
const CASES: &str = "CNN_ONNX_CASES";

fn keep_case(model: &ModelProto, name: &str, images: &[f32], expected: &Array) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = std::env::var_os(CASES) else { return };
    let case = Path::new(&folder).join(format!("{name}-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(case.with_extension("onnx"), model.encode_to_vec()).unwrap();
    let answers = expected.data.iter().map(|&answer| answer as f32).collect();
    let tensors = [
        Tensor::new("images", &[images.len()], images.to_vec()).unwrap(),
        Tensor::new("answers", &expected.shape, answers).unwrap(),
    ];
    save_tensors(&case.with_extension("safetensors"), &tensors).unwrap();
}

fn device() -> Device {
    Device::cpu().unwrap()
}

fn is_the_network<N: Network>() -> BTreeSet<String> {
    let mut session = session::<N>(&device());
    let params = params(&mut session);
    let mut operators = BTreeSet::new();
    for folds in [false, true] {
        let model = model(&mut session, &onnx::Options::default().fold_batch_norm(folds));
        answers_alike(&model, &session, &params, <[f32]>::to_vec, |scores| scores);
        operators.extend(graph(&model).node.iter().map(|node| node.op_type.clone()));
    }
    operators
}

#[test]
fn models_answer_what_graphs_do() {
    let mut operators = is_the_network::<Mnist>();
    operators.extend(is_the_network::<LeNet5>());
    operators.extend(is_the_network::<Windows>());
    operators.extend(is_the_network::<Units>());
    operators.extend(is_the_network::<Curves>());
    operators.extend(is_the_network::<Norms>());
    operators.extend(is_the_network::<Odd>());
    let expected = "Add AveragePool BatchNormalization Clip Concat Conv Div Elu Erf Flatten Gemm GlobalAveragePool \
                    GlobalMaxPool HardSigmoid HardSwish InstanceNormalization LRN LayerNormalization LeakyRelu MatMul \
                    MaxPool Mul PRelu Pad Pow ReduceMax Relu Reshape Resize Sigmoid Slice Softmax Softplus Sum Tanh \
                    Transpose Unsqueeze";
    assert_eq!(operators.into_iter().collect::<Vec<_>>().join(" "), expected);
}

/// The bytes are those of an encoder that has the whole model, so nothing is lost or twice; and
/// equal ones for equal weights.
#[test]
fn equal_weights_are_equal_bytes() {
    let options = onnx::Options::default().preprocessing(true).probabilities(true).fold_batch_norm(true);
    for options in [onnx::Options::default(), options, options.float_type(FloatType::F16)] {
        let (first, _) = file(&mut session::<Odd>(&device()), &options);
        let (second, _) = file(&mut session::<Odd>(&device()), &options);
        assert!(first == second);
        assert!(ModelProto::decode(&first[..]).unwrap().encode_to_vec() == first);
    }
}

/// Names, types, and shapes with a batch of any size.
#[test]
fn a_model_is_said_in_the_networks_names() {
    let mut session = session::<Windows>(&device());
    let (bytes, exported) = file(&mut session, &onnx::Options::default());
    let model = ModelProto::decode(&bytes[..]).unwrap();
    let (graph, description) = (graph(&model), session.description());
    assert_eq!((model.ir_version, model.opset_import[0].version, model.opset_import.len()), (8, 17, 1));
    assert_eq!((model.producer_name.as_str(), graph.name.as_str()), ("cnn-runtime", "Windows"));
    assert_eq!((exported.nodes, exported.initializers), (graph.node.len(), graph.initializer.len()));
    let dims = |value: &cnn_onnx::messages::ValueInfoProto| {
        let Some(TypeValue::TensorType(tensor)) = &value.r#type.as_ref().unwrap().value else { panic!() };
        format!(
            "{} {:?}",
            value.name,
            tensor
                .shape
                .as_ref()
                .unwrap()
                .dim
                .iter()
                .map(|dim| dim.value.clone().unwrap())
                .collect::<Vec<_>>()
        )
    };
    assert_eq!(dims(&graph.input[0]), r#"input [DimParam("N"), DimValue(3), DimValue(17), DimValue(14)]"#);
    assert_eq!(dims(&graph.output[0]), r#"output [DimParam("N"), DimValue(5)]"#);
    // Each parameter that inference reads, under its own name and in its own shape.
    let initializers: Vec<_> =
        graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor.dims.clone())).collect();
    for param in description.params.iter().filter(|param| !param.name.starts_with("aux.")) {
        let dims = param.shape.iter().map(|&side| side as i64).collect();
        assert!(initializers.contains(&(param.name, dims)), "{}", param.name);
    }
    // Each layer is a node, and what else is a node belongs to one.
    let names: Vec<&str> = graph.node.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    let layers: BTreeSet<&str> = description.graph.iter().map(|node| node.layer).collect();
    assert!(layers.iter().filter(|layer| **layer != "input").all(|layer| names.contains(layer)), "{names:?}");
    assert!(names.iter().all(|name| layers.contains(name.split('/').next().unwrap())), "{names:?}");
}

#[test]
fn batch_norms_go_where_they_can() {
    let mut session = session::<Odd>(&device());
    let (bytes, exported) = file(&mut session, &onnx::Options::default().fold_batch_norm(true));
    // Two stand behind a convolution that is applied twice, one behind joined maps.
    assert_eq!((exported.folded, exported.batch_norms), (3, 6));
    let model = ModelProto::decode(&bytes[..]).unwrap();
    let left = graph(&model).node.iter().filter(|node| node.op_type == "BatchNormalization");
    assert!(left.map(|node| node.name.as_str()).eq(["bn1", "bn2", "bn3"]));
    let names: Vec<&str> = graph(&model).initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    for name in ["stem.weight", "stem.bias", "fc1.bias", "fc3.weight", "fc3.bias"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(!names.contains(&"bn0.weight"), "{names:?}");
}

network! {
    Labelled<[1, 4, 4] -> labels(3)> { input -> conv: conv(4, 3) -> tanh -> flatten -> fc: dense(3) }
}

network! {
    Valued<[1, 4, 4] -> values(3)> { input -> conv: conv(4, 3) -> tanh -> flatten -> fc: dense(3) }
}

fn softmax(scores: Vec<f64>) -> Vec<f64> {
    let sum: f64 = scores.iter().map(|score| score.exp()).sum();
    scores.iter().map(|score| score.exp() / sum).collect()
}

#[test]
fn scores_become_probabilities() {
    let options = onnx::Options::default().probabilities(true);
    let mut network = session::<Mnist>(&device());
    let (model_of_classes, values) = (model(&mut network, &options), params(&mut network));
    answers_alike(&model_of_classes, &network, &values, <[f32]>::to_vec, softmax);
    assert_eq!(graph(&model_of_classes).output[0].doc_string, "the probability of each class");
    let mut network = session::<Labelled>(&device());
    let (model_of_labels, values) = (model(&mut network, &options), params(&mut network));
    let sigmoid = |scores: Vec<f64>| scores.iter().map(|score| 1.0 / (1.0 + (-score).exp())).collect();
    answers_alike(&model_of_labels, &network, &values, <[f32]>::to_vec, sigmoid);
    let scores = model(&mut network, &onnx::Options::default());
    assert_eq!(graph(&scores).output[0].doc_string, "a score of each label, for a sigmoid");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    let error = onnx::export(&mut session::<Valued>(&device()), &path, &options).unwrap_err();
    let expected =
        "Valued is trained by a loss of values: its outputs are no scores to make probabilities of";
    assert_eq!((error.to_string().as_str(), path.exists()), (expected, false));
}

network! {
    Photograph<[3, 4, 5] -> 2> {
        input -> conv: conv(2, 3) -> tanh -> flatten -> fc: dense(2)
        data { resize(8), center_crop(4, 5), scale(0.25), normalise(mean = [0.5, 0.25, 0.125], std = [0.5, 1, 2]) }
    }
}

network! {
    Fitted<[3, 4, 5] -> 2> {
        input -> conv: conv(2, 3) -> tanh -> flatten -> fc: dense(2)
        data { mean_subtract(per_pixel), whiten(zca), standardise(per_channel) }
    }
}

mod prepared {
    use cnn_runtime::{data::Preparation, weights::DataInfo};

    use super::*;

    /// Compares a model of pixels with the network behind its preparation.
    fn is_prepared<N: Network>(statistics: Vec<Tensor>) -> ModelProto {
        let mut session = session::<N>(&device());
        let classes = vec!["cat".into(), "\"dog\"".into()];
        session.set_data_info(DataInfo::new(statistics.clone(), classes).unwrap());
        let preparation = Preparation::new(session.description(), statistics).unwrap();
        let (model, values) =
            (model(&mut session, &onnx::Options::default().preprocessing(true)), params(&mut session));
        let prepare = |pixels: &[f32]| {
            let mut image = pixels.to_vec();
            preparation.per_batch(&mut image).unwrap();
            image
        };
        answers_alike(&model, &session, &values, prepare, |scores| scores);
        model
    }

    fn statistics() -> Vec<Tensor> {
        let tensor = |name, shape: &[usize], seed| {
            let count = shape.iter().product();
            let values = cnn_tests::noise(seed, count).iter().map(|value| 1.0 + 0.5 * value).collect();
            Tensor::new(name, shape, values).unwrap()
        };
        vec![
            tensor("data.mean", &[3, 4, 5], 1),
            tensor("data.mean.2", &[3, 4, 5], 2),
            tensor("data.whiten", &[60, 60], 3),
            tensor("data.mean.3", &[3], 4),
            tensor("data.std", &[3], 5),
        ]
    }

    fn entries(model: &ModelProto) -> Vec<(&str, &str)> {
        model.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect()
    }

    #[test]
    fn pixels_are_prepared_in_the_model() {
        let found = is_prepared::<Photograph>(vec![]);
        let operators: Vec<&str> = graph(&found).node.iter().map(|node| node.op_type.as_str()).collect();
        assert_eq!(operators[..3], ["Sub", "Div", "Conv"]);
        let expected = [
            ("classes", r#"["cat","\"dog\""]"#),
            ("preprocessing", "resize(8), center_crop(4, 5)"),
            ("preprocessing.inside", "scale(0.25), normalise(mean = [0.5, 0.25, 0.125], std = [0.5, 1, 2])"),
        ];
        assert_eq!(entries(&found), expected);
        let doc = "pixels from 0 to 255: red, green, blue, after resize(8), center_crop(4, 5)";
        assert_eq!(graph(&found).input[0].doc_string, doc);
        // Where nothing is declared pixels are divided alone.
        let found = is_prepared::<LeNet5>(vec![]);
        assert_eq!(graph(&found).node[0].op_type, "Div");
        let found = is_prepared::<Fitted>(statistics());
        let operators: Vec<&str> = graph(&found).node.iter().map(|node| node.op_type.as_str()).collect();
        assert_eq!(operators[..6], ["Sub", "Flatten", "MatMul", "Reshape", "Sub", "Div"]);
    }

    #[test]
    fn what_is_left_to_do_is_said() {
        let mut network = session::<Photograph>(&device());
        let found = model(&mut network, &onnx::Options::default());
        let expected = [
            ("mean", "[2.0,1.0,0.5]"),
            (
                "preprocessing",
                "resize(8), center_crop(4, 5), scale(0.25), normalise(mean = [0.5, 0.25, 0.125], std = [0.5, 1, 2])",
            ),
            ("std", "[2.0,4.0,8.0]"),
        ];
        assert_eq!(entries(&found), expected);
        // Statistics of single pixels are in no list for channels.
        let mut network = session::<Fitted>(&device());
        network.set_data_info(DataInfo::new(statistics(), vec![]).unwrap());
        let found = model(&mut network, &onnx::Options::default());
        let expected = [(
            "preprocessing",
            "mean_subtract(per_pixel), whiten(zca, epsilon = 0.00001), standardise(per_channel)",
        )];
        assert_eq!(entries(&found), expected);
    }

    #[test]
    fn statistics_that_are_missing_are_said() {
        let mut network = session::<Fitted>(&device());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.onnx");
        let error =
            onnx::export(&mut network, &path, &onnx::Options::default().preprocessing(true)).unwrap_err();
        assert!(
            error.to_string().starts_with("data.mean is missing, a statistic that training writes"),
            "{error}"
        );
        onnx::export(&mut network, &path, &onnx::Options::default()).unwrap();
    }
}

/// Weights of 16 bits are the network's with rounded weights.
#[test]
fn weights_of_16_bits() {
    for float_type in [FloatType::F16, FloatType::Bf16] {
        let mut session = session::<Units>(&device());
        let exact = file(&mut session, &onnx::Options::default()).0.len();
        let (bytes, _) = file(&mut session, &onnx::Options::default().float_type(float_type));
        assert!(bytes.len() < exact, "{} and {exact}", bytes.len());
        let model = ModelProto::decode(&bytes[..]).unwrap();
        let constants = |name: &str| {
            let tensor = graph(&model).initializer.iter().find(|tensor| tensor.name == name).unwrap();
            Array::constant(tensor).data.iter().map(|&value| value as f32).collect::<Vec<f32>>()
        };
        let rounded: Vec<_> =
            session.description().params.iter().map(|param| constants(param.name)).collect();
        for (rounded, exact) in rounded.iter().zip(params(&mut session)) {
            assert!(cnn_tests::relative_distance(rounded, &exact) < 4e-3 && *rounded != exact);
        }
        answers_alike(&model, &session, &rounded, <[f32]>::to_vec, |scores| scores);
    }
}

#[test]
fn a_weight_that_is_too_large_leaves_no_file() {
    let mut session = session::<Labelled>(&device());
    session.set_parameter(1, &[1.0, 7e4, 0.0, 0.0]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.onnx");
    let options = onnx::Options::default().float_type(FloatType::F16);
    let error = onnx::export(&mut session, &path, &options).unwrap_err();
    assert_eq!(error.to_string(), "conv.bias holds 70000, which is too large for f16");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    let error =
        onnx::export(&mut session, Path::new("/no/such/net.onnx"), &onnx::Options::default()).unwrap_err();
    assert!(error.to_string().starts_with("/no/such/net.onnx: cannot write"), "{error}");
}

/// Trainers of larger networks write models that answer as they do.
#[test]
fn models_of_trainers_answer_as_these_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, shape) in [("mnist", [1, 28, 28]), ("activations", [3, 16, 16]), ("position", [1, 24, 24])] {
        let run = |arguments: &[&str]| {
            let output = Command::new(cnn_tests::example(name)).args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let [weights, images, logits, net] = ["w.safetensors", "images", "logits", "net.onnx"].map(path);
        run(&["export", "--initial", "--seed", "3", "--output", &weights]);
        run(&["export", "--weights", &weights, "--output", &net]);
        let values = cnn_tests::noise(5, 3 * shape.iter().product::<usize>());
        let batch = [&[3], &shape[..]].concat();
        let tensor = Tensor::new("images", &batch, values.clone()).unwrap();
        save_tensors(Path::new(&images), &[tensor]).unwrap();
        let inspect = [
            "inspect",
            "--infer",
            "--device",
            "cpu",
            "--weights",
            &weights,
            "--batch",
            &images,
            "--output",
            &logits,
        ];
        run(&inspect);
        let expected = TensorFile::open(Path::new(&logits)).unwrap().floats("logits").unwrap();
        let model = ModelProto::decode(&std::fs::read(net).unwrap()[..]).unwrap();
        let images = values.iter().map(|&value| value.into()).collect();
        let found = evaluator::run(&model, Array::new(&batch, images));
        let found: Vec<f32> = found.data.iter().map(|&value| value as f32).collect();
        assert!(cnn_tests::relative_distance(&found, &expected) < 1e-5, "{name}");
    }
}
