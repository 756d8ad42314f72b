//! `schedule = …`: the course of the learning rate, which has to fit the epochs of training.

use cnn_plan::optim::{Schedule, ScheduleKind};

use crate::{diag::Diagnostics, shape::Made};

/// The learning rate as it is, if no course is chosen.
pub(super) fn schedule(chosen: Option<&Made<Schedule>>, epochs: usize, errors: &mut Diagnostics) -> Schedule {
    let Some(made) = chosen else { return Schedule::CONSTANT };
    let course = made.name();
    let mut misfit = |setting, message| errors.error(made.args.span(setting), format!("{course}: {message}"));
    let Schedule { kind, warm_up } = made.thing;
    if f64::from(warm_up) >= epochs as f64 {
        misfit("warm_up", format!("warm_up must be below the {epochs} epochs of training, found {warm_up}"));
    }
    if let Some((setting, message)) = never(kind, epochs) {
        misfit(setting, message);
    }
    made.thing
}

/// A change of the rate that is never reached: the setting that puts it there, and the error.
fn never(kind: ScheduleKind, epochs: usize) -> Option<(&'static str, String)> {
    match kind {
        ScheduleKind::Step { every, .. } if every >= epochs => {
            let message = format!(
                "the rate never changes: every = {every}, and there are {epochs} epochs; set `epochs`"
            );
            Some(("every", message))
        }
        ScheduleKind::MultiStep { milestones, .. } => {
            let late = milestones.iter().find(|&&epoch| epoch >= epochs)?;
            let message = format!("milestone {late} is never reached in {epochs} epochs; set `epochs`");
            Some(("milestones", message))
        }
        ScheduleKind::Step { .. }
        | ScheduleKind::Constant
        | ScheduleKind::Exponential { .. }
        | ScheduleKind::Cosine { .. }
        | ScheduleKind::OneCycle { .. }
        | ScheduleKind::Polynomial { .. }
        | ScheduleKind::Plateau { .. } => None,
    }
}
