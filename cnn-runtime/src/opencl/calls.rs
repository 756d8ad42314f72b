//! What the engine is called for: copies, passes enqueued on its queue, losses and updates.

use cnn_core::{Result, Targets};

use super::{engine::ClEngine, frame::Frame, loss, memory::Rows, update};
use crate::{
    engine::{Class, Engine, LossSums, Pass, PendingUpdate},
    plan::{Map, Steps},
};

/// The places of a map in the slabs of a batch.
fn rows(pass: &Pass, map: &Map) -> Rows {
    Rows { offset: map.offset, len: map.len(), pitch: pass.arena.slab, count: pass.batch }
}

impl Engine for ClEngine {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        self.queue.write(self.buffers.class(class), offset, values)
    }

    fn finish(&mut self) -> Result<()> {
        self.queue.finish()
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        self.queue.read(self.buffers.class(class), offset, values)
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        self.maps.send(&self.queue, &self.buffers.arena, &rows(pass, map), values)
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        self.queue.read_rows(&self.buffers.arena, &rows(pass, map), values)
    }

    fn write_targets(&mut self, targets: Targets) -> Result<()> {
        let len = targets.len();
        self.host_targets.iter_mut().zip(targets.words()).for_each(|(place, word)| *place = word);
        let row = Rows { offset: 0, len, pitch: len, count: 1 };
        self.targets.send(&self.queue, &self.buffers.targets, &row, &self.host_targets[..len])
    }

    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        let frame = Frame::new(self, pass);
        body(&frame);
        frame.finish()?;
        self.queue.flush()
    }

    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()> {
        loss::add(self, pass, losses)
    }

    fn take_losses(&mut self) -> Result<LossSums> {
        loss::take(self)
    }

    fn gradient_norm(&mut self, pending: &PendingUpdate) -> Result<f64> {
        update::norm(self, pending)
    }

    fn update(&mut self, pending: &PendingUpdate) -> Result<()> {
        update::run(self, pending)?;
        self.queue.flush()
    }

    fn stash_gradients(&mut self) -> Result<()> {
        self.buffers.stash_gradients(&self.queue, self.sizes.grads)
    }

    fn merge_stashed(&mut self, share: f32) -> Result<()> {
        update::merge_stashed(self, share)
    }

    fn share(&self) -> Result<Box<dyn Engine>> {
        Ok(Box::new(self.sharing()?))
    }
}
