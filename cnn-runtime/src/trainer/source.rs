//! From `--data` and `--data-dir` to data sets, and to what the network takes of them.

mod place;
mod prepare;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{additions::Opening, advice::advise, log_line, usage, values::DataName};
pub(super) use place::Brought;
pub(super) use prepare::{by_classes, check, files, fitted, note_order, prepared, with_more_classes};

use cnn_core::{Error, Result};

use crate::{
    data::{
        Cifar, CifarKind, Dataset, Folder, FolderParts, IdxFolder, Mnist, Part, SkipPolicy, Table, TableParts,
    },
    plan::{Description, Prepare, TargetKind},
};

/// The data set that is taken where none is named, by a network of its images.
pub(super) fn default(description: &Description) -> Option<&'static str> {
    (description.image_shape() == [1, 28, 28]).then_some("mnist")
}

/// Where data comes from.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct DataArgs {
    /// Data set: mnist, fashion-mnist, cifar10, cifar100, folder:DIR, csv:FILE or idx:DIR. A folder
    /// holds folders train, val and test (or one of the latter), or one folder for each class; a
    /// table has a column path and one or more of targets; idx is MNIST's format, as EMNIST has it
    #[arg(long, value_name = "NAME", value_parser = OsStringValueParser::new().try_map(|text| DataName::known(&text)))]
    data: Option<DataName>,

    /// Folder of the data set's files, or of the images that a table names [default: what comes with
    /// this program, or where --download or a package put them]
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

    /// The data set; where none is named the first that the program brings along, or that of the
    /// examples.
    fn data(&self) -> DataName {
        let own = || self.brought.names().next().map(|name| DataName::Own(name.into()));
        self.data.clone().or_else(own).unwrap_or(DataName::Mnist)
    }

    /// The data set's name, if one is named or taken by default.
    pub(super) fn name(&self, description: &Description) -> Option<String> {
        self.check_named(description).ok().map(|()| self.data().to_string())
    }

    /// Refuses to take digits for the images of a network that was not made for them.
    fn check_named(&self, description: &Description) -> Result<()> {
        if self.data.is_some() || self.brought.names().next().is_some() || default(description).is_some() {
            return Ok(());
        }
        let [channels, height, width] = description.image_shape();
        Err(usage(format!(
            "--data names the images: {} takes {channels}x{height}x{width}, as folder:DIR or another data set has them \
             (--data mnist makes digits of 1x28x28 fit)",
            description.name
        )))
    }

    /// These options for weights that know the name of the data set that they were trained on: it is
    /// the one that is taken where none is named, and another is said.
    pub(super) fn for_weights(&self, trained_on: Option<&str>) -> Result<DataArgs> {
        let Some(trained_on) = trained_on else { return Ok(self.clone()) };
        let own: Vec<String> = self.brought.names().map(String::from).collect();
        match &self.data {
            Some(data) if data.kind() == trained_on => {}
            Some(data) => log_line(&format!("the weights were trained on {trained_on}, not on {data}")),
            None => match DataName::among(OsStr::new(trained_on), &own) {
                Ok(data) => return Ok(DataArgs { data: Some(data), ..self.clone() }),
                Err(_) => {
                    let known = ["folder", "csv", "idx"].contains(&trained_on);
                    let place =
                        if known { "; --data names their place, after that word and a colon" } else { "" };
                    return Err(usage(format!(
                        "--data names the images: the weights were trained on {trained_on}{place}"
                    )));
                }
            },
        }
        Ok(self.clone())
    }

    /// What a data set is called in weights that are trained on it.
    pub(super) fn kind(&self) -> String {
        self.data().kind()
    }

    /// The data set and where it is: two runs with the same one mean the same images.
    pub(super) fn place(&self) -> String {
        let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        match (self.data(), &self.data_dir) {
            (DataName::Folder(path), _) => DataName::Folder(absolute(&path)).to_string(),
            (DataName::Csv(path), None) => DataName::Csv(absolute(&path)).to_string(),
            (DataName::Idx(path), _) => DataName::Idx(absolute(&path)).to_string(),
            (data, Some(folder)) => format!("{data} in {}", absolute(folder).display()),
            (data, None) => data.to_string(),
        }
    }

    /// True if images may be passed over.
    pub(super) fn skips(&self) -> bool {
        self.skip_bad > 0
    }
}

/// The data set that `--data` names. What is guessed about it or left out is said once.
pub(super) struct Source<'a> {
    args: &'a DataArgs,
    description: &'static Description,
    seed: u64,
    /// Those that are found together.
    parts: Option<Parts>,
}

/// Images by what they are for.
struct Parts {
    train: Option<Arc<dyn Dataset>>,
    validation: Option<Arc<dyn Dataset>>,
    test: Option<Arc<dyn Dataset>>,
}

impl Parts {
    fn of<D: Dataset + 'static>([train, validation, test]: [Option<D>; 3]) -> Parts {
        let shared = |part: Option<D>| part.map(|part| Arc::new(part) as Arc<dyn Dataset>);
        Parts { train: shared(train), validation: shared(validation), test: shared(test) }
    }
}

impl<'a> Source<'a> {
    pub(super) fn open(
        args: &'a DataArgs,
        description: &'static Description,
        seed: u64,
    ) -> Result<Source<'a>> {
        args.check_named(description)?;
        let data = args.data();
        if args.download && data.is_own() {
            return Err(usage(format!("--download knows no {data}: only named data sets can be fetched")));
        }
        let parts = match &data {
            DataName::Folder(folder) => {
                let parts = Folder::open_parts(folder)?;
                note_folder(folder, &parts);
                Some(Parts::of([parts.train, parts.validation, parts.test]))
            }
            DataName::Csv(table) => {
                let parts = Table::open_parts(table, args.data_dir.as_deref(), description.target())?;
                note_table(&parts);
                Some(Parts::of([parts.train, parts.validation, parts.test]))
            }
            _ => None,
        };
        Ok(Source { args, description, seed, parts })
    }

    /// A part, whose targets the network can answer.
    pub(super) fn part(&self, part: Part) -> Result<Arc<dyn Dataset>> {
        let data = self.load(part)?;
        self.check_targets(&*data)?;
        if part == Part::Test {
            note(self.args, &*data, self.description);
        }
        Ok(data)
    }

    /// The images for validation of a data set that has some beside those for testing.
    pub(super) fn validation(&self) -> Result<Option<Arc<dyn Dataset>>> {
        let images = self.parts.as_ref().and_then(|parts| parts.validation.clone());
        images.map(|images| self.check_targets(&*images).map(|()| images)).transpose()
    }

    fn load(&self, part: Part) -> Result<Arc<dyn Dataset>> {
        let (args, data) = (self.args, self.args.data());
        if let Some(parts) = &self.parts {
            let (images, wanted, other) = match part {
                Part::Train => (&parts.train, "training", "testing"),
                Part::Test => (&parts.test, "testing", "training"),
            };
            return images.clone().ok_or_else(|| Error::Data {
                path: data.to_string().into(),
                message: format!("holds images for {other} alone, by its own words, and none for {wanted}"),
            });
        }
        let named = |error| advise(error, "--data-dir names the folder of the data set's files");
        let cifar = |kind| Cifar::load(&place::folder(args)?, kind, part).map_err(named);
        Ok(match data {
            DataName::Mnist | DataName::FashionMnist => {
                Arc::new(Mnist::load(&place::folder(args)?, part).map_err(named)?)
            }
            DataName::Cifar10 => Arc::new(cifar(CifarKind::Cifar10)?),
            DataName::Cifar100 => Arc::new(cifar(CifarKind::Cifar100)?),
            DataName::Idx(folder) => {
                let images = IdxFolder::load(&folder, part)?;
                if images.is_turned() && part == Part::Test {
                    log_line("images of EMNIST are stored on their sides: they are turned upright");
                }
                Arc::new(images)
            }
            DataName::Folder(_) | DataName::Csv(_) => unreachable!("their parts are found together"),
            DataName::Own(name) => {
                let open = args
                    .brought
                    .own(&name)
                    .ok_or_else(|| usage(format!("--data {name}: no such data set")))?;
                open(&Opening { part, folder: args.data_dir.as_deref(), seed: self.seed })?
            }
        })
    }

    fn check_targets(&self, data: &dyn Dataset) -> Result<()> {
        let path = || self.args.data().to_string().into();
        check_targets(data, self.description).map_err(|message| Error::Data { path: path(), message })
    }
}

/// What is said of test images that no name sets apart.
const DRAWN: &str = "one image in five is a test image, drawn by its path";

/// Says what was guessed of a folder, and what is left out.
fn note_folder(folder: &Path, parts: &FolderParts) {
    // By other names than those that the options name, it is a guess.
    let is_named = |part: &PathBuf| ["train", "val", "test"].iter().any(|name| folder.join(name) == **part);
    if !parts.folders.iter().all(is_named) {
        let names: Vec<_> = parts.folders.iter().map(|part| part.display().to_string()).collect();
        log_line(&format!("taken for parts of the data set by their names: {}", names.join(", ")));
    }
    if parts.drawn {
        log_line(&format!("no folders train and val or test: {DRAWN}"));
    }
    if !parts.left_out.is_empty() {
        log_line(&format!("{}: {}", folder.display(), parts.left_out));
    }
}

/// Says what was guessed of a table, and what is left out.
fn note_table(parts: &TableParts) {
    if parts.drawn {
        log_line(&format!("no column split: {DRAWN}"));
    }
    if !parts.unused.is_empty() {
        log_line(&format!("columns that are not used: {}", parts.unused.join(", ")));
    }
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

#[cfg(test)]
mod tests {
    use super::{super::fixture::DESCRIPTION, *};

    impl DataArgs {
        /// What `--data` alone says.
        pub(super) fn named(name: &str) -> DataArgs {
            let data = Some(DataName::known(OsStr::new(name)).unwrap());
            let brought = Brought::default();
            DataArgs { data, data_dir: None, download: false, mirror: None, skip_bad: 0, brought }
        }
    }

    fn load(name: &str, part: Part) -> Result<Arc<dyn Dataset>> {
        Source::open(&DataArgs::named(name), &DESCRIPTION, 0)?.part(part)
    }

    #[test]
    #[cfg(not(feature = "download"))]
    fn what_cannot_be_fetched_says_so() {
        let args = DataArgs { download: true, ..DataArgs::named("fashion-mnist") };
        let error = Source::open(&args, &DESCRIPTION, 0).unwrap().part(Part::Test).err().unwrap();
        assert_eq!(crate::trainer::exit::code(&error), 2);
        assert!(error.to_string().contains("--features cnn-runtime/download"), "{error}");
    }

    #[test]
    fn the_network_needs_an_output_for_each_class() {
        let folder = tempfile::tempdir().unwrap();
        for class in 0..11 {
            let class = folder.path().join(class.to_string());
            std::fs::create_dir(&class).unwrap();
            (0..4).for_each(|nth| std::fs::write(class.join(format!("{nth}.png")), b"").unwrap());
        }
        let error = load(&format!("folder:{}", folder.path().display()), Part::Train).err().unwrap();
        assert_eq!(crate::trainer::exit::code(&error), 3);
        assert!(error.to_string().ends_with("11 classes, but Net has 10 outputs"), "{error}");
    }
}
