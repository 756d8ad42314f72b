//! Which tensors of a file a network takes, as a [`Policy`] says, before any of their values is
//! read.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use cnn_core::{Error, Result, is_statistic};
use safetensors::Dtype;

use super::{
    TensorFile, floats, listed,
    policy::{Policy, is_named},
};
use crate::plan::{Description, Param};

/// How the tensors of a file became those of a session.
///
/// Its text is such as `names without module.; 60 tensors taken; fresh: fc.bias, fc.weight`, or empty
/// where all were just taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// What stood before all names; usually nothing.
    pub prefix: String,
    /// How many of the tensors were of another type than F32, by its name.
    pub converted: BTreeMap<String, usize>,
    /// The parameters that the file has.
    pub taken: Vec<String>,
    /// The parameters that keep the values that they had, since the file lacks them, has them in
    /// another shape, or the policy skips them.
    pub fresh: Vec<String>,
    /// Those that the file has in another shape.
    pub misshaped: Vec<Misshaped>,
    /// Tensors of the file that the network has no use for.
    pub unused: Vec<String>,
    /// How many tensors the file has beside those behind the prefix.
    pub elsewhere: usize,
}

/// A parameter that a file has in another shape.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misshaped {
    /// Its name.
    pub name: String,
    /// Its shape in the file.
    pub found: Vec<usize>,
    /// Its shape in the network.
    pub expected: Vec<usize>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_partial = !(self.fresh.is_empty() && self.unused.is_empty());
        let misshaped = self.misshaped.iter();
        let mut lines = Vec::new();
        lines.extend((!self.prefix.is_empty()).then(|| format!("names without {}", self.prefix)));
        let elsewhere = || format!("{} tensors beside them are not used", self.elsewhere);
        lines.extend((self.elsewhere > 0).then(elsewhere));
        lines.extend(
            self.converted.iter().map(|(dtype, count)| format!("{count} tensors of {dtype} converted")),
        );
        lines.extend(is_partial.then(|| format!("{} tensors taken", self.taken.len())));
        lines.extend((!self.fresh.is_empty()).then(|| format!("fresh: {}", listed(&self.fresh, ", "))));
        lines.extend(misshaped.map(|Misshaped { name, found, expected }| {
            format!("{name} is {found:?} there, {expected:?} here")
        }));
        lines.extend((!self.unused.is_empty()).then(|| format!("not used: {}", listed(&self.unused, ", "))));
        f.write_str(&lines.join("; "))
    }
}

/// Finds a network's parameters in a file, whose tensors are called as the network calls them from
/// here on.
///
/// # Errors
///
/// [`crate::Error::Weights`] listing what is missing, misshapen or of no use to this network, if
/// the policy is strict; if it is partial, where nothing fits.
pub(super) fn matched(description: &Description, file: &mut TensorFile, policy: &Policy) -> Result<Loaded> {
    let names = description.params.iter().map(|param| param.name);
    file.rename(&policy.renames)?;
    let prefix = file.find_prefix(names.clone())?;
    check_patterns(description, file, policy)?;
    let expected = description.params.iter().filter(|param| !policy.skips(param.name));
    let expected = expected.map(|param| (param.name, param.shape));
    let mut differences = differences(expected.clone(), file);
    differences.retain(|difference| !policy.skips(difference.name()));
    let refused = |message: String| {
        let message = format!("not the weights of {}: {message}", description.name);
        Err(Error::weights(file.path(), message))
    };
    let differs: HashSet<&str> = differences.iter().map(Difference::name).collect();
    let (taken, fresh): (Vec<&Param>, _) = description
        .params
        .iter()
        .partition(|param| !differs.contains(param.name) && !policy.skips(param.name));
    let fits = format!("{} of {} tensors fit", taken.len(), description.params.len());
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    if !differences.is_empty() && !policy.is_partial {
        return refused(format!("{}; {fits}", listed(&texts, "; ")));
    }
    if taken.is_empty() {
        let own: Vec<String> = file.names().collect();
        return refused(format!("it holds none of its parameters, but {}", listed(&own, ", ")));
    }
    let mut loaded = Loaded { prefix, elsewhere: file.elsewhere(), ..Loaded::default() };
    for param in &taken {
        let dtype = file.info(param.name).map(|info| info.dtype).filter(|&dtype| dtype != Dtype::F32);
        if let Some(dtype) = dtype {
            *loaded.converted.entry(dtype.to_string()).or_default() += 1;
        }
    }
    loaded.taken = taken.into_iter().map(|param| param.name.into()).collect();
    loaded.fresh = fresh.into_iter().map(|param: &Param| param.name.into()).collect();
    for difference in differences {
        match difference {
            Difference::Missing(_) => {}
            Difference::Shape(misshaped) => loaded.misshaped.push(misshaped),
            Difference::Dtype { name, .. } | Difference::Unknown(name) => loaded.unused.push(name),
        }
    }
    Ok(loaded)
}

/// Refuses a policy that skips what is nowhere.
fn check_patterns(description: &Description, file: &TensorFile, policy: &Policy) -> Result<()> {
    let is_somewhere = |pattern: &&String| {
        let known =
            description.params.iter().map(|param| param.name).chain(file.tensors().map(|(name, _)| name));
        known.into_iter().any(|name| is_named(pattern, name))
    };
    match policy.skipped.iter().find(|pattern| !is_somewhere(pattern)) {
        Some(pattern) => {
            let message =
                format!("{} has no layer or parameter {pattern} that could be skipped", description.name);
            Err(Error::weights(file.path(), message))
        }
        None => Ok(()),
    }
}

/// What a file has otherwise than a network.
#[derive(Debug)]
pub(crate) enum Difference {
    Missing(String),
    Shape(Misshaped),
    Dtype { name: String, found: Dtype },
    Unknown(String),
}

impl Difference {
    fn name(&self) -> &str {
        match self {
            Difference::Missing(name) | Difference::Unknown(name) | Difference::Dtype { name, .. } => name,
            Difference::Shape(misshaped) => &misshaped.name,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Missing(name) => write!(f, "{name} is missing"),
            Difference::Shape(Misshaped { name, found, expected }) => {
                write!(f, "{name} is {found:?}, expected {expected:?}")
            }
            Difference::Dtype { name, found } => write!(f, "{name} is {found}, {NO_FLOATS}"),
            Difference::Unknown(name) => write!(f, "{name} is unknown"),
        }
    }
}

/// What to expect in place of a type that is not read.
pub(super) const NO_FLOATS: &str = "expected F32 or another type of floats";

/// How a file differs from the expected names and shapes.
pub(crate) fn differences<'a>(
    expected: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
    file: &TensorFile,
) -> Vec<Difference> {
    let other_dtype = |name: &str, found: Dtype| {
        (!floats::is_read(found)).then(|| Difference::Dtype { name: name.into(), found })
    };
    let wanting = expected.clone().filter_map(|(name, shape)| {
        let Some(found) = file.info(name) else { return Some(Difference::Missing(name.into())) };
        if found.shape != shape {
            let (found, expected) = (found.shape.clone(), shape.into());
            return Some(Difference::Shape(Misshaped { name: name.into(), found, expected }));
        }
        other_dtype(name, found.dtype)
    });
    let statistics = file.tensors().filter(|(name, _)| is_statistic(name));
    let statistics = statistics.filter_map(|(name, info)| other_dtype(name, info.dtype));
    let names: HashSet<&str> = expected.clone().map(|(name, _)| name).collect();
    let known =
        |name: &str| name.ends_with("num_batches_tracked") || names.contains(name) || is_statistic(name);
    let extra = file.tensors().filter(|(name, _)| !known(name));
    let extra = extra.map(|(name, _)| Difference::Unknown(name.into()));
    wanting.chain(statistics).chain(extra).collect()
}
