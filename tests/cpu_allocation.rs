//! Steps of the CPU engine allocate nothing, on any thread.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use cnn_runtime::{
    cpu::Cpu,
    engine::{Pass, Sizes},
    optim::{Optimizer, Sgd, Update},
    plan::{
        Act, Arena, Conv, ConvFilterGrad, ConvInputGrad, Dense, DenseInputGrad, DenseWeightGrad, Elt, Init,
        Map, Param, Pool, PoolGrad, PoolKind, Role, Steps, Window,
    },
};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const fn map(offset: usize, channels: usize, size: usize) -> Map {
    Map { offset, channels, height: size, width: size, layout: cnn_runtime::plan::Layout::Blocked }
}

const BATCH: usize = 16;
const X: Map = map(0, 16, 16);
const Y: Map = map(4096, 32, 16);
const HALF: Map = map(4096 + 8192, 32, 8);
const OUT: Map = map(HALF.offset + 2048, 24, 1);
const ARENA: Arena = Arena { slab: OUT.offset + 24, fixed: 16 * 32 * 9 };
const WEIGHT: usize = 32 * 16 * 9;
const LEN: usize = WEIGHT + 24 * 2048;

const SAME: Window = Window { kernel: [3, 3], stride: [1, 1], pad: [1, 1], dilation: [1, 1] };
const HALVES: Window = Window { kernel: [2, 2], stride: [2, 2], pad: [0, 0], dilation: [1, 1] };
const RELU: &[Elt] = &[Elt::Act(Act::Relu), Elt::Dropout { rate: 0.5, stream: 0 }];

static CONV: Conv =
    Conv { name: "conv", x: X, y: Y, window: SAME, groups: 1, filter: 0, bias: None, epilogue: RELU };
static POOL: Pool = Pool { name: "pool", kind: PoolKind::Max, x: Y, y: HALF, window: HALVES, epilogue: RELU };
static DENSE: Dense = Dense { name: "dense", x: HALF, y: OUT, weight: WEIGHT, bias: None, epilogue: RELU };
static DENSE_INPUT: DenseInputGrad =
    DenseInputGrad { name: "dense", dy: OUT, dx: HALF, weight: WEIGHT, epilogue: RELU };
static DENSE_WEIGHT: DenseWeightGrad =
    DenseWeightGrad { name: "dense", x: HALF, dy: OUT, weight: WEIGHT, bias: None };
static POOL_GRAD: PoolGrad =
    PoolGrad { name: "pool", kind: PoolKind::Max, x: Y, dy: HALF, dx: Y, window: HALVES, epilogue: RELU };
static INPUT: ConvInputGrad = ConvInputGrad {
    name: "conv",
    dy: Y,
    dx: X,
    window: SAME,
    groups: 1,
    filter: 0,
    scratch: 0,
    epilogue: RELU,
};
static FILTER: ConvFilterGrad =
    ConvFilterGrad { name: "conv", x: X, dy: Y, window: SAME, groups: 1, filter: 0, bias: None };
static PARAMS: [Param; 1] = [Param {
    name: "all",
    shape: &[LEN],
    role: Role::Vector,
    offset: 0,
    len: LEN,
    init: Init::Constant(0.0),
    fan_in: 1,
    fan_out: 1,
    trainable: true,
}];

fn steps(steps: &dyn Steps) {
    steps.region(1 << 20, &|steps| {
        steps.conv(&CONV);
        steps.pool(&POOL);
    });
    steps.dense(&DENSE);
    steps.dense_weight_grad(&DENSE_WEIGHT);
    steps.dense_input_grad(&DENSE_INPUT);
    steps.prepare_input_grad(&INPUT);
    steps.region(1 << 20, &|steps| {
        steps.pool_grad(&POOL_GRAD);
        steps.conv_input_grad(&INPUT);
    });
    steps.conv_filter_grad(&FILTER);
}

#[test]
fn a_training_step_allocates_nothing() {
    let cpu = Cpu::new(Some(4)).expect("threads");
    let sizes = Sizes { params: LEN, grads: LEN, state: 0, arena: ARENA.len(BATCH), batch: BATCH };
    let mut engine = cpu.engine(&sizes).expect("memory");
    let pass = Pass { batch: BATCH, arena: ARENA, key: Some(1) };
    let sgd = Sgd { lr: 0.1, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    let update = Update { optimizer: Optimizer::Sgd(sgd), step: 0 };
    let mut step = move || {
        engine.run(&pass, &steps).expect("steps");
        engine.update(&update, &PARAMS).expect("update");
    };
    let allocations = cpu.install(move || {
        // What threads set up once, when they first meet work, does not count.
        (0..20).for_each(|_| step());
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        (0..50).for_each(|_| step());
        ALLOCATIONS.load(Ordering::Relaxed) - before
    });
    assert_eq!(allocations, 0);
}
