//! What happens to a run's folder and to its files, and what is said about it.

use std::{fs, path::Path, process::Output};

use super::{
    fails,
    folder::{draw, folder_of},
    run, stdout, text,
};

fn log(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn data(root: &Path) -> String {
    for (part, count) in [("train", 12), ("test", 6)] {
        draw(&root.join(part), "black", 0, count);
        draw(&root.join(part), "white", 255, count);
    }
    folder_of(root)
}

#[test]
fn a_run_is_replaced_on_request_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (images, output) = (data(&folder.path().join("data")), folder.path().join("run"));
    let train =
        ["--device", "cpu", "--epochs", "1", "--batch", "4", "--data", &images, "--output", text(&output)];
    let first = run("lenet5", &train);
    assert!(log(&first).contains("best epoch 1 of 1: val_loss "), "{}", log(&first));
    assert!(log(&first).contains("run/best.safetensors, last.safetensors"), "{}", log(&first));
    let kept = || fs::read(output.join("last.safetensors")).unwrap();
    let before = kept();
    fails(
        "lenet5",
        &train,
        2,
        &["holds a run (last.ckpt); --resume auto goes on with it, --overwrite replaces it"],
    );
    assert!(kept() == before);
    stdout(&run("lenet5", &[&train[..], &["--overwrite", "--seed", "1"]].concat()));
    assert!(kept() != before);
    // Nor does a run from elsewhere come over it.
    let other = folder.path().join("other");
    let elsewhere = [&train[..8], &["--output", text(&other)]].concat();
    stdout(&run("lenet5", &elsewhere));
    let checkpoint = other.join("last.ckpt");
    fails(
        "lenet5",
        &[&train[..], &["--epochs", "2", "--resume", text(&checkpoint)]].concat(),
        2,
        &["holds a run"],
    );
    let unkept = run("lenet5", &train[..8]);
    assert!(log(&unkept).contains("no weights were kept: --output DIR keeps them"), "{}", log(&unkept));
    fs::create_dir(folder.path().join("odd")).unwrap();
    fs::create_dir(folder.path().join("odd/best.safetensors")).unwrap();
    let odd = folder.path().join("odd");
    fails(
        "lenet5",
        &[&train[..8], &["--output", text(&odd)]].concat(),
        2,
        &["best.safetensors: a run writes this file"],
    );
}

#[test]
fn files_that_cannot_be_used_are_found_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let (root, output) = (folder.path().join("data"), folder.path().join("run"));
    let images = data(&root);
    let train =
        ["--device", "cpu", "--epochs", "2", "--batch", "4", "--data", &images, "--output", text(&output)];
    fs::write(root.join("test/white/junk.png"), "no picture").unwrap();
    let whole = fs::read(root.join("train/black/1.png")).unwrap();
    fs::write(root.join("train/black/1.png"), &whole[..whole.len() / 2]).unwrap();
    fails(
        "lenet5",
        &train,
        3,
        &["train/black/1.png", "test/white/junk.png", "2 of 37 images", "--skip-bad 2"],
    );
    assert!(!output.join("last.ckpt").exists());
    let skipped = run("lenet5", &[&train[..], &["--skip-bad", "2"]].concat());
    assert!(stdout(&skipped).ends_with("(12 images)\n"));
    assert_eq!(log(&skipped).matches("skipped ").count(), 2, "each once: {}", log(&skipped));
    // Files that are gone, or mended, make no other run.
    fs::remove_file(root.join("test/white/junk.png")).unwrap();
    fs::write(root.join("train/black/1.png"), &whole).unwrap();
    let resumed = run("lenet5", &[&train[..], &["--epochs", "3", "--resume", "auto"]].concat());
    assert!(stdout(&resumed).ends_with("(12 images)\n"));
    assert!(
        log(&resumed).contains("the test images changed since the checkpoint: 13, now 12"),
        "{}",
        log(&resumed)
    );
}

#[test]
fn more_epochs_say_what_becomes_of_the_learning_rate() {
    let folder = tempfile::tempdir().unwrap();
    let (images, output) = (data(&folder.path().join("data")), folder.path().join("run"));
    let train = ["--device", "cpu", "--batch", "4", "--data", &images, "--output", text(&output)];
    let train = |more: &[&str]| run("lenet5", &[&train[..], more].concat());
    stdout(&train(&["--schedule", "cosine", "--epochs", "3"]));
    let resumed = train(&["--schedule", "cosine", "--epochs", "6", "--resume", "auto"]);
    assert!(
        log(&resumed).contains("the learning rate was laid over 3 epochs, now over 6"),
        "{}",
        log(&resumed)
    );
    fails(
        "lenet5",
        &[
            "--device",
            "cpu",
            "--batch",
            "3",
            "--epochs",
            "6",
            "--schedule",
            "cosine",
            "--resume",
            "auto",
            "--data",
            &images,
            "--output",
            text(&output),
        ],
        1,
        &["saved with --batch 4, now 3"],
    );
    let split = ["--schedule", "cosine", "--epochs", "6", "--resume", "auto", "--val-split", "0.25"];
    let refused = train(&split);
    assert!(log(&refused).contains("saved with --val-split none, now 0.25"), "{}", log(&refused));
}

#[test]
fn patience_says_when_it_ended_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let images = data(&folder.path().join("data"));
    let train = ["--device", "cpu", "--epochs", "9", "--lr", "1e-30", "--patience", "2", "--data", &images];
    let ended = run("lenet5", &train);
    let expected =
        "ended after 3 of 9 epochs, 2 of them without a better one (--patience); best epoch 1 of 3: ";
    assert!(log(&ended).contains(expected), "{}", log(&ended));
}

/// Weights know the data set that they were trained on.
#[test]
fn weights_are_measured_on_what_they_were_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let (images, output) = (data(&folder.path().join("data")), folder.path().join("run"));
    let train = ["--device", "cpu", "--epochs", "1", "--data", &images, "--output", text(&output)];
    stdout(&run("lenet5", &train));
    let weights = output.join("last.safetensors");
    let eval = ["eval", "--device", "cpu", "--weights", text(&weights)];
    fails(
        "lenet5",
        &eval,
        2,
        &["--data names the images: the weights were trained on folder; --data names their place"],
    );
    let other = run("lenet5", &[&eval[..], &["--data", "mnist"]].concat());
    assert!(log(&other).contains("the weights were trained on folder, not on mnist"), "{}", log(&other));
    let in_order = "last.safetensors and mnist know none of the classes by one name: they are taken in order";
    assert!(log(&other).contains(in_order), "{}", log(&other));
}

/// Weights of other programs: converted, stripped of what stands before all names, or named.
#[test]
fn weights_of_other_programs_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let torch = file("w.pth", b"PK\x03\x04 and nothing more");
    let train = |path: &Path| {
        ["--device", "cpu", "--epochs", "1", "--limit", "64", "--init", text(path)].map(String::from)
    };
    let arguments = train(&torch);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    fails("lenet5", &arguments, 1, &["w.pth: a file of PyTorch that cannot be read"]);
    // As torch's DataParallel saves them in half precision.
    let golden = fs::read(cnn_tests::fixture("goldens/lenet5.weights.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&golden).unwrap();
    let halves: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| {
            let upper = tensor.data().as_chunks::<4>().0.iter().flat_map(|bytes| [bytes[2], bytes[3]]);
            (format!("module.{name}"), tensor.shape().to_vec(), upper.collect::<Vec<u8>>())
        })
        .collect();
    let views = halves.iter().map(|(name, shape, bytes)| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::BF16, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    let path = file("w.safetensors", &safetensors::serialize(views, None).unwrap());
    let arguments = train(&path);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let trained = run("lenet5", &arguments);
    stdout(&trained);
    let expected = "w.safetensors: names without module.; 10 tensors of BF16 converted";
    assert!(log(&trained).contains(expected), "{}", log(&trained));
}
