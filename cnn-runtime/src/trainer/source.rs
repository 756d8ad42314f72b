//! From `--data` and `--data-dir` to data sets, and to what the network takes of them.

mod place;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{format::thousands, tell, usage, values::DataName};
pub(super) use place::Bundled;

use crate::{
    data::{
        Cifar, CifarKind, Dataset, Files, Folder, Mnist, Part, Preparation, Prepared, Tolerance, relabelled,
    },
    error::{Error, Result},
    plan::{Description, Prepare},
    session::Session,
    weights::tensors::weights_error,
};

/// Classes that an error names before it only counts.
const LISTED: usize = 10;

/// Where data comes from.
#[derive(clap::Args, Debug)]
pub(super) struct DataArgs {
    /// Data set: mnist, fashion-mnist, cifar10, cifar100 or folder:DIR, where DIR holds train and val or test, or one folder
    /// for each class
    #[arg(long, value_name = "NAME", default_value = "mnist")]
    data: DataName,

    /// Folder of the data set's files [default: what comes with this program, or where --download or a package put them]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Fetch the data set first if it is not there, into --data-dir or the user's cache (~/.cache/cnn/NAME)
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
    bundled: Bundled,
}

impl DataArgs {
    /// Looks for data sets among those that the program brings along.
    pub(super) fn bring(&mut self, bundled: Bundled) {
        self.bundled = bundled;
    }

    /// True if images may be passed over.
    pub(super) fn skips(&self) -> bool {
        self.skip_bad > 0
    }
}

/// Loads one part and checks that the network has an output for each of its classes.
pub(super) fn load(
    args: &DataArgs,
    part: Part,
    description: &Description,
    seed: u64,
) -> Result<Arc<dyn Dataset>> {
    let data: Arc<dyn Dataset> = match &args.data {
        DataName::Mnist | DataName::FashionMnist => Arc::new(Mnist::load(&place::folder(args)?, part)?),
        DataName::Cifar10 => Arc::new(Cifar::load(&place::folder(args)?, CifarKind::Cifar10, part)?),
        DataName::Cifar100 => Arc::new(Cifar::load(&place::folder(args)?, CifarKind::Cifar100, part)?),
        DataName::Folder(_) if args.download => {
            return Err(usage(format!(
                "--download knows no {}: only named data sets can be fetched",
                args.data
            )));
        }
        DataName::Folder(folder) => Arc::new(folder_part(folder, part, seed)?),
    };
    let (classes, outputs) = (data.classes(), description.classes);
    if classes > outputs {
        let message = format!("{classes} classes, but {} has {outputs} outputs", description.name);
        return Err(Error::Data { path: args.data.to_string().into(), message });
    }
    if part == Part::Test {
        note(args, &*data, description);
    }
    Ok(data)
}

/// Training images as the network takes them, with the statistics that its `data { }` asks for fitted on them.
pub(super) fn fitted(
    args: &DataArgs,
    data: Arc<dyn Dataset>,
    indices: &[u32],
    description: &Description,
) -> Result<Prepared> {
    let (prepared, fitted) = Prepared::fit(data, description, indices, tolerance(args))?;
    if fitted > 0 {
        let [fitted, all] = [fitted, indices.len() as u64].map(thousands);
        tell(&format!("statistics of the data fitted on {fitted} of {all} training images"));
    }
    Ok(prepared)
}

/// Images as the network takes them, with the classes and the statistics that came with a session's weights, which are this
/// file's.
pub(super) fn prepared(
    args: &DataArgs,
    data: Arc<dyn Dataset>,
    session: &Session,
    weights: &Path,
) -> Result<Prepared> {
    let names = &session.companions().classes;
    let data = relabelled(data, names).map_err(|class| Error::Data {
        path: args.data.to_string().into(),
        message: format!("{} knows no class {class}; it knows {}", weights.display(), listed(names)),
    })?;
    Ok(Prepared::new(data, preparation(session, weights)?, tolerance(args)))
}

/// The first few of some names.
fn listed(names: &[String]) -> String {
    let more =
        if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
    names[..names.len().min(LISTED)].join(", ") + &more
}

/// Image files as the network takes them, likewise.
pub(super) fn files(paths: Vec<PathBuf>, session: &Session, weights: &Path) -> Result<Prepared> {
    Ok(Prepared::new(Arc::new(Files(paths)), preparation(session, weights)?, Arc::new(Tolerance::none())))
}

fn preparation(session: &Session, weights: &Path) -> Result<Preparation> {
    let statistics = session.companions().statistics.clone();
    Preparation::new(session.description(), statistics)
        .map_err(|error| weights_error(weights, error.to_string()))
}

/// Says what happens to images without being declared; of the test images, which every command loads.
fn note(args: &DataArgs, data: &dyn Dataset, description: &Description) {
    let ([channels, height, width], name) = (description.input, &args.data);
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
        tell(&format!("images of {name} become {}", changes.join(", ")));
    }
    let (classes, outputs) = (data.classes(), description.classes);
    if classes < outputs {
        let others = outputs - classes;
        tell(&format!("{name} has {classes} classes: no image belongs to the other {others} outputs"));
    }
}

fn tolerance(args: &DataArgs) -> Arc<Tolerance> {
    Arc::new(Tolerance::of(args.skip_bad, "; --skip-bad N skips up to N such files", tell))
}

fn folder_part(folder: &Path, part: Part, seed: u64) -> Result<Folder> {
    let parts = Folder::open_parts(folder, seed)?;
    match part {
        Part::Train => Ok(parts.train),
        Part::Test => {
            if parts.drawn {
                tell("no folders train and val or test: one image in five, drawn by --seed, is a test image");
            }
            Ok(parts.test)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixture::DESCRIPTION, *};

    impl DataArgs {
        /// As `--data` alone says.
        pub(super) fn named(name: &str) -> DataArgs {
            let data = name.parse().unwrap();
            let bundled = Bundled::default();
            DataArgs { data, data_dir: None, download: false, mirror: None, skip_bad: 0, bundled }
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
        assert_eq!(error.exit_code(), 2);
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
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().ends_with("11 classes, but Net has 10 outputs"), "{error}");
    }
}
