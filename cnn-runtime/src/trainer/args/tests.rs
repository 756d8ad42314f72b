//! Commands with and without a name, and bad values: one line that names the flag.

use super::*;
use crate::trainer::fixture::DESCRIPTION;

fn words(line: &str) -> Vec<OsString> {
    format!("net {line}").split_whitespace().map(OsString::from).collect()
}

fn command(line: &str) -> Result<(Common, Command)> {
    match parse_from(&DESCRIPTION, words(line))? {
        Invocation::Run(common, command) => Ok((common, command)),
        Invocation::Print(text) => panic!("{text}"),
    }
}

#[track_caller]
fn assert_error(line: &str, expected: &str) {
    let error = command(line).unwrap_err();
    assert_eq!(crate::trainer::exit::code(&error), 2);
    let message = error.to_string();
    assert!(message.contains(expected) && !message.contains('\n'), "{message}");
}

#[test]
fn train_is_the_default_command() {
    for line in ["", "--epochs 3", "train --epochs 3", "--device cpu --lr 0.1"] {
        assert!(matches!(command(line).unwrap().1, Command::Train(_)), "{line}");
    }
    assert!(matches!(command("bench --infer").unwrap().1, Command::Bench(_)));
}

#[test]
fn global_options_stand_on_either_side_of_the_command() {
    for line in ["bench --seed 7 --device cpu", "--seed 7 bench --device cpu", "train --seed 7", "--seed 7"] {
        assert_eq!(command(line).unwrap().0.seed, 7, "{line}");
    }
}

#[test]
fn bad_values_name_the_flag() {
    assert_error("--batch 0", "'0' for '--batch <N>': expected a whole number of at least 1");
    assert_error("bench --batch 9999999", "expected at most 1048576");
    assert_error("--epochs 0", "'--epochs <N>'");
    assert_error("--lr nan", "'nan' for '--lr <X>': must be a number above 0");
    assert_error("--lr -1", "must be above 0, found -1");
    assert_error("bench --steps -1", "expected a whole number");
    assert_error("--val-split 1", "expected a number between 0 and 1");
    assert_error("--data cifar11", "expected mnist, fashion-mnist, cifar10, cifar100 or folder:DIR");
    assert_error(
        "--optimizer adm",
        "'adm' for '--optimizer <NAME>': unknown optimizer `adm`; did you mean `adam`?",
    );
    assert_error("--schedule cos", "unknown schedule `cos`; expected");
    assert_error("--momentum 1", "must be at least 0 and below 1, found 1");
    assert_error("--average -1", "must be at least 0 and below 1, found -1");
    assert_error("--weight-decay -1", "must be at least 0, found -1");
    assert_error("--clip-norm nan", "must be a number at least 0");
    assert_error("--clip-value x", "must be a number at least 0");
    assert_error("--warm-up x", "must be a number at least 0");
    assert_error("--accumulate 0", "expected a whole number of at least 1");
    assert_error("--patience 0", "expected a whole number of at least 1");
    assert_error("--keep -1", "'-1' for '--keep <N>'");
    assert_error("--checkpoint-every 0", "expected a number of minutes above 0");
    assert_error("eval --weights a --top 0", "expected a whole number of at least 1");
    assert_error("--nonsense", "unexpected argument '--nonsense'");
    assert_error("eval", "--weights <FILE>");
    assert_error("--epochs 3 bench", "--epochs stands before bench");
}

#[test]
fn a_later_flag_replaces_an_earlier() {
    let Command::Train(args) = command("--epochs 3 --epochs 4").unwrap().1 else { panic!() };
    assert_eq!(args.optimisation.epochs, Some(4));
    let Command::Eval(args) = command("eval --weights a --weights b").unwrap().1 else { panic!() };
    assert_eq!(args.weights.len(), 2);
}

#[test]
fn help_names_the_network_the_commands_and_examples() {
    for line in ["--help", "train --help", "--resume auto --help"] {
        let Invocation::Print(text) = parse_from(&DESCRIPTION, words(line)).unwrap() else { panic!() };
        for word in
            ["--epochs", "--device", "Optimisation:", "Examples:", "--config run.toml", "CNN_EPOCHS=3"]
        {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
    let Invocation::Print(text) = parse_from(&DESCRIPTION, words("--help")).unwrap() else { panic!() };
    assert!(text.contains("Trains and runs Net") && text.contains("inspect"), "{text}");
}

#[test]
fn shells_complete_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let Command::Completions { shell } = command(&format!("completions {shell}")).unwrap().1 else {
            panic!()
        };
        let text = completions(&DESCRIPTION, shell);
        assert!(text.contains("checkpoint-every"), "{text}");
    }
    assert_error("completions cmd", "'cmd' for '<SHELL>'");
}
