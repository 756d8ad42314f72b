//! Numbers that vary from network to network: `let` within one, `macro_rules!` around several.

use cnn_runtime::{Model, network};

macro_rules! net {
    ($name:ident, $n:literal) => {
        network! {
            $name<[1, 28, 28] -> $n> {
                let CLASSES = $n;
                input -> flatten -> dense(CLASSES)
            }
        }
    };
}

net!(Ten, 10);
net!(Hundred, 100);

#[test]
fn a_macro_makes_networks_of_several_sizes() {
    let outputs = |model: Model| model.description().outputs[0].shape[0];
    assert_eq!([outputs(Model::of::<Ten>()), outputs(Model::of::<Hundred>())], [10, 100]);
}
