//! Arguments by name: what something takes, what each argument may be, and the words for a mistake.
//!
//! A [`Spec`] lists the arguments of a layer, an optimizer, a schedule, a loss or a stage of data.
//! Two grammars read it: the tokens of `network!`, and texts such as `adam(lr = 1e-3)`. Each turns
//! what it finds into [`Written`] values; [`Signature::assign`] says which of them is for which
//! parameter, [`Param::accept`] checks one, and the [`Values`] that come out build the thing that a
//! row of a [`Table`] names. A mistake therefore reads alike in both.

mod accept;
mod choice;
mod foreign;
mod kind;
mod names;
mod signature;
mod spec;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod wording;

pub use accept::Written;
pub use choice::{Choice, Chosen, Table, Wrong};
pub use kind::{Kind, Range, Word, words};
pub use names::{did_you_mean, shortened};
pub use signature::{Assignment, Expected, Misplaced, Signature};
pub use spec::{Param, Spec, optional, required, unset};
pub use text::{Argument, Call, bind};
pub use values::{Bound, Field, Values, constant};
pub use wording::{either, guess};

pub(crate) use choice::{row, table};
