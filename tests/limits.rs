//! Every argument of every layer at its limit on a small image: a step costs what the image and the
//! parameters hold, whatever the arguments say.
//!
//! What is measured is the processor's time that the process takes, which other processes do not
//! lengthen. So the file has one test.

use std::time::{Duration, Instant};

use cnn_runtime::{Device, Model, Network, Options, Session, network};

/// Declares networks over one 16x16 image and lists a check of each.
macro_rules! limits {
    ($($name:ident { $($body:tt)* })*) => {
        $(network! { $name<[1, 16, 16] -> 2> { $($body)* } })*

        const CHECKS: &[fn(&Device)] = &[$(check::<$name>),*];
    };
}

limits! {
    StridedConv { input -> conv(8, 3, pad = 1) -> conv(3, 1, stride = 32768) -> flatten -> dense(2) }
    StridedRows { input -> conv(8, 3, pad = 1) -> conv(3, 3, stride = (32768, 1)) -> flatten -> dense(2) }
    StridedColumns { input -> conv(8, 3, pad = 1) -> conv(3, 3, stride = (1, 32768)) -> flatten -> dense(2) }
    StridedGroups {
        input -> conv(16, 3, pad = 1)
            -> conv(16, 3, stride = 32768, pad = same, groups = 16)
            -> conv(12, 1, stride = 32768, groups = 4) -> flatten -> dense(2)
    }
    PaddedConv {
        input -> conv(8, 3, stride = 32768, pad = 32768) -> conv(3, 3, stride = 32768, pad = 32768)
            -> flatten -> dense(2)
    }
    DilatedConv {
        input -> conv(8, 3, pad = same, dilation = 32768)
            -> conv(3, (1, 3), pad = same, dilation = 32768, stride = 32767) -> flatten -> dense(2)
    }
    DilatedGroups { input -> conv(8, 3, pad = same) -> conv(8, 3, pad = same, dilation = 32768, groups = 8) -> flatten -> dense(2) }
    TallKernel { input -> conv(1, (32768, 1), pad = same) -> conv(1, (32767, 1), pad = same) -> flatten -> dense(2) }
    WideKernel { input -> conv(1, (1, 32768), pad = same) -> conv(1, (1, 32767), pad = same) -> flatten -> dense(2) }
    MaxPool { input -> conv(8, 3, pad = 1) -> max_pool(32767, stride = 1, pad = 16383) -> flatten -> dense(2) }
    AvgPool { input -> conv(8, 3, pad = 1) -> avg_pool(32767, stride = 1, pad = 16383) -> flatten -> dense(2) }
    AvgPoolOfPixels {
        input -> conv(8, 3, pad = 1) -> avg_pool(32767, stride = 1, pad = 16383, count_include_pad = false)
            -> flatten -> dense(2)
    }
    StridedPools {
        input -> conv(8, 3, pad = 1) -> max_pool(1, stride = 32768)
            -> avg_pool(32768, stride = 32768, pad = 16384, ceil = true) -> flatten -> dense(2)
    }
    SamePools {
        input -> conv(8, 3, pad = 1) -> max_pool(32768, stride = 1, pad = same)
            -> avg_pool((1, 32768), stride = (32768, 1), pad = same) -> flatten -> dense(2)
    }
    AdaptivePool { input -> conv(8, 3, pad = 1) -> adaptive_avg_pool(1000) -> global_avg_pool -> flatten -> dense(2) }
    LongPool { input -> conv(8, 3, pad = 1) -> adaptive_avg_pool((32768, 1)) -> global_max_pool -> flatten -> dense(2) }
    Frames {
        input -> conv(8, 3, pad = 1) -> zero_pad((32768, 32768, 0, 0)) -> crop((32768, 32768, 0, 0))
            -> zero_pad((0, 0, 32768, 0)) -> crop((0, 0, 32768, 0)) -> flatten -> dense(2)
    }
    Grown {
        input -> conv(1, 3, pad = 1) -> upsample((1000, 1), mode = bilinear) -> global_avg_pool
            -> upsample((1, 32768)) -> global_max_pool -> flatten -> dense(2)
    }
    Responses {
        input -> conv(600, 1) -> lrn(511) -> lrn(511, alpha = 0, beta = 0, k = 3e38)
            -> maxout(600) -> flatten -> dense(2)
    }
    Units {
        input -> conv(8, 3, pad = 1, lr_factor = 3e38) -> batch_norm(eps = 3e38, momentum = 1) -> elu(3e38)
            -> leaky_relu(1) -> dropout(0.99999) -> channel_dropout(0.99999) -> softmax -> flatten -> dense(2)
    }
}

/// Time that the processors have spent on this process.
fn spent() -> Duration {
    // In ticks of a hundredth of a second, behind the name in parentheses.
    let ticks = std::fs::read_to_string("/proc/self/stat").ok().and_then(|text| {
        let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
        Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
    });
    ticks.map_or_else(|| START.with(Instant::elapsed), |ticks| Duration::from_millis(10 * ticks))
}

thread_local! {
    static START: Instant = Instant::now();
}

fn check<N: Network>(device: &Device) {
    let model = Model::of::<N>();
    let name = model.description().name;
    let image = cnn_tests::noise(1, 256);
    for mode in ["training", "inference"] {
        let options = if mode == "training" { Options::train(&model).batch(1) } else { Options::infer(1) };
        let mut session = Session::new(model, device, &options).unwrap();
        let mut step = || match mode {
            "training" => session.train_step(&image, &[1]).unwrap(),
            _ => session.infer(&image, &mut [0.0; 2]).unwrap(),
        };
        // The first compiles kernels.
        step();
        let before = spent();
        step();
        let time = spent() - before;
        assert!(time < Duration::from_secs(1), "{name}: {mode} took {time:?} on {}", device.describe());
    }
}

#[test]
fn a_step_costs_what_its_data_costs() {
    for device in cnn_tests::devices() {
        CHECKS.iter().for_each(|check| check(&device));
    }
}
