use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let a = [1];
        for _ in 0..100 { a = [a, a]; }
        input -> flatten -> dense(10)
    }
}

fn main() {}
