//! The table of arguments that something takes.

use alloc::string::String;

use super::{Bound, Expected, Kind, Signature, Written, wording};

/// The arguments that something takes, in positional order.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The name of what takes them: `conv`, `adam`.
    pub name: &'static str,
    /// Arguments that may be given in order or as `key = value`.
    pub params: &'static [Param],
    /// Arguments that are only ever given as `key = value`.
    pub attributes: &'static [Param],
}

impl Spec {
    /// Arguments without attributes.
    pub const fn new(name: &'static str, params: &'static [Param]) -> Spec {
        Spec { name, params, attributes: &[] }
    }

    /// All arguments, positional ones first.
    pub fn all(&self) -> impl Iterator<Item = &'static Param> + use<> {
        self.params.iter().chain(self.attributes)
    }

    /// The names alone, by which arguments find their parameters.
    pub fn signature(&self) -> Signature<'static> {
        let expected =
            |param: &'static Param| Expected { name: param.name, required: param.default.is_none() };
        Signature {
            name: self.name,
            params: self.all().map(expected).collect(),
            positional: self.params.len(),
        }
    }

    /// The checked value of a parameter; `keyed` if it was given by name.
    ///
    /// # Errors
    /// What is wrong with it. Where an argument without a name is of another kind, that says in which
    /// order they come.
    pub fn accept(&self, param: &Param, written: &Written, keyed: bool) -> Result<Bound, String> {
        let is_number =
            matches!(written, Written::Int(_) | Written::Float(_) | Written::Array(_) | Written::Tuple(_));
        let is_other = is_number == matches!(param.kind, Kind::Flag);
        let is_word = matches!(written, Written::Word(_)) && !param.kind.words().is_empty();
        let is_value = is_word || param.quoted(written).is_some();
        let is_misplaced = !keyed && self.params.len() > 1 && is_other && !is_value;
        let advice = || if is_misplaced { wording::in_order(self) } else { String::new() };
        param.accept(written).map_err(|message| message + &advice())
    }

    /// The first name of the argument that `key` names; `key` itself if there is none.
    pub fn canonical<'a>(&self, key: &'a str) -> &'a str {
        self.all().find(|param| param.alias == Some(key)).map_or(key, |param| param.name)
    }
}

/// One argument that may or must be given.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name in `key = value`.
    pub name: &'static str,
    /// Another name.
    pub alias: Option<&'static str>,
    /// What it may be.
    pub kind: Kind,
    /// Its value where it is left out; `None` if it must be given.
    pub default: Option<Bound>,
}

/// An argument that must be given.
pub const fn required(name: &'static str, kind: Kind) -> Param {
    Param { name, alias: None, kind, default: None }
}

/// An argument with a default.
pub const fn optional(name: &'static str, kind: Kind, default: Bound) -> Param {
    Param { name, alias: None, kind, default: Some(default) }
}

/// An argument that may be left out; whoever reads it works the default out.
pub const fn unset(name: &'static str, kind: Kind) -> Param {
    optional(name, kind, Bound::Unset)
}

impl Param {
    /// The same under another name too.
    pub const fn or(self, alias: &'static str) -> Param {
        Param { alias: Some(alias), ..self }
    }

    /// True for the argument's name and its alias.
    pub fn is_called(&self, key: &str) -> bool {
        self.name == key || self.alias == Some(key)
    }
}
