//! A map from addresses to values that is stored as runs of equal values.
//!
//! The work of every method depends on the number of runs, never on their lengths. Runs are as long
//! as possible: two that touch have different values.

use std::{collections::BTreeMap, ops::Range};

/// A value for each address, or none.
#[derive(Clone, Debug)]
pub struct Runs<T> {
    /// By the address of their start.
    runs: BTreeMap<usize, Run<T>>,
}

#[derive(Clone, Copy, Debug)]
struct Run<T> {
    end: usize,
    value: T,
}

impl<T> Default for Runs<T> {
    fn default() -> Runs<T> {
        Runs { runs: BTreeMap::new() }
    }
}

impl<T: Copy + PartialEq> Runs<T> {
    /// Gives every address of a range this value.
    pub fn fill(&mut self, range: Range<usize>, value: T) {
        if range.is_empty() {
            return;
        }
        let mut filled = range.clone();
        for (start, run) in self.take_touching(&range) {
            if run.value == value {
                filled = filled.start.min(start)..filled.end.max(run.end);
                continue;
            }
            if start < range.start {
                self.runs.insert(start, Run { end: range.start, ..run });
            }
            if range.end < run.end {
                self.runs.insert(range.end, run);
            }
        }
        self.runs.insert(filled.start, Run { end: filled.end, value });
    }

    /// Whether every address of a range has this value.
    pub fn holds(&self, range: Range<usize>, value: T) -> bool {
        let run = self.runs.range(..=range.start).next_back();
        range.is_empty() || run.is_some_and(|(_, run)| range.end <= run.end && run.value == value)
    }

    /// The end of the last run that overlaps a range.
    pub fn last_end(&self, range: Range<usize>) -> Option<usize> {
        let (_, run) = self.runs.range(..range.end).next_back()?;
        (range.start < run.end).then_some(run.end)
    }

    /// Removes the runs that overlap a range or end or begin at its ends.
    fn take_touching(&mut self, range: &Range<usize>) -> Vec<(usize, Run<T>)> {
        let near = self.runs.range(..=range.end).rev();
        let touching: Vec<_> =
            near.take_while(|(_, run)| range.start <= run.end).map(|(&start, &run)| (start, run)).collect();
        touching.iter().for_each(|(start, _)| {
            self.runs.remove(start);
        });
        touching
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;
    use crate::testing::random::Random;

    #[test]
    fn runs_are_what_an_array_would_hold() {
        for seed in 0..50 {
            let mut random = Random(seed);
            let (mut runs, mut array) = (Runs::default(), [None; 40]);
            for _ in 0..60 {
                let (start, value) = (random.below(36), random.below(3));
                let range = start..start + random.below(5);
                runs.fill(range.clone(), value);
                array[range].fill(Some(value));
                let (start, value) = (random.below(36), random.below(3));
                let range = start..start + random.below(5);
                let held = array[range.clone()].iter().all(|&other| other == Some(value));
                assert_eq!(runs.holds(range, value), held, "seed {seed}: {array:?}");
            }
        }
    }

    #[test]
    fn equal_neighbours_are_one_run() {
        let mut runs = Runs::default();
        [0..8, 16..24, 8..16].into_iter().for_each(|range| runs.fill(range, ()));
        assert_eq!(runs.runs.len(), 1);
        assert_eq!(runs.last_end(20..30), Some(24));
        assert_eq!(runs.last_end(24..30), None);
    }
}
