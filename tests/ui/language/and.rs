use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = if input.height > 10 and input.width > 10 { input -> relu } else { input };
        x -> flatten -> dense(10)
    }
}

fn main() {}
