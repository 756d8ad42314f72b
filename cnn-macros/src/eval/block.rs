//! Calls of blocks: parameters bound in a scope of their own, layer names below the call's name.

use super::{Eval, MAX_CALLS, apply::Call};
use crate::{
    ast::{self, Block, Expr, Span},
    diag::did_you_mean,
    infer::Value,
};

impl<'a> Eval<'a> {
    /// Evaluates a block's body for one call.
    pub(super) fn block(&mut self, block: &'a Block, call: Call<'a>) -> Value {
        let word = Span::from(call.callee.span());
        if self.calls == MAX_CALLS {
            let name = &block.name;
            self.exhaust(
                word,
                format!("blocks call each other more than {MAX_CALLS} deep; `{name}` may call itself"),
            );
        }
        if !self.spend(word, 1) {
            return Value::Unknown;
        }
        let name = call.name.clone();
        let Some(arguments) = self.block_arguments(block, call) else { return Value::Unknown };
        let prefix = name.as_ref().map(|(name, _)| format!("{}{name}.", self.prefix));
        let line = self.describe_call(block, prefix.as_deref(), &arguments);
        self.calls += 1;
        self.infer.errors.enter(line);
        let base = self.scopes.isolate();
        let outer = prefix.map(|prefix| std::mem::replace(&mut self.prefix, prefix));
        self.scopes.push();
        for (parameter, value) in block.parameters.iter().zip(arguments) {
            let value = match (value, &parameter.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.expr(default),
                (None, None) => Value::Unknown,
            };
            self.scopes.define(&parameter.name.to_string(), value, parameter.name.span().into(), false);
        }
        let value = self.statements(&block.body);
        self.scopes.pop();
        if let Some(outer) = outer {
            self.prefix = outer;
        }
        self.scopes.restore(base);
        self.infer.errors.leave();
        self.calls -= 1;
        value
    }

    /// A value for each parameter, nothing where its default applies.
    fn block_arguments(&mut self, block: &'a Block, call: Call<'a>) -> Option<Vec<Option<Value>>> {
        let mut values = vec![None; block.parameters.len()];
        let mut sound = true;
        let mut position = 0;
        if let Some((value, span)) = call.receiver {
            sound &= self.fill(block, &mut values, &mut position, value, span);
        }
        let mut keyed = false;
        for ast::Argument { key, value: expr } in call.arguments {
            let value = self.expr(expr);
            sound &= match key {
                Some(key) => {
                    keyed = true;
                    self.fill_keyed(block, &mut values, key, value)
                }
                None if keyed => {
                    self.error(expr.span, "positional arguments come before `key = value` ones");
                    false
                }
                None => self.fill(block, &mut values, &mut position, value, expr.span),
            };
        }
        for (parameter, _) in block
            .parameters
            .iter()
            .zip(&values)
            .filter(|(parameter, value)| parameter.default.is_none() && value.is_none())
        {
            if sound {
                let message = format!("`{}` is missing; expected {}", parameter.name, signature(block));
                self.infer.errors.error(call.callee.span().into(), message);
            }
        }
        let complete = block
            .parameters
            .iter()
            .zip(&values)
            .all(|(parameter, value)| parameter.default.is_some() || value.is_some());
        (sound && complete).then_some(values)
    }

    fn fill(
        &mut self,
        block: &Block,
        values: &mut [Option<Value>],
        position: &mut usize,
        value: Value,
        span: Span,
    ) -> bool {
        let Some(place) = values.get_mut(*position) else {
            self.error(span, format!("too many arguments; expected {}", signature(block)));
            return false;
        };
        *place = Some(value);
        *position += 1;
        true
    }

    fn fill_keyed(
        &mut self,
        block: &Block,
        values: &mut [Option<Value>],
        key: &proc_macro2::Ident,
        value: Value,
    ) -> bool {
        let names: Vec<_> = block.parameters.iter().map(|parameter| parameter.name.to_string()).collect();
        let word = key.to_string();
        let problem = match names.iter().position(|name| *name == word) {
            Some(index) if values[index].is_none() => {
                values[index] = Some(value);
                return true;
            }
            Some(_) => format!("`{word}` is given twice"),
            None => {
                let guess = did_you_mean(&word, names.iter().map(String::as_str));
                format!("`{}` has no argument `{word}`{guess}", block.name)
            }
        };
        self.error(key.span().into(), problem);
        false
    }

    /// `layer2.0: basic(64x56x56, 128, 2)`: the line that errors inside the block end with.
    fn describe_call(&self, block: &Block, prefix: Option<&str>, arguments: &[Option<Value>]) -> String {
        let name = prefix.map(|prefix| format!("{}: ", prefix.trim_end_matches('.'))).unwrap_or_default();
        let values: Vec<_> = block
            .parameters
            .iter()
            .zip(arguments)
            .filter_map(|(parameter, value)| {
                Some(format!("{} = {}", parameter.name, value.as_ref()?.brief(&self.infer)))
            })
            .collect();
        format!("{name}{}({})", block.name, values.join(", "))
    }
}

/// `basic(x, planes, stride = …)`
fn signature(block: &Block) -> String {
    let parameter = |parameter: &ast::Parameter| match &parameter.default {
        None => parameter.name.to_string(),
        Some(Expr { .. }) => format!("{} = …", parameter.name),
    };
    format!("{}({})", block.name, block.parameters.iter().map(parameter).collect::<Vec<_>>().join(", "))
}
