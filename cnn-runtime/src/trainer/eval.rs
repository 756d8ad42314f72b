//! `eval`: the score of a weights file on the test images.

use std::path::PathBuf;

use super::{
    args::Common,
    print,
    source::{self, DataArgs},
    values,
};
use crate::{
    data::{Batches, Part},
    error::{Error, Result},
    network::Model,
    session::{Options, Session},
    train::{Score, evaluate},
    weights,
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Images at a time [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    batch: Option<usize>,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let test = source::load(&args.data, Part::Test, model.description, common.seed)?;
    let batch = args.batch.unwrap_or(model.description.training.batch).min(test.len());
    let device = common.open_device()?;
    let mut session = Session::new(model, &device, &Options { batch, training: None, seed: common.seed })?;
    weights::load(&mut session, &args.weights)?;
    let test = source::prepared(&args.data, test, &session)?;
    let mut batches = Batches::all(&test, batch);
    let score = device.install(|| evaluate(&mut session, &mut batches))?;
    print(&result_line(&score.finite(|loss| Error::Unusable { loss })?))
}

/// The last line of `train` and `eval`.
pub(super) fn result_line(score: &Score) -> String {
    format!("test accuracy {:.4} loss {:.4} ({} images)\n", score.accuracy, score.loss, score.images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_as_documented() {
        let score = Score { loss: 0.02812, accuracy: 0.9925, images: 10000 };
        assert_eq!(result_line(&score), "test accuracy 0.9925 loss 0.0281 (10000 images)\n");
    }
}
