//! What a run starts from: nothing, weights, or a checkpoint; and what that says of the data.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cnn_core::{DataInfo, Result, Tensor};

use super::{ANEW, args::Kept, output};
use crate::{
    checkpoint,
    data::Dataset,
    plan::Description,
    trainer::{
        advice::advise,
        source::{DataArgs, by_classes, note_order, with_more_classes},
    },
    weights,
};

/// What a run starts from.
pub(super) struct Origin {
    /// The checkpoint that it goes on from.
    pub(super) checkpoint: Option<PathBuf>,
    /// The weights that it starts from, unless it goes on from a checkpoint.
    pub(super) weights: Option<PathBuf>,
    /// What the file says of the data.
    pub(super) info: DataInfo,
}

impl Origin {
    pub(super) fn of(kept: &Kept) -> Result<Origin> {
        let checkpoint = output::checkpoint(kept)?;
        let weights = kept.init.clone().filter(|_| checkpoint.is_none());
        let info = match (&checkpoint, &weights) {
            (Some(path), _) => checkpoint::data_info(path).map_err(|error| advise(error, ANEW))?,
            (None, Some(path)) => weights::data_info_of(path)?,
            (None, None) => DataInfo::default(),
        };
        Ok(Origin { checkpoint, weights, info })
    }

    /// The names of the outputs for training images, if the file knows any.
    pub(super) fn classes(&self, images: &dyn Dataset, description: &Description) -> Vec<String> {
        match &self.weights {
            Some(path) if !self.info.classes().is_empty() => {
                with_more_classes(images, self.info.classes(), description.output_len(), path)
            }
            _ => self.info.classes().to_vec(),
        }
    }

    /// The file, and the statistics of the data that it holds.
    pub(super) fn statistics(&self) -> Option<(&Path, &[Tensor])> {
        self.file().map(|file| (file, self.info.statistics()))
    }

    fn file(&self) -> Option<&Path> {
        self.checkpoint.as_deref().or(self.weights.as_deref())
    }

    /// Says where the classes of training images are taken in order.
    pub(super) fn note_order(&self, args: &DataArgs, images: &dyn Dataset) {
        if let Some(file) = self.file() {
            note_order(args, images, self.info.classes(), file);
        }
    }

    /// Images whose targets are the outputs of these names.
    pub(super) fn by_classes(
        &self,
        args: &DataArgs,
        images: Arc<dyn Dataset>,
        names: &[String],
    ) -> Result<Arc<dyn Dataset>> {
        by_classes(args, images, names, self.file().unwrap_or(Path::new("the training images")))
    }
}
