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

/// Where the elements of a parameter's outputs lie, in the packed form.
pub(crate) struct Packing {
    /// Of each element of an output, its place among the output's floats.
    places: Vec<usize>,
    /// Floats of an output.
    stored: usize,
}

impl Packing {
    pub(crate) fn of(param: &Param) -> Packing {
        let inner = inner(param);
        let places = match param.role {
            Role::Vector | Role::Filter => (0..inner).collect(),
            Role::Weight(map) => (0..inner).map(|element| map_place(&map, element)).collect(),
        };
        Packing { places, stored: stored(param) }
    }

    /// Calls `each` with the positions of all elements of so many outputs in torch order,
    /// ascending, and in the packed form.
    fn for_each_place(&self, outputs: usize, mut each: impl FnMut(usize, usize)) {
        let mut element = 0;
        for output in 0..outputs {
            let start = output / BLOCK * self.stored * BLOCK + output % BLOCK;
            for place in &self.places {
                each(element, start + place * BLOCK);
                element += 1;
            }
        }
    }

    /// Outputs that so many elements are.
    fn outputs(&self, elements: usize) -> usize {
        let inner = self.places.len();
        assert!(elements.is_multiple_of(inner), "{elements} elements are no whole outputs of {inner}");
        elements / inner
    }

    /// Replaces `packed` by the packed form of values of whole outputs, of a parameter or a part of
    /// it, in torch order; padding becomes zero.
    pub(crate) fn pack(&self, values: &[f32], packed: &mut Vec<f32>) {
        let outputs = self.outputs(values.len());
        packed.clear();
        packed.resize(padded(outputs) * self.stored, 0.0);
        let (inner, block) = (self.places.len(), self.stored * BLOCK);
        for (values, packed) in values.chunks(inner * BLOCK).zip(packed.chunks_mut(block)) {
            // Lane by lane of a vector: what is written lies together.
            for (element, &place) in self.places.iter().enumerate() {
                let lanes = values[element..].iter().step_by(inner);
                packed[place * BLOCK..].iter_mut().zip(lanes).for_each(|(lane, &value)| *lane = value);
            }
        }
    }

    /// Fills `values`, in torch order, from the packed form of as many whole outputs.
    pub(crate) fn unpack(&self, packed: &[f32], values: &mut [f32]) {
        let outputs = self.outputs(values.len());
        self.for_each_place(outputs, |element, place| values[element] = packed[place]);
    }
}

/// Storage position of an element given in `[C, H, W]` order.
fn map_place(map: &Map, element: usize) -> usize {
    let area = map.height * map.width;
    map.index(element / area, element % area / map.width, element % map.width)
}

/// The packed form of values of whole outputs in torch order.
///
/// # Panics
///
/// If the last output is not whole.
#[cfg(feature = "testing")]
pub fn pack(param: &Param, values: &[f32]) -> Vec<f32> {
    let mut packed = Vec::new();
    Packing::of(param).pack(values, &mut packed);
    packed
}

/// Fills `values`, in torch order, from the packed form of as many whole outputs.
///
/// # Panics
///
/// If the last output is not whole, or `packed` holds fewer.
#[cfg(feature = "testing")]
pub fn unpack(param: &Param, packed: &[f32], values: &mut [f32]) {
    Packing::of(param).unpack(packed, values);
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
