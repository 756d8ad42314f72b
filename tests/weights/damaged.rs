//! Files that are cut off, changed or made to harm: an error or other values, never a panic, and no
//! memory beyond that of the file.

use std::fs;

use cnn_runtime::weights::TensorFile;

use super::file;

/// Reads all that a file holds; true if nothing was wrong.
fn is_read(contents: &[u8]) -> bool {
    let Ok(mut file) = TensorFile::from_bytes(contents) else { return false };
    let names: Vec<String> = file.names().collect();
    names.iter().all(|name| file.floats(name).is_ok())
}

const FILES: [&str; 5] = ["zip.pth", "legacy.pth", "module.pth", "compressed.npz", "expected.safetensors"];

#[test]
fn a_file_that_is_cut_off_is_an_error() {
    for name in FILES {
        let whole = fs::read(file(name)).unwrap();
        for end in 0..whole.len() {
            assert!(!is_read(&whole[..end]), "{name} cut at {end}");
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    // A generator of 64 bits by Knuth: the same changes in every run.
    let mut state = 7u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for name in FILES {
        let whole = fs::read(file(name)).unwrap();
        for _ in 0..2_000 {
            let mut contents = whole.clone();
            for _ in 0..=next(3) {
                let at = next(contents.len());
                contents[at] = next(256) as u8;
            }
            is_read(&contents);
        }
    }
}

/// A change of a value in a zip is noticed by its checksum.
#[test]
fn a_changed_value_in_a_zip_is_an_error() {
    let whole = fs::read(file("plain.npz")).unwrap();
    // The elements of the first array lie behind its head, which ends with a line.
    let first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let mut changed = whole.clone();
    changed[first] ^= 1;
    assert!(is_read(&whole) && !is_read(&changed));
}
