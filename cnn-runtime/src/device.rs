//! Devices: where a network runs. The choice is made once; nothing switches in the middle of a run.

use std::{fmt, str::FromStr, sync::Arc};

use cnn_core::{Error, Result};

use crate::{
    backend::Backend,
    cpu::Cpu,
    engine::{Engine, Sizes, checked},
    opencl::OpenCl,
};
pub use crate::{cpu::Limits, opencl::Selection};

/// A device by its name: `auto`, `cpu`, `opencl` or `opencl:PLATFORM.DEVICE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceChoice {
    /// The first OpenCL GPU that works, else the CPU engine.
    #[default]
    Auto,
    /// The CPU engine.
    Cpu,
    /// An OpenCL device.
    OpenCl(Selection),
}

/// What a device can be called.
pub(crate) const CHOICES: &str = "auto, cpu, opencl or opencl:PLATFORM.DEVICE";

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceChoice> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            _ => text
                .parse()
                .map(DeviceChoice::OpenCl)
                .map_err(|_| Error::Usage(format!("unknown device '{text}'; use {CHOICES}"))),
        }
    }
}

/// An opened device, which any number of sessions may run on.
///
/// ```
/// use cnn_runtime::{Device, DeviceChoice};
///
/// let device = Device::open(&DeviceChoice::Cpu, Some(2))?;
/// assert_eq!((device.kind(), device.threads()), ("cpu", 2));
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Device {
    backend: Arc<dyn Backend>,
    reason: String,
}

impl Device {
    /// A device of any kind.
    pub fn new(backend: impl Backend) -> Device {
        Device::because(backend, "as asked")
    }

    fn because(backend: impl Backend, reason: impl Into<String>) -> Device {
        Device { backend: Arc::new(backend), reason: reason.into() }
    }

    /// Opens a device; `threads` limits the CPU engine and defaults to all cores.
    ///
    /// # Errors
    /// [`Error::Device`] if OpenCL is asked for and no such device works, where `Auto` falls back
    /// to the CPU, or if threads cannot be started; [`Error::Usage`] for 0 threads or more than a
    /// pool takes, or if the environment variable `CNN_ISA` names instructions that this processor
    /// lacks.
    pub fn open(choice: &DeviceChoice, threads: Option<usize>) -> Result<Device> {
        let most = rayon::max_num_threads();
        if let Some(threads) = threads.filter(|threads| !(1..=most).contains(threads)) {
            return Err(Error::Usage(format!("{threads} threads: expected 1 to {most}")));
        }
        match choice {
            DeviceChoice::Cpu => Ok(Device::new(Cpu::new(threads)?)),
            DeviceChoice::OpenCl(selection) => OpenCl::open(*selection).map(Device::new),
            DeviceChoice::Auto => match OpenCl::open_gpu() {
                Ok(gpu) => Ok(Device::because(gpu, "the first OpenCL GPU that works")),
                Err(reason) => Ok(Device::because(Cpu::new(threads)?, reason)),
            },
        }
    }

    /// The CPU engine with all cores.
    ///
    /// # Errors
    /// As [`Device::open`].
    pub fn cpu() -> Result<Device> {
        Device::open(&DeviceChoice::Cpu, None)
    }

    /// One line: which device, and why this one.
    pub fn describe(&self) -> String {
        format!("{}: {}", self.backend.describe(), self.reason)
    }

    /// `cpu`, `opencl`, or what another [`Backend`] calls itself.
    pub fn kind(&self) -> &'static str {
        self.backend.kind()
    }

    /// Threads of the CPU engine; 1 where the host only enqueues.
    pub fn threads(&self) -> usize {
        self.backend.threads()
    }

    /// Runs `work` on one of the engine's own threads. Steps made in there start without waking or
    /// allocating anything, so a loop over many steps belongs inside.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let (mut work, mut result) = (Some(work), None);
        self.backend.install(&mut || {
            if let Some(work) = work.take() {
                result = Some(work());
            }
        });
        // A backend that called nothing has no thread to offer.
        result.or_else(|| work.map(|work| work())).expect("work that was called has a result")
    }

    /// What the CPU can do at most, measured now; unknown elsewhere.
    ///
    /// # Errors
    /// [`Error::Device`] if there is no memory to measure with.
    pub fn limits(&self) -> Result<Option<Limits>> {
        self.backend.limits()
    }

    pub(crate) fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>> {
        Ok(checked(self.backend.engine(sizes)?, sizes))
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Device").field(&self.describe()).finish()
    }
}

/// Threads may share a device.
const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Device>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_or_explained() {
        let at = Selection::At { platform: 1, device: 0 };
        for (text, choice) in [
            ("opencl:1.0", DeviceChoice::OpenCl(at)),
            ("opencl", DeviceChoice::OpenCl(Selection::First)),
            ("auto", DeviceChoice::Auto),
            ("cpu", DeviceChoice::Cpu),
        ] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap(), choice);
        }
        for wrong in ["gpu", "opencl:", "opencl:1", "opencl:a.b", "CPU "] {
            let error = wrong.parse::<DeviceChoice>().unwrap_err().to_string();
            assert!(error.contains(wrong) && error.contains("opencl:PLATFORM.DEVICE"), "{error}");
        }
    }

    #[test]
    fn a_number_of_threads_that_cannot_be_is_a_usage_error() {
        for threads in [0, usize::MAX] {
            assert!(matches!(Device::open(&DeviceChoice::Cpu, Some(threads)), Err(Error::Usage(_))));
        }
    }
}
