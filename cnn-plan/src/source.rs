//! Values of the plan as Rust source text: how the compiler writes a table without describing its
//! types a second time.
//!
//! Text names types and variants by their bare names (`Map { offset: 0, … }`), so it is meant for a
//! place that has imported everything of this crate. Integers and floats carry no suffix.

use alloc::{string::String, vec::Vec};
use core::fmt::{Result, Write};

use crate::Addressing;

/// A value that can be written as a Rust expression that yields it. A `Vec` becomes a reference to
/// an array and a `String` a literal: what a constant has in their place.
///
/// ```
/// use cnn_plan::{Act, Source};
///
/// let mut text = String::new();
/// [Act::Relu, Act::Elu(0.5)].write(&mut text)?;
/// assert_eq!(text, "[Act::Relu,Act::Elu(0.5,),]");
/// # Ok::<(), core::fmt::Error>(())
/// ```
pub trait Source {
    /// Appends the expression.
    ///
    /// # Errors
    /// Those of `out`.
    fn write(&self, out: &mut dyn Write) -> Result;
}

/// An addressing whose items can be written.
pub trait Written: Addressing<Name: Source, Map: Source, Param: Source, Area: Source> {}

impl<A: Addressing<Name: Source, Map: Source, Param: Source, Area: Source>> Written for A {}

/// Implements [`Source`] for types whose `Debug` text is a literal.
macro_rules! literals {
    ($($kind:ty),*) => {
        $(impl Source for $kind {
            fn write(&self, out: &mut dyn Write) -> Result {
                write!(out, "{self:?}")
            }
        })*
    };
}

literals!(bool, f32, isize, &str, String, u32, u64, usize);

impl<T: Source> Source for &[T] {
    fn write(&self, out: &mut dyn Write) -> Result {
        out.write_char('&')?;
        (**self).write(out)
    }
}

impl<T: Source> Source for Vec<T> {
    fn write(&self, out: &mut dyn Write) -> Result {
        out.write_char('&')?;
        self[..].write(out)
    }
}

impl<T: Source> Source for Option<T> {
    fn write(&self, out: &mut dyn Write) -> Result {
        match self {
            None => out.write_str("None"),
            Some(value) => {
                out.write_str("Some(")?;
                value.write(out)?;
                out.write_char(')')
            }
        }
    }
}

impl<T: Source> Source for [T] {
    fn write(&self, out: &mut dyn Write) -> Result {
        out.write_char('[')?;
        for item in self {
            item.write(out)?;
            out.write_char(',')?;
        }
        out.write_char(']')
    }
}

impl<T: Source, const N: usize> Source for [T; N] {
    fn write(&self, out: &mut dyn Write) -> Result {
        self.as_slice().write(out)
    }
}

/// Declares structs and enums and implements [`Source`] for them.
macro_rules! plain {
    () => {};
    (
        $(#[$about:meta])*
        pub struct $name:ident $(<$life:lifetime>)? $(<$a:ident: Addressing = Placed>)? { $($(#[$note:meta])* pub $field:ident: $kind:ty),* $(,)? }
        $($rest:tt)*
    ) => {
        $(#[$about])*
        pub struct $name $(<$life>)? $(<$a: Addressing = Placed>)? { $($(#[$note])* pub $field: $kind),* }

        impl $(<$life>)? $(<$a: $crate::source::Written>)? $crate::Source for $name $(<$life>)? $(<$a>)? {
            fn write(&self, out: &mut dyn core::fmt::Write) -> core::fmt::Result {
                out.write_str(concat!(stringify!($name), "{"))?;
                $(
                    out.write_str(concat!(stringify!($field), ":"))?;
                    $crate::Source::write(&self.$field, out)?;
                    out.write_char(',')?;
                )*
                out.write_char('}')
            }
        }

        $crate::source::plain!($($rest)*);
    };
    (
        $(#[$about:meta])*
        pub enum $name:ident $(<$a:ident: Addressing = Placed>)? {
            $(
                $(#[$note:meta])*
                $variant:ident
                $(($($place:ident: $item:ty),*))?
                $({ $($(#[$remark:meta])* $field:ident: $kind:ty),* $(,)? })?
            ),* $(,)?
        }
        $($rest:tt)*
    ) => {
        $(#[$about])*
        pub enum $name $(<$a: Addressing = Placed>)? {
            $($(#[$note])* $variant $(($($item),*))? $({ $($(#[$remark])* $field: $kind),* })?),*
        }

        impl $(<$a: $crate::source::Written>)? $crate::Source for $name $(<$a>)? {
            fn write(&self, out: &mut dyn core::fmt::Write) -> core::fmt::Result {
                match self {
                    $($name::$variant $(($($place),*))? $({ $($field),* })? => {
                        out.write_str(concat!(stringify!($name), "::", stringify!($variant)))?;
                        $(
                            out.write_char('(')?;
                            $($crate::Source::write($place, out)?; out.write_char(',')?;)*
                            out.write_char(')')?;
                        )?
                        $(
                            out.write_char('{')?;
                            $(
                                out.write_str(concat!(stringify!($field), ":"))?;
                                $crate::Source::write($field, out)?;
                                out.write_char(',')?;
                            )*
                            out.write_char('}')?;
                        )?
                        Ok(())
                    })*
                }
            }
        }

        $crate::source::plain!($($rest)*);
    };
}

pub(crate) use plain;
