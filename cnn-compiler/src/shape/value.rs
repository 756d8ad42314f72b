//! What an expression of the language evaluates to.

use std::rc::Rc;

use super::{Shaper, errors};
use crate::ir::NodeId;

/// A value while the network is evaluated.
#[derive(Clone, Debug)]
pub enum Value {
    /// A feature map or a flat value of the network.
    Map(NodeId),
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(Rc<str>),
    Array(List),
    /// `()` for what has no value.
    Tuple(List),
    /// The result of something that failed: no error follows from it.
    Unknown,
}

/// The items of an array or a tuple, shared by its copies.
#[derive(Clone, Debug)]
pub struct List {
    pub items: Rc<[Value]>,
    /// Levels of lists in it, itself included.
    pub depth: usize,
}

impl List {
    /// A list of values.
    pub fn new(items: Vec<Value>) -> List {
        let depth = items.iter().map(Value::depth).max().unwrap_or(0) + 1;
        List { items: items.into(), depth }
    }

    fn brief(&self, shaper: &Shaper) -> String {
        const SHOWN: usize = 4;
        let mut items: Vec<_> = self.items.iter().take(SHOWN).map(|item| item.brief(shaper)).collect();
        if self.items.len() > SHOWN {
            items.push("…".into());
        }
        items.join(", ")
    }
}

impl Value {
    /// The value of what has none: a loop, an `if` without `else`.
    pub fn unit() -> Value {
        Value::Tuple(List::new(Vec::new()))
    }

    fn depth(&self) -> usize {
        match self {
            Value::Array(list) | Value::Tuple(list) => list.depth,
            _ => 0,
        }
    }

    /// In few words, for the line that names a call: `64x12x12`, `3`.
    pub fn brief(&self, shaper: &Shaper) -> String {
        match self {
            Value::Map(node) => errors::shape(&shaper.graph[*node].shape),
            Value::Int(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Str(value) => format!("{value:?}"),
            Value::Array(list) => format!("[{}]", list.brief(shaper)),
            Value::Tuple(list) => format!("({})", list.brief(shaper)),
            Value::Unknown => "?".into(),
        }
    }

    /// For an error: `a map of 64x12x12`, `the integer 3`.
    pub fn describe(&self, shaper: &Shaper) -> String {
        match self {
            Value::Map(node) => errors::value(&shaper.graph[*node].shape),
            Value::Int(value) => format!("the integer {value}"),
            Value::Float(value) => format!("the number {value}"),
            Value::Bool(value) => format!("`{value}`"),
            Value::Str(value) => format!("the string {value:?}"),
            Value::Array(list) => format!("an array of {}", list.items.len()),
            Value::Tuple(list) if list.items.is_empty() => "nothing".into(),
            Value::Tuple(list) => format!("a tuple of {}", list.items.len()),
            Value::Unknown => "something unknown".into(),
        }
    }
}
