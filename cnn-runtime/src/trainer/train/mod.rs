//! `train`: loads data, trains, keeps weights, records and checkpoints in a folder, and prints the
//! score on the test images.
//!
//! The validation figures come from images that the data set has for it, with `--val-split` from
//! held-out training images, and without either from the test images, as in Keras' examples. Either
//! way the last line is the final weights' score on the test images.

pub(super) mod args;
mod output;
mod recipe;

use cnn_core::{Error, Result, Targets};
use flate2::Crc;

use super::{
    advice::advise, common::Common, config, eval, exit::Ending, format, interrupt::Interrupt, log_line,
    print, progress, source,
};
use crate::{
    checkpoint::RunSettings,
    data::{Batches, Dataset, Part, sample, split},
    device::Device,
    network::Model,
    session::{Options, Session},
    train::{Callback, EarlyStopping, Fit, Score, evaluate_until},
    weights,
};
pub(super) use args::Args;
use recipe::Recipe;

pub(super) fn run(
    model: Model,
    common: &Common,
    args: &Args,
    callbacks: Vec<Box<dyn Callback>>,
) -> Result<Ending> {
    let description = model.description();
    let recipe = Recipe::new(&args.optimisation, &description.training)?;
    if args.configuration.dry_run {
        return print(&described(description.name, &recipe, args)).map(|()| Ending::Done);
    }
    let train = source::load(&args.data, Part::Train, description, common.seed)?;
    let test = source::load(&args.data, Part::Test, description, common.seed)?;
    let validation = source::validation(&args.data, description)?;
    let drawn = sample(train.len(), args.limit.unwrap_or(usize::MAX), common.seed)?;
    let split = split(drawn, args.val_split, common.seed)
        .map_err(|error| advise(error, "--val-split is that share"))?;
    let batch = recipe.batch.min(split.train.len());

    let _reserved = output::prepare(&args.kept)?;
    let device = common.open_device()?;
    let options = Options::train(&model)
        .batch(batch)
        .update(recipe.update)
        .seed(common.seed)
        .gradient_norm(args.optimisation.gradient_norm);
    let mut session = Session::new(model, &device, &options)?;
    if let Some(path) = &args.kept.init {
        weights::load(&mut session, path)?;
        weights::check_finite(&mut session, path)?;
    }
    announce(&session, &device, split.train.len(), test.len());
    note_validation(args, validation.as_deref());
    let train = source::fitted(&args.data, train, &split.train, description)?;
    session.set_data_info(train.data_info()?);
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
    let interrupt = Interrupt::listen()?;
    let around = Around { interrupt: &interrupt, callbacks };
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
}

/// Trains and returns the score on the test images, or nothing if a signal ended that. The progress
/// bar leaves the terminal with its callback, before the score is printed.
fn fit(
    session: &mut Session,
    device: &Device,
    sets: &mut Sets,
    recipe: &Recipe,
    Around { interrupt, callbacks }: Around,
    common: &Common,
    args: &Args,
) -> Result<Option<Score>> {
    let settings = settings(session, sets, recipe, common.seed)?;
    let fit = Fit::new(recipe.epochs, common.seed).accumulate(recipe.accumulate).schedule(recipe.schedule);
    let checkpoint = output::checkpoint(&args.kept)?;
    let fit = output::keeping(fit, &args.kept, settings, checkpoint.as_deref());
    let patience = args.optimisation.patience.unwrap_or(usize::MAX);
    let fit = callbacks.into_iter().fold(fit, Fit::boxed_callback);
    let mut fit = fit.callback(EarlyStopping::new(patience)?).callback(interrupt.clone());
    if let Some(path) = &checkpoint {
        fit.resume(session, path).map_err(|error| advise(error, ANEW))?;
        log_line(&format!("goes on from {}", path.display()));
    }
    // A dashboard takes the screen: nothing may fail or speak between it and the run.
    let mut fit = progress::shown(fit);
    device.install(|| {
        let history = fit.run(session, &mut sets.train, sets.held_out.as_mut().unwrap_or(&mut sets.test))?;
        let score = match history.last() {
            _ if interrupt.is_received() => None,
            Some(last) if sets.held_out.is_none() && !args.data.skips() => {
                Some(last.validation(sets.test.len()))
            }
            _ => evaluate_until(session, &mut sets.test, || interrupt.is_received(), |_, _| (), None)?,
        };
        score.map(|score| score.finite(Error::diverged("the loss", history.len()))).transpose()
    })
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

/// What a resumed run must have in common with the one that was saved.
fn settings(session: &Session, sets: &mut Sets, recipe: &Recipe, seed: u64) -> Result<RunSettings> {
    let held_out = sets.held_out.as_ref().map_or(0, Batches::len);
    let settings = RunSettings::default()
        .with("network", session.description().name)
        .with("training images", sets.train.len())
        .with("held-out images", held_out)
        .with("test images", fingerprint(&mut sets.test)?)
        .with("--seed", seed);
    let options = recipe.options().into_iter();
    Ok(options.fold(settings, |settings, (name, value)| settings.with(&format!("--{name}"), value)))
}

/// A file for `--config` that asks for this run.
fn described(network: &str, recipe: &Recipe, args: &Args) -> String {
    let mut table = args.given.clone();
    // Parts of the optimizer and of the schedule, and the two limits of which one is given.
    for part in ["lr", "momentum", "weight-decay", "warm-up", "clip-norm", "clip-value"] {
        table.remove(part);
    }
    for (name, value) in recipe.options().into_iter().chain([("epochs", recipe.epochs.to_string())]) {
        table.insert(name.into(), config::typed(&value));
    }
    format!("# A training run of {network}, for --config.\n{table}")
}

/// The number of images and a checksum of the first batch: other images, or the same prepared
/// otherwise, have another.
fn fingerprint(batches: &mut Batches) -> Result<String> {
    let mut crc = Crc::new();
    batches.rewind();
    if let Some(batch) = batches.next_batch()? {
        batch.images.iter().for_each(|value| crc.update(&value.to_le_bytes()));
        match batch.targets {
            Targets::Classes(classes) => classes.iter().for_each(|class| crc.update(&class.to_le_bytes())),
            Targets::Values(values) => values.iter().for_each(|value| crc.update(&value.to_le_bytes())),
        }
    }
    Ok(format!("{} (checksum {:08x})", batches.len(), crc.sum()))
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
