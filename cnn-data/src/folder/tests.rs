//! Layouts that people keep images in.

use super::*;

/// Empty files: names are all that is read.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    root
}

fn listed(folder: &Folder, root: &Path) -> Vec<(String, u32)> {
    let relative = |path: &PathBuf| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    folder.files.iter().map(|(path, label)| (relative(path), *label)).collect()
}

#[track_caller]
fn assert_error(root: &Path, expected: &str) {
    let error = Folder::open_parts(root, 0).unwrap_err();
    assert!(matches!(error, crate::Error::Data { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn classes_are_in_order_of_their_names() {
    let root =
        folder(&["dog/b.PNG", "dog/a/x.jpeg", "cat/1.webp", "cat/notes.txt", "cat/.hidden.png", "README"]);
    let all = Folder::open(root.path()).unwrap();
    let expected = [("cat/1.webp", 0), ("dog/a/x.jpeg", 1), ("dog/b.PNG", 1)];
    assert_eq!(listed(&all, root.path()), expected.map(|(path, label)| (path.into(), label)));
    assert_eq!((all.output_name(0), all.output_name(1)), ("cat".into(), "dog".into()));
}

#[test]
fn parts_have_folders() {
    let root =
        folder(&["train/a/1.png", "train/b/1.png", "train/c/1.png", "val/c/2.png", "test/unsorted.png"]);
    let parts = Folder::open_parts(root.path(), 0).unwrap();
    assert!(!parts.drawn);
    assert_eq!((parts.train.len(), parts.train.outputs()), (3, 3));
    assert_eq!(listed(&parts.test, root.path()), [("val/c/2.png".into(), 2)]);
}

#[test]
fn parts_are_drawn_by_seed() {
    let files: Vec<_> = (0..50).map(|nth| format!("{}/{nth}.png", nth % 3)).collect();
    let root = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let parts = |seed| {
        let parts = Folder::open_parts(root.path(), seed).unwrap();
        assert!(parts.drawn);
        (listed(&parts.train, root.path()), listed(&parts.test, root.path()))
    };
    let (train, test) = parts(1);
    assert_eq!((train.len(), test.len()), (40, 10));
    assert!(test.iter().all(|file| !train.contains(file)));
    assert_eq!(parts(1), (train, test.clone()));
    assert_ne!(parts(2).1, test);
}

#[test]
fn what_is_wrong_is_named() {
    assert_error(folder(&[]).path(), "holds no folders");
    assert_error(&folder(&[]).path().join("x"), "x: cannot read");
    assert_error(folder(&["a/1.png", "b/readme.txt"]).path(), "b: a class without images");
    assert_error(folder(&["a/1.png"]).path(), "1 images are too few");
    assert_error(folder(&["train/a/1.png"]).path(), "none of test, val and validation");
    assert_error(folder(&["train/a/1.png", "val/b/1.png"]).path(), "b: a class that the training images");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_adds_nothing() {
    let root = folder(&["a/1.png"]);
    std::os::unix::fs::symlink(root.path().join("a"), root.path().join("a/again")).unwrap();
    assert_eq!(Folder::open(root.path()).unwrap().len(), 1);
}
