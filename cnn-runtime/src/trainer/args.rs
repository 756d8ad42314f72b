//! What the command line says: one command, `train` if none is named, and the options that all
//! commands share.

use std::{env, ffi::OsString};

use clap::{
    Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{OsStringValueParser, TypedValueParser},
    error::ErrorKind,
    parser::ValueSource,
    value_parser,
};
use clap_complete::Shell;
use cnn_core::Result;

use super::{
    additions::{Additions, OwnCommand},
    bench,
    common::{Common, DeviceName, program},
    config, eval, export, inspect, log_line, predict,
    rejected::rejected,
    source::{self, DataArgs},
    summary, train, usage,
    values::DataName,
    visualize,
};
use crate::plan::Description;

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Train (the default command)
    Train(Box<train::Args>),
    /// Measure weights on the test images
    Eval(eval::Args),
    /// Name the likeliest classes or labels of images, or their values
    Predict(predict::Args),
    /// Draw filters, and the feature maps of an image
    Visualize(visualize::Args),
    /// Write weights for other tools
    Export(export::Args),
    /// Show layers, parameters, work and memory
    Summary(summary::Args),
    /// Write logits, loss and gradients of given weights and images, for comparison with another
    /// implementation
    Inspect(inspect::Args),
    /// Measure speed on random data
    Bench(bench::Args),
    /// Print a shell's completions of this command line
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Parser, Debug)]
#[command(version = concat!("(cnn-runtime ", env!("CARGO_PKG_VERSION"), ")"), allow_negative_numbers = true, args_override_self = true)]
struct CommandLine {
    #[command(flatten)]
    common: Common,

    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    train: train::Args,
}

impl Command {
    /// Where this command takes images from, if it reads a data set.
    pub(super) fn data_mut(&mut self) -> Option<&mut DataArgs> {
        match self {
            Command::Train(args) => Some(&mut args.data),
            Command::Eval(args) => Some(&mut args.data),
            Command::Predict(_)
            | Command::Visualize(_)
            | Command::Export(_)
            | Command::Summary(_)
            | Command::Inspect(_)
            | Command::Bench(_)
            | Command::Completions { .. } => None,
        }
    }
}

/// What to do.
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub(super) enum Invocation {
    /// Print help or the version.
    Print(String),
    /// Run a command.
    Run(Common, Command),
    /// Run one of the program's own, by its place among them.
    RunOwn(usize, Common, DataArgs, Vec<OsString>),
}

/// Reads the process's arguments, its environment and the file that they name.
pub(super) fn parse(description: &Description, additions: &Additions) -> Result<Invocation> {
    parse_from(description, additions, env::args_os().collect())
}

pub(super) fn parse_from(
    description: &Description,
    additions: &Additions,
    arguments: Vec<OsString>,
) -> Result<Invocation> {
    let built_in: Vec<String> =
        CommandLine::command().get_subcommands().map(|command| command.get_name().into()).collect();
    additions.check(&built_in)?;
    config::look_at_environment(env::vars_os())?.iter().for_each(|line| log_line(line));
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut command = config::with_environment(command(description, additions));
    if let Some(path) = config::file(&command, &arguments) {
        command = config::with_file(command, &path)?;
    }
    match command.try_get_matches_from(arguments).and_then(|matches| read(matches, additions)) {
        Ok(invocation) => invocation,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Invocation::Print(error.render().to_string()))
        }
        Err(error) => Err(match config::culprit(&error, &words, |variable| env::var(variable).ok()) {
            Some(variable) => usage(format!("{variable}: {}", rejected(error))),
            None => rejected(error),
        }),
    }
}

/// What a command line asks for; an error of clap's, or of what clap cannot say.
fn read(mut matches: ArgMatches, additions: &Additions) -> clap::error::Result<Result<Invocation>> {
    if let Some(message) = misplaced(&matches) {
        return Ok(Err(usage(message)));
    }
    if let Some(own) = own(&mut matches, additions)? {
        return Ok(Ok(own));
    }
    let train = train_matches(&matches);
    let (given, outranked) = (config::table(train), config::outranked(train));
    let line = CommandLine::from_arg_matches_mut(&mut matches)?;
    let command = match line.command.unwrap_or(Command::Train(Box::new(line.train))) {
        Command::Train(args) => {
            let mut args = train::Args { given, ..*args };
            match outranked {
                Some(config::CLIP_NORM) => args.optimisation.clip_norm = None,
                Some(_) => args.optimisation.clip_value = None,
                None => {}
            }
            Command::Train(Box::new(args))
        }
        other => other,
    };
    Ok(Ok(Invocation::Run(line.common, command)))
}

fn command(description: &Description, additions: &Additions) -> clap::Command {
    let lessons = LESSONS.replace("NAME", &program().unwrap_or_else(|| description.name.into()));
    let about = format!("Trains and runs {}", description.name);
    let own = additions.commands.iter().map(own_command);
    let names: Vec<String> = additions.brought.names().map(String::from).collect();
    let devices: Vec<String> = additions.devices.names().map(String::from).collect();
    let with_data = |arg| with_data(arg, &names, source::default(description));
    CommandLine::command()
        .subcommands(own)
        .mut_args(|arg| with_devices(with_data(arg), &devices))
        .mut_subcommands(|command| command.mut_args(with_data))
        .about(about)
        .after_help(lessons.clone())
        .mut_subcommands(|command| command.allow_negative_numbers(true).args_override_self(true))
        .mut_subcommand("train", |command| command.after_help(lessons))
}

/// Lets `--data` name the data sets of the program, of which the first is what is taken by default;
/// without any it is that of the network, if there is one.
fn with_data(arg: Arg, names: &[String], default: Option<&str>) -> Arg {
    if arg.get_id() != DATA {
        return arg;
    }
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if let Some(default) = names.first().map(String::as_str).or(default) {
        help += &format!(" [default: {default}]");
    }
    let own = names.to_vec();
    if !own.is_empty() {
        help = help.replace(DATA_SETS, &format!("{DATA_SETS}{}, ", names.join(", ")));
    }
    arg.help(help).value_parser(OsStringValueParser::new().try_map(move |text| DataName::among(&text, &own)))
}

/// Lets `--device` name the devices of the program.
fn with_devices(arg: Arg, names: &[String]) -> Arg {
    if arg.get_id() != DEVICE || names.is_empty() {
        return arg;
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let own = names.to_vec();
    arg.help(help.replace(DEVICES, &format!("{DEVICES}{}, ", names.join(", "))))
        .value_parser(move |text: &str| DeviceName::among(text, &own))
}

/// A command that the program adds: with the options that say where data is, and any words.
fn own_command(own: &OwnCommand) -> clap::Command {
    let words = Arg::new(WORDS).value_name("ARGUMENT").num_args(0..).value_parser(value_parser!(OsString));
    DataArgs::augment_args(clap::Command::new(own.name.clone())).about(own.about.clone()).arg(words)
}

/// The command of the program's own that was given, if one was.
fn own(matches: &mut ArgMatches, additions: &Additions) -> clap::error::Result<Option<Invocation>> {
    let name = matches.subcommand_name();
    let Some(place) = additions.commands.iter().position(|command| Some(command.name.as_str()) == name)
    else {
        return Ok(None);
    };
    let common = Common::from_arg_matches(matches)?;
    let Some((_, mut matches)) = matches.remove_subcommand() else { return Ok(None) };
    let words = matches.remove_many(WORDS).into_iter().flatten().collect();
    Ok(Some(Invocation::RunOwn(place, common, DataArgs::from_arg_matches_mut(&mut matches)?, words)))
}

/// The option that names a data set, and how its help begins.
const DATA: &str = "data";
const DATA_SETS: &str = "Data set: ";

/// The option that names a device, and how its help begins.
const DEVICE: &str = "device";
const DEVICES: &str = "Where to compute: ";

/// The words behind a command of the program's own.
const WORDS: &str = "arguments";

const LESSONS: &str = "\
Examples:
  NAME --epochs 3 --output runs/a              train; weights, checkpoints and curves go to runs/a
  NAME --output runs/a --resume auto           go on where an interrupted run was saved
  NAME eval --weights runs/a/best.safetensors  measure; several --weights answer as one
  NAME --lr 0.1 --dry-run > run.toml           write down what would run
  NAME --config run.toml                       run it

Every option of train may also be set by the environment (CNN_EPOCHS=3) or in a file (--config, epochs = 3). A flag comes \
first, then the environment, the file, and what the network declares.";

/// Where the options of `train` are.
fn train_matches(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand_matches("train").unwrap_or(matches)
}

/// The script that teaches a shell this command line.
pub(super) fn completions(description: &Description, additions: &Additions, shell: Shell) -> String {
    let mut script = Vec::new();
    let name = program().unwrap_or_else(|| description.name.into());
    clap_complete::generate(shell, &mut command(description, additions), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// An option of `train` before a named command, where it would be read and ignored. (Clap's
/// `args_conflicts_with_subcommands` would forbid the global options there too.)
fn misplaced(matches: &ArgMatches) -> Option<String> {
    let command = matches.subcommand_name()?;
    let train = train::Args::augment_args(clap::Command::new("train"));
    let given = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let option = train.get_arguments().find(given)?.get_long()?;
    Some(format!("--{option} stands before {command}: put a command's options behind its name"))
}

#[cfg(test)]
mod tests;
