//! The options that all commands share, and the program's own name.

use std::{env, path::Path};

use clap::Args;
use cnn_core::Result;

use super::values;
use crate::device::{Device, DeviceChoice};

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
    #[arg(long, global = true, value_name = "N", default_value_t = 0, help_heading = "Global options")]
    pub(super) seed: u64,
}

impl Common {
    pub(super) fn open_device(&self) -> Result<Device> {
        Device::open(&self.device, self.threads)
    }
}

/// The program's name, which is the network's name in reports.
pub(super) fn program() -> Option<String> {
    let path = env::args_os().next()?;
    Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned())
}
