//! How a file's tensors become a network's: which may be missing, and under which names they stand.

use std::{fmt, str::FromStr};

use cnn_core::{Error, Result};

use crate::plan::path::{matches, parents};

/// How the tensors of a file become those of a network.
///
/// The default is strict: every parameter is in the file in its shape, and nothing else is.
///
/// ```
/// use cnn_runtime::weights::Policy;
///
/// // A body that was trained elsewhere, under a head of one's own.
/// let policy = Policy::strict().rename("backbone.=>".parse()?).skip("fc").partial();
/// assert!(policy.is_partial);
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Names of the file that become others, each rule in turn.
    pub renames: Vec<Rename>,
    /// Patterns of parameters, layers and blocks that keep the values that they have; a `*` stands
    /// for any characters.
    pub skipped: Vec<String>,
    /// Takes what fits and leaves the rest, of the network as of the file.
    pub is_partial: bool,
}

impl Policy {
    /// Every parameter is in the file, and nothing else is.
    pub fn strict() -> Policy {
        Policy::default()
    }

    /// Takes what fits and leaves the rest, of the network as of the file.
    #[must_use]
    pub fn partial(self) -> Policy {
        Policy { is_partial: true, ..self }
    }

    /// Reads names of the file as others, after the rules before.
    #[must_use]
    pub fn rename(mut self, rule: Rename) -> Policy {
        self.renames.push(rule);
        self
    }

    /// Leaves parameters as they are whose name, layer or block is as a pattern says, such as
    /// `fc`, `fc.bias` or `layer4.*`; what the file has for them is passed over.
    #[must_use]
    pub fn skip(mut self, pattern: impl Into<String>) -> Policy {
        self.skipped.push(pattern.into());
        self
    }

    /// True of the name of a tensor that is passed over.
    pub(super) fn skips(&self, name: &str) -> bool {
        self.skipped.iter().any(|pattern| is_named(pattern, name))
    }
}

/// True where a pattern names a parameter, its layer, or a block that it is in.
pub(super) fn is_named(pattern: &str, name: &str) -> bool {
    std::iter::once(name).chain(parents(name)).any(|path| matches(pattern, path))
}

/// A rule `OLD=>NEW`: in a name that has OLD at its beginning, or behind one of its dots, NEW
/// stands in the place of the first OLD.
///
/// ```
/// use cnn_runtime::weights::Rename;
///
/// let rule: Rename = "norm.1=>norm1".parse()?;
/// assert_eq!(rule.apply("denselayer1.norm.1.weight").as_deref(), Some("denselayer1.norm1.weight"));
/// assert_eq!(rule.apply("batchnorm.1.weight"), None);
/// # Ok::<(), cnn_runtime::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    from: String,
    to: String,
}

impl Rename {
    /// What names have that change.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The new name, if the rule changes this one.
    pub fn apply(&self, name: &str) -> Option<String> {
        let is_start = |at: usize| at == 0 || name.as_bytes()[at - 1] == b'.';
        let (at, _) = name.match_indices(&self.from).find(|&(at, _)| is_start(at))?;
        Some([&name[..at], &self.to, &name[at + self.from.len()..]].concat())
    }
}

impl FromStr for Rename {
    type Err = Error;

    fn from_str(text: &str) -> Result<Rename> {
        match text.split_once("=>").map(|(from, to)| (from.trim(), to.trim())) {
            Some((from, to)) if !from.is_empty() => Ok(Rename { from: from.into(), to: to.into() }),
            _ => Err(Error::Usage(format!("{text:?} is no rule OLD=>NEW, such as module.=>"))),
        }
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=>{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_two_sides() {
        assert!("module.=>".parse::<Rename>().is_ok());
        for text in ["", "=>", "=>a", "module.", "a=b", "a->b"] {
            let error = text.parse::<Rename>().unwrap_err().to_string();
            assert!(error.contains("is no rule OLD=>NEW"), "{error}");
        }
    }

    #[test]
    fn patterns_name_parameters_layers_and_blocks() {
        let policy = Policy::strict().skip("fc").skip("layer4.*").skip("conv1.bias");
        for name in ["fc.weight", "fc.bias", "layer4.0.conv1.weight", "conv1.bias"] {
            assert!(policy.skips(name), "{name}");
        }
        for name in ["conv1.weight", "layer3.0.fc.weight", "fc2.weight"] {
            assert!(!policy.skips(name), "{name}");
        }
    }
}
