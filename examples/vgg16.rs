//! VGG-16, configuration D: Simonyan and Zisserman, "Very Deep Convolutional Networks for
//! Large-Scale Image Recognition",
//! 2015. Names are torchvision's, which numbers convolutions, activations and pooling alike.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Thirteen 3x3 convolutions in five stages, then three dense layers.
    pub Vgg16<[3, 224, 224] -> 1000> {
        let x = input;
        let n = 0;
        for (convs, channels) in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)] {
            for _ in 0..convs {
                x = x -> features.{n}: conv(channels, 3, pad = 1) -> relu;
                n = n + 2;
            }
            x = x -> max_pool(2);
            n = n + 1;
        }
        x -> flatten
            -> classifier.0: dense(4096) -> relu -> dropout(0.5)
            -> classifier.3: dense(4096) -> relu -> dropout(0.5)
            -> classifier.6: dense(1000)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.001, momentum = 0.9, weight_decay = 5e-4),
            init = he_normal,
            batch = 32,
            epochs = 74,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<Vgg16>().data_dir("mnist", data::MNIST).main()
}
