//! Maps, windows and chains as kernels get them: the 32-bit words of the structures in `kernels/common.cl`.

use crate::{
    engine::Pass,
    error::{DeviceError, Remedy, Result},
    plan::{Act, Elt, Layout, Map, Normalize, Response, Window, padded},
    rng::Mask,
};

/// Operations that a kernel applies in one step: `CHAIN_MAX` in `kernels/common.cl`.
const CHAIN_MAX: usize = 16;
const ELT_WORDS: usize = 9;
const HEAD_WORDS: usize = 5;

/// `Chain` in `kernels/common.cl`.
pub(super) type Chain = [u32; HEAD_WORDS + CHAIN_MAX * ELT_WORDS];

/// `Map` in `kernels/common.cl`.
pub(super) fn map(map: &Map) -> [u32; 5] {
    let planar = map.layout == Layout::Planar;
    [map.offset as u32, map.channels as u32, map.height as u32, map.width as u32, planar as u32]
}

/// `Window` in `kernels/common.cl`.
pub(super) fn window(window: &Window) -> [u32; 10] {
    let Window { kernel, stride, pad, pad_end, dilation } = window;
    [kernel, stride, pad, pad_end, dilation]
        .map(|pair| pair.map(|size| size as u32))
        .concat()
        .try_into()
        .expect("5 pairs")
}

/// `Response` in `kernels/lrn.cl`.
pub(super) fn response(response: &Response) -> [u32; 4] {
    let &Response { size, alpha, beta, k } = response;
    [size as u32, alpha.to_bits(), beta.to_bits(), k.to_bits()]
}

/// What ends a step in this pass: its operations, then the store to `y`.
pub(super) fn chain(elts: &[Elt], y: &Map, pass: &Pass, layer: &str) -> Result<Chain> {
    if elts.len() > CHAIN_MAX {
        let message = format!(
            "{layer}: {} element-wise operations in a row, the OpenCL engine takes {CHAIN_MAX}",
            elts.len()
        );
        return Err(DeviceError::new(message).with_remedy(Remedy::CpuEngine).into());
    }
    let area = y.height * y.width;
    let mut words = [0; HEAD_WORDS + CHAIN_MAX * ELT_WORDS];
    let (head, places) = words.split_at_mut(HEAD_WORDS);
    head.copy_from_slice(&[y.offset, area, y.len(), pass.batch, elts.len()].map(|word| word as u32));
    for (place, elt) in places.chunks_exact_mut(ELT_WORDS).zip(elts) {
        place.copy_from_slice(&encode(elt, y, pass).words());
    }
    Ok(words)
}

/// `Elt` in `kernels/common.cl`.
#[derive(Default)]
struct Words {
    kind: u32,
    map: usize,
    key: u32,
    threshold: u32,
    mean: usize,
    deviation: usize,
    gamma: usize,
    beta: usize,
    value: f32,
}

impl Words {
    fn words(&self) -> [u32; ELT_WORDS] {
        let &Words { kind, map, key, threshold, mean, deviation, gamma, beta, value } = self;
        let [map, mean, deviation, gamma, beta] = [map, mean, deviation, gamma, beta].map(|word| word as u32);
        [kind, map, key, threshold, mean, deviation, gamma, beta, value.to_bits()]
    }
}

fn encode(elt: &Elt, y: &Map, pass: &Pass) -> Words {
    let normalize = |kind, &Normalize { stats, gamma, beta }: &Normalize| {
        let deviation = stats + padded(y.channels);
        Words { kind, mean: stats, deviation, gamma, beta, ..Words::default() }
    };
    match elt {
        Elt::Act(act) => Words { kind: function(act), value: value(act), ..Words::default() },
        Elt::ActGrad(act, map) => {
            Words { kind: 5 + function(act), map: map.offset, value: value(act), ..Words::default() }
        }
        Elt::Dropout { rate, stream, channelwise } => {
            let Mask { key, threshold, scale } = Mask::new(pass.key, *stream, *rate);
            let kind = 10 + *channelwise as u32;
            Words { kind, key, threshold, value: scale, ..Words::default() }
        }
        Elt::Add(map) => Words { kind: 12, map: map.offset, ..Words::default() },
        Elt::Normalize(operands) => normalize(13, operands),
        &Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
            Words { kind: 14, mean, deviation: var, gamma, beta, value: eps, ..Words::default() }
        }
        Elt::NormalizeGrad(operands, x) => {
            let count = pass.batch * y.height * y.width;
            Words { map: x.offset, value: 1.0 / count as f32, ..normalize(15, operands) }
        }
    }
}

fn function(act: &Act) -> u32 {
    match act {
        Act::Relu => 0,
        Act::LeakyRelu(_) => 1,
        Act::Elu(_) => 2,
        Act::Sigmoid => 3,
        Act::Tanh => 4,
    }
}

fn value(act: &Act) -> f32 {
    match act {
        &Act::LeakyRelu(slope) => slope,
        &Act::Elu(alpha) => alpha,
        Act::Relu | Act::Sigmoid | Act::Tanh => 0.0,
    }
}
