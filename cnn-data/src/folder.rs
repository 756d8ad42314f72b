//! Images in folders, one folder a class: `DIR/cat/1.jpg`, `DIR/dog/a/2.png`.
//!
//! Classes and files are in order of their names, so an index means the same image on every
//! machine. Only names are read here; an image is decoded when it is asked for.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use cnn_core::Result;

use super::{Dataset, Image, Target, bad, beyond, decode, split};

const EXTENSIONS: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// Names of the folder of test images, beside `train`.
const TESTS: [&str; 3] = ["test", "val", "validation"];

/// Share of images that become test images where folders do not say which.
const TEST_SHARE: f64 = 0.2;

/// Image files in folders, one folder for each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    classes: Vec<String>,
    files: Vec<(PathBuf, u32)>,
}

/// The images of a folder for training and for testing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FolderParts {
    /// For training.
    pub train: Folder,
    /// For testing.
    pub test: Folder,
    /// True if the test images were drawn by seed, false if they have a folder of their own.
    pub drawn: bool,
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
        let classes = folders.iter().map(|folder| name(folder)).collect();
        let mut files = Vec::new();
        for (label, folder) in folders.iter().enumerate() {
            let before = files.len();
            collect(folder, label as u32, &mut HashSet::new(), &mut files)?;
            if files.len() == before {
                return Err(bad(folder, "a class without images (png, jpg, jpeg or webp)"));
            }
        }
        Ok(Folder { classes, files })
    }

    /// The images for training and for testing: of `root/train` and `root/test` (or `val`,
    /// `validation`) if there are such folders; otherwise one in five of the images of `root` is
    /// drawn for testing.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`], and if the test images have classes that the training images do not
    /// have.
    pub fn open_parts(root: &Path, seed: u64) -> Result<FolderParts> {
        let train = root.join("train");
        if !train.is_dir() {
            return Folder::open(root)?.draw(seed, root);
        }
        let holds_classes = |folder: &PathBuf| subfolders(folder).is_ok_and(|folders| !folders.is_empty());
        let test = TESTS.map(|name| root.join(name)).into_iter().find(holds_classes).ok_or_else(|| {
            bad(root, "has a folder train, but none of test, val and validation with a folder for each class")
        })?;
        let train = Folder::open(&train)?;
        let test_images = Folder::open(&test)?.with_class_order(&train.classes, &test)?;
        Ok(FolderParts { train, test: test_images, drawn: false })
    }

    fn draw(self, seed: u64, root: &Path) -> Result<FolderParts> {
        let all = (0..self.files.len() as u32).collect();
        let split = split(all, Some(TEST_SHARE), seed).map_err(|_| {
            bad(root, format!("{} images are too few to draw some for testing", self.files.len()))
        })?;
        let part = |mut indices: Vec<u32>| {
            indices.sort_unstable();
            let files = indices.into_iter().map(|index| self.files[index as usize].clone()).collect();
            Folder { classes: self.classes.clone(), files }
        };
        Ok(FolderParts { train: part(split.train), test: part(split.validation), drawn: true })
    }

    /// The same images with the labels of other classes of the same names.
    fn with_class_order(mut self, classes: &[String], root: &Path) -> Result<Folder> {
        let label = |name: &String| {
            let found = classes.iter().position(|class| class == name);
            found.ok_or_else(|| bad(&root.join(name), "a class that the training images do not have"))
        };
        let labels = self.classes.iter().map(label).collect::<Result<Vec<_>>>()?;
        self.files.iter_mut().for_each(|(_, class)| *class = labels[*class as usize] as u32);
        self.classes = classes.to_vec();
        Ok(self)
    }
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
}

/// Adds the images in a folder and below it. Links may lead back: a folder counts once, whatever
/// its names.
fn collect(
    folder: &Path,
    label: u32,
    seen: &mut HashSet<PathBuf>,
    files: &mut Vec<(PathBuf, u32)>,
) -> Result<()> {
    let real = fs::canonicalize(folder).map_err(|error| bad(folder, format!("cannot read: {error}")))?;
    if !seen.insert(real) {
        return Ok(());
    }
    for path in entries(folder)? {
        if path.is_dir() {
            collect(&path, label, seen, files)?;
        } else if is_image(&path) && path.is_file() {
            files.push((path, label));
        }
    }
    Ok(())
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// What a folder holds, in order of names; hidden entries left out.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
    });
    let mut paths = listed.map_err(|error| bad(folder, format!("cannot read: {error}")))?;
    paths.retain(|path| !name(path).starts_with('.'));
    paths.sort_unstable();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&extension.as_str())
}

#[cfg(test)]
mod tests;
