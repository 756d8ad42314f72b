//! From `--data` and `--data-dir` to data sets, and to what the network takes of them.

mod place;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{additions::Opening, advice::advise, format::thousands, log_line, usage, values::DataName};
pub(super) use place::Brought;

use cnn_core::{Error, Result};

use crate::{
    data::{
        Cifar, CifarKind, Dataset, Folder, ImageFiles, Mnist, Part, Preparation, Prepared, SkipPolicy,
        UnknownClass, with_class_order,
    },
    plan::{Description, Prepare, TargetKind},
    session::Session,
};

/// The data set that is taken where none is named, by a network of its images.
pub(super) fn default(description: &Description) -> Option<&'static str> {
    (description.image_shape() == [1, 28, 28]).then_some("mnist")
}

/// Classes that an error names before it only counts.
const LISTED: usize = 10;

/// Where data comes from.
#[derive(clap::Args, Debug)]
pub(super) struct DataArgs {
    /// Data set: mnist, fashion-mnist, cifar10, cifar100 or folder:DIR, where DIR holds folders train,
    /// val and test (or one of the latter), or one folder for each class
    #[arg(long, value_name = "NAME", value_parser = DataName::known)]
    data: Option<DataName>,

    /// Folder of the data set's files [default: what comes with this program, or where --download
    /// or a package put them]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Fetch the data set first if it is not there, into --data-dir or the user's cache
    /// (~/.cache/cnn/NAME)
    #[arg(long)]
    download: bool,

    /// With --download: fetch it from URL/FILE instead of the mirrors that are known
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,

    /// Skip up to N images that cannot be decoded, with a line about each
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_bad: usize,

    /// What the program brings along.
    #[arg(skip)]
    brought: Brought,
}

impl DataArgs {
    /// Looks for data sets among what the program brings along.
    pub(super) fn bring(&mut self, brought: Brought) {
        self.brought = brought;
    }

    /// The data set; that of the examples, where none is named.
    fn data(&self) -> &DataName {
        self.data.as_ref().unwrap_or(&DataName::Mnist)
    }

    /// Refuses to take digits for the images of a network that was not made for them.
    fn check_named(&self, description: &Description) -> Result<()> {
        if self.data.is_some() || default(description).is_some() {
            return Ok(());
        }
        let [channels, height, width] = description.image_shape();
        Err(usage(format!(
            "--data names the images: {} takes {channels}x{height}x{width}, as folder:DIR or another data set has them \
             (--data mnist makes digits of 1x28x28 fit)",
            description.name
        )))
    }

    /// True if images may be passed over.
    pub(super) fn skips(&self) -> bool {
        self.skip_bad > 0
    }
}

/// Loads one part and checks that the network can answer what its targets ask.
pub(super) fn load(
    args: &DataArgs,
    part: Part,
    description: &Description,
    seed: u64,
) -> Result<Arc<dyn Dataset>> {
    args.check_named(description)?;
    let named = |error| advise(error, "--data-dir names the folder of the data set's files");
    let cifar = |kind| Cifar::load(&place::folder(args)?, kind, part).map_err(named);
    let data: Arc<dyn Dataset> = match args.data() {
        DataName::Mnist | DataName::FashionMnist => {
            Arc::new(Mnist::load(&place::folder(args)?, part).map_err(named)?)
        }
        DataName::Cifar10 => Arc::new(cifar(CifarKind::Cifar10)?),
        DataName::Cifar100 => Arc::new(cifar(CifarKind::Cifar100)?),
        DataName::Folder(_) | DataName::Own(_) if args.download => {
            return Err(usage(format!(
                "--download knows no {}: only named data sets can be fetched",
                args.data()
            )));
        }
        DataName::Folder(folder) => Arc::new(folder_part(folder, part)?),
        DataName::Own(name) => {
            let open =
                args.brought.own(name).ok_or_else(|| usage(format!("--data {name}: no such data set")))?;
            open(&Opening { part, folder: args.data_dir.as_deref(), seed })?
        }
    };
    check_targets(&*data, description)
        .map_err(|message| Error::Data { path: args.data().to_string().into(), message })?;
    if part == Part::Test {
        note(args, &*data, description);
    }
    Ok(data)
}

/// Says why a network does not answer what the targets of a data set ask, if it does not: it has
/// an output for each class and label, and the same values.
fn check_targets(data: &dyn Dataset, description: &Description) -> Result<(), String> {
    let (kind, count, name) = (data.target(), data.outputs(), description.name);
    let (expected, outputs) = (description.target(), description.output_len());
    let what = kind.outputs();
    if kind != expected {
        return Err(format!("the targets are {what}, but the outputs of {name} are {}", expected.outputs()));
    }
    let fits = match kind {
        TargetKind::Class | TargetKind::Labels => count <= outputs,
        TargetKind::Values => count == outputs,
    };
    if fits { Ok(()) } else { Err(format!("{count} {what}, but {name} has {outputs} outputs")) }
}

/// Training images as the network takes them, with the statistics that its `data { }` asks for
/// fitted on them.
pub(super) fn fitted(
    args: &DataArgs,
    data: Arc<dyn Dataset>,
    indices: &[u32],
    description: &Description,
) -> Result<Prepared> {
    let prepared = Prepared::fit(data, description, indices, skip_policy(args))?;
    if prepared.fitted_on() > 0 {
        let [fitted, all] = [prepared.fitted_on(), indices.len() as u64].map(thousands);
        log_line(&format!("statistics of the data fitted on {fitted} of {all} training images"));
    }
    Ok(prepared)
}

/// Images as the network takes them, with the classes and the statistics that came with a session's
/// weights, which are this file's.
pub(super) fn prepared(
    args: &DataArgs,
    data: Arc<dyn Dataset>,
    session: &Session,
    weights: &Path,
) -> Result<Prepared> {
    let names = session.data_info().classes();
    let data = with_class_order(data, names).map_err(|UnknownClass { kind, name, .. }| Error::Data {
        path: args.data().to_string().into(),
        message: format!(
            "{} knows no {} {name}; it knows {}",
            weights.display(),
            kind.output(),
            listed(names)
        ),
    })?;
    Ok(Prepared::new(data, preparation(session, weights)?, skip_policy(args)))
}

/// The first few of some names.
fn listed(names: &[String]) -> String {
    let more =
        if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
    names[..names.len().min(LISTED)].join(", ") + &more
}

/// Image files that a command line names, as the network takes them: see [`prepared`]. Of several
/// there is a line about each that cannot be read, and the others are given out.
pub(super) fn files(files: Arc<ImageFiles>, session: &Session, weights: &Path) -> Result<Prepared> {
    let bad = if files.len() > 1 { SkipPolicy::up_to(usize::MAX).log(log_line) } else { SkipPolicy::none() };
    Ok(Prepared::new(files, preparation(session, weights)?, bad))
}

fn preparation(session: &Session, weights: &Path) -> Result<Preparation> {
    let statistics = session.data_info().statistics().to_vec();
    Preparation::new(session.description(), statistics)
        .map_err(|error| Error::weights(weights, error.to_string()))
}

/// Says what happens to images without being declared. It is asked of the test images, which every
/// command loads.
fn note(args: &DataArgs, data: &dyn Dataset, description: &Description) {
    let ([channels, height, width], name) = (description.image_shape(), args.data());
    let shape = data.shape();
    let mut changes = Vec::new();
    if shape.is_some_and(|[stored, ..]| stored != channels) {
        changes.push(if channels == 1 { "grey".into() } else { format!("{channels} equal channels") });
    }
    let geometry =
        |stage| matches!(stage, Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_));
    let declared = description.data.is_some_and(|stages| stages.iter().copied().any(geometry));
    if !declared && shape.is_none_or(|[_, stored @ ..]| stored != [height, width]) {
        let fit = "the shorter side is resized to fit, the middle of the longer one kept";
        changes.push(format!("{height}x{width}: {fit}"));
    }
    if !changes.is_empty() {
        let which = if shape.is_some() { "images" } else { "images of other sizes" };
        log_line(&format!("{which} of {name} become {}", changes.join(", ")));
    }
    let (count, outputs, what) = (data.outputs(), description.output_len(), data.target().outputs());
    if count < outputs {
        let others = outputs - count;
        log_line(&format!("{name} has {count} {what}: no image belongs to the other {others} outputs"));
    }
}

pub(super) fn skip_policy(args: &DataArgs) -> SkipPolicy {
    SkipPolicy::up_to(args.skip_bad).advice("; --skip-bad N skips up to N such files").log(log_line)
}

fn folder_part(folder: &Path, part: Part) -> Result<Folder> {
    let parts = Folder::open_parts(folder)?;
    let missing = |wanted: &str, other: &str| Error::Data {
        path: folder.into(),
        message: format!("holds images for {other} alone, by the names of folders, and none for {wanted}"),
    };
    match part {
        Part::Train => parts.train.ok_or_else(|| missing("training", "testing")),
        Part::Test => {
            // By other names than those that the options name, it is a guess.
            let is_named =
                |part: &PathBuf| ["train", "val", "test"].iter().any(|name| folder.join(name) == **part);
            if !parts.folders.iter().all(is_named) {
                let names: Vec<_> = parts.folders.iter().map(|part| part.display().to_string()).collect();
                log_line(&format!("taken for parts of the data set by their names: {}", names.join(", ")));
            }
            if parts.drawn {
                log_line(
                    "no folders train and val or test: one image in five is a test image, drawn by its path",
                );
            }
            parts.test.ok_or_else(|| missing("testing", "training"))
        }
    }
}

/// The images for validation of a data set that has some beside those for testing.
pub(super) fn validation(args: &DataArgs, description: &Description) -> Result<Option<Arc<dyn Dataset>>> {
    let DataName::Folder(folder) = args.data() else { return Ok(None) };
    let Some(images) = Folder::open_parts(folder)?.validation else { return Ok(None) };
    check_targets(&images, description)
        .map_err(|message| Error::Data { path: args.data().to_string().into(), message })?;
    Ok(Some(Arc::new(images)))
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::DESCRIPTION, *};

    impl DataArgs {
        /// The data set's name.
        pub(in crate::trainer) fn name(&self) -> String {
            self.data().to_string()
        }

        /// What `--data` alone says.
        pub(super) fn named(name: &str) -> DataArgs {
            let data = Some(DataName::known(name).unwrap());
            let brought = Brought::default();
            DataArgs { data, data_dir: None, download: false, mirror: None, skip_bad: 0, brought }
        }
    }

    fn load(name: &str, part: Part) -> Result<Arc<dyn Dataset>> {
        super::load(&DataArgs::named(name), part, &DESCRIPTION, 0)
    }

    #[test]
    #[cfg(not(feature = "download"))]
    fn what_cannot_be_fetched_says_so() {
        let args = DataArgs { download: true, ..DataArgs::named("fashion-mnist") };
        let error = super::load(&args, Part::Test, &DESCRIPTION, 0).err().unwrap();
        assert_eq!(crate::trainer::exit::code(&error), 2);
        assert!(error.to_string().contains("--features cnn-runtime/download"), "{error}");
    }

    #[test]
    fn the_network_needs_an_output_for_each_class() {
        let folder = tempfile::tempdir().unwrap();
        for class in 0..11 {
            let class = folder.path().join(class.to_string());
            std::fs::create_dir(&class).unwrap();
            std::fs::write(class.join("1.png"), b"").unwrap();
        }
        let error = load(&format!("folder:{}", folder.path().display()), Part::Train).err().unwrap();
        assert_eq!(crate::trainer::exit::code(&error), 3);
        assert!(error.to_string().ends_with("11 classes, but Net has 10 outputs"), "{error}");
    }
}
