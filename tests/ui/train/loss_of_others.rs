use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        train { loss = bce, optimizer = nadam, schedule = StepLR(30, gamma = 0.1) }
    }
}

fn main() {}
