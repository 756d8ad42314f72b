//! Where a network runs. Placeholder of the real module, with its interface.

use std::str::FromStr;

use crate::error::{Error, Result};

/// A device as asked for on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The fastest there is.
    Auto,
    /// This machine's processor.
    Cpu,
    /// An OpenCL device, by platform and number.
    OpenCl {
        /// Platform and device; the first GPU if `None`.
        index: Option<(usize, usize)>,
    },
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceChoice> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            _ => Err(Error::Usage("expected auto, cpu or opencl[:PLATFORM.DEVICE]".into())),
        }
    }
}

/// An open device.
pub struct Device(rayon::ThreadPool);

impl Device {
    /// Opens a device.
    pub fn open(_choice: &DeviceChoice, threads: Option<usize>) -> Result<Device> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
        pool.map(Device).map_err(|error| Error::Device(error.to_string()))
    }

    /// One line for humans.
    pub fn describe(&self) -> String {
        format!("cpu, {} threads", self.threads())
    }

    /// `cpu` or `opencl`.
    pub fn kind(&self) -> &'static str {
        "cpu"
    }

    /// Worker threads.
    pub fn threads(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs a closure on the device's threads.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        self.0.install(f)
    }
}
