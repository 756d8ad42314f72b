//! Fine-tuning as it is taught: AlexNet as it was trained on ImageNet, of which the convolutions and
//! the first dense layer stay as they are, and behind it two new layers of 128 and 95 outputs. The
//! rest learns from a folder of images.
//!
//! ```text
//! finetune --data folder:images --init alexnet.pth --init-partial --output runs/tuned
//! ```

use cnn_runtime::network;

network! {
    /// torchvision's AlexNet up to `classifier.4`, with two layers in the place of the last.
    pub FineTune<[3, 224, 224] -> 95> {
        input
            -> features.0: conv(64, 11, stride = 4, pad = 2) -> relu -> max_pool(3, stride = 2)
            -> features.3: conv(192, 5, pad = 2) -> relu -> max_pool(3, stride = 2)
            -> features.6: conv(384, 3, pad = 1) -> relu
            -> features.8: conv(256, 3, pad = 1) -> relu
            -> features.10: conv(256, 3, pad = 1) -> relu -> max_pool(3, stride = 2)
            -> flatten
            -> dropout(0.5) -> classifier.1: dense(4096) -> relu
            -> dropout(0.5) -> classifier.4: dense(4096) -> relu
            -> narrow: dense(128) -> relu
            -> head: dense(95)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            freeze = ["features.*", "classifier.1"],
            optimizer = sgd(lr = 0.005, momentum = 0.9, weight_decay = 5e-4),
            batch = 32,
            epochs = 10,
        }
    }
}

fn main() -> std::process::ExitCode {
    cnn_runtime::trainer::main::<FineTune>()
}
