//! Looking on while a network runs: generated code goes in, its steps come out one by one, as values.
//!
//! [`steps_of`] runs generated code without an engine and lists its steps, regions broken open: what follows is the order of
//! execution of a whole batch. A [`Session`](crate::Session) runs such a list step by step and shows each as [`Seen`], when its
//! result is still in the arena: the place is another step's a little later.

mod work;

use std::{cell::RefCell, time::Instant};

use crate::{
    engine::{Engine, Pass},
    error::Result,
    params::load_map,
    plan::*,
};
pub use work::Work;

/// One step after the other, regions broken open.
pub fn steps_of(body: &dyn Fn(&dyn Steps)) -> Vec<Step> {
    let list = List::default();
    body(&list);
    list.0.into_inner()
}

#[derive(Default)]
struct List(RefCell<Vec<Step>>);

/// Writes the enum, the list that records its values, and the way back to a call; each method takes the step that it is named by,
/// and those marked `batch` stand outside of regions.
macro_rules! steps {
    ($($method:ident: $kind:ident($step:ident) $scope:ident,)*) => {
        /// A call of a method of [`Steps`].
        #[derive(Clone, Copy, Debug)]
        pub enum Step {
            $(
                #[doc = concat!("[`Steps::", stringify!($method), "`]")]
                $kind(&'static $step),
            )*
        }

        impl Steps for List {
            fn region(&self, _: u64, body: &(dyn Fn(&dyn Steps) + Sync)) {
                body(self);
            }

            $(
                fn $method(&self, step: &'static $step) {
                    self.0.borrow_mut().push(Step::$kind(step));
                }
            )*
        }

        impl Step {
            /// The layer's name.
            pub fn layer(&self) -> &'static str {
                match self {
                    $(Step::$kind(step) => step.name,)*
                }
            }

            /// The name of the method.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Step::$kind(_) => stringify!($method),)*
                }
            }

            /// Whether it stands outside of regions.
            fn is_of_batch(&self) -> bool {
                match self {
                    Step::Conv(step) if step.winograd.is_some() => true,
                    Step::ConvInputGrad(step) if step.winograd.is_some() => true,
                    $(Step::$kind(_) => stringify!($scope) == "batch",)*
                }
            }

            fn call(&self, steps: &dyn Steps) {
                match self {
                    $(Step::$kind(step) => steps.$method(step),)*
                }
            }
        }
    };
}

steps! {
    prepare_input_grad: PrepareInputGrad(ConvInputGrad) batch,
    conv: Conv(Conv) sample,
    conv_input_grad: ConvInputGrad(ConvInputGrad) sample,
    conv_filter_grad: ConvFilterGrad(ConvFilterGrad) batch,
    dense: Dense(Dense) batch,
    dense_input_grad: DenseInputGrad(DenseInputGrad) batch,
    dense_weight_grad: DenseWeightGrad(DenseWeightGrad) batch,
    pool: Pool(Pool) sample,
    pool_grad: PoolGrad(PoolGrad) sample,
    elementwise: Elementwise(Elementwise) sample,
    copy: Copy(Copy) sample,
    loss: Loss(Loss) sample,
    batch_stats: BatchStats(BatchStats) batch,
    batch_norm_sums: BatchNormSums(BatchNormSums) batch,
    lrn: Lrn(Lrn) sample,
    lrn_grad: LrnGrad(LrnGrad) sample,
    maxout: Maxout(Maxout) sample,
    maxout_grad: MaxoutGrad(MaxoutGrad) sample,
    softmax: Softmax(Softmax) sample,
    softmax_grad: SoftmaxGrad(SoftmaxGrad) sample,
    gate: Gate(Gate) sample,
    gate_grad: GateGrad(GateGrad) sample,
    place: Place(Place) sample,
}

impl Step {
    /// The map that it writes, if it writes one.
    pub fn output(&self) -> Option<Map> {
        self.operands().written
    }

    /// The first map that it reads and the map that it writes; sums over the batch read two and write none.
    pub fn shapes(&self) -> [Option<Map>; 2] {
        let operands = self.operands();
        [operands.read[0], operands.written.or(operands.read[1])]
    }

    fn run(&self, steps: &dyn Steps) {
        if self.is_of_batch() {
            self.call(steps);
        } else {
            steps.region(self.work(1).flops as u64, &|steps| self.call(steps));
        }
    }
}

/// A step that has just run.
pub struct Seen<'a> {
    /// Which.
    pub step: Step,
    /// Its position in the pass.
    pub position: usize,
    /// What it took.
    pub seconds: f64,
    engine: &'a mut dyn Engine,
    pass: &'a Pass,
}

impl Seen<'_> {
    /// What it wrote for each sample of the batch, `[n, C, H, W]`; nothing if that is no map.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if the device fails.
    pub fn output(&mut self) -> Result<Option<Vec<f32>>> {
        let Some(map) = self.step.output() else { return Ok(None) };
        let mut stored = vec![0.0; self.pass.batch * map.len()];
        self.engine.read_map(self.pass, &map, &mut stored)?;
        Ok(Some(stored.chunks_exact(map.len()).flat_map(|sample| load_map(&map, sample)).collect()))
    }
}

/// Called after each step; an error ends the pass.
pub type Visit<'a> = dyn FnMut(Seen) -> Result<()> + 'a;

/// Runs steps one by one on an engine, in order, and shows each.
pub(crate) fn run(engine: &mut dyn Engine, pass: &Pass, steps: &[Step], visit: &mut Visit) -> Result<()> {
    for (position, &step) in steps.iter().enumerate() {
        let start = Instant::now();
        // SAFETY: the step is one of a `Network`'s, and the pass is that of its plan.
        unsafe { engine.run(pass, &|steps| step.run(steps)) }?;
        engine.finish()?;
        let seconds = start.elapsed().as_secs_f64();
        visit(Seen { step, position, seconds, engine, pass })?;
    }
    Ok(())
}
