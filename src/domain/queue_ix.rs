//! The number of a queue.

use std::fmt;
use std::ops::{Index, IndexMut};

/// A queue among the loaded ones, which are numbered alike wherever something is kept for each.
///
/// Such a list is indexed with it directly: `queues[ix]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueIx(usize);

impl QueueIx {
    /// The first queue, the only one that some commands serve.
    pub const FIRST: Self = Self(0);

    /// Returns the queue with this number, counted from 0.
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// Returns its number, counted from 0.
    pub fn index(self) -> usize {
        self.0
    }

    /// Returns the first `count` queues.
    pub fn first(
        count: usize,
    ) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        (0..count).map(Self)
    }

    /// Returns what is kept for each queue together with the queue.
    pub fn each<I: IntoIterator>(all: I) -> impl Iterator<Item = (Self, I::Item)> {
        all.into_iter().enumerate().map(|(index, one)| (Self(index), one))
    }

    /// Returns what is kept for this queue, or nothing if the list ends before it.
    pub fn of<T>(self, all: &[T]) -> Option<&T> {
        all.get(self.0)
    }

    /// Returns what is kept for this queue, to change it.
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
