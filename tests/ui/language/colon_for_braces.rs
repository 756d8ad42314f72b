use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for i in 0..3: x = x -> relu;
        x -> flatten -> dense(10)
    }
}

fn main() {}
