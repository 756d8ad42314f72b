//! The parameters that an update reaches, and how: neighbours that are treated alike are one range.
//!
//! Frozen parameters are in none. Running statistics are in one only if an average is kept, which
//! includes them as in TensorFlow's and timm's training of EfficientNet: averaged weights need
//! statistics of about the same age.

use std::ops::Range;

use super::{Optimizer, Update};
use crate::plan::Param;

/// Neighbouring parameters that are treated alike.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParamRange {
    /// Floats of the packed parameters.
    pub range: Range<usize>,
    /// The rule with their attributes; `None` for running statistics, which are averaged only.
    pub rule: Option<Optimizer>,
}

/// The ranges of these parameters that an update reaches, in order.
pub(crate) fn ranges(
    update: Update,
    params: impl IntoIterator<Item = &'static Param>,
) -> impl Iterator<Item = ParamRange> {
    let mut rest = params.into_iter().filter_map(move |param| range_of(&update, param)).peekable();
    std::iter::from_fn(move || {
        let mut joined = rest.next()?;
        let joins = |next: &ParamRange, end| next.range.start == end && next.rule == joined.rule;
        while let Some(next) = rest.next_if(|next| joins(next, joined.range.end)) {
            joined.range.end = next.range.end;
        }
        Some(joined)
    })
}

/// What an update does with one parameter.
pub(crate) fn range_of(update: &Update, param: &Param) -> Option<ParamRange> {
    let rule = match param {
        Param { buffer: true, .. } => update.average.map(|_| None),
        Param { trainable: true, .. } => Some(Some(adapted(update.optimizer, param))),
        _ => None,
    };
    Some(ParamRange { range: param.offset..param.offset + param.len, rule: rule? })
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

    fn ranges(update: Update) -> Vec<ParamRange> {
        super::ranges(update, &PARAMS).collect()
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
        .map(|(range, rule)| ParamRange { range, rule })
        .to_vec();
        assert_eq!(ranges(plain), expected);
        expected.insert(4, ParamRange { range: 48..56, rule: None });
        assert_eq!(ranges(Update { average: Some(0.9), ..plain }), expected);
        assert_eq!(super::ranges(plain, &[]).next(), None);
    }
}
