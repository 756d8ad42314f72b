use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, n) { let y = if n > 1 { x -> conv(1, 3, pad = 1) } else { x }; y -> conv(1, 3, pad = 1) }

        input -> s: stage(2) -> s: stage(1, reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
