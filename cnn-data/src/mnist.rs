//! MNIST and what shares its format (Fashion-MNIST): two IDX files a part, one channel, a byte a
//! pixel.
//!
//! Pixels stay bytes in memory.

use std::path::{Path, PathBuf};

use cnn_core::Result;

use super::{
    Dataset, Image, Target, bad, beyond, identity,
    idx::{IdxFile, Kind},
};

/// The number of digits, and of kinds of clothing.
const CLASSES: usize = 10;

/// Which of a data set's two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// For training.
    Train,
    /// For testing.
    Test,
}

impl Part {
    const fn prefix(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "t10k",
        }
    }
}

/// One part of a data set in MNIST's format.
#[derive(Clone, Debug)]
pub struct Mnist {
    pub(super) shape: [usize; 3],
    pub(super) pixels: Vec<u8>,
    pub(super) labels: Vec<u8>,
}

impl Mnist {
    /// Loads `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (for testing `t10k-…`), with
    /// or without `.gz`, from a folder as people have it: the files in it, in `raw` or in
    /// `MNIST/raw` as torchvision keeps them, each in a folder of its own name, and with a dot before
    /// `idx`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] naming the file that is missing, damaged, or does not fit the other
    /// file.
    pub fn load(folder: &Path, part: Part) -> Result<Mnist> {
        let images_path = find(folder, part, "images-idx3-ubyte")?;
        let labels_path = find(folder, part, "labels-idx1-ubyte")?;
        let data = Mnist::of_files(&images_path, &labels_path)?;
        if let Some(index) = data.labels.iter().position(|&label| usize::from(label) >= CLASSES) {
            let label = data.labels[index];
            let message = format!("label {label} of image {index} is none of {CLASSES} classes");
            return Err(bad(&labels_path, message));
        }
        Ok(data)
    }

    /// The images of one file with the labels of another, whatever these are.
    pub(super) fn of_files(images_path: &Path, labels_path: &Path) -> Result<Mnist> {
        let images = IdxFile::open(images_path, Kind::Images)?;
        let labels = IdxFile::open(labels_path, Kind::Labels)?;
        let shape = [1, images.dims[1], images.dims[2]];
        if shape.contains(&0) {
            return Err(bad(images_path, format!("images without pixels: {shape:?}")));
        }
        // Each file is proved against itself before the two are compared.
        let (pixels, labels) = (images.read()?, labels.read()?);
        if labels.len() != images.dims[0] {
            let message = format!("{} labels for {} images", labels.len(), images.dims[0]);
            return Err(bad(labels_path, message));
        }
        Ok(Mnist { shape, pixels, labels })
    }
}

impl Dataset for Mnist {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn outputs(&self) -> usize {
        CLASSES
    }

    fn shape(&self) -> Option<[usize; 3]> {
        Some(self.shape)
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn identity(&self, index: usize) -> Option<u64> {
        let size: usize = self.shape.iter().product();
        Some(identity(u32::from(*self.labels.get(index)?), &self.pixels[index * size..][..size]))
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let label = *self.labels.get(index).ok_or_else(|| beyond(index, self.len()))?;
        let size: usize = self.shape.iter().product();
        image.set_bytes(self.shape, &self.pixels[index * size..][..size])?;
        Ok(Target::Class(label.into()))
    }
}

/// Where the files lie below the folder that is named.
const PLACES: [&str; 5] = ["", "raw", "MNIST/raw", "FashionMNIST/raw", "MNIST"];

fn find(folder: &Path, part: Part, kind: &str) -> Result<PathBuf> {
    let name = format!("{}-{kind}", part.prefix());
    // As Windows and some archives write it.
    let dotted = name.replace("-idx", ".idx");
    let names = [format!("{name}.gz"), name.clone(), format!("{dotted}.gz"), dotted];
    let in_place = |place: &str| {
        let folder = folder.join(place);
        let files = names.iter().map(|name| folder.join(name)).collect::<Vec<_>>();
        // A folder that is called as the file in it.
        let nested = files.iter().filter(|path| path.is_dir());
        let nested: Vec<_> = nested.flat_map(|folder| names.iter().map(|name| folder.join(name))).collect();
        files.into_iter().chain(nested).find(|path| path.exists() && !path.is_dir())
    };
    PLACES.iter().find_map(|place| in_place(place)).ok_or_else(|| {
        let message = if !folder.is_dir() {
            "no such folder: expected the one with the IDX files".into()
        } else if folder.join("mnist.npz").exists() {
            "holds mnist.npz, which is not read: expected the four IDX files, such as train-images-idx3-ubyte.gz".into()
        } else {
            format!("holds neither {name}.gz nor {name}")
        };
        bad(folder, message)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Three images of 1x2 and as many labels as given.
    fn folder(labels: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let images = b"\0\0\x08\x03\0\0\0\x03\0\0\0\x01\0\0\0\x02\x00\xff\x00\x00\xff\x33";
        fs::write(folder.path().join("train-images-idx3-ubyte"), images).unwrap();
        let header = [&[0, 0, 8, 1][..], &(labels.len() as u32).to_be_bytes()].concat();
        fs::write(folder.path().join("train-labels-idx1-ubyte"), [&header, labels].concat()).unwrap();
        folder
    }

    #[track_caller]
    fn assert_error(folder: &Path, part: Part, expected: &str) {
        let error = Mnist::load(folder, part).unwrap_err();
        assert!(matches!(error, crate::Error::Data { .. }), "{error}");
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn pixels_are_bytes() {
        let folder = folder(&[7, 8, 9]);
        let data = Mnist::load(folder.path(), Part::Train).unwrap();
        let mut image = Image::default();
        assert_eq!(data.read(2, &mut image).unwrap(), Target::Class(9));
        assert_eq!((image.shape(), image.values()), ([1, 1, 2], &[255.0, 51.0][..]));
        assert_eq!(data.len(), 3);
    }

    #[test]
    fn files_are_found_as_people_have_them() {
        let plain = folder(&[7, 8, 9]);
        for (images, labels) in [
            ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
            ("raw/train-images-idx3-ubyte", "raw/train-labels-idx1-ubyte"),
            ("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte"),
            (
                "train-images-idx3-ubyte/train-images-idx3-ubyte",
                "train-labels-idx1-ubyte/train-labels.idx1-ubyte",
            ),
        ] {
            let other = tempfile::tempdir().unwrap();
            for (from, to) in [("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)] {
                let to = other.path().join(to);
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(plain.path().join(from), to).unwrap();
            }
            assert_eq!(Mnist::load(other.path(), Part::Train).unwrap().len(), 3, "{images}");
        }
        let keras = tempfile::tempdir().unwrap();
        fs::write(keras.path().join("mnist.npz"), b"").unwrap();
        assert!(Mnist::load(keras.path(), Part::Train).unwrap_err().to_string().contains("holds mnist.npz"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let empty = tempfile::tempdir().unwrap();
        let expected = "holds neither t10k-images-idx3-ubyte.gz nor t10k-images-idx3-ubyte";
        assert_error(empty.path(), Part::Test, expected);
        assert_error(&empty.path().join("x"), Part::Test, "expected the one with the IDX files");
        assert_error(folder(&[0; 4]).path(), Part::Train, "4 labels for 3 images");
        let expected = "label 10 of image 1 is none of 10 classes";
        assert_error(folder(&[9, 10, 0]).path(), Part::Train, expected);
    }
}
