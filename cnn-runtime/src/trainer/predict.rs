//! `predict`: the likeliest classes or labels of images, or all their values, prepared as the
//! weights' own statistics say.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cnn_core::{Error, Result, Targets};
use serde_json::json;

use super::{common::Common, load_weights, log_line, print, source, values};
use crate::{
    data::{Batches, Dataset, ImageFiles},
    network::Model,
    plan::TargetKind,
    prediction::Prediction,
    session::{Options, Session},
    train::infer_all,
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Images (png, jpeg, webp, bmp, gif, pnm), and folders of them
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,

    /// Classes or labels to name for each image
    #[arg(long, value_name = "K", value_parser = values::positive, default_value_t = 5)]
    top: usize,

    /// Images at a time
    #[arg(long, value_name = "N", value_parser = values::batch, default_value_t = 8)]
    batch: usize,

    /// Print a JSON object for each image
    #[arg(long)]
    json: bool,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let files = Arc::new(ImageFiles::open(&args.images)?);
    if !files.left_out().is_empty() {
        log_line(&files.left_out().to_string());
    }
    let device = common.open_device()?;
    let batch = args.batch.min(files.len());
    let mut session = Session::new(model, &device, &Options::infer(batch).seed(common.seed))?;
    load_weights(&mut session, &args.weights)?;
    let images = source::files(files.clone(), &session, &args.weights)?;
    let (description, names) = (model.description(), session.data_info().classes().to_vec());
    let (mut answered, mut failed) = (0, Ok(()));
    // Each answer is printed as soon as it is there.
    let mut answer = |outputs: &[f32], target: Targets| {
        let Some(path) = target.class().and_then(|index| files.path(index)) else { return Ok(()) };
        let answer = Prediction::new(description, &names, outputs);
        let mut numbers = answer.outputs().iter().map(|(_, number)| *number);
        if let Some(loss) = numbers.find(|number| !number.is_finite()) {
            return Err(Error::Unusable { loss });
        }
        answered += 1;
        print(&if args.json { json(path, &answer, args.top) } else { text(path, &answer.first(args.top)) })
    };
    device.install(|| {
        infer_all(&mut session, &mut Batches::all(&images, batch)?, |outputs, target| {
            if failed.is_ok() {
                failed = answer(outputs, target);
            }
        })
    })?;
    failed?;
    if answered < files.len() {
        let message = format!("{} of {} images could not be read", files.len() - answered, files.len());
        return Err(Error::Data { path: "predict".into(), message });
    }
    Ok(())
}

/// A line such as `digit.png: 7 0.9987, 9 0.0010`.
fn text(path: &Path, answer: &[(String, f64)]) -> String {
    let classes: Vec<_> =
        answer.iter().map(|(name, probability)| format!("{name} {probability:.4}")).collect();
    format!("{}: {}\n", path.display(), classes.join(", "))
}

fn json(path: &Path, answer: &Prediction, top: usize) -> String {
    let (name, number) = match (answer.target(), answer.are_probabilities()) {
        (TargetKind::Class, true) => ("class", "probability"),
        (TargetKind::Class, false) => ("class", "score"),
        (TargetKind::Labels, true) => ("label", "probability"),
        (TargetKind::Labels, false) => ("label", "score"),
        (TargetKind::Values, _) => ("name", "value"),
    };
    let one = |(text, value): (String, f64)| json!({ name: text, number: value });
    let all: Vec<_> = answer.first(top).into_iter().map(one).collect();
    json!({ "image": path.display().to_string(), answer.target().outputs(): all }).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::DESCRIPTION, *};

    #[test]
    fn a_line_holds_names_and_numbers() {
        let answer = [("2".to_string(), 0.5), ("dog".into(), 0.3)];
        assert_eq!(text(Path::new("a.png"), &answer), "a.png: 2 0.5000, dog 0.3000\n");
        let names = ["cat".to_string(), "dog".into()];
        let answer = Prediction::new(&DESCRIPTION, &names, &[0.0; 2]);
        let expected = r#"{"image":"a.png","classes":[{"class":"cat","probability":0.5}]}"#;
        assert_eq!(json(Path::new("a.png"), &answer, 1), format!("{expected}\n"));
    }
}
