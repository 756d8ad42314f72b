//! Training that is killed, interrupted or out of space, and goes on: the outcome is that of an
//! uninterrupted run, byte for byte, and what was saved stays usable.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use cnn_runtime::__testing::rng::Stream;

/// A training run that ends in a second or two, so that saving is a good part of it.
fn command(name: &str, output: &Path, arguments: &[&str]) -> Command {
    let mut command = training(name);
    command.args(["--keep", "2", "--output"]).arg(output).args(arguments);
    command
}

fn training(name: &str) -> Command {
    let mut command = Command::new(cnn_tests::example(name));
    command.args(["train", "--device", "cpu", "--threads", "2", "--epochs", "3", "--limit", "640"]);
    command.args(["--val-split", "0.1"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn finish(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What a run leaves that depends on nothing but its options: weights, and the record without
/// times.
fn outcome(folder: &Path) -> Vec<Vec<u8>> {
    let weights =
        ["last.safetensors", "best.safetensors"].map(|name| std::fs::read(folder.join(name)).unwrap());
    let record = std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let epochs = record.lines().map(|line| line.split(",\"seconds\"").next().unwrap().as_bytes().to_vec());
    weights.into_iter().chain(epochs).collect()
}

fn wait_for(child: &mut Child, what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing happened");
        sleep(Duration::from_millis(2));
    }
}

/// `every` is the minutes between two checkpoints.
fn killed_and_resumed_is_uninterrupted(name: &str, every: &str, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    let start = Instant::now();
    let expected = finish(command(name, &whole, arguments));
    let duration = start.elapsed();

    let mut stream = Stream::new(std::process::id().into());
    let resumed =
        || command(name, &killed, &[arguments, &["--resume", "auto", "--checkpoint-every", every]].concat());
    for _ in 0..5 {
        let mut child = resumed().spawn().unwrap();
        sleep(duration.mul_f64(0.1 + 0.6 * stream.unit()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(finish(resumed()), expected);
    assert!(outcome(&killed) == outcome(&whole));
    let leftovers = std::fs::read_dir(&killed).unwrap().map(|entry| entry.unwrap().file_name());
    let leftovers: Vec<_> = leftovers.filter(|name| name.to_string_lossy().ends_with(".cnn-part")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn lenet5_survives_kill() {
    killed_and_resumed_is_uninterrupted("lenet5", "1e-4", &[]);
}

/// Dropout, and all that an update can keep.
#[test]
fn mnist_survives_kill() {
    let images = ["--limit", "200", "--batch", "16", "--accumulate", "2"];
    let update = ["--optimizer", "adam", "--average", "0.9", "--schedule", "cosine", "--warm-up", "1"];
    killed_and_resumed_is_uninterrupted("mnist", "2e-3", &[&images[..], &update].concat());
}

#[cfg(unix)]
mod unix {
    use super::*;

    fn send(child: &Child, signal: &str) {
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    }

    /// The same command where these tests run under `nohup`, which every process below it inherits.
    fn heeding_hangups(command: &Command) -> Command {
        let mut env = Command::new("env");
        env.args(cfg!(target_os = "linux").then_some("--default-signal=HUP"));
        env.arg(command.get_program()).args(command.get_args());
        env.stdout(Stdio::piped()).stderr(Stdio::piped());
        env
    }

    /// As `nohup` starts a program.
    #[test]
    fn a_hangup_that_is_to_be_ignored_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let trainer = training("lenet5");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
            .arg(trainer.get_program())
            .args(trainer.get_args());
        shell.arg("--output").arg(folder.path()).args(["--checkpoint-every", "1e-4"]);
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&mut child, || folder.path().join("last.ckpt").exists());
        send(&child, "-HUP");
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }

    #[test]
    fn a_signal_ends_the_step_and_saves() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
        let expected = finish(command("lenet5", &whole, &["--batch", "16"]));
        for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
            let arguments = ["--batch", "16", "--resume", "auto", "--checkpoint-every", "1e-4"];
            let mut child = heeding_hangups(&command("lenet5", &stopped, &arguments)).spawn().unwrap();
            let written =
                || std::fs::metadata(stopped.join("last.ckpt")).and_then(|file| file.modified()).ok();
            let before = written();
            wait_for(&mut child, || written() != before);
            send(&child, signal);
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
            let message = stderr(&output);
            assert!(
                message.lines().last().unwrap().starts_with("interrupted: --resume auto goes on"),
                "{message}"
            );
            assert!(!output.stderr.contains(&0x1b) && output.stdout.is_empty());
        }
        assert_eq!(finish(command("lenet5", &stopped, &["--batch", "16", "--resume", "auto"])), expected);
        assert!(outcome(&stopped) == outcome(&whole));
    }

    /// Drivers of devices have handlers of their own, which would end the process.
    #[test]
    fn a_signal_saves_on_every_device() {
        for device in cnn_tests::devices() {
            let folder = tempfile::tempdir().unwrap();
            let mut command = training("lenet5");
            command.args(["--device", device.kind(), "--epochs", "500", "--batch", "16"]);
            command.args(["--checkpoint-every", "1e-4", "--output"]).arg(folder.path());
            let mut child = command.spawn().unwrap();
            wait_for(&mut child, || folder.path().join("last.ckpt").exists());
            send(&child, "-TERM");
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(143), "{}: {}", device.kind(), stderr(&output));
        }
    }

    #[test]
    fn a_second_signal_ends_at_once() {
        let folder = tempfile::tempdir().unwrap();
        // A step takes seconds: the first signal waits for its end.
        let arguments = ["--epochs", "1000", "--limit", "10000", "--batch", "9000"];
        let mut child = command("mnist", folder.path(), &arguments).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        let mut announced = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(log), &mut announced).unwrap();
        sleep(Duration::from_millis(500));
        send(&child, "-INT");
        sleep(Duration::from_millis(100));
        send(&child, "-INT");
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(!folder.path().join("last.ckpt").exists());
    }

    /// A limit of the size of files stands in for a full disk: a write fails in the middle.
    #[test]
    fn without_space_the_old_checkpoint_stays() {
        let folder = tempfile::tempdir().unwrap();
        finish(command("lenet5", folder.path(), &["--epochs", "1"]));
        let before = std::fs::read(folder.path().join("last.ckpt")).unwrap();
        let limited = |blocks: usize| {
            let train = command("lenet5", folder.path(), &["--resume", "auto"]);
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
            shell.arg(train.get_program()).args(train.get_args()).output().unwrap()
        };
        // In blocks of 512 bytes: room for the weights (247 kB) and not for the checkpoint (494
        // kB).
        let output = limited(600);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let message = stderr(&output);
        assert!(message.contains("last.ckpt: cannot write: File too large"), "{message}");
        assert!(!message.contains("panicked"), "{message}");
        assert!(
            std::fs::read(folder.path().join("last.ckpt")).unwrap() == before,
            "the old checkpoint stays"
        );
        finish(command("lenet5", folder.path(), &["--resume", "auto"]));
    }
}

#[test]
fn a_run_goes_on_from_a_file_without_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let expected = finish(command("lenet5", folder.path(), &[]));
    let mut resumed = training("lenet5");
    resumed.arg("--resume").arg(folder.path().join("last.ckpt"));
    assert_eq!(finish(resumed), expected);
}

#[test]
fn what_cannot_be_resumed_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |name: &str, arguments: &[&str], code: i32, words: &[&str]| {
        let output = command(name, folder.path(), arguments).output().unwrap();
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{message}");
        let line = message.lines().last().unwrap();
        words.iter().for_each(|word| assert!(line.contains(word), "no '{word}' in: {line}"));
    };
    let checkpoint = folder.path().join("last.ckpt");
    finish(command("lenet5", folder.path(), &["--epochs", "1"]));
    fails(
        "lenet5",
        &["--resume", "auto", "--batch", "32", "--lr", "0.1"],
        1,
        &["--batch 64, now 32", "lr = 0.05", "lr = 0.1"],
    );
    fails(
        "lenet5",
        &["--resume", "auto", "--optimizer", "adadelta"],
        1,
        &["--optimizer sgd(", ", now adadelta("],
    );
    fails("lenet5", &["--resume", "auto", "--seed", "1"], 1, &["--seed 0, now 1"]);
    fails("lenet5", &["--resume", "auto", "--limit", "500"], 1, &["--limit 640, now 500"]);
    fails("mnist", &["--resume", "auto"], 1, &["last.ckpt", "network LeNet5, now MnistCnn"]);
    fails("lenet5", &["--resume", "nowhere.ckpt"], 1, &["nowhere.ckpt: cannot read"]);
    let weights = folder.path().join("last.safetensors");
    fails("lenet5", &["--resume", weights.to_str().unwrap()], 1, &["last.safetensors", "--init"]);

    let mut bytes = std::fs::read(&checkpoint).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&checkpoint, &bytes).unwrap();
    fails("lenet5", &["--resume", "auto"], 1, &["last.ckpt: damaged"]);
    std::fs::write(&checkpoint, &bytes[..middle]).unwrap();
    fails("lenet5", &["--resume", "auto"], 1, &["last.ckpt: no checkpoint, or a damaged one"]);
}

/// The run that is resumed in another folder leaves there what it would have left in its own.
#[test]
fn another_folder_becomes_complete() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, first, second, third] =
        ["whole", "first", "second", "third"].map(|name| folder.path().join(name));
    let expected = finish(command("lenet5", &whole, &[]));
    finish(command("lenet5", &first, &["--epochs", "2"]));
    let resume = |from: &str, output: &Path, epochs: &str| {
        let from = first.join(from);
        finish(command("lenet5", output, &["--epochs", epochs, "--resume", from.to_str().unwrap()]))
    };
    assert_eq!(resume("last.ckpt", &second, "3"), expected);
    assert!(outcome(&second) == outcome(&whole));
    // Nothing is left to train: the folder holds the run as far as it went.
    resume("epoch-1.ckpt", &third, "1");
    let [last, best] = ["last", "best"].map(|name| std::fs::read(third.join(format!("{name}.safetensors"))));
    assert!(last.unwrap() == best.unwrap());
    for name in ["last.ckpt", "epoch-1.ckpt", "metrics.jsonl", "metrics.csv", "curves.svg"] {
        assert!(third.join(name).exists(), "{name}");
    }
    // The same in its own folder, which held more epochs.
    resume("epoch-1.ckpt", &first, "1");
    let weights =
        |folder: &Path, name: &str| std::fs::read(folder.join(format!("{name}.safetensors"))).unwrap();
    assert!(["last", "best"].iter().all(|name| weights(&first, name) == weights(&third, "last")));
}
