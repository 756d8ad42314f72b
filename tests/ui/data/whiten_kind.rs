use cnn_runtime::network;

network! {
    Net<[3, 32, 32] -> 10> {
        input -> global_avg_pool -> flatten -> dense(10)

        data { whiten(lda) }
    }
}

fn main() {}
