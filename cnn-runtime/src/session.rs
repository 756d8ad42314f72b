//! A network on a device. Placeholder of the real module: softmax regression behind the real interface.

use crate::{device::Device, error::Result, network::Model, optim::Optimizer, params, plan::Description};

/// How a session is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Largest batch.
    pub batch: usize,
    /// Update rule; `None` for inference only.
    pub training: Option<Optimizer>,
    /// Seed of parameters and dropout.
    pub seed: u64,
}

/// Sums since the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Sum of the samples' losses.
    pub loss: f64,
    /// Samples whose largest logit is the label's.
    pub correct: u64,
    /// Samples.
    pub samples: u64,
}

/// A network with its parameters on a device.
pub struct Session {
    description: &'static Description,
    batch: usize,
    lr: f32,
    params: Vec<Vec<f32>>,
    grads: Vec<Vec<f32>>,
    metrics: Metrics,
}

impl Session {
    /// A session with parameters drawn from the seed.
    pub fn new(model: Model, _device: &Device, options: &Options) -> Result<Session> {
        let description = model.description;
        let params: Vec<_> = description.params.iter().map(|p| params::initial(p, options.seed)).collect();
        let lr = options.training.map_or(0.0, |rule| rule.lr());
        let grads = params.clone();
        Ok(Session { description, batch: options.batch, lr, params, grads, metrics: Metrics::default() })
    }

    /// The network's tables.
    pub fn description(&self) -> &'static Description {
        self.description
    }

    /// Largest batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// One update.
    pub fn train_step(&mut self, images: &[f32], labels: &[u32]) -> Result<()> {
        self.forward_backward(images, labels)?;
        for (param, grad) in self.params.iter_mut().zip(&self.grads) {
            param.iter_mut().zip(grad).for_each(|(p, g)| *p -= self.lr * g);
        }
        Ok(())
    }

    /// Loss and gradients.
    pub fn forward_backward(&mut self, images: &[f32], labels: &[u32]) -> Result<f64> {
        let (classes, count) = (self.description.classes, labels.len());
        let features = images.len() / count;
        let mut logits = vec![0.0; count * classes];
        self.infer(images, &mut logits)?;
        self.grads.iter_mut().for_each(|grad| grad.fill(0.0));
        let mut total = 0.0;
        for (s, z) in logits.chunks(classes).enumerate() {
            let top = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = z.iter().map(|v| (v - top).exp()).sum();
            total += f64::from(sum.ln() + top - z[labels[s] as usize]);
            self.metrics.correct += u64::from(z[labels[s] as usize] >= top);
            for k in 0..classes {
                let onehot = if labels[s] as usize == k { 1.0 } else { 0.0 };
                let d = ((z[k] - top).exp() / sum - onehot) / count as f32;
                self.grads[1][k] += d;
                for f in 0..features {
                    self.grads[0][k * features + f] += d * images[s * features + f];
                }
            }
        }
        self.metrics.loss += total;
        self.metrics.samples += count as u64;
        Ok(total / count as f64)
    }

    /// Takes the sums.
    pub fn take_metrics(&mut self) -> Result<Metrics> {
        Ok(std::mem::take(&mut self.metrics))
    }

    /// Class scores.
    pub fn infer(&mut self, images: &[f32], logits: &mut [f32]) -> Result<()> {
        let classes = self.description.classes;
        let features = self.params[0].len() / classes;
        for (image, z) in images.chunks(features).zip(logits.chunks_mut(classes)) {
            for k in 0..classes {
                let row = &self.params[0][k * features..][..features];
                z[k] = self.params[1][k] + row.iter().zip(image).map(|(w, x)| w * x).sum::<f32>();
            }
        }
        Ok(())
    }

    /// A parameter in torch order.
    pub fn parameter(&mut self, index: usize) -> Result<Vec<f32>> {
        Ok(self.params[index].clone())
    }

    /// Sets a parameter from torch order.
    pub fn set_parameter(&mut self, index: usize, values: &[f32]) -> Result<()> {
        self.params[index].copy_from_slice(values);
        Ok(())
    }

    /// A gradient in torch order.
    pub fn gradient(&mut self, index: usize) -> Result<Vec<f32>> {
        Ok(self.grads[index].clone())
    }

    /// Sets the learning rate.
    pub fn set_optimizer_lr(&mut self, lr: f32) {
        self.lr = lr;
    }

    /// Bytes of the arena.
    pub fn arena_bytes(&self) -> usize {
        self.description.train.arena.bytes(self.batch).max(self.description.infer.arena.bytes(self.batch))
    }
}
