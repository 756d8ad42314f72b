use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes) { x -> conv1: conv(planes, 5) -> relu -> max_pool(2) }

        let x = input;
        for i in 1..=3 {
            x = x -> stage{i}: stage(8 * i);
        }
        x -> flatten -> fc: dense(10)
    }
}

fn main() {}
