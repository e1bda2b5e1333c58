//! Numbers workers for people: the name of a worker means nothing to them, but "Window 2" does.
//!
//! A number belongs to a slot at work: a worker keeps it, and a new worker takes the lowest one
//! whose worker is not at work. The slots of a loop that was started again therefore have the
//! numbers of the earlier ones.

use std::collections::HashMap;

/// The numbers of the workers that were at work, in the order of the journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    /// By number minus one: the worker, and whether it is at work.
    slots: Vec<(String, bool)>,
    numbers: HashMap<String, usize>,
}

impl Windows {
    /// Records that the worker begins something; returns its number.
    pub(crate) fn begins(&mut self, worker: &str) -> usize {
        if let Some(&at) = self.numbers.get(worker) {
            self.slots[at].1 = true;
            return at + 1;
        }
        let at = match self.slots.iter().position(|(_, at_work)| !at_work) {
            Some(at) => {
                self.numbers.remove(&self.slots[at].0);
                self.slots[at] = (worker.to_owned(), true);
                at
            }
            None => {
                self.slots.push((worker.to_owned(), true));
                self.slots.len() - 1
            }
        };
        self.numbers.insert(worker.to_owned(), at);
        at + 1
    }

    /// Records that the worker finished.
    pub(crate) fn ends(&mut self, worker: &str) {
        if let Some(&at) = self.numbers.get(worker) {
            self.slots[at].1 = false;
        }
    }

    /// Returns the number of a known worker.
    pub(crate) fn of(&self, worker: &str) -> Option<usize> {
        self.numbers.get(worker).map(|at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_keeps_its_number_and_a_new_one_takes_a_free_one() {
        let mut windows = Windows::default();
        assert_eq!((windows.begins("a"), windows.begins("b")), (1, 2));
        windows.ends("a");
        assert_eq!((windows.begins("a"), windows.of("b")), (1, Some(2)));
        windows.ends("b");
        assert_eq!((windows.begins("c"), windows.of("b")), (2, None));
        // All numbers are in use, so there is one more.
        assert_eq!(windows.begins("b"), 3);
        assert_eq!(windows.of("nobody"), None);
    }
}
