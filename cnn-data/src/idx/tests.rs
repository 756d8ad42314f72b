//! Good files in both forms, and one test for each way a file can be wrong.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};

use super::*;

/// Two images of 2x3.
const IMAGES: [u8; 28] = *b"\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x03abcdefghijkl";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(bytes: &[u8], kind: Kind) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    IdxFile::open(&path, kind)?.read()
}

fn error(bytes: &[u8]) -> String {
    let error = read(bytes, Kind::Images).unwrap_err();
    assert!(matches!(error, crate::Error::Data { .. }), "{error}");
    error.to_string()
}

#[track_caller]
fn assert_error(bytes: &[u8], expected: &str) {
    let message = error(bytes);
    assert!(message.contains(expected), "{message}");
}

#[test]
fn plain_and_gzip_read_alike() {
    assert_eq!(read(&IMAGES, Kind::Images).unwrap(), b"abcdefghijkl");
    assert_eq!(read(&gzip(&IMAGES), Kind::Images).unwrap(), b"abcdefghijkl");
}

#[test]
fn one_image_or_label_file_is_not_the_other() {
    let message = read(&IMAGES, Kind::Labels).unwrap_err().to_string();
    assert!(message.ends_with("expected IDX labels (magic 0x00000801), found IDX images"), "{message}");
    assert_error(b"PNG.PNG.PNG.PNG.", "expected IDX images (magic 0x00000803), found 0x504e472e");
}

#[test]
fn truncated() {
    assert_error(&[], "truncated");
    assert_error(&IMAGES[..9], "truncated");
    assert_error(&IMAGES[..20], "its header announces 12 bytes, 4 follow");
    assert_error(&gzip(&IMAGES[..20]), "its header announces 12 bytes, 4 follow");
    let whole = gzip(&IMAGES);
    assert_error(&whole[..whole.len() - 3], "truncated");
}

#[test]
fn oversized() {
    let long = [&IMAGES[..], b"x"].concat();
    assert_error(&long, "oversized: more follows the 12 bytes");
    assert_error(&gzip(&long), "oversized: more follows the 12 bytes");
}

#[test]
fn trailing_garbage_after_gzip() {
    assert_error(&[&gzip(&IMAGES)[..], b"garbage of some length"].concat(), "damaged");
}

#[test]
fn wrong_checksum() {
    let mut bytes = gzip(&IMAGES);
    let crc = bytes.len() - 8;
    bytes[crc] ^= 1;
    assert_error(&bytes, "damaged");
}

#[test]
fn claims_are_not_allocated() {
    let claim = |dims: [u32; 3]| [&[0, 0, 8, 3][..], &dims.map(u32::to_be_bytes).concat(), b"abc"].concat();
    assert_error(&claim([u32::MAX, 1 << 15, 1 << 15]), "truncated: its header announces 4611686017353646080");
    assert_error(&claim([u32::MAX; 3]), "impossible dimensions");
    assert_error(&claim([0, 28, 28]), "holds no images");
}
