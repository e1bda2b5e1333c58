//! Sorted lists of paths that share one text, because a task may own very many short paths.

use super::areas::{Glob, common, covers, order, parent};
use std::iter::from_fn;

/// A path of a list, or a glob, which is placed at its folder.
#[derive(Clone, Copy, Debug)]
struct Item<T> {
    start: u32,
    end: u32,
    tag: u32,
    kind: T,
}

/// An item that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a, T> {
    /// The index in the list.
    pub(super) at: usize,
    /// The full text.
    pub(super) text: &'a str,
    /// The number given to the item.
    pub(super) tag: u32,
    /// Further data of the item.
    pub(super) kind: T,
}

/// Determines the place of an item in a list.
pub(super) trait Kind: Copy {
    /// Returns the path at which the item is placed.
    fn place(self, text: &str) -> &str;
}

/// The place of a path is the path itself.
impl Kind for () {
    fn place(self, text: &str) -> &str {
        text
    }
}

impl Kind for Glob {
    fn place(self, text: &str) -> &str {
        self.folder(text)
    }
}

/// Items in the order in which everything under a path directly follows it, so that neighbours of a
/// path can be found by binary search.
#[derive(Clone, Debug)]
pub(super) struct Paths<T> {
    text: String,
    items: Vec<Item<T>>,
}

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Self { text: String::new(), items: Vec::new() }
    }
}

impl<T: Kind> Paths<T> {
    /// Adds an item. [`sort`](Self::sort) must be called afterwards.
    pub(super) fn push(&mut self, text: &str, kind: T, tag: u32) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.items.push(Item { start, end: self.text.len() as u32, tag, kind });
    }

    /// Sorts the items; those of one place by their tags.
    pub(super) fn sort(&mut self) {
        let Self { text, items } = self;
        let place = |item: &Item<T>| item.kind.place(&text[item.start as usize..item.end as usize]);
        items.sort_unstable_by(|a, b| order(place(a), place(b)).then(a.tag.cmp(&b.tag)));
    }

    /// Keeps only one item of each place.
    pub(super) fn dedup(&mut self) {
        let Self { text, items } = self;
        let place = |item: &Item<T>| item.kind.place(&text[item.start as usize..item.end as usize]);
        items.dedup_by(|a, b| place(a) == place(b));
        items.shrink_to_fit();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns the item at an index of the list.
    pub(super) fn get(&self, at: usize) -> Found<'_, T> {
        let Item { start, end, tag, kind } = self.items[at];
        Found { at, text: &self.text[start as usize..end as usize], tag, kind }
    }

    /// Returns all items.
    pub(super) fn iter(&self) -> impl Iterator<Item = Found<'_, T>> {
        (0..self.items.len()).map(|at| self.get(at))
    }

    /// Returns the items at `folder` or under it.
    pub(super) fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = Found<'a, T>> {
        let from = self.count(|place| order(place, folder).is_lt());
        let all = (from..self.items.len()).map(|at| self.get(at));
        all.take_while(move |found| covers(folder, found.kind.place(found.text)))
    }

    /// Returns the items at `path` or above it, nearest first.
    pub(super) fn above<'a>(&'a self, path: &'a str) -> impl Iterator<Item = Found<'a, T>> {
        let mut path = Some(path);
        let mut block = 0..0;
        from_fn(move || {
            if block.is_empty() {
                let place = self.covering(path?)?;
                let from = self.count(|other| order(other, place).is_lt());
                block = from..self.count(|other| order(other, place).is_le());
                path = parent(place);
            }
            block.next().map(|at| self.get(at))
        })
    }

    /// Returns the nearest place at or above a path that has an item.
    fn covering<'a>(&'a self, path: &'a str) -> Option<&'a str> {
        let mut path = path;
        loop {
            let before = self.count(|place| order(place, path).is_le()).checked_sub(1)?;
            let Found { text, kind, .. } = self.get(before);
            let place = kind.place(text);
            if covers(place, path) {
                return Some(place);
            }
            // A folder above `path` is also above the items before it.
            path = common(path, place).filter(|folder| folder.len() < path.len())?;
        }
    }

    /// Returns how many items come before the first place for which `before` returns false.
    fn count(&self, before: impl Fn(&str) -> bool) -> usize {
        let text = |item: &Item<T>| &self.text[item.start as usize..item.end as usize];
        self.items.partition_point(|item| before(item.kind.place(text(item))))
    }
}
