//! The argument for convolution, in numbers: what each layer would hold if its neurons did not
//! share their weights.
//!
//! A neuron of a channel sees `parameters / channels` weights, its bias included. In a convolution
//! all neurons of a channel share them; in a dense layer each output is a channel of its own, so
//! nothing is shared.

use super::{neurons, title};
use crate::{
    plan::Layer,
    trainer::format::{table, thousands},
};

const HEADING: [&str; 5] = ["Layer (kind)", "Neurons", "Weights of one", "Params", "Params unshared"];

pub(super) fn text(layers: &[Layer]) -> String {
    // What multiplies nothing has no weights to share.
    let weighted: Vec<_> = layers.iter().filter(|layer| layer.macs > 0 && layer.parameters > 0).collect();
    let rows: Vec<_> = weighted.iter().map(|layer| row(layer)).collect();
    let total: u64 = weighted.iter().map(|layer| unshared(layer)).sum();
    format!(
        "\nWithout parameter sharing, biases included\n\n{}Total params unshared: {}\n",
        table(&HEADING, &rows),
        thousands(total)
    )
}

fn row(layer: &Layer) -> Vec<String> {
    vec![
        title(layer),
        thousands(neurons(layer)),
        thousands(weights_of_one(layer)),
        thousands(layer.parameters as u64),
        thousands(unshared(layer)),
    ]
}

fn weights_of_one(layer: &Layer) -> u64 {
    (layer.parameters / layer.shape[0]) as u64
}

fn unshared(layer: &Layer) -> u64 {
    neurons(layer) * weights_of_one(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_layer_of_alexnet() {
        let conv1 = Layer {
            name: "conv1",
            kind: "conv",
            shape: &[96, 55, 55],
            parameters: 34_944,
            macs: 105_415_200,
            activation_bytes: 1_161_600,
            receptive_field: [11, 11],
            auxiliary: false,
            note: None,
        };
        let text = text(&[conv1]);
        assert!(text.contains("290,400             364  34,944      105,705,600\n"), "{text}");
    }
}
