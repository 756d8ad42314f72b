//! Networks that answer with real numbers or with sets of labels, on data of their own programs.

use std::path::Path;

use image::{GrayImage, Luma};
use serde_json::Value;

use super::{fails, run, stdout, text};

/// The figure of this name in a line such as `test r2 0.9786 loss 0.0004 (500 images)`.
fn figure(line: &str, name: &str) -> f64 {
    let mut words = line.split_whitespace().skip_while(|word| *word != name).skip(1);
    words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{name} in {line}"))
}

fn trained(example: &str, output: &Path, rest: &[&str]) -> String {
    let train = ["--device", "cpu", "--output", text(output)];
    stdout(&run(example, &[&train[..], rest].concat()))
}

#[test]
fn a_network_learns_values() {
    let folder = tempfile::tempdir().unwrap();
    let result = trained("position", folder.path(), &[]);
    assert!(figure(&result, "r2") >= 0.95 && !result.contains("accuracy"), "{result}");
    let weights = folder.path().join("best.safetensors");
    let weights = ["--device", "cpu", "--weights", text(&weights)];
    let evaluated = stdout(&run("position", &[&["eval"][..], &weights].concat()));
    assert!(evaluated.ends_with(&format!("\n{result}")) && evaluated.contains("RMSE"), "{evaluated}");

    let image = folder.path().join("spot.png");
    let spot = |x: u32, y: u32| {
        let [right, down] = [x as f32 + 0.5 - 6.0, y as f32 + 0.5 - 15.0];
        Luma([(30.0 + 180.0 * (-(right * right + down * down) / 8.0).exp()) as u8])
    };
    GrayImage::from_fn(24, 24, spot).save(&image).unwrap();
    let predicted = stdout(&run("position", &[&["predict", "--json", text(&image)][..], &weights].concat()));
    let predicted: Value = serde_json::from_str(&predicted).unwrap();
    for (nth, (name, expected)) in [("x", 6.0 / 24.0), ("y", 15.0 / 24.0)].into_iter().enumerate() {
        let value = &predicted["values"][nth];
        assert_eq!(value["name"], name);
        assert!((value["value"].as_f64().unwrap() - expected).abs() < 0.05, "{predicted}");
    }
    let ensemble = [&["eval", "--json"][..], &weights, &weights[2..]].concat();
    let ensemble: Value = serde_json::from_str(&stdout(&run("position", &ensemble))).unwrap();
    assert!((ensemble["r2"].as_f64().unwrap() - figure(&result, "r2")).abs() < 1e-4, "{ensemble}");
}

#[test]
fn a_network_learns_labels() {
    let folder = tempfile::tempdir().unwrap();
    let result = trained("shapes", folder.path(), &[]);
    assert!(figure(&result, "f1") >= 0.95, "{result}");
    let metrics = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    let last: Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    assert!(last["val_f1"].as_f64() >= Some(0.95) && last["val_accuracy"].is_number(), "{last}");
    let weights = folder.path().join("best.safetensors");
    let image = folder.path().join("nothing.png");
    GrayImage::from_pixel(32, 32, Luma([30])).save(&image).unwrap();
    let predict = ["predict", "--device", "cpu", "--json", "--weights", text(&weights), text(&image)];
    let predicted: Value = serde_json::from_str(&stdout(&run("shapes", &predict))).unwrap();
    let labels = predicted["labels"].as_array().unwrap();
    assert_eq!(labels.len(), 4);
    assert!(labels.iter().all(|label| label["probability"].as_f64() < Some(0.5)), "{predicted}");
}

#[test]
fn a_run_on_values_goes_on_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    trained("position", &whole, &["--epochs", "3", "--schedule", "constant"]);
    trained("position", &parts, &["--epochs", "2", "--schedule", "constant"]);
    trained("position", &parts, &["--epochs", "3", "--schedule", "constant", "--resume", "auto"]);
    let read = |folder: &Path| std::fs::read(folder.join("last.safetensors")).unwrap();
    assert!(read(&whole) == read(&parts));
}

#[test]
fn targets_that_the_network_does_not_answer_are_refused() {
    let words = ["the targets are classes", "the outputs of Position are values"];
    let mnist = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist");
    fails("position", &["--data", "mnist", "--data-dir", mnist], 3, &words);
}

#[test]
fn a_program_adds_data_a_callback_and_a_command() {
    let trained = run("own_data", &["--device", "cpu"]);
    assert!(stdout(&trained).starts_with("test accuracy 1.0000"));
    let log = String::from_utf8_lossy(&trained.stderr).into_owned();
    assert!(!log.contains("epoch 5/5"), "the callback ends the run early: {log}");
    assert_eq!(stdout(&run("own_data", &["count"])), "240 images\n");
    assert!(stdout(&run("own_data", &["count", "--help"])).starts_with("Count the training images"));
    fails("own_data", &["--data", "dots"], 2, &["--data", "expected lines, mnist"]);
}
