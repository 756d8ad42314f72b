//! Speed of the heavy steps of the MNIST convnet at batch 128: `cargo bench -p cnn-runtime --bench kernels [-- THREADS]`.
//!
//! Prints the best of several runs of each step, in milliseconds and GFLOP/s.

use std::{hint::black_box, time::Instant};

use cnn_runtime::{
    Result,
    cpu::Cpu,
    engine::{Pass, Sizes},
    optim::{Adadelta, Optimizer, Update},
    plan::{
        Act, Arena, Conv, ConvFilterGrad, ConvInputGrad, Dense, DenseInputGrad, DenseWeightGrad, Elt, Init,
        Layout, Map, Param, Pool, PoolGrad, PoolKind, Role, Steps, Window,
    },
};

const BATCH: usize = 128;
const RUNS: usize = 15;

const fn map(offset: usize, channels: usize, size: usize, layout: Layout) -> Map {
    Map { offset, channels, height: size, width: size, layout }
}

const IMAGE: Map = map(0, 1, 28, Layout::Planar);
const A1: Map = map(784, 32, 26, Layout::Blocked);
const A2: Map = map(784 + A1.len(), 64, 24, Layout::Blocked);
const POOLED: Map = map(A2.offset + A2.len(), 64, 12, Layout::Blocked);
const FC1: Map = map(POOLED.offset + POOLED.len(), 128, 1, Layout::Blocked);
const DFC1: Map = map(FC1.offset + 128, 128, 1, Layout::Blocked);
const DPOOLED: Map = map(DFC1.offset + 128, 64, 12, Layout::Blocked);
const DA2: Map = map(DPOOLED.offset + DPOOLED.len(), 64, 24, Layout::Blocked);
const DA1: Map = map(DA2.offset + DA2.len(), 32, 26, Layout::Blocked);
const ARENA: Arena = Arena { slab: DA1.offset + DA1.len(), fixed: 64 * 32 * 9 };

const W1: usize = 0;
const W2: usize = 32 * 9;
const W3: usize = W2 + 64 * 32 * 9;
const BIAS: usize = W3 + 128 * 9216;
const PARAMS: usize = BIAS + 128;

const KERNEL: Window = Window { kernel: [3, 3], stride: [1, 1], pad: [0, 0], dilation: [1, 1] };
const HALVES: Window = Window { kernel: [2, 2], stride: [2, 2], pad: [0, 0], dilation: [1, 1] };
const RELU: &[Elt] = &[Elt::Act(Act::Relu)];

static CONV1: Conv = Conv {
    name: "conv1",
    x: IMAGE,
    y: A1,
    window: KERNEL,
    groups: 1,
    filter: W1,
    bias: Some(BIAS),
    epilogue: RELU,
};
static CONV1_WGRAD: ConvFilterGrad = ConvFilterGrad {
    name: "conv1",
    x: IMAGE,
    dy: DA1,
    window: KERNEL,
    groups: 1,
    filter: W1,
    bias: Some(BIAS),
};
static CONV2: Conv = Conv { name: "conv2", x: A1, y: A2, filter: W2, ..CONV1 };
static CONV2_DGRAD: ConvInputGrad = ConvInputGrad {
    name: "conv2",
    dy: DA2,
    dx: DA1,
    window: KERNEL,
    groups: 1,
    filter: W2,
    scratch: 0,
    epilogue: &[Elt::ActGrad(Act::Relu, A1)],
};
static CONV2_WGRAD: ConvFilterGrad =
    ConvFilterGrad { name: "conv2", x: A1, dy: DA2, filter: W2, ..CONV1_WGRAD };
static POOL: Pool =
    Pool { name: "pool", kind: PoolKind::Max, x: A2, y: POOLED, window: HALVES, epilogue: &[DROPOUT] };
static POOL_GRAD: PoolGrad = PoolGrad {
    name: "pool",
    kind: PoolKind::Max,
    x: A2,
    dy: DPOOLED,
    dx: DA2,
    window: HALVES,
    epilogue: &[Elt::ActGrad(Act::Relu, A2)],
};
const DROPOUT: Elt = Elt::Dropout { rate: 0.25, stream: 0 };
static DENSE: Dense = Dense { name: "fc1", x: POOLED, y: FC1, weight: W3, bias: Some(BIAS), epilogue: RELU };
static DENSE_DGRAD: DenseInputGrad =
    DenseInputGrad { name: "fc1", dy: DFC1, dx: DPOOLED, weight: W3, epilogue: &[DROPOUT] };
static DENSE_WGRAD: DenseWeightGrad =
    DenseWeightGrad { name: "fc1", x: POOLED, dy: DFC1, weight: W3, bias: Some(BIAS) };

static PARAM: [Param; 1] = [Param {
    name: "all",
    shape: &[PARAMS],
    role: Role::Vector,
    offset: 0,
    len: PARAMS,
    init: Init::Constant(0.0),
    fan_in: 1,
    fan_out: 1,
    trainable: true,
}];

/// A step, and its multiply-accumulates for one sample.
type Entry = (&'static str, usize, fn(&dyn Steps));

const CONV2_MACS: usize = 64 * 32 * 9 * 24 * 24;
const STEPS: [Entry; 11] = [
    ("conv1 forward", 32 * 9 * 26 * 26, |steps| steps.region(1 << 20, &|steps| steps.conv(&CONV1))),
    ("conv1 filter grad", 32 * 9 * 26 * 26, |steps| steps.conv_filter_grad(&CONV1_WGRAD)),
    ("conv2 forward", CONV2_MACS, |steps| steps.region(1 << 20, &|steps| steps.conv(&CONV2))),
    ("conv2 input grad", CONV2_MACS, |steps| {
        steps.prepare_input_grad(&CONV2_DGRAD);
        steps.region(1 << 20, &|steps| steps.conv_input_grad(&CONV2_DGRAD));
    }),
    ("conv2 filter grad", CONV2_MACS, |steps| steps.conv_filter_grad(&CONV2_WGRAD)),
    ("pool", 64 * 24 * 24, |steps| steps.region(1 << 20, &|steps| steps.pool(&POOL))),
    ("pool grad", 64 * 24 * 24, |steps| steps.region(1 << 20, &|steps| steps.pool_grad(&POOL_GRAD))),
    ("fc1 forward", 9216 * 128, |steps| steps.dense(&DENSE)),
    ("fc1 input grad", 9216 * 128, |steps| steps.dense_input_grad(&DENSE_DGRAD)),
    ("fc1 weight grad", 9216 * 128, |steps| steps.dense_weight_grad(&DENSE_WGRAD)),
    ("nothing", 0, |_| {}),
];

fn best(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn main() -> Result<()> {
    let threads = std::env::args().filter_map(|argument| argument.parse().ok()).next();
    let cpu = Cpu::new(threads)?;
    println!("{}, batch {BATCH}", cpu.describe());
    let sizes =
        Sizes { params: PARAMS, grads: PARAMS, state: 2 * PARAMS, arena: ARENA.len(BATCH), batch: BATCH };
    let mut engine = cpu.engine(&sizes)?;
    let pass = Pass { batch: BATCH, arena: ARENA, key: Some(1) };
    let all = Map { offset: 0, channels: ARENA.slab, height: 1, width: 1, layout: Layout::Planar };
    engine.write_map(&pass, &all, &vec![0.5; BATCH * ARENA.slab])?;
    let mut total = 0.0;
    for (name, macs, step) in STEPS {
        let seconds = best(|| engine.run(&pass, black_box(&step)))?;
        total += seconds;
        let gflops = (2 * macs * BATCH) as f64 / seconds / 1e9;
        println!("{name:18} {:8.2} ms {gflops:8.1} GFLOP/s", seconds * 1e3);
    }
    let rule = Adadelta { lr: 1.0, rho: 0.95, epsilon: 1e-7, weight_decay: 0.0 };
    let update = Update { optimizer: Optimizer::Adadelta(rule), step: 0 };
    let seconds = best(|| engine.update(&update, &PARAM))?;
    println!("{:18} {:8.2} ms", "adadelta", seconds * 1e3);
    println!("{:18} {:8.2} ms", "all", (total + seconds) * 1e3);
    Ok(())
}
