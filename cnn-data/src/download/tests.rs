//! Against a server on this machine, which answers by name.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use flate2::{Compression, write::GzEncoder};

use super::*;

/// `hello` and a line's end.
const HELLO: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

const GREETING: Remote = Remote { name: "hello.gz", form: Form::Gzip, sha256: HELLO };

fn gzip(contents: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(contents).unwrap();
    encoder.finish().unwrap()
}

/// Serves these files, and 404 for others, until the test ends; returns its address.
fn serve(files: Vec<(&'static str, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            let (status, body) = match files.iter().find(|(file, _)| *file == name) {
                Some((_, body)) => ("200 OK", body.as_slice()),
                None => ("404 Not Found", &b""[..]),
            };
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
    address
}

fn source(files: &'static [Remote]) -> Source {
    Source { mirrors: &[], files }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_is_missing_is_fetched_once() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = serve(vec![("hello.gz", gzip(b"hello\n"))]);
    let within = folder.path().join("new/folder");
    let greeting = source(&[GREETING]);
    fetch(&greeting, &within, Some(&mirror), |_| {}).unwrap();
    assert_eq!(names(&within), ["hello.gz"]);
    fetch(&greeting, &within, Some("http://127.0.0.1:1"), |_| panic!("it is there")).unwrap();
    // As someone unpacked it.
    fs::rename(within.join("hello.gz"), within.join("hello")).unwrap();
    fetch(&greeting, &within, Some("http://127.0.0.1:1"), |_| panic!("it is there")).unwrap();
}

#[test]
fn an_archive_is_unpacked_and_goes() {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(6);
    header.set_mode(0o644);
    archive.append_data(&mut header, "set/a.bin", &b"hello\n"[..]).unwrap();
    let bytes = gzip(&archive.into_inner().unwrap());
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let form = Form::Archive { folder: "set", holds: "a.bin" };
    let remote = Remote { name: "set.tar.gz", form, sha256: hash.leak() };
    let source = Source { mirrors: &[], files: vec![remote].leak() };
    let folder = tempfile::tempdir().unwrap();
    let mirror = serve(vec![("set.tar.gz", bytes)]);
    fetch(&source, folder.path(), Some(&mirror), |_| {}).unwrap();
    assert_eq!(names(folder.path()), ["set"]);
    assert_eq!(fs::read(folder.path().join("set/a.bin")).unwrap(), b"hello\n");
    fetch(&source, folder.path(), Some(&mirror), |_| panic!("it is there")).unwrap();
}

#[test]
fn an_incomplete_folder_is_named_before_anything_is_received() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("cifar-10-batches-bin")).unwrap();
    fs::write(folder.path().join("cifar-10-batches-bin/readme.html"), "").unwrap();
    let error = fetch(&CIFAR10, folder.path(), Some("http://127.0.0.1:1"), |_| panic!("no")).unwrap_err();
    assert!(matches!(error, crate::Error::Data { .. }), "{error}");
    assert!(error.to_string().contains("cifar-10-batches-bin: lacks test_batch.bin"), "{error}");
}

#[test]
fn what_no_mirror_serves_is_named_with_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |mirrors: &[&str], words: &[&str]| {
        let error = GREETING.fetch(folder.path(), mirrors, |_| {}).unwrap_err();
        assert!(matches!(error, crate::Error::Data { .. }), "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "no '{word}' in {error}");
        }
        assert!(names(folder.path()).is_empty(), "nothing stays");
    };
    let (empty, other, plain, cut) = (
        serve(vec![]),
        serve(vec![("hello.gz", gzip(b"goodbye\n"))]),
        serve(vec![("hello.gz", b"<html>sign in</html>".to_vec())]),
        serve(vec![("hello.gz", gzip(b"hello\n")[..12].to_vec())]),
    );
    fails(
        &["http://127.0.0.1:1"],
        &["hello.gz: could not be fetched from any server (", "http://127.0.0.1:1/hello.gz: "],
    );
    fails(&[&empty, &other], &["404", "another file: its SHA-256 is", HELLO]);
    fails(&[&plain], &["damaged"]);
    fails(&[&cut], &["damaged"]);
    // The next mirror may do better.
    let good = serve(vec![("hello.gz", gzip(b"hello\n"))]);
    GREETING.fetch(folder.path(), &[&empty, &other, &good], |_| {}).unwrap();
    assert_eq!(names(folder.path()), ["hello.gz"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = fetch(&source(&[GREETING]), &file, Some("http://127.0.0.1:1"), |_| {}).unwrap_err();
    assert!(matches!(error, crate::Error::Io { .. }), "{error}");
    assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
}

#[test]
fn known_files_have_whole_checksums() {
    for source in [MNIST, FASHION_MNIST, CIFAR10, CIFAR100] {
        assert!(!source.mirrors.is_empty());
        for file in source.files {
            assert!(file.sha256.len() == 64 && file.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}
