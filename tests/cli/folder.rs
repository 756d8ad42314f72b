//! Folders of images, as people keep them: classes by name, and files that are none.

use std::path::{Path, PathBuf};

use image::{GrayImage, Luma};

use super::{fails, run, stdout, text};

/// Images of a class: a square of this brightness on grey.
pub(super) fn draw(folder: &Path, class: &str, brightness: u8, count: u32) {
    let folder = folder.join(class);
    std::fs::create_dir_all(&folder).unwrap();
    for nth in 0..count {
        let inside = |at: u32| (4 + nth % 7..20 + nth % 7).contains(&at);
        let pixel = |x, y| Luma([if inside(x) && inside(y) { brightness } else { 128 }]);
        GrayImage::from_fn(32, 32, pixel).save(folder.join(format!("{nth}.png"))).unwrap();
    }
}

/// What `--data` takes for a folder.
pub(super) fn folder_of(root: &Path) -> String {
    format!("folder:{}", root.display())
}

/// A trained network that tells three classes apart, and where its weights are.
fn trained(folder: &Path) -> PathBuf {
    let (data, output) = (folder.join("data"), folder.join("run"));
    for part in ["train", "val"] {
        for (class, brightness) in [("black", 0), ("silver", 170), ("white", 255)] {
            draw(&data.join(part), class, brightness, 40);
        }
    }
    let data = format!("folder:{}", data.display());
    let train =
        "--device cpu --epochs 15 --batch 8 --optimizer adam --lr 0.003".split(' ').collect::<Vec<_>>();
    let train = [&train[..], &["--data", &data, "--output", text(&output)]].concat();
    assert!(stdout(&run("lenet5", &train)).starts_with("test accuracy 1.0000"));
    output.join("last.safetensors")
}

#[test]
fn classes_are_known_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let weights = trained(folder.path());
    let eval = |data: &Path| {
        let data = format!("folder:{}", data.display());
        run(
            "lenet5",
            &["eval", "--device", "cpu", "--skip-bad", "1", "--weights", text(&weights), "--data", &data],
        )
    };
    // Two of the three: white is the second here, and was the third.
    let fewer = folder.path().join("fewer");
    for part in ["train", "test"] {
        draw(&fewer.join(part), "black", 0, 3);
        draw(&fewer.join(part), "white", 255, 4);
    }
    let evaluated = stdout(&eval(&fewer));
    assert!(evaluated.contains("\nwhite") && !evaluated.contains("silver"), "{evaluated}");
    assert!(
        evaluated.contains("\ntest accuracy 1.0000 ") && evaluated.ends_with("(7 images)\n"),
        "{evaluated}"
    );
    // What is skipped was not assessed.
    std::fs::write(fewer.join("test/white/0.png"), "no picture").unwrap();
    let evaluated = eval(&fewer);
    assert!(stdout(&evaluated).ends_with("(6 images)\n"));
    assert!(String::from_utf8_lossy(&evaluated.stderr).contains("skipped"));

    for part in ["train", "test"] {
        draw(&fewer.join(part), "zebra", 90, 2);
    }
    let data = format!("folder:{}", fewer.display());
    let arguments = ["eval", "--weights", text(&weights), "--data", &data];
    fails("lenet5", &arguments, 3, &["last.safetensors knows no class zebra; it knows black, silver, white"]);
    let image = fewer.join("test/black/1.png");
    let predicted = stdout(&run("lenet5", &["predict", "--weights", text(&weights), text(&image)]));
    assert!(predicted.contains("1.png: black "), "{predicted}");
}

#[test]
fn training_counts_the_images_that_could_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["train", "val"] {
        draw(&folder.path().join(part), "black", 0, 8);
        draw(&folder.path().join(part), "white", 255, 8);
    }
    std::fs::write(folder.path().join("val/white/3.png"), "no picture").unwrap();
    let data = format!("folder:{}", folder.path().display());
    let train = ["--device", "cpu", "--epochs", "1", "--data", &data];
    let result = stdout(&run("lenet5", &[&train[..], &["--skip-bad", "1"]].concat()));
    assert!(result.ends_with("(15 images)\n"), "{result}");
    fails("lenet5", &train, 3, &["3.png", "--skip-bad N"]);
}

#[test]
fn a_few_images_are_of_all_classes() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["train", "val"] {
        for class in ["a", "b", "c", "d"] {
            draw(&folder.path().join(part), class, 0, 25);
        }
    }
    let output = folder.path().join("run");
    let data = format!("folder:{}", folder.path().display());
    let train =
        ["--device", "cpu", "--epochs", "1", "--limit", "25", "--data", &data, "--output", text(&output)];
    let weights = || {
        stdout(&run("lenet5", &[&train[..], &["--overwrite"]].concat()));
        std::fs::read(output.join("last.safetensors")).unwrap()
    };
    // Of the first 25 images alone, all of class a, nearly all would be answered by a.
    let first = weights();
    assert!(first == weights(), "the same images every time");
    let metrics = std::fs::read_to_string(output.join("metrics.jsonl")).unwrap();
    let accuracy =
        serde_json::from_str::<serde_json::Value>(metrics.trim()).unwrap()["accuracy"].as_f64().unwrap();
    assert!(accuracy < 0.6, "{accuracy}");
}

#[test]
fn images_for_validation_choose_and_those_for_testing_have_the_last_word() {
    let folder = tempfile::tempdir().unwrap();
    for (part, count) in [("Train", 12), ("Valid", 3), ("Test", 5)] {
        draw(&folder.path().join(part), "black", 0, count);
        draw(&folder.path().join(part), "white", 255, count);
    }
    let (data, output) = (format!("folder:{}", folder.path().display()), folder.path().join("run"));
    let train = ["--device", "cpu", "--epochs", "1", "--data", &data];
    let trained = run("lenet5", &[&train[..], &["--output", text(&output)]].concat());
    assert!(stdout(&trained).ends_with("(10 images)\n"));
    let log = String::from_utf8_lossy(&trained.stderr).into_owned();
    assert!(log.contains("6 images for validation choose the best epoch"), "{log}");
    assert!(
        log.contains("taken for parts of the data set by their names: ") && log.contains("/Valid"),
        "{log}"
    );
    let held_back = run("lenet5", &[&train[..], &["--val-split", "0.25"]].concat());
    let log = String::from_utf8_lossy(&held_back.stderr).into_owned();
    assert!(log.contains("the data set's own for validation are not used"), "{log}");
    // What is for validation is read.
    std::fs::write(folder.path().join("Valid/white/1.png"), "no picture").unwrap();
    fails("lenet5", &train, 3, &["Valid/white/1.png"]);
}

#[test]
fn images_drawn_for_testing_are_the_same_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    draw(folder.path(), "black", 0, 40);
    draw(folder.path(), "white", 255, 40);
    let data = format!("folder:{}", folder.path().display());
    let output = tempfile::tempdir().unwrap();
    let train =
        ["--device", "cpu", "--epochs", "1", "--seed", "5", "--data", &data, "--output", text(output.path())];
    let trained = run("lenet5", &train);
    let log = String::from_utf8_lossy(&trained.stderr).into_owned();
    assert!(log.contains("one image in five is a test image, drawn by its path"), "{log}");
    assert!(log.contains("no images for validation: the best epoch is chosen by the test images"), "{log}");
    let weights = output.path().join("last.safetensors");
    let evaluated =
        stdout(&run("lenet5", &["eval", "--device", "cpu", "--weights", text(&weights), "--data", &data]));
    assert_eq!(evaluated.lines().last(), stdout(&trained).lines().last());
}

#[test]
fn predict_takes_folders_and_answers_for_what_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let weights = trained(folder.path());
    let images = folder.path().join("images");
    draw(&images, "a", 0, 2);
    draw(&images, "b", 255, 2);
    let predict = |paths: &[&Path]| {
        let mut arguments =
            vec!["predict", "--device", "cpu", "--batch", "2", "--top", "1", "--weights", text(&weights)];
        arguments.extend(paths.iter().map(|path| text(path)));
        run("lenet5", &arguments)
    };
    let all = predict(&[&images]);
    let answers: Vec<String> = stdout(&all).lines().map(String::from).collect();
    assert_eq!(answers.len(), 4);
    assert!(answers[0].contains("a/0.png: black ") && answers[3].contains("b/1.png: white "), "{answers:?}");
    std::fs::write(images.join("a/1.png"), "no picture").unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let some = predict(&[&images.join("b/0.png"), &images]);
    assert_eq!(some.status.code(), Some(3));
    let (found, log) = (String::from_utf8_lossy(&some.stdout), String::from_utf8_lossy(&some.stderr));
    assert_eq!(found.lines().count(), 4, "{found}");
    assert!(log.contains("skipped ") && log.contains("a/1.png: no image: expected png, jpeg"), "{log}");
    assert!(log.ends_with("error: predict: 1 of 5 images could not be read\n"), "{log}");
    let bad = images.join("a/1.png");
    let alone = ["predict", "--weights", text(&weights), text(&bad)];
    fails("lenet5", &alone, 3, &["a/1.png: no image: expected png, jpeg"]);
    let empty = folder.path().join("empty");
    fails("lenet5", &["predict", "--weights", text(&weights), text(&empty)], 3, &["a folder without images"]);
}

#[test]
fn a_network_of_other_images_does_not_train_on_digits_unasked() {
    fails("resnet18", &["--epochs", "1"], 2, &["--data names the images", "3x224x224"]);
}
