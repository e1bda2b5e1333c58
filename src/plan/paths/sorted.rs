//! Sorted lists of paths, all texts in one: a task may own very many very short ones.

use super::areas::{Glob, common, covers, order, parent};
use std::iter::from_fn;

/// A path of a list, or a glob, which is at its folder.
#[derive(Clone, Copy, Debug)]
struct Item<T> {
    start: u32,
    end: u32,
    tag: u32,
    kind: T,
}

/// An item as it is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a, T> {
    /// Its place in the list.
    pub(super) at: usize,
    /// All of its text.
    pub(super) text: &'a str,
    /// The number that it was given.
    pub(super) tag: u32,
    /// What else is known of it.
    pub(super) kind: T,
}

/// What decides where an item of a list is.
pub(super) trait Kind: Copy {
    /// The path at which it is.
    fn place(self, text: &str) -> &str;
}

/// A path is where it is.
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

/// Items in the order in which everything under a path follows it directly, so that what is near
/// a path is found by halving.
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
    /// Adds an item; to be followed by [`sort`](Self::sort).
    pub(super) fn push(&mut self, text: &str, kind: T, tag: u32) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.items.push(Item { start, end: self.text.len() as u32, tag, kind });
    }

    /// Brings the items into their order; those of one place by their tags.
    pub(super) fn sort(&mut self) {
        let Self { text, items } = self;
        let place = |item: &Item<T>| item.kind.place(&text[item.start as usize..item.end as usize]);
        items.sort_unstable_by(|a, b| order(place(a), place(b)).then(a.tag.cmp(&b.tag)));
    }

    /// Keeps one item of each place.
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

    /// The item at a place of the list.
    pub(super) fn get(&self, at: usize) -> Found<'_, T> {
        let Item { start, end, tag, kind } = self.items[at];
        Found { at, text: &self.text[start as usize..end as usize], tag, kind }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Found<'_, T>> {
        (0..self.items.len()).map(|at| self.get(at))
    }

    /// Those that are at `folder` or under it.
    pub(super) fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = Found<'a, T>> {
        let from = self.count(|place| order(place, folder).is_lt());
        let all = (from..self.items.len()).map(|at| self.get(at));
        all.take_while(move |found| covers(folder, found.kind.place(found.text)))
    }

    /// Those that are at `path` or above it, the nearest in front.
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

    /// The nearest place at or above a path at which something is.
    fn covering<'a>(&'a self, path: &'a str) -> Option<&'a str> {
        let mut path = path;
        loop {
            let before = self.count(|place| order(place, path).is_le()).checked_sub(1)?;
            let Found { text, kind, .. } = self.get(before);
            let place = kind.place(text);
            if covers(place, path) {
                return Some(place);
            }
            // What lies above `path` lies above what is before it, too.
            path = common(path, place).filter(|folder| folder.len() < path.len())?;
        }
    }

    /// How many come before the first place of which `before` says no.
    fn count(&self, before: impl Fn(&str) -> bool) -> usize {
        let text = |item: &Item<T>| &self.text[item.start as usize..item.end as usize];
        self.items.partition_point(|item| before(item.kind.place(text(item))))
    }
}
