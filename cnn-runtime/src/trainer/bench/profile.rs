//! `bench --profile`: where the time goes, step by step, and how far each step is from the device's
//! limits.
//!
//! The floor of a step is the longer of its operations at the peak rate and its bytes at the rate
//! of a copy. Steps are listed by time lost, which is what they take beyond the floor. They run one
//! by one for the whole batch, so a map is not in a cache that a region would still have found
//! there; where it is, or where an algorithm saves operations, a step beats its floor.

use std::time::Instant;

use cnn_core::Result;

use super::{super::format::table, Batch};
use crate::{
    cpu::Limits,
    plan::{Description, Map},
    session::Session,
    watch::Work,
};

const HEADING: [&str; 9] =
    ["Layer", "Step", "Input", "Output", "ms", "ms lost", "GFLOP/s", "GB/s", "of floor"];

/// One step, or several taken together.
#[derive(Clone)]
struct Row {
    titles: [String; 4],
    seconds: f64,
    work: Work,
    floor: f64,
}

/// Profiles `steps` passes over a batch and keeps the fastest run of each step.
pub(super) fn text(
    session: &mut Session,
    batch: &Batch,
    steps: usize,
    limits: Option<Limits>,
) -> Result<String> {
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..steps {
        pass(session, batch, limits, &mut rows)?;
    }
    let kinds = kinds(&rows);
    let total = rows.iter().map(|row| row.seconds).sum::<f64>() * 1e3;
    let mut text = match limits {
        Some(Limits { flops, bytes }) => {
            format!("Limits: {:.0} GFLOP/s, {:.1} GB/s copied\n\n", flops / 1e9, bytes / 1e9)
        }
        None => "Limits: not known for this device, so every floor is 0\n\n".into(),
    };
    text += &by_time_lost(rows);
    text += "\n";
    text += &by_time_lost(kinds);
    Ok(text + &format!("\nAll steps, one by one: {total:.3} ms\n"))
}

/// One pass; its times lower those in `rows`.
fn pass(session: &mut Session, batch: &Batch, limits: Option<Limits>, rows: &mut Vec<Row>) -> Result<()> {
    let samples = session.batch();
    let targets = batch.training.then(|| batch.targets.all());
    let mut count = 0;
    session.watch(&batch.images, targets, &mut |seen| {
        let work = Work::of(seen.step, samples);
        let [layer, kind] = [seen.layer(), seen.step.described().kind()].map(str::to_owned);
        let [input, output] = seen.shapes().map(|map| map.map_or(String::new(), shape));
        record(rows, count, Row { titles: [layer, kind, input, output], ..row(work, seen.seconds, limits) });
        count += 1;
        Ok(())
    })?;
    if batch.training {
        // It reads parameters, gradients and state, and writes parameters and state.
        let start = Instant::now();
        session.update()?;
        let &Description { params_len, training, .. } = session.description();
        let arrays = 3 + 2 * training.update.slots();
        let bytes = (params_len * arrays * size_of::<f32>()) as f64;
        let row = row(Work { flops: 0.0, bytes }, start.elapsed().as_secs_f64(), limits);
        record(rows, count, Row { titles: ["all", "update", "", ""].map(str::to_owned), ..row });
    }
    Ok(())
}

fn record(rows: &mut Vec<Row>, position: usize, row: Row) {
    match rows.get_mut(position) {
        Some(before) => before.seconds = before.seconds.min(row.seconds),
        None => rows.push(row),
    }
}

fn row(work: Work, seconds: f64, limits: Option<Limits>) -> Row {
    let floor = limits.map_or(0.0, |limits| (work.flops / limits.flops).max(work.bytes / limits.bytes));
    Row { titles: Default::default(), seconds, work, floor }
}

/// The shape of a map, such as `64 x 56 x 56`.
fn shape(map: Map) -> String {
    super::super::format::dims(&[map.channels, map.height, map.width])
}

/// Rows of one kind of step together.
fn kinds(rows: &[Row]) -> Vec<Row> {
    let mut kinds: Vec<Row> = Vec::new();
    for row in rows {
        match kinds.iter_mut().find(|kind| kind.titles[1] == row.titles[1]) {
            Some(kind) => {
                kind.seconds += row.seconds;
                kind.floor += row.floor;
                kind.work.flops += row.work.flops;
                kind.work.bytes += row.work.bytes;
            }
            None => {
                let titles = ["all".into(), row.titles[1].clone(), String::new(), String::new()];
                kinds.push(Row { titles, ..row.clone() });
            }
        }
    }
    kinds
}

fn by_time_lost(mut rows: Vec<Row>) -> String {
    rows.sort_by(|a, b| (b.seconds - b.floor).total_cmp(&(a.seconds - a.floor)));
    table(&HEADING, &rows.iter().map(cells).collect::<Vec<_>>())
}

fn cells(row: &Row) -> Vec<String> {
    let Row { titles, seconds, work, floor } = row;
    let numbers = [
        format!("{:.3}", seconds * 1e3),
        format!("{:.3}", (seconds - floor) * 1e3),
        format!("{:.1}", work.flops / seconds / 1e9),
        format!("{:.1}", work.bytes / seconds / 1e9),
        format!("{:.0} %", 100.0 * floor / seconds),
    ];
    titles.iter().cloned().chain(numbers).collect()
}
