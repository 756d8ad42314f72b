//! The options of `train`.

use std::{path::PathBuf, time::Duration};

use crate::trainer::{
    source::DataArgs,
    values::{self, OptimizerName, Resume},
};

/// What a command line, the environment or a file asks for; the network's declaration stands in for what they leave out.
#[derive(clap::Args, Debug)]
pub(in crate::trainer) struct Args {
    #[command(flatten)]
    pub(super) data: DataArgs,

    /// Passes over the training images [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(super) epochs: Option<usize>,

    /// Images per update [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    pub(super) batch: Option<usize>,

    /// Learning rate [default: the network's, or the named optimizer's]
    #[arg(long, value_name = "X", value_parser = values::learning_rate)]
    pub(super) lr: Option<f32>,

    /// Update rule [default: the network's]
    #[arg(long, value_name = "NAME")]
    pub(super) optimizer: Option<OptimizerName>,

    /// Share of the training images held out for validation [default: validate on the test images]
    #[arg(long, value_name = "F", value_parser = values::fraction)]
    pub(super) val_split: Option<f64>,

    /// Use only the first N training images
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(super) limit: Option<usize>,

    /// Stop after N epochs without a better one [default: train all epochs]
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(super) patience: Option<usize>,

    /// Folder for weights (last.safetensors, best.safetensors), checkpoints (last.ckpt) and records (metrics.jsonl …)
    #[arg(long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,

    /// Go on from a checkpoint: auto takes last.ckpt of the output folder, or starts anew without one
    #[arg(long, value_name = "auto|FILE")]
    pub(super) resume: Option<Resume>,

    /// Start from these weights
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub(super) init: Option<PathBuf>,

    /// Minutes between checkpoints within an epoch
    #[arg(long, value_name = "MINUTES", value_parser = values::minutes, default_value = "10")]
    pub(super) checkpoint_every: Duration,

    /// Keep the checkpoints of the last N epochs and of the best, too, as epoch-E.ckpt
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) keep: usize,
}
