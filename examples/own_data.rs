//! Data, a callback and a command of a program's own on the full command line: `own_data --epochs 3`, `own_data count`.

use cnn_runtime::{
    Result, Session,
    data::{Dataset, Image, Part, Target},
    network,
    train::{Callback, EpochReport, Flow},
    trainer::Trainer,
};

network! {
    Stripes<[1, 16, 16] -> 2> {
        input -> conv1: conv(8, 3) -> relu -> global_avg_pool -> flatten -> fc: dense(2)

        train { optimizer = adam(lr = 0.01), batch = 16, epochs = 5 }
    }
}

/// Stripes that lie, and stripes that stand.
struct Lines;

impl Dataset for Lines {
    fn len(&self) -> usize {
        240
    }

    fn outputs(&self) -> usize {
        2
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        for (at, value) in image.reshape([1, 16, 16])?.iter_mut().enumerate() {
            let line = index / 2 + if index.is_multiple_of(2) { at / 16 } else { at % 16 };
            *value = if line % 4 < 2 { 255.0 } else { 0.0 };
        }
        Ok(Target::Class(index as u32 % 2))
    }
}

/// Ends training once all images are told apart.
struct Perfect;

impl Callback for Perfect {
    fn on_epoch_end(&mut self, _: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        let is_perfect = history.last().is_some_and(|epoch| epoch.val_accuracy == Some(1.0));
        Ok(if is_perfect { Flow::Stop } else { Flow::Continue })
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<Stripes>()
        .dataset("lines", |_| Ok(Lines))
        .callback(Perfect)
        .command("count", "Count the training images", |request| {
            println!("{} images", request.dataset(Part::Train)?.len());
            Ok(())
        })
        .main()
}
