//! Choosing where a network runs. The choice is made once; nothing switches in the middle of a run.

use std::str::FromStr;

use crate::{
    cpu::Cpu,
    engine::{Engine, Sizes},
    error::{Error, Result},
    opencl::{self, OpenCl},
};

/// What `--device` asks for: `auto`, `cpu`, `opencl` or `opencl:PLATFORM.DEVICE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first OpenCL GPU that works, else the CPU engine.
    #[default]
    Auto,
    /// The CPU engine.
    Cpu,
    /// An OpenCL device: the first GPU, or the one at (platform, device).
    OpenCl {
        /// Indices of platform and device.
        index: Option<(usize, usize)>,
    },
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        let unknown = || format!("unknown device '{text}'; use auto, cpu, opencl or opencl:PLATFORM.DEVICE");
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "opencl" => Ok(DeviceChoice::OpenCl { index: None }),
            _ => {
                let place = text.strip_prefix("opencl:").ok_or_else(unknown)?;
                let (platform, device) = place.split_once('.').ok_or_else(unknown)?;
                let number = |digits: &str| digits.parse::<usize>().map_err(|_| unknown());
                Ok(DeviceChoice::OpenCl { index: Some((number(platform)?, number(device)?)) })
            }
        }
    }
}

/// An opened device.
#[derive(Clone)]
pub struct Device {
    backend: Backend,
    reason: String,
}

#[derive(Clone)]
enum Backend {
    Cpu(Cpu),
    OpenCl(OpenCl),
}

impl Device {
    /// Opens a device; `threads` limits the CPU engine and defaults to all cores.
    ///
    /// # Errors
    /// [`Error::Device`] if OpenCL is asked for and no such device works. `Auto` falls back to the CPU.
    pub fn open(choice: &DeviceChoice, threads: Option<usize>) -> Result<Device> {
        if threads == Some(0) {
            return Err(Error::Usage("--threads 0: at least one thread is needed".into()));
        }
        let cpu = |reason: String| Ok(Device { backend: Backend::Cpu(Cpu::new(threads)?), reason });
        let opencl = |index, reason: String| {
            OpenCl::open(index).map(|device| Device { backend: Backend::OpenCl(device), reason })
        };
        match choice {
            DeviceChoice::Cpu => cpu("as asked".into()),
            DeviceChoice::OpenCl { index } => opencl(*index, "as asked".into()),
            DeviceChoice::Auto => match opencl::devices().into_iter().find(|device| device.is_gpu) {
                None => cpu("no OpenCL GPU found".into()),
                Some(gpu) => opencl(Some((gpu.platform, gpu.device)), "the first OpenCL GPU".into())
                    .or_else(|error| cpu(format!("the OpenCL GPU failed: {error}"))),
            },
        }
    }

    /// The CPU engine with all cores.
    pub fn cpu() -> Result<Device> {
        Device::open(&DeviceChoice::Cpu, None)
    }

    /// One line: which device, and why this one.
    pub fn describe(&self) -> String {
        let device = match &self.backend {
            Backend::Cpu(cpu) => cpu.describe(),
            Backend::OpenCl(opencl) => opencl.describe(),
        };
        format!("{device}: {}", self.reason)
    }

    /// `cpu` or `opencl`.
    pub fn kind(&self) -> &'static str {
        match self.backend {
            Backend::Cpu(_) => "cpu",
            Backend::OpenCl(_) => "opencl",
        }
    }

    /// Threads of the CPU engine; 1 elsewhere, where the host only enqueues.
    pub fn threads(&self) -> usize {
        match &self.backend {
            Backend::Cpu(cpu) => cpu.threads(),
            Backend::OpenCl(_) => 1,
        }
    }

    /// Runs `work` on one of the engine's own threads. Steps made in there start without waking or allocating
    /// anything, so a loop over many steps belongs inside.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.backend {
            Backend::Cpu(cpu) => cpu.install(work),
            Backend::OpenCl(_) => work(),
        }
    }

    pub(crate) fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>> {
        match &self.backend {
            Backend::Cpu(cpu) => cpu.engine(sizes),
            Backend::OpenCl(opencl) => opencl.engine(sizes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_or_explained() {
        assert_eq!("opencl:1.0".parse(), Ok(DeviceChoice::OpenCl { index: Some((1, 0)) }));
        assert_eq!("auto".parse(), Ok(DeviceChoice::Auto));
        for wrong in ["gpu", "opencl:", "opencl:1", "opencl:a.b", "CPU "] {
            let error = wrong.parse::<DeviceChoice>().unwrap_err();
            assert!(error.contains(wrong) && error.contains("opencl:PLATFORM.DEVICE"), "{error}");
        }
    }

    #[test]
    fn zero_threads_is_a_usage_error() {
        assert!(matches!(Device::open(&DeviceChoice::Cpu, Some(0)), Err(Error::Usage(_))));
    }
}
