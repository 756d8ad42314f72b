//! EfficientNet-B0: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
//! Networks", 2019. Names are torchvision's, whose stochastic depth in training is left out.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Sixteen inverted residuals whose channels are weighed by what the whole map holds.
    pub EfficientNetB0<[3, 224, 224] -> 1000> {
        // Squeeze and excitation (Hu et al. 2018).
        block excite(x, squeezed) {
            mul(x, x -> global_avg_pool -> fc1: conv(squeezed, 1) -> silu -> fc2: conv(x.channels, 1) -> sigmoid)
        }

        block depthwise(x, kernel, stride) {
            x -> 0: conv(x.channels, kernel, stride = stride, pad = kernel / 2, groups = x.channels, bias = false)
                -> 1: batch_norm -> silu
        }

        block project(x, channels) {
            x -> 0: conv(channels, 1, bias = false) -> 1: batch_norm
        }

        block inverted(x, channels, kernel, stride = 1) {
            let wide = 6 * x.channels;
            let y = x
                -> block.0.0: conv(wide, 1, bias = false) -> block.0.1: batch_norm -> silu
                -> block.1: depthwise(kernel, stride)
                -> block.2: excite(x.channels / 4)
                -> block.3: project(channels);
            if stride == 1 {
                if x.channels == channels { add(x, y) } else { y }
            } else {
                y
            }
        }

        let x = input
            -> features.0.0: conv(32, 3, stride = 2, pad = 1, bias = false) -> features.0.1: batch_norm -> silu
            -> features.1.0.block.0: depthwise(3, 1)
            -> features.1.0.block.1: excite(8)
            -> features.1.0.block.2: project(16);
        for (stage, channels, blocks, kernel, stride) in
            [(2, 24, 2, 3, 2), (3, 40, 2, 5, 2), (4, 80, 3, 3, 2), (5, 112, 3, 5, 1), (6, 192, 4, 5, 2), (7, 320, 1, 3, 1)]
        {
            x = x -> features.{stage}.0: inverted(channels, kernel, stride = stride);
            for i in 1..blocks { x = x -> features.{stage}.{i}: inverted(channels, kernel); }
        }
        x -> features.8.0: conv(1280, 1, bias = false) -> features.8.1: batch_norm -> silu
            -> global_avg_pool -> flatten -> dropout(0.2) -> classifier.1: dense(1000)

        // As torchvision, which resizes with cubics where this is bilinear.
        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.0125, momentum = 0.9, weight_decay = 1e-5),
            init = he_normal,
            batch = 32,
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<EfficientNetB0>().data_dir("mnist", data::MNIST).main()
}
