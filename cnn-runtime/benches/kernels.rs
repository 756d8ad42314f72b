//! Speed of convolutions of well-known networks:
//! `cargo bench -p cnn-runtime --features testing --bench kernels [-- [THREADS] [NAME]…]`.
//!
//! Prints the best of several runs, in GFLOP/s, of each layer whose name contains one of those
//! given: forward, gradient of the input, gradient of the filters.

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use cnn_runtime::{
    __testing::{
        Cpu,
        engine::{Class, Engine, Pass, Sizes},
        plan::{
            Act, Arena, Conv, ConvFilterGrad, ConvInputGrad, Elt, Layout, Map, Scope, StepRef, Steps,
            TransposeFilters, Window, Winograd, padded,
        },
    },
    Result,
    backend::Backend as _,
};

/// Each step runs at least that long, and at least twice.
const TIME: Duration = Duration::from_millis(250);

/// A convolution of a square map.
#[derive(Clone, Copy)]
struct Layer {
    name: &'static str,
    batch: usize,
    inputs: usize,
    size: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    pad: usize,
    groups: usize,
    /// Room for so many tiles, by Winograd's algorithm.
    tiles: usize,
}

const fn layer(
    name: &'static str,
    [inputs, size, outputs]: [usize; 3],
    [kernel, stride, pad]: [usize; 3],
) -> Layer {
    Layer { name, batch: 4, inputs, size, outputs, kernel, stride, pad, groups: 1, tiles: 0 }
}

const fn grouped(layer: Layer, groups: usize) -> Layer {
    Layer { groups, ..layer }
}

const fn batched(layer: Layer, batch: usize) -> Layer {
    Layer { batch, ..layer }
}

const LAYERS: &[Layer] = &[
    batched(layer("mnist conv1", [1, 28, 32], [3, 1, 0]), 128),
    batched(layer("mnist conv2", [32, 26, 64], [3, 1, 0]), 128),
    layer("alexnet conv1", [3, 227, 96], [11, 4, 0]),
    grouped(layer("alexnet conv2", [96, 27, 256], [5, 1, 2]), 2),
    layer("alexnet conv3", [256, 13, 384], [3, 1, 1]),
    grouped(layer("alexnet conv4", [384, 13, 384], [3, 1, 1]), 2),
    layer("vgg16 conv1_1", [3, 224, 64], [3, 1, 1]),
    layer("vgg16 conv1_2", [64, 224, 64], [3, 1, 1]),
    layer("vgg16 conv2_2", [128, 112, 128], [3, 1, 1]),
    layer("vgg16 conv3_3", [256, 56, 256], [3, 1, 1]),
    layer("vgg16 conv4_3", [512, 28, 512], [3, 1, 1]),
    layer("vgg16 conv5_3", [512, 14, 512], [3, 1, 1]),
    layer("resnet50 conv1", [3, 224, 64], [7, 2, 3]),
    layer("resnet50 l1 1x1 down", [256, 56, 64], [1, 1, 0]),
    layer("resnet50 l1 3x3", [64, 56, 64], [3, 1, 1]),
    layer("resnet50 l1 1x1 up", [64, 56, 256], [1, 1, 0]),
    layer("resnet50 l2 3x3/2", [128, 56, 128], [3, 2, 1]),
    layer("resnet50 l2 1x1/2", [256, 56, 512], [1, 2, 0]),
    layer("resnet50 l3 1x1 down", [1024, 14, 256], [1, 1, 0]),
    layer("resnet50 l3 3x3", [256, 14, 256], [3, 1, 1]),
    layer("resnet50 l3 1x1 up", [256, 14, 1024], [1, 1, 0]),
    layer("resnet50 l4 3x3/2", [512, 14, 512], [3, 2, 1]),
    layer("resnet50 l4 1x1 down", [2048, 7, 512], [1, 1, 0]),
    layer("resnet50 l4 3x3", [512, 7, 512], [3, 1, 1]),
    layer("resnet50 l4 1x1 up", [512, 7, 2048], [1, 1, 0]),
    layer("googlenet conv3", [64, 56, 192], [3, 1, 1]),
    layer("googlenet 3a 1x1", [192, 28, 64], [1, 1, 0]),
    layer("googlenet 3a 3x3", [96, 28, 128], [3, 1, 1]),
    layer("googlenet 3a 5x5", [16, 28, 32], [5, 1, 2]),
    layer("googlenet 5b 1x1", [832, 7, 384], [1, 1, 0]),
    layer("densenet121 d1 1x1", [192, 56, 128], [1, 1, 0]),
    layer("densenet121 d1 3x3", [128, 56, 32], [3, 1, 1]),
    layer("densenet121 d3 1x1", [640, 14, 128], [1, 1, 0]),
    layer("densenet121 d3 3x3", [128, 14, 32], [3, 1, 1]),
    layer("densenet121 d4 3x3", [128, 7, 32], [3, 1, 1]),
    grouped(layer("depthwise 3x3", [128, 56, 128], [3, 1, 1]), 128),
    grouped(layer("depthwise 3x3/2", [128, 56, 128], [3, 2, 1]), 128),
];

/// Seconds that this process' threads have run, where Linux tells. With one thread, this leaves out
/// the time of other processes.
fn processor_time() -> Option<f64> {
    let tasks = fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = tasks.map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    Some(nanoseconds.sum::<Option<f64>>()? / 1e9)
}

/// A layer's steps in memory of their own.
struct Plan {
    layer: Layer,
    arena: Arena,
    params: usize,
    forward: &'static Conv,
    transpose: &'static TransposeFilters,
    input_grad: &'static ConvInputGrad,
    filter_grad: &'static ConvFilterGrad,
}

impl Plan {
    fn new(layer: Layer) -> Plan {
        let Layer { name, inputs, outputs, size, kernel, stride, pad, groups, .. } = layer;
        let out = (size + 2 * pad - kernel) / stride + 1;
        // First layers see planar images.
        let layout = if inputs <= 3 { Layout::Planar } else { Layout::Blocked };
        let x = Map { offset: 0, channels: inputs, height: size, width: size, layout };
        let offset = padded(x.len());
        let y = Map { offset, channels: outputs, height: out, width: out, layout: Layout::Blocked };
        let dx = Map { offset: y.offset + y.len(), layout: Layout::Blocked, ..x };
        let window = Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            pad: [pad; 2],
            pad_end: [pad; 2],
            dilation: [1, 1],
        };
        let filters = padded(outputs) * inputs / groups * kernel * kernel;
        let (fixed, winograd) = match layer.tiles {
            0 => (padded(inputs) * outputs / groups * kernel * kernel, None),
            tiles => {
                let filters =
                    Winograd::filters_len(inputs, outputs).max(Winograd::filters_len(outputs, inputs));
                let room = Winograd { filters: 0, work: filters, tiles };
                (filters + Winograd::work_len(inputs, outputs, tiles), Some(room))
            }
        };
        let (filter, bias, params) = (0, Some(filters), filters + padded(outputs));
        let epilogue: &[Elt] = &[Elt::Act(Act::Relu)];
        let forward = Conv { name, x, y, window, groups, filter, bias, winograd, epilogue };
        let (dy, filters, is_winograd) = (y, 0, winograd.is_some());
        let transpose =
            TransposeFilters { name, filter, filters, dy, dx, window, groups, winograd: is_winograd };
        let input_grad: ConvInputGrad =
            ConvInputGrad { name, dy, filters, dx, window, groups, winograd, epilogue: &[] };
        let filter_grad = ConvFilterGrad { name, x, dy: y, window, groups, filter, bias, winograd };
        Plan {
            layer,
            arena: Arena { slab: dx.offset + dx.len(), fixed },
            params,
            forward: Box::leak(Box::new(forward)),
            transpose: Box::leak(Box::new(transpose)),
            input_grad: Box::leak(Box::new(input_grad)),
            filter_grad: Box::leak(Box::new(filter_grad)),
        }
    }

    fn engine(&self, cpu: &Cpu) -> Result<(Box<dyn Engine>, Pass)> {
        let Plan { arena, params, layer: Layer { batch, .. }, .. } = *self;
        let sizes = Sizes { params, grads: params, state: 0, arena: arena.len(batch), batch, targets: 0 };
        let mut engine = cpu.engine(&sizes)?;
        let pass = Pass { batch, arena, key: None };
        let all = Map { offset: 0, channels: arena.slab, height: 1, width: 1, layout: Layout::Planar };
        engine.write_map(&pass, &all, &vec![0.5; batch * arena.slab])?;
        engine.write(Class::Params, 0, &vec![0.01; params])?;
        Ok((engine, pass))
    }

    /// Multiply-accumulates of the batch.
    fn macs(&self) -> usize {
        let Layer { batch, inputs, outputs, kernel, groups, .. } = self.layer;
        batch * outputs * self.forward.y.height.pow(2) * inputs / groups * kernel * kernel
    }

    /// GFLOP/s of a step.
    fn speed(
        &self,
        engine: &mut dyn Engine,
        pass: &Pass,
        single: bool,
        step: &(dyn Fn(&dyn Steps) + Sync),
    ) -> Result<f64> {
        let (start, mut best, mut runs) = (Instant::now(), f64::INFINITY, 0);
        while runs < 2 || start.elapsed() < TIME {
            let start = Instant::now();
            let before = processor_time();
            // SAFETY: a plan gives each operand room of its own.
            unsafe { engine.run(pass, black_box(step)) }?;
            let used = processor_time().zip(before).map(|(after, before)| after - before);
            best = best.min(used.filter(|_| single).unwrap_or(start.elapsed().as_secs_f64()));
            runs += 1;
        }
        Ok(2.0 * self.macs() as f64 / best / 1e9)
    }

    fn print(&self, cpu: &Cpu) -> Result<()> {
        let (mut engine, pass) = self.engine(cpu)?;
        let (work, single) = (self.macs() as u64, cpu.threads() == 1);
        let Plan { forward: conv, transpose, input_grad, filter_grad, .. } = *self;
        let in_scope = |steps: &dyn Steps, step: StepRef| match step.described().scope() {
            Scope::Batch => steps.step(step),
            Scope::Sample => steps.region(work, &|steps| steps.step(step)),
        };
        let forward =
            self.speed(&mut *engine, &pass, single, &|steps| in_scope(steps, StepRef::Conv(conv)))?;
        let backward = self.speed(&mut *engine, &pass, single, &|steps| {
            steps.step(StepRef::TransposeFilters(transpose));
            in_scope(steps, StepRef::ConvInputGrad(input_grad));
        })?;
        let filters = self.speed(&mut *engine, &pass, single, &|steps| {
            steps.step(StepRef::ConvFilterGrad(filter_grad));
        })?;
        let Layer { name, tiles, .. } = self.layer;
        let way = if tiles == 0 { String::new() } else { format!("{tiles} tiles") };
        println!("{name:22} {forward:8.1} {backward:8.1} {filters:8.1}  {way}");
        Ok(())
    }
}

/// A layer computed directly and, where that is possible, by Winograd's algorithm.
fn ways(layer: &Layer) -> impl Iterator<Item = Layer> {
    let Layer { inputs, kernel, stride, groups, .. } = *layer;
    let fits = inputs > 3 && kernel == 3 && stride == 1 && groups == 1;
    let ways: &[usize] = if fits { &TILES } else { &[0] };
    ways.iter().map(|&tiles| Layer { tiles, ..*layer })
}

/// Room for Winograd's tiles, none for the direct sum.
const TILES: [usize; 4] = [0, 48, 96, 192];

fn main() -> Result<()> {
    let arguments = || std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let cpu = Cpu::new(arguments().find_map(|argument| argument.parse().ok()))?;
    let names: Vec<String> = arguments().filter(|argument| argument.parse::<usize>().is_err()).collect();
    println!("{:22}  forward  d input d filter   {}", "GFLOP/s", cpu.describe());
    let asked = |layer: &&Layer| names.is_empty() || names.iter().any(|name| layer.name.contains(name));
    LAYERS.iter().filter(asked).flat_map(ways).try_for_each(|layer| Plan::new(layer).print(&cpu))
}
