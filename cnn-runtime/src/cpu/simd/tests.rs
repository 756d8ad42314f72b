//! Every operation of every instruction set of this processor, lane by lane, against plain Rust.

use std::array::from_fn;

use cnn_core::rng::{Mask, element_bits};

use super::{
    Isa, Kernel, Simd, beats,
    blocks::{Blocks, Single},
};

type Lanes = [f32; 8];

/// What operations made of their operands, with a name each.
type Results = Vec<(String, Lanes)>;

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

/// In their pairs, lanes that are equal, unordered, infinite, subnormal, negative and zero meet.
const OPERANDS: [Lanes; 6] = [
    [1.0, -2.0, 3.5, -0.0, 0.0, NAN, INF, -INF],
    [NAN, 1.0, 3.5, 0.0, -0.0, NAN, -1.0, INF],
    [INF, NAN, -1.0, 7.25, 1e-40, -3.0, 0.0, NAN],
    [INF, -INF, 2.5, -2.5, 0.5, 1.5, 1e30, -1e-30],
    [2.0, 3.0, NAN, -7.0, 1e-40, 9.0, -0.0, 1.0],
    [0.25, 8.0, -16.0, 1e10, f32::MAX, f32::MIN_POSITIVE, 1.0, 2.0],
];
/// Normal and positive.
const POSITIVE: Lanes = [1.0, 1.999, 0.5, 3.7, 1e30, f32::MIN_POSITIVE, f32::MAX, 1e-20];
const INTEGERS: Lanes = [0.0, 1.0, -1.0, 127.0, -126.0, 10.0, -33.0, 64.0];

fn load<S: Simd>(simd: S, lanes: Lanes) -> S::V {
    // SAFETY: eight floats.
    unsafe { simd.load(lanes.as_ptr()) }
}

fn store<S: Simd>(simd: S, value: S::V) -> Lanes {
    let mut lanes = [0.0; 8];
    // SAFETY: eight floats.
    unsafe { simd.store(lanes.as_mut_ptr(), value) };
    lanes
}

/// Lanes of a mask as 1 and 0.
fn bits<S: Simd>(simd: S, mask: S::M) -> Lanes {
    store(simd, simd.select(mask, simd.splat(1.0), simd.splat(0.0)))
}

/// Runs a kernel on every instruction set, and demands the results of plain Rust of it: to the bit,
/// but any NaN is as good as another.
fn agree<K: Kernel<Output = Results> + Copy>(kernel: K) {
    let isas: Vec<Isa> = Isa::available().collect();
    let (portable, vectors) = isas.split_last().expect("plain Rust");
    if vectors.is_empty() {
        eprintln!("skipped: this processor has no vector instructions that the engine knows");
    }
    let want = portable.run(kernel);
    let equal = |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    for isa in vectors {
        for ((name, got), (_, want)) in isa.run(kernel).iter().zip(&want) {
            let all = (0..8).all(|lane| equal(got[lane], want[lane]));
            assert!(all, "{} {name}: {got:?}, expected {want:?}", isa.profile().name);
        }
    }
}

#[derive(Clone, Copy)]
struct Arithmetic;

impl Kernel for Arithmetic {
    type Output = Results;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let mut results = Results::new();
        for (i, a) in OPERANDS.into_iter().enumerate() {
            let a = load(simd, a);
            results.push((format!("sqrt {i}"), store(simd, simd.sqrt(a))));
            results.push((format!("round {i}"), store(simd, simd.round(a))));
            for (j, b) in OPERANDS.into_iter().enumerate() {
                let b = load(simd, b);
                let pairs = [
                    ("add", simd.add(a, b)),
                    ("sub", simd.sub(a, b)),
                    ("mul", simd.mul(a, b)),
                    ("div", simd.div(a, b)),
                    ("min", simd.min(a, b)),
                    ("max", simd.max(a, b)),
                ];
                results.extend(pairs.map(|(name, value)| (format!("{name} {i} {j}"), store(simd, value))));
            }
        }
        results.push(("exponent".into(), store(simd, simd.exponent(load(simd, POSITIVE)))));
        results.push(("exp2".into(), store(simd, simd.exp2(load(simd, INTEGERS)))));
        results
    }
}

#[test]
fn arithmetic() {
    agree(Arithmetic);
}

#[derive(Clone, Copy)]
struct Masks;

impl Kernel for Masks {
    type Output = Results;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let mut results = Results::new();
        for (i, a) in OPERANDS.into_iter().enumerate() {
            for (j, b) in OPERANDS.into_iter().enumerate() {
                let (a, b) = (load(simd, a), load(simd, b));
                let (greater, unknown) = (simd.gt(a, b), simd.is_nan(b));
                let masks = [
                    ("gt", greater),
                    ("is_nan", unknown),
                    ("and", simd.and(greater, simd.first_lanes(5))),
                    ("or", simd.or(greater, unknown)),
                    ("and_not", simd.and_not(simd.first_lanes(6), greater)),
                    ("beats", beats(simd, a, b)),
                ];
                results.extend(masks.map(|(name, mask)| (format!("{name} {i} {j}"), bits(simd, mask))));
                results.push((format!("select {i} {j}"), store(simd, simd.select(greater, a, b))));
            }
        }
        // 300: as many lanes as there are, also where a count is a byte.
        for count in (0..10).chain([255, 256, 300]) {
            results.push((format!("first_lanes {count}"), bits(simd, simd.first_lanes(count))));
        }
        results
    }
}

#[test]
fn masks() {
    agree(Masks);
}

#[derive(Clone, Copy)]
struct Dropout;

impl Kernel for Dropout {
    type Output = Results;

    /// Thresholds on either side of the sign bit, at both ends, and equal to the bits of an
    /// element.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let mut results = Results::new();
        for first in [0, 8, 1000, 0x7FFF_FFFC, u32::MAX - 3] {
            for key in [0, 0x5EED, u32::MAX] {
                let exact = element_bits(key, first.wrapping_add(2));
                for threshold in [0, 1, 0x3000_0000, 0x8000_0000, 0xC000_0000, exact, u32::MAX] {
                    let mask = Mask { key, threshold, scale: 1.0 };
                    results.push((format!("{mask:?} {first}"), bits(simd, simd.kept(&mask, first))));
                }
            }
        }
        results
    }
}

#[test]
fn dropout_masks() {
    agree(Dropout);
}

#[derive(Clone, Copy)]
struct Movement;

impl Kernel for Movement {
    type Output = Results;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let memory: [f32; 64] = from_fn(|at| at as f32);
        // SAFETY: every vector and every place lies in the 64 floats.
        unsafe {
            let unaligned = simd.load(memory.as_ptr().add(3));
            let middle = memory.as_ptr().add(20);
            let gathered = simd.gather(middle, &[0, 1, -20, 43, 7, 7, -1, 30]);
            let rows = from_fn(|row| simd.load(memory.as_ptr().add(8 * row)));
            let columns = simd.transpose(rows).map(|column| store(simd, column));
            let mut results = vec![
                ("load".into(), store(simd, unaligned)),
                ("gather".into(), store(simd, gathered)),
                ("splat".into(), store(simd, simd.splat(2.5))),
            ];
            results
                .extend(columns.into_iter().enumerate().map(|(at, lanes)| (format!("column {at}"), lanes)));
            results
        }
    }
}

#[test]
fn movement() {
    agree(Movement);
}

/// What [`Blocks`] do, of numbers whose products are exact.
#[derive(Clone, Copy)]
struct Together;

impl Kernel for Together {
    type Output = Results;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let mut results = together::<S, Single<S>>(simd);
        results.extend(together::<S, S::Pair>(simd));
        results
    }
}

#[inline(always)]
fn together<S: Simd, W: Blocks<S>>(simd: S) -> Results {
    let memory: [f32; 64] = from_fn(|at| at as f32 - 20.0);
    let mut results = Results::new();
    for distance in [8, 11, 40] {
        // SAFETY: all blocks lie in the 64 floats.
        let [a, b] = [3, 16].map(|at| unsafe { W::load(simd, memory.as_ptr().add(at), distance) });
        let values = [
            ("add", a.add(simd, b)),
            ("fma", a.fma(simd, b, W::splat(simd, 0.5))),
            ("splat", W::splat(simd, -3.0)),
            ("store", a),
        ];
        for (name, value) in values {
            let mut stored = [7.0; 64];
            // SAFETY: as above.
            unsafe { value.store(simd, stored.as_mut_ptr().add(5), distance) };
            let parts = stored.chunks_exact(8).enumerate();
            results.extend(
                parts.map(|(at, lanes)| {
                    (format!("{name} of {} at {at}", W::COUNT), from_fn(|lane| lanes[lane]))
                }),
            );
        }
    }
    results
}

#[test]
fn blocks_together() {
    agree(Together);
}

/// Every instruction set can be asked for, and no other.
#[test]
fn instruction_sets_are_found_by_their_keys() {
    let all: Vec<_> = Isa::available().map(|isa| isa.profile().key).collect();
    for key in &all {
        assert_eq!(Isa::find(Some(key)).unwrap().profile().key, *key);
    }
    assert_eq!(Isa::find(None).unwrap().profile().key, all[0]);
    for wrong in ["", "AVX2", "sse9"] {
        let error = Isa::find(Some(wrong)).unwrap_err().to_string();
        assert!(error.contains(&format!("CNN_ISA={wrong}")) && error.contains(&all.join(", ")), "{error}");
    }
}

#[derive(Clone, Copy)]
struct Fma([Lanes; 3]);

impl Kernel for Fma {
    type Output = Lanes;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Lanes {
        let [a, b, c] = self.0.map(|lanes| load(simd, lanes));
        store(simd, simd.fma(a, b, c))
    }
}

/// Plain Rust rounds the product too: `(1 + e)(1 - e) - 1` is `-e²`, or 0 if `1 - e²` was rounded.
#[test]
fn multiply_add_rounds_once() {
    let (above, below) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON);
    let [a, b, c] = [
        [1.0, 2.0, above, below, -above, above, NAN, INF],
        [2.0, -3.0, below, -above, below, -below, 1.0, 0.0],
        [3.0, 4.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    ];
    let once: Lanes = from_fn(|lane| a[lane].mul_add(b[lane], c[lane]));
    let twice: Lanes = from_fn(|lane| a[lane] * b[lane] + c[lane]);
    assert_ne!(once[..6], twice[..6]);
    for isa in Isa::available() {
        let want = if matches!(isa, Isa::Portable(_)) { twice } else { once };
        let got = isa.run(Fma([a, b, c]));
        assert_eq!(got[..6], want[..6], "{}", isa.profile().name);
        assert!(got[6].is_nan() && got[7].is_nan(), "{}: {got:?}", isa.profile().name);
    }
}
