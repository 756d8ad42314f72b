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
    load_weights, print,
    source::{self, DataArgs, Source},
    targets::TargetList,
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
    let data = args.data.for_weights(weights::data_info_of(&args.weights[0])?.data_set())?;
    let test = Source::open(&data, description, common.seed)?.part(Part::Test)?;
    let batch = args.batch.unwrap_or(description.training.batch).min(test.len());
    let device = common.open_device()?;
    let mut session = Session::new(model, &device, &Options::infer(batch).seed(common.seed))?;
    let (logits, targets) = device.install(|| predict(&mut session, &test, &data, args))?;
    let (outputs, numbers) = (description.output_len(), description.target().len(description.output_len()));
    let mut assessment = Assessment::new(description, args.top)?;
    for (image, logits) in logits.chunks(outputs).enumerate() {
        assessment.add(logits, targets.all().sample(image, numbers))?;
    }
    let score = assessment.score().finite(|loss| Error::Unusable { loss })?;
    let names = names(session.data_info(), &*test, outputs);
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
        [] => (0..data.outputs()).map(|output| data.output_name(output)).collect(),
        classes => classes.to_vec(),
    };
    let numbers = (known.len()..outputs).map(|class| class.to_string());
    known.into_iter().take(outputs).chain(numbers).collect()
}

/// Outputs `[images, N]` and targets: those of the only file, or those of the mean prediction of
/// all. Each file's network sees the images as its own statistics prepare them, and all must call
/// their outputs alike.
fn predict(
    session: &mut Session,
    images: &Arc<dyn Dataset>,
    data: &DataArgs,
    args: &Args,
) -> Result<(Vec<f32>, TargetList)> {
    let description = session.description();
    let outputs = description.output_len();
    let mut ensemble = Ensemble::new(description.training.loss, outputs, images.len())?;
    let (mut all, mut targets) = (Vec::new(), TargetList::new(description.target()));
    reserve(&mut all, product(&[images.len(), outputs]), "the logits of all images")?;
    for (nth, path) in args.weights.iter().enumerate() {
        let before = session.data_info().classes().to_vec();
        load_weights(session, path)?;
        if nth > 0 && session.data_info().classes() != before {
            let (what, first) = (description.target().outputs(), args.weights[0].display());
            let message = format!("other {what}, or another order of them, than {first}");
            return Err(Error::weights(path, message));
        }
        let prepared = source::prepared(data, images.clone(), session, path)?;
        all.clear();
        targets = TargetList::new(description.target());
        infer_all(session, &mut Batches::all(&prepared, session.batch())?, |logits, target| {
            all.extend_from_slice(logits);
            targets.extend(target);
        })?;
        if args.weights.len() > 1 {
            ensemble.add(&all)?;
        }
    }
    Ok((if args.weights.len() == 1 { all } else { ensemble.logits()? }, targets))
}

/// The last line of `train` and `eval`.
pub(super) fn result_line(score: &Score) -> String {
    let figures: String = score.figures().map(|(name, value)| format!("{name} {value:.4} ")).collect();
    format!("test {figures}loss {:.4} ({} images)\n", score.loss, score.images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_as_documented() {
        let score = Score { loss: 0.02812, images: 10000, ..Score::default() };
        let of_classes = Score { accuracy: Some(0.9925), ..score };
        assert_eq!(result_line(&of_classes), "test accuracy 0.9925 loss 0.0281 (10000 images)\n");
        let of_values = Score { r2: Some(0.98765), ..score };
        assert_eq!(result_line(&of_values), "test r2 0.9877 loss 0.0281 (10000 images)\n");
    }
}
