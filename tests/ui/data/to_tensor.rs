use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        data { ToTensor(), Normalize(0.5, 0.5) }
    }
}

fn main() {}
