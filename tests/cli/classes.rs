//! Classes go by their names, whatever their folders' order: from run to run, and in every command.

use std::{fs, path::Path};

use super::{
    fails,
    folder::{draw, folder_of},
    run, stdout, text,
};

const TRAIN: [&str; 8] =
    ["--device", "cpu", "--epochs", "12", "--batch", "8", "--optimizer", "adam(lr = 0.003)"];

/// Classes of their brightness, in parts for training and testing.
fn draw_classes(root: &Path, classes: &[(&str, u8)]) {
    for (part, count) in [("train", 24), ("test", 8)] {
        for (class, brightness) in classes {
            draw(&root.join(part), class, *brightness, count);
        }
    }
}

fn log(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn weights_go_on_with_the_classes_that_they_know() {
    let folder = tempfile::tempdir().unwrap();
    let [data, more, output, other] = ["data", "more", "run", "other"].map(|name| folder.path().join(name));
    draw_classes(&data, &[("cat", 0), ("dog", 170), ("eel", 255)]);
    let trained =
        run("lenet5", &[&TRAIN[..], &["--data", &folder_of(&data), "--output", text(&output)]].concat());
    assert!(stdout(&trained).starts_with("test accuracy 1.0000"));
    // Two of the classes, in other places: nothing is learned anew, and nothing forgotten.
    draw_classes(&more, &[("dog", 170), ("eel", 255)]);
    let weights = output.join("last.safetensors");
    let still = ["--device", "cpu", "--epochs", "1", "--lr", "1e-9", "--init", text(&weights)];
    let trained = run("lenet5", &[&still[..], &["--data", &folder_of(&more)]].concat());
    assert!(stdout(&trained).starts_with("test accuracy 1.0000"));
    // A new class takes a free output.
    draw_classes(&more, &[("bee", 80)]);
    let trained =
        run("lenet5", &[&still[..], &["--data", &folder_of(&more), "--output", text(&other)]].concat());
    assert!(stdout(&trained).starts_with("test accuracy 0.6667"), "all but the bees");
    assert!(log(&trained).contains("last.safetensors: bee takes output 3"), "{}", log(&trained));
    let image = data.join("test/cat/1.png");
    let weights = other.join("last.safetensors");
    let answer = stdout(&run("lenet5", &["predict", "--weights", text(&weights), text(&image)]));
    assert!(answer.contains("1.png: cat "), "{answer}");
}

#[test]
fn a_run_goes_on_with_the_classes_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let [data, output] = ["data", "run"].map(|name| folder.path().join(name));
    draw_classes(&data, &[("cat", 0), ("dog", 170), ("eel", 255)]);
    let (images, kept) = (folder_of(&data), output.join("best.safetensors"));
    let train = [&TRAIN[..], &["--data", &images, "--output", text(&output)]].concat();
    stdout(&run("lenet5", &train));
    let before = fs::read(&kept).unwrap();
    for part in ["train", "test"] {
        fs::rename(data.join(part).join("dog"), data.join(part).join("fox")).unwrap();
    }
    let resumed = [&train[..], &["--epochs", "13", "--resume", "auto"]].concat();
    fails("lenet5", &resumed, 3, &["last.ckpt knows no class fox; it knows cat, dog, eel"]);
    // Folders that change places hold other images under the same names.
    for part in ["train", "test"] {
        fs::rename(data.join(part).join("fox"), data.join(part).join("dog")).unwrap();
        let [cat, eel, aside] = ["cat", "eel", "aside"].map(|name| data.join(part).join(name));
        fs::rename(&cat, &aside).unwrap();
        fs::rename(&eel, &cat).unwrap();
        fs::rename(&aside, &eel).unwrap();
    }
    fails("lenet5", &resumed, 1, &["of other training images: about ", "starts anew"]);
    assert!(fs::read(&kept).unwrap() == before);
}

#[test]
fn numbers_are_names_too() {
    let folder = tempfile::tempdir().unwrap();
    let [all, some, output] = ["all", "some", "run"].map(|name| folder.path().join(name));
    let classes: Vec<(String, u8)> = [0u8, 1, 9, 10].iter().map(|&nth| (nth.to_string(), 20 * nth)).collect();
    let classes: Vec<(&str, u8)> =
        classes.iter().map(|(name, brightness)| (name.as_str(), *brightness)).collect();
    draw_classes(&all, &classes);
    // In the order of names, 10 comes before 9.
    draw_classes(&some, &classes[..3]);
    let train = ["--data", &folder_of(&all), "--output", text(&output)];
    stdout(&run("lenet5", &[&TRAIN[..], &["--epochs", "30"], &train].concat()));
    let weights = output.join("last.safetensors");
    let eval = |data: &Path| {
        let score = stdout(&run(
            "lenet5",
            &["eval", "--device", "cpu", "--weights", text(&weights), "--data", &folder_of(data)],
        ));
        score.lines().last().unwrap().split(' ').nth(2).unwrap().parse::<f64>().unwrap()
    };
    assert!(eval(&all) > 0.9 && eval(&some) > 0.9, "{} {}", eval(&all), eval(&some));
}
