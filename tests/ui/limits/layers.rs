use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for _ in 0..40000 { x = x -> relu -> tanh -> relu; }
        x -> flatten -> dense(10)
    }
}

fn main() {}
