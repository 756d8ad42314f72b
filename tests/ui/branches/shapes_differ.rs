use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block unit(x, planes, stride) {
            let y = x -> conv1: conv(planes, 3, stride = stride, pad = 1);
            let shortcut = if x.channels != planes { x -> downsample: conv(planes, 1) } else { x };
            add(y, shortcut) -> relu
        }

        let x = input -> conv1: conv(8, 3);
        for (i, planes, stride) in [(1, 8, 1), (2, 16, 2)] {
            x = x -> layer{i}: unit(planes, stride);
        }
        x -> flatten -> fc: dense(10)
    }
}

fn main() {}
