//! Tells the crate when it is built without optimisation. And satisfies `-lOpenCL`, which the
//! bindings of OpenCL ask for, with an empty archive in a folder that becomes part of the linker's
//! search path. The functions themselves are in `src/opencl/loader/functions.rs`, so a machine
//! without OpenCL can build and start every program.
//!
//! The search path reaches every crate of the program, so another crate's `-lOpenCL` finds the
//! archive, too, and its functions are then the same forwarders: all of OpenCL 3.0 is there. Two
//! versions of this crate in one program would define them twice, which `links` in `Cargo.toml` has
//! cargo refuse.
//!
//! Without the feature `opencl` none of this is left behind. On macOS OpenCL is part of the system,
//! and on Windows the SDK's `OpenCL.lib` is linked.

use std::{env, fs, path::PathBuf};

/// An archive without members.
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(unoptimised)");
    if env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo:rustc-cfg=unoptimised");
    }
    let is_set = |name| env::var_os(name).is_some();
    let is_macos = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos");
    if !is_set("CARGO_FEATURE_OPENCL") || !is_set("CARGO_CFG_UNIX") || is_macos {
        return;
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(folder.join("libOpenCL.a"), EMPTY_ARCHIVE).expect("OUT_DIR is writable");
    println!("cargo:rustc-link-search=native={}", folder.display());
}
