use cnn_runtime::network;

network! {
    Net<[3, 224, 224] -> 10> {
        input -> global_avg_pool -> flatten -> dense(10)

        data { scale(1 / 255), normalise(mean = [0.5, 0.5, 0.5]) }
    }
}

fn main() {}
