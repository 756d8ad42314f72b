//! Where the files of a data set are: where the user says, where the program that calls the trainer
//! brings them along, or where the system or an earlier download put them.

use std::{
    collections::BTreeMap,
    env, fmt,
    path::{Path, PathBuf},
};

use cnn_core::Result;

use super::DataArgs;
use crate::trainer::{additions::Open, usage, values::DataName};

/// Where Debian's package dataset-fashion-mnist puts its files.
const FASHION: &str = "/usr/share/datasets/fashion-mnist";

/// What a program brings along: folders of known data sets, and data sets of its own, by name.
#[derive(Clone, Default)]
pub(in crate::trainer) struct Brought {
    folders: BTreeMap<String, PathBuf>,
    /// In the order in which they were added.
    own: Vec<(String, Open)>,
}

impl Brought {
    /// A folder of the data set of this name.
    pub(in crate::trainer) fn folder(&mut self, name: &str, folder: PathBuf) {
        self.folders.insert(name.into(), folder);
    }

    /// A data set of this name.
    pub(in crate::trainer) fn dataset(&mut self, name: &str, open: Open) {
        self.own.push((name.into(), open));
    }

    /// The names of the data sets of its own.
    pub(in crate::trainer) fn names(&self) -> impl Iterator<Item = &str> {
        self.own.iter().map(|(name, _)| name.as_str())
    }

    /// What opens a data set of its own.
    pub(super) fn own(&self, name: &str) -> Option<&Open> {
        self.own.iter().find(|(known, _)| known == name).map(|(_, open)| open)
    }

    fn folder_of(&self, data: &DataName) -> Option<PathBuf> {
        self.folders.get(&data.to_string()).cloned()
    }
}

impl fmt::Debug for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own: Vec<_> = self.names().collect();
        f.debug_struct("Brought").field("folders", &self.folders).field("own", &own).finish()
    }
}

/// The folder of a data set's files, fetched if that is asked for.
pub(super) fn folder(args: &DataArgs) -> Result<PathBuf> {
    folder_beside(args, caches())
}

/// With the folder of all downloads, `NAME` in which is a data set's.
fn folder_beside(args: &DataArgs, caches: Option<PathBuf>) -> Result<PathBuf> {
    let kept = || Some(caches?.join(args.data().to_string()));
    if args.download {
        let folder = args.data_dir.clone().or_else(|| system(&args.data())).or_else(kept);
        let folder =
            folder.ok_or_else(|| usage("--download needs --data-dir here: no folder for caches is known"))?;
        download(args, &folder)?;
        return Ok(folder);
    }
    if let Some(folder) = &args.data_dir {
        return Ok(folder.clone());
    }
    let found = [args.brought.folder_of(&args.data()), system(&args.data()), kept()];
    found.into_iter().flatten().find(|folder| folder.is_dir()).ok_or_else(|| usage(advice(args)))
}

/// What to do about a data set that is nowhere.
fn advice(args: &DataArgs) -> String {
    let data = args.data();
    let fetched = if cfg!(feature = "download") { "; --download fetches it" } else { "" };
    if let Some(gone) = args.brought.folder_of(&data) {
        return format!(
            "--data {data} is no longer at {}, where this program was built: --data-dir names its folder{fetched}",
            gone.display()
        );
    }
    match data {
        DataName::Mnist => format!(
            "--data mnist needs --data-dir, the folder with MNIST's four IDX files (train-images-idx3-ubyte and the \
             others, gzip or not), and --data names other data: folder:DIR is a folder of images{fetched}"
        ),
        DataName::FashionMnist => format!(
            "--data fashion-mnist needs --data-dir, the folder with its IDX files; apt install dataset-fashion-mnist puts \
             them into {FASHION}, where they are found{fetched}"
        ),
        _ => format!("--data {data} needs --data-dir, the folder of its binary version{fetched}"),
    }
}

/// Where the system's packages put it, if they did.
fn system(data: &DataName) -> Option<PathBuf> {
    let folder = Path::new(FASHION);
    (*data == DataName::FashionMnist && folder.is_dir()).then(|| folder.into())
}

/// Where downloads are kept: `cnn` in the user's folder for caches, which is `$XDG_CACHE_HOME`,
/// `~/.cache` or `%LOCALAPPDATA%`.
fn caches() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else {
        variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))
    };
    Some(caches?.join("cnn"))
}

#[cfg(feature = "download")]
fn download(args: &DataArgs, folder: &Path) -> Result<()> {
    use crate::{
        data::download,
        trainer::{advice::advise, log_line},
    };
    let source = match args.data() {
        DataName::Mnist => download::MNIST,
        DataName::FashionMnist => download::FASHION_MNIST,
        DataName::Cifar10 => download::CIFAR10,
        DataName::Cifar100 => download::CIFAR100,
        _ => return Ok(()),
    };
    download::fetch(&source, folder, args.mirror.as_deref(), log_line)
        .map_err(|error| advise(error, "--mirror names another server"))
}

#[cfg(not(feature = "download"))]
fn download(_: &DataArgs, _: &Path) -> Result<()> {
    Err(usage(
        "--download: this program was built without it; it is the feature download of cnn-runtime, as in cargo run \
         --features cnn-runtime/download",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_brings_along_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut args = DataArgs::named("mnist");
        args.brought.folder("mnist", folder.path().into());
        assert_eq!(folder_beside(&args, None).unwrap(), folder.path());
        args.data_dir = Some("x".into());
        assert_eq!(folder_beside(&args, None).unwrap(), Path::new("x"));
    }

    #[test]
    fn a_program_without_data_says_what_to_pass() {
        let mut args = DataArgs::named("mnist");
        let error = folder_beside(&args, None).unwrap_err();
        assert!(matches!(error, crate::Error::Usage(_)), "{error}");
        assert!(error.to_string().starts_with("--data mnist needs --data-dir"), "{error}");
        args.brought.folder("mnist", "/nonexistent".into());
        let error = folder_beside(&args, None).unwrap_err().to_string();
        assert!(error.starts_with("--data mnist is no longer at /nonexistent"), "{error}");
    }

    #[test]
    fn an_earlier_download_is_found() {
        let caches = tempfile::tempdir().unwrap();
        let find = || folder_beside(&DataArgs::named("cifar10"), Some(caches.path().into()));
        let error = find().unwrap_err();
        assert_eq!(crate::trainer::exit::code(&error), 2);
        assert!(error.to_string().starts_with("--data cifar10 needs --data-dir"), "{error}");
        std::fs::create_dir(caches.path().join("cifar10")).unwrap();
        assert_eq!(find().unwrap(), caches.path().join("cifar10"));
        let given = DataArgs { data_dir: Some("x".into()), ..DataArgs::named("cifar10") };
        assert_eq!(folder_beside(&given, Some(caches.path().into())).unwrap(), Path::new("x"));
    }
}
