//! Where the files of a data set are: where the user says, where the system or an earlier download put them, or where they
//! come with the sources.
//!
//! The committed subset of MNIST is searched upwards from the current folder and from the program, then beside the sources
//! the program was built from: so it is found wherever a checkout's program runs.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::DataArgs;
use crate::{
    error::{Error, Result},
    trainer::{usage, values::DataName},
};

const SUBSET: &str = "examples/data/mnist";

/// Where Debian's package dataset-fashion-mnist puts its files.
const FASHION: &str = "/usr/share/datasets/fashion-mnist";

/// The folder of a data set's files, fetched if that is asked for.
pub(super) fn folder(args: &DataArgs) -> Result<PathBuf> {
    folder_beside(args, caches())
}

/// With the folder of all downloads, `NAME` in which is a data set's.
fn folder_beside(args: &DataArgs, caches: Option<PathBuf>) -> Result<PathBuf> {
    let kept = || Some(caches?.join(args.data.to_string()));
    if args.download {
        let folder = args.data_dir.clone().or_else(|| system(&args.data)).or_else(kept);
        let folder =
            folder.ok_or_else(|| usage("--download needs --data-dir here: no folder for caches is known"))?;
        download(args, &folder)?;
        return Ok(folder);
    }
    if let Some(folder) = &args.data_dir {
        return Ok(folder.clone());
    }
    if args.data == DataName::Mnist {
        return subset().ok_or_else(|| Error::Data {
            path: SUBSET.into(),
            message: "not found from here; --data-dir names a folder with MNIST's IDX files".into(),
        });
    }
    let found = system(&args.data).or_else(kept).filter(|folder| folder.is_dir());
    found.ok_or_else(|| usage(advice(&args.data)))
}

fn advice(data: &DataName) -> String {
    let fetched = if cfg!(feature = "download") { "; --download fetches it" } else { "" };
    match data {
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

/// Where downloads are kept: `cnn` in the user's folder for caches, which is `$XDG_CACHE_HOME`, `~/.cache` or `%LOCALAPPDATA%`.
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
    let source = match args.data {
        DataName::Mnist => download::MNIST,
        DataName::FashionMnist => download::FASHION_MNIST,
        DataName::Cifar10 => download::CIFAR10,
        DataName::Cifar100 => download::CIFAR100,
        DataName::Folder(_) => return Ok(()),
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

fn subset() -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf();
    let starts = [env::current_dir().ok(), env::current_exe().ok(), Some(sources)];
    let find =
        |start: PathBuf| start.ancestors().map(|folder| folder.join(SUBSET)).find(|path| path.is_dir());
    starts.into_iter().flatten().find_map(find)
}

#[cfg(test)]
mod tests {
    use super::*;

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
