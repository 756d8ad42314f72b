use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block unit(x, planes, stride = 1) {
            let y = x -> conv1: conv(planes, 3, stride = stride, pad = 1, bias = false) -> relu
                      -> conv2: conv(planes, 3, pad = 1, bias = false);
            let shortcut = if stride != 1 || x.channels != planes {
                x -> downsample.0: conv(planes, 1, stride = stride, bias = false)
            } else { x };
            add(y, shortcut) -> relu
        }

        let x = input -> conv1: conv(8, 3, pad = 1);
        for (i, planes) in [(1, 8), (2, 16)] {
            x = x -> layer{i}.0: unit(planes, stride = i) -> layer{i}.1: unit(planes);
        }
        for _ in 0..2 { x = x -> max_pool(2); }
        x -> flatten -> fc: dense(10)
    }
}
