//! Update rules over several steps with the attributes of parameters; frozen ones and buffers left alone, padding kept at zero.

use cnn_runtime::{
    engine::{Class, Engine, Sizes},
    optim::{Adadelta, Optimizer, Sgd},
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
const LEN: usize = 1392;

/// The rule for a parameter with its attributes.
fn adapted(optimizer: Optimizer, param: &Param) -> Optimizer {
    let mut optimizer = optimizer.with_lr(optimizer.lr() * param.lr_factor);
    match &mut optimizer {
        Optimizer::Sgd(rule) if !param.decay => rule.weight_decay = 0.0,
        Optimizer::Adadelta(rule) if !param.decay => rule.weight_decay = 0.0,
        _ => {}
    }
    optimizer
}

/// The rule in f64, on one scalar with its state.
fn reference(optimizer: Optimizer, w: &mut f64, state: &mut [f64; 2], gradient: f64) {
    match optimizer {
        Optimizer::Sgd(rule) => {
            let momentum = rule.momentum as f64;
            let g = gradient + rule.weight_decay as f64 * *w;
            state[0] = momentum * state[0] + g;
            *w -= rule.lr as f64 * if rule.nesterov { g + momentum * state[0] } else { state[0] };
        }
        Optimizer::Adadelta(rule) => {
            let (rho, epsilon) = (rule.rho as f64, rule.epsilon as f64);
            let g = gradient + rule.weight_decay as f64 * *w;
            state[0] = rho * state[0] + (1.0 - rho) * g * g;
            let d = g * (state[1] + epsilon).sqrt() / (state[0] + epsilon).sqrt();
            state[1] = rho * state[1] + (1.0 - rho) * d * d;
            *w -= rule.lr as f64 * d;
        }
    }
}

/// Random packed values of all parameters, zero in padding.
fn draw(stream: &mut Stream) -> Vec<f32> {
    let tensor = |param: &Param, stream: &mut Stream| {
        let values: Vec<f32> = (0..param.shape.iter().product()).map(|_| stream.normal() as f32).collect();
        pack(param, &values)
    };
    PARAMS.iter().flat_map(|param| tensor(param, stream)).collect()
}

fn run(engine: &mut dyn Engine, optimizer: Optimizer, start: &[f32], gradients: &[Vec<f32>]) -> Vec<f32> {
    engine.write(Class::Params, 0, start).expect("parameters written");
    engine.write(Class::State, 0, &vec![0.0; LEN * optimizer.slots()]).expect("state written");
    for gradient in gradients {
        engine.write(Class::Grads, 0, gradient).expect("gradients written");
        engine.update(&optimizer, &PARAMS).expect("update");
    }
    let mut end = vec![0.0; LEN];
    engine.read(Class::Params, 0, &mut end).expect("parameters read");
    end
}

fn check(optimizer: Optimizer) {
    let mut stream = Stream::new(1);
    let start = draw(&mut stream);
    let gradients: Vec<_> = (0..4).map(|_| draw(&mut stream)).collect();
    let mut want: Vec<f64> = start.iter().map(|&value| value as f64).collect();
    for param in PARAMS.iter().filter(|param| param.trainable) {
        let optimizer = adapted(optimizer, param);
        for at in param.offset..param.offset + param.len {
            let mut state = [0.0; 2];
            gradients.iter().for_each(|g| reference(optimizer, &mut want[at], &mut state, g[at] as f64));
        }
    }
    let want = Tensor { shape: [LEN, 1, 1, 1], data: want };
    let sizes = Sizes { params: LEN, grads: LEN, state: LEN * optimizer.slots(), arena: 8, batch: 1 };
    for backend in backends() {
        let ends = backend
            .variants
            .iter()
            .map(|make| run(&mut *make(&sizes).expect("engine"), optimizer, &start, &gradients));
        let ends: Vec<_> = ends.collect();
        compare(&ends[0], &want, 1e-6, &format!("{} {optimizer:?}", backend.name));
        assert!(ends.iter().all(|end| end == &ends[0]), "{} {optimizer:?}: variants differ", backend.name);
        assert_padding(&ends[0], &start);
    }
}

/// Zeros of the start are padding, and frozen parameters do not move.
fn assert_padding(end: &[f32], start: &[f32]) {
    let padding = start.iter().zip(end).filter(|(start, _)| **start == 0.0);
    assert!(padding.into_iter().all(|(_, end)| end.to_bits() == 0), "a padding lane moved");
    assert_eq!(end[448..880], start[448..880], "a frozen parameter moved");
    assert_eq!(end[1360..1376], start[1360..1376], "a buffer moved");
}

#[test]
fn sgd() {
    let plain = Sgd { lr: 0.1, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    let heavy = Sgd { momentum: 0.9, weight_decay: 0.01, ..plain };
    for rule in [plain, Sgd { weight_decay: 0.1, ..plain }, heavy, Sgd { nesterov: true, ..heavy }] {
        check(Optimizer::Sgd(rule));
    }
}

#[test]
fn adadelta() {
    let keras = Adadelta { lr: 1.0, rho: 0.95, epsilon: 1e-7, weight_decay: 0.0 };
    check(Optimizer::Adadelta(keras));
    check(Optimizer::Adadelta(Adadelta { lr: 0.1, rho: 0.9, epsilon: 1e-6, weight_decay: 0.05 }));
}
