//! Images in folders, one folder a class: `DIR/cat/1.jpg`, `DIR/dog/a/2.png`, in all or in parts for
//! training, validation and testing.
//!
//! Classes and files are in order of their names, so an index means the same image on every
//! machine. A file with an ending of images is one; another is one if its first bytes are an image's,
//! and else it is counted as left out. An image is decoded when it is asked for.

mod layout;
mod left_out;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use cnn_core::{Error, Result, files, rng::mix};

use super::{
    Dataset, Image, Target, bad, beyond,
    decode::{READ, check, decode},
    identity,
};
use layout::{Layout, entries, kind, name, subfolders};
pub(super) use layout::{Role, role};
pub use left_out::LeftOut;

/// One image in so many is a test image where folders do not say which.
const TEST_SHARE: u64 = 5;

/// Bytes at the end of a file by which it is known again.
const END: u64 = 4096;

/// Image files in folders, one folder for each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    classes: Vec<String>,
    files: Vec<(PathBuf, u32)>,
    left_out: LeftOut,
}

/// The images of a folder by what they are for; each part has images, or is not there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FolderParts {
    /// For training.
    pub train: Option<Folder>,
    /// For validation, where they have a folder beside those for testing.
    pub validation: Option<Folder>,
    /// For testing: in a folder of their own, which may be called one for validation if there is no
    /// other; or drawn.
    pub test: Option<Folder>,
    /// True if the test images were drawn: an image is one by its path alone.
    pub drawn: bool,
    /// The folders that were taken for parts by their names; none where the folders are classes.
    pub folders: Vec<PathBuf>,
    /// The files of all parts that are not taken.
    pub left_out: LeftOut,
}

impl Folder {
    /// All images of a folder whose subfolders are the classes.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] naming a folder that cannot be read, has no subfolders, or is a class
    /// without images.
    pub fn open(root: &Path) -> Result<Folder> {
        let folders = subfolders(root)?;
        if folders.is_empty() {
            return Err(bad(root, "holds no folders; expected one for each class"));
        }
        let folder = Folder::of_classes(root, &folders)?;
        let is_empty = |label: u32| !folder.files.iter().any(|(_, of)| *of == label);
        match (0..).zip(&folders).find(|(label, _)| is_empty(*label)) {
            Some((_, class)) => Err(without_images(class, "a class", &folder.left_out)),
            None => Ok(folder),
        }
    }

    /// The images in the folders of classes that lie in a folder.
    fn of_classes(root: &Path, folders: &[PathBuf]) -> Result<Folder> {
        let mut found = Found::default();
        let mut names = BTreeSet::new();
        for (label, folder) in folders.iter().enumerate() {
            if !names.insert(name(folder)) {
                return Err(bad(folder, "a second class of this name: rename one of the folders"));
            }
            found.collect(folder, label as u32)?;
        }
        let beside = entries(root)?.into_iter().filter(|path| path.is_file() && kind(path).is_none());
        beside.for_each(|_| found.left_out.add_beside());
        let Found { files, left_out, .. } = found;
        Ok(Folder { classes: folders.iter().map(|folder| name(folder)).collect(), files, left_out })
    }

    /// The files among the images that are not taken.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// The images by what they are for. Folders for training, validation and testing are found in
    /// any case and spelling that public data sets use, in `root` or in the only folder there
    /// (`train`, `Training`, `train_set`; `val`, `valid`, `dev`; `test`, `Testing`). Without them the
    /// folders in `root` are the classes, and one image in five is for testing: which is a function
    /// of its path in `root`, so that it stays when others come and go.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`], and if the images for validation or testing have classes that those for
    /// training do not have; if there is one class only, or folders that look like parts by other
    /// names.
    pub fn open_parts(root: &Path) -> Result<FolderParts> {
        match Layout::of(root)? {
            Layout::Classes(root) => {
                let all = Folder::open(&root)?;
                all.check_classes(&root)?;
                all.draw(&root)
            }
            Layout::OnePart(role, root) => FolderParts::of(&[(role, root)]),
            Layout::Parts(parts) => FolderParts::of(&parts),
        }
    }

    /// Refuses a single class: the folders are then something else.
    fn check_classes(&self, root: &Path) -> Result<()> {
        match &self.classes[..] {
            [class] => Err(bad(
                root,
                format!(
                    "holds one folder, {class}: expected one for each class, or train and val or test with them"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Draws the test images by their paths.
    fn draw(self, root: &Path) -> Result<FolderParts> {
        let Folder { classes, left_out, .. } = &self;
        let count = self.files.len();
        let hashes: Vec<_> =
            self.files.iter().map(|(path, label)| (hash(path, root), Some(*label))).collect();
        let (test, train): (Vec<_>, Vec<_>) =
            self.files.iter().cloned().zip(drawn(&hashes)).partition(|(_, is_test)| *is_test);
        let [test, train] =
            [test, train].map(|files| files.into_iter().map(|(file, _)| file).collect::<Vec<_>>());
        if test.is_empty() || train.is_empty() {
            return Err(bad(root, format!("{count} images are too few to draw some for testing")));
        }
        let part = |files, left_out: &LeftOut| Folder {
            classes: classes.clone(),
            files,
            left_out: left_out.clone(),
        };
        let (train, test) = (part(train, left_out), part(test, &LeftOut::default()));
        Ok(FolderParts { drawn: true, ..FolderParts::new(Some(train), None, Some(test), Vec::new()) })
    }

    /// The same images with the labels of other classes of the same names. A class without images is
    /// as good as none.
    fn with_class_order(mut self, classes: &[String], root: &Path) -> Result<Folder> {
        let labels: Vec<_> =
            self.classes.iter().map(|name| classes.iter().position(|class| class == name)).collect();
        for (_, label) in &mut self.files {
            let own = *label as usize;
            let unknown =
                || bad(&root.join(&self.classes[own]), "a class that the training images do not have");
            *label = labels[own].ok_or_else(unknown)? as u32;
        }
        self.classes = classes.to_vec();
        Ok(self)
    }
}

impl FolderParts {
    /// The images of folders by what these are for.
    fn of(parts: &[(Role, PathBuf)]) -> Result<FolderParts> {
        let folder = |wanted: Role| parts.iter().find(|(role, _)| *role == wanted).map(|(_, folder)| folder);
        let train = folder(Role::Train).map(|root| {
            let train = Folder::open(root)?;
            train.check_classes(root).map(|()| train)
        });
        let train = train.transpose()?;
        let open = |role: Role| -> Result<Option<Folder>> {
            let Some(root) = folder(role) else { return Ok(None) };
            let Some(train) = &train else { return Folder::open(root).map(Some) };
            let part = Folder::of_classes(root, &subfolders(root)?)?;
            if part.files.is_empty() {
                return Err(without_images(root, "a part of the data set", &part.left_out));
            }
            part.with_class_order(&train.classes, root).map(Some)
        };
        let folders = parts.iter().map(|(_, folder)| folder.clone()).collect();
        let (validation, test) = match (open(Role::Validation)?, open(Role::Test)?) {
            (None, None) => match (train, folder(Role::Train)) {
                (Some(train), Some(root)) => return Ok(FolderParts { folders, ..train.draw(root)? }),
                (train, _) => return Ok(FolderParts::new(train, None, None, folders)),
            },
            (validation, None) => (None, validation),
            parts => parts,
        };
        Ok(FolderParts::new(train, validation, test, folders))
    }

    fn new(
        train: Option<Folder>,
        validation: Option<Folder>,
        test: Option<Folder>,
        folders: Vec<PathBuf>,
    ) -> FolderParts {
        let mut left_out = LeftOut::default();
        [&train, &validation, &test].into_iter().flatten().for_each(|part| left_out.extend(&part.left_out));
        FolderParts { train, validation, test, drawn: false, folders, left_out }
    }
}

/// The error about a folder in which images are expected, with what is there instead.
fn without_images(folder: &Path, what: &str, left_out: &LeftOut) -> Error {
    let instead = if left_out.is_empty() { String::new() } else { format!("; {left_out}") };
    bad(folder, format!("{what} without images ({READ}){instead}"))
}

/// Which images are drawn for testing, by the [`hash`] of each: one in so many, but of each class that
/// an image names one stays for training.
pub(super) fn drawn(images: &[(u64, Option<u32>)]) -> Vec<bool> {
    let mut is_test: Vec<bool> = images.iter().map(|(hash, _)| hash.is_multiple_of(TEST_SHARE)).collect();
    let trained: HashSet<u32> = images
        .iter()
        .zip(&is_test)
        .filter(|(_, is_test)| !**is_test)
        .filter_map(|((_, class), _)| *class)
        .collect();
    let mut first: BTreeMap<u32, (u64, usize)> = BTreeMap::new();
    for (nth, (hash, class)) in images.iter().enumerate() {
        if let Some(class) = class.filter(|class| !trained.contains(class)) {
            let image = first.entry(class).or_insert((*hash, nth));
            *image = (*image).min((*hash, nth));
        }
    }
    first.values().for_each(|(_, nth)| is_test[*nth] = false);
    is_test
}

/// A number that follows from a file's path below a folder.
pub(super) fn hash(path: &Path, root: &Path) -> u64 {
    let path = path.strip_prefix(root).unwrap_or(path);
    let names = path.iter().map(|part| name(Path::new(part)));
    let bytes = names.flat_map(|name| name.bytes().chain([b'/']).collect::<Vec<_>>());
    bytes.fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}

impl Dataset for Folder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn outputs(&self) -> usize {
        self.classes.len()
    }

    fn output_name(&self, class: usize) -> String {
        self.classes.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let (path, label) = self.files.get(index).ok_or_else(|| beyond(index, self.len()))?;
        decode(path, image)?;
        Ok(Target::Class(*label))
    }

    fn check(&self, index: usize) -> Result<()> {
        self.files.get(index).map_or(Ok(()), |(path, _)| check(path))
    }

    fn identity(&self, index: usize) -> Option<u64> {
        let (path, label) = self.files.get(index)?;
        Some(path_identity(path, self.classes[*label as usize].as_bytes()))
    }
}

/// The identity of a file with its target, wherever it lies.
pub(super) fn path_identity(path: &Path, target: &[u8]) -> u64 {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    identity(0, &[target, b"/", name.as_bytes(), &*end(path).unwrap_or_default()].concat())
}

/// The last bytes of a file, which are not those of another image, and its length.
fn end(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = files::open_regular(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut bytes = length.to_le_bytes().to_vec();
    file.take(END).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The images in a folder and below it, in order of their names, and what is left out.
pub(super) fn images(folder: &Path) -> Result<(Vec<PathBuf>, LeftOut)> {
    let mut found = Found::default();
    found.collect(folder, 0)?;
    if found.files.is_empty() {
        return Err(without_images(folder, "a folder", &found.left_out));
    }
    Ok((found.files.into_iter().map(|(path, _)| path).collect(), found.left_out))
}

/// What folders hold.
#[derive(Default)]
struct Found {
    files: Vec<(PathBuf, u32)>,
    left_out: LeftOut,
}

impl Found {
    /// Adds the images in a folder and below it.
    fn collect(&mut self, folder: &Path, label: u32) -> Result<()> {
        self.walk(folder, label, &mut HashSet::new())
    }

    /// Links may lead back: a folder counts once, whatever its names.
    fn walk(&mut self, folder: &Path, label: u32, seen: &mut HashSet<PathBuf>) -> Result<()> {
        let real = fs::canonicalize(folder).map_err(|error| bad(folder, format!("cannot read: {error}")))?;
        if !seen.insert(real) {
            return Ok(());
        }
        for path in entries(folder)? {
            if path.is_dir() {
                self.walk(&path, label, seen)?;
            } else if path.is_file() {
                match kind(&path) {
                    None => self.files.push((path, label)),
                    Some(kind) => self.left_out.add(&path, kind),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
