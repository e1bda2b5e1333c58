//! The index of a queue.

use std::fmt;
use std::ops::{Index, IndexMut};

/// The index of a loaded queue. It is the same in every list that has one entry per queue.
///
/// It indexes such a list directly: `queues[ix]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueIx(usize);

impl QueueIx {
    /// The index of the first queue, the only one that some commands serve.
    pub const FIRST: Self = Self(0);

    /// Creates the index from a number, counted from 0.
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// Returns the index as a number, counted from 0.
    pub fn index(self) -> usize {
        self.0
    }

    /// Returns the indices of the first `count` queues.
    pub fn first(
        count: usize,
    ) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        (0..count).map(Self)
    }

    /// Pairs each entry of a list that has one entry per queue with the index of its queue.
    pub fn each<I: IntoIterator>(all: I) -> impl Iterator<Item = (Self, I::Item)> {
        all.into_iter().enumerate().map(|(index, one)| (Self(index), one))
    }

    /// Returns the entry of `all` for this queue; `None` if the list is too short.
    pub fn of<T>(self, all: &[T]) -> Option<&T> {
        all.get(self.0)
    }

    /// Returns the entry of `all` for this queue, mutably; `None` if the list is too short.
    pub fn of_mut<T>(self, all: &mut [T]) -> Option<&mut T> {
        all.get_mut(self.0)
    }
}

impl fmt::Display for QueueIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Index<QueueIx> for [T] {
    type Output = T;

    fn index(&self, queue: QueueIx) -> &T {
        &self[queue.0]
    }
}

impl<T> IndexMut<QueueIx> for [T] {
    fn index_mut(&mut self, queue: QueueIx) -> &mut T {
        &mut self[queue.0]
    }
}

impl<T> Index<QueueIx> for Vec<T> {
    type Output = T;

    fn index(&self, queue: QueueIx) -> &T {
        &self[queue.0]
    }
}

impl<T> IndexMut<QueueIx> for Vec<T> {
    fn index_mut(&mut self, queue: QueueIx) -> &mut T {
        &mut self[queue.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_the_entry_of_its_queue() {
        let second = QueueIx::new(1);
        assert_eq!(
            (QueueIx::FIRST.index(), second.index(), second.to_string()),
            (0, 1, "1".into())
        );
        let mut all = vec!['a', 'b'];
        assert_eq!((all[second], all.as_slice()[second], second.of(&all)), ('b', 'b', Some(&'b')));
        all[second] = 'c';
        all.as_mut_slice()[QueueIx::FIRST] = 'd';
        assert_eq!(all, ['d', 'c']);
        second.of_mut(&mut all).into_iter().for_each(|one| *one = 'e');
        assert_eq!((second.of(&all), QueueIx::new(2).of(&all)), (Some(&'e'), None));
        assert_eq!(QueueIx::new(2).of_mut(&mut all), None);
        assert!(QueueIx::each(&all).eq([(QueueIx::FIRST, &'d'), (second, &'e')]));
        assert!(QueueIx::first(2).eq([QueueIx::FIRST, second]));
    }
}
