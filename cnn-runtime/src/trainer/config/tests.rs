//! Precedence, and files that say something wrong.

use std::io::Write;

use super::*;
use crate::trainer::{
    additions::Additions,
    args::{self, Command, Invocation},
    fixture::DESCRIPTION,
};

fn parse(file: &str, line: &str) -> Result<(Common, train::Args)> {
    let mut config = tempfile::NamedTempFile::new().unwrap();
    config.write_all(file.as_bytes()).unwrap();
    let line = format!("net {line} --config {}", config.path().display());
    let words = line.split_whitespace().map(Into::into).collect();
    match args::parse_from(&DESCRIPTION, &Additions::default(), words)? {
        Invocation::Run(common, Command::Train(args)) => Ok((common, *args)),
        _ => panic!("{line}"),
    }
}

#[test]
fn a_flag_comes_before_the_file_and_the_file_before_defaults() {
    for command in ["", "train"] {
        let file = "epochs = 7\nlr = 0.25\ncheckpoint_every = 2.5\nseed = 99\noutput = \"runs/a\"\n";
        let (common, args) = parse(file, &format!("{command} --epochs 3")).unwrap();
        assert_eq!((args.optimisation.epochs, args.optimisation.lr, common.seed), (Some(3), Some(0.25), 99));
        assert_eq!(args.kept.checkpoint_every.as_secs(), 150);
        assert_eq!(args.kept.output.as_deref(), Some(Path::new("runs/a")));
        assert_eq!(parse(file, &format!("{command} --seed 5")).unwrap().0.seed, 5);
    }
}

#[test]
fn mistakes_name_file_and_key() {
    let fails = |file: &str, expected: &str| {
        let error = parse(file, "").unwrap_err();
        let (message, folder) = (error.to_string(), std::env::temp_dir().display().to_string());
        assert!(
            message.contains(expected) && message.starts_with(&folder) && !message.contains('\n'),
            "{message}"
        );
        assert_eq!(crate::trainer::exit::code(&error), 2);
    };
    fails("bacth = 3", ": unknown key bacth; did you mean `batch`?");
    fails("colour = 3", ": unknown key colour: train --help lists the options");
    fails("dry-run = true", ": unknown key dry-run");
    fails("epochs = 0", "'0' for '--epochs <N>': expected a whole number of at least 1");
    fails("epochs = [1]", ": epochs: expected a number or a text");
    fails("seed = 1\nepochs = \n", ": line 2: ");
}

#[test]
fn a_variable_with_a_wrong_value_is_named() {
    let error = |value| {
        let line = ["train".to_owned(), format!("--epochs={value}")];
        clap::Command::new("train").args(options()).try_get_matches_from(line).unwrap_err()
    };
    let lookup = |name: &str| (name == "CNN_EPOCHS").then(|| "many".to_owned());
    assert_eq!(culprit(&error("many"), &[], lookup).as_deref(), Some("CNN_EPOCHS"));
    assert_eq!(culprit(&error("few"), &[], lookup), None);
    assert_eq!(culprit(&error("many"), &["--epochs=many".into()], lookup), None);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let line = ["net", "--config", "/nowhere/run.toml"].map(Into::into).to_vec();
    let Err(error) = args::parse_from(&DESCRIPTION, &Additions::default(), line) else {
        panic!("read /nowhere/run.toml")
    };
    assert!(error.to_string().starts_with("/nowhere/run.toml: cannot read"), "{error}");
}

#[test]
fn what_was_given_is_a_file_again() {
    let (_, args) =
        parse("lr = 1e-3\nseed = \"18446744073709551615\"\n", "train --epochs 3 --device cpu").ok().unwrap();
    let text = args.given.to_string();
    for line in ["lr = 0.001\n", "epochs = 3\n", "device = \"cpu\"\n"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(parse(&text, "").unwrap().1.given, args.given);
}

#[test]
fn a_limit_from_a_flag_replaces_another_from_a_file() {
    let limits = |line: &str| {
        let args = parse("clip-norm = 1", line).unwrap().1;
        (args.optimisation.clip_norm, args.optimisation.clip_value)
    };
    for command in ["", "train"] {
        assert_eq!(limits(command), (Some(1.0), None));
        assert_eq!(limits(&format!("{command} --clip-value 2")), (None, Some(2.0)));
        let both = format!("{command} --clip-value 2 --clip-norm 3");
        assert_eq!(limits(&both), (Some(3.0), Some(2.0)));
    }
}

#[test]
fn the_environment_is_looked_at() {
    let look = |name: &str| look_at_environment([(name.into(), "1".into())].into_iter());
    assert_eq!(look("CNN_EPOCHS").unwrap(), Vec::<String>::new());
    assert_eq!(look("HOME").unwrap(), Vec::<String>::new());
    let expected = "CNN_EPOCH is in the environment, and nothing reads it; did you mean `CNN_EPOCHS`?";
    assert_eq!(look("CNN_EPOCH").unwrap(), [expected]);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let bytes = || OsString::from_vec(vec![0xff]);
        let look = |name: &str| look_at_environment([(name.into(), bytes())].into_iter());
        assert!(look("CNN_EPOCHS").unwrap_err().to_string().starts_with("CNN_EPOCHS: expected a text"));
        assert!(look("CNN_OUTPUT").is_ok());
    }
}

#[test]
fn a_key_is_there_once() {
    let error = parse("val_split = 0.5\nval-split = 0.3\n", "").err().unwrap().to_string();
    assert!(error.ends_with("val-split is there twice, with - and with _"), "{error}");
}
