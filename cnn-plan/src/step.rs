//! What follows from the table of steps: a struct and two enums, operands, cost, Rust text.
//!
//! A row of the table in `steps.rs` names a step and its fields. A field has a role, from which its
//! type follows and what the step does with it:
//!
//! | role | type | the step … |
//! |---|---|---|
//! | `read`, `read_optional` | a map | reads it |
//! | `write`, `write_optional` | a map | writes it |
//! | `param`, `param_optional` | a parameter | reads it |
//! | `gradient`, `gradient_optional` | a parameter | overwrites its gradient |
//! | `read_gradient` | a parameter | reads its gradient |
//! | `read_area`, `write_area` | floats of the batch | finds there what an earlier step left; writes it |
//! | `winograd` | areas for Winograd's algorithm | works in them, if there are any |
//! | `winograd_filters_ready` | the same | finds the filters there, and works in the rest |
//! | `epilogue` | element-wise operations | applies them to what it writes |
//! | `attribute(T)` | `T` | is so |

use crate::Map;

/// Whether a step treats samples one by one, or the batch as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each sample by itself: such steps may stand in a region.
    Sample,
    /// A step that sums over the batch, or shares weights across it, and stands outside of regions.
    Batch,
}

/// What a step has to do at least, whatever the algorithm saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A step with weights.
    Multiply {
        /// Multiply-accumulates for one sample.
        macs: usize,
        /// Floats of the weights, which all samples share.
        weights: usize,
    },
    /// A step that multiplies little: elements that it touches for one sample.
    Touch(usize),
    /// A step that rearranges so many floats once for the whole batch.
    Arrange(usize),
}

/// What touching an element costs, in multiply-accumulates.
pub const TOUCH: usize = 16;

impl Work {
    /// The work for one sample, in multiply-accumulates.
    pub const fn cost(self) -> u64 {
        match self {
            Work::Multiply { macs, .. } => macs as u64,
            Work::Touch(elements) => (TOUCH * elements) as u64,
            Work::Arrange(_) => 0,
        }
    }
}

/// Something with the shape of a map.
pub trait Shaped {
    /// `[channels, height, width]`, without padding.
    fn shape(&self) -> [usize; 3];

    /// Elements, without padding.
    fn elements(&self) -> usize {
        self.shape().iter().product()
    }
}

impl Shaped for Map {
    fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

/// The type of a field, by its role.
macro_rules! field {
    ($a:ident read) => { $a::Map };
    ($a:ident read_optional) => { Option<$a::Map> };
    ($a:ident write) => { $a::Map };
    ($a:ident write_optional) => { Option<$a::Map> };
    ($a:ident param) => { $a::Param };
    ($a:ident param_optional) => { Option<$a::Param> };
    ($a:ident gradient) => { $a::Param };
    ($a:ident gradient_optional) => { Option<$a::Param> };
    ($a:ident read_gradient) => { $a::Param };
    ($a:ident read_area) => { $a::Area };
    ($a:ident write_area) => { $a::Area };
    ($a:ident winograd) => { Option<$crate::Winograd<$a>> };
    ($a:ident winograd_filters_ready) => { Option<$crate::Winograd<$a>> };
    ($a:ident epilogue) => { $a::Epilogue };
    ($a:ident attribute $kind:ty) => { $kind };
}

/// Calls `$visit` for each operand that a field is, by its role.
macro_rules! visit {
    ($visit:ident, $field:expr, read) => {
        $visit(Operand::Read($field))
    };
    ($visit:ident, $field:expr, read_optional) => {
        $field.into_iter().for_each(|map| $visit(Operand::Read(map)))
    };
    ($visit:ident, $field:expr, write) => {
        $visit(Operand::Write($field))
    };
    ($visit:ident, $field:expr, write_optional) => {
        $field.into_iter().for_each(|map| $visit(Operand::Write(map)))
    };
    ($visit:ident, $field:expr, param) => {
        $visit(Operand::Param($field))
    };
    ($visit:ident, $field:expr, param_optional) => {
        $field.into_iter().for_each(|param| $visit(Operand::Param(param)))
    };
    ($visit:ident, $field:expr, gradient) => {
        $visit(Operand::Gradient($field))
    };
    ($visit:ident, $field:expr, gradient_optional) => {
        $field.into_iter().for_each(|param| $visit(Operand::Gradient(param)))
    };
    ($visit:ident, $field:expr, read_gradient) => {
        $visit(Operand::ReadGradient($field))
    };
    ($visit:ident, $field:expr, read_area) => {
        $visit(Operand::ReadArea($field))
    };
    ($visit:ident, $field:expr, write_area) => {
        $visit(Operand::WriteArea($field))
    };
    ($visit:ident, $field:expr, winograd) => {
        if let Some($crate::Winograd { filters, work, .. }) = $field {
            $visit(Operand::WriteArea(filters));
            $visit(Operand::WriteArea(work));
        }
    };
    ($visit:ident, $field:expr, winograd_filters_ready) => {
        if let Some($crate::Winograd { filters, work, .. }) = $field {
            $visit(Operand::ReadArea(filters));
            $visit(Operand::WriteArea(work));
        }
    };
    ($visit:ident, $field:expr, epilogue) => {
        $field.as_ref().iter().for_each(|elt| elt.visit($visit))
    };
    ($visit:ident, $field:expr, attribute $kind:ty) => {};
}

/// A field in another addressing, by its role.
macro_rules! readdress {
    ($to:ident, $field:expr, read) => {
        $to.map($field)
    };
    ($to:ident, $field:expr, read_optional) => {
        $field.map(|map| $to.map(map))
    };
    ($to:ident, $field:expr, write) => {
        $to.map($field)
    };
    ($to:ident, $field:expr, write_optional) => {
        $field.map(|map| $to.map(map))
    };
    ($to:ident, $field:expr, param) => {
        $to.param($field)
    };
    ($to:ident, $field:expr, param_optional) => {
        $field.map(|param| $to.param(param))
    };
    ($to:ident, $field:expr, gradient) => {
        $to.param($field)
    };
    ($to:ident, $field:expr, gradient_optional) => {
        $field.map(|param| $to.param(param))
    };
    ($to:ident, $field:expr, read_gradient) => {
        $to.param($field)
    };
    ($to:ident, $field:expr, read_area) => {
        $to.area($field)
    };
    ($to:ident, $field:expr, write_area) => {
        $to.area($field)
    };
    ($to:ident, $field:expr, winograd) => {
        $field.map(|winograd| winograd.readdress($to))
    };
    ($to:ident, $field:expr, winograd_filters_ready) => {
        $field.map(|winograd| winograd.readdress($to))
    };
    ($to:ident, $field:expr, epilogue) => {
        $to.epilogue(&$field)
    };
    ($to:ident, $field:expr, attribute $kind:ty) => {
        $field
    };
}

/// Writes the expression of a field.
macro_rules! source {
    ($out:ident, $field:expr, epilogue) => {{
        $out.write_char('&')?;
        $field.as_ref().write($out)
    }};
    ($out:ident, $field:expr, $other:ident $($kind:ty)?) => {
        $field.write($out)
    };
}

/// The operations that a field is, if it is an epilogue.
macro_rules! epilogue {
    ($found:ident, $field:expr, epilogue) => {
        $found = Some(&$field)
    };
    ($found:ident, $field:expr, $other:ident $($kind:ty)?) => {};
}

/// Writes the table: structs, the enum of steps by value and that of references to constants.
macro_rules! steps {
    ($(
        $(#[$about:meta])*
        $method:ident: $kind:ident {
            $($(#[$note:meta])* $field:ident: $role:ident $(($of:ty))?,)*
        }
        scope: $scope:expr,
        work: $work:expr;
    )*) => {
        $(
            $(#[$about])*
            pub struct $kind<A: Addressing = Placed> {
                /// The layer.
                pub name: A::Name,
                $($(#[$note])* pub $field: field!(A $role $($of)?),)*
            }

            // Fields' types come from a macro, which `derive` does not look through.
            impl<A: Addressing> Clone for $kind<A> {
                fn clone(&self) -> Self {
                    $kind { name: self.name.clone(), $($field: self.$field.clone(),)* }
                }
            }

            impl Copy for $kind {}

            impl<A: Addressing> PartialEq for $kind<A> {
                fn eq(&self, other: &Self) -> bool {
                    self.name == other.name $(&& self.$field == other.$field)*
                }
            }

            impl<A: Addressing> fmt::Debug for $kind<A> {
                fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
                    out.debug_struct(stringify!($kind))
                        .field("name", &self.name)
                        $(.field(stringify!($field), &self.$field))*
                        .finish()
                }
            }

            impl<A: Addressing> Described<A> for $kind<A> {
                fn kind(&self) -> &'static str {
                    stringify!($method)
                }

                fn name(&self) -> &A::Name {
                    &self.name
                }

                fn scope(&self) -> Scope {
                    let scope: fn(&$kind<A>) -> Scope = $scope;
                    scope(self)
                }

                fn work(&self) -> Work {
                    let work: fn(&$kind<A>) -> Work = $work;
                    work(self)
                }

                fn visit(&self, visit: &mut dyn FnMut(Operand<A>)) {
                    $(visit!(visit, self.$field, $role $($of)?);)*
                }

                fn epilogue(&self) -> Option<&A::Epilogue> {
                    #[allow(unused_mut, unused_assignments, reason = "few steps have none")]
                    let mut found = None;
                    $(epilogue!(found, self.$field, $role $($of)?);)*
                    found
                }
            }

            impl<A: Addressing> $kind<A> {
                /// The same step in another addressing.
                fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> $kind<B> {
                    $kind {
                        name: to.name(&self.name),
                        $($field: readdress!(to, self.$field, $role $($of)?),)*
                    }
                }
            }

            impl<A: Written> Source for $kind<A> {
                fn write(&self, out: &mut dyn Write) -> fmt::Result {
                    out.write_str(concat!(stringify!($kind), "{name:"))?;
                    self.name.write(out)?;
                    $(
                        out.write_str(concat!(",", stringify!($field), ":"))?;
                        source!(out, self.$field, $role $($of)?)?;
                    )*
                    out.write_char('}')
                }
            }
        )*

        /// A step by value.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Step<A: Addressing = Placed> {
            $(
                #[doc = concat!("See [`struct@", stringify!($kind), "`].")]
                $kind($kind<A>),
            )*
        }

        impl<A: Addressing> Step<A> {
            /// What the table says of the step.
            pub fn described(&self) -> &dyn Described<A> {
                match self {
                    $(Step::$kind(step) => step,)*
                }
            }

            /// The name of the step's type, [`StepRef`]'s variant.
            pub const fn type_name(&self) -> &'static str {
                match self {
                    $(Step::$kind(_) => stringify!($kind),)*
                }
            }

            /// The same step in another addressing.
            pub fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> Step<B> {
                match self {
                    $(Step::$kind(step) => Step::$kind(step.readdress(to)),)*
                }
            }
        }

        impl<A: Written> Source for Step<A> {
            /// Writes the step's struct.
            fn write(&self, out: &mut dyn Write) -> fmt::Result {
                match self {
                    $(Step::$kind(step) => step.write(out),)*
                }
            }
        }

        /// A step of generated code: a reference to the constant that describes it.
        #[derive(Clone, Copy, Debug)]
        pub enum StepRef {
            $(
                #[doc = concat!("See [`struct@", stringify!($kind), "`].")]
                $kind(&'static $kind),
            )*
        }

        impl StepRef {
            /// What the table says of the step.
            pub fn described(&self) -> &'static dyn Described<Placed> {
                match *self {
                    $(StepRef::$kind(step) => step,)*
                }
            }
        }
    };
}

pub(crate) use {epilogue, field, readdress, source, steps, visit};
