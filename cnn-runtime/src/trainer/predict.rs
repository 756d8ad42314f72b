//! `predict`: the likeliest classes of images, prepared as the weights' own statistics say.

use std::path::{Path, PathBuf};

use cnn_core::{Error, Result};
use serde_json::json;

use super::{common::Common, print, source, values};
use crate::{
    data::Batches,
    network::Model,
    session::{Options, Session},
    train::{infer_all, predictions},
    weights,
};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Weights under torch names
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,

    /// Images: png, jpeg or webp
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,

    /// Classes to name for each image
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
    let device = common.open_device()?;
    let batch = args.batch.min(args.images.len());
    let mut session = Session::new(model, &device, &Options::infer(batch).seed(common.seed))?;
    weights::load(&mut session, &args.weights)?;
    let images = source::files(args.images.clone(), &session, &args.weights)?;
    let (kind, names) = (model.description().training.loss, session.data_info().classes().to_vec());
    let mut answers = Vec::new();
    device.install(|| {
        infer_all(&mut session, &mut Batches::all(&images, batch)?, |logits, _| {
            answers.push(likeliest(&predictions(kind, logits), args.top, &names));
        })
    })?;
    if let Some(loss) = answers.iter().flatten().map(|(_, probability)| *probability).find(|p| !p.is_finite())
    {
        return Err(Error::Unusable { loss });
    }
    let line = if args.json { json } else { text };
    print(&args.images.iter().zip(answers).map(|(path, answer)| line(path, &answer)).collect::<String>())
}

/// Names and probabilities in falling order; classes without a name are numbers.
fn likeliest(probabilities: &[f64], top: usize, names: &[String]) -> Vec<(String, f64)> {
    let mut classes: Vec<usize> = (0..probabilities.len()).collect();
    classes.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b)));
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    classes.into_iter().take(top).map(|class| (name(class), probabilities[class])).collect()
}

/// A line such as `digit.png: 7 0.9987, 9 0.0010`.
fn text(path: &Path, answer: &[(String, f64)]) -> String {
    let classes: Vec<_> =
        answer.iter().map(|(name, probability)| format!("{name} {probability:.4}")).collect();
    format!("{}: {}\n", path.display(), classes.join(", "))
}

fn json(path: &Path, answer: &[(String, f64)]) -> String {
    let class = |(name, probability): &(String, f64)| json!({ "class": name, "probability": probability });
    let classes: Vec<_> = answer.iter().map(class).collect();
    json!({ "image": path.display().to_string(), "classes": classes }).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_by_name_where_they_have_one() {
        let names = ["cat".to_string(), "dog".into()];
        let answer = likeliest(&[0.2, 0.3, 0.5], 2, &names);
        assert_eq!(answer, [("2".to_string(), 0.5), ("dog".into(), 0.3)]);
        assert_eq!(text(Path::new("a.png"), &answer), "a.png: 2 0.5000, dog 0.3000\n");
        let expected = r#"{"image":"a.png","classes":[{"class":"2","probability":0.5},{"class":"dog","probability":0.3}]}"#;
        assert_eq!(json(Path::new("a.png"), &answer), format!("{expected}\n"));
    }
}
