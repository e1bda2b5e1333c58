//! Which paths a task owns while it runs.
//!
//! `file`, `files` and `conflict_paths` are literal; `scope` may hold globs. A path covers itself and all that lies
//! under it. A glob and a path overlap when the glob matches the path or a folder above it, or
//! when the path is a folder in which the glob looks; two globs overlap when the literal
//! beginning of one lies in that of the other. All paths are made absolute with the root of their
//! project by their text alone, so tasks of different queues and projects compare; no file is
//! looked at.
//!
//! Where it is not certain or too much work, everything errs on the safe side: two tasks are said
//! to overlap.

use crate::domain::Task;
use std::cell::Cell;
use std::cmp::Ordering;
use std::path::Path;

/// In how many ways the braces of a glob may be read before its folder is taken instead.
const WAYS: u32 = 1000;

/// Over how many letters globs and paths are compared, in all. Far beyond what a queue that people
/// work with needs.
const LETTERS: u64 = 300_000_000;

/// What a comparison counts at least.
const AT_LEAST: u64 = 64;

/// The folder that all loaded projects lie in. Paths under it are written from there, `./src`,
/// however long its own name is; others are written as they are, `/etc`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommonRoot {
    base: String,
}

/// One path or glob of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Area {
    /// A path, and all under it.
    Path(String),
    /// A glob, with [`UNDER`] behind it: what it matches, and all under that.
    Glob(String, Glob),
}

/// What is known of a glob besides its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// The length of the folder before its first special character.
    folder: u32,
    /// In how many ways its braces can be read.
    ways: u32,
}

/// What is left of the work that one look at everything may take.
#[derive(Clone, Debug)]
pub(super) struct Budget(Cell<u64>);

impl CommonRoot {
    /// The nearest folder above all `roots`.
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

    /// All that a task owns whose project lies at `root`.
    pub(super) fn areas<'a>(
        &'a self,
        root: &'a Path,
        task: &'a Task,
    ) -> impl Iterator<Item = Area> + 'a {
        // What did not merge once is the task's own as well: beside others it would not merge again.
        let files = task.files().iter().chain(task.conflict_paths());
        let files = files.filter(|path| !path.trim().is_empty());
        let files = files.flat_map(move |path| self.paths(normalise(root, path)));
        let scopes = task.scope().iter().filter(|scope| !scope.trim().is_empty());
        files.chain(scopes.flat_map(move |scope| self.scope(&normalise(root, scope))))
    }

    /// A path as it is shown to people: absolute.
    pub(super) fn shown(&self, path: &str) -> String {
        match path.strip_prefix('.') {
            Some("") if self.base.is_empty() => "/".to_owned(),
            Some(rest) => format!("{}{rest}", self.base),
            None => path.to_owned(),
        }
    }

    /// A path that lies above the base covers all that is written from there, too.
    fn paths(&self, path: String) -> impl Iterator<Item = Area> + use<> {
        let all = self.lies_above(&path).then(|| Area::Path(".".to_owned()));
        [Some(Area::Path(self.short(path))), all].into_iter().flatten()
    }

    /// Whether a path lies above the base.
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

    /// What a scope stands for: a path, a glob, or both.
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
            // `[id].tsx` may be meant as it is, so it is taken both ways; a star matches
            // itself.
            Some(glob) => (plain.contains(['[', '{']).then(|| plain.to_owned()), Some(glob)),
            None => (Some(folder.to_owned()), None),
        }
    }
}

const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// What is behind a glob for all that lies under what it matches.
const UNDER: &str = "/**";

impl Area {
    /// `None` where nobody can say in a moment what the glob matches.
    fn glob(mut text: String) -> Option<Self> {
        fast_glob::validate(&text).ok()?;
        let ways = ways(&text).filter(|ways| *ways <= WAYS)?;
        let folder = text[..text.find(SPECIAL)?].rfind('/')?.max(1) as u32;
        text.push_str(UNDER);
        Some(Self::Glob(text, Glob { folder, ways }))
    }
}

impl Glob {
    /// The folder in which the glob looks.
    pub(super) fn folder(self, text: &str) -> &str {
        &text[..self.folder as usize]
    }

    /// The glob as it was written.
    pub(super) fn written(text: &str) -> &str {
        text.strip_suffix(UNDER).unwrap_or(text)
    }

    /// Whether it matches a path that lies under its folder, or a folder above that path.
    pub(super) fn matches(self, text: &str, path: &str, budget: &Budget) -> bool {
        let letters = (text.len() as u64 * path.len() as u64).max(AT_LEAST);
        // The matcher reads bytes: what stands for one letter would not match one of several.
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
    /// Whether so much may still be looked at; then it counts as done.
    fn spend(&self, work: u64) -> bool {
        let left = self.0.get().checked_sub(work);
        left.inspect(|left| self.0.set(*left)).is_some()
    }
}

/// The number of texts for which the braces of a glob stand, or more. `None` is very many.
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

/// Whether `path` is `folder` or lies under it.
pub(super) fn covers(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || folder == "/")
}

/// The nearest folder above both, or one of them where it covers the other.
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

/// The folder of a path or folder.
pub(super) fn parent(path: &str) -> Option<&str> {
    match path.rfind('/')? {
        0 => (path != "/").then_some("/"),
        slash => Some(&path[..slash]),
    }
}

/// The order of paths in which everything under a path follows it directly.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    match a.bytes().zip(b.bytes()).find(|(a, b)| a != b) {
        None => a.len().cmp(&b.len()),
        Some((a, b)) => (a != b'/', a).cmp(&(b != b'/', b)),
    }
}

/// An absolute path without `.`, `..`, doubled and trailing slashes, by its text alone.
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

/// Whether the task owns files at all.
pub fn owns_anything(task: &Task) -> bool {
    let lists = [task.files(), task.scope(), task.conflict_paths()];
    lists.iter().any(|list| !list.is_empty())
}
