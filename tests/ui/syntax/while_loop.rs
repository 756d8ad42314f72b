use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        while x.height > 3 { x = x -> max_pool(2); }
        x -> flatten -> dense(10)
    }
}

fn main() {}
