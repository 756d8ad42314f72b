use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let mut x = input;
        x -> flatten -> dense(10)
    }
}

fn main() {}
