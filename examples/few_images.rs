//! What a trained network is worth where images are few: one learns the digits 0 to 4, a second goes
//! on from its convolutions and learns 5 to 9 from 500 images, a third learns the same from nothing.
//! The program takes no options, and less than a minute.

mod data;

use std::{path::Path, sync::Arc};

use cnn_runtime::{
    Device, DeviceChoice, Model, Options, Result, Session,
    data::{Batches, Dataset, Image, Mnist, Part, Prepared, SkipPolicy, Target, sample},
    network,
    train::{Fit, evaluate},
    weights::{self, Policy},
};

network! {
    /// Five digits, from images alone.
    Digits<[1, 28, 28] -> 5> {
        input
            -> conv1: conv(16, 3) -> batch_norm -> relu -> max_pool(2)
            -> conv2: conv(32, 3) -> batch_norm -> relu -> max_pool(2)
            -> flatten -> dropout(0.3)
            -> fc: dense(5)

        train { optimizer = adam(lr = 2e-3), schedule = cosine, batch = 32 }
    }
}

network! {
    /// Five digits, where the first convolution is known.
    MoreDigits<[1, 28, 28] -> 5> {
        input
            -> conv1: conv(16, 3) -> batch_norm -> relu -> max_pool(2)
            -> conv2: conv(32, 3) -> batch_norm -> relu -> max_pool(2)
            -> flatten -> dropout(0.3)
            -> fc: dense(5)

        train { freeze = "conv1", optimizer = adam(lr = 2e-3), schedule = cosine, batch = 32 }
    }
}

/// The digits from `first` on, five of them, as classes 0 to 4.
struct Five {
    digits: Mnist,
    first: u32,
    indices: Vec<usize>,
}

impl Five {
    fn load(part: Part, first: u32) -> Result<Five> {
        let digits = Mnist::load(Path::new(data::MNIST), part)?;
        let mut image = Image::default();
        let mut indices = Vec::new();
        for index in 0..digits.len() {
            if matches!(digits.read(index, &mut image)?, Target::Class(digit) if (first..first + 5).contains(&digit))
            {
                indices.push(index);
            }
        }
        Ok(Five { digits, first, indices })
    }
}

impl Dataset for Five {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn outputs(&self) -> usize {
        5
    }

    fn output_name(&self, output: usize) -> String {
        (self.first as usize + output).to_string()
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        match self.digits.read(self.indices[index], image)? {
            Target::Class(digit) => Ok(Target::Class(digit - self.first)),
            other => Ok(other),
        }
    }
}

/// Trains on some of the images, and gives the accuracy on all test images.
fn train(session: &mut Session, first: u32, images: usize, epochs: usize) -> Result<f64> {
    let (description, batch) = (session.description(), session.batch());
    let train: Arc<dyn Dataset> = Arc::new(Five::load(Part::Train, first)?);
    let drawn = sample(train.len(), images, SEED)?;
    let train = Prepared::fit(train, description, &drawn, SkipPolicy::none())?;
    let mut test = Batches::all(&train.with_data(Arc::new(Five::load(Part::Test, first)?)), batch)?;
    let mut train = Batches::new(&train, drawn, batch)?;
    Fit::new(epochs, SEED).schedule(description.training.schedule).run(session, &mut train, &mut test)?;
    Ok(evaluate(session, &mut test)?.accuracy.unwrap_or_default())
}

const SEED: u64 = 7;
const FEW: usize = 500;
const EPOCHS: usize = 24;

fn main() -> Result<()> {
    let device = Device::open(&DeviceChoice::default(), None)?;
    let session = |model: Model| Session::new(model, &device, &Options::train(&model).seed(SEED));
    let mut first = session(Model::of::<Digits>())?;
    println!("digits 0 to 4, all images: accuracy {:.4}", train(&mut first, 0, usize::MAX, EPOCHS / 4)?);

    let trained = std::env::temp_dir().join(format!("few-images-{}.safetensors", std::process::id()));
    weights::save(&mut first, &trained)?;
    let mut second = session(Model::of::<MoreDigits>())?;
    let loaded = weights::load_by(&mut second, &trained, &Policy::strict().skip("fc"));
    std::fs::remove_file(&trained).ok();
    println!("{}", loaded?);

    println!("digits 5 to 9, {FEW} images: accuracy {:.4}", train(&mut second, 5, FEW, EPOCHS)?);
    let mut third = session(Model::of::<Digits>())?;
    println!("digits 5 to 9, {FEW} images, from nothing: accuracy {:.4}", train(&mut third, 5, FEW, EPOCHS)?);
    Ok(())
}
