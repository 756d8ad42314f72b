//! The pages of the guide that are tables of the command line: docs/options.md and
//! docs/exit-codes.md. `REWRITE_GUIDE=1 cargo test -p cnn-runtime --features trainer guide` writes
//! them anew.

use std::{env, fs, io, path::PathBuf};

use clap::{Arg, ArgAction};

use super::super::{Additions, command};
use crate::{
    DeviceError, Error, Remedy,
    trainer::{exit, fixture::DESCRIPTION},
};

const OPTIONS: &str = "# Commands and options

What every trainer takes, as its `--help` says it. A program may add data sets, devices and commands of its own.
Made from the command line itself by `cnn-runtime/src/trainer/args/tests/guide.rs`; do not edit it by hand.

Every option of `train` may also be set by the environment (`CNN_EPOCHS=3`, `CNN_WEIGHT_DECAY=1e-4`) or in a file of `--config`
(`epochs = 3`). A flag comes first, then the environment, the file, and what the network declares.
";

const EXIT_CODES: &str = "# Exit codes and errors

How a trainer ends. Results go to stdout; progress, notes and the one line of an error go to stderr.
Made from the code by `cnn-runtime/src/trainer/args/tests/guide.rs`; do not edit it by hand.
";

const ERRORS: &str = "
## Errors of the library

A program that calls the library gets the same errors as values of `cnn_runtime::Error`. `Error::remedies` says what would help,
where anything but the message is known; the command line puts that into options.

| variant | exit code of a trainer | for example |
|---|---|---|
";

#[test]
fn the_guide_lists_the_options() {
    let mut whole = command(&DESCRIPTION, &Additions::default());
    whole.build();
    let mut page = OPTIONS.to_string();
    page += &section("## Options of all commands", whole.get_arguments().filter(|arg| arg.is_global_set()));
    let mut commands: Vec<_> =
        whole.get_subcommands().filter(|command| command.get_name() != "help").collect();
    // The default command first.
    commands.sort_by_key(|command| command.get_name() != "train");
    for command in commands {
        let title = format!("## `{}`\n\n{}.", command.get_name(), command.get_about().unwrap_or_default());
        page += &section(&title, command.get_arguments().filter(|arg| !arg.is_global_set()));
    }
    check("options.md", &page);
}

#[test]
fn the_guide_lists_the_exit_codes() {
    let documented: Vec<_> =
        include_str!("../../mod.rs").lines().filter_map(|line| line.strip_prefix("//! |")).collect();
    let mut page = format!("{EXIT_CODES}\n");
    documented.iter().for_each(|row| page += &format!("|{row}\n"));
    page += ERRORS;
    for error in errors() {
        let debug = format!("{error:?}");
        let variant = debug.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        let code = exit::code(&error);
        assert!(
            documented.iter().any(|row| row.starts_with(&format!(" {code} |"))),
            "{code} is not documented"
        );
        page += &format!("| `{variant}` | {code} | `{}` |\n", exit::message(&error));
    }
    check("exit-codes.md", &page);
}

/// One of each kind.
fn errors() -> Vec<Error> {
    let usage =
        "--output runs/a: holds a run (last.ckpt); --resume auto goes on with it, --overwrite replaces it";
    let data = "a class that the training images do not have".to_string();
    let source = io::Error::other("No space left on device (os error 28)");
    let device = DeviceError::new("no memory for a batch of 512");
    vec![
        Error::Usage(usage.into()),
        Error::Data { path: "photos/val/owl".into(), message: data },
        Error::weights(
            "best.safetensors".as_ref(),
            "not the weights of Net: fc.weight is [3, 64], expected [10, 64]",
        ),
        Error::Io { path: "runs/a/last.ckpt".into(), action: "write", source },
        device.with_remedy(Remedy::SmallerBatch { at_most: Some(96) }).into(),
        Error::diverged("the loss", 3)(f64::NAN),
        Error::Unusable { loss: f64::NAN },
    ]
}

/// A title and a table of options; the title alone where there are none.
fn section<'a>(title: &str, options: impl Iterator<Item = &'a Arg>) -> String {
    let shown = |arg: &&Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version");
    let options: Vec<_> = options.filter(shown).collect();
    let mut section = format!("\n{title}\n");
    for heading in headings(&options) {
        if let Some(heading) = heading.filter(|_| headings(&options).len() > 1) {
            section += &format!("\n### {heading}\n");
        }
        section += "\n| option | is |\n|---|---|\n";
        let of_heading = options.iter().filter(|arg| arg.get_help_heading() == heading);
        of_heading.for_each(|arg| section += &row(arg));
    }
    section
}

/// The headings of options, in order.
fn headings<'a>(options: &[&'a Arg]) -> Vec<Option<&'a str>> {
    let mut headings: Vec<_> = Vec::new();
    for heading in options.iter().map(|arg| arg.get_help_heading()) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings
}

fn row(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let values = if takes_values(arg) { names.join(" ") } else { String::new() };
    let option = match arg.get_long() {
        Some(long) if values.is_empty() => format!("--{long}"),
        Some(long) => format!("--{long} {values}"),
        None => values,
    };
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
    // What the default is depends on the network and the program.
    help = help.replace("[default: mnist]", "[default: the program's own, or mnist for images of 1x28x28]");
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes_values(arg) && !default.is_empty() {
        help += &format!(" [default: {}]", default.join(" "));
    }
    format!("| `{}` | {help} |\n", option.replace('|', "\\|"))
}

fn takes_values(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Compares a page of the guide with what it should be, or writes it.
fn check(page: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    if env::var_os("REWRITE_GUIDE").is_some() {
        fs::write(&path, expected).expect("docs/");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/{page} is stale: REWRITE_GUIDE=1 cargo test -p cnn-runtime --features trainer guide"
    );
}
