//! How people lay out a folder of images: one folder a class, or parts for training, validation and
//! testing with the classes in them, by any of the names that public data sets use.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};
use unicode_normalization::UnicodeNormalization;

use super::super::{
    bad,
    decode::{HEAD, Kind, is_ending},
};

/// What a folder of images holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A folder for each class.
    Classes(PathBuf),
    /// Classes, which are all of one part: the folder says so by its own name.
    OnePart(Role, PathBuf),
    /// A folder for each part.
    Parts(Vec<(Role, PathBuf)>),
}

/// What images are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Train,
    Validation,
    Test,
}

/// Words by which a folder is a part.
const ROLES: [(Role, &[&str]); 3] = [
    (Role::Train, &["train", "training", "trn", "trainset", "traindata"]),
    (Role::Validation, &["val", "valid", "validation", "validate", "dev", "valset", "validset"]),
    (Role::Test, &["test", "testing", "tst", "testset", "testdata", "eval", "evaluation"]),
];

/// Words that say nothing beside those.
const FILLERS: [&str; 14] = [
    "set", "data", "dataset", "images", "image", "imgs", "img", "folder", "dir", "split", "seg", "part",
    "pictures", "photos",
];

/// Folders and files that systems and tools leave behind.
const JUNK: [&str; 13] = [
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "#recycle",
    "@recycle",
    "@recently-snapshot",
    "system volume information",
    "lost+found",
    "__pycache__",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "icon\r",
];

/// Folders within folders that are looked through for parts.
const DEPTH: usize = 2;

impl Layout {
    /// Looks at the names in a folder, and up to [`DEPTH`] folders deeper where there is no other.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] if it cannot be read, has no folders, or its folders look like parts by
    /// names that nobody knows.
    pub(super) fn of(root: &Path) -> Result<Layout> {
        let mut root = root.to_path_buf();
        for _ in 0..=DEPTH {
            let folders = subfolders(&root)?;
            if let Some(parts) = parts(&root, &folders)? {
                return Ok(Layout::Parts(parts));
            }
            match &folders[..] {
                [inner] if holds_folders(inner) => root = inner.clone(),
                _ => break,
            }
        }
        let folders = subfolders(&root)?;
        if let [first, second, ..] = &folders[..] {
            check_unlike(&root, first, second, &folders)?;
        }
        let role = role_among(&name(&absolute(&root)), 0);
        Ok(role.map_or_else(|| Layout::Classes(root.clone()), |role| Layout::OnePart(role, root.clone())))
    }
}

/// The parts that a folder is divided into, each with the folder of its classes; nothing if its
/// folders are classes themselves.
fn parts(root: &Path, folders: &[PathBuf]) -> Result<Option<Vec<(Role, PathBuf)>>> {
    let role_of = |folder: &PathBuf| Some((role(&name(folder))?, folder.clone()));
    let parts: Vec<_> = folders.iter().filter(|folder| holds_folders(folder)).filter_map(role_of).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    for (nth, (role, folder)) in parts.iter().enumerate() {
        if let Some((_, other)) = parts[..nth].iter().find(|(earlier, _)| earlier == role) {
            let (first, second) = (name(other), name(folder));
            let message =
                format!("holds {first} and {second}, which mean the same: merge them, or take one away");
            return Err(bad(root, message));
        }
    }
    // Something beside them that is no part, and has images.
    let is_part = |folder: &&PathBuf| parts.iter().any(|(_, part)| part == *folder);
    let other = folders.iter().filter(|folder| !is_part(folder)).find(|folder| holds_images(folder));
    match other {
        None => Ok(Some(parts.into_iter().map(|(role, folder)| (role, unwrapped(folder))).collect())),
        // A class may be called train.
        Some(_) if parts.len() == 1 && !nested_alike(&parts[0].1) => Ok(None),
        Some(other) if role(&name(other)).is_some() => Err(bad(
            other,
            "holds images without folders of classes, which would say what they are: move it away",
        )),
        Some(other) => Err(bad(
            root,
            format!(
                "holds {} with a folder for each class, and {} beside it: move what is no part of the data set",
                name(&parts[0].1),
                name(other)
            ),
        )),
    }
}

/// The folder with the classes, which may lie in one more: `seg_train/seg_train/cat`.
fn unwrapped(folder: PathBuf) -> PathBuf {
    match subfolders(&folder).as_deref() {
        Ok([inner]) if holds_folders(inner) && !holds_images_itself(inner) => inner.clone(),
        _ => folder,
    }
}

/// Whether all of a folder's folders, two or more, hold images, as those of classes do.
fn nested_alike(folder: &Path) -> bool {
    subfolders(folder)
        .is_ok_and(|folders| folders.len() > 1 && folders.iter().all(|class| holds_images(class)))
}

/// Refuses folders of which all hold the same folders and no images: they are no classes.
fn check_unlike(root: &Path, first: &Path, second: &Path, folders: &[PathBuf]) -> Result<()> {
    let within = |folder: &Path| -> Result<BTreeSet<String>> {
        Ok(subfolders(folder)?.iter().map(|folder| name(folder).to_lowercase()).collect())
    };
    let expected = within(first)?;
    if expected.len() < 2 || folders.iter().any(|folder| holds_images_itself(folder)) {
        return Ok(());
    }
    for folder in folders {
        if within(folder)? != expected {
            return Ok(());
        }
    }
    let classes = expected.into_iter().take(3).collect::<Vec<_>>().join(", ");
    Err(bad(
        root,
        format!(
            "{} and {} hold the same folders ({classes}): are they parts of the data set? call them train, val and test",
            name(first),
            name(second)
        ),
    ))
}

/// What a folder of this name is for, if it is a part: `asl_alphabet_train`, but no sentence.
pub(crate) fn role(name: &str) -> Option<Role> {
    role_among(name, 2)
}

/// As [`role`], of a name with so many words at most that say nothing about it.
fn role_among(name: &str, most: usize) -> Option<Role> {
    let name = name.to_lowercase();
    let words = name.split(|letter: char| !letter.is_alphanumeric()).flat_map(|word| {
        // `train2017`
        let digits = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
        (!digits.is_empty()).then_some(digits)
    });
    let role_of = |word: &str| ROLES.iter().find(|(_, words)| words.contains(&word)).map(|(role, _)| *role);
    let mut found = None;
    let mut others = 0;
    for word in words {
        match role_of(word) {
            Some(role) if found.is_none() => found = Some(role),
            Some(_) => return None,
            None => others += !FILLERS.contains(&word) as usize,
        }
    }
    found.filter(|_| others <= most)
}

fn holds_folders(folder: &Path) -> bool {
    subfolders(folder).is_ok_and(|folders| !folders.is_empty())
}

/// Whether a folder, or one in it, holds images.
fn holds_images(folder: &Path) -> bool {
    holds_images_itself(folder)
        || subfolders(folder).is_ok_and(|folders| folders.iter().any(|inner| holds_images_itself(inner)))
}

fn holds_images_itself(folder: &Path) -> bool {
    entries(folder).is_ok_and(|entries| entries.iter().any(|path| path.is_file() && kind(path).is_none()))
}

/// The folders in a folder, in order of their names.
pub(super) fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// What a folder holds, in order of names; what is hidden or left behind by systems is passed over.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
    });
    let mut paths = listed.map_err(|error| bad(folder, format!("cannot read: {error}")))?;
    paths.retain(|path| {
        let name = name(path);
        !name.starts_with('.') && !JUNK.contains(&name.to_lowercase().as_str())
    });
    // One order on every system: a name may have its letters with marks in either form.
    paths.sort_by_cached_key(|path| (name(path), path.clone()));
    Ok(paths)
}

/// The last part of a path. Letters with marks are in their composed form, which they have not on
/// every system, and signs that would break a line or colour a terminal are written out.
pub(super) fn name(path: &Path) -> String {
    let name: String = path.file_name().unwrap_or_default().to_string_lossy().nfc().collect();
    if name.chars().any(char::is_control) { name.escape_debug().to_string() } else { name }
}

/// The path with a last part, which `.` has not.
fn absolute(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// What a file is, if it is no image that is read: by its ending, or by what it holds.
pub(super) fn kind(path: &Path) -> Option<Kind> {
    if path.extension().is_some_and(|ending| is_ending(&ending.to_string_lossy())) {
        return None;
    }
    let mut head = Vec::new();
    let read = files::open_regular(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    Some(read.map_or(Kind::Other, |_| Kind::of(&head))).filter(|kind| !kind.is_read())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts() {
        for (expected, names) in [
            (
                Some(Role::Train),
                &[
                    "train",
                    "Training",
                    "TRAIN_SET",
                    "train-images",
                    "seg_train",
                    "asl_alphabet_train",
                    "train2017",
                ][..],
            ),
            (Some(Role::Validation), &["val", "Valid", "validation_set", "dev", "val2017"][..]),
            (Some(Role::Test), &["test", "Testing", "test set", "evaluation", "seg_test"][..]),
            (None, &["trains", "cat", "data", "train_test", "a train on its way home", "2017", ""][..]),
        ] {
            for name in names {
                assert_eq!(role(name), expected, "{name}");
            }
        }
        // A folder of classes is a part by its own name alone, and not by a likeness.
        assert_eq!(role_among("test_data", 0), Some(Role::Test));
        assert_eq!(role_among("my_test", 0), None);
    }
}
