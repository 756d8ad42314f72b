use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv(8, 3, stride = 2) -> relu;
        x -> global_max_pool -> flatten -> aux: dense(10) -> output(weight = 0.3);
        x -> flatten -> fc: dense(10)

        train { loss = cross_entropy(label_smoothing = 0.1), optimizer = sgd(lr = 0.1), batch = 8, epochs = 1 }
    }
}

network! {
    Position<[1, 28, 28] -> values(2)> {
        input -> flatten -> fc: dense(2)

        train { loss = huber(delta = 0.5) }
    }
}

network! {
    Tags<[1, 28, 28] -> labels(20)> {
        let x = input -> flatten;
        x -> aux: dense(20) -> output(weight = 0.3);
        x -> fc: dense(20)
    }
}

#[test]
fn the_default_loss_is_that_of_the_targets() {
    use cnn_runtime::{Network, plan::LossKind};

    assert_eq!(Tags::DESCRIPTION.training.loss, LossKind::BinaryCrossEntropy);
    assert_eq!(Position::DESCRIPTION.training.loss, LossKind::Huber { delta: 0.5 });
    assert_eq!(Position::DESCRIPTION.output_len(), 2);
}
