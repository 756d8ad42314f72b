//! The options of `train`.

use std::{path::PathBuf, time::Duration};

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::{
    optim::{OPTIMIZERS, SCHEDULES, Schedule},
    plan::settings::Table,
    trainer::{
        source::DataArgs,
        values::{self, Resume, Rule},
    },
    weights::{Policy, Rename},
};

/// What a command line, the environment or a file asks for; the network's declaration stands in for
/// what they leave out.
#[derive(clap::Args, Debug)]
pub(in crate::trainer) struct Args {
    #[command(flatten, next_help_heading = "Data")]
    pub(in crate::trainer) data: DataArgs,

    /// Share of the training images held out for validation [default: validate on the test images]
    #[arg(long, value_name = "F", value_parser = values::fraction)]
    pub(in crate::trainer) val_split: Option<f64>,

    /// Use only N of the training images, drawn by --seed
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(in crate::trainer) limit: Option<usize>,

    #[command(flatten, next_help_heading = "Optimisation")]
    pub(in crate::trainer) optimisation: Optimisation,

    #[command(flatten, next_help_heading = "Output and checkpoints")]
    pub(in crate::trainer) kept: Kept,

    #[command(flatten, next_help_heading = "Configuration")]
    pub(in crate::trainer) configuration: Configuration,

    /// All options of this run, as a file gives them.
    #[arg(skip)]
    pub(in crate::trainer) given: toml::Table,
}

/// What decides how weights move.
#[derive(clap::Args, Debug)]
pub(in crate::trainer) struct Optimisation {
    /// Passes over the training images [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(in crate::trainer) epochs: Option<usize>,

    /// Images per pass [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    pub(in crate::trainer) batch: Option<usize>,

    /// Passes whose gradients make one update, as of one larger batch [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(in crate::trainer) accumulate: Option<usize>,

    #[arg(long, value_name = "NAME", help = rules())]
    pub(in crate::trainer) optimizer: Option<Rule>,

    /// Learning rate [default: the network's, or the named optimizer's]
    #[arg(long, value_name = "X", value_parser = values::learning_rate)]
    pub(in crate::trainer) lr: Option<f32>,

    /// Momentum of sgd or rmsprop
    #[arg(long, value_name = "X", value_parser = values::decay)]
    pub(in crate::trainer) momentum: Option<f32>,

    /// Penalty on large weights
    #[arg(long, value_name = "X", value_parser = values::not_negative)]
    pub(in crate::trainer) weight_decay: Option<f32>,

    #[arg(long, value_name = "SPEC", help = courses())]
    pub(in crate::trainer) schedule: Option<Schedule>,

    /// Epochs in which the learning rate first rises
    #[arg(long, value_name = "EPOCHS", value_parser = values::not_negative)]
    pub(in crate::trainer) warm_up: Option<f32>,

    /// Largest norm of all gradients together; 0 is no limit
    #[arg(long, value_name = "X", value_parser = values::not_negative)]
    pub(in crate::trainer) clip_norm: Option<f32>,

    /// Largest magnitude of a gradient; 0 is no limit
    #[arg(long, value_name = "X", value_parser = values::not_negative)]
    pub(in crate::trainer) clip_value: Option<f32>,

    /// Take the norm of all gradients before each update; its mean is gradient_norm among the
    /// metrics. With --clip-norm it is taken anyway
    #[arg(long)]
    pub(in crate::trainer) gradient_norm: bool,

    /// Decay of a running average of the weights, which is validated and kept instead, such as
    /// 0.999; 0 is none
    #[arg(long, value_name = "D", value_parser = values::decay)]
    pub(in crate::trainer) average: Option<f32>,

    /// Stop after N epochs without a better one [default: train all epochs]
    #[arg(long, value_name = "N", value_parser = values::positive)]
    pub(in crate::trainer) patience: Option<usize>,
}

fn rules() -> String {
    let example = "sgd(lr = 0.1, momentum = 0.9, nesterov = true)";
    format!("Update rule: {}, or with settings as \"{example}\" [default: the network's]", names(&OPTIMIZERS))
}

fn courses() -> String {
    let examples = r#""step(every = 30, factor = 0.1)" or "multi_step([30, 60])""#;
    let names = names(&SCHEDULES);
    format!("Course of the learning rate: {names}, or with settings as {examples} [default: the network's]")
}

fn names<T>(table: &Table<T>) -> String {
    table.names().join(", ")
}

/// What is kept of a run, and from what it starts.
#[derive(clap::Args, Debug)]
pub(in crate::trainer) struct Kept {
    /// Folder for weights (last.safetensors, best.safetensors), last.ckpt, metrics (.jsonl, .csv,
    /// TensorBoard) and curves
    #[arg(long, value_name = "DIR")]
    pub(in crate::trainer) output: Option<PathBuf>,

    /// Go on from a checkpoint; auto takes last.ckpt of the output folder, or starts anew without
    /// one
    #[arg(long, value_name = "auto|FILE", value_parser = OsStringValueParser::new().map(Resume::from))]
    pub(in crate::trainer) resume: Option<Resume>,

    /// Replace the run that the output folder holds
    #[arg(long)]
    pub(in crate::trainer) overwrite: bool,

    /// Start from these weights, unless a checkpoint is resumed
    #[arg(long, value_name = "FILE")]
    pub(in crate::trainer) init: Option<PathBuf>,

    /// Read names that begin with OLD, or go on with it behind a dot, with NEW in its place, such as
    /// "module.=>"
    #[arg(long, value_name = "OLD=>NEW", requires = "init", value_delimiter = ',')]
    pub(in crate::trainer) init_rename: Vec<Rename>,

    /// Leave layers as they are drawn, such as fc or layer4.*, whatever the weights have for them
    #[arg(long, value_name = "PATTERN", requires = "init", value_delimiter = ',')]
    pub(in crate::trainer) init_skip: Vec<String>,

    /// Take what fits of the weights, and leave the rest of the network as it is drawn
    #[arg(long, requires = "init")]
    pub(in crate::trainer) init_partial: bool,

    /// Minutes between two checkpoints within an epoch
    #[arg(long, value_name = "MINUTES", value_parser = values::minutes, default_value = "10")]
    pub(in crate::trainer) checkpoint_every: Duration,

    /// Keep the checkpoints of the last N epochs and of the best, too, as epoch-E.ckpt
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::trainer) keep: usize,
}

impl Kept {
    /// How the weights of `--init` become the network's.
    pub(in crate::trainer) fn policy(&self) -> Policy {
        let policy = self.init_rename.iter().cloned().fold(Policy::strict(), Policy::rename);
        let policy = self.init_skip.iter().fold(policy, Policy::skip);
        if self.init_partial { policy.partial() } else { policy }
    }
}

/// Where options come from, and where they go.
#[derive(clap::Args, Debug)]
pub(in crate::trainer) struct Configuration {
    /// Read options from a file, such as epochs = 3
    #[arg(long, value_name = "FILE.toml")]
    pub(in crate::trainer) config: Option<PathBuf>,

    /// Print what would run, as a file for --config, and stop
    #[arg(long)]
    pub(in crate::trainer) dry_run: bool,
}
