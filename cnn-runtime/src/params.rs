//! Parameters between torch's order, in which files and humans have them, and the packed order of
//! [`crate::plan::Role`].

use std::ops::Range;

use cnn_core::rng::{Stream, subkey};

use crate::plan::{BLOCK, Init, Map, Param, Role, padded};

/// Number of elements of one output in torch order.
fn inner(param: &Param) -> usize {
    param.shape[1..].iter().product()
}

/// Number of floats of one output in the packed order.
fn stored(param: &Param) -> usize {
    param.len / padded(param.shape[0])
}

/// Number of outputs that so many elements in torch order are.
fn outputs(param: &Param, elements: usize) -> usize {
    let inner = inner(param);
    assert!(
        elements.is_multiple_of(inner),
        "{}: {elements} elements are no whole outputs of {inner}",
        param.name
    );
    elements / inner
}

/// A part of a parameter: some of its outputs, by their places in both orders.
pub(crate) struct Part {
    /// Places of the part's elements in torch order.
    pub(crate) elements: Range<usize>,
    /// Places of the part's floats in the packed order.
    pub(crate) packed: Range<usize>,
}

/// Divides a parameter into parts of whole blocks of outputs, packed no longer than `most` unless a
/// block is.
pub(crate) fn parts(param: &Param, most: usize) -> impl Iterator<Item = Part> {
    let (outputs, inner, stored) = (param.shape[0], inner(param), stored(param));
    let count = (most / (stored * BLOCK)).max(1) * BLOCK;
    (0..outputs).step_by(count).map(move |first| {
        let end = outputs.min(first + count);
        Part { elements: first * inner..end * inner, packed: first * stored..padded(end) * stored }
    })
}

/// Calls `each` with the positions of all elements of so many outputs in torch order, ascending,
/// and in the packed form.
fn for_each_place(param: &Param, outputs: usize, mut each: impl FnMut(usize, usize)) {
    let (inner, stored) = (inner(param), stored(param));
    // Where an output's elements lie among its floats.
    let places: Vec<usize> = match param.role {
        Role::Vector | Role::Filter => (0..inner).collect(),
        Role::Weight(map) => (0..inner).map(|element| map_place(&map, element)).collect(),
    };
    let mut element = 0;
    for output in 0..outputs {
        let start = output / BLOCK * stored * BLOCK + output % BLOCK;
        for place in &places {
            each(element, start + place * BLOCK);
            element += 1;
        }
    }
}

/// Storage position of an element given in `[C, H, W]` order.
fn map_place(map: &Map, element: usize) -> usize {
    let area = map.height * map.width;
    map.index(element / area, element % area / map.width, element % map.width)
}

/// Packs values of whole outputs, of a parameter or a part of it, in torch order; padding becomes
/// zero.
///
/// # Panics
///
/// If the last output is not whole.
pub fn pack(param: &Param, values: &[f32]) -> Vec<f32> {
    let outputs = outputs(param, values.len());
    let mut packed = vec![0.0; padded(outputs) * stored(param)];
    for_each_place(param, outputs, |element, place| packed[place] = values[element]);
    packed
}

/// Fills `values`, in torch order, from the packed form of as many whole outputs.
///
/// # Panics
///
/// If the last output is not whole, or `packed` holds fewer.
pub fn unpack(param: &Param, packed: &[f32], values: &mut [f32]) {
    let outputs = outputs(param, values.len());
    for_each_place(param, outputs, |element, place| values[element] = packed[place]);
}

/// Floats of the packed form of a tensor of this torch shape.
#[cfg(feature = "testing")]
pub fn packed_len(shape: &[usize], role: &Role) -> usize {
    match role {
        Role::Vector => padded(shape[0]),
        Role::Filter => padded(shape[0]) * shape[1..].iter().product::<usize>(),
        Role::Weight(map) => padded(shape[0]) * map.len(),
    }
}

/// `[C, H, W]` values of one sample in the storage order of a map; padding becomes zero.
#[cfg(feature = "testing")]
pub fn store_map(map: &Map, values: &[f32]) -> Vec<f32> {
    let mut stored = vec![0.0; map.len()];
    for (element, &value) in values.iter().enumerate() {
        stored[map_place(map, element)] = value;
    }
    stored
}

/// One sample of a map in `[C, H, W]` order.
pub fn load_map(map: &Map, stored: &[f32]) -> Vec<f32> {
    (0..map.channels * map.height * map.width).map(|element| stored[map_place(map, element)]).collect()
}

/// A function that fills in a parameter's initial values in torch order, the next ones at every
/// call. Each parameter has a stream of random numbers of its own, so adding a layer changes no
/// other layer's start.
pub fn initial(param: &Param, seed: u64) -> impl FnMut(&mut [f32]) {
    let name_key = param.name.bytes().fold(0, |key, byte| subkey(key, byte as u64));
    let mut stream = Stream::new(subkey(seed, name_key));
    let (fan_in, fan_out) = (param.fan_in as f64, param.fan_out as f64);
    move |values| {
        let mut uniform = |bound: f64| ((stream.unit() * 2.0 - 1.0) * bound) as f32;
        match param.init {
            Init::Constant(value) => values.fill(value),
            Init::GlorotUniform => values.fill_with(|| uniform((6.0 / (fan_in + fan_out)).sqrt())),
            Init::HeUniform => values.fill_with(|| uniform((6.0 / fan_in).sqrt())),
            Init::Torch => values.fill_with(|| uniform(1.0 / fan_in.sqrt())),
            Init::GlorotNormal => {
                values.fill_with(|| (stream.normal() * (2.0 / (fan_in + fan_out)).sqrt()) as f32);
            }
            Init::HeNormal => values.fill_with(|| (stream.normal() * (2.0 / fan_in).sqrt()) as f32),
        }
    }
}
