use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { schedule = cosine(warm_up = 12), epochs = 12 }
    }
}

fn main() {}
