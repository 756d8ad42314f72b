use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let widths = [8, 16];
        input -> conv(widths[0], 3) -> flatten -> dense(10)
    }
}

fn main() {}
