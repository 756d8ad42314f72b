use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        for i in 0..3 {
            block stage(x) { x -> relu }
        }
        input -> flatten -> dense(10)
    }
}

fn main() {}
