//! Whether a resumed run goes on with the images that it began with: files come and go, and labels
//! are mended, but other images make another run.

use std::collections::BTreeSet;

use cnn_core::{Result, Targets};
use flate2::Crc;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Sets;
use crate::{
    data::Batches,
    session::Session,
    train::{Callback, Flow, Start},
    trainer::{format::thousands, log_line},
};

/// The share of images that a changed set has in common with the one before, at least.
const SAME: f64 = 0.7;

/// A learning rate that differs by less than this from the last is no jump.
const JUMP: f64 = 0.05;

/// A callback that compares the images of a run with those of its checkpoint.
pub(super) struct SameImages {
    now: Images,
    /// Those of the checkpoint.
    before: Option<Images>,
}

/// What a checkpoint knows of a run's images, and of its length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Images {
    /// The data set and where it is.
    data: String,
    epochs: usize,
    sets: Vec<Set>,
}

/// One set of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Set {
    name: String,
    images: usize,
    /// See [`Batches::sketch`]; where images have no identity, a checksum of the first batch.
    sketch: Vec<u64>,
}

impl Set {
    fn of(name: &str, images: &mut Batches) -> Result<Set> {
        let mut sketch = images.sketch();
        if sketch.is_empty() {
            sketch.push(checksum(images)?);
        }
        Ok(Set { name: name.into(), images: images.len(), sketch })
    }

    /// The share of the smaller set's images that the other has, too; of large sets the share of both
    /// that they have in common, about.
    fn likeness(&self, other: &Set) -> f64 {
        let [a, b] = [self, other].map(|set| set.sketch.iter().copied().collect::<BTreeSet<u64>>());
        let are_whole = a.len() == self.images && b.len() == other.images;
        let size = if are_whole { a.len().min(b.len()) } else { a.len().max(b.len()) };
        let smallest = a.union(&b).take(if are_whole { usize::MAX } else { size });
        let common = smallest.filter(|identity| a.contains(identity) && b.contains(identity)).count();
        if size == 0 { 1.0 } else { common as f64 / size as f64 }
    }
}

impl SameImages {
    /// The images of a run of so many epochs on a data set, by what they are for.
    pub(super) fn new(data: String, epochs: usize, sets: &mut Sets) -> Result<SameImages> {
        let validation = sets.held_out.as_mut().map(|images| Set::of("validation", images)).transpose()?;
        let (train, test) = (Set::of("training", &mut sets.train)?, Set::of("test", &mut sets.test)?);
        let sets = [Some(train), validation, Some(test)].into_iter().flatten().collect();
        Ok(SameImages { now: Images { data, epochs, sets }, before: None })
    }

    /// Each set with that of the same name in a checkpoint.
    fn pairs<'a>(&'a self, before: &'a Images) -> impl Iterator<Item = (&'a Set, &'a Set)> {
        let of_name = |name: &str| before.sets.iter().find(|set| set.name == name);
        self.now.sets.iter().filter_map(move |set| Some((set, of_name(&set.name)?)))
    }
}

/// A checksum of the first batch.
fn checksum(images: &mut Batches) -> Result<u64> {
    let mut crc = Crc::new();
    images.rewind();
    if let Some(batch) = images.next_batch()? {
        batch.images.iter().for_each(|value| crc.update(&value.to_le_bytes()));
        match batch.targets {
            Targets::Classes(classes) => classes.iter().for_each(|class| crc.update(&class.to_le_bytes())),
            Targets::Values(values) => values.iter().for_each(|value| crc.update(&value.to_le_bytes())),
        }
    }
    Ok(crc.sum().into())
}

impl Callback for SameImages {
    fn on_start(&mut self, session: &mut Session, start: &Start) -> Result<Flow> {
        let Some(before) = &self.before else { return Ok(Flow::Continue) };
        for (now, before) in self.pairs(before).filter(|(now, before)| now != before) {
            let [was, is] = [before, now].map(|set| thousands(set.images as u64));
            log_line(&format!("the {} images changed since the checkpoint: {was}, now {is}", now.name));
        }
        let (epochs, now) = (before.epochs, self.now.epochs);
        if let Some(last) = start.history.last().map(|report| report.lr).filter(|_| epochs != now) {
            let lr = session.lr();
            if f64::from((lr - last).abs()) > JUMP * f64::from(last) {
                log_line(&format!(
                    "the learning rate was laid over {epochs} epochs, now over {now}: it goes from {last} to {lr}"
                ));
            }
        }
        Ok(Flow::Continue)
    }

    fn saved_as(&self) -> Option<&str> {
        Some("images")
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.now).expect("texts and numbers are JSON")
    }

    fn restore(&mut self, state: &Value) -> Result<(), String> {
        let before: Images = serde_json::from_value(state.clone())
            .map_err(|error| format!("of another version of this program ({error})"))?;
        for (now, then) in self.pairs(&before) {
            let share = 100.0 * now.likeness(then);
            if share < 100.0 * SAME {
                let from = if self.now.data == before.data {
                    String::new()
                } else {
                    format!(", of {}, now {}", before.data, self.now.data)
                };
                return Err(format!("of other {} images: about {share:.0} % are the same{from}", now.name));
            }
        }
        self.before = Some(before);
        Ok(())
    }
}
