//! Updates over several steps: every rule with the attributes of parameters, limits of the gradients, running averages, gradients of
//! several passes. Frozen parameters and buffers are left alone, padding is kept at zero.

use cnn_runtime::{
    engine::{Class, Engine, Sizes},
    optim::{Adadelta, Adagrad, Adam, Clip, Optimizer, RmsProp, Sgd, Update},
    params::pack,
    plan::{Init, Param, Role},
    rng::Stream,
};

use crate::{backend::backends, scene::compare, tensor::Tensor};

const PARAM: Param = Param {
    name: "weight",
    shape: &[13, 3, 3, 3],
    role: Role::Filter,
    offset: 0,
    len: 16 * 27,
    init: Init::Constant(0.0),
    fan_in: 27,
    fan_out: 13,
    trainable: true,
    buffer: false,
    lr_factor: 1.0,
    decay: true,
};
const VECTOR: Param = Param { name: "bias", shape: &[13], role: Role::Vector, len: 16, ..PARAM };

static PARAMS: [Param; 10] = [
    PARAM,
    Param { offset: 432, ..VECTOR },
    Param { offset: 448, trainable: false, ..PARAM },
    Param { offset: 880, ..VECTOR },
    Param { offset: 896, lr_factor: 2.0, ..PARAM },
    Param { offset: 1328, lr_factor: 2.0, decay: false, ..VECTOR },
    Param { offset: 1344, decay: false, ..VECTOR },
    Param { offset: 1360, trainable: false, buffer: true, ..VECTOR },
    Param { offset: 1376, lr_factor: 0.0, ..VECTOR },
    Param { offset: 1392, shape: &[LARGE], len: LARGE, ..VECTOR },
];
/// Enough for several threads, and no multiple of what one of them takes at a time.
const LARGE: usize = 300_008;
const LEN: usize = 1392 + LARGE;

/// The rule for a parameter with its attributes.
fn adapted(optimizer: Optimizer, param: &Param) -> Optimizer {
    let rule = optimizer.with_lr(optimizer.lr() * param.lr_factor);
    if param.decay { rule } else { rule.with_weight_decay(0.0) }
}

/// One scalar with its state and its running average, in f64.
#[derive(Clone, Copy, Default)]
struct Scalar {
    w: f64,
    state: [f64; 3],
    average: f64,
}

impl Scalar {
    /// Update `number`, from 1, with a gradient within its limits.
    fn update(&mut self, update: &Update, number: i32, rule: Optimizer, gradient: f64) {
        let (lr, decay) = (rule.lr() as f64, rule.weight_decay() as f64);
        let decoupled = rule.name() == "adamw";
        let g = if decoupled { gradient } else { gradient + decay * self.w };
        self.w -= if decoupled { lr * decay * self.w } else { 0.0 };
        self.w -= lr * self.step(rule, number, g);
        self.average(update, number);
    }

    fn average(&mut self, update: &Update, number: i32) {
        let n = number as f64 - 1.0;
        let limit = if number == 1 { 0.0 } else { (1.0 + n) / (10.0 + n) };
        mean(&mut self.average, (update.average.unwrap_or(0.0) as f64).min(limit), self.w);
    }

    fn step(&mut self, rule: Optimizer, number: i32, g: f64) -> f64 {
        let [a, b, c] = &mut self.state;
        match rule {
            Optimizer::Sgd(rule) => {
                let momentum = rule.momentum as f64;
                *a = momentum * *a + g;
                if rule.nesterov { g + momentum * *a } else { *a }
            }
            Optimizer::Adagrad(rule) => {
                *a += g * g;
                g / (a.sqrt() + rule.epsilon as f64)
            }
            Optimizer::Adadelta(rule) => {
                let (rho, epsilon) = (rule.rho as f64, rule.epsilon as f64);
                mean(a, rho, g * g);
                let d = g * (*b + epsilon).sqrt() / (*a + epsilon).sqrt();
                mean(b, rho, d * d);
                d
            }
            Optimizer::RmsProp(rule) => {
                mean(a, rule.alpha as f64, g * g);
                mean(b, rule.alpha as f64, g);
                let centre = if rule.centered { *b } else { 0.0 };
                *c = rule.momentum as f64 * *c + g / ((*a - centre * centre).sqrt() + rule.epsilon as f64);
                *c
            }
            Optimizer::Adam(rule) => {
                let (beta1, beta2) = (rule.beta1 as f64, rule.beta2 as f64);
                mean(a, beta1, g);
                mean(b, beta2, g * g);
                let root = (*b / (1.0 - beta2.powi(number))).sqrt() + rule.epsilon as f64;
                *a / (1.0 - beta1.powi(number)) / root
            }
        }
    }
}

fn mean(mean: &mut f64, decay: f64, x: f64) {
    *mean = decay * *mean + (1.0 - decay) * x;
}

/// What limits a gradient.
fn limited(clip: Option<Clip>, gradients: &[f32]) -> Box<dyn Fn(f64) -> f64> {
    match clip {
        None => Box::new(|g| g),
        Some(Clip::Value(limit)) => Box::new(move |g| g.clamp(-limit as f64, limit as f64)),
        Some(Clip::Norm(limit)) => {
            let trained = PARAMS.iter().filter(|param| param.trainable);
            let elements = trained.flat_map(|param| &gradients[param.offset..param.offset + param.len]);
            let norm = elements.map(|&g| (g as f64).powi(2)).sum::<f64>().sqrt();
            Box::new(move |g| g * (limit as f64 / (norm + 1e-6)).min(1.0))
        }
    }
}

/// Parameters and average after an update with each of the gradients.
fn reference(update: &Update, start: &[f32], gradients: &[Vec<f32>]) -> [Vec<f64>; 2] {
    let mut scalars: Vec<Scalar> =
        start.iter().map(|&w| Scalar { w: w as f64, ..Scalar::default() }).collect();
    for (number, gradients) in (1..).zip(gradients) {
        let limit = limited(update.clip, gradients);
        for param in &PARAMS {
            let rule = adapted(update.optimizer, param);
            for at in param.offset..param.offset + param.len {
                match param {
                    Param { buffer: true, .. } => scalars[at].average(update, number),
                    Param { trainable: true, .. } => {
                        scalars[at].update(update, number, rule, limit(gradients[at] as f64));
                    }
                    _ => {}
                }
            }
        }
    }
    [scalars.iter().map(|scalar| scalar.w).collect(), scalars.iter().map(|scalar| scalar.average).collect()]
}

/// Random packed values of all parameters, zero in padding.
fn draw(stream: &mut Stream) -> Vec<f32> {
    let tensor = |param: &Param, stream: &mut Stream| {
        let values: Vec<f32> = (0..param.shape.iter().product()).map(|_| stream.normal() as f32).collect();
        pack(param, &values)
    };
    PARAMS.iter().flat_map(|param| tensor(param, stream)).collect()
}

fn sizes(update: &Update) -> Sizes {
    Sizes { params: LEN, grads: LEN, state: LEN * update.slots(), arena: 8, batch: 1 }
}

fn read(engine: &mut dyn Engine, class: Class, offset: usize) -> Vec<f32> {
    let mut values = vec![0.0; LEN];
    engine.read(class, offset, &mut values).expect("values read");
    values
}

/// Parameters and, if there is one, average after an update with each of the gradients.
fn run(engine: &mut dyn Engine, update: &Update, start: &[f32], gradients: &[Vec<f32>]) -> Vec<Vec<f32>> {
    engine.write(Class::Params, 0, start).expect("parameters written");
    for (number, gradients) in (1..).zip(gradients) {
        engine.write(Class::Grads, 0, gradients).expect("gradients written");
        engine.update(update, number, &PARAMS).expect("update");
    }
    let average = update.average.map(|_| update.optimizer.slots() * LEN);
    let average = average.map(|offset| read(engine, Class::State, offset));
    [read(engine, Class::Params, 0)].into_iter().chain(average).collect()
}

fn check(update: Update) {
    let mut stream = Stream::new(1);
    let start = draw(&mut stream);
    let gradients: Vec<_> = (0..4).map(|_| draw(&mut stream)).collect();
    let want = reference(&update, &start, &gradients).map(|data| Tensor { shape: [LEN, 1, 1, 1], data });
    for backend in backends() {
        let run = |make: &crate::backend::Make| {
            run(&mut *make(&sizes(&update)).expect("engine"), &update, &start, &gradients)
        };
        let ends: Vec<_> = backend.variants.iter().map(run).collect();
        let context = format!("{} {update:?}", backend.name);
        for (end, want) in ends[0].iter().zip(&want) {
            compare(end, want, 1e-6, &context);
        }
        assert!(ends.iter().all(|end| end == &ends[0]), "{context}: variants differ");
        assert_padding(&ends[0][0], &start);
    }
}

/// Zeros of the start are padding, and frozen parameters do not move.
fn assert_padding(end: &[f32], start: &[f32]) {
    let padding = start.iter().zip(end).filter(|(start, _)| **start == 0.0);
    assert!(padding.into_iter().all(|(_, end)| end.to_bits() == 0), "a padding lane moved");
    assert_eq!(end[448..880], start[448..880], "a frozen parameter moved");
    assert_eq!(end[1360..1376], start[1360..1376], "a buffer moved");
}

fn check_rules<const N: usize>(rules: [Optimizer; N]) {
    rules.into_iter().for_each(|rule| check(Update::new(rule)));
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
    let decoupled = Adam { lr: 0.1, weight_decay: 0.1, ..Adam::DECOUPLED };
    check_rules([Adam::DEFAULT, decaying, Adam::DECOUPLED, decoupled].map(Optimizer::Adam));
}

#[test]
fn limits_of_the_gradients() {
    let plain = Update::new(Optimizer::Sgd(Sgd { lr: 0.1, weight_decay: 0.1, ..Sgd::DEFAULT }));
    for clip in [Clip::Value(0.5), Clip::Norm(50.0), Clip::Norm(1e6)] {
        check(Update { clip: Some(clip), ..plain });
    }
}

#[test]
fn running_averages() {
    for rule in [Optimizer::Sgd(Sgd::DEFAULT), Optimizer::Adam(Adam { lr: 0.1, ..Adam::DECOUPLED })] {
        for decay in [0.15, 0.99] {
            check(Update { average: Some(decay), ..Update::new(rule) });
        }
    }
}

#[test]
fn no_limit_hides_a_gradient_that_is_not_a_number() {
    let start = draw(&mut Stream::new(1));
    let mut gradients = vec![0.0; LEN];
    gradients[LEN - 1] = f32::NAN;
    let frozen = 432 + 16;
    for (clip, spoilt) in [(None, 1), (Some(Clip::Value(0.1)), 1), (Some(Clip::Norm(1.0)), LEN - frozen)] {
        let update = Update { clip, ..Update::new(Optimizer::Sgd(Sgd::DEFAULT)) };
        for backend in backends() {
            let mut engine = backend.variants[0](&sizes(&update)).expect("engine");
            let ends = run(&mut *engine, &update, &start, std::slice::from_ref(&gradients));
            let found = ends[0].iter().filter(|value| value.is_nan()).count();
            assert_eq!(found, spoilt, "{} {clip:?}", backend.name);
        }
    }
}

#[test]
fn gradients_of_two_passes_are_averaged_by_their_shares() {
    let mut stream = Stream::new(2);
    let [first, second] = [(); 2].map(|()| draw(&mut stream));
    let want = first.iter().zip(&second).map(|(&a, &b)| 0.75 * a as f64 + 0.25 * b as f64).collect();
    let want = Tensor { shape: [LEN, 1, 1, 1], data: want };
    let update = Update::new(Optimizer::Sgd(Sgd::DEFAULT));
    for backend in backends() {
        for make in &backend.variants {
            let mut engine = make(&sizes(&update)).expect("engine");
            for _ in 0..2 {
                engine.write(Class::Grads, 0, &first).expect("gradients written");
                engine.set_aside().expect("set aside");
                engine.write(Class::Grads, 0, &second).expect("gradients written");
                engine.merge(0.25).expect("merged");
                compare(&read(&mut *engine, Class::Grads, 0), &want, 1e-7, &backend.name);
            }
        }
    }
}
