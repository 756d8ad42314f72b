//! Optimizer steps by `kernels/update.cl`, one launch for each run of neighbouring parameters that are updated alike.

use super::{
    engine::ClEngine,
    kernels::{Arg, Source},
    memory::Buffers,
};
use crate::{
    error::Result,
    optim::Optimizer,
    plan::{BLOCK, Param},
};

/// A range of the packed parameters, the factor of its learning rate and that of its weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    start: usize,
    end: usize,
    lr: f32,
    decay: f32,
}

/// Updates all trainable parameters.
pub(super) fn run(engine: &ClEngine, rule: &Optimizer, params: &[Param]) -> Result<()> {
    runs(params).iter().try_for_each(|run| launch(engine, rule, run))
}

fn runs(params: &[Param]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for param in params.iter().filter(|param| param.trainable && !param.buffer) {
        let (start, end) = (param.offset, param.offset + param.len);
        let run = Run { start, end, lr: param.lr_factor, decay: param.decay as u8 as f32 };
        match runs.last_mut() {
            Some(last) if (last.end, last.lr, last.decay) == (start, run.lr, run.decay) => last.end = end,
            _ => runs.push(run),
        }
    }
    runs
}

fn launch(engine: &ClEngine, rule: &Optimizer, run: &Run) -> Result<()> {
    let Buffers { params, grads, state, .. } = &engine.buffers;
    let blocks = (run.end - run.start) / BLOCK;
    let (offset, count) = (Arg::Uint(run.start as u32), Arg::Uint(blocks as u32));
    let mut args = vec![Arg::Buffer(params), Arg::Buffer(grads), Arg::Buffer(state), offset, count];
    let name = match *rule {
        Optimizer::Sgd(rule) => {
            args.extend([rule.lr * run.lr, rule.momentum].map(Arg::Float));
            args.extend([Arg::Uint(rule.nesterov as u32), Arg::Float(rule.weight_decay * run.decay)]);
            "sgd"
        }
        Optimizer::Adadelta(rule) => {
            args.push(Arg::Uint(engine.sizes.params as u32));
            let decay = rule.weight_decay * run.decay;
            args.extend([rule.lr * run.lr, rule.rho, rule.epsilon, decay].map(Arg::Float));
            "adadelta"
        }
    };
    let mut kernels = engine.kernels.borrow_mut();
    kernels.get(0, name, Source::Layers, String::new)?.launch(&engine.queue, &args, [blocks, 1, 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Init, Role};

    const PARAM: Param = Param {
        name: "",
        shape: &[8],
        role: Role::Vector,
        offset: 0,
        len: 8,
        init: Init::Constant(0.0),
        fan_in: 1,
        fan_out: 1,
        trainable: true,
        buffer: false,
        lr_factor: 1.0,
        decay: true,
    };

    #[test]
    fn neighbours_that_are_alike_are_updated_together_and_frozen_ones_and_buffers_not() {
        assert_eq!(runs(&[]), []);
        let params = [
            PARAM,
            Param { offset: 8, ..PARAM },
            Param { offset: 16, trainable: false, ..PARAM },
            Param { offset: 24, ..PARAM },
            Param { offset: 32, lr_factor: 2.0, ..PARAM },
            Param { offset: 40, lr_factor: 2.0, decay: false, ..PARAM },
            Param { offset: 48, trainable: false, buffer: true, ..PARAM },
            Param { offset: 56, ..PARAM },
            Param { offset: 72, ..PARAM },
        ];
        let expected = [
            (0, 16, 1.0, 1.0),
            (24, 32, 1.0, 1.0),
            (32, 40, 2.0, 1.0),
            (40, 48, 2.0, 0.0),
            (56, 64, 1.0, 1.0),
            (72, 80, 1.0, 1.0),
        ];
        assert_eq!(runs(&params), expected.map(|(start, end, lr, decay)| Run { start, end, lr, decay }));
    }
}
