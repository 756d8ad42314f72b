//! Image files by their paths, for a network to answer about: they have no targets.

use std::path::{Path, PathBuf};

use cnn_core::Result;

use super::{Dataset, Image, LeftOut, Target, beyond, decode, folder};

/// Image files; the target of each is its index, by which answers find their images.
#[derive(Clone, Debug, Default)]
pub struct ImageFiles {
    paths: Vec<PathBuf>,
    left_out: LeftOut,
}

impl ImageFiles {
    /// The files of these paths, which are read when their images are asked for.
    pub fn new(paths: Vec<PathBuf>) -> ImageFiles {
        ImageFiles { paths, left_out: LeftOut::default() }
    }

    /// As [`ImageFiles::new`], with the images in a folder and below it, in order of their names, in
    /// the place of each path that is one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] for a folder that cannot be read or holds no images.
    pub fn open(paths: &[PathBuf]) -> Result<ImageFiles> {
        let mut files = ImageFiles::default();
        for path in paths {
            if path.is_dir() {
                let (images, left_out) = folder::images(path)?;
                files.paths.extend(images);
                files.left_out.extend(&left_out);
            } else {
                files.paths.push(path.clone());
            }
        }
        Ok(files)
    }

    /// The files in folders that are not taken.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// The path of an image.
    pub fn path(&self, index: usize) -> Option<&Path> {
        self.paths.get(index).map(PathBuf::as_path)
    }
}

impl Dataset for ImageFiles {
    fn len(&self) -> usize {
        self.paths.len()
    }

    fn outputs(&self) -> usize {
        self.paths.len()
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let path = self.paths.get(index).ok_or_else(|| beyond(index, self.len()))?;
        decode(path, image).map(|()| Target::Class(index as u32))
    }
}
