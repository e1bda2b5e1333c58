//! Which paths a task owns while it runs.
//!
//! `file`, `files` and `conflict_paths` are literal; `scope` may contain globs. A path covers
//! itself and everything under it. A glob and a path overlap if the glob matches the path or a
//! folder above it, or if the path is a folder in which the glob can match. Two globs overlap if
//! the literal beginning of one is in that of the other. All paths are made absolute with the root
//! of their project, in text only, so tasks of different queues and projects can be compared. No
//! file is accessed.
//!
//! If a result is uncertain or too expensive to compute, the safe result is returned: the two tasks
//! overlap.

use crate::domain::Task;
use std::cell::Cell;
use std::cmp::Ordering;
use std::path::Path;

/// The maximum number of alternatives of a glob's braces. For more, the folder of the glob is used
/// instead.
const WAYS: u32 = 1000;

/// The total number of characters of globs and paths that are compared. Real queues need far fewer.
const LETTERS: u64 = 300_000_000;

/// The minimum cost of a comparison.
const AT_LEAST: u64 = 64;

/// The folder that contains all loaded projects. Paths under it are stored relative to it, as
/// `./src`, however long its own name is. Other paths are stored as they are, as `/etc`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommonRoot {
    base: String,
}

/// A path or glob of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Area {
    /// A path and everything under it.
    Path(String),
    /// A glob, followed by [`UNDER`]: what it matches, and everything under that.
    Glob(String, Glob),
}

/// Facts about a glob besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// The length of the folder before its first special character.
    folder: u32,
    /// The number of alternatives of its braces.
    ways: u32,
}

/// The remaining budget of comparisons for one pass over all tasks.
#[derive(Clone, Debug)]
pub(super) struct Budget(Cell<u64>);

impl CommonRoot {
    /// Returns the nearest folder above all `roots`.
    pub(crate) fn of<'a>(mut roots: impl Iterator<Item = &'a Path>) -> Self {
        let first = roots.next().map(|root| normalise(root, ""));
        let mut base = first.unwrap_or_default();
        for root in roots {
            let common = common(&base, &normalise(root, "")).map_or(0, str::len);
            base.truncate(common);
        }
        if base == "/" {
            base.clear();
        }
        Self { base }
    }

    /// Returns everything owned by a task whose project is at `root`.
    pub(super) fn areas<'a>(
        &'a self,
        root: &'a Path,
        task: &'a Task,
    ) -> impl Iterator<Item = Area> + 'a {
        // The task also owns paths that failed to merge once. If another task changed them at the
        // same time, they would fail to merge again.
        let files = task.files().iter().chain(task.conflict_paths());
        let files = files.filter(|path| !path.trim().is_empty());
        let files = files.flat_map(move |path| self.paths(normalise(root, path)));
        let scopes = task.scope().iter().filter(|scope| !scope.trim().is_empty());
        files.chain(scopes.flat_map(move |scope| self.scope(&normalise(root, scope))))
    }

    /// Returns a path as it is shown to people: absolute.
    pub(super) fn shown(&self, path: &str) -> String {
        match path.strip_prefix('.') {
            Some("") if self.base.is_empty() => "/".to_owned(),
            Some(rest) => format!("{}{rest}", self.base),
            None => path.to_owned(),
        }
    }

    /// Returns the areas of a path. A path above the base also covers everything stored relative to
    /// the base.
    fn paths(&self, path: String) -> impl Iterator<Item = Area> + use<> {
        let all = self.lies_above(&path).then(|| Area::Path(".".to_owned()));
        [Some(Area::Path(self.short(path))), all].into_iter().flatten()
    }

    /// Returns whether a path is above the base.
    fn lies_above(&self, path: &str) -> bool {
        path != self.base && !self.base.is_empty() && covers(path, &self.base)
    }

    fn short(&self, mut path: String) -> String {
        if path == "/" && self.base.is_empty() {
            return ".".to_owned();
        }
        if covers(&self.base, &path) {
            path.replace_range(..self.base.len(), ".");
        }
        path
    }

    fn scope(&self, whole: &str) -> impl Iterator<Item = Area> + use<> {
        let (path, glob) = self.read(whole);
        path.map(|path| self.paths(path)).into_iter().flatten().chain(glob)
    }

    /// Returns what a scope refers to: a path, a glob, or both.
    fn read(&self, whole: &str) -> (Option<String>, Option<Area>) {
        let plain = whole.strip_suffix("/**").unwrap_or(whole);
        let Some(special) = plain.find(SPECIAL) else {
            return (Some(plain.to_owned()), None);
        };
        let folder = match plain[..special].rfind('/') {
            None | Some(0) => "/",
            Some(slash) => &plain[..slash],
        };
        let glob = (!self.lies_above(folder)).then(|| Area::glob(self.short(whole.to_owned())));
        match glob.flatten() {
            // `[id].tsx` may be meant literally, so it is read both ways. A star matches itself.
            Some(glob) => (plain.contains(['[', '{']).then(|| plain.to_owned()), Some(glob)),
            None => (Some(folder.to_owned()), None),
        }
    }
}

const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// The suffix of a glob that makes it match everything under its matches.
const UNDER: &str = "/**";

impl Area {
    /// Returns `None` if determining what the glob matches would be too expensive.
    fn glob(mut text: String) -> Option<Self> {
        fast_glob::validate(&text).ok()?;
        let ways = ways(&text).filter(|ways| *ways <= WAYS)?;
        let folder = text[..text.find(SPECIAL)?].rfind('/')?.max(1) as u32;
        text.push_str(UNDER);
        Some(Self::Glob(text, Glob { folder, ways }))
    }
}

impl Glob {
    /// Returns the folder in which the glob can match.
    pub(super) fn folder(self, text: &str) -> &str {
        &text[..self.folder as usize]
    }

    /// Returns the glob as it was written.
    pub(super) fn written(text: &str) -> &str {
        text.strip_suffix(UNDER).unwrap_or(text)
    }

    /// Returns whether the glob matches a path under its folder, or a folder above that path.
    pub(super) fn matches(self, text: &str, path: &str, budget: &Budget) -> bool {
        let letters = (text.len() as u64 * path.len() as u64).max(AT_LEAST);
        // The matcher works on bytes, so a wildcard for one character would not match a multi-byte
        // one.
        let by_bytes = text.contains(['?', '[']) && !(text.is_ascii() && path.is_ascii());
        by_bytes
            || !budget.spend(letters.saturating_mul(u64::from(self.ways)))
            || fast_glob::glob_match(Self::written(text), path)
            || fast_glob::glob_match(text, path)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(LETTERS))
    }
}

impl Budget {
    /// Spends `work` of the budget. Returns whether that much was left.
    fn spend(&self, work: u64) -> bool {
        let left = self.0.get().checked_sub(work);
        left.inspect(|left| self.0.set(*left)).is_some()
    }
}

/// Returns the number of alternatives of a glob's braces, or more. `None` means very many.
fn ways(text: &str) -> Option<u32> {
    let mut open: Vec<u32> = Vec::new();
    let mut ways = 1u32;
    let mut letters = text.bytes();
    while let Some(letter) = letters.next() {
        match letter {
            b'\\' => drop(letters.next()),
            b'{' => open.push(1),
            b',' => open.last_mut().into_iter().for_each(|choices| *choices += 1),
            b'}' => ways = ways.checked_mul(open.pop().unwrap_or(1))?,
            _ => {}
        }
    }
    Some(ways)
}

/// Returns whether `path` is `folder` or is under it.
pub(super) fn covers(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || folder == "/")
}

/// Returns the nearest folder above both paths, or one of them if it covers the other.
pub(super) fn common<'a>(a: &'a str, b: &str) -> Option<&'a str> {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let ends = |text: &str| matches!(text.as_bytes().get(same), None | Some(b'/'));
    if same > 0 && ends(a) && ends(b) {
        return Some(&a[..same]);
    }
    match a.as_bytes()[..same].iter().rposition(|&letter| letter == b'/')? {
        0 => Some("/"),
        slash => Some(&a[..slash]),
    }
}

/// Returns the folder that contains a path or folder.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.rfind('/')? {
        0 => (path != "/").then_some("/"),
        slash => Some(&path[..slash]),
    }
}

/// Compares paths in the order in which everything under a path directly follows it.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    match a.bytes().zip(b.bytes()).find(|(a, b)| a != b) {
        None => a.len().cmp(&b.len()),
        Some((a, b)) => (a != b'/', a).cmp(&(b != b'/', b)),
    }
}

/// Returns an absolute path without `.`, `..`, duplicate or trailing slashes, in text only.
fn normalise(root: &Path, text: &str) -> String {
    let root = if text.starts_with('/') { "" } else { root.to_str().unwrap_or("") };
    let mut path = String::with_capacity(root.len() + text.len() + 2);
    for part in root.split('/').chain(text.split('/')) {
        match part {
            "" | "." => {}
            ".." => path.truncate(path.rfind('/').unwrap_or(0)),
            part => {
                path.push('/');
                path.push_str(part);
            }
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    path
}

/// Returns whether the task owns any files.
pub fn owns_anything(task: &Task) -> bool {
    let lists = [task.files(), task.scope(), task.conflict_paths()];
    lists.iter().any(|list| !list.is_empty())
}
