//! Updates in f64, one scalar at a time, by the formulas of `cnn_runtime::optim`.

use cnn_runtime::{
    __testing::plan::Param,
    optim::{Adam, AdamW, Clip, Optimizer, Update},
};

/// The rule for a parameter with its attributes.
fn adapted(optimizer: Optimizer, param: &Param) -> Optimizer {
    let rule = optimizer.with_lr(optimizer.lr() * param.lr_factor);
    if param.decay { rule } else { rule.with_weight_decay(0.0) }
}

/// One scalar with its state and its running average, in f64.
#[derive(Clone, Copy, Default)]
struct Scalar {
    w: f64,
    state: [f64; 3],
    average: f64,
}

impl Scalar {
    /// Update `number`, from 1, with a gradient within its limits.
    fn update(&mut self, update: &Update, number: i32, rule: Optimizer, gradient: f64) {
        let (lr, decay) = (rule.lr() as f64, rule.weight_decay() as f64);
        let decoupled = matches!(rule, Optimizer::AdamW(_));
        let g = if decoupled { gradient } else { gradient + decay * self.w };
        self.w -= if decoupled { lr * decay * self.w } else { 0.0 };
        self.w -= lr * self.step(rule, number, g);
        self.average(update, number);
    }

    fn average(&mut self, update: &Update, number: i32) {
        let n = number as f64 - 1.0;
        let limit = if number == 1 { 0.0 } else { (1.0 + n) / (10.0 + n) };
        mean(&mut self.average, (update.average.unwrap_or(0.0) as f64).min(limit), self.w);
    }

    fn step(&mut self, rule: Optimizer, number: i32, g: f64) -> f64 {
        let [a, b, c] = &mut self.state;
        match rule {
            Optimizer::Sgd(rule) => {
                let momentum = rule.momentum as f64;
                *a = momentum * *a + g;
                if rule.nesterov { g + momentum * *a } else { *a }
            }
            Optimizer::Adagrad(rule) => {
                *a += g * g;
                g / (a.sqrt() + rule.epsilon as f64)
            }
            Optimizer::Adadelta(rule) => {
                let (rho, epsilon) = (rule.rho as f64, rule.epsilon as f64);
                mean(a, rho, g * g);
                let d = g * (*b + epsilon).sqrt() / (*a + epsilon).sqrt();
                mean(b, rho, d * d);
                d
            }
            Optimizer::RmsProp(rule) => {
                mean(a, rule.alpha as f64, g * g);
                mean(b, rule.alpha as f64, g);
                let centre = if rule.centered { *b } else { 0.0 };
                *c = rule.momentum as f64 * *c + g / ((*a - centre * centre).sqrt() + rule.epsilon as f64);
                *c
            }
            Optimizer::Adam(Adam { beta1, beta2, epsilon, .. })
            | Optimizer::AdamW(AdamW { beta1, beta2, epsilon, .. }) => {
                let (beta1, beta2) = (beta1 as f64, beta2 as f64);
                mean(a, beta1, g);
                mean(b, beta2, g * g);
                let root = (*b / (1.0 - beta2.powi(number))).sqrt() + epsilon as f64;
                *a / (1.0 - beta1.powi(number)) / root
            }
        }
    }
}

fn mean(mean: &mut f64, decay: f64, x: f64) {
    *mean = decay * *mean + (1.0 - decay) * x;
}

/// What limits a gradient.
fn limited(clip: Option<Clip>, params: &[Param], gradients: &[f32]) -> Box<dyn Fn(f64) -> f64> {
    match clip {
        None => Box::new(|g| g),
        Some(Clip::Value(limit)) => Box::new(move |g| g.clamp(-limit as f64, limit as f64)),
        Some(Clip::Norm(limit)) => {
            let trained = params.iter().filter(|param| param.trainable);
            let elements = trained.flat_map(|param| &gradients[param.offset..param.offset + param.len]);
            let norm = elements.map(|&g| (g as f64).powi(2)).sum::<f64>().sqrt();
            Box::new(move |g| g * (limit as f64 / (norm + 1e-6)).min(1.0))
        }
    }
}

/// Parameters and average after an update with each of the gradients.
pub(super) fn reference(
    update: &Update,
    params: &[Param],
    start: &[f32],
    gradients: &[Vec<f32>],
) -> [Vec<f64>; 2] {
    let mut scalars: Vec<Scalar> =
        start.iter().map(|&w| Scalar { w: w as f64, ..Scalar::default() }).collect();
    for (number, gradients) in (1..).zip(gradients) {
        let limit = limited(update.clip, params, gradients);
        for param in params {
            let rule = adapted(update.optimizer, param);
            for at in param.offset..param.offset + param.len {
                match param {
                    Param { buffer: true, .. } => scalars[at].average(update, number),
                    Param { trainable: true, .. } => {
                        scalars[at].update(update, number, rule, limit(gradients[at] as f64));
                    }
                    _ => {}
                }
            }
        }
    }
    [scalars.iter().map(|scalar| scalar.w).collect(), scalars.iter().map(|scalar| scalar.average).collect()]
}
