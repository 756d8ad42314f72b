use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { schedule = step(factor = 0.5), epochs = 90 }
    }
}

fn main() {}
