//! Finding a device, opening it, and checking that it computes.

use std::sync::{Arc, LazyLock};

use cnn_core::{DeviceError, Result};
use ocl::core::{
    self, Context, DeviceId, DeviceInfoResult, DeviceLocalMemType, DeviceType, PlatformId, PlatformInfo,
    PlatformInfoResult,
};

use super::{
    device_info::DeviceInfo,
    engine::ClEngine,
    failure::{failure, refused},
    kernels::{Arg, Kernels, Programs, Source},
    loader,
    memory::{Queue, upload},
    selection::Selection,
};
use crate::{
    backend::Backend,
    engine::{Engine, Sizes},
    plan::BLOCK,
};

/// All devices of the system; none if there is no driver.
///
/// They are looked up once: drivers wake up at the first call, and another thread that asks
/// meanwhile may be told that there are none.
pub fn devices() -> &'static [DeviceInfo] {
    static DEVICES: LazyLock<Vec<DeviceInfo>> = LazyLock::new(|| {
        // Without a platform, the bindings would ask again and again for ten seconds.
        if loader::platforms() == 0 {
            return Vec::new();
        }
        let platforms = core::get_platform_ids().unwrap_or_default();
        let numbered = platforms.iter().enumerate();
        numbered.flat_map(|(place, platform)| platform_devices(place, *platform)).collect()
    });
    &DEVICES
}

fn platform_devices(place: usize, platform: PlatformId) -> Vec<DeviceInfo> {
    let platform_name = match core::get_platform_info(platform, PlatformInfo::Name) {
        Ok(PlatformInfoResult::Name(name)) => name.trim().to_owned(),
        _ => "unnamed platform".to_owned(),
    };
    let ids = core::get_device_ids(platform, Some(DeviceType::ALL), None).unwrap_or_default();
    let describe = |(device, id): (usize, &DeviceId)| describe(place, device, &platform_name, *id);
    ids.iter().enumerate().filter_map(describe).collect()
}

/// `None` if the driver does not answer.
fn describe(platform: usize, device: usize, platform_name: &str, id: DeviceId) -> Option<DeviceInfo> {
    use core::DeviceInfo as Query;
    let ask = |query| core::get_device_info(id, query).ok();
    let text = |query| ask(query).map(|answer| answer.to_string().trim().to_owned());
    let DeviceInfoResult::Type(kind) = ask(Query::Type)? else { return None };
    let DeviceInfoResult::GlobalMemSize(memory) = ask(Query::GlobalMemSize)? else { return None };
    let DeviceInfoResult::MaxMemAllocSize(max_buffer) = ask(Query::MaxMemAllocSize)? else { return None };
    let DeviceInfoResult::MaxComputeUnits(units) = ask(Query::MaxComputeUnits)? else { return None };
    let local = ask(Query::LocalMemType)?;
    Some(DeviceInfo {
        platform,
        device,
        platform_name: platform_name.to_owned(),
        name: text(Query::Name)?,
        driver: text(Query::DriverVersion)?,
        is_gpu: kind.contains(DeviceType::GPU),
        units: units as usize,
        memory,
        max_buffer,
        has_local_memory: matches!(local, DeviceInfoResult::LocalMemType(DeviceLocalMemType::Local)),
        id,
    })
}

/// An open device.
#[derive(Clone, Debug)]
pub struct OpenCl {
    info: DeviceInfo,
    context: Context,
    programs: Arc<Programs>,
    has_tiles: bool,
}

impl OpenCl {
    /// Opens a device.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if there is no such device or its driver fails.
    pub fn open(selection: Selection) -> Result<OpenCl> {
        let info = select(devices(), selection)?.clone();
        let context = core::create_context(None, &[info.id], None, None)
            .map_err(|error| failure(&format!("open {info}"), error))?;
        let programs = Arc::new(Programs::new(&context, &info));
        let has_tiles = info.has_local_memory;
        Ok(OpenCl { info, context, programs, has_tiles })
    }

    /// Opens the first GPU that computes.
    ///
    /// # Errors
    /// Why there is none: what the last one failed with.
    pub fn open_gpu() -> Result<OpenCl, String> {
        let mut reason = loader::failure().unwrap_or("no OpenCL GPU found").to_owned();
        for gpu in devices().iter().filter(|device| device.is_gpu) {
            let selection = Selection::At { platform: gpu.platform, device: gpu.device };
            match OpenCl::open(selection).and_then(|device| device.probe().map(|()| device)) {
                Ok(device) => return Ok(device),
                Err(error) => reason = format!("no OpenCL GPU works: {error}"),
            }
        }
        Err(reason)
    }

    /// Has convolutions use tiles in local memory or not, in place of the choice by
    /// [`DeviceInfo::has_local_memory`].
    #[cfg(feature = "testing")]
    pub fn with_tiles(self, has_tiles: bool) -> OpenCl {
        OpenCl { has_tiles, ..self }
    }

    /// The device.
    #[cfg(feature = "testing")]
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Compiles and runs a small kernel and checks what it computes.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if the driver fails or the device computes wrong results.
    pub fn probe(&self) -> Result<()> {
        const SHARE: f32 = 0.25;
        let queue = Queue::new(&self.context, self.info.id)?;
        let mut kernels = Kernels::new(self.programs.clone());
        let start: Vec<f32> = (0..64).map(|i| i as f32).collect();
        let (zeros, values) = (vec![0.0; start.len()], upload(&self.context, &start)?);
        let result = upload(&self.context, &zeros)?;
        let kernel = kernels.get(0, "merge", Source::Layers, String::new)?;
        let blocks = start.len() / BLOCK;
        let args = [Arg::Buffer(&result), Arg::Buffer(&values), Arg::Int(blocks), Arg::Float(SHARE)];
        kernel.launch(&queue, &args, [blocks, 1, 1])?;
        let mut found = zeros;
        queue.read(&result, 0, &mut found)?;
        if found.iter().zip(&start).all(|(&found, &value)| found == (1.0 - SHARE) * value) {
            return Ok(());
        }
        Err(refused(format!("{} computes wrong results; update its driver {}", self.info, self.info.driver)))
    }
}

impl Backend for OpenCl {
    fn kind(&self) -> &'static str {
        "opencl"
    }

    fn describe(&self) -> String {
        self.info.to_string()
    }

    fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>> {
        let programs = self.programs.clone();
        Ok(Box::new(ClEngine::new(&self.context, &self.info, programs, self.has_tiles, sizes)?))
    }
}

fn select(devices: &[DeviceInfo], selection: Selection) -> Result<&DeviceInfo> {
    let found = match selection {
        Selection::First => devices.iter().find(|info| info.is_gpu).or(devices.first()),
        Selection::At { platform, device } => {
            devices.iter().find(|info| (info.platform, info.device) == (platform, device))
        }
    };
    found.ok_or_else(|| match devices {
        [] => refused(no_platform()),
        devices => {
            let listed: Vec<String> = devices.iter().map(DeviceInfo::to_string).collect();
            DeviceError::new(format!("no such OpenCL device; found {}", listed.join(", "))).into()
        }
    })
}

/// Why there are no devices.
fn no_platform() -> &'static str {
    loader::failure().unwrap_or(if cfg!(windows) {
        "no OpenCL platform: install the GPU's driver, which brings OpenCL.dll"
    } else {
        "no OpenCL platform: install a driver (Debian: pocl-opencl-icd)"
    })
}
