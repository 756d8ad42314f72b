//! What a program adds to the command line: data sets, callbacks and commands of its own.

use std::{ffi::OsString, fmt, path::Path, sync::Arc};

use cnn_core::Result;

use super::{
    common::Common,
    source::{self, Brought, DataArgs, Source},
    usage,
    values::DataName,
};
use crate::{
    data::{Dataset, Part, SkipPolicy},
    device::{Device, DeviceChoice},
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

/// Opens a device for so many threads.
type OpenDevice = Arc<dyn Fn(Option<usize>) -> Result<Device> + Send + Sync>;

/// The devices that a program brings along, by their names.
#[derive(Clone, Default)]
pub(super) struct OwnDevices(Vec<(String, OpenDevice)>);

impl OwnDevices {
    pub(super) fn add(&mut self, name: &str, open: OpenDevice) {
        self.0.push((name.into(), open));
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn open(&self, name: &str, threads: Option<usize>) -> Result<Device> {
        match self.0.iter().find(|(own, _)| own == name) {
            Some((_, open)) => open(threads),
            None => Err(usage(format!("this program brings no device {name}"))),
        }
    }
}

impl fmt::Debug for OwnDevices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

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

    pub(super) fn bring(&mut self, brought: Brought, devices: OwnDevices) {
        self.data.bring(brought);
        self.common.bring(devices);
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
    /// [`cnn_core::Error::Usage`] if its files are nowhere; [`cnn_core::Error::Data`] if they cannot be used, or the
    /// network cannot answer what their targets ask.
    pub fn dataset(&self, part: Part) -> Result<Arc<dyn Dataset>> {
        Source::open(&self.data, self.model.description(), self.common.seed)?.part(part)
    }

    /// What `--skip-bad` says about images that cannot be read, for [`Prepared`](crate::data::Prepared).
    pub fn skip_policy(&self) -> SkipPolicy {
        source::skip_policy(&self.data)
    }

    /// The words behind the command that are neither options nor their values. Options of its own
    /// stand behind `--`.
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
    pub(super) devices: OwnDevices,
    pub(super) callbacks: Vec<Box<dyn Callback>>,
    pub(super) commands: Vec<OwnCommand>,
}

impl Additions {
    /// Refuses names that are taken: a program that adds them would never see what it adds.
    pub(super) fn check(&self, commands: &[String]) -> Result<()> {
        let data = self.brought.names().collect::<Vec<_>>();
        check_names("data set", &data, &|name| DataName::known(name.as_ref()).is_ok())?;
        let devices = self.devices.names().collect::<Vec<_>>();
        check_names("device", &devices, &|name| name.parse::<DeviceChoice>().is_ok())?;
        let own = self.commands.iter().map(|command| command.name.as_str()).collect::<Vec<_>>();
        check_names("command", &own, &|name| name == HELP || commands.iter().any(|known| known == name))
    }
}

/// The command that clap adds.
const HELP: &str = "help";

/// Refuses names that a command line cannot tell from others.
fn check_names(what: &str, names: &[&str], is_known: &dyn Fn(&str) -> bool) -> Result<()> {
    for (nth, name) in names.iter().enumerate() {
        if is_known(name) || names[..nth].contains(name) {
            return Err(usage(format!(
                "this program adds a {what} `{name}`, and there is one of this name: it needs another"
            )));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(is_plain) {
            return Err(usage(format!(
                "this program adds a {what} `{name}`: a name has letters, digits, - and _, and begins with neither sign"
            )));
        }
    }
    Ok(())
}

impl fmt::Debug for Additions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commands: Vec<_> = self.commands.iter().map(|command| &command.name).collect();
        f.debug_struct("Additions")
            .field("brought", &self.brought)
            .field("devices", &self.devices)
            .field("callbacks", &self.callbacks.len())
            .field("commands", &commands)
            .finish()
    }
}
