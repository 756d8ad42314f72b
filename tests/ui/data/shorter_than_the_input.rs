use cnn_runtime::network;

network! {
    Net<[3, 224, 224] -> 10> {
        input -> global_avg_pool -> flatten -> dense(10)

        data { resize(200) }
    }
}

fn main() {}
