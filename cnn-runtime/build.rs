//! Satisfies `-lOpenCL`, which the OpenCL bindings ask for, with an empty archive: the functions themselves are in
//! `src/opencl/loader.rs`, so a machine without OpenCL can build and start every program.

use std::{env, fs, path::PathBuf};

/// All there is to an archive without members.
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos") {
        return; // OpenCL is part of the system there.
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(folder.join("libOpenCL.a"), EMPTY_ARCHIVE).expect("OUT_DIR is writable");
    println!("cargo:rustc-link-search=native={}", folder.display());
}
