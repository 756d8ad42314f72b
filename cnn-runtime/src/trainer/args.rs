//! What the command line says: the options that all commands share, and one command, `train` if none is named.

use std::{env, ffi::OsString, path::Path};

use clap::{
    Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind,
    parser::ValueSource,
};

use super::{bench, eval, format, inspect, summary, train, usage, values};
use crate::{
    device::{Device, DeviceChoice},
    error::Result,
    plan::Description,
};

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(super) struct Common {
    /// Where to compute: auto, cpu or opencl[:PLATFORM.DEVICE]
    #[arg(long, global = true, default_value = "auto", help_heading = "Global options")]
    device: DeviceChoice,

    /// Threads of the CPU engine [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = values::positive, help_heading = "Global options")]
    threads: Option<usize>,

    /// Seed of initial weights, order and dropout
    #[arg(long, global = true, value_name = "N", default_value_t = 12, help_heading = "Global options")]
    pub(super) seed: u64,
}

impl Common {
    pub(super) fn open_device(&self) -> Result<Device> {
        Device::open(&self.device, self.threads)
    }
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Train (the default command)
    Train(train::Args),
    /// Measure loss and accuracy of weights on the test images
    Eval(eval::Args),
    /// Show layers, parameters, work and memory
    Summary(summary::Args),
    /// Write logits, loss and gradients of given weights and images, for comparison with another implementation
    Inspect(inspect::Args),
    /// Measure speed on random data
    Bench(bench::Args),
}

#[derive(Parser, Debug)]
#[command(version, allow_negative_numbers = true, args_override_self = true)]
struct CommandLine {
    #[command(flatten)]
    common: Common,

    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    train: train::Args,
}

/// What to do.
pub(super) enum Invocation {
    /// Print help or the version.
    Help(String),
    /// Run a command.
    Run(Common, Command),
}

/// Reads the process's arguments.
pub(super) fn parse(description: &Description) -> Result<Invocation> {
    parse_from(description, env::args_os())
}

fn parse_from(
    description: &Description,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Invocation> {
    let command = CommandLine::command()
        .about(format!("Trains and runs {}", description.name))
        .mut_subcommands(|command| command.allow_negative_numbers(true).args_override_self(true));
    let parsed = command.try_get_matches_from(arguments).and_then(|mut matches| {
        let misplaced = misplaced(&matches);
        CommandLine::from_arg_matches_mut(&mut matches).map(|line| (line, misplaced))
    });
    match parsed {
        Ok((_, Some(message))) => Err(usage(message)),
        Ok((line, None)) => {
            Ok(Invocation::Run(line.common, line.command.unwrap_or(Command::Train(line.train))))
        }
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Invocation::Help(error.render().to_string()))
        }
        Err(error) => Err(usage(first_paragraphs(&error.render().to_string()))),
    }
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

/// Clap's message without the usage that follows it, in one line.
fn first_paragraphs(message: &str) -> String {
    let end = message.find("\n\nUsage:").or_else(|| message.find("\n\nFor more information"));
    let message = format::one_line(&message[..end.unwrap_or(message.len())]);
    format!("{}; see --help", message.trim_start_matches("error: "))
}

/// The program's name, which is the network's name in reports.
pub(super) fn program() -> Option<String> {
    let path = env::args_os().next()?;
    Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
