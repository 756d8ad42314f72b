//! Things that are chosen by name, each a row of a table with its settings and its constructor.

use alloc::{format, string::String, vec::Vec};

use super::{Bound, Call, Spec, Values, bind, wording};

/// All that can be chosen for one purpose.
#[derive(Debug)]
pub struct Table<T: 'static> {
    /// What a row is called in errors: `optimizer`.
    pub what: &'static str,
    /// The rows.
    pub rows: &'static [Choice<T>],
}

/// A row of a table.
#[derive(Debug)]
pub struct Choice<T> {
    /// Its name and its settings.
    pub spec: Spec,
    /// Makes the thing of its settings, or says which of them do not go together.
    pub build: fn(&Values) -> Result<T, Wrong>,
}

/// Settings that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The setting that is to be mended; `None` if it is no single one.
    pub setting: Option<&'static str>,
    /// What is wrong, without the name of the thing.
    pub message: &'static str,
}

impl<T> Table<T> {
    /// The names of all rows.
    pub fn names(&self) -> Vec<&'static str> {
        self.rows.iter().map(|row| row.spec.name).collect()
    }

    /// The row of a name.
    pub fn find(&self, name: &str) -> Option<&'static Choice<T>> {
        self.rows.iter().find(|row| row.spec.name == name)
    }

    /// The error for a name that no row has.
    pub fn unknown(&self, name: &str) -> String {
        wording::unknown_choice(self.what, name, &self.names())
    }

    /// The error for something that is no name; `text` if it is one in quotes.
    pub fn expected(&self, text: Option<&str>) -> String {
        if let Some(row) = text.and_then(|text| self.find(text)) {
            return format!("{}: {}", self.what, wording::in_quotes(row.spec.name));
        }
        format!("{} must be {}", self.what, wording::either(&self.names()))
    }

    /// The thing that a text names, such as `adam(lr = 1e-3)`; a setting that is left out has its
    /// default.
    ///
    /// # Errors
    /// What is wrong with the text, in the words of an error of `network!`.
    pub fn parse(&self, text: &str) -> Result<T, String> {
        let call = Call::parse(text)?;
        let row = self.find(call.name).ok_or_else(|| self.unknown(call.name))?;
        let values = bind(&row.spec, &call.arguments)?;
        (row.build)(&values).map_err(|wrong| format!("{}: {}", row.spec.name, wrong.message))
    }
}

/// A type whose values are all rows of one table, so that each has a text.
pub trait Chosen: Sized + 'static {
    /// The table.
    const TABLE: Table<Self>;

    /// The name of the value's row.
    fn name(&self) -> &'static str;

    /// The settings with which the row makes this value.
    fn values(&self) -> Values;

    /// The same with another value of one setting.
    ///
    /// # Errors
    /// `None` if the row has no such setting, else what does not go together.
    fn with(&self, setting: &str, bound: Bound) -> Option<Result<Self, Wrong>> {
        let mut values = self.values();
        let place = values.place(setting)?;
        values.bounds[place] = bound;
        let row = Self::TABLE.find(values.spec.name)?;
        Some((row.build)(&values))
    }
}

/// A row: its name, its settings, and the expression that makes the thing of them.
///
/// A setting is written as a call of [`super::required`], [`super::optional`] or [`super::unset`]
/// without the name, which is the variable's: `every: required(Kind::Count)`. What stands behind a
/// semicolon can only be given by name. The expression may fail with `?`.
macro_rules! row {
    (
        $name:literal {
            $($field:ident: $param:ident($($detail:expr),*)),* $(,)?
            $(; $($key:ident: $attribute:ident($($more:expr),*)),* $(,)?)?
        } => $thing:expr
    ) => {
        $crate::settings::Choice {
            spec: $crate::settings::Spec {
                name: $name,
                params: &[$($param(stringify!($field), $($detail),*)),*],
                attributes: &[$($($attribute(stringify!($key), $($more),*)),*)?],
            },
            build: |values| {
                let _: &$crate::settings::Values = values;
                $(let $field = values.read(stringify!($field));)*
                $($(let $key = values.read(stringify!($key));)*)?
                Ok($thing)
            },
        }
    };
}

/// Declares the table of a type, and the type's text both ways.
///
/// Each row is one of [`row`], but for its expression: it stands in brackets and is a pattern, too,
/// which yields the settings of a value. Every value must match one: a variant without a row does
/// not compile. A check of settings against each other may follow `if`.
macro_rules! table {
    (
        $(#[$about:meta])*
        pub const $table:ident: $kind:ident = $what:literal {
            $(
                $name:literal {
                    $($field:ident: $param:ident($($detail:expr),*)),* $(,)?
                    $(; $($key:ident: $attribute:ident($($more:expr),*)),* $(,)?)?
                } => [$($shape:tt)+] $(if $check:expr)?
            ),+ $(,)?
        }
    ) => {
        $(#[$about])*
        pub const $table: $crate::settings::Table<$kind> = $crate::settings::Table {
            what: $what,
            rows: &[$(
                $crate::settings::row!(
                    $name {
                        $($field: $param($($detail),*)),*
                        $(; $($key: $attribute($($more),*)),*)?
                    } => {
                        $($check?;)?
                        $($shape)+
                    }
                )
            ),+],
        };

        impl $crate::settings::Chosen for $kind {
            const TABLE: $crate::settings::Table<$kind> = $table;

            #[allow(unused_variables, reason = "the settings do not matter here")]
            fn name(&self) -> &'static str {
                match *self {
                    $($($shape)+ => $name),+
                }
            }

            fn values(&self) -> $crate::settings::Values {
                use $crate::settings::Field;
                let bounds = match *self {
                    $($($shape)+ => alloc::vec![$($field.bound(),)* $($($key.bound(),)*)?]),+
                };
                let row = $table.find(self.name()).expect("the name is a row's");
                $crate::settings::Values { spec: row.spec, bounds }
            }
        }

        impl core::fmt::Display for $kind {
            /// In full, with every setting: what [`core::str::FromStr`] reads as the same.
            fn fmt(&self, out: &mut core::fmt::Formatter) -> core::fmt::Result {
                $crate::settings::Chosen::values(self).fmt(out)
            }
        }

        impl core::str::FromStr for $kind {
            type Err = alloc::string::String;

            /// A name, or a name with settings, as in the sections of `network!`.
            fn from_str(text: &str) -> Result<$kind, alloc::string::String> {
                $table.parse(text)
            }
        }
    };
}

pub(crate) use {row, table};
