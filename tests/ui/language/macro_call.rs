use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        println!("{}", input.height);
        input -> flatten -> dense(10)
    }
}

fn main() {}
