//! Values of options: what clap cannot check by type, with messages that say what is allowed.

use std::{
    ffi::{OsStr, OsString},
    fmt::{self, Display, Formatter},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use cnn_core::floats::FloatType;

use crate::{optim::Optimizer, plan::settings::Range};

/// Keeps `batch * slab` far from overflow; no real batch comes near.
const LARGEST_BATCH: usize = 1 << 20;

/// A whole number from 1.
pub(super) fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a whole number of at least 1".into()),
        Ok(value) => Ok(value),
    }
}

/// Samples in a batch.
pub(super) fn batch(text: &str) -> Result<usize, String> {
    let batch = positive(text)?;
    if batch > LARGEST_BATCH { Err(format!("expected at most {LARGEST_BATCH}")) } else { Ok(batch) }
}

/// A learning rate.
pub(super) fn learning_rate(text: &str) -> Result<f32, String> {
    number(text, Range::POSITIVE)
}

/// A limit, a penalty: 0 is none.
pub(super) fn not_negative(text: &str) -> Result<f32, String> {
    number(text, Range::NOT_NEGATIVE)
}

/// What is kept of the past: 0 is nothing.
pub(super) fn decay(text: &str) -> Result<f32, String> {
    number(text, Range::FRACTION)
}

/// A number in a range, with the errors of a setting in `network!`.
fn number(text: &str, range: Range) -> Result<f32, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => range.accept(number),
        _ => Err(format!("must be a number {}", range.words)),
    }
}

/// A share, strictly between nothing and all.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a number between 0 and 1".into()),
    }
}

/// A type of floats in files.
pub(super) fn float_type(text: &str) -> Result<FloatType, String> {
    let types = [FloatType::F32, FloatType::F16, FloatType::Bf16];
    let named = types.into_iter().find(|float_type| float_type.name() == text);
    named.ok_or_else(|| "expected f32, f16 or bf16".into())
}

/// A time.
pub(super) fn minutes(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|&minutes| minutes > 0.0).map(|minutes| minutes * 60.0);
    let interval = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    interval.ok_or_else(|| "expected a number of minutes above 0".into())
}

/// The value of `--resume`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resume {
    /// `last.ckpt` of the output folder, if there is one.
    Auto,
    /// This file.
    From(PathBuf),
}

impl From<OsString> for Resume {
    fn from(text: OsString) -> Resume {
        if text == "auto" { Resume::Auto } else { Resume::From(text.into()) }
    }
}

/// The value of `--data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DataName {
    /// Handwritten digits.
    Mnist,
    /// Articles of clothing, in MNIST's format.
    FashionMnist,
    /// Small photographs of 10 kinds of things.
    Cifar10,
    /// Small photographs of 100 kinds of things.
    Cifar100,
    /// Images in folders, one for each class.
    Folder(PathBuf),
    /// Images that a table names.
    Csv(PathBuf),
    /// Images in MNIST's format.
    Idx(PathBuf),
    /// What the program brings along under this name.
    Own(String),
}

/// What `--data` says of the data sets that it takes.
const NAMES: &str = "mnist, fashion-mnist, cifar10, cifar100, folder:DIR, csv:FILE or idx:DIR";

impl DataName {
    /// A data set that every trainer knows.
    pub(super) fn known(text: &OsStr) -> Result<DataName, String> {
        let named = match text.to_str() {
            Some("mnist") => Some(DataName::Mnist),
            Some("fashion-mnist") => Some(DataName::FashionMnist),
            Some("cifar10") => Some(DataName::Cifar10),
            Some("cifar100") => Some(DataName::Cifar100),
            _ => None,
        };
        let path = |prefix: &str| behind(text, prefix).filter(|path| !path.as_os_str().is_empty());
        named
            .or_else(|| path("folder:").map(DataName::Folder))
            .or_else(|| path("csv:").map(DataName::Csv))
            .or_else(|| path("idx:").map(DataName::Idx))
            .ok_or_else(|| format!("expected {NAMES}"))
    }

    /// What the data set is called wherever it is.
    pub(super) fn kind(&self) -> String {
        match self {
            DataName::Folder(_) => "folder".into(),
            DataName::Csv(_) => "csv".into(),
            DataName::Idx(_) => "idx".into(),
            other => other.to_string(),
        }
    }

    /// True of files of the user's or of the program's own.
    pub(super) fn is_own(&self) -> bool {
        matches!(self, DataName::Folder(_) | DataName::Csv(_) | DataName::Idx(_) | DataName::Own(_))
    }

    /// A data set that every trainer knows, or one of this program's own.
    pub(super) fn among(text: &OsStr, own: &[String]) -> Result<DataName, String> {
        if let Some(name) = own.iter().find(|name| text == name.as_str()) {
            return Ok(DataName::Own(name.clone()));
        }
        let others: String = own.iter().map(|name| format!("{name}, ")).collect();
        DataName::known(text).map_err(|_| format!("expected {others}{NAMES}"))
    }
}

/// The path behind a prefix; where the system allows it, it need not be a text.
fn behind(text: &OsStr, prefix: &str) -> Option<PathBuf> {
    #[cfg(unix)]
    let rest = {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(text.as_bytes().strip_prefix(prefix.as_bytes())?)
    };
    #[cfg(not(unix))]
    let rest = text.to_str()?.strip_prefix(prefix)?;
    Some(rest.into())
}

impl Display for DataName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            DataName::Mnist => f.write_str("mnist"),
            DataName::FashionMnist => f.write_str("fashion-mnist"),
            DataName::Cifar10 => f.write_str("cifar10"),
            DataName::Cifar100 => f.write_str("cifar100"),
            DataName::Folder(folder) => write!(f, "folder:{}", folder.display()),
            DataName::Csv(table) => write!(f, "csv:{}", table.display()),
            DataName::Idx(folder) => write!(f, "idx:{}", folder.display()),
            DataName::Own(name) => f.write_str(name),
        }
    }
}

/// The value of `--optimizer`: a name, or a name with settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) optimizer: Optimizer,
    /// Only the name was given.
    pub(super) bare: bool,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        Ok(Rule { optimizer: text.parse()?, bare: !text.contains('(') })
    }
}
