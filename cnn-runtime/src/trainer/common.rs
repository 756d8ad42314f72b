//! The options that all commands share, and the program's own name.

use std::{env, path::Path, str::FromStr};

use clap::Args;
use cnn_core::{Error, Result};

use super::{additions::OwnDevices, usage, values};
use crate::device::{CHOICES, Device, DeviceChoice};

/// A device by its name.
#[derive(Clone, Debug)]
pub(super) enum DeviceName {
    /// One that every trainer knows.
    Known(DeviceChoice),
    /// What the program brings along under this name.
    Own(String),
}

impl DeviceName {
    /// A device that every trainer knows, or one of this program's own.
    pub(super) fn among(text: &str, own: &[String]) -> Result<DeviceName> {
        if own.iter().any(|name| name == text) {
            return Ok(DeviceName::Own(text.into()));
        }
        let others: String = own.iter().map(|name| format!("{name}, ")).collect();
        text.parse().map_err(|_| usage(format!("unknown device '{text}'; use {others}{CHOICES}")))
    }
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceName> {
        text.parse().map(DeviceName::Known)
    }
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(super) struct Common {
    /// Where to compute: auto, cpu or opencl[:PLATFORM.DEVICE]
    #[arg(long, global = true, default_value = "auto", help_heading = "Global options")]
    device: DeviceName,

    /// Devices that the program brings along.
    #[arg(skip)]
    own: OwnDevices,

    /// Threads of the CPU engine [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = values::positive, help_heading = "Global options")]
    threads: Option<usize>,

    /// Seed of initial weights, order and dropout
    #[arg(long, global = true, value_name = "N", default_value_t = 0, help_heading = "Global options")]
    pub(super) seed: u64,
}

impl Common {
    pub(super) fn open_device(&self) -> Result<Device> {
        match &self.device {
            DeviceName::Known(choice) => Device::open(choice, self.threads),
            DeviceName::Own(name) => self.own.open(name, self.threads),
        }
    }

    pub(super) fn bring(&mut self, devices: OwnDevices) {
        self.own = devices;
    }
}

/// The program's name, which is the network's name in reports.
pub(super) fn program() -> Option<String> {
    let path = env::args_os().next()?;
    Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned())
}
