use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        train { batch_size = 64, num_epochs = 3, criterion = mse, lr = 0.1, warmup_epochs = 3, seed = 7 }
    }
}

fn main() {}
