//! `export`: what other tools find in the files.

use std::{io::Read, path::Path};

use cnn_runtime::{
    Device, Model, Options, Session, network,
    weights::{self, FloatType},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{fails, run, stdout, text};

network! {
    Normed<[1, 8, 8] -> 3> {
        input -> conv1: conv(8, 3, bias = false) -> bn1: batch_norm -> relu -> global_avg_pool -> flatten -> fc: dense(3)
    }
}

/// Name, type and shape of every tensor.
fn tensors(path: &Path) -> Vec<(String, Dtype, Vec<usize>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = file
        .iter()
        .map(|(name, tensor)| (name.to_owned(), tensor.dtype(), tensor.shape().to_vec()))
        .collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

#[test]
fn a_state_dict_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("normed.safetensors");
    let options = Options::infer(1).seed(7);
    let mut session = Session::new(Model::of::<Normed>(), &Device::cpu().unwrap(), &options).unwrap();
    assert_eq!(weights::export(&mut session, &path, FloatType::F32).unwrap(), 8);
    let float = |name: &str, shape: &[usize]| (name.to_owned(), Dtype::F32, shape.to_vec());
    let expected = [
        float("bn1.bias", &[8]),
        ("bn1.num_batches_tracked".into(), Dtype::I64, vec![]),
        float("bn1.running_mean", &[8]),
        float("bn1.running_var", &[8]),
        float("bn1.weight", &[8]),
        float("conv1.weight", &[8, 1, 3, 3]),
        float("fc.bias", &[3]),
        float("fc.weight", &[3, 8]),
    ];
    assert_eq!(tensors(&path), expected);
    // It is still a file of weights.
    weights::load(&mut session, &path).unwrap();
}

#[test]
fn a_trained_network_leaves_with_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let train = ["--device", "cpu", "--epochs", "1", "--limit", "64", "--output", text(folder.path())];
    stdout(&run("lenet5", &train));
    let (weights, checkpoint, output) =
        (path("last.safetensors"), path("last.ckpt"), path("net.safetensors"));
    let export = |weights: &Path, output: &Path| {
        run("lenet5", &["export", "--weights", text(weights), "--output", text(output)])
    };
    assert_eq!(stdout(&export(&weights, &output)), format!("10 tensors in {}\n", output.display()));
    assert_eq!(tensors(&output), tensors(&weights));
    // No statistics, no batch norm: nothing but the metadata differs.
    let read = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let (head, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        (bytes[8 + head..].to_vec(), metadata.metadata().clone().unwrap_or_default())
    };
    let ((exported, mut entries), (kept, others)) = (read(&output), read(&weights));
    assert!(exported == kept);
    assert_eq!(entries.remove("format").as_deref(), Some("pt"));
    assert_eq!(entries, others);

    // Values alone are divided by 255, so that this is left to who runs the model.
    let model = export(&weights, &path("net.onnx"));
    assert_eq!(
        stdout(&model),
        format!("12 nodes and 10 constant tensors in {}\n", path("net.onnx").display())
    );
    let said = String::from_utf8_lossy(&model.stderr).into_owned();
    assert!(
        said.starts_with("before an image enters the model: normalise(mean = [0], std = [255]) (with --pre"),
        "{said}"
    );

    let refused = |weights: &Path, output: &str, code, words: &[&str]| {
        let output = path(output);
        fails("lenet5", &["export", "--weights", text(weights), "--output", text(&output)], code, words);
        assert!(!output.exists());
    };
    refused(&weights, "net.pt", 2, &["net.pt", ".onnx, .safetensors or .npz"]);
    refused(&checkpoint, "a.safetensors", 1, &["last.ckpt", "checkpoint", "last.safetensors"]);
    refused(
        &cnn_tests::fixture("goldens/small_mnist.weights.safetensors"),
        "a.safetensors",
        1,
        &["fc3.weight is missing"],
    );
    refused(&weights, "missing/a.safetensors", 1, &["missing/a.safetensors"]);
}

/// Initial weights are those of the seed, whatever they are written as.
#[test]
fn formats_hold_the_same_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let options = Options::infer(1).seed(7);
    let mut session = Session::new(Model::of::<Normed>(), &Device::cpu().unwrap(), &options).unwrap();
    let [whole, half, brain] = [
        ("whole.safetensors", FloatType::F32),
        ("half.safetensors", FloatType::F16),
        ("brain.safetensors", FloatType::Bf16),
    ]
    .map(|(name, float_type)| {
        weights::export(&mut session, &path(name), float_type).unwrap();
        weights::TensorFile::open(&path(name)).unwrap().floats("fc.weight").unwrap()
    });
    for (rounded, least, most) in [(&half, 1e-5, 1e-3), (&brain, 1e-4, 1e-2)] {
        let far = cnn_tests::relative_distance(rounded, &whole);
        assert!((least..most).contains(&far), "{far}");
    }
    for (name, float_type, kind, expected) in
        [("whole.npz", FloatType::F32, "<f4", &whole), ("half.npz", FloatType::F16, "<f2", &half)]
    {
        assert_eq!(weights::export_npz(&mut session, &path(name), float_type).unwrap(), 8);
        let bytes = std::fs::read(path(name)).unwrap();
        weights::export_npz(&mut session, &path(name), float_type).unwrap();
        assert!(bytes == std::fs::read(path(name)).unwrap(), "equal weights are equal bytes");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut array = |name: &str| {
            let mut bytes = Vec::new();
            archive.by_name(&format!("{name}.npy")).unwrap().read_to_end(&mut bytes).unwrap();
            let text = String::from_utf8_lossy(&bytes[10..80]).into_owned();
            (text, bytes[bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1..].to_vec())
        };
        let (text, values) = array("fc.weight");
        assert!(
            text.starts_with(&format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (3, 8)")),
            "{text}"
        );
        let dtype = if kind == "<f4" { Dtype::F32 } else { Dtype::F16 };
        let tensor = TensorView::new(dtype, vec![3, 8], &values).unwrap();
        let copy = path("copy.safetensors");
        std::fs::write(&copy, safetensors::serialize([("fc.weight", tensor)], None).unwrap()).unwrap();
        assert_eq!(weights::TensorFile::open(&copy).unwrap().floats("fc.weight").unwrap(), *expected);
        assert_eq!(array("bn1.num_batches_tracked").1, [0; 8]);
        assert_eq!(archive.len(), 8);
    }
    let error = weights::export_npz(&mut session, &path("a.npz"), FloatType::Bf16).unwrap_err();
    assert_eq!(error.to_string(), "NumPy has no bf16: f16 or f32 can be in an npz file");
    let error = weights::export_npz(&mut session, &path("no/a.npz"), FloatType::F32).unwrap_err();
    assert!(error.to_string().contains("no/a.npz: cannot write"), "{error}");
}

#[test]
fn initial_weights_are_those_of_the_seed() {
    let folder = tempfile::tempdir().unwrap();
    let export = |name: &str, arguments: &[&str]| {
        let path = folder.path().join(name);
        stdout(&run("lenet5", &[&["export", "--output", text(&path)], arguments].concat()));
        std::fs::read(path).unwrap()
    };
    let first = export("a.onnx", &["--initial", "--seed", "3"]);
    assert!(first == export("b.onnx", &["--initial", "--seed", "3"]));
    assert!(first != export("b.onnx", &["--initial", "--seed", "4"]));
    export("a.npz", &["--initial", "--seed", "3"]);
    export("w.safetensors", &["--initial", "--seed", "3"]);
    let weights = folder.path().join("w.safetensors");
    assert!(first == export("c.onnx", &["--weights", text(&weights)]));
}
