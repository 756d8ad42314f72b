//! Regression: a network that answers with real numbers, the centre of a bright spot, on images made by the program itself.

mod synthetic;

use std::process::ExitCode;

use cnn_runtime::{
    Result,
    data::{Dataset, Image, Target, TargetKind},
    network,
    trainer::Trainer,
};
use synthetic::Draw;

network! {
    /// Finds the centre of a spot.
    pub Position<[1, 24, 24] -> values(2)> {
        input
            -> conv1: conv(8, 5, stride = 2) -> relu
            -> conv2: conv(16, 3, stride = 2) -> relu
            -> flatten
            -> fc1: dense(32) -> relu
            -> fc2: dense(2)

        train { loss = huber(delta = 0.5), optimizer = adam(lr = 2e-3), schedule = cosine, batch = 32, epochs = 8 }
    }
}

/// A spot of random size on a noisy ground; its centre is in shares of the image's sides.
struct Spots(Draw);

impl Dataset for Spots {
    fn len(&self) -> usize {
        self.0.images
    }

    fn target(&self) -> TargetKind {
        TargetKind::Values
    }

    fn outputs(&self) -> usize {
        2
    }

    fn output_name(&self, output: usize) -> String {
        ["x", "y"].get(output).map_or_else(|| output.to_string(), |&name| name.into())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        Some([1, 24, 24])
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let mut random = self.0.of_image(index);
        let [x, y] = [random.within(4.0, 20.0), random.within(4.0, 20.0)];
        let (width, ground) = (random.within(1.5, 3.0), random.within(0.0, 60.0));
        for (at, value) in image.reshape([1, 24, 24])?.iter_mut().enumerate() {
            let [row, column] = [at / 24, at % 24].map(|pixel| pixel as f32 + 0.5);
            let distance = ((row - y).powi(2) + (column - x).powi(2)) / (2.0 * width * width);
            *value = (ground + 180.0 * (-distance).exp() + random.within(0.0, 15.0)).min(255.0);
        }
        Ok(Target::Values(vec![x / 24.0, y / 24.0]))
    }
}

fn main() -> ExitCode {
    Trainer::of::<Position>().dataset("spots", |opening| Ok(Spots(Draw::of(opening, [2000, 500])))).main()
}
