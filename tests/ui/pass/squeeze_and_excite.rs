use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block excite(x, ratio = 4) {
            let gate = x -> global_avg_pool -> flatten
                -> down: dense(x.channels / ratio) -> relu -> up: dense(x.channels) -> sigmoid;
            mul(x, gate)
        }

        let x = input -> conv1: conv(16, 3) -> relu;
        for i in 1..=2 { x = x -> se{i}: excite; }
        let x = mul(x, x -> global_max_pool);
        x -> flatten -> fc: dense(10)

        train { loss = mse }
    }
}
