//! Every row of every table, with values of its kinds.

use alloc::{format, string::ToString, vec::Vec};
use core::fmt::{Debug, Display};

use super::*;
use crate::{
    AUGMENTATIONS, LOSSES, PREPARATIONS,
    optim::{OPTIMIZERS, SCHEDULES},
};

/// Xorshift.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.bits() % limit as u64) as usize
    }

    /// A number of any size in a range.
    fn number(&mut self, range: Range) -> f32 {
        loop {
            let number = match self.below(3) {
                0 => f32::from_bits(self.bits() as u32),
                1 => (self.bits() >> 40) as f32 / (1 << 24) as f32,
                _ => self.below(100) as f32,
            };
            if (number == 0.0 || number.is_normal()) && (range.holds)(number) {
                return number;
            }
        }
    }

    fn bound(&mut self, param: &Param) -> Bound {
        let few = self.below(4) + 1;
        match param.kind {
            Kind::Count => Bound::Count(self.below(1 << 24) + 1),
            Kind::Counts => {
                Bound::Counts(constant((0..few).map(|index| index * 10 + self.below(10) + 1).collect()))
            }
            Kind::Flag => Bound::Flag(self.below(2) == 1),
            Kind::Number(range) => Bound::Number(self.number(range)),
            Kind::Numbers(range) => Bound::Numbers(constant((0..few).map(|_| self.number(range)).collect())),
            Kind::Word(words) => Bound::Word(words()[self.below(words().len())]),
            Kind::Pair | Kind::Sides | Kind::Pad | Kind::Init | Kind::Texts | Kind::Choice => {
                unreachable!("{} is for layers and sections", param.name)
            }
        }
    }

    /// A value for each parameter; some with a default keep it.
    fn values(&mut self, spec: Spec) -> Values {
        let bounds = spec.all().map(|param| match param.default {
            Some(default) if self.below(3) == 0 => default,
            _ => self.bound(param),
        });
        Values { bounds: bounds.collect(), spec }
    }
}

/// Builds every row from many settings, and from their text: both are the same, or both fail.
fn check<T: Debug + PartialEq>(table: &Table<T>) -> Vec<T> {
    let mut random = Random(7);
    let mut things = Vec::new();
    for row in table.rows {
        let before = things.len();
        for _ in 0..500 {
            let values = random.values(row.spec);
            let built = (row.build)(&values).map_err(|wrong| format!("{}: {}", row.spec.name, wrong.message));
            assert_eq!(table.parse(&values.to_string()), built, "{values}");
            things.extend(built);
        }
        assert!(things.len() > before + 20, "{} can hardly be built", row.spec.name);
    }
    things
}

/// A value's own text means the value, and names its row.
fn check_texts<T: Chosen + Debug + Display + PartialEq>() {
    for thing in check(&T::TABLE) {
        assert!(thing.to_string().starts_with(&format!("{}(", thing.name())));
        assert_eq!(T::TABLE.parse(&thing.to_string()), Ok(thing));
    }
}

#[test]
fn every_row_is_built_of_its_settings_and_read_from_its_text() {
    check_texts::<crate::optim::Optimizer>();
    check_texts::<crate::optim::Schedule>();
    check_texts::<crate::LossKind>();
    for stage in check(&PREPARATIONS) {
        assert_eq!(PREPARATIONS.parse(&stage.to_string()), Ok(stage));
    }
    check(&AUGMENTATIONS);
}

#[test]
fn defaults_suit_their_kinds() {
    fn check<T>(table: &Table<T>) {
        for param in table.rows.iter().flat_map(|row| row.spec.all()) {
            let Some(default) = param.default.filter(|default| *default != Bound::Unset) else { continue };
            let call = format!("x({default})");
            let call = Call::parse(&call).expect("a call");
            assert_eq!(param.accept(&call.arguments[0].value), Ok(default), "{}", param.name);
        }
    }
    check(&OPTIMIZERS);
    check(&SCHEDULES);
    check(&LOSSES);
    check(&PREPARATIONS);
    check(&AUGMENTATIONS);
}

#[test]
fn names_are_unique() {
    fn check<T>(table: &Table<T>) {
        let mut names = table.names();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table.rows.len());
    }
    check(&OPTIMIZERS);
    check(&SCHEDULES);
    check(&LOSSES);
    check(&PREPARATIONS);
    check(&AUGMENTATIONS);
}

#[test]
fn windows_are_sizes_pairs_or_sides() {
    let accept = |kind, text: &str| {
        let call = format!("x({text})");
        required("size", kind).accept(&Call::parse(&call).expect("a call").arguments[0].value)
    };
    assert_eq!(accept(Kind::Pair, "3"), Ok(Bound::Pair([3, 3])));
    assert_eq!(accept(Kind::Pair, "(3, 5)"), Ok(Bound::Pair([3, 5])));
    assert_eq!(accept(Kind::Pad, "(0, 1, 2, 3)"), Ok(Bound::Sides([[0, 1], [2, 3]])));
    assert_eq!(accept(Kind::Pad, "valid"), Ok(Bound::Sides([[0, 0], [0, 0]])));
    assert_eq!(accept(Kind::Init, "he_normal"), Ok(Bound::Init(crate::Init::HeNormal)));
    assert_eq!(accept(Kind::Pair, "40000"), Err("size must be at most 32768, found 40000".into()));
    assert_eq!(
        accept(Kind::Pair, "(1, 2, 3)"),
        Err("size must be a whole number or a pair (vertical, horizontal), found a tuple of 3".into())
    );
}
