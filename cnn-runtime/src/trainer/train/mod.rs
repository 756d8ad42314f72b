//! `train`: loads data, trains, keeps weights, records and checkpoints in a folder, and prints the
//! score on the test images.
//!
//! The validation figures come from images that the data set has for it, with `--val-split` from
//! held-out training images, and without either from the test images, as in Keras' examples. Either
//! way the last line is the final weights' score on the test images.

pub(super) mod args;
mod origin;
mod output;
mod recipe;
mod same_images;

use std::path::Path;

use cnn_core::{Error, Result};

use super::{
    advice::advise,
    common::Common,
    config, eval,
    exit::Ending,
    format,
    interrupt::Interrupt,
    log_line, print, progress,
    source::{self, Source},
};
use crate::{
    checkpoint::RunSettings,
    data::{Batches, Dataset, Part, sample, split},
    device::Device,
    network::Model,
    plan::{Description, LossKind},
    session::{Options, Session},
    train::{Callback, EarlyStopping, EpochReport, Fit, Score, best, evaluate_until},
};
pub(super) use args::Args;
use origin::Origin;
use recipe::Recipe;
use same_images::SameImages;

pub(super) fn run(
    model: Model,
    common: &Common,
    args: &Args,
    callbacks: Vec<Box<dyn Callback>>,
) -> Result<Ending> {
    let description = model.description();
    let recipe = Recipe::new(&args.optimisation, &description.training)?;
    if args.configuration.dry_run {
        return print(&described(description, &recipe, args)).map(|()| Ending::Done);
    }
    let origin = Origin::of(&args.kept, description)?;
    let _reserved = output::prepare(&args.kept)?;
    let source = Source::open(&args.data, description, common.seed)?;
    let (train, validation, test) =
        (source.part(Part::Train)?, source.validation()?, source.part(Part::Test)?);
    let (own, classes) = (classes(&*train), origin.classes(&*train, description));
    origin.note_order(&args.data, &*train);
    let by_classes = |images| origin.by_classes(&args.data, images, &classes);
    let (train, test) = (by_classes(train)?, by_classes(test)?);
    let validation = validation.map(by_classes).transpose()?;
    let drawn = sample(train.len(), args.limit.unwrap_or(usize::MAX), common.seed)?;
    let split = split(drawn, args.val_split, common.seed)
        .map_err(|error| advise(error, "--val-split is that share"))?;
    let batch = recipe.batch.min(split.train.len());

    let device = common.open_device()?;
    let options = Options::train(&model)
        .batch(batch)
        .update(recipe.update)
        .seed(common.seed)
        .gradient_norm(args.optimisation.gradient_norm);
    let mut session = Session::new(model, &device, &options)?;
    origin.load(&mut session)?;
    announce(&session, &device, split.train.len(), test.len());
    note_validation(args, validation.as_deref());
    note_losses(description);
    let policy = source::skip_policy(&args.data);
    let all = |images: &dyn Dataset| (0..images.len() as u32).collect::<Vec<u32>>();
    let held_out = if args.val_split.is_some() { None } else { validation.as_deref() };
    let (of_test, of_held_out) = (all(&*test), held_out.map(all).unwrap_or_default());
    let mut files =
        vec![(&*train, &split.train[..]), (&*train, &split.validation[..]), (&*test, &of_test[..])];
    files.extend(held_out.map(|images| (images, &of_held_out[..])));
    source::check(&args.data, &files, &policy)?;
    let train = source::fitted(train, &split.train, description, origin.statistics(), policy)?;
    session.set_data_info(train.data_info()?.of_data_set(Some(args.data.kind())));
    let batches = |indices| Batches::new(&train, indices, batch);
    let mut sets = Sets {
        held_out: match validation {
            _ if args.val_split.is_some() => Some(batches(split.validation)?),
            Some(images) => Some(Batches::all(&train.with_data(images), batch)?),
            None => None,
        },
        train: batches(split.train)?,
        test: Batches::all(&train.with_data(test), batch)?,
    };
    let settings = settings(description, &own, &recipe, common.seed, args);
    let interrupt = Interrupt::listen()?;
    let around = Around { interrupt: &interrupt, callbacks, settings, origin };
    match fit(&mut session, &device, &mut sets, &recipe, around, common, args)? {
        Some(score) => print(&eval::result_line(&score)).map(|()| Ending::Done),
        None => Ok(output::interrupted(&args.kept, interrupt.exit_code())),
    }
}

/// What helps a run that cannot go on.
const ANEW: &str = "without --resume a run starts anew, and --init starts it from weights";

/// The images of a run.
struct Sets {
    train: Batches,
    /// The images for validation; without them it takes the test images.
    held_out: Option<Batches>,
    test: Batches,
}

/// What looks at a run from outside.
struct Around<'a> {
    interrupt: &'a Interrupt,
    /// The program's own.
    callbacks: Vec<Box<dyn Callback>>,
    /// What a resumed run must have in common with the one that was saved.
    settings: RunSettings,
    origin: Origin,
}

/// Trains and returns the score on the test images, or nothing if a signal ended that. The progress
/// bar leaves the terminal with its callback, before the score is printed.
fn fit(
    session: &mut Session,
    device: &Device,
    sets: &mut Sets,
    recipe: &Recipe,
    Around { interrupt, callbacks, settings, origin }: Around,
    common: &Common,
    args: &Args,
) -> Result<Option<Score>> {
    let fit = Fit::new(recipe.epochs, common.seed).accumulate(recipe.accumulate).schedule(recipe.schedule);
    let fit = output::keeping(fit, &args.kept, settings, origin.checkpoint.as_deref());
    // Without a checkpoint before or after, nobody asks which images they were.
    let fit = if args.kept.output.is_some() || origin.checkpoint.is_some() {
        fit.callback(SameImages::new(args.data.place(), recipe.epochs, sets)?)
    } else {
        fit
    };
    let patience = args.optimisation.patience.unwrap_or(usize::MAX);
    let fit = callbacks.into_iter().fold(fit, Fit::boxed_callback);
    let mut fit = fit.callback(EarlyStopping::new(patience)?).callback(interrupt.clone());
    if let Some(path) = &origin.checkpoint {
        fit.resume(session, path).map_err(|error| advise(error, ANEW))?;
        log_line(&format!("goes on from {}", path.display()));
    }
    // A dashboard takes the screen: nothing may fail or speak between it and the run.
    let mut fit = progress::shown(fit);
    let (score, history) = device.install(|| {
        let history = fit.run(session, &mut sets.train, sets.held_out.as_mut().unwrap_or(&mut sets.test))?;
        let score = match history.last() {
            _ if interrupt.is_received() => None,
            Some(last) if sets.held_out.is_none() && !args.data.skips() => {
                Some(last.validation(sets.test.len()))
            }
            _ => evaluate_until(session, &mut sets.test, || interrupt.is_received(), |_, _| (), None)?,
        };
        let score =
            score.map(|score| score.finite(Error::diverged("the loss", history.len()))).transpose()?;
        Ok::<_, Error>((score, history.to_vec()))
    })?;
    // The progress bar leaves the terminal first.
    drop(fit);
    if score.is_some() {
        log_line(&ended(&history, recipe.epochs, patience, args.kept.output.as_deref()));
    }
    Ok(score)
}

/// The end of a run: why it ended if not by its length, its best epoch, and where its weights are.
fn ended(history: &[EpochReport], epochs: usize, patience: usize, output: Option<&Path>) -> String {
    let (last, best) = match (history.last(), best(history)) {
        (Some(last), Some(best)) => (last.epoch, best),
        _ => return "ended before its first epoch".into(),
    };
    let why = match last - best.epoch {
        _ if last >= epochs => String::new(),
        since if since >= patience => {
            format!(
                "ended after {last} of {epochs} epochs, {since} of them without a better one (--patience); "
            )
        }
        _ => format!("a callback ended the run after {last} of {epochs} epochs; "),
    };
    let score = format::figures("val_", &best.validation(0));
    let kept = match output {
        Some(folder) => format!("weights: {}, last.safetensors", folder.join("best.safetensors").display()),
        None => "no weights were kept: --output DIR keeps them".into(),
    };
    format!("{why}best epoch {} of {last}: {score}; {kept}", best.epoch)
}

/// Says which images choose the best epoch, where that is not said by an option.
fn note_validation(args: &Args, validation: Option<&dyn Dataset>) {
    match (args.val_split, validation) {
        (None, None) => log_line(
            "no images for validation: the best epoch is chosen by the test images; --val-split F holds training images back",
        ),
        (None, Some(images)) => {
            log_line(&format!(
                "{} images for validation choose the best epoch",
                format::thousands(images.len() as u64)
            ));
        }
        (Some(_), Some(_)) => {
            log_line(
                "--val-split holds training images back: the data set's own for validation are not used",
            );
        }
        (Some(_), None) => {}
    }
}

/// The names of a data set's classes, if they have any, in an order that does not depend on the
/// network's outputs.
fn classes(images: &dyn Dataset) -> String {
    let mut names: Vec<_> = (0..images.outputs()).map(|output| images.output_name(output)).collect();
    names.sort_unstable();
    let all = names.join(", ");
    if all.len() <= LISTED {
        return all;
    }
    let mut crc = flate2::Crc::new();
    crc.update(all.as_bytes());
    format!("{} (checksum {:08x})", names.len(), crc.sum())
}

/// Letters of the names of classes that a message holds.
const LISTED: usize = 200;

/// What a resumed run must have in common with the one that was saved.
fn settings(
    description: &Description,
    classes: &str,
    recipe: &Recipe,
    seed: u64,
    args: &Args,
) -> RunSettings {
    let settings = RunSettings::default()
        .with("network", description.name)
        .with("classes", classes)
        .with("--seed", seed)
        .with("--val-split", args.val_split.map_or("none".into(), |share| share.to_string()))
        .with("--limit", args.limit.map_or("none".into(), |images| images.to_string()));
    recipe
        .options()
        .into_iter()
        .fold(settings, |settings, (name, value)| settings.with(&format!("--{name}"), value))
}

/// A file for `--config` that asks for this run.
fn described(description: &Description, recipe: &Recipe, args: &Args) -> String {
    let mut table = args.given.clone();
    if let Some(data) = args.data.name(description) {
        table.insert("data".into(), data.into());
    }
    // Parts of the optimizer and of the schedule, and the two limits of which one is given.
    for part in ["lr", "momentum", "weight-decay", "warm-up", "clip-norm", "clip-value"] {
        table.remove(part);
    }
    for (name, value) in recipe.options().into_iter().chain([("epochs", recipe.epochs.to_string())]) {
        table.insert(name.into(), config::typed(&value));
    }
    format!("# A training run of {}, for --config.\n{table}", description.name)
}

/// Says where the two losses of an epoch are not of one kind.
fn note_losses(description: &Description) {
    let training = &description.training;
    let mut more = Vec::new();
    if let LossKind::CrossEntropy { smoothing, class_weights } = training.loss {
        more.extend((smoothing > 0.0).then(|| format!("smoothing {smoothing}")));
        more.extend(class_weights.map(|_| "the weights of classes".into()));
    }
    more.extend((description.outputs.len() > 1).then(|| "the losses of auxiliary outputs".into()));
    if !more.is_empty() {
        log_line(&format!("loss is with {}, val_loss without", more.join(" and ")));
    }
}

fn announce(session: &Session, device: &Device, train: usize, test: usize) {
    let description = session.description();
    log_line(&format!(
        "{}: {} parameters, {} training and {} test images, batch {}, on {}",
        description.name,
        format::thousands(description.parameter_count() as u64),
        format::thousands(train as u64),
        format::thousands(test as u64),
        session.batch(),
        device.describe(),
    ));
}
