use cnn_runtime::{Model, network};

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3, init = he_normal, freeze = true) -> relu -> flatten -> dense(10, bias = false, init = glorot_normal)

        train { init = torch, optimizer = sgd(lr = 0.01, momentum = 0.9, nesterov = true, weight_decay = 1e-4), epochs = 3 }
    }
}

network! {
    Tuned<[1, 12, 12] -> 3> {
        block unit(x, planes) { x -> conv: conv(planes, 3) -> bn: batch_norm -> relu }
        block stage(x, planes, freeze = 2) { x -> unit: unit(planes * freeze, freeze = freeze > 1) }

        input -> stem: unit(4, freeze = true) -> body: stage(4) -> top: stage(4, freeze = 1) -> flatten -> fc: dense(3)
    }
}

#[test]
fn a_block_is_frozen_as_a_whole() {
    use cnn_runtime::Network;

    let trained: Vec<&str> =
        Tuned::DESCRIPTION.params.iter().filter(|param| param.trainable).map(|param| param.name).collect();
    assert_eq!(
        trained,
        [
            "top.unit.conv.weight",
            "top.unit.conv.bias",
            "top.unit.bn.weight",
            "top.unit.bn.bias",
            "fc.weight",
            "fc.bias"
        ]
    );
}

network! {
    ByPattern<[1, 12, 12] -> 3> {
        block unit(x) { x -> conv: conv(4, 3) -> bn: batch_norm -> relu }

        input -> features.0: unit -> features.1: unit -> neck.conv: conv(4, 3) -> flatten -> fc1: dense(8) -> fc2: dense(3)

        train { freeze = ["features.*", "f*1"] }
    }
}

#[test]
fn patterns_freeze_layers_and_blocks() {
    let params = Model::of::<ByPattern>().description().params;
    let trained: Vec<_> = params.iter().filter(|param| param.trainable).map(|param| param.name).collect();
    assert_eq!(trained, ["neck.conv.weight", "neck.conv.bias", "fc2.weight", "fc2.bias"]);
}
