//! `schedule = …`: the course of the learning rate, named as the variants and fields of the runtime's `ScheduleKind`.

use super::{SHARE, fields};
use crate::{
    diag::Diagnostics,
    infer::{Args, Bound, Kind, Param, Spec, optional, required},
    ir::Schedule,
};

const DIVISOR: Kind = Kind::Number("at least 1", |divisor| divisor >= 1.0);
const EPOCHS: Kind = Kind::Number("at least 0", |epochs| epochs >= 0.0);
const MILESTONES: Kind = Kind::Numbers("whole and at least 1", |epoch| epoch >= 1.0 && epoch % 1.0 == 0.0);

const WARM_UP: &[Param] = &[optional("warm_up", EPOCHS, Bound::Number(0.0))];

/// A course with its own arguments, and `warm_up`.
const fn course(name: &'static str, params: &'static [Param]) -> Spec {
    Spec { name, params, attributes: WARM_UP }
}

/// `cosine(end = 0.01, warm_up = 5)` … or the bare word.
pub(super) const COURSES: &[&Spec] = &[
    &course("constant", &[]),
    &course("step", &[required("every", Kind::Count), optional("factor", SHARE, Bound::Number(0.1))]),
    &course(
        "multi_step",
        &[required("milestones", MILESTONES), optional("factor", SHARE, Bound::Number(0.1))],
    ),
    &course("exponential", &[required("factor", SHARE)]),
    &course("cosine", &[optional("end", Kind::UNIT, Bound::Number(0.0))]),
    &course(
        "one_cycle",
        &[
            optional("rise", SHARE, Bound::Number(0.3)),
            optional("start_divisor", DIVISOR, Bound::Number(25.0)),
            optional("end_divisor", DIVISOR, Bound::Number(1e4)),
        ],
    ),
    &course(
        "polynomial",
        &[
            optional("power", Kind::POSITIVE, Bound::Number(1.0)),
            optional("end", Kind::UNIT, Bound::Number(0.0)),
        ],
    ),
    &course(
        "plateau",
        &[optional("factor", SHARE, Bound::Number(0.1)), optional("patience", Kind::Count, Bound::Count(10))],
    ),
];

/// The learning rate as it is if no course is chosen.
pub(super) fn schedule(chosen: Option<&Args>, epochs: usize, errors: &mut Diagnostics) -> Schedule {
    let Some(args) = chosen else { return Schedule { kind: "Constant", fields: Vec::new(), warm_up: 0.0 } };
    let kind = match args.spec.name {
        "constant" => "Constant",
        "step" => "Step",
        "multi_step" => "MultiStep",
        "exponential" => "Exponential",
        "cosine" => "Cosine",
        "one_cycle" => "OneCycle",
        "polynomial" => "Polynomial",
        _ => "Plateau",
    };
    check(args, epochs, errors);
    let mut fields = fields(args);
    fields.retain(|(name, _)| *name != "warm_up");
    Schedule { kind, fields, warm_up: args.number("warm_up") }
}

/// A course has to fit the epochs of training.
fn check(args: &Args, epochs: usize, errors: &mut Diagnostics) {
    let course = args.spec.name;
    let warm_up = args.number("warm_up");
    if warm_up as f64 >= epochs as f64 {
        let message =
            format!("{course}: warm_up must be below the {epochs} epochs of training, found {warm_up}");
        errors.error(args.span("warm_up"), message);
    }
    let milestones =
        if course == "multi_step" { args.numbers("milestones").unwrap_or_default() } else { &[] };
    if milestones.windows(2).any(|pair| pair[0] >= pair[1]) {
        errors.error(args.span("milestones"), format!("{course}: milestones must ascend"));
    }
    let late = milestones.iter().find(|&&epoch| epoch >= epochs as f64);
    if let Some(epoch) = late {
        let message =
            format!("{course}: milestone {epoch} is never reached in {epochs} epochs; set `epochs`");
        errors.error(args.span("milestones"), message);
    }
    if course == "step" && args.count("every") >= epochs {
        let every = args.count("every");
        let message = format!(
            "{course}: the rate never changes: every = {every}, and there are {epochs} epochs; set `epochs`"
        );
        errors.error(args.span("every"), message);
    }
}
