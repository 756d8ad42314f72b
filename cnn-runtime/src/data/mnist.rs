//! MNIST and what shares its format (Fashion-MNIST): two IDX files a part, one channel, a byte a pixel.
//!
//! Pixels stay bytes in memory and become `value / 255` when a batch is made.

use std::path::{Path, PathBuf};

use super::{
    Dataset, bad,
    idx::{IdxFile, Kind},
};
use crate::error::Result;

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
#[derive(Debug)]
pub struct Mnist {
    shape: [usize; 3],
    classes: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Mnist {
    /// Loads `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (for testing `t10k-…`), with or without `.gz`, from
    /// a folder, for a network with this input shape and number of classes.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] naming the file that is missing, damaged, or does not fit the network or the other file.
    pub fn load(folder: &Path, part: Part, shape: [usize; 3], classes: usize) -> Result<Mnist> {
        let images_path = find(folder, part, "images-idx3-ubyte")?;
        let labels_path = find(folder, part, "labels-idx1-ubyte")?;
        let images = IdxFile::open(&images_path, Kind::Images)?;
        let labels = IdxFile::open(&labels_path, Kind::Labels)?;
        let found = [1, images.dims[1], images.dims[2]];
        if found != shape {
            return Err(bad(&images_path, format!("images are {found:?}, the network's input is {shape:?}")));
        }
        // Each file is proved against itself before the two are compared.
        let (pixels, labels) = (images.read()?, labels.read()?);
        if labels.len() != images.dims[0] {
            let message = format!("{} labels for {} images", labels.len(), images.dims[0]);
            return Err(bad(&labels_path, message));
        }
        if let Some(index) = labels.iter().position(|&label| usize::from(label) >= classes) {
            let label = labels[index];
            let message = format!("label {label} of image {index} is beyond the network's {classes} classes");
            return Err(bad(&labels_path, message));
        }
        Ok(Mnist { shape, classes, pixels, labels })
    }
}

impl Dataset for Mnist {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn shape(&self) -> [usize; 3] {
        self.shape
    }

    fn sample(&self, index: usize, image: &mut [f32]) -> u32 {
        let size = image.len();
        for (value, &pixel) in image.iter_mut().zip(&self.pixels[index * size..][..size]) {
            *value = f32::from(pixel) / 255.0;
        }
        u32::from(self.labels[index])
    }
}

fn find(folder: &Path, part: Part, kind: &str) -> Result<PathBuf> {
    let name = format!("{}-{kind}", part.prefix());
    let candidates = [folder.join(format!("{name}.gz")), folder.join(&name)];
    candidates.into_iter().find(|path| path.exists()).ok_or_else(|| {
        let message = if folder.is_dir() {
            format!("holds neither {name}.gz nor {name}")
        } else {
            "no such folder; --data-dir names the one with the IDX files".into()
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
    fn assert_error(folder: &Path, part: Part, shape: [usize; 3], expected: &str) {
        let error = Mnist::load(folder, part, shape, 10).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn pixels_become_zero_to_one() {
        let folder = folder(&[7, 8, 9]);
        let data = Mnist::load(folder.path(), Part::Train, [1, 1, 2], 10).unwrap();
        let mut image = [0.0; 2];
        assert_eq!(data.sample(2, &mut image), 9);
        assert_eq!(image, [1.0, 0.2]);
        assert_eq!(data.len(), 3);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let empty = tempfile::tempdir().unwrap();
        let shape = [1, 1, 2];
        let expected = "holds neither t10k-images-idx3-ubyte.gz nor t10k-images-idx3-ubyte";
        assert_error(empty.path(), Part::Test, shape, expected);
        assert_error(&empty.path().join("x"), Part::Test, shape, "the one with the IDX files");
        assert_error(
            folder(&[0; 3]).path(),
            Part::Train,
            [1, 2, 2],
            "images are [1, 1, 2], the network's input is [1, 2, 2]",
        );
        assert_error(folder(&[0; 4]).path(), Part::Train, shape, "4 labels for 3 images");
        let expected = "label 10 of image 1 is beyond the network's 10 classes";
        assert_error(folder(&[9, 10, 0]).path(), Part::Train, shape, expected);
    }
}
