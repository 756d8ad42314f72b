use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(in_channels = 1, out_channels = 8, kernel_size = 3, padding = 1) -> batch_norm(8, eps = 1e-3) -> dropout(p = 0.5) -> flatten -> dense(10)
    }
}

fn main() {}
