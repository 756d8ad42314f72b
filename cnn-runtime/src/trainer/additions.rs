//! What a program adds to the command line: data sets, callbacks and commands of its own.

use std::{ffi::OsString, fmt, path::Path, sync::Arc};

use cnn_core::{Error, Result};

use super::{
    common::Common,
    source::{self, Brought, DataArgs},
    usage,
    values::DataName,
};
use crate::{
    data::{Dataset, Part},
    device::Device,
    network::Model,
    train::Callback,
};

/// What is asked of a data set that a program brings along.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Opening<'a> {
    /// Images for training or for testing.
    pub part: Part,
    /// The folder that `--data-dir` names, if it does.
    pub folder: Option<&'a Path>,
    /// `--seed`, for a data set that draws its parts.
    pub seed: u64,
}

/// Opens a part of a data set.
pub(super) type Open = Arc<dyn Fn(&Opening) -> Result<Arc<dyn Dataset>> + Send + Sync>;

/// What a command that a program adds is called with.
#[derive(Debug)]
pub struct Request {
    model: Model,
    common: Common,
    data: DataArgs,
    arguments: Vec<OsString>,
}

impl Request {
    pub(super) fn new(model: Model, common: Common, data: DataArgs, arguments: Vec<OsString>) -> Request {
        Request { model, common, data, arguments }
    }

    pub(super) fn bring(&mut self, brought: Brought) {
        self.data.bring(brought);
    }

    /// The network.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Opens the device that `--device` and `--threads` name.
    ///
    /// # Errors
    ///
    /// As [`Device::open`].
    pub fn device(&self) -> Result<Device> {
        self.common.open_device()
    }

    /// `--seed`.
    pub fn seed(&self) -> u64 {
        self.common.seed
    }

    /// Opens a part of the data set that `--data` and `--data-dir` name.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if its files are nowhere; [`Error::Data`] if they cannot be used, or the
    /// network cannot answer what their targets ask.
    pub fn dataset(&self, part: Part) -> Result<Arc<dyn Dataset>> {
        source::load(&self.data, part, self.model.description(), self.common.seed)
    }

    /// The words behind the command that are no options of every command.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }
}

/// What a command that a program adds does.
pub(super) type Run = Box<dyn Fn(&Request) -> Result<()>>;

/// A command that a program adds.
pub(super) struct OwnCommand {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) run: Run,
}

/// All that a program adds.
#[derive(Default)]
pub(super) struct Additions {
    pub(super) brought: Brought,
    pub(super) callbacks: Vec<Box<dyn Callback>>,
    pub(super) commands: Vec<OwnCommand>,
}

impl Additions {
    /// Refuses names that are taken: a program that adds them would never see what it adds.
    pub(super) fn check(&self, commands: &[String]) -> Result<()> {
        let known = |name: &&str| DataName::known(name).is_ok() || name.contains(':');
        if let Some(name) = self.brought.names().find(known) {
            return Err(taken("data set", name));
        }
        let names = || self.commands.iter().map(|command| command.name.as_str());
        let is_taken = |(nth, name): &(usize, &str)| {
            commands.iter().any(|known| known == name) || names().take(*nth).any(|other| other == *name)
        };
        match names().enumerate().find(is_taken) {
            Some((_, name)) => Err(taken("command", name)),
            None => Ok(()),
        }
    }
}

fn taken(what: &str, name: &str) -> Error {
    usage(format!("this program adds a {what} `{name}`, and there is one of this name: it needs another"))
}

impl fmt::Debug for Additions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands: Vec<_> = self.commands.iter().map(|command| &command.name).collect();
        f.debug_struct("Additions")
            .field("brought", &self.brought)
            .field("callbacks", &self.callbacks.len())
            .field("commands", &commands)
            .finish()
    }
}
