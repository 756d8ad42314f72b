use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block a(x) { x -> relu }
        block b(x) { a(a(a(a(a(a(a(a(x)))))))) }
        block c(x) { b(b(b(b(b(b(b(b(x)))))))) }
        block d(x) { c(c(c(c(c(c(c(c(x)))))))) }
        block e(x) { d(d(d(d(d(d(d(d(x)))))))) }
        block f(x) { e(e(e(e(e(e(e(e(x)))))))) }
        block g(x) { f(f(f(f(f(f(f(f(x)))))))) }

        input -> g -> flatten -> dense(10)
    }
}

fn main() {}
