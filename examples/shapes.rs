//! Several labels for one image: which of four shapes are in it, none or all, on images made by the program itself.

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
    /// Names the shapes in an image.
    pub Shapes<[1, 32, 32] -> labels(4)> {
        input
            -> conv1: conv(16, 5, pad = same) -> relu -> max_pool(2)
            -> conv2: conv(32, 3, pad = same) -> relu -> max_pool(2)
            -> conv3: conv(32, 3, pad = same) -> relu
            -> global_max_pool -> flatten
            -> fc: dense(4)

        train { loss = binary_cross_entropy, optimizer = adam(lr = 3e-3), schedule = cosine, batch = 32, epochs = 8 }
    }
}

const NAMES: [&str; 4] = ["square", "disc", "cross", "ring"];

/// A quarter of the image for each shape, which is there or not, somewhere in its quarter.
struct Pictures(Draw);

impl Dataset for Pictures {
    fn len(&self) -> usize {
        self.0.images
    }

    fn target(&self) -> TargetKind {
        TargetKind::Labels
    }

    fn outputs(&self) -> usize {
        NAMES.len()
    }

    fn output_name(&self, output: usize) -> String {
        NAMES.get(output).map_or_else(|| output.to_string(), |&name| name.into())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        Some([1, 32, 32])
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let mut random = self.0.of_image(index);
        let values = image.reshape([1, 32, 32])?;
        values.fill_with(|| random.within(0.0, 60.0));
        let first = random.within(0.0, 4.0) as usize;
        let mut labels = Vec::new();
        for quarter in 0..4 {
            let shape = (first + quarter) % 4;
            let [x, y] = [random.within(6.0, 10.0), random.within(6.0, 10.0)];
            if random.within(0.0, 1.0) < 0.5 {
                continue;
            }
            labels.push(shape as u32);
            for at in 0..256 {
                let [row, column] = [at / 16, at % 16];
                let [down, right] = [row as f32 + 0.5 - y, column as f32 + 0.5 - x];
                let radius = down.hypot(right);
                let is_inside = match NAMES[shape] {
                    "square" => down.abs().max(right.abs()) < 4.0,
                    "disc" => radius < 4.5,
                    "cross" => down.abs().min(right.abs()) < 1.0 && down.abs().max(right.abs()) < 4.5,
                    _ => (3.0..4.5).contains(&radius),
                };
                if is_inside {
                    values[(quarter / 2 * 16 + row) * 32 + quarter % 2 * 16 + column] += 150.0;
                }
            }
        }
        Ok(Target::Labels(labels))
    }
}

fn main() -> ExitCode {
    Trainer::of::<Shapes>().dataset("pictures", |opening| Ok(Pictures(Draw::of(opening, [2000, 500])))).main()
}
