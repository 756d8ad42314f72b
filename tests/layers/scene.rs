//! A small plan around the step under test: operands at random, steps, expected results, and the
//! comparison.
//!
//! Everything that a step may not read is NaN beforehand: the padding lanes of its inputs, its
//! outputs, the gradients. NaN never passes the comparison unless it is expected.

use cnn_runtime::{
    __testing::{
        engine::{Class, Engine, Pass, Sizes},
        params::{load_map, pack, packed_len, store_map, unpack},
        plan::{Arena, Layout, Map, Param, Role, Scope, StepRef, Steps, padded},
        rng::Stream,
    },
    Targets,
};

use crate::{
    backend::{Backend, backends, tiled},
    tensor::Tensor,
};

type Body = Box<dyn Fn(&dyn Steps) + Sync>;

enum Expected {
    Map(Map),
    Gradient(usize),
    Param(usize),
}

/// Work given for a region, so large that an engine uses all its threads.
const HEAVY: u64 = 1 << 32;
/// Smaller values than this are compared as if they were so large.
pub(crate) const SMALL: f64 = 1e-2;
/// Key of the dropout masks.
pub(crate) const KEY: Option<u64> = Some(0x5EED);

pub(crate) struct Scene {
    seed: u64,
    pub(crate) batch: usize,
    pub(crate) stream: Stream,
    arena: Arena,
    params: Vec<Param>,
    packed: Vec<f32>,
    grads: Vec<f32>,
    fixed: Vec<f32>,
    inputs: Vec<(Map, Tensor)>,
    targets: Vec<u32>,
    steps: Vec<Body>,
    /// Each with a size that its elements have at least, but for cancellation.
    expected: Vec<(Expected, Tensor, f64)>,
    tolerance: f64,
}

impl Scene {
    pub(crate) fn new(seed: u64, batch: usize) -> Scene {
        Scene {
            seed,
            batch,
            stream: Stream::new(seed),
            arena: Arena { slab: 0, fixed: 0 },
            params: Vec::new(),
            packed: Vec::new(),
            grads: Vec::new(),
            fixed: Vec::new(),
            inputs: Vec::new(),
            targets: Vec::new(),
            steps: Vec::new(),
            expected: Vec::new(),
            tolerance: 1e-5,
        }
    }

    /// For an algorithm that is known to round more than a plain sum.
    pub(crate) fn set_tolerance(&mut self, tolerance: f64) {
        self.tolerance = tolerance;
    }

    /// Plans a map; nothing is known about its contents.
    pub(crate) fn place(&mut self, [channels, height, width]: [usize; 3], layout: Layout) -> Map {
        let map = Map { offset: self.arena.slab, channels, height, width, layout };
        self.arena.slab += padded(map.len());
        map
    }

    /// Plans a map that holds these values.
    pub(crate) fn given(&mut self, values: &Tensor, layout: Layout) -> Map {
        let [_, channels, height, width] = values.shape;
        let map = self.place([channels, height, width], layout);
        self.inputs.push((map, values.clone()));
        map
    }

    /// Plans a map of normal random values.
    pub(crate) fn input(&mut self, shape: [usize; 3], layout: Layout) -> (Map, Tensor) {
        let [channels, height, width] = shape;
        let values = self.normal([self.batch, channels, height, width]);
        (self.given(&values, layout), values)
    }

    /// Normal random values that f32 holds exactly.
    pub(crate) fn normal(&mut self, shape: [usize; 4]) -> Tensor {
        Tensor::from_fn(shape, |_| self.stream.normal() as f32 as f64)
    }

    /// Adds a random parameter; returns its number, its offset and its values.
    pub(crate) fn param(&mut self, shape: &'static [usize], role: Role) -> (usize, usize, Tensor) {
        let mut full = [1; 4];
        full[..shape.len()].copy_from_slice(shape);
        let values = self.normal(full);
        let (number, offset) = self.param_of(shape, role, &values);
        (number, offset, values)
    }

    /// Adds a parameter with these values; returns its number and its offset.
    pub(crate) fn param_of(
        &mut self,
        shape: &'static [usize],
        role: Role,
        values: &Tensor,
    ) -> (usize, usize) {
        let (offset, len) = (self.packed.len(), packed_len(shape, &role));
        let param = Param { shape, role, offset, len, ..Param::vector("param", &[1]) };
        self.packed.extend(pack(&param, &floats(values)));
        self.grads.resize(self.packed.len(), f32::NAN);
        self.params.push(param);
        (self.params.len() - 1, offset)
    }

    /// Adds a vector over channels with these values; returns its number and its offset.
    pub(crate) fn vector(&mut self, values: &Tensor) -> (usize, usize) {
        self.param_of(Box::leak(Box::new([values.data.len()])), Role::Vector, values)
    }

    /// Gives a parameter's gradient, which is unknown otherwise.
    pub(crate) fn give_gradient(&mut self, param: usize, values: &Tensor) {
        let Param { offset, len, .. } = self.params[param];
        self.grads[offset..offset + len].copy_from_slice(&pack(&self.params[param], &floats(values)));
    }

    /// Plans floats in the fixed part; nothing is known about their contents.
    pub(crate) fn scratch(&mut self, len: usize) -> usize {
        self.arena.fixed += padded(len);
        self.fixed.resize(self.arena.fixed, f32::NAN);
        self.arena.fixed - padded(len)
    }

    /// Plans vectors over channels in the fixed part, one after the other, that hold these values.
    pub(crate) fn given_fixed(&mut self, vectors: &[&Tensor]) -> usize {
        let channels = padded(vectors[0].data.len());
        let start = self.scratch(channels * vectors.len());
        for (values, to) in vectors.iter().zip(self.fixed[start..].chunks_mut(channels)) {
            to[..values.data.len()].copy_from_slice(&floats(values));
        }
        start
    }

    /// Sets the numbers of the targets, in their bits.
    pub(crate) fn targets(&mut self, words: Vec<u32>) {
        self.targets = words;
    }

    /// Adds a step, in a region of its own if it treats samples one by one.
    pub(crate) fn step(&mut self, step: StepRef) {
        match step.described().scope() {
            Scope::Batch => self.steps.push(Box::new(move |steps| steps.step(step))),
            Scope::Sample => self.region(move |steps| steps.step(step)),
        }
    }

    /// Adds steps in a region.
    pub(crate) fn region(&mut self, body: impl Fn(&dyn Steps) + Sync + 'static) {
        self.steps.push(Box::new(move |steps| steps.region(HEAVY, &body)));
    }

    pub(crate) fn expect(&mut self, map: Map, values: Tensor) {
        self.expected.push((Expected::Map(map), values, SMALL));
    }

    /// Expects the gradient of a parameter, by number.
    pub(crate) fn expect_gradient(&mut self, param: usize, values: Tensor) {
        self.expected.push((Expected::Gradient(param), values, SMALL));
    }

    /// As [`Scene::expect_gradient`], of few elements, which may all cancel: each is the sum of so
    /// many normal values.
    pub(crate) fn expect_sums(&mut self, param: usize, values: Tensor, terms: usize) {
        self.expected.push((Expected::Gradient(param), values, (terms as f64).sqrt()));
    }

    /// Expects a parameter, by number.
    pub(crate) fn expect_param(&mut self, param: usize, values: Tensor) {
        self.expected.push((Expected::Param(param), values, SMALL));
    }

    /// Runs on every backend and compares.
    pub(crate) fn check(&self, case: &dyn std::fmt::Debug) {
        for backend in backends() {
            self.check_on(backend, &format!("{} seed {} {case:?}", backend.name, self.seed));
        }
    }

    /// As [`Scene::check`], and on OpenCL with the kernels that work in local memory too.
    pub(crate) fn check_convolution(&self, case: &dyn std::fmt::Debug) {
        self.check(case);
        if let Some(backend) = tiled() {
            self.check_on(backend, &format!("{} in tiles, seed {} {case:?}", backend.name, self.seed));
        }
    }

    /// Runs on every backend and looks only whether the first element of each sample is finite.
    pub(crate) fn check_finite(&self, map: Map, finite: bool) {
        let pass = Pass { batch: self.batch, arena: self.arena, key: KEY };
        for make in backends().iter().flat_map(|backend| &backend.variants) {
            let mut engine = self.engine(make);
            self.run(&mut *engine);
            let values = self.read(&mut *engine, &pass, &Expected::Map(map));
            let first = values.iter().step_by(map.channels * map.height * map.width);
            assert!(first.into_iter().all(|value| value.is_finite() == finite), "{values:?}");
        }
    }

    fn check_on(&self, backend: &Backend, context: &str) {
        let results: Vec<_> = backend.variants.iter().map(|make| self.run(&mut *self.engine(make))).collect();
        for (number, (_, want, size)) in self.expected.iter().enumerate() {
            let got = &results[0][number];
            compare(got, want, (self.tolerance, *size), &format!("result {number} of {context}"));
            for (variant, other) in results.iter().enumerate() {
                assert_eq!(
                    bits(got),
                    bits(&other[number]),
                    "result {number}, variant {variant} of {context}"
                );
            }
        }
    }

    fn engine(&self, make: &crate::backend::Make) -> Box<dyn Engine> {
        let params = self.packed.len();
        let arena = self.arena.len(self.batch);
        make(&Sizes {
            params,
            grads: params,
            state: 0,
            arena,
            batch: self.batch,
            targets: self.targets.len(),
        })
        .expect("engine")
    }

    fn run(&self, engine: &mut dyn Engine) -> Vec<Vec<f32>> {
        let pass = Pass { batch: self.batch, arena: self.arena, key: KEY };
        self.fill(engine, &pass).expect("operands written");
        let body = |steps: &dyn Steps| self.steps.iter().for_each(|step| step(steps));
        // SAFETY: a scene gives each operand of its steps room of its own.
        unsafe { engine.run(&pass, &body) }.expect("steps run");
        self.expected.iter().map(|(result, ..)| self.read(engine, &pass, result)).collect()
    }

    fn fill(&self, engine: &mut dyn Engine, pass: &Pass) -> cnn_runtime::Result<()> {
        let mut arena = vec![f32::NAN; self.batch * self.arena.slab];
        arena.extend(&self.fixed);
        let whole = Arena { slab: arena.len(), fixed: 0 };
        let map = Map { offset: 0, channels: arena.len(), height: 1, width: 1, layout: Layout::Planar };
        engine.write_map(&Pass { batch: 1, arena: whole, key: None }, &map, &arena)?;
        engine.write(Class::Params, 0, &self.packed)?;
        engine.write(Class::Grads, 0, &self.grads)?;
        for (map, values) in &self.inputs {
            engine.write_map(pass, map, &poisoned(map, values))?;
        }
        engine.write_targets(Targets::Classes(&self.targets))
    }

    fn read(&self, engine: &mut dyn Engine, pass: &Pass, result: &Expected) -> Vec<f32> {
        match result {
            Expected::Map(map) => {
                let mut stored = vec![0.0; self.batch * map.len()];
                engine.read_map(pass, map, &mut stored).expect("map read");
                stored.chunks(map.len()).flat_map(|sample| load_map(map, sample)).collect()
            }
            Expected::Gradient(number) => self.read_packed(engine, Class::Grads, *number),
            Expected::Param(number) => self.read_packed(engine, Class::Params, *number),
        }
    }

    fn read_packed(&self, engine: &mut dyn Engine, class: Class, number: usize) -> Vec<f32> {
        let param = &self.params[number];
        let mut packed = vec![0.0; param.len];
        engine.read(class, param.offset, &mut packed).expect("values read");
        let mut values = vec![0.0; param.shape.iter().product()];
        unpack(param, &packed, &mut values);
        let padding_is_zero = bits(&pack(param, &values)).eq(&bits(&packed));
        assert!(padding_is_zero, "a padding lane of {class:?} {number} is not zero, seed {}", self.seed);
        values
    }
}

/// All samples in storage order, NaN in padding lanes.
fn poisoned(map: &Map, values: &Tensor) -> Vec<f32> {
    let size = map.channels * map.height * map.width;
    let is_padding = store_map(map, &vec![1.0; size]).into_iter().map(|mark| mark == 0.0);
    let is_padding: Vec<bool> = is_padding.collect();
    let store = |sample: &[f32]| {
        let stored = store_map(map, sample).into_iter().zip(&is_padding);
        stored.map(|(value, &padding)| if padding { f32::NAN } else { value }).collect::<Vec<_>>()
    };
    floats(values).chunks(size).flat_map(store).collect()
}

fn floats(values: &Tensor) -> Vec<f32> {
    values.data.iter().map(|&value| value as f32).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    // Which NaN it is carries no meaning; a sign of zero does.
    values.iter().map(|value| if value.is_nan() { u32::MAX } else { value.to_bits() }).collect()
}

/// Differences are measured against the largest expected element, or against `size` if all are
/// smaller: a sum's rounding is relative to its terms, even where they cancel.
pub(crate) fn compare(got: &[f32], want: &Tensor, (tolerance, size): (f64, f64), context: &str) {
    assert_eq!(got.len(), want.data.len(), "{context}");
    let largest = want.data.iter().filter(|value| value.is_finite()).fold(size, |a: f64, b| a.max(b.abs()));
    for (at, (&got, &want)) in got.iter().zip(&want.data).enumerate() {
        let close = (got as f64 - want).abs() <= tolerance * largest;
        let same = got as f64 == want || (got.is_nan() && want.is_nan());
        assert!(close || same, "element {at}: got {got}, expected {want} (largest {largest}); {context}");
    }
}
