use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let y = if "3" == 3 { input -> conv1: conv(8, 3) } else { input };
        y -> flatten -> dense(10)
    }
}

fn main() {}
