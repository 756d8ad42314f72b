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
//! Without the feature `opencl` none of this is left behind. On macOS the bindings link the
//! system's framework, which is always there, and the same functions stand before it.

use std::{env, fs, path::PathBuf};

/// An archive without members, as linkers of Unix and of MinGW take it.
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(unoptimised)");
    if env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo:rustc-cfg=unoptimised");
    }
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    if env::var_os("CARGO_FEATURE_OPENCL").is_none() || target("OS") == "macos" {
        return;
    }
    let (name, archive) = if target("ENV") == "msvc" {
        ("OpenCL.lib", archive_of_nothing())
    } else {
        ("libOpenCL.a", EMPTY_ARCHIVE.to_vec())
    };
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(folder.join(name), archive).expect("OUT_DIR is writable");
    println!("cargo:rustc-link-search=native={}", folder.display());
}

/// An archive for MSVC, whose `lib` makes none without members: its one member is an object without
/// sections and symbols, for no machine in particular, and the two tables of symbols before it are
/// empty. `lld-link` takes it; Microsoft's `link` was not at hand.
///
/// The format is that of "PE Format, Archive (Library) File Format" in Microsoft's documentation.
fn archive_of_nothing() -> Vec<u8> {
    const TABLE: &str = "/";
    const COFF_HEADER: [u8; 20] = [0; 20];
    let first_table = 0u32.to_be_bytes();
    let object_at = EMPTY_ARCHIVE.len() + 2 * MEMBER_HEADER + first_table.len() + 3 * size_of::<u32>();
    let second_table = [1, object_at as u32, 0].map(u32::to_le_bytes).concat();
    let mut archive = EMPTY_ARCHIVE.to_vec();
    for (name, contents) in
        [(TABLE, &first_table[..]), (TABLE, &second_table), ("nothing.obj/", &COFF_HEADER)]
    {
        archive.extend(member_header(name, contents.len()));
        archive.extend(contents);
    }
    archive
}

/// Bytes of [`member_header`].
const MEMBER_HEADER: usize = 60;

/// What stands before a member: its name, time, owner, group, mode and length.
fn member_header(name: &str, len: usize) -> Vec<u8> {
    format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{len:<10}`\n", 0, "", "", 0).into_bytes()
}
