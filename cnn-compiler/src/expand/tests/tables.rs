//! The sections of `network!` and the texts of the command line, which read the same tables.

use std::fmt::Debug;

use cnn_plan::{
    AUGMENTATIONS, LOSSES, PREPARATIONS,
    optim::{OPTIMIZERS, SCHEDULES},
    settings::{Kind, Param, Range, Spec, Table},
};

use super::complaints;
use crate::{
    diag::Diagnostics,
    expand::section,
    parse,
    shape::{Made, choose},
    testing::random::Random,
};

/// The thing that a section with this text alone chooses from a table, or what is wrong.
fn of_macro<T>(table: &Table<T>, text: &str) -> Result<T, String> {
    let source = format!("Net<[1, 1, 1] -> 1> {{ input augment {{ {text} }} }}");
    let network = parse::parse(source.parse().expect("tokens")).expect("a network");
    let (given, _) = section::find(&network, "augment").expect("a section");
    let mut errors = Diagnostics::default();
    let given = section::arguments("augment", given, &mut errors);
    let made: Option<Made<T>> = choose(table, "augment", &given[0], &mut errors);
    match errors.check() {
        Ok(()) => Ok(made.expect("no errors").thing),
        Err(errors) => {
            Err(errors.messages()[0].strip_prefix("augment: ").unwrap_or(errors.messages()[0]).into())
        }
    }
}

const NUMBERS: [&str; 9] = ["0", "0.5", "1", "2", "1.5e-3", "0.0100000001", "1e-7", "90", "1e4"];

fn value(param: &Param, random: &mut Random) -> String {
    let pick = |random: &mut Random, range: Range| loop {
        let text = random.pick(&NUMBERS);
        if range.accept(text.parse().expect("a number")).is_ok() {
            return text;
        }
    };
    match param.kind {
        Kind::Count => random.pick(&["1", "2", "7"]).into(),
        Kind::Counts => random.pick(&["[30, 60]", "(1, 2, 3,)", "5"]).into(),
        Kind::Flag => random.pick(&["true", "false"]).into(),
        Kind::Number(range) => pick(random, range).into(),
        Kind::Numbers(range) => {
            format!("[{}, {}, {}]", pick(random, range), pick(random, range), pick(random, range))
        }
        Kind::Word(words) => random.pick(&words()).into(),
        Kind::Pair | Kind::Sides | Kind::Pad | Kind::Init | Kind::Texts | Kind::Choice => {
            unreachable!("{} is for layers and sections", param.name)
        }
    }
}

/// A call with some of the arguments, the first of them perhaps in order.
fn call(spec: &Spec, random: &mut Random) -> String {
    let mut in_order = true;
    let mut arguments = Vec::new();
    for param in spec.all() {
        let attribute = spec.attributes.iter().any(|attribute| attribute.name == param.name);
        if param.default.is_some() && random.below(2) == 0 {
            in_order = false;
            continue;
        }
        in_order &= !attribute && random.below(3) > 0;
        let value = value(param, random);
        arguments.push(if in_order { value } else { format!("{} = {value}", param.name) });
    }
    match arguments[..] {
        [] => spec.name.into(),
        _ => format!("{}({})", spec.name, arguments.join(", ")),
    }
}

/// Compares what the macro makes of texts with what the table makes of them.
fn check<T: Debug + PartialEq>(table: &Table<T>) {
    let mut random = Random(11);
    for row in table.rows {
        let texts: Vec<_> = (0..200).map(|_| call(&row.spec, &mut random)).collect();
        for text in &texts {
            assert_eq!(of_macro(table, text), table.parse(text), "{text}");
        }
        let sound = texts.iter().filter(|text| table.parse(text).is_ok()).count();
        assert!(sound > 5, "{} is hardly ever right", row.spec.name);
    }
    for text in ["nothing_alike", "x(1)"] {
        assert_eq!(of_macro(table, text), table.parse(text), "{text}");
    }
}

#[test]
fn sections_and_texts_mean_the_same() {
    check(&OPTIMIZERS);
    check(&SCHEDULES);
    check(&LOSSES);
    check(&PREPARATIONS);
    check(&AUGMENTATIONS);
}

#[test]
fn sections_and_texts_complain_alike() {
    for text in [
        "adam(lr = 0)",
        "adam(lr = 1e39)",
        "adam(beta_3 = 1)",
        "adam(1, 2, 3, 4, 5, 6)",
        "adam(lr = 1, 0.9)",
        "adam(lr = 1, lr = 2)",
        "adam(lr = fast)",
        "adam(lr = [1, 2])",
        "sgd(nesterov = 1)",
        "sgd(nesterov = true)",
    ] {
        let message = of_macro(&OPTIMIZERS, text).expect_err(text);
        assert_eq!(OPTIMIZERS.parse(text), Err(message), "{text}");
    }
}

#[test]
fn stages_are_known_to_their_section_and_to_the_other() {
    let section = |name: &str, stage: &str| {
        complaints(&format!("input -> flatten -> dense(10) {name} {{ {stage} }}")).remove(0)
    };
    let [data, augment] = [PREPARATIONS.names(), AUGMENTATIONS.names()];
    for (name, stages, others) in [("data", &data, &augment), ("augment", &augment, &data)] {
        for stage in stages {
            let found = section(name, &format!("{stage}(no_setting = 1)"));
            assert!(found.contains("unknown argument `no_setting`"), "{found}");
        }
        for stage in others {
            let found = section(name, stage);
            assert!(found.contains("put it in"), "{found}");
        }
    }
}
