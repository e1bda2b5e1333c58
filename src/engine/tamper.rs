//! What an agent must not change while it runs: the configuration, and what judges its work.
//!
//! What judges is everything that the steps of its verification name, run or read by themselves
//! (`named`), one level of what those call, and what `guardrails.protect` matches. It is compared
//! by content from the claim on, before each step and after the last one, because a step runs the
//! agent's code too. `docs/design/guard.md` says why each rule is as it is.

mod kept;
mod looker;
mod manifest;
mod mark;
mod memory;
mod named;
mod shell;
mod tree;
mod word;

use crate::domain::Command;
pub(super) use kept::Kept;
use mark::{Mark, Part, Room};
use memory::Memory;
use named::Ground;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::Protected;

use crate::store::attempts::AttemptFolder;
pub(super) use memory::earlier;

/// What is to be guarded during an attempt, put together at the claim.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// The project root.
    pub(super) root: PathBuf,
    /// The folders of the configuration and of the queue.
    pub(super) homes: Vec<PathBuf>,
    /// Folders of `PATH`.
    pub(super) programs: Vec<PathBuf>,
    /// The real paths of the loaded queues.
    pub(super) queues: Vec<PathBuf>,
    /// The steps.
    pub(super) commands: Vec<Command>,
    /// What the task may change: its `files`, if a person added it.
    pub(super) owned: Vec<String>,
    /// The `files` of all tasks that people added.
    pub(super) products: Vec<String>,
    /// `guardrails.protect`.
    pub(super) protect: Vec<String>,
    /// The configuration.
    pub(super) config: Option<Arc<Kept>>,
}

/// What is guarded, as it was when the attempt began.
#[derive(Debug)]
pub(super) struct Guard {
    root: PathBuf,
    owned: Vec<String>,
    files: Vec<(PathBuf, Part, Mark)>,
    protected: Protected,
    config: Option<Arc<Kept>>,
    memory: Memory,
}

/// Something that judges is not what it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tampering {
    /// A file, as people know it, and what happened to it.
    File(String, &'static str),
    /// The configuration alone, which was put back; in words.
    Config(String),
}

impl Guard {
    /// Looks at everything as it is now. What the system does not let us read now is left out: what
    /// it was cannot be told later, and nobody is accused of changing it.
    pub(super) fn take(watch: &Watch, earlier: &Memory) -> Self {
        let Watch { root, homes, programs, queues, owned, products, .. } = watch;
        let ground = Ground {
            root: root.clone(),
            homes: homes.clone(),
            programs: programs.iter().filter(|path| path.starts_with(root)).cloned().collect(),
            ours: queues.iter().cloned().chain(watch.config_path()).collect(),
            products: relative(root, products),
        };
        let named = ground.named(&watch.commands);
        let owned = relative(root, owned);
        let mut room = Room::default();
        let (mut files, mut memory) = (Vec::new(), Memory::default());
        memory.to_be_made.extend(named.missing.iter().map(|path| shown(root, path)));
        for (path, part) in named.files {
            let name = shown(root, &path);
            if earlier.made(&name) {
                memory.to_be_made.push(name);
            } else if !owns(&owned, Path::new(&name))
                && let Ok(mark) = Mark::of(&path, part, &mut room)
            {
                memory.protected.push(name);
                files.push((path, part, mark));
            }
        }
        let protected = Protected::take(root, &watch.protect, &mut room);
        let (root, config) = (root.clone(), watch.config.clone());
        Self { root, owned, files, protected, config, memory }
    }

    /// What should be told of it, once a run: that not everything could be looked at.
    pub(super) fn warning(&self) -> Option<String> {
        let first = || self.config.as_ref().is_none_or(|config| config.first_warning());
        self.protected.warning().filter(|_| first())
    }

    /// Writes down what is guarded, for people and for the next attempt.
    pub(super) fn keep(&self, folder: &AttemptFolder) -> io::Result<()> {
        self.memory.keep(folder)
    }

    /// Looks whether everything is as it was. A configuration that was changed is put back, with the
    /// changed copy in `folder`.
    ///
    /// # Errors
    /// When the system lacks what it takes to look: then nothing is said of the work.
    pub(super) fn look(&self, folder: &AttemptFolder) -> io::Result<Option<Tampering>> {
        let owns = |path: &Path| owns(&self.owned, Path::new(&shown(&self.root, path)));
        let config = match &self.config {
            Some(config) if owns(config.path()) => {
                config.settle();
                None
            }
            Some(config) => config.put_back(folder)?,
            None => None,
        };
        let file = match self.changed_file()? {
            Some(found) => Some(found),
            None => self.protected.changed(&owns)?,
        };
        Ok(match file {
            Some((path, what)) => Some(Tampering::File(shown(&self.root, &path), what)),
            None => config.map(Tampering::Config),
        })
    }

    /// The first file of those that the steps name which is not what it was, and what happened to it.
    fn changed_file(&self) -> io::Result<Option<(PathBuf, &'static str)>> {
        for (path, part, before) in &self.files {
            if before.holds(path, *part)? {
                continue;
            }
            let gone = std::fs::symlink_metadata(path).is_err();
            let what = match (gone, before.is_absent()) {
                (true, _) => "deleted",
                (false, true) => "made",
                (false, false) => "changed",
            };
            return Ok(Some((path.clone(), what)));
        }
        Ok(None)
    }
}

impl Watch {
    fn config_path(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|config| config.path().to_owned())
    }
}

/// Whether a list of paths, folders and globs, as seen from the project root, has `path` in it.
fn owns(list: &[String], path: &Path) -> bool {
    let has = |entry: &str| {
        !entry.is_empty()
            && (path.starts_with(entry)
                || fast_glob::glob_match(entry, path.as_os_str().as_encoded_bytes()))
    };
    list.iter().any(|entry| has(entry.trim_start_matches("./").trim_end_matches('/')))
}

/// Paths as seen from `root`.
fn relative(root: &Path, paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| shown(root, Path::new(path))).collect()
}

/// A path as people know it: seen from the project root, if it is below.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests;
