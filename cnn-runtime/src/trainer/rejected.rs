//! What clap refuses, in one line.

use clap::error::{ContextKind, ContextValue};
use cnn_core::Error;

use super::{format, usage};
use crate::plan::settings::shortened;

/// Clap's message without the usage that follows it, in one line; what it repeats of the command
/// line is shortened.
pub(super) fn rejected(mut error: clap::Error) -> Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if let Some(ContextValue::String(text)) = error.get(kind) {
            let text = shortened(text).into_owned();
            error.insert(kind, ContextValue::String(text));
        }
    }
    usage(first_paragraphs(&error.render().to_string()))
}

fn first_paragraphs(message: &str) -> String {
    let end = message.find("\n\nUsage:").or_else(|| message.find("\n\nFor more information"));
    let message = format::one_line(&message[..end.unwrap_or(message.len())]);
    format!("{}; see --help", message.trim_start_matches("error: "))
}
