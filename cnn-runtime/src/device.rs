//! Choosing where a network runs. The choice is made once; nothing switches in the middle of a run.

use std::str::FromStr;

use crate::{
    cpu::{Cpu, Limits},
    engine::{Engine, Sizes},
    error::{Error, Result},
    opencl::{OpenCl, Selection},
};

/// What `--device` asks for: `auto`, `cpu`, `opencl` or `opencl:PLATFORM.DEVICE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first OpenCL GPU that works, else the CPU engine.
    #[default]
    Auto,
    /// The CPU engine.
    Cpu,
    /// An OpenCL device.
    OpenCl(Selection),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            _ => text.parse().map(DeviceChoice::OpenCl).map_err(|_| {
                format!("unknown device '{text}'; use auto, cpu, opencl or opencl:PLATFORM.DEVICE")
            }),
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
    /// [`Error::Device`] if OpenCL is asked for and no such device works, where `Auto` falls back to the CPU, or if threads cannot be
    /// started; [`Error::Usage`] for 0 threads, or if the environment variable `CNN_ISA` names instructions that this processor lacks.
    pub fn open(choice: &DeviceChoice, threads: Option<usize>) -> Result<Device> {
        if threads == Some(0) {
            return Err(Error::Usage("--threads 0: at least one thread is needed".into()));
        }
        let cpu = |reason: String| Ok(Device { backend: Backend::Cpu(Cpu::new(threads)?), reason });
        match choice {
            DeviceChoice::Cpu => cpu("as asked".into()),
            DeviceChoice::OpenCl(selection) => OpenCl::open(*selection)
                .map(|device| Device { backend: Backend::OpenCl(device), reason: "as asked".into() }),
            DeviceChoice::Auto => match OpenCl::open_gpu() {
                Ok(gpu) => Ok(Device {
                    backend: Backend::OpenCl(gpu),
                    reason: "the first OpenCL GPU that works".into(),
                }),
                Err(reason) => cpu(reason),
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

    /// What the CPU can do at most, measured now; unknown elsewhere.
    ///
    /// # Errors
    /// As [`Cpu::limits`].
    pub fn limits(&self) -> Result<Option<Limits>> {
        match &self.backend {
            Backend::Cpu(cpu) => cpu.limits().map(Some),
            Backend::OpenCl(_) => Ok(None),
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
        let at = Selection::At { platform: 1, device: 0 };
        assert_eq!("opencl:1.0".parse(), Ok(DeviceChoice::OpenCl(at)));
        assert_eq!("opencl".parse(), Ok(DeviceChoice::OpenCl(Selection::First)));
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
