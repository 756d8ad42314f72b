//! Any data set in MNIST's format, such as EMNIST: two IDX files a part, a class for each label.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};

use super::{
    Dataset, Image, Mnist, Part, Target, bad,
    idx::{IdxFile, Kind},
};

/// Words in the names of the files of a part.
const fn words(part: Part) -> &'static [&'static str] {
    match part {
        Part::Train => &["train"],
        Part::Test => &["t10k", "test"],
    }
}

/// Bytes of a list of names, at most.
const LONGEST: u64 = 1 << 20;

/// One part of a data set in MNIST's format.
///
/// Its classes are the labels from the least to the greatest of either part, called by their
/// numbers; or, where a file `…-mapping.txt` lies beside the others as in EMNIST, by the characters
/// that it says. The images of EMNIST are stored lying on their sides: files whose names begin with
/// `emnist` are turned upright.
#[derive(Clone, Debug)]
pub struct IdxFolder {
    /// With labels from 0.
    images: Mnist,
    names: Vec<String>,
    is_turned: bool,
}

impl IdxFolder {
    /// Loads a part from a folder in which, or in a folder of which, lies one file of images and one
    /// of labels for it, each plain or gzip: `…train…images…idx3…` and `…train…labels…idx1…`; for
    /// testing with `t10k` or `test`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] naming the file that is missing, there twice, damaged, or does not fit
    /// the other file.
    pub fn load(folder: &Path, part: Part) -> Result<IdxFolder> {
        let images_path = find(folder, part, Kind::Images)?;
        let labels_path = find(folder, part, Kind::Labels)?;
        let mut images = Mnist::of_files(&images_path, &labels_path)?;
        // Both parts have the same classes, even if one lacks images of some.
        let other = if part == Part::Train { Part::Test } else { Part::Train };
        let others = match find(folder, other, Kind::Labels) {
            Ok(path) => IdxFile::open(&path, Kind::Labels)?.read()?,
            Err(_) => Vec::new(),
        };
        let (least, most) = images
            .labels
            .iter()
            .chain(&others)
            .fold((u8::MAX, 0), |(least, most), &label| (least.min(label), most.max(label)));
        let file = images_path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let [_, height, width] = images.shape;
        let is_turned = file.starts_with("emnist") && height == width;
        if is_turned {
            images.pixels.chunks_exact_mut(height * width).for_each(|image| transpose(image, width));
        }
        images.labels.iter_mut().for_each(|label| *label -= least);
        let known = mapping(&images_path);
        let name = |label: u8| known.get(&label).cloned().unwrap_or_else(|| label.to_string());
        Ok(IdxFolder { images, names: (least..=most).map(name).collect(), is_turned })
    }

    /// True if rows and columns of the images were exchanged, as those of EMNIST are.
    pub fn is_turned(&self) -> bool {
        self.is_turned
    }
}

/// The only file of a part and a kind in a folder or one within it.
fn find(folder: &Path, part: Part, kind: Kind) -> Result<PathBuf> {
    let what = if kind == Kind::Images { "images" } else { "labels" };
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let is_part = words(part).iter().any(|word| name.contains(word));
        is_part && name.contains(what) && name.contains("idx") && path.is_file()
    };
    let listed = |folder: &Path| {
        let entries = fs::read_dir(folder).map_err(|error| bad(folder, format!("cannot read: {error}")))?;
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort_unstable();
        Ok::<_, crate::Error>(paths)
    };
    let here = listed(folder)?;
    let folders: Vec<_> = here.iter().filter(|path| path.is_dir()).cloned().collect();
    let mut files: Vec<_> = here.into_iter().filter(fits).collect();
    if files.is_empty() {
        for inner in folders {
            files.extend(listed(&inner)?.into_iter().filter(fits));
        }
    }
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match &files[..] {
        [file] => Ok(file.clone()),
        [] => Err(bad(
            folder,
            format!("holds no file such as {}-{what}-idx{}-ubyte or .gz", words(part)[0], kind_number(kind)),
        )),
        // The same file, packed and unpacked.
        [first, second] if name(second) == name(first) + ".gz" => Ok(first.clone()),
        [first, second, ..] => Err(bad(
            folder,
            format!("holds {} and {}: expected one data set in a folder", name(first), name(second)),
        )),
    }
}

fn kind_number(kind: Kind) -> usize {
    if kind == Kind::Images { 3 } else { 1 }
}

/// The characters of labels by EMNIST's list beside the images: a line for each label, with the label
/// and the codes of its characters.
fn mapping(images: &Path) -> BTreeMap<u8, String> {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    let stem = ["-train-", "-test-"].iter().find_map(|word| name.split_once(word)).map(|(stem, _)| stem);
    let file =
        stem.and_then(|stem| files::open_regular(&images.with_file_name(format!("{stem}-mapping.txt"))).ok());
    let mut text = String::new();
    if let Some(file) = file {
        // What is no text has no names.
        let _ = file.take(LONGEST).read_to_string(&mut text);
    }
    let line = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (label, code) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some((u8::try_from(label).ok()?, char::from_u32(code)?.to_string()))
    };
    text.lines().filter_map(line).collect()
}

/// Exchanges the rows and columns of a square image.
fn transpose(image: &mut [u8], side: usize) {
    for row in 0..side {
        for column in 0..row {
            image.swap(row * side + column, column * side + row);
        }
    }
}

impl Dataset for IdxFolder {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn outputs(&self) -> usize {
        self.names.len()
    }

    fn output_name(&self, class: usize) -> String {
        self.names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        self.images.shape()
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn identity(&self, index: usize) -> Option<u64> {
        self.images.identity(index)
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        self.images.read(index, image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, magic: u8, dims: &[u32], contents: &[u8]) {
        let dims = dims.iter().flat_map(|dim| dim.to_be_bytes());
        let bytes: Vec<u8> =
            [0, 0, 8, magic].into_iter().chain(dims).chain(contents.iter().copied()).collect();
        fs::write(folder.join(name), bytes).unwrap();
    }

    #[test]
    fn letters_have_names_and_stand_upright() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("gzip");
        fs::create_dir(&inner).unwrap();
        write(&inner, "emnist-letters-train-images-idx3-ubyte", 3, &[2, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8]);
        write(&inner, "emnist-letters-train-labels-idx1-ubyte", 1, &[2], &[1, 2]);
        write(&inner, "emnist-letters-test-images-idx3-ubyte", 3, &[1, 2, 2], &[1, 2, 3, 4]);
        write(&inner, "emnist-letters-test-labels-idx1-ubyte", 1, &[1], &[3]);
        fs::write(inner.join("emnist-letters-mapping.txt"), "1 65 97\n2 66 98\n3 67 99\n").unwrap();
        let [train, test] =
            [Part::Train, Part::Test].map(|part| IdxFolder::load(folder.path(), part).unwrap());
        assert_eq!(train.names, ["A", "B", "C"]);
        assert_eq!((&train.names, train.is_turned(), test.len()), (&test.names, true, 1));
        let mut image = Image::default();
        assert_eq!(train.read(1, &mut image).unwrap(), Target::Class(1));
        assert_eq!(image.values(), [5.0, 7.0, 6.0, 8.0]);
        assert_eq!(test.read(0, &mut image).unwrap(), Target::Class(2));
    }

    #[test]
    fn labels_are_classes_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "train-images.idx3-ubyte", 3, &[2, 1, 1], &[9, 8]);
        write(folder.path(), "train-labels.idx1-ubyte", 1, &[2], &[0, 46]);
        let train = IdxFolder::load(folder.path(), Part::Train).unwrap();
        assert_eq!((train.outputs(), train.output_name(46)), (47, "46".into()));
        let error = IdxFolder::load(folder.path(), Part::Test).unwrap_err().to_string();
        assert!(error.ends_with("holds no file such as t10k-images-idx3-ubyte or .gz"), "{error}");
        write(folder.path(), "other-train-images-idx3-ubyte", 3, &[1, 1, 1], &[9]);
        let error = IdxFolder::load(folder.path(), Part::Train).unwrap_err().to_string();
        assert!(error.contains("expected one data set in a folder"), "{error}");
    }
}
