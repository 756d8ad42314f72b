//! Calls of blocks: parameters bound in a scope of their own, layer names below the call's name.

use cnn_plan::settings::{Expected, Signature};

use super::{Expander, MAX_CALLS, apply::Call};
use crate::{
    ast::{self, Block, Parameter, Span},
    diag::did_you_mean,
    shape::{Place, Shaper, Value, assign},
};

/// What a call of a block says about all layers in it.
#[derive(Clone, Copy, Default)]
struct Flags {
    /// They are not trained.
    freeze: bool,
    /// They are those of an earlier call of this name.
    reuse: bool,
}

impl Flags {
    /// The flag of a name, which every call takes unless the block has a parameter of that name.
    fn by_name(&mut self, name: &str) -> Option<&mut bool> {
        match name {
            "freeze" => Some(&mut self.freeze),
            "reuse" => Some(&mut self.reuse),
            _ => None,
        }
    }
}

impl<'a> Expander<'a> {
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
        let path = call.name.as_ref().map(|(name, _)| format!("{}{name}", self.prefix));
        let Some((arguments, flags)) = self.block_arguments(block, path.as_deref(), call) else {
            return Value::Unknown;
        };
        if let Some(message) = self.reuse_problem(block, path.as_deref(), flags) {
            return self.error(word, message);
        }
        let line = describe_call(block, path.as_deref(), &arguments, &self.shaper);
        self.calls += 1;
        self.shaper.errors.enter(line);
        let outer_scopes = self.scopes.isolate();
        let prefix = path.map_or_else(|| self.prefix.clone(), |path| format!("{path}."));
        let outer_prefix = std::mem::replace(&mut self.prefix, prefix);
        let is_frozen = self.shaper.is_frozen || flags.freeze;
        let outer_freeze = std::mem::replace(&mut self.shaper.is_frozen, is_frozen);
        let pass = if flags.reuse { Some(self.steps) } else { self.shaper.pass };
        let outer_pass = std::mem::replace(&mut self.shaper.pass, pass);
        self.scopes.push();
        self.define_parameters(block, arguments);
        let value = self.statements(&block.body);
        self.scopes.pop();
        self.shaper.pass = outer_pass;
        self.shaper.is_frozen = outer_freeze;
        self.prefix = outer_prefix;
        self.scopes.restore(outer_scopes);
        self.shaper.errors.leave();
        self.calls -= 1;
        value
    }

    /// Why a call cannot reuse the layers of an earlier one, if it asks for that; otherwise this call
    /// may be reused.
    fn reuse_problem(&mut self, block: &'a Block, path: Option<&str>, flags: Flags) -> Option<String> {
        let name = block.name.to_string();
        let Some(path) = path else {
            return flags.reuse.then(|| {
                format!("reuse: this call of `{name}` has no name; give it the name of the call whose layers are meant")
            });
        };
        if !flags.reuse {
            self.named_calls.insert(path.into(), name);
            return None;
        }
        match self.named_calls.get(path) {
            Some(first) if *first == name => None,
            Some(first) => {
                Some(format!("{path}: reuse: the call of this name is of `{first}`, and this is of `{name}`"))
            }
            None => {
                let guess = did_you_mean(path, self.named_calls.keys().map(String::as_str));
                Some(format!("{path}: reuse: no call of a block before it has this name{guess}"))
            }
        }
    }

    /// Defaults see the parameters before them.
    fn define_parameters(&mut self, block: &'a Block, arguments: Vec<Option<Value>>) {
        for (Parameter { name, default }, value) in block.parameters.iter().zip(arguments) {
            let value = match (value, default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.expr(default),
                (None, None) => Value::Unknown,
            };
            self.scopes.define(name, value, false);
        }
    }

    /// A value for each parameter, nothing where its default applies; and what the call says about
    /// all layers of the block.
    fn block_arguments(
        &mut self,
        block: &'a Block,
        path: Option<&str>,
        call: Call<'a>,
    ) -> Option<(Vec<Option<Value>>, Flags)> {
        let has_parameter = |name: &str| block.parameters.iter().any(|parameter| parameter.name == name);
        let mut flags = Some(Flags::default());
        let mut values = Vec::new();
        let mut keys = Vec::new();
        if let Some(receiver) = call.receiver {
            values.push(receiver);
            keys.push(None);
        }
        for ast::Argument { key, value } in call.arguments {
            let word = key.as_ref().map(ToString::to_string).filter(|word| !has_parameter(word));
            if let Some(word) = word.filter(|word| Flags::default().by_name(word).is_some()) {
                let is_set = self.flag(path.unwrap_or(&block.name.to_string()), &word, value);
                match (&mut flags, is_set) {
                    (Some(flags), Some(is_set)) => {
                        flags.by_name(&word).into_iter().for_each(|flag| *flag = is_set);
                    }
                    _ => flags = None,
                }
                continue;
            }
            values.push((self.expr(value), value.span));
            keys.push(key.as_ref().map(|key| (key.to_string(), Span::from(key.span()))));
        }
        let name = block.name.to_string();
        let names: Vec<_> = block.parameters.iter().map(|parameter| parameter.name.to_string()).collect();
        let expected = names
            .iter()
            .zip(&block.parameters)
            .map(|(name, parameter)| Expected { name: name.as_str(), required: parameter.default.is_none() });
        let params = expected.collect();
        let places = values.iter().zip(&keys).map(|((_, span), key)| Place {
            key: key.as_ref().map(|(key, span)| (key.as_str(), *span)),
            span: *span,
        });
        let places: Vec<_> = places.collect();
        let word = call.callee.span().into();
        let signature = Signature { name: &name, positional: names.len(), params };
        let (assigned, sound) =
            assign(&signature, path.unwrap_or(&name), word, &places, &mut self.shaper.errors);
        let value = |position: Option<usize>| position.map(|position| values[position].0.clone());
        let flags = flags?;
        sound.then(|| (assigned.into_iter().map(value).collect(), flags))
    }

    /// The value of a flag in the call of a block, if it is one.
    fn flag(&mut self, name: &str, flag: &str, value: &'a ast::Expr) -> Option<bool> {
        match self.expr(value) {
            Value::Bool(is_set) => Some(is_set),
            Value::Unknown => None,
            other => {
                let found = other.describe(&self.shaper);
                self.error(value.span, format!("{name}: {flag} must be `true` or `false`, found {found}"));
                None
            }
        }
    }
}

/// `layer2.0: basic(x = 64x56x56, planes = 128)`: the line that errors inside the block end with.
fn describe_call(block: &Block, path: Option<&str>, arguments: &[Option<Value>], shaper: &Shaper) -> String {
    let name = path.map(|path| format!("{path}: ")).unwrap_or_default();
    let given = block.parameters.iter().zip(arguments);
    let values: Vec<_> = given
        .filter_map(|(parameter, value)| {
            Some(format!("{} = {}", parameter.name, value.as_ref()?.brief(shaper)))
        })
        .collect();
    format!("{name}{}({})", block.name, values.join(", "))
}
