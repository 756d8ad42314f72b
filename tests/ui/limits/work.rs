use cnn_runtime::network;

network! {
    Deep<[1, 3000, 3000] -> 1> {
        let x = input;
        for _i in 0..1100 {
            x = x -> conv(8, 5656, pad = same, freeze = true);
        }
        x -> global_avg_pool -> flatten -> dense(1)
    }
}

fn main() {}
