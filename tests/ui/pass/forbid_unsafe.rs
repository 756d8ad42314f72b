#![forbid(unsafe_code)]

use cnn_runtime::network;

network! {
    Net<[1, 8, 8] -> 10> { input -> conv1: conv(8, 3) -> relu -> flatten -> fc: dense(10) }
}
