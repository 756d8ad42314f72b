//! Steps at the limits of 32 bits: maps whose sizes multiply to more than an `int` holds, and
//! places far into a slab. The engines are compared with each other.

use cnn_runtime::__testing::{
    engine::{Engine, Pass, Sizes},
    plan::{Arena, Elementwise, Elt, Layout, Map, Pool, PoolGrad, PoolKind, Shift, StepRef, Steps, Window},
    rng::Stream,
};
use proptest::prelude::*;

use crate::backend::backends;

const NO_WINDOW: Window =
    Window { kernel: [1; 2], stride: [1; 2], pad: [0; 2], pad_end: [0; 2], dilation: [1; 2] };

/// The epilogue of a step without one.
const NONE: &[Elt] = &[];

/// A call of an engine.
type Body = Box<dyn Fn(&dyn Steps) + Sync>;

/// A step that reads `x` and writes `y`.
struct Case {
    x: Map,
    y: Map,
    step: Body,
}

impl Case {
    /// The floats of `y` that one engine makes of `values` in `x`.
    fn run(&self, engine: &mut dyn Engine, arena: Arena, values: &[f32]) -> Vec<f32> {
        let pass = Pass { batch: 1, arena, key: None };
        engine.write_map(&pass, &self.x, values).expect("written");
        // SAFETY: both maps lie in the slab, each with room of its own.
        unsafe { engine.run(&pass, &|steps| (self.step)(steps)) }.expect("the step runs");
        let mut results = vec![0.0; self.y.len()];
        engine.read_map(&pass, &self.y, &mut results).expect("read");
        results
    }

    /// Compares all engines on random values.
    fn check(&self, seed: u64) {
        let end = (self.x.offset + self.x.len()).max(self.y.offset + self.y.len());
        let arena = Arena { slab: end, fixed: 0 };
        let sizes = Sizes { params: 0, grads: 0, state: 0, arena: arena.len(1), batch: 1, targets: 0 };
        let mut stream = Stream::new(seed);
        let values: Vec<f32> = (0..self.x.len()).map(|_| stream.normal() as f32).collect();
        let mut reference: Option<Vec<f32>> = None;
        for backend in backends() {
            let engine = &mut *backend.variants[0](&sizes).expect("memory");
            let results = self.run(engine, arena, &values);
            let want = &*reference.get_or_insert_with(|| results.clone());
            for (at, (got, want)) in results.iter().zip(want).enumerate() {
                let close = (got - want).abs() <= 1e-5 * want.abs().max(1e-2);
                assert!(close, "element {at}: {got} and {want}; {} seed {seed}", backend.name);
            }
        }
    }
}

fn map(offset: usize, [height, width]: [usize; 2]) -> Map {
    Map { offset, channels: 8, height, width, layout: Layout::Blocked }
}

/// Adaptive pooling along one axis and its gradient.
fn adaptive(from: usize, to: usize, axis: usize, seed: u64) {
    let along = |length: usize| if axis == 0 { [length, 1] } else { [1, length] };
    let (name, kind, window) = ("adaptive", PoolKind::AdaptiveAvg, NO_WINDOW);
    let x = map(0, along(from));
    let y = map(x.len(), along(to));
    let step = &*Box::leak(Box::new(Pool { name, kind, x, y, window, epilogue: NONE }));
    Case { x, y, step: Box::new(move |steps| steps.step(StepRef::Pool(step))) }.check(seed);
    let grad =
        &*Box::leak(Box::new(PoolGrad { name, kind, x: Some(x), dy: y, dx: x, window, epilogue: NONE }));
    Case { x: y, y: x, step: Box::new(move |steps| steps.step(StepRef::PoolGrad(grad))) }.check(seed);
}

#[test]
fn adaptive_pools_whose_sizes_multiply_beyond_32_bits() {
    for (from, to) in [(65535, 32768), (65536, 60000), (65536, 65535), (32769, 65536), (65536, 65536)] {
        adaptive(from, to, 0, 1);
        adaptive(from, to, 1, 2);
    }
}

/// A pool whose stride, dilation and padding are as large as its map.
#[test]
fn windows_of_the_size_of_a_long_map() {
    let size = 65536;
    for kind in [PoolKind::Max, PoolKind::Avg { count_include_pad: true }] {
        let window =
            Window { kernel: [3, 1], stride: [2, 1], pad: [1, 0], pad_end: [1, 0], dilation: [32767, 1] };
        let outputs = (size + 2 - (2 * 32767 + 1)) / 2 + 1;
        let x = map(0, [size, 1]);
        let y = map(x.len(), [outputs, 1]);
        let dx = map(y.offset + y.len(), [size, 1]);
        let pool = &*Box::leak(Box::new(Pool { name: "pool", kind, x, y, window, epilogue: NONE }));
        let grad = &*Box::leak(Box::new(PoolGrad {
            name: "pool",
            kind,
            x: Some(x),
            dy: y,
            dx,
            window,
            epilogue: NONE,
        }));
        let step = move |steps: &dyn Steps| {
            steps.step(StepRef::Pool(pool));
            steps.step(StepRef::PoolGrad(grad));
        };
        Case { x, y: dx, step: Box::new(step) }.check(3);
    }
}

/// Maps behind 2^28 bytes of slab.
#[test]
fn maps_far_into_a_slab() {
    let far = 1 << 26;
    let x = map(far, [5, 7]);
    let y = map(far + x.len(), [9, 4]);
    let shift = Shift { name: "shift", x, y, top: -1, left: 2, epilogue: NONE };
    let shift = &*Box::leak(Box::new(shift));
    Case { x, y, step: Box::new(move |steps| steps.step(StepRef::Shift(shift))) }.check(4);
    let epilogue: &[Elt] = Box::leak(Box::new([Elt::Add(x)]));
    let double = &*Box::leak(Box::new(Elementwise { name: "double", x, y: x, epilogue }));
    Case { x, y: x, step: Box::new(move |steps| steps.step(StepRef::Elementwise(double))) }.check(5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_adaptive_pool(
        from in 1usize..=65536,
        to in 1usize..=65536,
        axis in 0usize..2,
        seed in any::<u64>(),
    ) {
        adaptive(from, to, axis, seed);
    }
}
