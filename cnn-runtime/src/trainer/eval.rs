//! `eval`: the score of a weights file on the test images, how answers are distributed, and the
//! same of an ensemble.

mod text;

use std::{path::PathBuf, sync::Arc};

use cnn_core::{
    Error, Result,
    reserve::{product, reserve},
};

use super::{
    common::Common,
    print,
    source::{self, DataArgs},
    values,
};
use crate::{
    data::{Batches, Dataset, Part},
    network::Model,
    session::{Options, Session},
    train::{Assessment, Ensemble, Score, infer_all},
    weights::{self, DataInfo},
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names; of several files, the predictions are averaged
    #[arg(long, value_name = "FILE", required = true)]
    pub(super) weights: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) data: DataArgs,

    /// Images at a time [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    batch: Option<usize>,

    /// Answers among which the label is looked for
    #[arg(long, value_name = "K", value_parser = values::positive, default_value_t = 5)]
    top: usize,

    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let description = model.description();
    let test = source::load(&args.data, Part::Test, description, common.seed)?;
    let batch = args.batch.unwrap_or(description.training.batch).min(test.len());
    let device = common.open_device()?;
    let mut session = Session::new(model, &device, &Options::infer(batch).seed(common.seed))?;
    let (logits, labels) = device.install(|| predict(&mut session, &test, args))?;
    let mut assessment = Assessment::new(description.training.loss, description.classes, args.top)?;
    for (logits, label) in logits.chunks(description.classes).zip(labels) {
        assessment.add(logits, label)?;
    }
    let score = assessment.score().finite(|loss| Error::Unusable { loss })?;
    let names = names(session.data_info(), &*test, description.classes);
    let text = if args.json {
        text::json(&assessment, &names)
    } else {
        text::tables(&assessment, &names) + &result_line(&score)
    };
    print(&text)
}

/// What each output is called: as the weights say, as the data says if they say nothing, and else
/// by its number.
fn names(weights: &DataInfo, data: &dyn Dataset, outputs: usize) -> Vec<String> {
    let known = match weights.classes() {
        [] => (0..data.classes()).map(|class| data.class_name(class)).collect(),
        classes => classes.to_vec(),
    };
    let numbers = (known.len()..outputs).map(|class| class.to_string());
    known.into_iter().take(outputs).chain(numbers).collect()
}

/// Logits `[images, classes]` and labels: those of the only file, or those of the mean prediction
/// of all. Each file's network sees the images as its own statistics prepare them, and all must
/// call their outputs alike.
fn predict(session: &mut Session, images: &Arc<dyn Dataset>, args: &Args) -> Result<(Vec<f32>, Vec<usize>)> {
    let (classes, kind) = (session.description().classes, session.description().training.loss);
    let mut ensemble = Ensemble::new(kind, classes, images.len())?;
    let (mut all, mut labels) = (Vec::new(), Vec::new());
    reserve(&mut all, product(&[images.len(), classes]), "the logits of all images")?;
    for (nth, path) in args.weights.iter().enumerate() {
        let before = session.data_info().classes().to_vec();
        weights::load(session, path)?;
        if nth > 0 && session.data_info().classes() != before {
            let message =
                format!("other classes, or another order of them, than {}", args.weights[0].display());
            return Err(Error::weights(path, message));
        }
        let prepared = source::prepared(&args.data, images.clone(), session, path)?;
        all.clear();
        labels.clear();
        infer_all(session, &mut Batches::all(&prepared, session.batch())?, |logits, label| {
            all.extend_from_slice(logits);
            labels.push(label);
        })?;
        if args.weights.len() > 1 {
            ensemble.add(&all)?;
        }
    }
    Ok((if args.weights.len() == 1 { all } else { ensemble.logits()? }, labels))
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
