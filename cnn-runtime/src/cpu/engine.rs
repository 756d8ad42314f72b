//! The engine: a network's memory, and frames for its passes.

use std::sync::Arc;

use cnn_core::{DeviceError, Remedy, Result, Targets};

use super::{
    Cpu,
    frame::{Frame, Memory},
    memory::{Buffer, Span},
    update::{self, Operands, UpdatePass},
};
use crate::{
    engine::{Class, Engine, LossSums, Pass, PendingUpdate, Sizes},
    plan::{Map, Steps},
};

/// A network on the processor. Views of memory check their bounds; `crate::engine::checked` says
/// what is wrong before.
pub(super) struct CpuEngine {
    cpu: Cpu,
    sizes: Sizes,
    /// Read by several engines, or written by the only one.
    params: Arc<Buffer>,
    grads: Buffer,
    /// Gradients of earlier passes, once there are some.
    stashed: Option<Buffer>,
    state: Buffer,
    arena: Buffer,
    targets: Vec<u32>,
    sums: LossSums,
}

impl CpuEngine {
    pub(super) fn new(cpu: &Cpu, sizes: &Sizes) -> Result<CpuEngine> {
        CpuEngine::on(Arc::new(Buffer::zeroed(sizes.params, "parameters")?), cpu, sizes)
    }

    /// An engine on these parameters.
    fn on(params: Arc<Buffer>, cpu: &Cpu, sizes: &Sizes) -> Result<CpuEngine> {
        Ok(CpuEngine {
            cpu: cpu.clone(),
            sizes: *sizes,
            params,
            grads: Buffer::zeroed(sizes.grads, "gradients")?,
            stashed: None,
            state: Buffer::zeroed(sizes.state, "optimizer state")?,
            arena: Buffer::zeroed(sizes.arena, "activations")?,
            targets: targets(sizes.targets)?,
            sums: LossSums::default(),
        })
    }

    fn class(&self, class: Class) -> Span<'_> {
        match class {
            Class::Params => self.params.span(),
            Class::Grads => self.grads.span(),
            Class::State => self.state.span(),
        }
    }

    fn frame(&self, pass: &Pass) -> Frame<'_> {
        let memory = Memory {
            params: self.params.span(),
            grads: self.grads.span(),
            arena: self.arena.span(),
            targets: &self.targets,
        };
        Frame { cpu: &self.cpu, pass: *pass, memory, update: None, samples: 0..pass.batch, divides: true }
    }

    fn operands(&self) -> Operands<'_> {
        Operands { params: self.params.span(), grads: self.grads.span(), state: self.state.span() }
    }
}

/// Room for so many numbers of a batch's targets.
fn targets(len: usize) -> Result<Vec<u32>> {
    let mut targets = Vec::new();
    targets.try_reserve_exact(len).map_err(|error| {
        let message = format!("no memory for targets of {len} numbers");
        DeviceError::new(message).with_remedy(Remedy::SmallerBatch { at_most: None }).with_source(error)
    })?;
    targets.resize(len, 0);
    Ok(targets)
}

impl Engine for CpuEngine {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        self.class(class).from(offset).write(values);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        self.class(class).from(offset).read(values);
        Ok(())
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        let frame = self.frame(pass);
        for (sample, values) in values.chunks(map.len()).enumerate() {
            frame.map(sample, map).write(values);
        }
        Ok(())
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        let frame = self.frame(pass);
        for (sample, values) in values.chunks_mut(map.len()).enumerate() {
            frame.map(sample, map).read(values);
        }
        Ok(())
    }

    fn write_targets(&mut self, targets: Targets) -> Result<()> {
        self.targets.iter_mut().zip(targets.words()).for_each(|(place, word)| *place = word);
        Ok(())
    }

    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        let frame = self.frame(pass);
        self.cpu.enter(|| body(&frame));
        Ok(())
    }

    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()> {
        let mut sums = self.sums;
        let frame = self.frame(pass);
        for (nth, map) in losses.iter().enumerate() {
            for sample in (0..pass.batch).map(|sample| frame.map(sample, map)) {
                sums.loss += sample.get(0) as f64;
                sums.correct += (nth == 0 && sample.get(1) == 1.0) as u64;
            }
        }
        self.sums = sums;
        Ok(())
    }

    fn take_losses(&mut self) -> Result<LossSums> {
        Ok(std::mem::take(&mut self.sums))
    }

    fn gradient_norm(&mut self, pending: &PendingUpdate) -> Result<f64> {
        Ok(self.cpu.enter(|| update::norm::of(&self.cpu, pending, self.grads.span())))
    }

    fn update(&mut self, pending: &PendingUpdate) -> Result<()> {
        self.cpu.enter(|| UpdatePass::new(pending, self.operands()).run(&self.cpu, &|_| true));
        Ok(())
    }

    unsafe fn train(
        &mut self,
        pass: &Pass,
        body: &(dyn Fn(&dyn Steps) + Sync),
        pending: &PendingUpdate,
    ) -> Result<()> {
        self.cpu.enter(|| {
            let update = UpdatePass::new(pending, self.operands());
            body(&Frame { update: Some(&update), ..self.frame(pass) });
            update.run(&self.cpu, &|param| !param.fused_update);
        });
        Ok(())
    }

    fn stash_gradients(&mut self) -> Result<()> {
        let other = match self.stashed.take() {
            Some(other) => other,
            None => Buffer::zeroed(self.grads.span().len(), "gradients of several passes")?,
        };
        self.stashed = Some(std::mem::replace(&mut self.grads, other));
        Ok(())
    }

    fn merge_stashed(&mut self, share: f32) -> Result<()> {
        let stashed = self.stashed.as_ref().expect("gradients were stashed").span();
        self.cpu.enter(|| update::merge_stashed(&self.cpu, share, self.grads.span(), stashed));
        Ok(())
    }

    fn share(&self) -> Result<Box<dyn Engine>> {
        let sizes = Sizes { grads: 0, state: 0, ..self.sizes };
        Ok(Box::new(CpuEngine::on(self.params.clone(), &self.cpu, &sizes)?))
    }
}
