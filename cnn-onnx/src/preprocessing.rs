//! What happens to the values of pixels before they enter a network, as nodes.

use cnn_core::ValueStage;

use crate::builder::{Builder, Call};

/// What these nodes are called.
const LAYER: &str = "preprocessing";

/// Adds the nodes of all stages, and returns the name of what enters the network.
pub(crate) fn nodes<'a>(
    builder: &mut Builder<'a>,
    input: &str,
    shape: &[usize],
    stages: &[ValueStage<'a>],
) -> String {
    let mut value = input.to_owned();
    for stage in stages {
        value = match *stage {
            ValueStage::Affine { shift, divisor } => {
                let shifted = each(builder, "Sub", value, shape, ("mean", shift, 0.0));
                each(builder, "Div", shifted, shape, ("std", divisor, 1.0))
            }
            ValueStage::Matrix(matrix) => {
                let size: usize = shape.iter().product();
                let flat = builder.step(LAYER, Call::new("Flatten", [value]).int("axis", 1));
                let matrix = builder.floats(LAYER, "whiten", &[size, size], matrix);
                let product = builder.step(LAYER, Call::new("MatMul", [flat, matrix]));
                let dims: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
                let reshape = builder.reshape(LAYER, &product, &dims);
                builder.step(LAYER, reshape)
            }
        };
    }
    value
}

/// Adds an operation with a number for each element, unless it changes nothing.
fn each<'a>(
    builder: &mut Builder<'a>,
    operator: &'static str,
    value: String,
    shape: &[usize],
    (what, numbers, neutral): (&str, &'a [f32], f32),
) -> String {
    if numbers.iter().all(|&number| number == neutral) {
        return value;
    }
    let pixels: usize = shape[1..].iter().product();
    let is_flat = |numbers: &[f32]| numbers.iter().all(|number| *number == numbers[0]);
    let numbers = if is_flat(numbers) {
        builder.float(LAYER, what, numbers[0])
    } else if numbers.chunks(pixels).all(is_flat) {
        let channels: Vec<f32> = numbers.iter().copied().step_by(pixels).collect();
        builder.floats(LAYER, what, &[channels.len(), 1, 1], channels)
    } else {
        builder.floats(LAYER, what, shape, numbers)
    };
    builder.step(LAYER, Call::new(operator, [value, numbers]))
}
