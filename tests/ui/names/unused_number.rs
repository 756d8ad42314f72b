#![deny(unused_variables)]

use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let n = 3;
        for i in 0..2 {}
        input -> flatten -> dense(10)
    }
}

fn main() {}
