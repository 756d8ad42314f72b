use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { schedule = multi_step([30, 60, 90]), epochs = 90 }
    }
}

fn main() {}
