//! Maps, windows and chains as kernels get them: the 32-bit words of the structures in `kernels/common.cl`.

use crate::{
    engine::Pass,
    error::{Error, Result},
    plan::{Act, Elt, Layout, Map, Window},
    rng::Mask,
};

/// Operations that a kernel applies in one step: `CHAIN_MAX` in `kernels/common.cl`.
const CHAIN_MAX: usize = 16;
const ELT_WORDS: usize = 5;

/// `Chain` in `kernels/common.cl`.
pub(super) type Chain = [u32; 1 + CHAIN_MAX * ELT_WORDS];

/// `Map` in `kernels/common.cl`.
pub(super) fn map(map: &Map) -> [u32; 5] {
    let planar = map.layout == Layout::Planar;
    [map.offset as u32, map.channels as u32, map.height as u32, map.width as u32, planar as u32]
}

/// `Window` in `kernels/common.cl`.
pub(super) fn window(window: &Window) -> [u32; 8] {
    let Window { kernel, stride, pad, dilation } = window;
    [kernel, stride, pad, dilation]
        .map(|pair| pair.map(|size| size as u32))
        .concat()
        .try_into()
        .expect("4 pairs")
}

/// The chain of a step in this pass.
pub(super) fn chain(elts: &[Elt], pass: &Pass, layer: &str) -> Result<Chain> {
    if elts.len() > CHAIN_MAX {
        return Err(Error::Device(format!(
            "{layer}: {} element-wise operations in a row, the OpenCL engine takes {CHAIN_MAX}; use --device cpu",
            elts.len()
        )));
    }
    let mut words = [0; 1 + CHAIN_MAX * ELT_WORDS];
    words[0] = elts.len() as u32;
    for (place, elt) in words[1..].chunks_exact_mut(ELT_WORDS).zip(elts) {
        place.copy_from_slice(&encode(elt, pass));
    }
    Ok(words)
}

/// kind, map, key, threshold, value
fn encode(elt: &Elt, pass: &Pass) -> [u32; ELT_WORDS] {
    match elt {
        Elt::Act(act) => [function(act), 0, 0, 0, value(act)],
        Elt::ActGrad(act, map) => [5 + function(act), map.offset as u32, 0, 0, value(act)],
        Elt::Dropout { rate, stream } => {
            let mask = Mask::new(pass.key, *stream, *rate);
            [10, 0, mask.key, mask.threshold, mask.scale.to_bits()]
        }
        Elt::Add(map) => [11, map.offset as u32, 0, 0, 0],
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

fn value(act: &Act) -> u32 {
    match act {
        Act::LeakyRelu(slope) => slope.to_bits(),
        Act::Elu(alpha) => alpha.to_bits(),
        Act::Relu | Act::Sigmoid | Act::Tanh => 0,
    }
}
