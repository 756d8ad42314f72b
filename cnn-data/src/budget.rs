//! Memory that images may take together while threads decode them: without a common limit, every
//! thread could hold an image of the largest size.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that images may take while they are decoded: about what the largest one takes alone.
const DECODED: u64 = 1 << 31;

/// The memory of all images that are being decoded.
pub(super) static DECODING: Budget = Budget::new(DECODED);

/// Bytes that are shared by leases.
#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    taken: Mutex<u64>,
    returned: Condvar,
}

impl Budget {
    pub(super) const fn new(total: u64) -> Budget {
        Budget { total, taken: Mutex::new(0), returned: Condvar::new() }
    }

    /// Waits until bytes are left and takes them. What needs more than there is in all waits until
    /// it is alone.
    fn take(&self, bytes: u64) -> u64 {
        let bytes = bytes.min(self.total);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_short = |taken: &mut u64| *taken + bytes > self.total;
        let mut taken = self.returned.wait_while(taken, is_short).unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
        bytes
    }

    fn give_back(&self, bytes: u64) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) -= bytes;
        self.returned.notify_all();
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> u64 {
        *self.taken.lock().unwrap()
    }
}

/// What one image has taken of a budget. Without a budget it takes nothing and never waits.
///
/// A holder waits for nobody while it holds bytes: [`Lease::take`] gives back what it had before.
#[derive(Debug, Default)]
pub(super) struct Lease {
    budget: Option<&'static Budget>,
    bytes: u64,
}

impl Lease {
    pub(super) const fn of(budget: &'static Budget) -> Lease {
        Lease { budget: Some(budget), bytes: 0 }
    }

    /// Gives back what was taken before, and takes this many bytes once they are left.
    pub(super) fn take(&mut self, bytes: u64) {
        self.give_back();
        if let Some(budget) = self.budget {
            self.bytes = budget.take(bytes);
        }
    }

    pub(super) fn is_taken(&self) -> bool {
        self.bytes > 0
    }

    /// Gives back all that was taken.
    pub(super) fn give_back(&mut self) {
        if let Some(budget) = self.budget
            && self.bytes > 0
        {
            budget.give_back(self.bytes);
            self.bytes = 0;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// A copy of an image belongs to its owner, who may hold as many as fit: it has no budget.
impl Clone for Lease {
    fn clone(&self) -> Lease {
        Lease::default()
    }
}

/// Images are equal by their pixels alone.
impl PartialEq for Lease {
    fn eq(&self, _: &Lease) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn leases_never_take_more_than_there_is() {
        static BUDGET: Budget = Budget::new(100);
        static MOST: AtomicU64 = AtomicU64::new(0);
        static USED: AtomicU64 = AtomicU64::new(0);
        thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || {
                    let mut lease = Lease::of(&BUDGET);
                    for turn in 0..200 {
                        let bytes = [30, 45, 100, 1000][(thread + turn) % 4];
                        lease.take(bytes);
                        let used = USED.fetch_add(bytes.min(100), Ordering::SeqCst) + bytes.min(100);
                        MOST.fetch_max(used, Ordering::SeqCst);
                        USED.fetch_sub(bytes.min(100), Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(BUDGET.taken(), 0);
        assert!((1..=100).contains(&MOST.load(Ordering::SeqCst)));
    }

    #[test]
    fn without_a_budget_nothing_waits() {
        let (mut first, mut second) = (Lease::default(), Lease::default());
        first.take(u64::MAX);
        second.take(u64::MAX);
        assert_eq!(first.clone(), second);
    }
}
