//! `predict`: what a network says to images, with the statistics and class names that training left beside the weights.

use std::{path::PathBuf, sync::Arc};

use serde::Serialize;

use super::{args::Common, print, values};
use crate::{
    data::{Batches, Dataset, Image, Preparation, Prepared, Tolerance, decode},
    error::Result,
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

    /// Classes to show of each image
    #[arg(long, value_name = "K", value_parser = values::positive, default_value_t = 5)]
    top: usize,

    /// Print one JSON object for each image
    #[arg(long)]
    json: bool,
}

/// What is said about an image; its fields are those of a line of JSON.
#[derive(Serialize)]
struct Answer<'a> {
    image: &'a PathBuf,
    /// Likeliest first.
    classes: Vec<Likely>,
}

#[derive(Serialize)]
struct Likely {
    class: usize,
    name: String,
    probability: f64,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let description = model.description;
    let batch = args.images.len().min(description.training.batch);
    let device = common.open_device()?;
    let mut session = Session::new(model, &device, &Options { batch, training: None, seed: common.seed })?;
    weights::load(&mut session, &args.weights)?;
    let companions = session.companions().clone();
    let preparation = Preparation::new(description, companions.statistics)?;
    let files = Files { paths: args.images.clone(), classes: description.classes };
    let images = Prepared::new(Arc::new(files), preparation, Arc::new(Tolerance::none()));

    let mut text = String::new();
    let mut images_left = args.images.iter();
    device.install(|| {
        infer_all(&mut session, &mut Batches::all(&images, batch), |logits, _| {
            let probabilities = predictions(description.training.loss, logits);
            if let Some(image) = images_left.next() {
                let answer =
                    Answer { image, classes: likeliest(&probabilities, args.top, &companions.classes) };
                text += &if args.json { answer.json() } else { answer.text() };
            }
        })
    })?;
    print(&text)
}

/// Images without labels.
struct Files {
    paths: Vec<PathBuf>,
    classes: usize,
}

impl Dataset for Files {
    fn len(&self) -> usize {
        self.paths.len()
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<u32> {
        decode(&self.paths[index], image).map(|()| 0)
    }
}

/// The `top` largest, the first of equals first; a class without a name has its number.
fn likeliest(probabilities: &[f64], top: usize, names: &[String]) -> Vec<Likely> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let likely = |class| Likely { class, name: name(class), probability: probabilities[class] };
    order.into_iter().take(top).map(likely).collect()
}

impl Answer<'_> {
    fn json(&self) -> String {
        serde_json::to_string(self).expect("numbers and names are JSON") + "\n"
    }

    /// `photo.jpg: cat 0.9310, dog 0.0412`
    fn text(&self) -> String {
        let class = |likely: &Likely| format!("{} {:.4}", likely.name, likely.probability);
        let classes: Vec<_> = self.classes.iter().map(class).collect();
        format!("{}: {}\n", self.image.display(), classes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_under_their_names() {
        let classes = likeliest(&[0.2, 0.5, 0.2, 0.1], 3, &["cat".into(), "dog".into()]);
        let answer = Answer { image: &"a.png".into(), classes };
        assert_eq!(answer.text(), "a.png: dog 0.5000, cat 0.2000, 2 0.2000\n");
        assert!(
            answer
                .json()
                .starts_with(r#"{"image":"a.png","classes":[{"class":1,"name":"dog","probability":0.5}"#)
        );
    }
}
