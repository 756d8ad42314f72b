//! What is known of a device.

use std::fmt;

use ocl::core::DeviceId;

/// A device as `opencl:P.D` names it, and what it has.
#[derive(Clone, Debug)]
pub struct DeviceInfo {
    /// Place of its platform, from 0.
    pub platform: usize,
    /// Place in its platform, from 0.
    pub device: usize,
    /// Name of the platform.
    pub platform_name: String,
    /// Name of the device.
    pub name: String,
    /// Version of the driver.
    pub driver: String,
    /// True for a GPU.
    pub is_gpu: bool,
    /// Compute units: cores of a CPU.
    pub units: usize,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of the largest buffer.
    pub max_buffer: u64,
    /// True if work-groups have fast memory of their own, as most GPUs' do.
    pub has_local_memory: bool,
    /// What the driver calls it.
    pub(super) id: DeviceId,
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let DeviceInfo { platform, device, name, platform_name, units, .. } = self;
        let kind = if self.is_gpu { "GPU" } else { "CPU" };
        let mib = self.memory >> 20;
        write!(f, "opencl:{platform}.{device} {name} ({platform_name}, {kind}, {units} units, {mib} MiB)")
    }
}
