//! From data sets to what a network takes of them: by the names of its classes, with statistics, and
//! without files that cannot be used.

use std::{path::Path, sync::Arc};

use cnn_core::{Error, Result, Tensor};

use super::{
    super::{format::thousands, log_line, progress},
    DataArgs, skip_policy,
};
use crate::{
    data::{
        Dataset, ImageFiles, Preparation, Prepared, SkipPolicy, UnknownClass, are_taken_in_order,
        check_files, with_class_order, with_new_classes,
    },
    plan::{Description, TargetKind},
    session::Session,
};

/// Names that a message holds before it only counts.
const LISTED: usize = 10;

/// Files that cannot be used, each with a line, before the rest is only counted.
const MOST_BAD: usize = 100;

/// Training images as the network takes them, with the statistics that its `data { }` asks for: those
/// that came with a file, or fitted on the images.
pub(in crate::trainer) fn fitted(
    data: Arc<dyn Dataset>,
    indices: &[u32],
    description: &Description,
    known: Option<(&Path, &[Tensor])>,
    policy: SkipPolicy,
) -> Result<Prepared> {
    if let Some((file, statistics)) = known.filter(|(_, statistics)| !statistics.is_empty()) {
        let preparation = Preparation::new(description, statistics.to_vec())
            .map_err(|error| Error::weights(file, error.to_string()))?;
        log_line(&format!("statistics of the data are those of {}", file.display()));
        return Ok(Prepared::new(data, preparation, policy));
    }
    let prepared = Prepared::fit(data, description, indices, policy)?;
    if prepared.fitted_on() > 0 {
        let [fitted, all] = [prepared.fitted_on(), indices.len() as u64].map(thousands);
        log_line(&format!("statistics of the data fitted on {fitted} of {all} training images"));
    }
    Ok(prepared)
}

/// Images as the network takes them, with the classes and the statistics that came with a session's
/// weights, which are this file's.
pub(in crate::trainer) fn prepared(
    args: &DataArgs,
    data: Arc<dyn Dataset>,
    session: &Session,
    weights: &Path,
) -> Result<Prepared> {
    let names = session.data_info().classes();
    note_order(args, &*data, names, weights);
    let data = by_classes(args, data, names, weights)?;
    Ok(Prepared::new(data, preparation(session, weights)?, skip_policy(args)))
}

/// Says where a data set's classes are taken in order, since they have no names that a file knows.
pub(in crate::trainer) fn note_order(args: &DataArgs, data: &dyn Dataset, names: &[String], file: &Path) {
    if are_taken_in_order(data, names) {
        let (file, set, what) = (file.display(), args.data(), data.target().outputs());
        log_line(&format!("{file} and {set} know none of the {what} by one name: they are taken in order"));
    }
}

/// Images whose targets are the outputs of these names, which a file knows.
pub(in crate::trainer) fn by_classes(
    args: &DataArgs,
    data: Arc<dyn Dataset>,
    names: &[String],
    file: &Path,
) -> Result<Arc<dyn Dataset>> {
    with_class_order(data, names).map_err(|UnknownClass { kind, name, .. }| Error::Data {
        path: args.data().to_string().into(),
        message: format!("{} knows no {} {name}; it knows {}", file.display(), kind.output(), listed(names)),
    })
}

/// The names of a network's outputs that goes on from weights: those that the weights know, with
/// the other classes of the data set. What becomes of the outputs is said.
pub(in crate::trainer) fn with_more_classes(
    data: &dyn Dataset,
    known: &[String],
    outputs: usize,
    weights: &Path,
) -> Vec<String> {
    let own: Vec<String> = (0..data.outputs()).map(|output| data.output_name(output)).collect();
    if data.target() == TargetKind::Values {
        return known.to_vec();
    }
    let (names, taken) = with_new_classes(known, &own, outputs);
    let taken: Vec<_> = taken
        .iter()
        .map(|taken| match &taken.before {
            Some(before) => format!("{} takes output {} of {before}", taken.class, taken.output),
            None => format!("{} takes output {}", taken.class, taken.output),
        })
        .collect();
    if !taken.is_empty() {
        log_line(&format!("new to {}: {}", weights.display(), listed(&taken)));
    }
    names
}

/// Looks at the files of all images before a run meets them one by one, says which cannot be used,
/// and passes over as many as may be.
pub(in crate::trainer) fn check(
    args: &DataArgs,
    sets: &[(&dyn Dataset, &[u32])],
    policy: &SkipPolicy,
) -> Result<()> {
    let images: usize = sets.iter().map(|(_, indices)| indices.len()).sum();
    let bar = progress::looking(images);
    let look =
        |(data, indices): &(&dyn Dataset, &[u32])| check_files(*data, indices, |count| bar.inc(count as u64));
    let bad: Vec<Error> = sets.iter().flat_map(look).collect();
    bar.finish_and_clear();
    let count = bad.len();
    if count > args.skip_bad.max(1) {
        bad.iter().take(MOST_BAD).for_each(|error| log_line(&format!("cannot be used: {error}")));
        let listed = if count > MOST_BAD { format!("{MOST_BAD} of them are") } else { "they are".into() };
        return Err(Error::Data {
            path: args.data().to_string().into(),
            message: format!(
                "{count} of {} images cannot be used, {listed} named above; mend or remove them, or let --skip-bad \
                 {count} pass over them",
                thousands(images as u64)
            ),
        });
    }
    bad.into_iter().try_for_each(|error| policy.skip(error))
}

/// The first few of some names.
fn listed(names: &[String]) -> String {
    let more =
        if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
    names[..names.len().min(LISTED)].join(", ") + &more
}

/// Image files that a command line names, as the network takes them: see [`prepared`]. Of several
/// there is a line about each that cannot be read, and the others are given out.
pub(in crate::trainer) fn files(
    files: Arc<ImageFiles>,
    session: &Session,
    weights: &Path,
) -> Result<Prepared> {
    let bad = if files.len() > 1 { SkipPolicy::up_to(usize::MAX).log(log_line) } else { SkipPolicy::none() };
    Ok(Prepared::new(files, preparation(session, weights)?, bad))
}

fn preparation(session: &Session, weights: &Path) -> Result<Preparation> {
    let statistics = session.data_info().statistics().to_vec();
    Preparation::new(session.description(), statistics)
        .map_err(|error| Error::weights(weights, error.to_string()))
}
