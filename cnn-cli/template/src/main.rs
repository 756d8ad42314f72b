//! Trains a network on a folder of images; `--help` lists the commands.

use cnn_runtime::network;

network! {
    /// Photographs of 96x96 pixels: four stages, each of half the size and twice the channels.
    pub MyNetwork<[3, 96, 96] -> 10> {
        block unit(x, channels) {
            x -> conv: conv(channels, 3, pad = 1, bias = false) -> bn: batch_norm -> relu
        }

        let x = input;
        for (stage, channels) in [(1, 16), (2, 32), (3, 64), (4, 128)] {
            x = x -> stage{stage}.a: unit(channels) -> stage{stage}.b: unit(channels) -> max_pool(2);
        }
        x -> global_avg_pool -> flatten -> dropout(0.2) -> fc: dense(10)

        data {
            resize(108), center_crop(96), scale(1 / 255), standardise(per_channel),
        }
        augment {
            flip, rotate(10), color_jitter(brightness = 0.2),
        }
        train {
            loss = cross_entropy,
            optimizer = adam(lr = 0.002),
            schedule = cosine(warm_up = 1),
            batch = 16,
            epochs = 20,
        }
    }
}

fn main() -> std::process::ExitCode {
    cnn_runtime::trainer::main::<MyNetwork>()
}

#[cfg(test)]
mod tests {
    use cnn_runtime::{Device, Model, Options, Result, Session};

    use super::*;

    /// A few steps on two images lower their loss: the network can learn.
    #[test]
    fn learns_two_images() -> Result<()> {
        let model = Model::of::<MyNetwork>();
        let mut session = Session::new(model, &Device::cpu()?, &Options::train(&model).batch(2))?;
        let images: Vec<f32> = (0..2 * 3 * 96 * 96).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let mut losses = Vec::new();
        for _ in 0..10 {
            session.train_step(&images, &[0, 1])?;
            losses.push(session.take_metrics()?.loss);
        }
        assert!(losses[9] < losses[0], "{losses:?}");
        Ok(())
    }
}
