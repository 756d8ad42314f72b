//! `train`: loads data, trains, keeps weights and a record in a folder, and prints the test accuracy.
//!
//! With `--val-split` the validation figures come from held-out training images; without it from the test images, as
//! in Keras' examples. Either way the last line is the final weights' score on the test images.

use std::path::PathBuf;

use super::{
    args::Common,
    eval, format, print,
    progress::Report,
    source::{self, DataArgs},
    tell,
    values::{self, OptimizerName},
};
use crate::{
    data::{Batches, Part, split},
    device::Device,
    error::{Error, Result},
    files,
    network::Model,
    optim::{Adadelta, Optimizer, Sgd, Update},
    session::{Options, Session},
    train::{Callback, Fit, KeepWeights, Record, evaluate},
    weights,
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataArgs,

    /// Passes over the training images [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::positive)]
    epochs: Option<usize>,

    /// Images per update [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    batch: Option<usize>,

    /// Learning rate [default: the network's, or the named optimizer's]
    #[arg(long, value_name = "X", value_parser = values::learning_rate)]
    lr: Option<f32>,

    /// Update rule [default: the network's]
    #[arg(long, value_name = "NAME")]
    optimizer: Option<OptimizerName>,

    /// Share of the training images held out for validation [default: validate on the test images]
    #[arg(long, value_name = "F", value_parser = values::fraction)]
    val_split: Option<f64>,

    /// Use only the first N training images
    #[arg(long, value_name = "N", value_parser = values::positive)]
    limit: Option<usize>,

    /// Folder for last.safetensors, best.safetensors and metrics.jsonl
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Start from these weights
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let description = model.description;
    let train = source::load(&args.data, Part::Train, description, common.seed)?;
    let test = source::load(&args.data, Part::Test, description, common.seed)?;
    let count = args.limit.map_or(train.len(), |limit| limit.min(train.len()));
    let split = split(count, args.val_split, common.seed)?;
    let batch = args.batch.unwrap_or(description.training.batch).min(split.train.len());

    let device = common.open_device()?;
    let declared = description.training.update;
    let optimizer = optimizer(declared.optimizer, args.optimizer, args.lr);
    let training = Some(Update { optimizer, ..declared });
    let mut session = Session::new(model, &device, &Options { batch, training, seed: common.seed })?;
    if let Some(path) = &args.init {
        weights::load(&mut session, path)?;
    }
    if let Some(folder) = &args.output {
        files::create_writable(folder)?;
    }
    announce(&session, &device, split.train.len(), test.len());
    let train = source::fitted(&args.data, train, &split.train, description)?;
    let test = train.with_data(test);
    session.set_companions(train.companions());

    let mut training = Batches::new(&train, split.train, batch);
    let mut testing = Batches::all(&test, batch);
    let mut held_out = args.val_split.map(|_| Batches::new(&train, split.validation, batch));
    let epochs = args.epochs.unwrap_or(description.training.epochs);
    // The progress bar leaves the terminal with its callback, so before the result is printed.
    let fit = Fit { epochs, seed: common.seed, callbacks: callbacks(args) };
    let score = device.install(|| match &mut held_out {
        Some(held_out) => {
            fit.run(&mut session, &mut training, held_out)?;
            evaluate(&mut session, &mut testing)?.finite(|loss| Error::Diverged { loss, epoch: epochs })
        }
        None => fit.run(&mut session, &mut training, &mut testing),
    })?;
    print(&eval::result_line(&score))
}

/// The network's optimizer, or the named one with its usual settings; `lr` changes the rate of either. The penalty on
/// weights is the network's in any case: it belongs to what is minimised.
fn optimizer(declared: Optimizer, name: Option<OptimizerName>, lr: Option<f32>) -> Optimizer {
    let weight_decay = declared.weight_decay();
    let chosen = match (name, declared) {
        (None, _)
        | (Some(OptimizerName::Sgd), Optimizer::Sgd(_))
        | (Some(OptimizerName::Adadelta), Optimizer::Adadelta(_)) => declared,
        (Some(OptimizerName::Sgd), _) => Optimizer::Sgd(Sgd { weight_decay, ..Sgd::DEFAULT }),
        (Some(OptimizerName::Adadelta), _) => {
            Optimizer::Adadelta(Adadelta { weight_decay, ..Adadelta::DEFAULT })
        }
    };
    lr.map_or(chosen, |lr| chosen.with_lr(lr))
}

/// Weights are kept before they are reported: what a reader of the record sees, exists.
fn callbacks(args: &Args) -> Vec<Box<dyn Callback + Send>> {
    let mut callbacks: Vec<Box<dyn Callback + Send>> = Vec::new();
    if let Some(folder) = &args.output {
        callbacks.push(Box::new(KeepWeights::new(folder)));
        callbacks.push(Box::new(Record::new(folder)));
    }
    callbacks.push(Box::new(Report::new()));
    callbacks
}

fn announce(session: &Session, device: &Device, train: usize, test: usize) {
    let description = session.description();
    tell(&format!(
        "{}: {} parameters, {} training and {} test images, batch {}, on {}",
        description.name,
        format::thousands(description.parameter_count() as u64),
        format::thousands(train as u64),
        format::thousands(test as u64),
        session.batch(),
        device.describe(),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rule_keeps_the_weight_decay() {
        let declared = Optimizer::Sgd(Sgd { lr: 0.1, weight_decay: 5e-4, ..Sgd::DEFAULT });
        assert_eq!(optimizer(declared, Some(OptimizerName::Sgd), None), declared);
        let chosen = optimizer(declared, Some(OptimizerName::Adadelta), Some(0.5));
        let expected = Adadelta { lr: 0.5, weight_decay: 5e-4, ..Adadelta::DEFAULT };
        assert_eq!(chosen, Optimizer::Adadelta(expected));
    }
}
