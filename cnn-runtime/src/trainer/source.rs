//! From `--data` and `--data-dir` to loaded data sets.
//!
//! Without a folder, MNIST is the committed subset. It is searched upwards from the current folder and from the
//! program, then beside the sources the program was built from: so it is found wherever a checkout's program runs.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::{
    usage,
    values::{DataArgs, DataName},
};
use crate::{
    data::{Mnist, Part},
    error::{Error, Result},
    plan::Description,
};

const SUBSET: &str = "examples/data/mnist";

/// Loads one part, checked against the network's input and classes.
pub(super) fn load(args: &DataArgs, part: Part, description: &Description) -> Result<Mnist> {
    Mnist::load(&folder(args)?, part, description.input, description.classes)
}

/// Where the data is.
pub(super) fn folder(args: &DataArgs) -> Result<PathBuf> {
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
