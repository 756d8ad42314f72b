//! `bench`: the time of a training step, or of inference, on random data; one line of JSON for
//! machines.

mod profile;

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use cnn_core::{
    Result,
    reserve::{filled, product, reserve},
    rng::Stream,
};
use serde::Serialize;

use super::{
    common::{Common, program},
    print,
    targets::TargetList,
    values,
};
use crate::{
    network::Model,
    plan::{Description, Layer},
    session::{Options, Session},
};

/// Steps before the measured ones: caches fill, kernels are built and tuned, and the system spreads
/// threads over cores.
const WARM_UP: usize = 3;

/// Time that the steps before the measured ones take at least.
const WARM_UP_TIME: Duration = Duration::from_millis(200);

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Images per step [default: the network's]
    #[arg(long, value_name = "N", value_parser = values::batch)]
    batch: Option<usize>,

    /// Steps measured
    #[arg(long, value_name = "N", value_parser = values::positive, default_value_t = 20)]
    steps: usize,

    /// Measure inference instead of training
    #[arg(long)]
    infer: bool,

    /// Show the time of each step against the limits of the processor
    #[arg(long)]
    profile: bool,
}

/// What every step is given.
struct Batch {
    images: Vec<f32>,
    targets: TargetList,
    training: bool,
}

#[derive(Serialize)]
struct Line {
    net: String,
    mode: &'static str,
    batch: usize,
    device: &'static str,
    threads: usize,
    median_ms: f64,
    min_ms: f64,
    images_per_second: f64,
    gflops: f64,
    arena_bytes: usize,
    /// Peak memory of the process; `null` where the system does not say.
    peak_rss_mib: Option<f64>,
}

pub(super) fn run(model: Model, common: &Common, args: &Args) -> Result<()> {
    let description = model.description();
    let batch = args.batch.unwrap_or(description.training.batch);
    let device = common.open_device()?;
    let options = if args.infer { Options::infer(batch) } else { Options::train(&model).batch(batch) };
    let mut session = Session::new(model, &device, &options.seed(common.seed))?;
    let data = Batch::new(&session, !args.infer, common.seed)?;
    let mut times = device.install(|| measure(&mut session, &data, args.steps))?;
    times.sort_by(f64::total_cmp);
    let median = (times[(times.len() - 1) / 2] + times[times.len() / 2]) / 2.0;
    let line = Line {
        net: program().unwrap_or_else(|| description.name.into()),
        mode: if args.infer { "infer" } else { "train" },
        batch,
        device: device.kind(),
        threads: device.threads(),
        median_ms: median * 1e3,
        min_ms: times[0] * 1e3,
        images_per_second: batch as f64 / median,
        gflops: flops(description, args.infer) * batch as f64 / median / 1e9,
        arena_bytes: session.arena_bytes(),
        peak_rss_mib: peak_rss_mib(),
    };
    // The probe's memory is not the network's, so the line stands before it.
    if args.profile {
        let limits = device.limits()?;
        print(&device.install(|| profile::text(&mut session, &data, args.steps, limits))?)?;
    }
    print(&(serde_json::to_string(&line).expect("numbers and names are JSON") + "\n"))
}

impl Batch {
    fn new(session: &Session, training: bool, seed: u64) -> Result<Batch> {
        let (description, batch) = (session.description(), session.batch());
        let mut images =
            filled(product(&[batch, product(&description.image_shape())]), 0.0, "the random images")?;
        let mut stream = Stream::new(seed);
        images.fill_with(|| stream.unit() as f32);
        let targets = TargetList::random(description, batch, &mut stream)?;
        Ok(Batch { images, targets, training })
    }
}

/// Seconds of each step. A training step ends when its loss is known, inference when the logits
/// are.
fn measure(session: &mut Session, batch: &Batch, steps: usize) -> Result<Vec<f64>> {
    let scores = product(&[session.batch(), session.description().output_len()]);
    let mut logits = filled(scores, 0.0, "the scores of a batch")?;
    let mut times = Vec::new();
    reserve(&mut times, steps, "the times of the steps")?;
    let (begin, mut warm_up) = (Instant::now(), 0);
    while times.len() < steps {
        let start = Instant::now();
        if batch.training {
            session.train_step(&batch.images, batch.targets.all())?;
            session.take_metrics()?;
        } else {
            session.infer(&batch.images, &mut logits)?;
        }
        if warm_up < WARM_UP || begin.elapsed() < WARM_UP_TIME {
            warm_up += 1;
        } else {
            times.push(start.elapsed().as_secs_f64());
        }
    }
    Ok(times)
}

/// Operations per image: two a multiply-accumulate. In training the gradients of inputs and weights
/// cost a forward pass each, where there are any; auxiliary heads are counted as trained.
fn flops(description: &Description, infer: bool) -> f64 {
    let passes = passes(description);
    let layers = description.layers.iter().filter(|layer| !layer.auxiliary);
    let of = |layer: &Layer| passes.get(layer.name).map_or(3, |passes| *passes);
    let trained = || layers.map(|layer| layer.macs * of(layer)).sum::<u64>();
    2.0 * if infer { description.macs() } else { trained() + 3 * description.auxiliary_macs() } as f64
}

/// How many passes over each layer of inference a training step makes: forward, for the gradient of
/// its weights unless they are frozen, and for that of its input if something is trained at it or
/// before it.
fn passes(description: &Description) -> BTreeMap<&'static str, u64> {
    let mut fed: Vec<bool> = Vec::with_capacity(description.graph.len());
    let mut passes = BTreeMap::new();
    for node in description.graph {
        let is_trained = node.params.iter().any(|&param| description.params[param].trainable);
        let is_fed = is_trained || node.inputs.iter().any(|&input| fed[input]);
        fed.push(is_fed);
        let of_layer: &mut u64 = passes.entry(node.layer).or_insert(1);
        *of_layer = (*of_layer).max(1 + u64::from(is_trained) + u64::from(is_fed));
    }
    passes
}

/// The most memory that the process has had, in MiB: Linux states it as `VmHWM` in KiB.
fn peak_rss_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;

    network! {
        /// Frozen below and above what is trained.
        Tuned<[1, 8, 8] -> 3> {
            input
                -> conv1: conv(4, 3, freeze = true) -> conv2: conv(4, 3, freeze = true) -> max_pool(2)
                -> flatten -> fc1: dense(16) -> fc2: dense(3, freeze = true)
        }
    }

    #[test]
    fn what_is_frozen_is_not_counted() {
        let description = &Tuned::DESCRIPTION;
        let passes = passes(description);
        let of = |layer: &str| passes[layer];
        assert_eq!([of("conv1"), of("conv2"), of("fc1"), of("fc2")], [1, 1, 3, 2]);
        let [conv1, conv2, fc1, fc2] = [36 * 9 * 4, 16 * 36 * 4, 16 * 16, 16 * 3].map(f64::from);
        assert_eq!(flops(description, true), 2.0 * (conv1 + conv2 + fc1 + fc2));
        assert_eq!(flops(description, false), 2.0 * (conv1 + conv2 + 3.0 * fc1 + 2.0 * fc2));
    }
}
