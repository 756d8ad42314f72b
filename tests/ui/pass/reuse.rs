use cnn_runtime::{Model, network};

network! {
    Shared<[1, 20, 12] -> 4> {
        block unit(x) { x -> conv(8, 3, pad = 1) -> pool: max_pool(2) -> bn: batch_norm -> relu }
        block trunk(x) { x -> a: unit -> b: unit }

        let above = input -> crop((0, 10, 0, 0)) -> trunk: trunk;
        let below = input -> crop((10, 0, 0, 0)) -> trunk: trunk(reuse = true);
        let x = mul(above, below);
        for turn in 0..4 {
            x = x -> turn: conv(8, 3, pad = 1, init = he_normal, reuse = turn > 0) -> relu;
        }
        x -> flatten -> fc: dense(x.channels) -> fc2: dense(4)
    }
}

#[test]
fn a_layer_that_is_applied_again_has_no_parameters_of_its_own() {
    let description = Model::of::<Shared>().description();
    let params: Vec<_> = description.params.iter().map(|param| param.name).collect();
    let of_unit = ["conv1.weight", "conv1.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"];
    let of_trunk = ["a", "b"].iter().flat_map(|unit| of_unit.map(|param| format!("trunk.{unit}.{param}")));
    let others = ["turn.weight", "turn.bias", "fc.weight", "fc.bias", "fc2.weight", "fc2.bias"];
    assert_eq!(params, of_trunk.chain(others.map(String::from)).collect::<Vec<_>>());
    let used_again: Vec<_> = description
        .layers
        .iter()
        .filter(|layer| layer.note == Some("the parameters of turn"))
        .map(|layer| (layer.name, layer.parameters))
        .collect();
    assert_eq!(used_again, [("turn@2", 0), ("turn@3", 0), ("turn@4", 0)]);
    // A part of a gradient for each reader but the first, whose place is the sum's unless the gradient
    // of its input reads it.
    let lengths = |name: &str| description.params.iter().find(|param| param.name == name).unwrap().len;
    let turns = 3 * (lengths("turn.weight") + lengths("turn.bias"));
    let trunk: usize = [("conv1.weight", 1), ("conv1.bias", 1), ("bn.weight", 2), ("bn.bias", 2)]
        .iter()
        .flat_map(|(param, parts)| ["a", "b"].map(|unit| parts * lengths(&format!("trunk.{unit}.{param}"))))
        .sum();
    assert_eq!(description.gradients_len, description.params_len + turns + trunk);
}
