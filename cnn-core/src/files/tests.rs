//! What a name holds after each of these, and what stays beside it.

use std::fs;

use super::*;

#[test]
fn replaces_and_leaves_nothing_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    replace(&path, b"old").unwrap();
    replace(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_in_the_way_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let error = replace(folder.path(), b"x").unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
    assert!(folder.path().is_dir());
}

#[test]
fn a_file_in_the_way_of_the_output_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken");
    fs::write(&path, "").unwrap();
    for output in [path.clone(), path.join("below")] {
        let error = create_writable(&output).unwrap_err();
        assert!(matches!(error, Error::Io { .. }));
        assert!(error.to_string().starts_with(&output.display().to_string()), "{error}");
    }
}

#[test]
fn an_output_folder_is_created_empty() {
    let parent = tempfile::tempdir().unwrap();
    let output = parent.path().join("runs/first");
    create_writable(&output).unwrap();
    assert_eq!(fs::read_dir(&output).unwrap().count(), 0);
}

#[test]
fn a_folder_is_one_runs() {
    let folder = tempfile::tempdir().unwrap();
    let first = reserve(folder.path()).unwrap();
    let error = reserve(folder.path()).unwrap_err();
    assert!(error.to_string().contains("another run is writing there"), "{error}");
    drop(first);
    drop(reserve(folder.path()).unwrap().expect("a lock"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn leftovers_go_and_a_users_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let users = [
        ".last.ckpt.123.4.tmp",
        ".diary.7.tmp",
        ".diary.7.cnn-part",
        ".diary.x.7.cnn-part",
        "last.ckpt.123.4.cnn-part",
        ".last.ckpt",
    ];
    for name in users.iter().chain(&[".last.ckpt.123.4.cnn-part"]) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    // A folder is one of ours by what it holds.
    fs::create_dir_all(folder.path().join(".set.123.5.cnn-part/half")).unwrap();
    fs::create_dir_all(folder.path().join(".thesis.123.6.cnn-part/half")).unwrap();
    fs::write(folder.path().join(".set.123.5.cnn-part").join(MARK), "").unwrap();
    create_writable(folder.path()).unwrap();
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    let mut expected: Vec<_> =
        users.iter().chain(&[".thesis.123.6.cnn-part"]).map(std::ffi::OsString::from).collect();
    expected.sort();
    assert_eq!(left, expected);
}

/// While one process looks for leftovers, others begin files.
#[test]
fn a_file_that_is_begun_is_no_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..500 {
                replace(&folder.path().join("a"), turn.to_string().as_bytes()).unwrap();
            }
            is_over.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        while !is_over.load(std::sync::atomic::Ordering::SeqCst) {
            create_writable(folder.path()).unwrap();
        }
    });
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"499");
}

#[test]
fn names_may_be_as_long_as_the_system_allows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("\u{e9}".repeat(127));
    replace(&path, b"contents").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"contents");
}

#[test]
#[cfg(unix)]
fn links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let [real, name] = ["real", "name"].map(|name| folder.path().join(name));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("real", &name).unwrap();
    replace(&name, b"new").unwrap();
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert!(name.is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    // A second name is that of the file, not of the link.
    let second = folder.path().join("second");
    link(&name, &second).unwrap();
    replace(&name, b"newer").unwrap();
    assert_eq!((fs::read(&second).unwrap(), second.is_symlink()), (b"new".to_vec(), false));
}

#[test]
fn what_is_being_written_is_no_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    let write = |contents: &[u8]| {
        let mut file = Replacement::create(&path).unwrap();
        file.write(contents).unwrap();
        file
    };
    let (first, second) = (write(b"first"), write(b"second"));
    create_writable(folder.path()).unwrap();
    first.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"first");
    second.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// As a virus scanner has a file that has just been written.
#[test]
#[cfg(windows)]
fn a_file_that_is_open_for_a_moment_is_replaced() {
    use std::os::windows::fs::OpenOptionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "old").unwrap();
    let scanner = fs::OpenOptions::new().read(true).share_mode(0).open(&path).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            drop(scanner);
        });
        replace(&path, b"new").unwrap();
    });
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_second_name_survives_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    for contents in ["old", "new"] {
        replace(&first, contents.as_bytes()).unwrap();
        link(&first, &second).unwrap();
        link(&first, &second).unwrap();
    }
    replace(&first, b"other").unwrap();
    assert_eq!(fs::read(&second).unwrap(), b"new");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
