use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(8, 3);
        let y = if x.height % (x.width - 26) == 0 { x } else { x -> relu };
        y -> flatten -> dense(10)
    }
}

fn main() {}
