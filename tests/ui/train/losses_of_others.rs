use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        train { loss = sparse_categorical_crossentropy, optimizer = SGD, schedule = ReduceLROnPlateau }
    }
}

fn main() {}
