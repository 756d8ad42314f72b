use super::*;

/// Every kind of schedule, at its defaults and at the limits of its settings. A new kind does not
/// compile until it is here.
fn settings(kind: ScheduleKind) -> &'static [&'static str] {
    match kind {
        ScheduleKind::Constant => &[""],
        ScheduleKind::Step { .. } => &["1", "2, factor = 1e-30", "1000000, factor = 0.999"],
        ScheduleKind::MultiStep { .. } => &["[1]", "[1, 2, 3], factor = 1e-30", "[1000000]"],
        ScheduleKind::Exponential { .. } => &["0.9", "1e-30", "0.99999"],
        ScheduleKind::Cosine { .. } => &["", "1", "0.5"],
        ScheduleKind::OneCycle { .. } => &[
            "",
            "0.5",
            "0.25",
            "0.125",
            "0.75",
            "0.0625",
            "0.2",
            "0.33333334",
            "1e-30",
            "0.99999994",
            "0.5, start_divisor = 1, end_divisor = 1",
            "0.5, start_divisor = 1e38, end_divisor = 1e38",
        ],
        ScheduleKind::Polynomial { .. } => &["", "1.2e-38", "1e38", "2, end = 1"],
        ScheduleKind::Plateau { .. } => &["", "1e-30, 1", "0.999, 1"],
    }
}

/// One schedule of each kind.
const KINDS: [&str; 8] = [
    "constant",
    "step(1)",
    "multi_step([1])",
    "exponential(0.9)",
    "cosine",
    "one_cycle",
    "polynomial",
    "plateau",
];

/// All schedules of [`settings`] with warm-ups of no, part of an epoch, whole epochs, and longer
/// than any run.
fn schedules() -> Vec<(String, Schedule)> {
    let mut schedules = Vec::new();
    for text in KINDS {
        let schedule: Schedule = text.parse().expect(text);
        let name = text.split('(').next().expect("a name");
        for settings in settings(schedule.kind) {
            for warm_up in ["0", "1e-30", "0.3", "0.5", "1", "1.5", "2", "9", "1e38"] {
                let comma = if settings.is_empty() { "" } else { ", " };
                let text = format!("{name}({settings}{comma}warm_up = {warm_up})");
                schedules.push((text.clone(), text.parse().expect(&text)));
            }
        }
    }
    schedules
}

#[test]
fn every_rate_of_every_schedule_is_finite_and_between_0_and_the_base_rate() {
    for (text, schedule) in schedules() {
        for per_epoch in 0..=64 {
            for epochs in 0..=5 {
                for lr in [0.1, f32::MAX] {
                    let mut rate = Rate::new(schedule, lr, per_epoch, epochs);
                    for loss in [2.0, 3.0, f64::NAN, f64::INFINITY, 3.0] {
                        rate.observe(loss);
                    }
                    // One more than the run has: a last epoch may be longer than was thought.
                    let updates = (0..=(per_epoch * epochs) as u64).chain([u64::MAX]);
                    for update in updates {
                        let found = rate.at(update);
                        assert!(
                            (0.0..=lr).contains(&found),
                            "{text}, {per_epoch} updates x {epochs} epochs, lr {lr}: {found} at {update}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_cycle_that_has_no_update_to_rise_in_starts_at_its_top() {
    for (text, updates) in [("one_cycle(0.5)", 2), ("one_cycle(0.25)", 4), ("one_cycle(0.125)", 8)] {
        let rate = Rate::new(text.parse().expect(text), 0.1, updates, 1);
        assert_eq!(rate.at(0), 0.1, "{text}");
        assert!(rate.at(1) < 0.1, "{text}");
    }
}

#[test]
fn a_plateau_is_left_after_patience_and_its_state_can_be_restored() {
    let schedule: Schedule = "plateau(factor = 0.5, patience = 1)".parse().expect("a schedule");
    let mut rate = Rate::new(schedule, 1.0, 10, 9);
    let rates = [3.0, 2.0, 2.0, f64::NAN, 1.0, 1.5, 1.5, 1.5, 1.5].map(|loss| {
        rate.observe(loss);
        rate.at(0)
    });
    assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]);
    let json = serde_json::to_string(&rate.plateau()).expect("a plain structure");
    let mut resumed = Rate::new(schedule, 1.0, 10, 9);
    resumed.set_plateau(serde_json::from_str(&json).expect("the same"));
    assert_eq!(resumed, rate);
}

#[test]
fn a_plateau_counts_no_further_than_its_numbers_go() {
    let mut rate = Rate::new("plateau".parse().expect("a schedule"), 1.0, 10, 9);
    rate.set_plateau(Plateau { best: Some(0.0), waited: usize::MAX, changes: u32::MAX });
    rate.observe(1.0);
    assert_eq!(rate.plateau(), Plateau { best: Some(0.0), waited: 0, changes: u32::MAX });
}
