//! The trainer's defaults: what `train { … }` gives, over the runtime's own defaults.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::literal::{integer, literal, option};
use crate::ir::{Clip, LossKind, Optimizer, Schedule, Setting, Training};

/// `Training` of the plan.
pub fn training(training: &Training, loss: &LossKind) -> TokenStream {
    let (optimizer, schedule, loss) = (
        optimizer(&training.optimizer),
        schedule(&training.schedule),
        literal(&cnn_plan::LossKind::from(loss)),
    );
    let clip = option(training.clip.map(clip));
    let average = option(training.average.map(|decay| quote!(#decay)));
    let (batch, accumulate, epochs) =
        (integer(training.batch), integer(training.accumulate), integer(training.epochs));
    quote! {
        Training {
            update: Update { optimizer: #optimizer, clip: #clip, average: #average },
            schedule: #schedule,
            batch: #batch,
            accumulate: #accumulate,
            epochs: #epochs,
            loss: #loss,
        }
    }
}

fn clip(clip: Clip) -> TokenStream {
    match clip {
        Clip::Norm(limit) => quote!(Clip::Norm(#limit)),
        Clip::Value(limit) => quote!(Clip::Value(#limit)),
    }
}

/// `Optimizer::Adam(Adam { lr: 0.001, ..Adam::DEFAULT })`
fn optimizer(optimizer: &Optimizer) -> TokenStream {
    let (rule, base) = (format_ident!("{}", optimizer.rule), format_ident!("{}", optimizer.base));
    let fields = fields(&optimizer.fields);
    quote!(Optimizer::#rule(#rule { #fields ..#rule::#base }))
}

/// `Schedule { kind: ScheduleKind::Cosine { end: 0.0 }, warm_up: 5.0 }`
fn schedule(schedule: &Schedule) -> TokenStream {
    let (kind, fields, warm_up) =
        (format_ident!("{}", schedule.kind), fields(&schedule.fields), schedule.warm_up);
    quote!(Schedule { kind: ScheduleKind::#kind { #fields }, warm_up: #warm_up })
}

fn fields(fields: &[(&'static str, Setting)]) -> TokenStream {
    let fields = fields.iter().map(|(name, setting)| {
        let name = format_ident!("{name}");
        let value = match setting {
            Setting::Number(number) => quote!(#number),
            Setting::Flag(flag) => quote!(#flag),
            Setting::Count(count) => {
                let count = integer(*count);
                quote!(#count)
            }
            Setting::Counts(counts) => {
                let counts = counts.iter().map(|&count| integer(count));
                quote!(&[#(#counts),*])
            }
        };
        quote!(#name: #value,)
    });
    fields.collect()
}
