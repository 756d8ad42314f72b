//! From `--data` and `--data-dir` to loaded data sets.
//!
//! Without a folder, MNIST is the committed subset. It is searched upwards from the current folder and from the
//! program, then beside the sources the program was built from: so it is found wherever a checkout's program runs.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::{usage, values::DataName};
use crate::{
    data::{Mnist, Part},
    error::{Error, Result},
    plan::Description,
};

const SUBSET: &str = "examples/data/mnist";

/// Where data comes from.
#[derive(clap::Args, Debug)]
pub(super) struct DataArgs {
    /// Data set: mnist or fashion-mnist
    #[arg(long, value_name = "NAME", default_value = "mnist")]
    data: DataName,

    /// Folder of the data set's files [default for mnist: the subset in examples/data/mnist]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Loads one part, checked against the network's input and classes.
pub(super) fn load(args: &DataArgs, part: Part, description: &Description) -> Result<Mnist> {
    Mnist::load(&folder(args)?, part, description.input, description.classes)
}

fn folder(args: &DataArgs) -> Result<PathBuf> {
    match (&args.data_dir, &args.data) {
        (Some(folder), _) => Ok(folder.clone()),
        (None, DataName::Mnist) => subset().ok_or_else(|| Error::Data {
            path: SUBSET.into(),
            message: "not found from here; --data-dir names a folder with MNIST's IDX files".into(),
        }),
        (None, DataName::FashionMnist) => {
            Err(usage("--data fashion-mnist needs --data-dir, the folder with its IDX files"))
        }
    }
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
    use super::{super::fixture::DESCRIPTION, *};
    use crate::data::Dataset;

    #[test]
    fn the_committed_subset_is_the_default() {
        let args = DataArgs { data: DataName::Mnist, data_dir: None };
        let load = |part| load(&args, part, &DESCRIPTION).unwrap();
        assert_eq!((load(Part::Train).len(), load(Part::Test).len()), (10_000, 2_000));
    }

    #[test]
    fn fashion_needs_a_folder() {
        let args = DataArgs { data: DataName::FashionMnist, data_dir: None };
        assert_eq!(load(&args, Part::Test, &DESCRIPTION).unwrap_err().exit_code(), 2);
    }
}
