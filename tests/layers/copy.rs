//! Copies between maps of different order and alignment.

use cnn_runtime::__testing::plan::{CopyElements, Layout, StepRef};
use proptest::prelude::*;

use crate::{scene::Scene, tensor::Tensor};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    from: ([usize; 3], Layout, usize),
    to: ([usize; 3], Layout, usize),
    count: usize,
}

impl Case {
    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (shape, layout, x_start) = self.from;
        let (x, x_values) = scene.input(shape, layout);
        let (shape, layout, y_start) = self.to;
        // What is not copied must survive.
        let before = scene.normal([self.batch, shape[0], shape[1], shape[2]]);
        let y = scene.given(&before, layout);
        let want = self.reference(&x_values, x_start, before, y_start);
        let count = self.count;
        let step = &*Box::leak(Box::new(CopyElements { name: "copy", x, x_start, y, y_start, count }));
        scene.step(StepRef::CopyElements(step));
        scene.expect(y, want);
        scene.check(self);
    }

    fn reference(&self, x: &Tensor, x_start: usize, mut y: Tensor, y_start: usize) -> Tensor {
        let per_sample = |tensor: &Tensor| tensor.data.len() / self.batch;
        let (x_len, y_len) = (per_sample(x), per_sample(&y));
        for (from, to) in x.data.chunks(x_len).zip(y.data.chunks_mut(y_len)) {
            to[y_start..][..self.count].copy_from_slice(&from[x_start..][..self.count]);
        }
        y
    }
}

#[test]
fn flatten_and_back() {
    let (map, flat) = ([11, 3, 5], [165, 1, 1]);
    for batch in [1, 7] {
        let there =
            Case { batch, from: (map, Layout::Blocked, 0), to: (flat, Layout::Blocked, 0), count: 165 };
        there.check(1);
        Case { from: there.to, to: there.from, ..there }.check(2);
    }
}

#[test]
fn concat_of_unaligned_channels() {
    let from = ([5, 4, 3], Layout::Blocked, 0);
    Case { batch: 7, from, to: ([12, 4, 3], Layout::Blocked, 3 * 12), count: 60 }.check(3);
    Case {
        batch: 1,
        from: ([16, 4, 3], Layout::Blocked, 96),
        to: ([24, 4, 3], Layout::Blocked, 0),
        count: 96,
    }
    .check(4);
}

#[test]
fn image_into_blocks() {
    let image = ([3, 6, 7], Layout::Planar, 0);
    Case { batch: 7, from: image, to: ([3, 6, 7], Layout::Blocked, 0), count: 126 }.check(5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_span(
        batch in 1usize..4,
        from in [1usize..20, 1usize..5, 1usize..5],
        to in [1usize..20, 1usize..5, 1usize..5],
        places in [0.0..1.0, 0.0..1.0, 0.0..1.0f64],
        planar in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let size = |shape: [usize; 3]| shape.iter().product::<usize>();
        let part = |share: f64, of: usize| (share * of as f64) as usize;
        let count = 1 + part(places[0], size(from).min(size(to)) - 1);
        let layout = if planar { Layout::Planar } else { Layout::Blocked };
        let from = (from, layout, part(places[1], size(from) - count + 1));
        let to = (to, Layout::Blocked, part(places[2], size(to) - count + 1));
        Case { batch, from, to, count }.check(seed);
    }
}
