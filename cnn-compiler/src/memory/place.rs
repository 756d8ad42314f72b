//! Buffers of known lengths and lives to offsets, one after the other, each at the lowest place that
//! is free while it lives. The largest come first, or those that take the most for the longest time:
//! whichever needs less memory.
//!
//! A tree over the steps remembers which addresses are taken when, so that a buffer is compared
//! with a few runs of addresses and not with every other buffer.

use std::ops::{Range, RangeInclusive};

use super::runs::Runs;

/// Steps during which a buffer must not be overwritten; `None` if no step touches it.
pub type Life = Option<RangeInclusive<usize>>;

/// Offsets of buffers, in their order; what no step touches lies at 0.
pub fn place(lengths: &[usize], lives: &[Life]) -> Vec<usize> {
    let alive: Vec<(usize, &RangeInclusive<usize>)> =
        lives.iter().enumerate().filter_map(|(buffer, life)| Some((buffer, life.as_ref()?))).collect();
    let steps = alive.iter().map(|(_, life)| life.end() + 1).max().unwrap_or(0);
    let by = |urgency: &dyn Fn(usize, &RangeInclusive<usize>) -> u128| {
        let mut order = alive.clone();
        order.sort_by_key(|&(buffer, life)| std::cmp::Reverse(urgency(lengths[buffer], life)));
        let mut taken = Taken::new(steps);
        let mut offsets = vec![0; lengths.len()];
        for (buffer, life) in order {
            let start = taken.lowest_free(life, lengths[buffer]);
            offsets[buffer] = start;
            taken.take(life, start..start + lengths[buffer]);
        }
        offsets
    };
    let end = |offsets: &Vec<usize>| offsets.iter().zip(lengths).map(|(start, len)| start + len).max();
    let largest = by(&|len, _| len as u128);
    let lasting = by(&|len, life| len as u128 * (life.end() - life.start() + 1) as u128);
    if end(&lasting) < end(&largest) { lasting } else { largest }
}

/// Addresses that are taken, by step: a binary tree whose leaves are the steps.
///
/// The root is node 1, the children of node `n` are `2 n` and `2 n + 1`, and each halves the steps
/// of its parent.
struct Taken {
    nodes: Vec<Node>,
    /// Steps of the root, a power of two.
    steps: usize,
}

/// Addresses taken at the steps of one node.
#[derive(Clone, Default)]
struct Node {
    /// Taken at some of the steps or at all of them.
    sometimes: Runs<()>,
    /// Taken at all of the steps by a buffer that lives beyond those of a single child.
    always: Runs<()>,
}

/// A node and its steps.
#[derive(Clone)]
struct Visit {
    node: usize,
    steps: Range<usize>,
}

impl Visit {
    fn overlaps(&self, life: &RangeInclusive<usize>) -> bool {
        self.steps.start <= *life.end() && *life.start() < self.steps.end
    }

    fn is_within(&self, life: &RangeInclusive<usize>) -> bool {
        *life.start() <= self.steps.start && self.steps.end <= life.end() + 1
    }

    fn children(&self) -> [Visit; 2] {
        let Range { start, end } = self.steps;
        let middle = start.midpoint(end);
        [
            Visit { node: 2 * self.node, steps: start..middle },
            Visit { node: 2 * self.node + 1, steps: middle..end },
        ]
    }
}

impl Taken {
    fn new(steps: usize) -> Taken {
        let steps = steps.next_power_of_two();
        Taken { nodes: vec![Node::default(); 2 * steps], steps }
    }

    fn root(&self) -> Visit {
        Visit { node: 1, steps: 0..self.steps }
    }

    /// The lowest address from which `len` are free at every step of a life.
    fn lowest_free(&self, life: &RangeInclusive<usize>, len: usize) -> usize {
        let mut runs = Vec::new();
        self.collect(self.root(), life, &mut runs);
        let mut start = 0;
        // Each round skips what lies at `start`, until nothing does.
        while let Some(end) = runs.iter().filter_map(|runs| runs.last_end(start..start + len)).max() {
            start = end;
        }
        start
    }

    /// Takes addresses at every step of a life.
    fn take(&mut self, life: &RangeInclusive<usize>, addresses: Range<usize>) {
        let mut visits = vec![self.root()];
        while let Some(visit) = visits.pop() {
            let node = &mut self.nodes[visit.node];
            node.sometimes.fill(addresses.clone(), ());
            if visit.is_within(life) {
                node.always.fill(addresses.clone(), ());
            } else {
                visits.extend(visit.children().into_iter().filter(|child| child.overlaps(life)));
            }
        }
    }

    /// Runs of addresses that are taken at some step of a life.
    fn collect<'a>(&'a self, visit: Visit, life: &RangeInclusive<usize>, runs: &mut Vec<&'a Runs<()>>) {
        let node = &self.nodes[visit.node];
        if visit.is_within(life) {
            runs.push(&node.sometimes);
        } else {
            runs.push(&node.always);
            let children = visit.children().into_iter().filter(|child| child.overlaps(life));
            children.for_each(|child| self.collect(child, life, runs));
        }
    }
}
