//! `export`: what other tools find in the files.

use std::path::Path;

use cnn_runtime::{
    Device, Model, Options, Session, network,
    weights::{self, FloatType},
};
use safetensors::{Dtype, SafeTensors};

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
    assert!(
        std::fs::read(&output).unwrap() == std::fs::read(&weights).unwrap(),
        "no statistics, no batch norm"
    );

    let refused = |weights: &Path, output: &str, code, words: &[&str]| {
        let output = path(output);
        fails("lenet5", &["export", "--weights", text(weights), "--output", text(&output)], code, words);
        assert!(!output.exists());
    };
    refused(&weights, "net.onnx", 2, &["net.onnx", "torch.onnx.export"]);
    refused(&weights, "net.pt", 2, &["net.pt", ".safetensors"]);
    refused(&checkpoint, "a.safetensors", 1, &["last.ckpt", "checkpoint", "last.safetensors"]);
    refused(
        &cnn_tests::fixture("goldens/small_mnist.weights.safetensors"),
        "a.safetensors",
        1,
        &["fc3.weight is missing"],
    );
    refused(&weights, "missing/a.safetensors", 1, &["missing/a.safetensors"]);
}
