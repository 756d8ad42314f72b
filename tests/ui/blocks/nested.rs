use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for i in 0..2 {
            block stage(x) { x -> relu }
            x = x -> stage{i}: stage;
        }
        x -> flatten -> dense(10)
    }
}

fn main() {}
