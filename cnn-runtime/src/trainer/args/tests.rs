//! Commands with and without a name, and bad values: one line that names the flag.

mod guide;

use super::*;
use crate::{
    device::{Device, DeviceChoice},
    trainer::fixture::DESCRIPTION,
};

fn words(line: &str) -> Vec<OsString> {
    format!("net {line}").split_whitespace().map(OsString::from).collect()
}

fn command(line: &str) -> Result<(Common, Command)> {
    match parse_from(&DESCRIPTION, &Additions::default(), words(line))? {
        Invocation::Run(common, command) => Ok((common, command)),
        Invocation::Print(text) => panic!("{text}"),
        Invocation::RunOwn(..) => panic!("{line}"),
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
    assert_error(
        "--data cifar11",
        "expected mnist, fashion-mnist, cifar10, cifar100, folder:DIR, csv:FILE or idx:DIR",
    );
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
        let Invocation::Print(text) = parse_from(&DESCRIPTION, &Additions::default(), words(line)).unwrap()
        else {
            panic!()
        };
        for word in
            ["--epochs", "--device", "Optimisation:", "Examples:", "--config run.toml", "CNN_EPOCHS=3"]
        {
            assert!(text.contains(word), "{word} in {text}");
        }
    }
    let Invocation::Print(text) = parse_from(&DESCRIPTION, &Additions::default(), words("--help")).unwrap()
    else {
        panic!()
    };
    assert!(text.contains("Trains and runs Net") && text.contains("inspect"), "{text}");
}

#[test]
fn shells_complete_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let Command::Completions { shell } = command(&format!("completions {shell}")).unwrap().1 else {
            panic!()
        };
        let text = completions(&DESCRIPTION, &Additions::default(), shell);
        assert!(text.contains("checkpoint-every"), "{text}");
    }
    assert_error("completions cmd", "'cmd' for '<SHELL>'");
}

/// A program with two data sets and a command of its own.
fn additions() -> Additions {
    let mut additions = Additions::default();
    for name in ["stripes", "dots"] {
        additions.brought.dataset(name, std::sync::Arc::new(|_| Err(usage("never opened"))));
    }
    let (name, about) = ("count".into(), "Count images".into());
    additions.commands.push(OwnCommand { name, about, run: Box::new(|_| Ok(())) });
    additions
}

#[test]
fn a_programs_own_data_and_commands_are_taken() {
    let parse = |line: &str| parse_from(&DESCRIPTION, &additions(), words(line));
    for (line, data) in [("", "stripes"), ("--data dots", "dots"), ("train --data mnist", "mnist")] {
        let Ok(Invocation::Run(_, Command::Train(mut args))) = parse(line) else { panic!("{line}") };
        args.data.bring(additions().brought);
        assert_eq!(args.data.name(&DESCRIPTION).unwrap(), data);
    }
    let Ok(Invocation::RunOwn(0, _, data, rest)) = parse("count --data dots a --seed 3 -- --b") else {
        panic!("a command")
    };
    assert_eq!((data.kind(), rest), ("dots".into(), vec!["a".into(), "--b".into()]));
    let error = parse("--data spots").err().unwrap().to_string();
    assert!(error.contains("expected stripes, dots, mnist"), "{error}");
    let error = parse("--epochs 3 count").err().unwrap().to_string();
    assert!(error.contains("--epochs stands before count"), "{error}");
    let Ok(Invocation::Print(help)) = parse("train --help") else { panic!("help") };
    assert!(help.contains("Data set: stripes, dots, mnist"), "{help}");
}

#[test]
fn a_programs_own_device_is_opened_by_its_name() {
    let mut additions = additions();
    additions.devices.add("naive", std::sync::Arc::new(|threads| Device::open(&DeviceChoice::Cpu, threads)));
    let open = |line: &str| {
        let mut common = match parse_from(&DESCRIPTION, &additions, words(line))? {
            Invocation::Run(common, _) | Invocation::RunOwn(_, common, ..) => common,
            Invocation::Print(text) => panic!("{text}"),
        };
        common.bring(additions.devices.clone());
        common.open_device()
    };
    for line in
        ["--device naive --threads 3", "bench --device naive --threads 3", "count --threads 3 --device naive"]
    {
        assert_eq!(open(line).unwrap().threads(), 3, "{line}");
    }
    assert_eq!(open("--device cpu --threads 2").unwrap().threads(), 2);
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("run.toml");
    std::fs::write(&file, "device = \"naive\"\ndata = \"dots\"\nthreads = 4\n").unwrap();
    assert_eq!(open(&format!("--config {}", file.display())).unwrap().threads(), 4);
    std::fs::write(&file, "device = \"nave\"\n").unwrap();
    let error = open(&format!("--config {}", file.display())).unwrap_err().to_string();
    assert!(error.contains("use naive, auto"), "{error}");
    let error = open("--device navie").unwrap_err().to_string();
    assert!(error.contains("unknown device 'navie'; use naive, auto, cpu, opencl"), "{error}");
    let Ok(Invocation::Print(help)) = parse_from(&DESCRIPTION, &additions, words("--help")) else { panic!() };
    assert!(help.contains("Where to compute: naive, auto, cpu"), "{help}");
}

#[test]
fn what_a_program_adds_needs_names_of_its_own() {
    let error = |change: fn(&mut Additions)| {
        let mut additions = additions();
        change(&mut additions);
        parse_from(&DESCRIPTION, &additions, words("")).err().unwrap().to_string()
    };
    let mnist = error(|additions| {
        additions.brought.dataset("mnist", std::sync::Arc::new(|_| Err(usage("never opened"))));
    });
    assert!(mnist.contains("data set `mnist`"), "{mnist}");
    let train = error(|additions| additions.commands[0].name = "train".into());
    assert!(train.contains("command `train`"), "{train}");
    let help = error(|additions| additions.commands[0].name = "help".into());
    assert!(help.contains("command `help`"), "{help}");
    for name in ["", "-x", "two words"] {
        let mut additions = additions();
        additions.commands[0].name = name.into();
        let error = parse_from(&DESCRIPTION, &additions, words("")).err().unwrap().to_string();
        assert!(error.contains("a name has letters"), "{error}");
    }
    let data = error(|additions| {
        additions.brought.dataset("dots", std::sync::Arc::new(|_| Err(usage("never opened"))));
    });
    assert!(data.contains("data set `dots`"), "{data}");
    let device = error(|additions| {
        additions.devices.add("auto", std::sync::Arc::new(|_| Err(usage("never opened"))));
    });
    assert!(device.contains("device `auto`"), "{device}");
    let twice = error(|additions| {
        let (name, about) = ("count".into(), String::new());
        additions.commands.push(OwnCommand { name, about, run: Box::new(|_| Ok(())) });
    });
    assert!(twice.contains("command `count`"), "{twice}");
}
