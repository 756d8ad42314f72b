//! Precedence and the places of syntax errors.

use syn::parse::Parser;

use super::{expr, parse};
use crate::ast::{Expr, ExprKind};

/// An expression with every operation in parentheses.
fn shown(source: &str) -> String {
    let parser = |input: syn::parse::ParseStream| expr::expr(input, 0);
    show(&parser.parse_str(source).expect(source))
}

fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Field(value, field) => format!("{}.{field}", show(value)),
        ExprKind::Unary(operator, value) => format!("({operator:?} {})", show(value)),
        ExprKind::Binary(a, operator, _, b) => format!("({} {operator:?} {})", show(a), show(b)),
        ExprKind::Chain(value, links) => {
            let links: Vec<_> = links.iter().map(|link| link.layer.to_string()).collect();
            format!("({} -> {})", show(value), links.join(" -> "))
        }
        ExprKind::Call(callee, arguments) => {
            let arguments: Vec<_> = arguments.iter().map(|argument| show(&argument.value)).collect();
            format!("{callee}({})", arguments.join(", "))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_in_rust() {
    for (source, tree) in [
        ("1 + 2 * 3", "(1 Add (2 Multiply 3))"),
        ("1 - 2 - 3", "((1 Subtract 2) Subtract 3)"),
        ("a || b && c == 1 + 2", "(a Or (b And (c Equal (1 Add 2))))"),
        ("-a.height * !b", "((Negate a.height) Multiply (Not b))"),
        ("0..x.channels / 2", "(0 Range (x.channels Divide 2))"),
        ("0..=3", "(0 RangeInclusive 3)"),
        ("a - -1 >= 2", "((a Subtract (Negate 1)) GreaterEqual 2)"),
        ("(1 + 2) * 3", "((1 Add 2) Multiply 3)"),
        ("a -> relu -> b: tanh", "(a -> relu -> tanh)"),
        ("add(a -> relu, b) -> relu", "(add((a -> relu), b) -> relu)"),
        ("x -> relu == y", "((x -> relu) Equal y)"),
    ] {
        assert_eq!(shown(source), tree, "{source}");
    }
}

#[test]
fn syntax_errors_say_what_is_expected() {
    for (source, message) in [
        ("", "expected the network's name"),
        ("Net", "expected `<` and the network's type"),
        ("Net<[1, 2] -> 3> {}", "expected the input's [channels, height, width], found 2 numbers"),
        ("Net<[1, 2, 3] -> 3>", "expected curly braces"),
        ("Net<[1, 2, 3] -> 3> { let x = 1 }", "expected `->` and the next layer, or `;`"),
        ("Net<[1, 2, 3] -> 3> { input -> }", "expected a layer"),
        ("Net<[1, 2, 3] -> 3> { input -> a b: relu }", "expected `->` and the next layer, or `;`"),
        ("Net<[1, 2, 3] -> 3> { input -> a.b c: relu }", "expected `:` and a layer after the layer's name"),
        ("Net<[1, 2, 3] -> 3> { input -> a.1e3: relu }", "a layer's name is made of words"),
        ("Net<[1, 2, 3] -> 3> { input -> conv(3 3) }", "expected `,`"),
        ("Net<[1, 2, 3] -> 3> { input -> conv('a') }", "expected a number, `true`, `false` or a string"),
        ("Net<[1, 2, 3] -> 3> { for i in 0..2 { block b(x) { x } } }", "blocks are defined at the top level"),
        ("Net<[1, 2, 3] -> 3> { input budget { params <= 3 Ki } }", "unknown unit `Ki`"),
        ("Net<[1, 2, 3] -> 3> {} Net", "expected the end of the macro"),
    ] {
        let errors = parse(source.parse().expect(source)).expect_err(source);
        let found = errors.messages().concat();
        assert!(found.contains(message), "{source}: {found}");
    }
}

#[test]
fn a_network_with_errors_still_has_a_name() {
    let name = |source: &str| {
        super::name(source.parse().expect(source)).map(|(visibility, name)| format!("{visibility} {name}"))
    };
    assert_eq!(name("/// Doc.\n pub(crate) Net<[1] -> ???"), Some("pub (crate) Net".into()));
    assert_eq!(name("Net"), Some(" Net".into()));
    assert_eq!(name("[1]"), None);
}
