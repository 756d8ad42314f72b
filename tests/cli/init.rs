//! `--init` with weights of which only a part is the network's, or whose names are others.

use std::process::Command;

use cnn_runtime::weights::{Tensor, TensorFile, save_tensors};

use super::{fails, run, stdout, text};

/// Trains one epoch on a few digits from a file of weights.
const START: [&str; 6] = ["--device", "cpu", "--epochs", "1", "--limit", "64"];

#[test]
fn parts_of_weights_are_taken_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    stdout(&run("lenet5", &[&START[..], &["--output", text(folder.path())]].concat()));
    // The same body under another head, in a wrapper of PyTorch's, with names of an older version.
    let mut own = TensorFile::open(&path("last.safetensors")).unwrap();
    let names: Vec<String> = own.names().filter(|name| !name.starts_with("fc3.")).collect();
    let mut tensors: Vec<Tensor> = names
        .iter()
        .map(|name| {
            let shape = own.shape(name).unwrap().to_vec();
            let other = format!("module.{}", name.replace("conv1", "first"));
            Tensor::new(other, &shape, own.floats(name).unwrap()).unwrap()
        })
        .collect();
    tensors.push(Tensor::new("module.fc3.weight", &[2, 84], vec![0.0; 168]).unwrap());
    let other = path("other.safetensors");
    save_tensors(&other, &tensors).unwrap();

    let init = ["--init", text(&other)];
    let refused = |options: &[&str], code, words: &[&str]| {
        fails("lenet5", &[&START[..], &init, options].concat(), code, words);
    };
    refused(&[], 1, &["first.weight is unknown", "6 of 10 tensors fit", "--init-partial", "--init-rename"]);
    refused(&["--init-rename", "first=conv1"], 2, &["--init-rename", "OLD=>NEW"]);
    refused(&["--init-rename", "second=>conv2"], 1, &["second=>conv2 changes no name"]);
    refused(&["--init-skip", "fc4"], 1, &["no layer or parameter fc4"]);
    fails("lenet5", &[&START[..], &["--init-partial"]].concat(), 2, &["--init"]);

    let said = |options: &[&str]| {
        let output = run("lenet5", &[&START[..], &init, options].concat());
        stdout(&output);
        String::from_utf8(output.stderr).unwrap()
    };
    let partial = said(&["--init-partial"]);
    let line = "names without module.; 6 tensors taken; fresh: conv1.weight, conv1.bias, fc3.weight, fc3.bias; \
                fc3.weight is [2, 84] there, [10, 84] here; not used: first.bias, first.weight";
    assert!(partial.contains(line), "{partial}");
    let renamed = said(&["--init-rename", "first=>conv1", "--init-skip", "fc3"]);
    assert!(renamed.contains("8 tensors taken; fresh: fc3.weight, fc3.bias\n"), "{renamed}");
}

/// The last line of each part says an accuracy.
#[test]
fn what_was_learnt_before_helps_where_images_are_few() {
    let output = Command::new(cnn_tests::example("few_images")).output().unwrap();
    let text = stdout(&output);
    let accuracies: Vec<f64> =
        text.lines().filter_map(|line| line.split_once("accuracy ")?.1.parse().ok()).collect();
    let [_, on_what_was_learnt, from_nothing] = accuracies[..] else { panic!("{text}") };
    assert!(on_what_was_learnt >= 0.95 && on_what_was_learnt > from_nothing, "{text}");
}
