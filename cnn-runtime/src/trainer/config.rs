//! Where the options of `train` come from: a flag, else the environment, else a file, else the
//! network and the defaults.
//!
//! The environment's `CNN_` names and the file's keys are the options' own names, so both are given
//! to clap as what stands in for a flag, and every value is read and checked in one way, wherever
//! it comes from.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command,
    builder::BoolishValueParser,
    error::{ContextKind, ContextValue},
};
use cnn_core::{Result, files};
use toml::{Table, Value};

use super::{common::Common, format::one_line, source::DataArgs, train::args as train, usage};
use crate::plan::settings::did_you_mean;

/// Options that are about the file itself.
const NO_KEYS: [&str; 2] = ["config", "dry-run"];

/// Bytes of a file of options, at most.
const LONGEST: u64 = 1 << 20;

/// Variables that are no options.
const OTHER_VARIABLES: [&str; 6] =
    ["CNN_CONFIG", "CNN_DUMP", "CNN_DRY_RUN", "CNN_ISA", "CNN_OPENCL_LIB", "CNN_REQUIRE_OPENCL"];

/// The two limits of the gradients.
pub(super) const CLIP_NORM: &str = "clip_norm";
pub(super) const CLIP_VALUE: &str = "clip_value";

/// All options of `train`, those of every command included.
fn options() -> Vec<Arg> {
    let command = Common::augment_args(train::Args::augment_args(Command::new("train")));
    command.get_arguments().cloned().collect()
}

fn names(options: &[Arg]) -> Vec<String> {
    options
        .iter()
        .filter_map(|arg| arg.get_long())
        .filter(|name| !NO_KEYS.contains(name))
        .map(String::from)
        .collect()
}

/// Lets the environment stand in for the options of `train`, and for those that say where data is,
/// in every command.
pub(super) fn with_environment(command: Command) -> Command {
    let data = DataArgs::augment_args(Command::new("data"));
    let data: Vec<String> = data.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let from_environment = |arg: Arg| match arg.get_long().map(variable) {
        Some(variable) => switchable(arg).env(variable).hide_env(true),
        None => arg,
    };
    command.mut_args(from_environment).mut_subcommands(|command| {
        let all = command.get_name() == "train";
        command.mut_args(|arg| {
            if all || data.contains(&arg.get_id().to_string()) { from_environment(arg) } else { arg }
        })
    })
}

/// What is wrong with the environment: the first value that is no text, which an option could not
/// read, and lines about variables that nothing reads.
pub(super) fn look_at_environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<String>> {
    let options: Vec<String> = names(&options()).iter().map(|name| variable(name)).collect();
    let known: Vec<&str> = options.iter().map(String::as_str).chain(OTHER_VARIABLES).collect();
    let mut unread = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with("CNN_")) else { continue };
        if !known.contains(&name) {
            let guess = did_you_mean(name, known.iter().copied());
            unread.push(format!("{name} is in the environment, and nothing reads it{guess}"));
        } else if value.to_str().is_none() && !takes_any_path(name) {
            return Err(usage(format!("{name}: expected a text, found bytes that are none")));
        }
    }
    Ok(unread)
}

/// True of a variable whose value is a path, or begins one.
fn takes_any_path(variable: &str) -> bool {
    ["CNN_DATA", "CNN_DATA_DIR", "CNN_OUTPUT", "CNN_RESUME", "CNN_INIT", "CNN_CONFIG", "CNN_OPENCL_LIB"]
        .contains(&variable)
}

fn variable(option: &str) -> String {
    format!("CNN_{}", option.replace('-', "_").to_uppercase())
}

/// Lets a flag without a value be on and off elsewhere: 1, true, yes, on and their opposites.
fn switchable(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    }
}

/// The variable that holds a value which was rejected; none if a flag may have given it. `lookup`
/// reads the environment.
pub(super) fn culprit(
    error: &clap::Error,
    arguments: &[String],
    lookup: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    // As in `--epochs <N>`.
    let option = text(ContextKind::InvalidArg)?.split([' ', '=']).next()?;
    let is_given = arguments.iter().any(|argument| argument.split('=').next() == Some(option));
    let variable = variable(option.strip_prefix("--")?);
    let holds_it = lookup(&variable)? == text(ContextKind::InvalidValue)?;
    (holds_it && !is_given).then_some(variable)
}

/// The file that `--config` or `CNN_CONFIG` names, whatever else is wrong with the command line.
pub(super) fn file(command: &Command, arguments: &[std::ffi::OsString]) -> Option<PathBuf> {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    let of = |matches: &ArgMatches| matches.try_get_one::<PathBuf>("config").ok().flatten().cloned();
    let in_command = matches.subcommand().and_then(|(_, matches)| of(matches));
    in_command.or_else(|| of(&matches))
}

/// Lets a file stand in for the options of `train`.
pub(super) fn with_file(command: Command, path: &Path) -> Result<Command> {
    let mut text = String::new();
    let wrong = |message: String| usage(format!("{}: {message}", path.display()));
    let file = files::open(path)?;
    let length = file.metadata().map_err(files::failed(path, "read"))?.len();
    if length > LONGEST {
        return Err(wrong(format!("{length} bytes are no file of options")));
    }
    file.take(LONGEST).read_to_string(&mut text).map_err(files::failed(path, "read"))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start]);
        wrong(format!("line {}: {}", before.matches('\n').count() + 1, one_line(error.message())))
    })?;
    // The program's own names of data sets and devices are among what the command takes.
    let options: Vec<Arg> = options().into_iter().map(|arg| switchable(as_taken_by(&command, arg))).collect();
    let (names, flags) = (names(&options), Command::new("train").args(options));
    let mut given = BTreeSet::new();
    table.iter().try_fold(command, |command, (key, value)| {
        let name = key.replace('_', "-");
        if !given.insert(name.clone()) {
            return Err(wrong(format!("{name} is there twice, with - and with _")));
        }
        if !names.contains(&name) {
            return Err(wrong(unknown(&name, &names)));
        }
        let value = text_of(value).ok_or_else(|| wrong(format!("{key}: expected a number or a text")))?;
        check(&flags, &name, &value).map_err(|error| wrong(error.to_string()))?;
        Ok(stand_in(command, &name, &value))
    })
}

/// An option with the values that a command takes for it.
fn as_taken_by(command: &Command, option: Arg) -> Arg {
    match command.get_arguments().find(|arg| arg.get_id() == option.get_id()) {
        Some(arg) => option.value_parser(arg.get_value_parser().clone()),
        None => option,
    }
}

fn unknown(name: &str, names: &[String]) -> String {
    match did_you_mean(name, names.iter().map(String::as_str)) {
        guess if guess.is_empty() => {
            format!("unknown key {name}: train --help lists the options, which are the keys")
        }
        guess => format!("unknown key {name}{guess}"),
    }
}

/// Reads one value as a flag's would be, whatever else is given.
fn check(flags: &Command, name: &str, value: &str) -> Result<()> {
    let matches = stand_in(flags.clone(), name, value).try_get_matches_from(["train"]);
    matches.map(drop).map_err(super::rejected::rejected)
}

fn stand_in(command: Command, name: &str, value: &str) -> Command {
    let id = name.replace('-', "_");
    let value = value.to_owned();
    let here = |command: Command| {
        if command.get_arguments().any(|arg| arg.get_id() == id.as_str()) {
            command.mut_arg(&id, |arg| arg.default_value(value.clone()))
        } else {
            command
        }
    };
    match command.find_subcommand("train") {
        Some(_) => here(command).mut_subcommand("train", here),
        None => here(command),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Some(value.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

/// Of the two limits of gradients, the one to forget: a weaker source gave it than the other.
pub(super) fn outranked(matches: &ArgMatches) -> Option<&'static str> {
    let source = |id| matches.try_contains_id(id).ok().and_then(|_| matches.value_source(id));
    match [CLIP_NORM, CLIP_VALUE].map(source) {
        [Some(norm), Some(value)] if norm < value => Some(CLIP_NORM),
        [Some(norm), Some(value)] if value < norm => Some(CLIP_VALUE),
        _ => None,
    }
}

/// The options that have a value, as a file would give them.
pub(super) fn table(matches: &ArgMatches) -> Table {
    let value = |arg: Arg| {
        let name = arg.get_long().filter(|name| !NO_KEYS.contains(name))?;
        let raw: Vec<_> =
            matches.try_get_raw(arg.get_id().as_str()).ok()??.map(|raw| raw.to_string_lossy()).collect();
        Some((name.to_owned(), typed(&raw.join(","))))
    };
    options().into_iter().filter_map(value).collect()
}

/// A number as a number, if TOML writes it as it is written here: a folder may be called 007.
pub(super) fn typed(text: &str) -> Value {
    let float = || text.parse::<f64>().ok().filter(|value| value.is_finite() && text.contains(['.', 'e']));
    let number = text.parse().map(Value::Integer).ok().or_else(|| float().map(Value::Float));
    number.filter(|value| value.to_string() == text).unwrap_or_else(|| Value::String(text.into()))
}

#[cfg(test)]
mod tests;
