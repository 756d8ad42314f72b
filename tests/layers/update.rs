//! Updates over several steps: every rule with the attributes of parameters, limits of the
//! gradients, running averages, gradients of several passes. Frozen parameters and buffers are left
//! alone, padding is kept at zero.

mod reference;

use cnn_runtime::{
    __testing::{
        engine::{Class, Engine, PendingUpdate, Sizes},
        params::pack,
        plan::{Param, Role},
        rng::Stream,
    },
    optim::{Adadelta, Adagrad, Adam, AdamW, Clip, Optimizer, RmsProp, Sgd, Update},
};

use crate::{
    backend::{Make, backends},
    scene::{SMALL, compare},
    tensor::Tensor,
};
use reference::reference;

const VECTOR: Param = Param::vector("bias", &[13]);
const PARAM: Param =
    Param { name: "weight", shape: &[13, 3, 3, 3], role: Role::Filter, len: 16 * 27, ..VECTOR };

static PARAMS: [Param; 9] = [
    PARAM,
    Param { offset: 432, ..VECTOR },
    Param { offset: 448, trainable: false, ..PARAM },
    Param { offset: 880, ..VECTOR },
    Param { offset: 896, lr_factor: 2.0, ..PARAM },
    Param { offset: 1328, lr_factor: 2.0, decay: false, ..VECTOR },
    Param { offset: 1344, decay: false, ..VECTOR },
    Param { offset: 1360, trainable: false, buffer: true, ..VECTOR },
    Param { offset: 1376, lr_factor: 0.0, ..VECTOR },
];

/// Enough for several threads, and no multiple of what one of them takes at a time.
static LARGE: [Param; 1] = [Param { shape: &[300_008], len: 300_008, ..VECTOR }];

/// An update of some parameters.
struct Case {
    update: Update,
    params: &'static [Param],
}

impl Case {
    fn of(update: Update) -> Case {
        Case { update, params: &PARAMS }
    }

    fn len(&self) -> usize {
        self.params.last().map_or(0, |last| last.offset + last.len)
    }

    fn engine(&self, make: &Make) -> Box<dyn Engine> {
        let (len, state) = (self.len(), self.len() * self.update.slots());
        make(&Sizes { params: len, grads: len, state, arena: 8, batch: 1, targets: 0 }).expect("engine")
    }

    /// Random packed values of all parameters, zero in padding.
    fn draw(&self, stream: &mut Stream) -> Vec<f32> {
        let tensor = |param: &Param, stream: &mut Stream| {
            let values: Vec<f32> =
                (0..param.shape.iter().product()).map(|_| stream.normal() as f32).collect();
            pack(param, &values)
        };
        self.params.iter().flat_map(|param| tensor(param, stream)).collect()
    }

    fn read(&self, engine: &mut dyn Engine, class: Class, slot: usize) -> Vec<f32> {
        let mut values = vec![0.0; self.len()];
        engine.read(class, slot * self.len(), &mut values).expect("values read");
        values
    }

    /// Parameters and, if there is one, average after an update with each of the gradients.
    fn run(&self, make: &Make, start: &[f32], gradients: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let engine = &mut *self.engine(make);
        engine.write(Class::Params, 0, start).expect("parameters written");
        for (number, gradients) in (1..).zip(gradients) {
            engine.write(Class::Grads, 0, gradients).expect("gradients written");
            let pending = PendingUpdate::new(self.update, number, self.params);
            let norm = Some(engine.gradient_norm(&pending).expect("a norm"));
            engine.update(&PendingUpdate { norm, ..pending }).expect("update");
        }
        let slot = self.update.average.map(|_| self.update.optimizer.slots());
        let average = slot.map(|slot| self.read(engine, Class::State, slot));
        [self.read(engine, Class::Params, 0)].into_iter().chain(average).collect()
    }

    fn check(&self) {
        let mut stream = Stream::new(1);
        let start = self.draw(&mut stream);
        let gradients: Vec<_> = (0..4).map(|_| self.draw(&mut stream)).collect();
        let want = reference(&self.update, self.params, &start, &gradients);
        for backend in backends() {
            let ends: Vec<_> =
                backend.variants.iter().map(|make| self.run(make, &start, &gradients)).collect();
            let context = format!("{} {:?}", backend.name, self.update);
            for (end, want) in ends[0].iter().zip(&want) {
                compare(end, &vector(want.clone()), (1e-6, SMALL), &context);
            }
            assert!(ends.iter().all(|end| end == &ends[0]), "{context}: variants differ");
            self.assert_untouched(&ends[0][0], &start);
        }
    }

    /// Zeros of the start are padding and stay zero; frozen parameters and buffers do not move.
    fn assert_untouched(&self, end: &[f32], start: &[f32]) {
        let padding = start.iter().zip(end).filter(|(start, _)| **start == 0.0);
        assert!(padding.into_iter().all(|(_, end)| end.to_bits() == 0), "a padding lane moved");
        for param in self.params.iter().filter(|param| !param.trainable) {
            let range = param.offset..param.offset + param.len;
            assert_eq!(end[range.clone()], start[range], "a frozen parameter or a buffer moved");
        }
    }
}

fn vector(data: Vec<f64>) -> Tensor {
    Tensor { shape: [data.len(), 1, 1, 1], data }
}

fn check_rules<const N: usize>(rules: [Optimizer; N]) {
    rules.into_iter().for_each(|rule| Case::of(Update::new(rule)).check());
}

#[test]
fn sgd() {
    let plain = Sgd { lr: 0.1, ..Sgd::DEFAULT };
    let heavy = Sgd { momentum: 0.9, weight_decay: 0.01, ..plain };
    let nesterov = Sgd { nesterov: true, ..heavy };
    check_rules([plain, Sgd { weight_decay: 0.1, ..plain }, heavy, nesterov].map(Optimizer::Sgd));
}

#[test]
fn adagrad() {
    let decaying = Adagrad { lr: 0.1, weight_decay: 0.05, ..Adagrad::DEFAULT };
    check_rules([Adagrad::DEFAULT, decaying].map(Optimizer::Adagrad));
}

#[test]
fn adadelta() {
    let quick = Adadelta { lr: 0.1, rho: 0.9, epsilon: 1e-6, weight_decay: 0.05 };
    check_rules([Adadelta::DEFAULT, quick].map(Optimizer::Adadelta));
}

#[test]
fn rmsprop() {
    let centered = RmsProp { centered: true, weight_decay: 0.05, ..RmsProp::DEFAULT };
    let heavy = RmsProp { momentum: 0.9, alpha: 0.9, ..RmsProp::DEFAULT };
    let both = RmsProp { momentum: 0.9, ..centered };
    check_rules([RmsProp::DEFAULT, centered, heavy, both].map(Optimizer::RmsProp));
}

#[test]
fn adam() {
    let decaying = Adam { lr: 0.01, weight_decay: 0.05, ..Adam::DEFAULT };
    let decoupled = AdamW { lr: 0.1, weight_decay: 0.1, ..AdamW::DEFAULT };
    check_rules([Adam::DEFAULT, decaying].map(Optimizer::Adam));
    check_rules([AdamW::DEFAULT, decoupled].map(Optimizer::AdamW));
}

#[test]
fn limits_of_the_gradients() {
    let plain = Update::new(Optimizer::Sgd(Sgd { lr: 0.1, weight_decay: 0.1, ..Sgd::DEFAULT }));
    for clip in [Clip::Value(0.5), Clip::Norm(50.0), Clip::Norm(1e6)] {
        Case::of(Update { clip: Some(clip), ..plain }).check();
    }
}

#[test]
fn running_averages() {
    for rule in [Optimizer::Sgd(Sgd::DEFAULT), Optimizer::AdamW(AdamW { lr: 0.1, ..AdamW::DEFAULT })] {
        for decay in [0.15, 0.99] {
            Case::of(Update { average: Some(decay), ..Update::new(rule) }).check();
        }
    }
}

#[test]
fn large_parameters_on_several_threads() {
    let optimizer = Optimizer::AdamW(AdamW { lr: 0.1, ..AdamW::DEFAULT });
    let update = Update { optimizer, clip: Some(Clip::Norm(50.0)), average: Some(0.99) };
    Case { update, params: &LARGE }.check();
}

#[test]
fn no_limit_hides_a_gradient_that_is_not_a_number() {
    let frozen = 432 + 16;
    for clip in [None, Some(Clip::Value(0.1)), Some(Clip::Norm(1.0))] {
        let case = Case::of(Update { clip, ..Update::new(Optimizer::Sgd(Sgd::DEFAULT)) });
        let start = case.draw(&mut Stream::new(1));
        let mut gradients = vec![0.0; case.len()];
        gradients[case.len() - 1] = f32::NAN;
        let spoilt = if let Some(Clip::Norm(_)) = clip { case.len() - frozen } else { 1 };
        for backend in backends() {
            let ends = case.run(&backend.variants[0], &start, std::slice::from_ref(&gradients));
            let found = ends[0].iter().filter(|value| value.is_nan()).count();
            assert_eq!(found, spoilt, "{} {clip:?}", backend.name);
        }
    }
}

#[test]
fn gradients_of_two_passes_are_averaged_by_their_shares() {
    let case = Case::of(Update::new(Optimizer::Sgd(Sgd::DEFAULT)));
    let mut stream = Stream::new(2);
    let [first, second] = [(); 2].map(|()| case.draw(&mut stream));
    let want = first.iter().zip(&second).map(|(&a, &b)| 0.75 * a as f64 + 0.25 * b as f64);
    let want = vector(want.collect());
    for backend in backends() {
        for make in &backend.variants {
            let engine = &mut *case.engine(make);
            for _ in 0..2 {
                engine.write(Class::Grads, 0, &first).expect("gradients written");
                engine.stash_gradients().expect("stashed");
                engine.write(Class::Grads, 0, &second).expect("gradients written");
                engine.merge_stashed(0.25).expect("merged");
                compare(&case.read(engine, Class::Grads, 0), &want, (1e-7, SMALL), &backend.name);
            }
        }
    }
}
