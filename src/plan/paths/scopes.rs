//! Finds the holders of paths, for one task after the other.

use super::areas::{Area, Budget, CommonRoot, Glob};
use super::sorted::Paths;
use crate::domain::Task;
use std::path::Path;

/// The paths and globs of running tasks, each with the number of its holder.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunningPaths {
    common_root: CommonRoot,
    paths: Paths<()>,
    globs: Paths<Glob>,
    budget: Budget,
}

impl RunningPaths {
    /// Creates an empty state. The projects are under `common_root`.
    pub(crate) fn new(common_root: CommonRoot) -> Self {
        Self { common_root, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.globs.is_empty()
    }

    /// Adds what a task of the project at `root` owns. [`sort`](Self::sort) must be called
    /// afterwards.
    pub(crate) fn push(&mut self, root: &Path, task: &Task, tag: u32) {
        for area in self.common_root.areas(root, task) {
            match area {
                Area::Path(path) => self.paths.push(&path, (), tag),
                Area::Glob(text, glob) => self.globs.push(&text, glob, tag),
            }
        }
    }

    /// Sorts the entries, which makes them searchable.
    pub(crate) fn sort(&mut self) {
        self.paths.sort();
        self.globs.sort();
    }

    /// Returns a holder that overlaps what a task owns. Also returns the path of the task if paths
    /// overlap, or else the area of the holder that overlaps.
    pub(crate) fn first(&self, root: &Path, task: &Task) -> Option<(u32, String)> {
        let mut areas = self.common_root.areas(root, task);
        areas.find_map(|area| {
            let (text, tag) = match &area {
                Area::Path(path) => self.first_at(path),
                Area::Glob(text, glob) => self.first_in(*glob, text),
            }?;
            Some((tag, self.common_root.shown(Glob::written(text))))
        })
    }

    fn first_at<'a>(&'a self, path: &'a str) -> Option<(&'a str, u32)> {
        let Self { paths, globs, budget, .. } = self;
        let held = paths.under(path).chain(paths.above(path)).map(|held| (path, held.tag));
        let matching = globs.above(path).filter(|g| g.kind.matches(g.text, path, budget));
        held.chain(globs.under(path).chain(matching).map(|glob| (glob.text, glob.tag))).next()
    }

    fn first_in<'a>(&'a self, glob: Glob, text: &'a str) -> Option<(&'a str, u32)> {
        let Self { paths, globs, budget, .. } = self;
        let folder = glob.folder(text);
        let matching = paths.under(folder).filter(|held| glob.matches(text, held.text, budget));
        let held = paths.above(folder).chain(matching).map(|held| (held.text, held.tag));
        let near = globs.under(folder).chain(globs.above(folder));
        held.chain(near.map(|glob| (glob.text, glob.tag))).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Field, TaskId};
    use crate::plan::graph::QueueTasks;
    use crate::plan::paths::{Owned, Taken};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn task(files: &[&str], scope: &[&str]) -> Task {
        let mut task = Task::new(TaskId::new("T").unwrap());
        task.set_list(Field::Files, files.iter().copied());
        task.set_list(Field::Scope, scope.iter().copied());
        task
    }

    /// Returns whether two tasks overlap, checking that a running loop and a schedule agree.
    fn overlap(a: &Task, b: &Task) -> bool {
        let root = Path::new("/srv/app");
        let check = |a: &Task, b: &Task| {
            let mut held = RunningPaths::new(CommonRoot::of([root].into_iter()));
            held.push(root, a, 7);
            held.sort();
            let tasks = [a.clone(), b.clone()];
            let path = Path::new("/srv/app/queue.json");
            let owned =
                Owned::new(&[QueueTasks { name: "q", path, root, tasks: &tasks, phases: &[] }]);
            let mut taken = Taken::new(&owned);
            taken.add(0, 7);
            let first = held.first(root, b).map(|(tag, _)| tag);
            assert_eq!(first, taken.holders(1).next(), "{a:?} {b:?}");
            taken.remove(0, 7);
            assert_eq!(taken.holders(1).next(), None, "what left holds nothing");
            first.is_some()
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
        assert!(files("..", "anything"));
        assert!(files("/", "anything"));
        assert!(files("/", "/etc/passwd"));
        assert!(files("/srv", "/srv/app/src/a.rs"));
        assert!(files("/srv", "/srv/other"));
        assert!(!files("/srv/app2", "src"));
        assert!(!files("../other", "other"));
        assert!(!files("src/a", "src/ab"));
        assert!(!files("src/a", "src/a.b/c"));
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
        assert!(mixed("anything", "**"));
        assert!(mixed("a.rs", "*.{rs,toml}"));
        assert!(mixed("deep/a.rs", "**/*.rs"));
        assert!(mixed("../other/a.rs", "../other/*.rs"));
        assert!(!mixed("src/deep/a.rs", "src/*.rs"));
        assert!(!mixed("docs/a.md", "src/**"));
        assert!(!mixed("a.md", "*.{rs,toml}"));
        let globs = |a, b| overlap(&task(&[], &[a]), &task(&[], &[b]));
        assert!(globs("src/*.rs", "src/deep/*.rs"));
        assert!(globs("**/*.rs", "docs/*.md"), "errs on the safe side");
        assert!(!globs("src/*.rs", "docs/*.md"));
        assert!(!globs("src/**", "docs/**"));
    }

    #[test]
    fn a_glob_that_nobody_can_read_takes_its_folder() {
        let mixed = |file, scope| overlap(&task(&[file], &[]), &task(&[], &[scope]));
        let ways = "{a,b,c,d,e,f,g,h,i,j,k,l}".repeat(3);
        let many = format!("src/{ways}.rs");
        for glob in ["src/*[.rs", "src/*{.rs", &many] {
            assert!(mixed("src/deep/a.md", glob), "{glob}");
            assert!(!mixed("docs/a.md", glob), "{glob}");
        }
        assert!(mixed("any/where", "../*/x"), "it may look into the project");
        for glob in ["?.rs", "[äö].rs", "[!b].rs"] {
            assert!(mixed("ä.rs", glob), "{glob}: one letter, two bytes");
        }
        assert!(mixed("ä.rs", "*.rs") && !mixed("ä.md", "*.rs"));
    }

    #[test]
    fn the_globs_of_all_folders_above_are_asked() {
        let root = Path::new("/srv/app");
        let globs = ["web/app/*.css", "**/*.rs", "docs/*.md", "web/*/x.ts", "a/*.c"];
        let mut tasks: Vec<Task> = globs.iter().map(|glob| task(&[], &[glob])).collect();
        let asked = ["web/app/x.rs", "web/app/x.ts", "web/app/y.css", "docs/a.md", "a/b.h", "a"];
        tasks.extend(asked.iter().map(|path| task(&[path], &[])));
        let owned =
            Owned::new(&[QueueTasks { name: "q", path: root, root, tasks: &tasks, phases: &[] }]);
        let mut held = RunningPaths::new(CommonRoot::of([root].into_iter()));
        let mut taken = Taken::new(&owned);
        for (number, task) in (0..).zip(&tasks[..globs.len()]) {
            held.push(root, task, number);
            taken.add(number, number);
        }
        held.sort();
        let expected = [Some(1), Some(3), Some(0), Some(2), None, Some(4)];
        for (number, expected) in (globs.len()..).zip(expected) {
            let found = held.first(root, &tasks[number]).map(|(tag, _)| tag);
            let all: Vec<u32> = taken.holders(number as u32).collect();
            assert_eq!(found, expected, "{}", asked[number - globs.len()]);
            assert_eq!(all, Vec::from_iter(expected), "{}", asked[number - globs.len()]);
        }
    }

    #[test]
    fn the_path_that_is_held_is_told_absolute() {
        let root = Path::new("/srv/app");
        let mut held = RunningPaths::new(CommonRoot::of([root, Path::new("/srv/lib")].into_iter()));
        assert!(held.is_empty());
        held.push(root, &task(&["src/a.rs", "/etc/x"], &["docs/*.md"]), 3);
        held.sort();
        let first = |files: &[&str]| held.first(root, &task(files, &[]));
        assert_eq!(first(&["src"]), Some((3, "/srv/app/src".to_owned())));
        assert_eq!(first(&["/etc"]), Some((3, "/etc".to_owned())));
        assert_eq!(first(&["docs/a.md"]), Some((3, "/srv/app/docs/*.md".to_owned())));
        assert_eq!(first(&["../lib/src/a.rs"]), None);
        assert_eq!(held.first(Path::new("/srv/lib"), &task(&["src/a.rs"], &[])), None);
    }

    /// Returns the folders of a path, one after the other, starting at the root.
    fn folders(path: &str) -> Vec<&str> {
        let mut folders = vec!["r"];
        for part in path.split('/') {
            match part {
                "." => {}
                ".." => drop(folders.pop()),
                part => folders.push(part),
            }
        }
        folders
    }

    proptest! {
        /// Lists and numbers give the same result as comparing each path separately.
        #[test]
        fn holders_are_those_whose_paths_overlap(
            owned in prop::collection::vec(prop::collection::vec("[ab.]{1,2}(/[ab]{1,2}){0,3}", 0..3), 1..8),
        ) {
            let root = Path::new("/r");
            let tasks: Vec<Task> = owned.iter().map(|files| {
                task(&files.iter().map(String::as_str).collect::<Vec<_>>(), &[])
            }).collect();
            let queue = QueueTasks { name: "q", path: root, root, tasks: &tasks, phases: &[] };
            let numbered = Owned::new(&[queue]);
            let mut held = RunningPaths::new(CommonRoot::of([root].into_iter()));
            let mut taken = Taken::new(&numbered);
            let last = tasks.len() - 1;
            for (number, task) in tasks[..last].iter().enumerate() {
                held.push(root, task, number as u32);
                taken.add(number as u32, number as u32);
            }
            held.sort();
            let overlaps = |other: &usize| {
                let pairs = owned[*other].iter().flat_map(|a| owned[last].iter().map(move |b| (a, b)));
                pairs.into_iter().any(|(a, b)| {
                    let (a, b) = (folders(a), folders(b));
                    a.starts_with(&b) || b.starts_with(&a)
                })
            };
            let expected: BTreeSet<u32> = (0..last).filter(overlaps).map(|other| other as u32).collect();
            let all: BTreeSet<u32> = taken.holders(last as u32).collect();
            let first = held.first(root, &tasks[last]).map(|(tag, _)| tag);
            prop_assert_eq!(first.is_some(), !expected.is_empty());
            prop_assert!(first.is_none_or(|first| expected.contains(&first)));
            prop_assert_eq!(all, expected);
        }
    }
}
