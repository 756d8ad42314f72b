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
    plan::{Description, Param},
    session::Session,
    trainer::{
        advice::advise,
        load_weights_by, log_line,
        source::{DataArgs, by_classes, note_order, with_more_classes},
    },
    weights::{self, Policy},
};

/// What a run starts from.
pub(super) struct Origin {
    /// The checkpoint that it goes on from.
    pub(super) checkpoint: Option<PathBuf>,
    /// The weights that it starts from, unless it goes on from a checkpoint.
    pub(super) weights: Option<PathBuf>,
    /// How those become the network's.
    policy: Policy,
    /// What the file says of the data.
    pub(super) info: DataInfo,
}

impl Origin {
    pub(super) fn of(kept: &Kept, description: &Description) -> Result<Origin> {
        let checkpoint = output::checkpoint(kept)?;
        let weights = kept.init.clone().filter(|_| checkpoint.is_none());
        let policy = kept.policy();
        let info = match (&checkpoint, &weights) {
            (Some(path), _) => checkpoint::data_info(path).map_err(|error| advise(error, ANEW))?,
            (None, Some(path)) => info_for(path, description, &policy)?,
            (None, None) => DataInfo::default(),
        };
        Ok(Origin { checkpoint, weights, policy, info })
    }

    /// Loads the weights that a run starts from, if it does, and says what became of them.
    pub(super) fn load(&self, session: &mut Session) -> Result<()> {
        let Some(path) = &self.weights else { return Ok(()) };
        let loaded = load_weights_by(session, path, &self.policy)?;
        weights::check_finite(session, path)?;
        let params = session.description().params.iter();
        let is_stuck = |param: &&Param| {
            !param.trainable && !param.buffer && loaded.fresh.iter().any(|fresh| fresh == param.name)
        };
        let stuck: Vec<&str> = params.filter(is_stuck).map(|param| param.name).collect();
        if !stuck.is_empty() {
            log_line(&format!("fresh and frozen, so that they stay as they are drawn: {}", stuck.join(", ")));
        }
        Ok(())
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

/// What weights say of their data; an error says whether some of them could be taken.
fn info_for(path: &Path, description: &Description, policy: &Policy) -> Result<DataInfo> {
    weights::data_info_for(path, description, policy).map_err(|error| {
        match weights::data_info_for(path, description, &policy.clone().partial()) {
            Ok(_) => advise(error, PARTS),
            Err(_) => error,
        }
    })
}

/// What helps where weights are those of another network.
const PARTS: &str = "--init-partial takes those, and --init-rename 'OLD=>NEW' finds others";
