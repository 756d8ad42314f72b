use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = if input.height = 28 { input } else { input -> relu };
        x -> flatten -> dense(10)
    }
}

fn main() {}
