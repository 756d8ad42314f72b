//! Arguments as they stand in the source, with their places.
//!
//! What each may be is said by the tables of [`cnn_plan::settings`].

use cnn_plan::settings::{Spec, Written};

use super::{Value, signature::Place};
use crate::ast::Span;

/// An argument as evaluated.
#[derive(Debug)]
pub struct Argument {
    pub key: Option<(String, Span)>,
    pub value: Given,
    pub span: Span,
}

impl Argument {
    /// True for a feature map without a key: a second input.
    pub(super) fn is_map(&self) -> bool {
        self.key.is_none() && matches!(self.value, Given::Value(Value::Map(_)))
    }

    pub(super) fn place(&self, spec: &Spec) -> Place<'_> {
        let key = self.key.as_ref().map(|(key, span)| (spec.canonical(key), *span));
        Place { key, span: self.span }
    }
}

/// What stands for an argument's value.
#[derive(Debug)]
pub enum Given {
    Value(Value),
    /// A bare word that is no variable, such as `same`.
    Word {
        word: String,
        /// The error where no words are taken, if a variable may have been meant.
        unknown: Option<String>,
    },
    /// A word with arguments, such as `sgd(lr = 0.1)`.
    Call {
        word: String,
        span: Span,
        arguments: Vec<Argument>,
    },
}

impl Given {
    /// The value as both grammars have it; nothing if it is unknown.
    pub(super) fn written(&self) -> Option<Written<'_>> {
        match self {
            Given::Value(Value::Unknown) => None,
            Given::Value(value) => Some(value.written()),
            Given::Word { word, .. } => Some(Written::Word(word)),
            Given::Call { word, .. } => Some(Written::Other(format!("`{word}(…)`"))),
        }
    }
}

impl Value {
    fn written(&self) -> Written<'_> {
        match self {
            Value::Array(list) => Written::Array(list.items.iter().map(Value::item).collect()),
            Value::Tuple(list) => Written::Tuple(list.items.iter().map(Value::item).collect()),
            alone => alone.item(),
        }
    }

    /// An item of a list, where no argument takes another list.
    fn item(&self) -> Written<'_> {
        match self {
            Value::Int(value) => Written::Int(*value),
            Value::Float(value) => Written::Float(*value),
            Value::Bool(value) => Written::Flag(*value),
            Value::Str(value) => Written::Text(value),
            Value::Map(_) => Written::Other("a feature map".into()),
            Value::Array(_) => Written::Array(Vec::new()),
            Value::Tuple(list) => Written::Other(format!("a tuple of {}", list.items.len())),
            Value::Unknown => Written::Other("something unknown".into()),
        }
    }
}
