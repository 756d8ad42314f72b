//! MobileNetV2: Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted Residuals and Linear
//! Bottlenecks", 2018. Names are torchvision's.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Seventeen blocks that widen the channels, convolve each by itself and narrow them again.
    pub MobileNetV2<[3, 224, 224] -> 1000> {
        // The first block does not widen, so its layers are numbered from the depthwise one on.
        block narrow(x, channels) {
            x -> conv.0.0: conv(x.channels, 3, pad = 1, groups = x.channels, bias = false) -> conv.0.1: batch_norm
                -> relu6
                -> conv.1: conv(channels, 1, bias = false) -> conv.2: batch_norm
        }

        block inverted(x, channels, stride = 1) {
            let wide = 6 * x.channels;
            let y = x
                -> conv.0.0: conv(wide, 1, bias = false) -> conv.0.1: batch_norm -> relu6
                -> conv.1.0: conv(wide, 3, stride = stride, pad = 1, groups = wide, bias = false)
                -> conv.1.1: batch_norm -> relu6
                -> conv.2: conv(channels, 1, bias = false) -> conv.3: batch_norm;
            if stride == 1 {
                if x.channels == channels { add(x, y) } else { y }
            } else {
                y
            }
        }

        let x = input
            -> features.0.0: conv(32, 3, stride = 2, pad = 1, bias = false) -> features.0.1: batch_norm -> relu6
            -> features.1: narrow(16);
        // The number of a stage's first block, its channels, its blocks and the stride of the first.
        for (first, channels, blocks, stride) in
            [(2, 24, 2, 2), (4, 32, 3, 2), (7, 64, 4, 2), (11, 96, 3, 1), (14, 160, 3, 2), (17, 320, 1, 1)]
        {
            x = x -> features.{first}: inverted(channels, stride = stride);
            for i in 1..blocks { x = x -> features.{first + i}: inverted(channels); }
        }
        x -> features.18.0: conv(1280, 1, bias = false) -> features.18.1: batch_norm -> relu6
            -> global_avg_pool -> flatten -> dropout(0.2) -> classifier.1: dense(1000)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.0125, momentum = 0.9, weight_decay = 4e-5),
            init = he_normal,
            batch = 32,
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<MobileNetV2>().data_dir("mnist", data::MNIST).main()
}
