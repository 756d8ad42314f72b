use cnn_runtime::network;

network! {
    Letters<[1, 8, 8] -> 2> {
        input
            -> ü: conv(8, 3) -> ö: batch_norm -> 日本: relu -> 1: conv(8, 1)
            -> fn: conv(8, 1) -> self: relu -> none: relu -> Conv.1: conv(8, 1) -> conv_1: conv(8, 1)
            -> flatten -> description: dense(2)
    }
}

network! {
    /// Its name is also one of a module that the macro writes.
    #[allow(non_camel_case_types)]
    train<[1, 8, 8] -> 2> {
        input -> flatten -> train: dense(4) -> infer: dense(2)
    }
}

#[test]
fn a_layer_of_any_name_has_a_constant() {
    assert_eq!(
        [Letters::LAYER_, Letters::LAYER__2, Letters::LAYER__, Letters::_1, Letters::FN, Letters::NONE],
        ["ü", "ö", "日本", "1", "fn", "none"]
    );
    assert_eq!([Letters::CONV_1, Letters::CONV_1_2], ["Conv.1", "conv_1"]);
    assert_eq!([train::TRAIN, train::INFER], ["train", "infer"]);
}
