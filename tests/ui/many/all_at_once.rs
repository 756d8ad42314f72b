use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(32, 3, strid = 2) -> relu -> conv2: conv(64, 3) -> max_pool(2);
        let y = input -> conv3: conv(16, 31) -> relu -> drop: dropout(1.0);
        let z = input -> conv4: conv(8, 3) -> conv4: conv(0, 3) -> fc1: dense(5);
        let w = input -> rleu;
        concat(x, y, z, w) -> flatten -> fc2: dense(10) -> softmax

        train { optimizer = sdg(lr = 0.1), epochs = 0 }
    }
}

fn main() {
    let _ = Net;
}
