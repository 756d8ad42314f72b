//! Image files by their paths, for a network to answer about: they have no targets.

use std::path::PathBuf;

use cnn_core::Result;

use super::{Dataset, Image, Target, beyond, decode};

/// Image files; the target of each is class 0, which says nothing.
#[derive(Clone, Debug, Default)]
pub struct ImageFiles {
    paths: Vec<PathBuf>,
}

impl ImageFiles {
    /// The files of these paths, which are read when their images are asked for.
    pub fn new(paths: Vec<PathBuf>) -> ImageFiles {
        ImageFiles { paths }
    }
}

impl Dataset for ImageFiles {
    fn len(&self) -> usize {
        self.paths.len()
    }

    fn outputs(&self) -> usize {
        1
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let path = self.paths.get(index).ok_or_else(|| beyond(index, self.len()))?;
        decode(path, image).map(|()| Target::Class(0))
    }
}
