//! The trainer binaries as their users meet them: what they print, what they write, how they fail.

mod classes;
mod export;
mod files;
mod folder;
mod init;
mod runs;
mod server;
mod targets;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cnn_tests::costs::COSTS;
use serde_json::Value;

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(cnn_tests::example(name)).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Runs and expects failure: the exit code, and a last line on stderr that says each of `words`.
fn fails(name: &str, arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(name, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    for word in words {
        assert!(stderr.contains(word), "{arguments:?}: no '{word}' in: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("error")).count(), 1, "{stderr}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn trains_writes_and_evaluates() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run");
    let arguments = [
        "train",
        "--device",
        "cpu",
        "--epochs",
        "2",
        "--limit",
        "1000",
        "--seed",
        "3",
        "--output",
        text(&output),
    ];
    let trained = run("lenet5", &arguments);
    let result = stdout(&trained);
    assert!(result.starts_with("test accuracy 0.") && result.ends_with("(2000 images)\n"), "{result}");
    assert!(!trained.stderr.contains(&0x1b), "control codes in a pipe");

    let metrics = std::fs::read_to_string(output.join("metrics.jsonl")).unwrap();
    let epochs: Vec<Value> = metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(epochs.len(), 2);
    for key in ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second"] {
        assert!(epochs[1][key].is_number(), "{key} in {metrics}");
    }
    assert!(epochs[1]["loss"].as_f64() < epochs[0]["loss"].as_f64());
    let table = std::fs::read_to_string(output.join("metrics.csv")).unwrap();
    assert!(table.starts_with("epoch,loss,accuracy,") && table.lines().count() == 3, "{table}");
    let names: Vec<_> = std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for name in ["best.safetensors", "last.ckpt", "curves.svg", "events.out.tfevents"] {
        assert!(names.iter().any(|found| found.to_string_lossy().starts_with(name)), "{name} in {names:?}");
    }

    let weights = output.join("last.safetensors");
    let evaluated = stdout(&run("lenet5", &["eval", "--device", "cpu", "--weights", text(&weights)]));
    assert!(evaluated.ends_with(&format!("\n{result}")), "the file holds what was trained: {evaluated}");
    for word in ["Precision", "Label \\ answer", "top-5 accuracy 0.9"] {
        assert!(evaluated.contains(word), "{word} in {evaluated}");
    }

    fails("mnist", &["eval", "--weights", text(&weights)], 1, &["last.safetensors", "conv1.weight"]);
    std::fs::write(&weights, b"not a safetensors file").unwrap();
    fails("lenet5", &["eval", "--weights", text(&weights)], 1, &["last.safetensors"]);
}

#[test]
fn several_weights_answer_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let weights = ["3", "4", "5"].map(|seed| {
        let output = folder.path().join(seed);
        let train = ["--device", "cpu", "--epochs", "1", "--limit", "2000", "--seed", seed, "--output"];
        stdout(&run("lenet5", &[&train[..], &[text(&output)]].concat()));
        output.join("last.safetensors")
    });
    let eval = |weights: &[&Path]| -> Value {
        let files = weights.iter().flat_map(|path| ["--weights", text(path)]);
        let arguments: Vec<&str> = ["eval", "--device", "cpu", "--json"].into_iter().chain(files).collect();
        serde_json::from_str(&stdout(&run("lenet5", &arguments))).unwrap()
    };
    let figure = |weights: &[&Path], name: &str| eval(weights)[name].as_f64().unwrap();
    let [a, b, c] = weights.each_ref().map(PathBuf::as_path);
    let mean = [a, b, c].map(|path| figure(&[path], "loss")).into_iter().sum::<f64>() / 3.0;
    // By Jensen's inequality, and by far more than rounding for networks that differ.
    assert!(figure(&[a, b, c], "loss") < mean - 1e-3);
    let [alone, twice] = [eval(&[a]), eval(&[a, a])];
    assert_eq!((&alone["accuracy"], &alone["confusion"]), (&twice["accuracy"], &twice["confusion"]));
    assert_eq!(alone["classes"].as_array().map(Vec::len), Some(10));
    fails("lenet5", &["eval", "--weights", text(a), "--weights", "/no/such"], 1, &["/no/such"]);
}

#[test]
fn options_come_from_flag_environment_file_and_network() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.toml");
    std::fs::write(&file, "epochs = 7\nbatch = 16\nlimit = 64\n").unwrap();
    let described = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(cnn_tests::example("lenet5"));
        command.args(arguments).args(["--dry-run", "--config", text(&file)]).envs(variables.iter().copied());
        stdout(&command.output().unwrap())
    };
    let has = |text: &str, line: &str| assert!(text.lines().any(|found| found == line), "{line} in {text}");
    let epochs_from_environment = [("CNN_EPOCHS", "8"), ("CNN_BATCH", "32")];
    let found = described(&["--batch", "128"], &epochs_from_environment);
    for line in ["batch = 128", "epochs = 8", "limit = 64", "seed = 0"] {
        has(&found, line);
    }
    has(&found, "optimizer = \"sgd(lr = 0.05, momentum = 0.9, nesterov = false, weight_decay = 0)\"");
    has(&described(&["train", "--lr", "0.5", "--momentum", "0"], &[]), "epochs = 7");
    // What is described, runs: the description of the description is the same.
    for arguments in
        [&["--batch", "128"][..], &["--clip-value", "0", "--output", "1.10", "--data-dir", "007"]]
    {
        let found = described(arguments, &epochs_from_environment);
        std::fs::write(&file, &found).unwrap();
        assert_eq!(described(&[], &[]), found);
    }
    has(&std::fs::read_to_string(&file).unwrap(), "output = \"1.10\"");

    std::fs::write(&file, "epochs = 7\n").unwrap();
    for (value, code) in [("1", 0), ("yes", 0), ("maybe", 2)] {
        let mut command = Command::new(cnn_tests::example("lenet5"));
        let output = command.env("CNN_DRY_RUN", value).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{value}");
        let text = String::from_utf8_lossy(if code == 0 { &output.stdout } else { &output.stderr });
        assert!(text.contains(if code == 0 { "epochs = " } else { "CNN_DRY_RUN" }), "{text}");
    }
    let mut command = Command::new(cnn_tests::example("lenet5"));
    let wrong = command.args(["--config", text(&file)]).env("CNN_EPOCHS", "many").output().unwrap();
    let message = String::from_utf8_lossy(&wrong.stderr);
    assert!(message.starts_with("error: CNN_EPOCHS: ") && !message.contains("run.toml"), "{message}");

    std::fs::write(&file, "epohcs = 7\n").unwrap();
    fails("lenet5", &["--config", text(&file)], 2, &["run.toml", "epohcs", "did you mean `epochs`?"]);
    fails("lenet5", &["--config", "/no/such.toml"], 1, &["/no/such.toml"]);
}

#[test]
fn training_stops_early_and_stays_stopped() {
    let folder = tempfile::tempdir().unwrap();
    // A rate at which nothing gets better.
    let arguments = ["--device", "cpu", "--epochs", "50", "--limit", "64", "--lr", "1e-9", "--patience", "2"];
    let train = || {
        stdout(&run(
            "lenet5",
            &[&arguments[..], &["--resume", "auto", "--output", text(folder.path())]].concat(),
        ))
    };
    let epochs = || std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap().lines().count();
    let (first, stopped) = (train(), epochs());
    assert!(stopped < 50, "{stopped} epochs");
    assert_eq!((train(), epochs()), (first, stopped));
}

#[test]
fn divergence_spoils_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let train = ["--device", "cpu", "--epochs", "1", "--limit", "256", "--output", text(folder.path())];
    stdout(&run("mnist", &train));
    let saved =
        || ["last.safetensors", "last.ckpt"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    let before = saved();
    let diverging = ["--overwrite", "--optimizer", "sgd", "--lr", "1e30"];
    fails("mnist", &[&train[..], &diverging].concat(), 5, &["diverged", "epoch 1", "smaller --lr"]);
    assert!(saved() == before);
}

#[test]
fn shells_are_taught_the_options() {
    let script = stdout(&run("lenet5", &["completions", "bash"]));
    assert!(script.contains("lenet5") && script.contains("--checkpoint-every"), "{script}");
}

#[test]
fn weights_that_are_no_numbers_give_no_score() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("nan.safetensors");
    let mut bytes = std::fs::read(cnn_tests::fixture("goldens/lenet5.weights.safetensors")).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + header..].fill(0xff);
    std::fs::write(&weights, bytes).unwrap();
    let eval = ["eval", "--device", "cpu", "--weights", text(&weights)];
    fails("lenet5", &eval, 5, &["the loss is NaN: these weights hold no usable values"]);
    let init = ["--init", text(&weights), "--epochs", "1", "--limit", "64"];
    fails("lenet5", &init, 1, &["nan.safetensors: conv1.weight holds NaN"]);
}

#[test]
fn the_same_seed_trains_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let weights = |name: &str, threads: &str| {
        let output = folder.path().join(name);
        let arguments = ["--device", "cpu", "--epochs", "1", "--limit", "300", "--threads", threads];
        stdout(&run("lenet5", &[&arguments[..], &["--output", text(&output)]].concat()));
        std::fs::read(output.join("last.safetensors")).unwrap()
    };
    assert!(weights("one", "1") == weights("three", "3"));
}

#[test]
fn summary_states_what_bench_uses() {
    for name in ["mnist", "lenet5"] {
        for mode in ["training", "inference"] {
            let flags: &[&str] = if mode == "inference" { &["--infer"] } else { &[] };
            let bench = ["bench", "--device", "cpu", "--batch", "3", "--steps", "2"];
            let bench = stdout(&run(name, &[&bench[..], flags].concat()));
            let json: Value = serde_json::from_str(bench.lines().last().unwrap()).unwrap();
            for key in
                ["batch", "threads", "median_ms", "min_ms", "images_per_second", "gflops", "peak_rss_mib"]
            {
                assert!(json[key].is_number(), "{key} in {json}");
            }
            assert_eq!((&json["net"], &json["device"]), (&name.into(), &"cpu".into()), "{json}");
            let summary = stdout(&run(name, &["summary", "--batch", "3"]));
            let arena = json["arena_bytes"].as_u64().unwrap().to_string();
            assert!(
                summary.lines().any(|line| line.contains(mode) && line.contains(&arena)),
                "no line with '{mode}' and {arena} in:\n{summary}"
            );
        }
    }
}

#[test]
fn summary_counts_the_zoo() {
    for (name, params, macs, auxiliary) in COSTS {
        let summary = stdout(&run(name, &["summary", "--batch", "1"])).replace(',', "");
        let mut lines = vec![format!("Total params: {params}\n"), format!("Total MACs: {macs} per image")];
        if auxiliary > 0 {
            lines.push(format!("MACs of auxiliary heads in training: {auxiliary}\n"));
        }
        for line in lines {
            assert!(summary.contains(&line), "{name}: no '{line}' in:\n{summary}");
        }
    }
}

#[test]
fn summary_prints_the_graph() {
    let dot = stdout(&run("googlenet", &["summary", "--graph", "dot"]));
    assert!(dot.starts_with("digraph \"GoogLeNet\" {\n") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains("[label=\"inception3a.concat1\\nconcat\"];"), "{dot}");
    fails("googlenet", &["summary", "--graph", "png"], 2, &["--graph", "dot"]);
}

#[test]
fn summary_explains_parameter_sharing() {
    let summary = stdout(&run("alexnet", &["summary", "--explain"]));
    let (table, explanation) = summary.split_once("Without parameter sharing").unwrap();
    let row = |text: &str, layer: &str| {
        let line =
            text.lines().find(|line| line.starts_with(layer)).unwrap_or_else(|| panic!("{layer} in {text}"));
        line.split_whitespace().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(row(explanation, "conv1")[2..], ["290,400", "364", "34,944", "105,705,600"]);
    for (layer, neurons) in [
        ("conv1", "290,400"),
        ("conv2", "186,624"),
        ("conv3", "64,896"),
        ("conv4", "64,896"),
        ("conv5", "43,264"),
        ("fc6", "4,096"),
        ("fc7", "4,096"),
        ("fc8", "1,000"),
    ] {
        assert!(row(table, layer).iter().any(|cell| cell == neurons), "{layer}: {neurons} in {table}");
    }
}

#[test]
fn inspect_writes_torch_names() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.safetensors");
    let [weights, batch, expected] = ["weights", "batch", "expected"]
        .map(|file| cnn_tests::fixture(&format!("goldens/lenet5.{file}.safetensors")));
    let files = ["inspect", "--weights", text(&weights), "--batch", text(&batch), "--output", text(&output)];
    stdout(&run("lenet5", &files));
    let names = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut names: Vec<(String, Vec<usize>)> =
            file.iter().map(|(name, tensor)| (name.to_string(), tensor.shape().to_vec())).collect();
        names.sort();
        names
    };
    assert_eq!(names(&output), names(&expected));
    fails("mnist", &files, 1, &["lenet5.weights.safetensors", "fc3.weight"]);
}

#[test]
fn runs_without_opencl() {
    let without = |arguments: &[&str]| {
        Command::new(cnn_tests::example("lenet5"))
            .args(arguments)
            .env("CNN_OPENCL_LIB", "/nonexistent")
            .output()
            .unwrap()
    };
    let bench = stdout(&without(&["bench", "--batch", "2", "--steps", "1"]));
    assert!(bench.lines().last().unwrap().contains("\"cpu\""), "{bench}");
    let failed = without(&["bench", "--device", "opencl"]);
    assert_eq!(failed.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("--device cpu"));
}

#[test]
fn wrong_flags_are_usage_errors() {
    fails("mnist", &["--batch", "0"], 2, &["batch"]);
    fails("mnist", &["--epochs", "0"], 2, &["epochs"]);
    fails("mnist", &["--lr", "fast"], 2, &["lr"]);
    fails("mnist", &["--lr", "nan"], 2, &["lr"]);
    fails("mnist", &["--threads", "0"], 2, &["threads"]);
    fails("mnist", &["--device", "gpu"], 2, &["gpu", "opencl"]);
    fails("mnist", &["--optimizer", "adadelt"], 2, &["adadelta"]);
    fails("mnist", &["--optimizer", "adam", "--momentum", "0.5"], 2, &["--momentum", "adam"]);
    fails("mnist", &["--clip-norm", "1", "--clip-value", "1"], 2, &["--clip-norm", "--clip-value"]);
    fails("mnist", &["--resume", "auto"], 2, &["--resume auto", "--output"]);
    fails("mnist", &["--schedule", "step"], 2, &["step", "every"]);
    fails("mnist", &["--val-split", "1.5"], 2, &["val-split"]);
    fails("mnist", &["--data", "imagenet"], 2, &["imagenet"]);
    fails("mnist", &["--data", "folder:/tmp", "--download"], 2, &["--download", "folder:/tmp"]);
    fails("mnist", &["eval"], 2, &["--weights"]);
    fails("mnist", &["eval", "--weights", "/no/such/file"], 1, &["/no/such/file"]);
}

/// The four files of a data folder, to be spoilt one by one.
fn data_folder() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/mnist");
    for entry in std::fs::read_dir(source).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let root = folder.path().to_owned();
    (folder, move |name| root.join(name))
}

#[test]
fn spoilt_data_is_named() {
    let (folder, file) = data_folder();
    let train = |words: &[&str]| {
        let arguments = ["train", "--data-dir", text(folder.path()), "--epochs", "1", "--limit", "64"];
        fails("lenet5", &arguments, 3, words);
    };
    let images = file("train-images-idx3-ubyte.gz");
    let labels = file("train-labels-idx1-ubyte.gz");
    let [good_images, good_labels] = [&images, &labels].map(|path| std::fs::read(path).unwrap());

    std::fs::write(&images, &good_images[..good_images.len() / 2]).unwrap();
    train(&["train-images-idx3-ubyte.gz"]);
    std::fs::write(&images, &good_labels).unwrap();
    train(&["train-images-idx3-ubyte.gz"]);
    std::fs::write(&images, b"").unwrap();
    train(&["train-images-idx3-ubyte.gz"]);
    std::fs::remove_file(&images).unwrap();
    train(&["train-images-idx3-ubyte"]);
    // Plain, with a header that claims far more than there is.
    let plain = file("train-images-idx3-ubyte");
    std::fs::write(&plain, [0, 0, 8, 3, 127, 255, 255, 255, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2, 3]).unwrap();
    train(&["train-images-idx3-ubyte"]);
    std::fs::remove_file(&plain).unwrap();
    std::fs::write(&images, &good_images).unwrap();
    // A label beyond the classes.
    std::fs::remove_file(&labels).unwrap();
    let mut spoilt = vec![0, 0, 8, 1, 0, 0, 0x27, 0x10];
    spoilt.extend(std::iter::repeat_n(3, 9_999));
    spoilt.push(10);
    std::fs::write(file("train-labels-idx1-ubyte"), &spoilt).unwrap();
    train(&["train-labels-idx1-ubyte", "10"]);
    // One label short.
    spoilt[7] = 0x0f;
    spoilt.truncate(8 + 9_999);
    std::fs::write(file("train-labels-idx1-ubyte"), &spoilt).unwrap();
    train(&["train-labels-idx1-ubyte", "9999"]);

    let empty = tempfile::tempdir().unwrap();
    fails("lenet5", &["--data-dir", text(empty.path())], 3, &["train-images-idx3-ubyte"]);
}

#[test]
fn an_unusable_output_folder_stops_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    fails("lenet5", &["--epochs", "1", "--limit", "64", "--output", text(&file)], 1, &["file"]);
    fails("lenet5", &["--epochs", "1", "--output", "/proc/none"], 1, &["/proc/none"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "in the way");
}
