//! The engine: a network's memory, and frames for its passes.

use super::{
    Cpu,
    frame::{Frame, Memory},
    memory::{Buffer, Span},
    update::{self, Operands, Turn},
};
use crate::{
    engine::{Class, Due, Engine, LossSums, Pass, Sizes},
    error::Result,
    optim::Clip,
    plan::{Map, Steps},
};

/// A network on the processor.
pub(super) struct CpuEngine {
    cpu: Cpu,
    params: Buffer,
    grads: Buffer,
    /// Gradients of earlier passes, once there are some.
    aside: Option<Buffer>,
    state: Buffer,
    arena: Buffer,
    labels: Vec<u32>,
    sums: LossSums,
}

impl CpuEngine {
    pub(super) fn new(cpu: &Cpu, sizes: &Sizes) -> Result<CpuEngine> {
        Ok(CpuEngine {
            cpu: cpu.clone(),
            params: Buffer::zeroed(sizes.params, "parameters")?,
            grads: Buffer::zeroed(sizes.grads, "gradients")?,
            aside: None,
            state: Buffer::zeroed(sizes.state, "optimizer state")?,
            arena: Buffer::zeroed(sizes.arena, "activations")?,
            labels: vec![0; sizes.batch],
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
            labels: &self.labels,
        };
        Frame { cpu: &self.cpu, pass: *pass, memory, turn: None, samples: 0..pass.batch, divides: true }
    }

    fn operands(&self) -> Operands<'_> {
        Operands { params: self.params.span(), grads: self.grads.span(), state: self.state.span() }
    }
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

    fn write_labels(&mut self, labels: &[u32]) -> Result<()> {
        self.labels[..labels.len()].copy_from_slice(labels);
        Ok(())
    }

    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        let frame = self.frame(pass);
        self.cpu.install(|| body(&frame));
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

    fn update(&mut self, due: &Due) -> Result<()> {
        self.cpu.install(|| {
            Turn::new(&self.cpu, due, self.operands())?.run(&self.cpu, &|_| true);
            Ok(())
        })
    }

    unsafe fn train(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync), due: &Due) -> Result<()> {
        if let Some(Clip::Norm(_)) = due.update.clip {
            // The norm is that of all gradients.
            // SAFETY: the caller's promise is the same.
            unsafe { self.run(pass, body) }?;
            return self.update(due);
        }
        self.cpu.install(|| {
            let turn = Turn::new(&self.cpu, due, self.operands())?;
            body(&Frame { turn: Some(&turn), ..self.frame(pass) });
            turn.run(&self.cpu, &|param| !param.at_once);
            Ok(())
        })
    }

    fn set_aside(&mut self) -> Result<()> {
        let other = match self.aside.take() {
            Some(other) => other,
            None => Buffer::zeroed(self.grads.span().len(), "gradients of several passes")?,
        };
        self.aside = Some(std::mem::replace(&mut self.grads, other));
        Ok(())
    }

    fn merge(&mut self, share: f32) -> Result<()> {
        let aside = self.aside.as_ref().expect("gradients were set aside").span();
        self.cpu.install(|| update::merge(&self.cpu, share, self.grads.span(), aside));
        Ok(())
    }
}
