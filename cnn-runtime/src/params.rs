//! Parameters between torch's order, in which files and humans have them, and the packed order of [`crate::plan::Role`].

use crate::{
    plan::{BLOCK, Init, Map, Param, Role, padded},
    rng::{Stream, subkey},
};

/// Calls `each` with every element's position in torch order, ascending, and its position in the packed form.
fn for_each_place(param: &Param, mut each: impl FnMut(usize, usize)) {
    let inner: usize = param.shape[1..].iter().product();
    // What an output holds: its floats when packed, and where among them its elements lie.
    let (stored, places): (usize, Vec<usize>) = match param.role {
        Role::Vector | Role::Filter => (inner, (0..inner).collect()),
        Role::Weight(map) => (map.len(), (0..inner).map(|element| map_place(&map, element)).collect()),
    };
    let mut element = 0;
    for output in 0..param.shape[0] {
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

/// Packs values in torch order; padding becomes zero.
pub fn pack(param: &Param, values: &[f32]) -> Vec<f32> {
    let mut packed = vec![0.0; param.len];
    for_each_place(param, |element, place| packed[place] = values[element]);
    packed
}

/// The values of a packed form in torch order.
pub fn unpack(param: &Param, packed: &[f32]) -> Vec<f32> {
    let mut values = Vec::with_capacity(param.shape.iter().product());
    for_each_place(param, |_, place| values.push(packed[place]));
    values
}

/// Floats of the packed form of a tensor of this torch shape.
pub fn packed_len(shape: &[usize], role: &Role) -> usize {
    match role {
        Role::Vector => padded(shape[0]),
        Role::Filter => padded(shape[0]) * shape[1..].iter().product::<usize>(),
        Role::Weight(map) => padded(shape[0]) * map.len(),
    }
}

/// `[C, H, W]` values of one sample in the storage order of a map; padding becomes zero.
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

/// Draws a parameter's initial values, in torch order. Each parameter has a stream of its own, so adding a layer
/// changes no other layer's start.
pub fn initial(param: &Param, seed: u64) -> Vec<f32> {
    let name_key = param.name.bytes().fold(0, |key, byte| subkey(key, byte as u64));
    let mut stream = Stream::new(subkey(seed, name_key));
    let (fan_in, fan_out) = (param.fan_in as f64, param.fan_out as f64);
    let mut uniform = |bound: f64| (stream.unit() * 2.0 - 1.0) * bound;
    let count = param.shape.iter().product();
    match param.init {
        Init::Constant(value) => vec![value; count],
        Init::GlorotUniform => draw(count, || uniform((6.0 / (fan_in + fan_out)).sqrt())),
        Init::HeUniform => draw(count, || uniform((6.0 / fan_in).sqrt())),
        Init::Torch => draw(count, || uniform(1.0 / fan_in.sqrt())),
        Init::GlorotNormal => draw(count, || stream.normal() * (2.0 / (fan_in + fan_out)).sqrt()),
        Init::HeNormal => draw(count, || stream.normal() * (2.0 / fan_in).sqrt()),
    }
}

fn draw(count: usize, mut value: impl FnMut() -> f64) -> Vec<f32> {
    (0..count).map(|_| value() as f32).collect()
}
