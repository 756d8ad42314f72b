//! What the user wrote, every node with its span. Nothing is evaluated or looked up yet.

use cnn_plan::TargetKind;
use proc_macro2::{Ident, TokenStream};

/// From the first token of a node to its last.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub start: proc_macro2::Span,
    pub end: proc_macro2::Span,
}

impl From<proc_macro2::Span> for Span {
    fn from(span: proc_macro2::Span) -> Span {
        Span { start: span, end: span }
    }
}

impl Span {
    /// True if both are one place. Spans cannot be compared on a stable compiler, but what `Debug`
    /// prints tells places apart.
    pub fn is_at(self, other: Span) -> bool {
        self.place() == other.place()
    }

    /// A key that is different for each place of a source file.
    pub fn place(self) -> String {
        format!("{:?} {:?}", self.start, self.end)
    }

    /// From the start of `self` to the end of `last`.
    pub fn to(self, last: impl Into<Span>) -> Span {
        Span { start: self.start, end: last.into().end }
    }
}

/// `pub Name<[C, H, W] -> N> { … }`, or `-> values(N)`, `-> labels(N)`.
#[derive(Debug)]
pub struct Network {
    /// Doc comments and other attributes.
    pub attributes: TokenStream,
    pub visibility: TokenStream,
    pub name: Ident,
    pub input: [Integer; 3],
    pub outputs: Integer,
    pub target: TargetKind,
    pub body: Body,
    pub sections: Vec<Section>,
}

/// An integer literal.
#[derive(Clone, Copy, Debug)]
pub struct Integer {
    pub value: i64,
    pub span: Span,
}

/// Statements and a final value.
#[derive(Debug)]
pub struct Body {
    pub statements: Vec<Statement>,
    pub value: Option<Box<Expr>>,
    /// The last token, `;` or `}`: where a missing value would stand.
    pub end: Span,
}

#[derive(Debug)]
pub enum Statement {
    /// `let pattern = value;`
    Let { pattern: Pattern, value: Expr },
    /// `name = value;`
    Assign { name: Ident, value: Expr },
    /// `for pattern in values { … }`
    For { pattern: Pattern, values: Expr, body: Body },
    /// `block name(x, a, b = default) { … }`
    Block(Block),
    /// `value;`
    Expr(Expr),
}

/// What `let` and `for` bind.
#[derive(Debug)]
pub enum Pattern {
    Name(Ident),
    /// `_`
    Ignore,
    Tuple(Vec<Pattern>, Span),
}

/// A function from values to a value; its layers' names are relative to the name of the call.
#[derive(Debug)]
pub struct Block {
    pub name: Ident,
    pub parameters: Vec<Parameter>,
    pub body: Body,
}

/// A block's parameter.
#[derive(Debug)]
pub struct Parameter {
    pub name: Ident,
    pub default: Option<Expr>,
}

#[derive(Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug)]
pub enum ExprKind {
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(String),
    Name(Ident),
    /// `x.channels`
    Field(Box<Expr>, Ident),
    Unary(Unary, Box<Expr>),
    Binary(Box<Expr>, Binary, Span, Box<Expr>),
    /// `add(a, b)`: the first argument is what `->` would bring.
    Call(Ident, Vec<Argument>),
    Array(Vec<Expr>),
    Tuple(Vec<Expr>),
    If {
        condition: Box<Expr>,
        then: Body,
        otherwise: Option<Box<Expr>>,
    },
    Block(Body),
    /// `value -> link -> link`
    Chain(Box<Expr>, Vec<Link>),
}

/// `name: layer(arguments)`
#[derive(Debug)]
pub struct Link {
    pub name: Option<Name>,
    pub layer: Ident,
    pub arguments: Vec<Argument>,
    pub span: Span,
}

/// A layer's name before evaluation, `layer{i}.0`.
#[derive(Debug)]
pub struct Name {
    pub pieces: Vec<Piece>,
    pub span: Span,
}

#[derive(Debug)]
pub enum Piece {
    Text(String),
    Expr(Expr),
}

/// `value` or `key = value`
#[derive(Debug)]
pub struct Argument {
    pub key: Option<Ident>,
    pub value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Negate,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `..`
    Range,
    /// `..=`
    RangeInclusive,
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// The names of all sections.
pub const SECTIONS: [&str; 4] = ["train", "data", "augment", "budget"];

/// `train { … }`, `budget { … }` and the like.
#[derive(Debug)]
pub struct Section {
    pub name: Ident,
    pub content: SectionContent,
}

#[derive(Debug)]
pub enum SectionContent {
    /// `key = value, …` or `stage(…), …`
    Arguments(Vec<Argument>),
    /// `params <= 62M, …`
    Budget(Vec<Limit>),
    /// What stands in a section that is not known, unread.
    Other,
}

/// `params <= 62M`, with the multiplier applied.
#[derive(Debug)]
pub struct Limit {
    pub quantity: Ident,
    pub most: u64,
    /// As written, `62M`.
    pub text: String,
    pub span: Span,
}
