use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv(8, 3);
        let y = x -> relu;
        add([x, y]) -> flatten -> dense(10)
    }
}

fn main() {}
