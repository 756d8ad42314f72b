//! The whole command line of a program outside this project, with everything that it can add: data,
//! a device, a callback and a command.

use std::process::ExitCode;

use cnn_door_tests::Naive;
use cnn_runtime::{
    Device, Result, Session,
    data::{Dataset, Image, Part, Target},
    network,
    train::{Callback, EpochReport, Flow},
    trainer::Trainer,
};

network! {
    Stripes<[1, 12, 12] -> 2> {
        input -> conv1: conv(6, 3) -> bn1: batch_norm -> relu -> max_pool(2)
            -> conv2: conv(6, 3, pad = 1) -> relu -> conv2: conv(6, 3, pad = 1, reuse = true) -> relu
            -> global_avg_pool -> flatten -> fc: dense(2)

        train { optimizer = adam(lr = 0.02), batch = 12, epochs = 8 }
    }
}

/// Stripes that lie, and stripes that stand, of several widths.
struct Lines(Part);

impl Dataset for Lines {
    fn len(&self) -> usize {
        if self.0 == Part::Train { 96 } else { 24 }
    }

    fn outputs(&self) -> usize {
        2
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let (class, width) = (index % 2, 2 + index / 2 % 3);
        for (at, value) in image.reshape([1, 12, 12])?.iter_mut().enumerate() {
            let line = index + if class == 0 { at / 12 } else { at % 12 };
            *value = if line % (2 * width) < width { 255.0 } else { 0.0 };
        }
        Ok(Target::Class(class as u32))
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

fn main() -> ExitCode {
    Trainer::of::<Stripes>()
        .dataset("lines", |opening| Ok(Lines(opening.part)))
        .device("naive", |_threads| Ok(Device::new(Naive)))
        .callback(Perfect)
        .command("count", "Count the training images", |request| {
            println!("{} images on {}", request.dataset(Part::Train)?.len(), request.device()?.kind());
            Ok(())
        })
        .main()
}
