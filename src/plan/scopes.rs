//! Which paths a task owns while it runs, and whether two tasks own the same.
//!
//! `file` and `files` are literal; `scope` may hold globs. A path covers itself and all that lies
//! under it. A glob and a path overlap when the glob matches the path or a folder above it, or
//! when the path is a folder in which the glob looks; two globs overlap when the literal
//! beginning of one lies in that of the other, which errs on the safe side. All paths are made
//! absolute with the root of their project by their text alone, so tasks of different queues and
//! projects compare; no file is looked at.

use super::fast::FastMap;
use crate::domain::Task;
use globset::{GlobBuilder, GlobMatcher};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::xxh3_64;

/// One path or glob of a task.
#[derive(Clone, Debug)]
pub(super) enum Area {
    /// A path, and all under it.
    Path(Place),
    /// What a glob matches, and the folder before its first special character.
    Glob(Pattern),
}

/// A path with the hashes of itself and the folders above it, so that a schedule that takes and
/// frees it many times hashes no text. Two paths of one hash would at worst wait for each other.
#[derive(Clone, Debug)]
pub(super) struct Place {
    text: Arc<str>,
    own: u64,
    above: Box<[u64]>,
}

impl Place {
    fn new(text: &str) -> Self {
        let above = above(text).map(|folder| xxh3_64(folder.as_bytes())).collect();
        Self { text: Arc::from(text), own: xxh3_64(text.as_bytes()), above }
    }
}

/// A glob, compiled when it is first needed.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    folder: String,
    matcher: OnceLock<Option<GlobMatcher>>,
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let matcher = self.matcher.get_or_init(|| {
            let glob = GlobBuilder::new(&self.text).literal_separator(true).build();
            glob.ok().map(|glob| glob.compile_matcher())
        });
        // A glob that cannot be read takes its whole folder, to be on the safe side.
        matcher.as_ref().is_none_or(|matcher| matcher.is_match(path))
    }

    fn overlaps_path(&self, path: &str) -> bool {
        covers(path, &self.folder)
            || covers(&self.folder, path)
                && (self.matches(path) || above(path).any(|folder| self.matches(folder)))
    }
}

/// Whether `path` is `folder` or lies under it.
fn covers(folder: &str, path: &str) -> bool {
    folder == "/"
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The folders above a normalised path, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let at = rest.rfind('/')?;
        if rest == "/" {
            return None;
        }
        rest = if at == 0 { "/" } else { &rest[..at] };
        Some(rest)
    })
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

/// All that a task owns.
pub(super) fn areas(root: &Path, task: &Task) -> Vec<Area> {
    let files = task.files().iter().filter(|path| !path.trim().is_empty());
    let mut areas: Vec<Area> =
        files.map(|path| Area::Path(Place::new(&normalise(root, path)))).collect();
    for scope in task.scope().iter().filter(|scope| !scope.trim().is_empty()) {
        let whole = normalise(root, scope);
        let plain = whole.strip_suffix("/**").unwrap_or(&whole);
        match plain.find(['*', '?', '[', '{']) {
            None => areas.push(Area::Path(Place::new(plain))),
            Some(special) => {
                let folder = match plain[..special].rfind('/') {
                    None | Some(0) => "/",
                    Some(slash) => &plain[..slash],
                };
                let folder = folder.to_owned();
                // `[id].tsx` may be meant as it stands, so it is taken both ways.
                areas.push(Area::Path(Place::new(plain)));
                areas.push(Area::Glob(Pattern { text: whole, folder, matcher: OnceLock::new() }));
            }
        }
    }
    areas
}

/// Whether the task owns files at all.
pub fn owns_anything(task: &Task) -> bool {
    !task.files().is_empty() || !task.scope().is_empty()
}

/// Areas with a tag each, where one can ask which tags overlap an area: a few hash lookups for
/// a path, and one look at each of the globs.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    paths: FastMap<u64, (Arc<str>, Tags)>,
    /// Folders above the paths; a folder stays when nothing in it is held any more.
    folders: FastMap<u64, Tags>,
    globs: Vec<(Pattern, u32)>,
}

/// Holders, the first in list order in front. One folder may have them all.
type Tags = BTreeSet<u32>;

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.globs.is_empty()
    }

    /// Enters the areas of one holder.
    pub(super) fn add(&mut self, areas: &[Area], tag: u32) {
        for area in areas {
            match area {
                Area::Path(place) => {
                    let empty = || (Arc::clone(&place.text), Tags::new());
                    self.paths.entry(place.own).or_insert_with(empty).1.insert(tag);
                    for folder in &place.above {
                        self.folders.entry(*folder).or_default().insert(tag);
                    }
                }
                Area::Glob(pattern) => self.globs.push((pattern.clone(), tag)),
            }
        }
    }

    /// Takes the areas of one holder out again.
    pub(super) fn remove(&mut self, areas: &[Area], tag: u32) {
        for area in areas {
            match area {
                Area::Path(place) => self.leave(place, tag),
                Area::Glob(_) => self.globs.retain(|(_, holder)| *holder != tag),
            }
        }
    }

    /// Calls `found` for the holders that overlap any of `areas`, with the area in words, until
    /// it says enough.
    pub(super) fn overlaps(&self, areas: &[Area], mut found: impl FnMut(u32, &str) -> bool) {
        for area in areas {
            let enough = match area {
                Area::Path(place) => self.path_overlaps(place, &mut found),
                Area::Glob(pattern) => self.glob_overlaps(pattern, &mut found),
            };
            if enough {
                return;
            }
        }
    }

    /// The first holder that overlaps.
    pub(super) fn first(&self, areas: &[Area]) -> Option<(u32, String)> {
        let mut first = None;
        self.overlaps(areas, |tag, text| {
            first = Some((tag, text.to_owned()));
            true
        });
        first
    }

    fn leave(&mut self, place: &Place, tag: u32) {
        if let Some((_, tags)) = self.paths.get_mut(&place.own) {
            tags.remove(&tag);
            if tags.is_empty() {
                self.paths.remove(&place.own);
            }
        }
        for folder in &place.above {
            if let Some(tags) = self.folders.get_mut(folder) {
                tags.remove(&tag);
            }
        }
    }

    fn path_overlaps(&self, place: &Place, found: &mut impl FnMut(u32, &str) -> bool) -> bool {
        let text = &*place.text;
        let mut told = |tags: &Tags| tags.iter().any(|&tag| found(tag, text));
        self.paths.get(&place.own).is_some_and(|(_, tags)| told(tags))
            || self.folders.get(&place.own).is_some_and(&mut told)
            || place
                .above
                .iter()
                .any(|folder| self.paths.get(folder).is_some_and(|(_, tags)| told(tags)))
            || self
                .globs
                .iter()
                .any(|(glob, tag)| glob.overlaps_path(text) && found(*tag, &glob.text))
    }

    fn glob_overlaps(&self, own: &Pattern, found: &mut impl FnMut(u32, &str) -> bool) -> bool {
        let by_path = self.paths.values().any(|(path, tags)| {
            own.overlaps_path(path) && tags.iter().any(|&tag| found(tag, path))
        });
        by_path
            || self.globs.iter().any(|(glob, tag)| {
                let near = covers(&glob.folder, &own.folder) || covers(&own.folder, &glob.folder);
                near && found(*tag, &glob.text)
            })
    }
}

/// Colours tasks by their areas: each gets the smallest number that no overlapping one before it
/// has.
pub(super) fn overlap_tags(owned: &[Vec<Area>]) -> Vec<usize> {
    let mut held = Held::default();
    let mut tags = Vec::with_capacity(owned.len());
    let mut taken: Vec<bool> = Vec::new();
    for areas in owned {
        taken.iter_mut().for_each(|taken| *taken = false);
        held.overlaps(areas, |tag, _| {
            let tag = tag as usize;
            if taken.len() <= tag {
                taken.resize(tag + 1, false);
            }
            taken[tag] = true;
            false
        });
        let tag = taken.iter().position(|taken| !taken).unwrap_or(taken.len());
        held.add(areas, tag as u32);
        tags.push(tag);
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Field, TaskId};

    fn task(files: &[&str], scope: &[&str]) -> Task {
        let mut task = Task::new(TaskId::new("T").unwrap());
        task.set_list(Field::Files, files.iter().copied());
        task.set_list(Field::Scope, scope.iter().copied());
        task
    }

    fn overlap(a: &Task, b: &Task) -> bool {
        let root = Path::new("/srv/app");
        let check = |a: &Task, b: &Task| {
            let mut held = Held::default();
            held.add(&areas(root, a), 7);
            held.first(&areas(root, b)).is_some()
        };
        assert_eq!(check(a, b), check(b, a), "overlap is mutual: {a:?} {b:?}");
        check(a, b)
    }

    #[test]
    fn literal_paths_cover_what_lies_under_them() {
        let files = |a, b| overlap(&task(&[a], &[]), &task(&[b], &[]));
        assert!(files("src/a.rs", "./src//a.rs"));
        assert!(files("src/", "src/deep/a.rs"));
        assert!(files("/srv/app/src/a.rs", "src/a.rs"));
        assert!(files("src/x/../a.rs", "src/a.rs"));
        assert!(files(".", "anything"));
        assert!(!files("src/a", "src/ab"));
        assert!(!files("src/a.rs", "src/b.rs"));
        assert!(!files("routes/$id.tsx", "routes/[id].tsx"));
        assert!(!files("a*", "ab"), "a star in a file is a star");
    }

    #[test]
    fn globs_match_paths_and_meet_other_globs_by_their_beginning() {
        let mixed = |file, scope| overlap(&task(&[file], &[]), &task(&[], &[scope]));
        assert!(mixed("src/a.rs", "src/*.rs"));
        assert!(mixed("src/deep/a.rs", "src/**/*.rs"));
        assert!(mixed("src", "src/*.rs"));
        assert!(mixed("src/deep/a.txt", "src/*"), "a matched folder covers its content");
        assert!(mixed("routes/[id].tsx", "routes/[id].tsx"));
        assert!(mixed("web/app/x/y", "web/app/**"));
        assert!(!mixed("src/deep/a.rs", "src/*.rs"));
        assert!(!mixed("docs/a.md", "src/**"));
        let globs = |a, b| overlap(&task(&[], &[a]), &task(&[], &[b]));
        assert!(globs("src/*.rs", "src/deep/*.rs"));
        assert!(globs("**/*.rs", "docs/*.md"), "errs on the safe side");
        assert!(!globs("src/*.rs", "docs/*.md"));
        assert!(!globs("src/**", "docs/**"));
    }

    #[test]
    fn a_holder_that_leaves_holds_nothing() {
        let root = Path::new("/r");
        let (a, b) = (areas(root, &task(&["x/y"], &["z/*"])), areas(root, &task(&["x", "z"], &[])));
        let mut held = Held::default();
        held.add(&a, 1);
        assert!(held.first(&b).is_some());
        held.remove(&a, 1);
        assert!(held.first(&b).is_none() && held.is_empty());
    }
}
