//! Image files by their paths, for a network to answer about: they have no labels.

use std::path::PathBuf;

use super::{Dataset, Image, decode};
use crate::error::Result;

/// Image files; the label of each is 0.
#[derive(Clone, Debug)]
pub struct Files(pub Vec<PathBuf>);

impl Dataset for Files {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn classes(&self) -> usize {
        1
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<u32> {
        decode(&self.0[index], image).map(|()| 0)
    }
}
