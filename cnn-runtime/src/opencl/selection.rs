//! Naming a device: `opencl` or `opencl:PLATFORM.DEVICE`.

use std::str::FromStr;

use cnn_core::{Error, Result};

/// An OpenCL device by its name. Platforms and devices are counted in the order in which the system
/// lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// `opencl`: the first GPU, else the first device.
    First,
    /// `opencl:PLATFORM.DEVICE`
    At {
        /// Place of the platform, from 0.
        platform: usize,
        /// Place in the platform, from 0.
        device: usize,
    },
}

impl FromStr for Selection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Selection> {
        let at = |place: &str| {
            let (platform, device) = place.split_once('.')?;
            Some(Selection::At { platform: platform.parse().ok()?, device: device.parse().ok()? })
        };
        match text.strip_prefix("opencl") {
            Some("") => Some(Selection::First),
            Some(place) => place.strip_prefix(':').and_then(at),
            None => None,
        }
        .ok_or_else(|| Error::Usage(format!("expected opencl or opencl:PLATFORM.DEVICE, found {text}")))
    }
}
