//! The program `stripes` as a user runs it.

use std::process::Command;

/// What the program prints, on stdout and on stderr, if it ends well.
fn run(arguments: &[&str]) -> [String; 2] {
    let output = Command::new(env!("CARGO_BIN_EXE_stripes")).args(arguments).output().expect("a program");
    let texts = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    assert!(output.status.success(), "{arguments:?}: {texts:?}");
    texts
}

#[test]
fn a_device_from_outside_trains_on_data_from_outside() {
    let [result, log] = run(&["--device", "naive", "--seed", "3"]);
    assert!(result.starts_with("test accuracy 1.0000"), "{result} {log}");
    assert!(log.contains("on naive (plain loops)"), "{log}");
}

#[test]
fn commands_and_devices_are_found_by_name() {
    let [count, _] = run(&["count", "--device", "naive"]);
    assert_eq!(count, "96 images on naive\n");
    let [help, _] = run(&["--help"]);
    assert!(help.contains("count") && help.contains("Where to compute: naive, auto"), "{help}");
    let [summary, _] = run(&["summary"]);
    assert!(summary.contains("conv2@2") && summary.contains("the parameters of conv2"), "{summary}");
}
