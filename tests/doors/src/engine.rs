//! The engine: a network's memory in plain vectors, and what a session asks of it.

use std::{
    cell::Cell,
    sync::{Arc, Mutex, MutexGuard},
};

use cnn_runtime::{
    DeviceError, Remedy, Result, Targets,
    backend::{Class, Engine, LossSums, Pass, PendingUpdate, Sizes},
    plan::{Map, Steps},
};

use crate::{machine::Machine, update};

/// A network's memory.
pub(crate) struct NaiveEngine {
    sizes: Sizes,
    /// Engines on the same parameters run one after the other.
    params: Arc<Mutex<Vec<f32>>>,
    grads: Vec<f32>,
    /// Gradients of earlier passes, once there are some.
    stashed: Option<Vec<f32>>,
    state: Vec<f32>,
    arena: Vec<f32>,
    /// Classes, or real numbers in their bits.
    targets: Vec<u32>,
    sums: LossSums,
}

impl NaiveEngine {
    pub(crate) fn new(sizes: &Sizes) -> Result<NaiveEngine> {
        NaiveEngine::on(Arc::new(Mutex::new(zeroed(sizes.params)?)), sizes)
    }

    /// An engine on these parameters.
    fn on(params: Arc<Mutex<Vec<f32>>>, sizes: &Sizes) -> Result<NaiveEngine> {
        Ok(NaiveEngine {
            sizes: *sizes,
            params,
            grads: zeroed(sizes.grads)?,
            stashed: None,
            state: zeroed(sizes.state)?,
            arena: zeroed(sizes.arena)?,
            targets: zeroed(sizes.targets)?,
            sums: LossSums::default(),
        })
    }

    fn params(&self) -> MutexGuard<'_, Vec<f32>> {
        self.params.lock().expect("no pass panicked")
    }

    /// One sample of a map.
    fn sample(&mut self, pass: &Pass, sample: usize, map: &Map) -> &mut [f32] {
        &mut self.arena[sample * pass.arena.slab + map.offset..][..map.len()]
    }
}

/// So many zeros.
fn zeroed<T: Clone + Default>(len: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|error| {
        let error = DeviceError::new(format!("no memory for {len} numbers")).with_source(error);
        error.with_remedy(Remedy::SmallerBatch { at_most: None })
    })?;
    values.resize(len, T::default());
    Ok(values)
}

/// A vector as numbers that several borrowers may change.
fn cells(values: &mut [f32]) -> &[Cell<f32>] {
    Cell::from_mut(values).as_slice_of_cells()
}

impl Engine for NaiveEngine {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        let range = offset..offset + values.len();
        match class {
            Class::Params => self.params()[range].copy_from_slice(values),
            Class::Grads => self.grads[range].copy_from_slice(values),
            Class::State => self.state[range].copy_from_slice(values),
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        let range = offset..offset + values.len();
        match class {
            Class::Params => values.copy_from_slice(&self.params()[range]),
            Class::Grads => values.copy_from_slice(&self.grads[range]),
            Class::State => values.copy_from_slice(&self.state[range]),
        }
        Ok(())
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        for (sample, values) in values.chunks(map.len()).enumerate() {
            self.sample(pass, sample, map).copy_from_slice(values);
        }
        Ok(())
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        for (sample, values) in values.chunks_mut(map.len()).enumerate() {
            values.copy_from_slice(self.sample(pass, sample, map));
        }
        Ok(())
    }

    fn write_targets(&mut self, targets: Targets) -> Result<()> {
        self.targets.iter_mut().zip(targets.words()).for_each(|(place, word)| *place = word);
        Ok(())
    }

    #[expect(unsafe_code, reason = "the trait asks for it, but machines check every address")]
    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        let mut params = self.params.lock().expect("no pass panicked");
        body(&Machine {
            pass: *pass,
            params: cells(&mut params),
            grads: cells(&mut self.grads),
            arena: cells(&mut self.arena),
            targets: &self.targets,
        });
        Ok(())
    }

    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()> {
        for (nth, map) in losses.iter().enumerate() {
            for sample in 0..pass.batch {
                let [loss, is_right] =
                    [0, 1].map(|channel| self.sample(pass, sample, map)[map.index(channel, 0, 0)]);
                self.sums.loss += f64::from(loss);
                self.sums.correct += u64::from(nth == 0 && is_right == 1.0);
            }
        }
        Ok(())
    }

    fn take_losses(&mut self) -> Result<LossSums> {
        Ok(std::mem::take(&mut self.sums))
    }

    fn gradient_norm(&mut self, pending: &PendingUpdate) -> Result<f64> {
        Ok(update::gradient_norm(pending, &self.grads))
    }

    fn update(&mut self, pending: &PendingUpdate) -> Result<()> {
        let mut params = self.params.lock().expect("no pass panicked");
        update::run(pending, &mut params, &self.grads, &mut self.state);
        Ok(())
    }

    fn stash_gradients(&mut self) -> Result<()> {
        let other = match self.stashed.take() {
            Some(other) => other,
            None => zeroed(self.grads.len())?,
        };
        self.stashed = Some(std::mem::replace(&mut self.grads, other));
        Ok(())
    }

    fn merge_stashed(&mut self, share: f32) -> Result<()> {
        let stashed = self.stashed.as_ref().expect("gradients were stashed");
        for (gradient, stashed) in self.grads.iter_mut().zip(stashed) {
            *gradient = share * *gradient + (1.0 - share) * stashed;
        }
        Ok(())
    }

    fn share(&self) -> Result<Box<dyn Engine>> {
        let sizes = Sizes { grads: 0, state: 0, ..self.sizes };
        Ok(Box::new(NaiveEngine::on(self.params.clone(), &sizes)?))
    }
}
