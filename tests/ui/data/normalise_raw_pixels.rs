use cnn_runtime::network;

network! {
    Net<[3, 224, 224] -> 10> {
        input -> global_avg_pool -> flatten -> dense(10)

        data { normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]) }
    }
}

fn main() {}
