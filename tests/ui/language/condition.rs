use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> flatten;
        let y = if x.channels { x } else { x -> relu };
        y -> dense(10)
    }
}

fn main() {}
