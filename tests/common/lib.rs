//! What several integration tests share.

pub mod costs;
pub mod counting;

use std::path::{Path, PathBuf};

use cnn_runtime::{__testing::rng::Stream, Device, DeviceChoice, device::Selection};

/// Every device that tests run on: the CPU engine, and OpenCL where there is a driver. Says what it
/// skips; with `CNN_REQUIRE_OPENCL=1` a missing driver fails the test.
pub fn devices() -> Vec<Device> {
    let mut devices = vec![Device::cpu().unwrap()];
    match Device::open(&DeviceChoice::OpenCl(Selection::First), None) {
        Ok(device) => devices.push(device),
        Err(error) if std::env::var_os("CNN_REQUIRE_OPENCL").is_some_and(|value| value == "1") => {
            panic!("CNN_REQUIRE_OPENCL=1, but {error}")
        }
        Err(error) => eprintln!("skipped on OpenCL: {error}"),
    }
    devices
}

/// `|a - b| / |b|`; infinite if either holds a NaN or their lengths differ.
pub fn relative_distance(found: &[f32], expected: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let difference = norm(&mut found.iter().zip(expected).map(|(&a, &b)| a as f64 - b as f64));
    let distance = difference / norm(&mut expected.iter().map(|&b| b as f64)).max(1e-30);
    if distance.is_nan() || found.len() != expected.len() { f64::INFINITY } else { distance }
}

/// Reproducible values in -1..1.
pub fn noise(seed: u64, count: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed);
    (0..count).map(|_| (stream.unit() * 2.0 - 1.0) as f32).collect()
}

/// The file of an example's binary, built beside the tests.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "{} is not built; `cargo build --examples` builds it", binary.display());
    binary
}

/// A file under `tests/`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
