//! The command line of every trainer: `train`, `eval`, `predict`, `visualize`, `export`, `summary`,
//! `inspect`, `bench`, `completions`.
//!
//! Results go to stdout, progress and the one line of an error to stderr. A trainer exits with
//!
//! | code | if |
//! |---|---|
//! | 0 | all is done |
//! | 1 | a file cannot be read or written, or weights or a checkpoint do not fit |
//! | 2 | the command line is wrong |
//! | 3 | a data set or an image cannot be used |
//! | 4 | the device fails, is not there, or has too little memory |
//! | 5 | training diverged, or weights score no number |
//! | 130, 143, 129 | SIGINT, SIGTERM or SIGHUP ended training, after a checkpoint |

mod additions;
mod advice;
mod args;
mod bench;
mod common;
mod config;
#[cfg(feature = "tui")]
mod dashboard;
mod eval;
mod exit;
mod export;
#[cfg(test)]
mod fixture;
mod format;
mod inspect;
mod interrupt;
mod predict;
mod progress;
mod rejected;
mod source;
mod summary;
mod targets;
mod train;
mod values;
mod visualize;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use cnn_core::{Error, Result, files};

use crate::{
    data::Dataset,
    device::Device,
    network::{Model, Network},
    session::Session,
    train::Callback,
    weights::{self, Loaded, Policy},
};
use additions::{Additions, Open, OwnCommand};
pub use additions::{Opening, Request};
use args::{Command, Invocation};
use common::Common;
use exit::Ending;

/// Runs a trainer of one network: all that a program's `main` has to call.
///
/// The short form of [`Trainer`]: `cnn_runtime::trainer::main::<MnistCnn>()`.
pub fn main<N: Network>() -> ExitCode {
    Trainer::of::<N>().main()
}

/// A trainer of one network, with what the program adds to the command line.
///
/// ```no_run
/// # fn example<MnistCnn: cnn_runtime::Network>() -> std::process::ExitCode {
/// use cnn_runtime::trainer::Trainer;
///
/// let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/digits");
/// Trainer::of::<MnistCnn>()
///     .data_dir("mnist", digits)
///     .command("count", "Count the training images", |request| {
///         println!("{}", request.dataset(cnn_runtime::data::Part::Train)?.len());
///         Ok(())
///     })
///     .main()
/// # }
/// ```
#[derive(Debug)]
pub struct Trainer {
    model: Model,
    additions: Additions,
}

impl Trainer {
    /// The trainer of a network, as [`main()`] runs it.
    pub fn of<N: Network>() -> Trainer {
        Trainer { model: Model::of::<N>(), additions: Additions::default() }
    }

    /// Brings a known data set along: its files are in this folder where `--data-dir` names no
    /// other. `name` is the one that `--data` takes, such as `mnist`; other names change nothing.
    #[must_use]
    pub fn data_dir(mut self, name: &str, folder: impl Into<PathBuf>) -> Trainer {
        self.additions.brought.folder(name, folder.into());
        self
    }

    /// Adds a data set, which `--data NAME` asks for; the first that is added is what every command
    /// takes by default. `open` is called for the training images and for the test images. A name
    /// that is taken ends the program as a wrong command line does.
    ///
    /// ```no_run
    /// # use cnn_runtime::data::{Dataset, Image, Target};
    /// # struct Stripes { seed: u64 }
    /// # impl Dataset for Stripes {
    /// #     fn len(&self) -> usize { 1 }
    /// #     fn outputs(&self) -> usize { 2 }
    /// #     fn read(&self, _: usize, _: &mut Image) -> cnn_runtime::Result<Target> { Ok(Target::Class(0)) }
    /// # }
    /// # fn example<Net: cnn_runtime::Network>() -> std::process::ExitCode {
    /// use cnn_runtime::{data::Part, trainer::Trainer};
    ///
    /// Trainer::of::<Net>()
    ///     .dataset("stripes", |opening| Ok(Stripes { seed: (opening.part == Part::Test).into() }))
    ///     .main()
    /// # }
    /// ```
    #[must_use]
    pub fn dataset<D: Dataset + 'static>(
        mut self,
        name: &str,
        open: impl Fn(&Opening) -> Result<D> + Send + Sync + 'static,
    ) -> Trainer {
        let open: Open = Arc::new(move |opening| Ok(Arc::new(open(opening)?)));
        self.additions.brought.dataset(name, open);
        self
    }

    /// Adds a device, which `--device NAME` asks for; `open` gets what `--threads` says. A name that
    /// is taken ends the program as a wrong command line does.
    ///
    /// ```no_run
    /// # use cnn_runtime::{Result, backend::{Backend, Engine, Sizes}};
    /// # struct Quantum;
    /// # impl Backend for Quantum {
    /// #     fn kind(&self) -> &'static str { "quantum" }
    /// #     fn describe(&self) -> String { "quantum".into() }
    /// #     fn engine(&self, _: &Sizes) -> Result<Box<dyn Engine>> { Err(cnn_runtime::DeviceError::new("no qubits").into()) }
    /// # }
    /// # fn example<Net: cnn_runtime::Network>() -> std::process::ExitCode {
    /// use cnn_runtime::{Device, trainer::Trainer};
    ///
    /// Trainer::of::<Net>().device("quantum", |_threads| Ok(Device::new(Quantum))).main()
    /// # }
    /// ```
    #[must_use]
    pub fn device(
        mut self,
        name: &str,
        open: impl Fn(Option<usize>) -> Result<Device> + Send + Sync + 'static,
    ) -> Trainer {
        self.additions.devices.add(name, Arc::new(open));
        self
    }

    /// Adds a callback to every training run, called after those that keep weights and records.
    #[must_use]
    pub fn callback(mut self, callback: impl Callback + 'static) -> Trainer {
        self.additions.callbacks.push(Box::new(callback));
        self
    }

    /// Adds a command: its name, a line about it for `--help`, and what it does. It takes the
    /// options that all commands share, and those that say where data is. A name that is taken ends
    /// the program as a wrong command line does.
    #[must_use]
    pub fn command(
        mut self,
        name: &str,
        about: &str,
        run: impl Fn(&Request) -> Result<()> + 'static,
    ) -> Trainer {
        let (name, about, run) = (name.into(), about.into(), Box::new(run));
        self.additions.commands.push(OwnCommand { name, about, run });
        self
    }

    /// Reads the command line, runs what it asks for, and gives the exit code.
    pub fn main(self) -> ExitCode {
        let Trainer { model, additions } = self;
        let invocation = args::parse(model.description(), &additions);
        exit_code(invocation.and_then(|invocation| match invocation {
            Invocation::Print(text) => print(&text).map(|()| Ending::Done),
            Invocation::Run(mut common, command) => {
                common.bring(additions.devices.clone());
                perform(model, &common, command, additions)
            }
            Invocation::RunOwn(place, common, data, arguments) => {
                let mut request = Request::new(model, common, data, arguments);
                request.bring(additions.brought, additions.devices);
                (additions.commands[place].run)(&request).map(|()| Ending::Done)
            }
        }))
    }
}

/// Says how a command ended, if not well, and gives its exit code.
fn exit_code(result: Result<Ending>) -> ExitCode {
    match result {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted { message, exit_code }) => {
            log_line(&message);
            ExitCode::from(exit_code)
        }
        Err(error) => {
            log_line(&format!("error: {}", format::one_line(&exit::message(&error))));
            ExitCode::from(exit::code(&error))
        }
    }
}

/// Runs a command.
fn perform(model: Model, common: &Common, mut command: Command, additions: Additions) -> Result<Ending> {
    if let Some(data) = command.data_mut() {
        data.bring(additions.brought.clone());
    }
    let done = match &command {
        Command::Train(args) => return train::run(model, common, args, additions.callbacks),
        Command::Eval(args) => eval::run(model, common, args),
        Command::Predict(args) => predict::run(model, common, args),
        Command::Visualize(args) => visualize::run(model, common, args),
        Command::Export(args) => export::run(model, common, args),
        Command::Summary(args) => summary::run(model.description(), args),
        Command::Inspect(args) => inspect::run(model, common, args),
        Command::Bench(args) => bench::run(model, common, args),
        Command::Completions { shell } => print(&args::completions(model.description(), &additions, *shell)),
    };
    done.map(|()| Ending::Done)
}

/// Loads weights, and says how if they were not just taken.
fn load_weights(session: &mut Session, path: &Path) -> Result<()> {
    load_weights_by(session, path, &Policy::strict()).map(drop)
}

/// Does as [`load_weights`] with what a policy takes.
fn load_weights_by(session: &mut Session, path: &Path, policy: &Policy) -> Result<Loaded> {
    let loaded = weights::load_by(session, path, policy)?;
    let text = loaded.to_string();
    if !text.is_empty() {
        log_line(&format!("{}: {text}", path.display()));
    }
    Ok(loaded)
}

/// Writes to stdout. A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(files::failed(Path::new("stdout"), "write")(error))
        }
        _ => Ok(()),
    }
}

/// Writes a line to stderr. Nobody reading it is no reason to stop training.
fn log_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn usage(message: impl Into<String>) -> Error {
    Error::Usage(message.into())
}
