//! Which parameters an update reaches, and how: neighbours that are treated alike are one stretch.
//!
//! Frozen parameters are in none. Running statistics are in one only if an average is kept, which includes them as in TensorFlow's
//! and timm's training of EfficientNet: averaged weights need statistics of about the same age.

use std::ops::Range;

use super::{Optimizer, Update};
use crate::plan::Param;

/// Neighbouring parameters that are treated alike.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stretch {
    /// Floats of the packed parameters.
    pub(crate) range: Range<usize>,
    /// The rule with their attributes; `None` for running statistics, which are averaged only.
    pub(crate) rule: Option<Optimizer>,
}

/// The stretches of these parameters that an update reaches, in order.
pub(crate) fn stretches(
    update: Update,
    params: impl IntoIterator<Item = &'static Param>,
) -> impl Iterator<Item = Stretch> {
    let mut rest = params.into_iter().filter_map(move |param| stretch(&update, param)).peekable();
    std::iter::from_fn(move || {
        let mut stretch = rest.next()?;
        let joins = |next: &Stretch, end| next.range.start == end && next.rule == stretch.rule;
        while let Some(next) = rest.next_if(|next| joins(next, stretch.range.end)) {
            stretch.range.end = next.range.end;
        }
        Some(stretch)
    })
}

/// What an update does with one parameter.
pub(crate) fn stretch(update: &Update, param: &Param) -> Option<Stretch> {
    let rule = match param {
        Param { buffer: true, .. } => update.average.map(|_| None),
        Param { trainable: true, .. } => Some(Some(adapted(update.optimizer, param))),
        _ => None,
    };
    Some(Stretch { range: param.offset..param.offset + param.len, rule: rule? })
}

/// The rule for a parameter with attributes of its own.
fn adapted(rule: Optimizer, param: &Param) -> Optimizer {
    let rule = rule.with_lr(rule.lr() * param.lr_factor);
    if param.decay { rule } else { rule.with_weight_decay(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Sgd;

    const PARAM: Param = Param::vector("", &[8]);
    static PARAMS: [Param; 9] = [
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

    fn stretches(update: Update) -> Vec<Stretch> {
        super::stretches(update, &PARAMS).collect()
    }

    #[test]
    fn neighbours_that_are_alike_are_updated_together_and_frozen_ones_not() {
        let rule = |lr, weight_decay| Some(Optimizer::Sgd(Sgd { lr, weight_decay, ..Sgd::DEFAULT }));
        let plain = Update::new(rule(0.5, 0.25).expect("a rule"));
        let mut expected = [
            (0..16, rule(0.5, 0.25)),
            (24..32, rule(0.5, 0.25)),
            (32..40, rule(1.0, 0.25)),
            (40..48, rule(1.0, 0.0)),
            (56..64, rule(0.5, 0.25)),
            (72..80, rule(0.5, 0.25)),
        ]
        .map(|(range, rule)| Stretch { range, rule })
        .to_vec();
        assert_eq!(stretches(plain), expected);
        expected.insert(4, Stretch { range: 48..56, rule: None });
        assert_eq!(stretches(Update { average: Some(0.9), ..plain }), expected);
        assert_eq!(super::stretches(plain, &[]).next(), None);
    }
}
