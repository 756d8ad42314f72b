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
    let relative = |path: &PathBuf| {
        path.strip_prefix(root).unwrap().to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/")
    };
    folder.files.iter().map(|(path, label)| (relative(path), *label)).collect()
}

#[track_caller]
fn assert_error(root: &Path, expected: &str) {
    let error = Folder::open_parts(root).unwrap_err();
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

/// Part names and classes `a` and `b` with two images each.
fn with_parts(parts: &[&str]) -> tempfile::TempDir {
    let files: Vec<String> = parts
        .iter()
        .flat_map(|part| ["a/1", "a/2", "b/1", "b/2"].map(|file| format!("{part}/{file}.png")))
        .collect();
    folder(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Images for training, validation and testing, and whether the last were drawn.
fn counts(parts: &FolderParts) -> ([usize; 3], bool) {
    let count = |part: &Option<Folder>| part.as_ref().map_or(0, Folder::len);
    ([&parts.train, &parts.validation, &parts.test].map(count), parts.drawn)
}

#[test]
fn parts_have_folders_by_many_names() {
    for (folders, expected) in [
        (&["train", "val"][..], [4, 0, 4]),
        (&["train", "test"], [4, 0, 4]),
        (&["train", "val", "test"], [4, 4, 4]),
        (&["Training", "Testing"], [4, 0, 4]),
        (&["train", "valid"], [4, 0, 4]),
        (&["TRAIN", "VALIDATION", "TEST"], [4, 4, 4]),
        (&["training_set", "test_set"], [4, 0, 4]),
        (&["seg_train/seg_train", "seg_test/seg_test"], [4, 0, 4]),
        (&["dataset/train", "dataset/test"], [4, 0, 4]),
        (&["archive/data/Train", "archive/data/Valid", "archive/data/Test"], [4, 4, 4]),
        (&["__MACOSX", "chest/train", "chest/test"], [4, 0, 4]),
        (&["test"], [0, 0, 4]),
    ] {
        let root = with_parts(folders);
        let found = Folder::open_parts(root.path()).unwrap_or_else(|error| panic!("{folders:?}: {error}"));
        assert_eq!(counts(&found), (expected, false), "{folders:?}");
        assert!(found.test.is_some_and(|test| test.classes == ["a", "b"]), "{folders:?}");
    }
}

#[test]
fn a_folder_that_is_a_part_is_not_divided_again() {
    let root = with_parts(&["train", "test"]);
    let test = Folder::open_parts(&root.path().join("test")).unwrap();
    assert_eq!(counts(&test), ([0, 0, 4], false));
}

#[test]
fn classes_may_be_called_as_parts_are() {
    let files: Vec<_> =
        (0..60).map(|nth| format!("{}/{nth}.png", ["bus", "train", "test"][nth % 3])).collect();
    let root = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let parts = Folder::open_parts(root.path()).unwrap();
    assert!(parts.drawn);
    assert_eq!(parts.train.unwrap().classes, ["bus", "test", "train"]);
}

#[test]
fn what_systems_leave_behind_is_no_class_and_no_image() {
    let root = folder(&[
        "train/a/1.png",
        "train/b/1.png",
        "train/__MACOSX/a/._1.png",
        "train/a/@eaDir/1.png/thumb.jpg",
        "train/.ipynb_checkpoints/1.png",
        "val/a/1.png",
        "val/b/notes.txt",
        "val/c/readme.md",
        "$RECYCLE.BIN/x/1.png",
    ]);
    let parts = Folder::open_parts(root.path()).unwrap();
    assert_eq!(parts.train.as_ref().unwrap().classes, ["a", "b"]);
    // A class without images is as good as none, where it need not be trained.
    assert_eq!(counts(&parts), ([2, 0, 1], false));
}

#[test]
fn a_test_image_is_one_by_its_path() {
    let name = |nth: usize| format!("{}/{nth}.png", ["x", "y", "z"][nth % 3]);
    let files: Vec<_> = (0..500).map(name).collect();
    let root = folder(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let tested = || -> HashSet<String> {
        let parts = Folder::open_parts(root.path()).unwrap();
        let (train, test) = (parts.train.unwrap(), parts.test.unwrap());
        assert!(parts.drawn && (75..=125).contains(&(test.len() * 500 / (train.len() + test.len()))));
        let test: HashSet<_> = listed(&test, root.path()).into_iter().map(|(path, _)| path).collect();
        assert!(listed(&train, root.path()).iter().all(|(path, _)| !test.contains(path)));
        test
    };
    let before = tested();
    for nth in (500..600).chain([1000]) {
        fs::write(root.path().join(name(nth)), b"").unwrap();
    }
    for nth in (0..500).step_by(7) {
        fs::remove_file(root.path().join(name(nth))).unwrap();
    }
    let after = tested();
    let stays = |path: &String| {
        let nth: usize = path[2..path.len() - 4].parse().unwrap();
        nth < 500 && !nth.is_multiple_of(7)
    };
    assert!(before.iter().filter(|path| stays(path)).all(|path| after.contains(path)));
    assert!(after.iter().filter(|path| stays(path)).all(|path| before.contains(path)));
    // Training alone is divided likewise.
    let only = folder(
        &files
            .iter()
            .map(|file| format!("train/{file}"))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    let parts = Folder::open_parts(only.path()).unwrap();
    assert!(parts.drawn && parts.validation.is_none() && parts.test.is_some_and(|test| test.len() > 75));
}

#[test]
fn what_is_wrong_is_named() {
    assert_error(folder(&[]).path(), "holds no folders");
    assert_error(&folder(&[]).path().join("x"), "x: cannot read");
    assert_error(folder(&["a/1.png", "b/readme.txt"]).path(), "b: a class without images");
    assert_error(folder(&["a/1.png", "a/2.png"]).path(), "holds one folder, a: expected one for each class");
    assert_error(folder(&["a/1.png", "b/1.png"]).path(), "2 images are too few");
    assert_error(folder(&["train/a/1.png", "test/a/1.png"]).path(), "holds one folder, a");
    assert_error(
        folder(&["train/a/1.png", "train/c/1.png", "val/b/1.png"]).path(),
        "b: a class that the training images",
    );
    assert_error(
        with_parts(&["one", "two"]).path(),
        "one and two hold the same folders (a, b): are they parts",
    );
    assert_error(
        with_parts(&["train", "Training", "test"]).path(),
        "Training and train, which mean the same",
    );
    assert_error(
        folder(&["train/a/1.png", "train/b/1.png", "val/a/1.png", "cat/1.png"]).path(),
        "holds train with a folder for each class, and cat beside it",
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_adds_nothing() {
    let root = folder(&["a/1.png"]);
    std::os::unix::fs::symlink(root.path().join("a"), root.path().join("a/again")).unwrap();
    assert_eq!(Folder::open(root.path()).unwrap().len(), 1);
}

#[test]
fn images_are_found_by_what_they_hold_and_the_rest_is_counted() {
    let root =
        folder(&["a/1.png", "b/1.BMP", "a/notes.txt", "a/list.csv", "b/list.csv", "b/Thumbs.db", "2.jpg"]);
    let jpeg: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 0x10, b'J', b'F', b'I', b'F'];
    for (file, bytes) in [
        ("a/2", jpeg),
        ("a/3.jpg_large", jpeg),
        ("b/3.heic", b"\0\0\0\x18ftypheic\0\0\0\0"),
        ("b/unnamed", b"no picture"),
    ] {
        fs::write(root.path().join(file), bytes).unwrap();
    }
    let all = Folder::open(root.path()).unwrap();
    let files: Vec<_> = listed(&all, root.path()).into_iter().map(|(file, _)| file).collect();
    assert_eq!(files, ["a/1.png", "a/2", "a/3.jpg_large", "b/1.BMP"]);
    assert_eq!(
        all.left_out().to_string(),
        "6 files are left out: 2 .csv, 1 .txt, 1 heic (not supported), 1 images beside the folders of the classes, \
         1 without an ending"
    );
    let error = Folder::open(folder(&["a/1.png", "b/1.txt"]).path()).unwrap_err().to_string();
    assert!(error.ends_with("1 file is left out: 1 .txt"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_name_is_one_line() {
    let root = folder(&["a\nb/1.png", "c\u{1b}[31m/1.png"]);
    let all = Folder::open(root.path()).unwrap();
    assert_eq!(all.classes, ["a\\nb", "c\\u{1b}[31m"]);
}

/// Of a class with few images none would be left for training.
#[test]
fn every_class_is_trained() {
    let files: Vec<String> = (0..60).map(|class| format!("c{class}/1.png")).collect();
    let files: Vec<&str> =
        files.iter().map(String::as_str).chain(["a/1.png", "a/2.png", "a/3.png"]).collect();
    let many: Vec<String> = (0..40).map(|nth| format!("b/{nth}.png")).collect();
    let root = folder(&files.into_iter().chain(many.iter().map(String::as_str)).collect::<Vec<_>>());
    let parts = Folder::open_parts(root.path()).unwrap();
    let train = parts.train.unwrap();
    let classes: HashSet<u32> = train.files.iter().map(|(_, label)| *label).collect();
    assert_eq!(classes.len(), train.outputs());
    assert!(parts.test.is_some());
}

#[test]
fn a_part_without_images_is_said() {
    let root = folder(&["train/a/1.png", "train/b/1.png", "test/a/1.txt", "test/b/1.txt"]);
    assert_error(root.path(), "test: a part of the data set without images");
    let root = folder(&["train/a/1.png", "train/b/1.png", "test/1.png"]);
    assert_error(root.path(), "test: holds images without folders of classes");
}

/// Systems write a letter with a mark as one character or as two.
#[test]
fn a_name_is_the_same_in_either_form() {
    let root =
        folder(&["train/caf\u{e9}/1.png", "train/tea/1.png", "val/cafe\u{301}/1.png", "val/tea/1.png"]);
    let parts = Folder::open_parts(root.path()).unwrap();
    assert_eq!(parts.test.unwrap().classes, ["caf\u{e9}", "tea"]);
    let root = folder(&["caf\u{e9}/1.png", "cafe\u{301}/1.png"]);
    let error = Folder::open(root.path()).unwrap_err().to_string();
    assert!(error.contains("a second class of this name"), "{error}");
}
