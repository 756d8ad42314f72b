//! Maps, windows and chains as kernels get them: the 32-bit words of the structures in
//! `kernels/common.cl`, and the one conversion of a length or a place to such a word.

use cnn_core::{Result, rng::Mask};
use cnn_kernels::{ActCode, EPILOGUE_LEN, EltCode};

use super::failure::refused;
use crate::{
    engine::Pass,
    plan::{Act, Elt, Layout, Map, Normalize, NormalizeGrad, Response, Slope, Window, padded},
};

/// The largest length, count or place that a kernel takes in a word: kernels compute with `int`s.
pub(super) const LARGEST: usize = i32::MAX as usize;

const ELT_WORDS: usize = 11;
const HEAD_WORDS: usize = 5;

/// `Chain` in `kernels/common.cl`.
pub(super) type Chain = [u32; HEAD_WORDS + EPILOGUE_LEN * ELT_WORDS];

/// A length, count or place as a word.
///
/// # Errors
/// [`crate::Error::Device`] beyond [`LARGEST`].
pub(super) fn word(value: usize) -> Result<u32> {
    if value > LARGEST {
        return Err(refused(format!(
            "a length or place of {value} floats: the OpenCL engine takes up to {LARGEST}"
        )));
    }
    Ok(value as u32)
}

/// A distance in either direction as a word.
///
/// # Errors
/// As [`word`].
pub(super) fn signed_word(value: isize) -> Result<u32> {
    let size = word(value.unsigned_abs())?;
    Ok(if value < 0 { size.wrapping_neg() } else { size })
}

/// Several lengths, counts or places as words.
pub(super) fn words<const N: usize>(values: [usize; N]) -> Result<[u32; N]> {
    let mut words = [0; N];
    for (place, value) in words.iter_mut().zip(values) {
        *place = word(value)?;
    }
    Ok(words)
}

/// `Map` in `kernels/common.cl`.
pub(super) fn map(map: &Map) -> Result<[u32; 5]> {
    let planar = map.layout == Layout::Planar;
    words([map.offset, map.channels, map.height, map.width, planar.into()])
}

/// Several maps, each as [`map`] makes it.
pub(super) fn maps<const N: usize>(maps: [&Map; N]) -> Result<[[u32; 5]; N]> {
    let mut words = [[0; 5]; N];
    for (place, each) in words.iter_mut().zip(maps) {
        *place = map(each)?;
    }
    Ok(words)
}

/// `Window` in `kernels/common.cl`.
pub(super) fn window(window: &Window) -> Result<[u32; 10]> {
    let Window { kernel, stride, pad, pad_end, dilation } = window;
    let mut sizes = [0; 10];
    for (place, size) in sizes.iter_mut().zip([kernel, stride, pad, pad_end, dilation].into_iter().flatten())
    {
        *place = *size;
    }
    words(sizes)
}

/// `Response` in `kernels/lrn.cl`.
pub(super) fn response(response: &Response) -> Result<[u32; 4]> {
    let &Response { size, alpha, beta, k } = response;
    Ok([word(size)?, alpha.to_bits(), beta.to_bits(), k.to_bits()])
}

/// The end of a step in this pass: its operations, then the store to `y`.
pub(super) fn chain(elts: &[Elt], y: &Map, pass: &Pass, layer: &str) -> Result<Chain> {
    if elts.len() > EPILOGUE_LEN {
        return Err(refused(format!(
            "{layer}: expected at most {EPILOGUE_LEN} element-wise operations in a step, found {}",
            elts.len()
        )));
    }
    let mut chain = [0; HEAD_WORDS + EPILOGUE_LEN * ELT_WORDS];
    let (head, places) = chain.split_at_mut(HEAD_WORDS);
    head.copy_from_slice(&words([y.offset, y.height * y.width, y.len(), pass.batch, elts.len()])?);
    for (place, elt) in places.chunks_exact_mut(ELT_WORDS).zip(elts) {
        place.copy_from_slice(&encode(elt, y, pass).words()?);
    }
    Ok(chain)
}

/// `Elt` in `kernels/common.cl`; an operation leaves at 0 what it does not use.
#[derive(Default)]
struct EltFields {
    kind: u32,
    function: u32,
    map: usize,
    key: u32,
    threshold: u32,
    mean: usize,
    deviation: usize,
    gamma: usize,
    beta: usize,
    dgamma: usize,
    value: f32,
}

impl EltFields {
    fn words(&self) -> Result<[u32; ELT_WORDS]> {
        let &EltFields { kind, function, map, key, threshold, mean, deviation, gamma, beta, dgamma, value } =
            self;
        let [map, mean, deviation, gamma, beta, dgamma] = words([map, mean, deviation, gamma, beta, dgamma])?;
        Ok([kind, function, map, key, threshold, mean, deviation, gamma, beta, dgamma, value.to_bits()])
    }
}

fn encode(elt: &Elt, y: &Map, pass: &Pass) -> EltFields {
    let fields = EltFields { kind: EltCode::of(elt) as u32, ..EltFields::default() };
    match elt {
        Elt::Act(act) => activation(act, fields),
        Elt::ActGrad(act, map) => EltFields { map: map.offset, ..activation(act, fields) },
        Elt::Dropout { rate, stream, channelwise: _ } => {
            let Mask { key, threshold, scale } = Mask::new(pass.key, *stream, *rate);
            EltFields { key, threshold, value: scale, ..fields }
        }
        Elt::Prelu(slope) => slopes(slope, fields),
        Elt::PreluGrad(slope, x) => EltFields { map: x.offset, ..slopes(slope, fields) },
        Elt::Add(map) | Elt::Mul(map) => EltFields { map: map.offset, ..fields },
        &Elt::Normalize(Normalize { stats, gamma, beta }) => {
            EltFields { gamma, beta, ..statistics(stats, y, fields) }
        }
        &Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
            EltFields { mean, deviation: var, gamma, beta, value: eps, ..fields }
        }
        &Elt::NormalizeRunningGrad { var, eps, gamma } => {
            EltFields { deviation: var, gamma, value: eps, ..fields }
        }
        &Elt::NormalizeGrad(NormalizeGrad { stats, gamma, dgamma, dbeta: beta }, x) => {
            let value = 1.0 / (pass.batch * y.height * y.width) as f32;
            EltFields { map: x.offset, value, gamma, dgamma, beta, ..statistics(stats, y, fields) }
        }
    }
}

fn statistics(stats: usize, y: &Map, fields: EltFields) -> EltFields {
    EltFields { mean: stats, deviation: stats + padded(y.channels), ..fields }
}

fn activation(act: &Act, fields: EltFields) -> EltFields {
    EltFields { function: ActCode::of(act) as u32, value: act.parameter().unwrap_or(0.0), ..fields }
}

fn slopes(slope: &Slope, fields: EltFields) -> EltFields {
    EltFields { function: slope.shared.into(), gamma: slope.param, ..fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_what_an_int_holds() {
        assert_eq!(words([0, LARGEST]).expect("in range"), [0, i32::MAX as u32]);
        assert_eq!(signed_word(-3).expect("in range"), -3i32 as u32);
        assert!(signed_word(isize::MIN).is_err());
        for beyond in [LARGEST + 1, u32::MAX as usize, usize::MAX] {
            let error = words([0, beyond]).expect_err("beyond an int").to_string();
            assert!(error.contains(&beyond.to_string()) && error.contains(&LARGEST.to_string()), "{error}");
        }
    }

    #[test]
    fn every_structure_refuses_places_beyond_an_int() {
        let beyond = LARGEST + 1;
        let fits = Map { offset: 0, channels: 8, height: 1, width: 1, layout: Layout::Blocked };
        let far = Map { offset: beyond, ..fits };
        let pass = Pass { batch: 1, arena: crate::plan::Arena { slab: 8, fixed: 0 }, key: None };
        assert!(map(&far).is_err() && maps([&fits, &far]).is_err());
        assert!(chain(&[], &far, &pass, "layer").is_err());
        let normalize = Normalize { stats: beyond, gamma: 0, beta: 0 };
        for elt in [
            Elt::Add(far),
            Elt::Mul(far),
            Elt::Prelu(Slope { param: beyond, shared: true }),
            Elt::PreluGrad(Slope { param: 0, shared: false }, far),
            Elt::ActGrad(Act::Relu, far),
            Elt::Normalize(normalize),
            Elt::NormalizeGrad(NormalizeGrad { stats: 0, gamma: 0, dgamma: 0, dbeta: 0 }, far),
            Elt::NormalizeGrad(NormalizeGrad { stats: 0, gamma: 0, dgamma: beyond, dbeta: 0 }, fits),
            Elt::NormalizeRunning { mean: 0, var: beyond, eps: 0.0, gamma: 0, beta: 0 },
            Elt::NormalizeRunningGrad { var: beyond, eps: 0.0, gamma: 0 },
        ] {
            assert!(chain(&[elt], &fits, &pass, "layer").is_err(), "{elt:?}");
        }
    }
}
