//! Zero padding and cropping.

use cnn_runtime::__testing::plan::{Layout, Shift, StepRef};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::Tensor,
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    channels: usize,
    from: [usize; 2],
    to: [usize; 2],
    offset: [isize; 2],
    tail: &'static [Tail],
}

const PAD: Case = Case { batch: 7, channels: 11, from: [4, 5], to: [7, 9], offset: [1, 3], tail: &[] };
const CROP: Case = Case { from: PAD.to, to: PAD.from, offset: [-1, -3], ..PAD };

impl Case {
    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let ([x_height, x_width], [y_height, y_width]) = (self.from, self.to);
        let (x, values) = scene.input([self.channels, x_height, x_width], Layout::Blocked);
        let [top, left] = self.offset;
        let shape = [self.batch, self.channels, y_height, y_width];
        let mut want = Tensor::from_fn(shape, |[sample, channel, row, column]| {
            let (row, column) = (row.wrapping_add_signed(-top), column.wrapping_add_signed(-left));
            let inside = row < x_height && column < x_width;
            if inside { values[[sample, channel, row, column]] } else { 0.0 }
        });
        let y = scene.place([self.channels, y_height, y_width], Layout::Blocked);
        let epilogue = scene.tail(self.tail, y, &mut want);
        let step = &*Box::leak(Box::new(Shift { name: "shift", x, y, top, left, epilogue }));
        scene.step(StepRef::Shift(step));
        scene.expect(y, want);
        scene.check(self);
    }
}

#[test]
fn padding_and_cropping() {
    for case in [PAD, CROP] {
        case.check(1);
        Case { batch: 1, channels: 16, ..case }.check(2);
    }
    Case { offset: [-1, 2], ..PAD }.check(3);
}

#[test]
fn nothing_of_the_input_is_left() {
    for offset in [[0, 9], [7, 0], [-4, 0], [0, -5], [-20, 20]] {
        Case { offset, ..PAD }.check(4);
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        Case { batch: 3, tail, ..PAD }.check(seed as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_offset(
        channels in 1usize..20,
        from in [1usize..8, 1usize..8],
        to in [1usize..8, 1usize..8],
        offset in [-9isize..9, -9isize..9],
        seed in any::<u64>(),
    ) {
        Case { batch: 2, channels, from, to, offset, tail: &[] }.check(seed);
    }
}
