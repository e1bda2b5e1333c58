//! Guards files during one attempt, and detects whether they changed.

use super::fingerprint::{Fingerprint, Part, Room};
use super::kept::Kept;
use super::memory::Memory;
use super::named::Lookup;
use super::paths::{owns, relative, shown};
use super::record::Before;
use super::tree::Protected;
use crate::domain::Command;
use crate::guardrails::{is_check, is_test, steering};
use crate::store::attempts::AttemptFolder;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be guarded during an attempt, assembled at the claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// The project root.
    pub(crate) root: PathBuf,
    /// The folders of the configuration and of the queue.
    pub(crate) homes: Vec<PathBuf>,
    /// The folders of `PATH`.
    pub(crate) programs: Vec<PathBuf>,
    /// The real paths of the loaded queues.
    pub(crate) queues: Vec<PathBuf>,
    /// The commands of the steps.
    pub(crate) commands: Vec<Command>,
    /// The commands of all other steps of the configuration. The files that they name judge other
    /// tasks and gates.
    pub(crate) others: Vec<Command>,
    /// Whether agents work in the folder in which other tasks are judged. Then the files of every
    /// task that a person added are not guarded as judges of other tasks: that task may be running
    /// at the same time.
    pub(crate) is_shared: bool,
    /// The folders of steps that do not run in the root.
    pub(crate) folders: Vec<PathBuf>,
    /// The files that the task may change: its `files`, if a person added it.
    pub(crate) owned: Vec<String>,
    /// Whether the task may change tests. In a private tree it may then change those of other tasks,
    /// too: it is judged apart from them.
    pub(crate) may_change_tests: bool,
    /// The `files` of all tasks that people added.
    pub(crate) products: Vec<String>,
    /// The globs of `guardrails.protect`.
    pub(crate) protect: Vec<String>,
    /// The configuration, and the variable files that it names.
    pub(crate) config: Vec<Arc<Kept>>,
}

/// A file, the part of it that counts, and its earlier fingerprint.
type Guarded = (PathBuf, Part, Fingerprint);

/// The guarded files, as they were when the attempt began.
#[derive(Debug)]
pub(crate) struct Guard {
    root: PathBuf,
    owned: Vec<String>,
    files: Vec<Guarded>,
    /// The guarded files that only other steps name.
    others: Vec<Guarded>,
    /// Files that other attempts changed and that no person accepted, with their state before that,
    /// which the attempt may restore.
    left: Vec<(Guarded, Fingerprint)>,
    is_shared: bool,
    protected: Protected,
    config: Vec<Arc<Kept>>,
    judges: Judges,
    memory: Memory,
}

/// What judges a change, relative to the project root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judges {
    /// The files that steps name, and those that must not be created.
    pub(crate) named: Vec<String>,
    /// Those to which their scripts may leave the decision: they source them.
    pub(crate) sourced: Vec<String>,
    /// Files that their manifests include, whether they exist or not.
    pub(crate) included: Vec<String>,
}

/// A change of a judging file or of the configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tampering {
    /// A file, and what happened to it.
    File(PathBuf, &'static str),
    /// A file that judges other tasks, in a change that is judged separately.
    OfOthers(PathBuf, &'static str),
    /// The configuration alone, which was put back; in words.
    Config(String),
}

impl Guard {
    /// Fingerprints everything as it is now. Files that cannot be read now are left out: their
    /// earlier state would be unknown, so no agent is accused of changing them.
    pub(crate) fn take(watch: &Watch, earlier: &Memory) -> Self {
        let Watch { root, homes, programs, queues, owned, products, .. } = watch;
        let lookup = Lookup {
            root: root.clone(),
            folders: watch.folders.clone(),
            homes: homes.clone(),
            programs: programs.iter().filter(|path| path.starts_with(root)).cloned().collect(),
            ours: queues.iter().cloned().chain(watch.config_paths()).collect(),
            products: relative(root, products),
        };
        let named = lookup.named(&watch.commands);
        let owned = relative(root, owned);
        let mut room = Room::default();
        let (mut files, mut memory) = (Vec::new(), Memory::default());
        memory.to_be_made.extend(named.missing.iter().map(|path| shown(root, path)));
        for (path, part) in named.files {
            let name = shown(root, &path);
            if earlier.made(&name) {
                memory.to_be_made.push(name);
            } else if !owns(&owned, Path::new(&name))
                && let Ok(fingerprint) = Fingerprint::of(&path, part, &mut room)
            {
                memory.protected.push(name);
                files.push((path, part, fingerprint));
            }
        }
        let spared = if watch.is_shared { relative(root, products) } else { Vec::new() };
        let mut others = Vec::new();
        for (path, part) in lookup.named(&watch.others).files {
            let name = shown(root, &path);
            let is_own = files.iter().any(|(file, ..)| *file == path) || earlier.made(&name);
            let is_free = [&owned, &spared].iter().any(|list| owns(list, Path::new(&name)))
                || (watch.may_change_tests && !watch.is_shared && is_test(&name));
            // Other files that a step names are probably the work, and so is a missing file.
            let judges = is_check(&name) || steering(&name).is_some();
            if judges
                && !is_own
                && !is_free
                && let Ok(fingerprint) = Fingerprint::of(&path, part, &mut room)
                && !fingerprint.is_absent()
            {
                others.push((path, part, fingerprint));
            }
        }
        let products = relative(root, products);
        let ours = |paths: BTreeSet<PathBuf>| -> Vec<String> {
            let names = paths.iter().map(|path| shown(root, path));
            let is_free =
                |name: &String| [&owned, &products].iter().any(|list| owns(list, Path::new(name)));
            names.filter(|name| !is_free(name)).collect()
        };
        let judges = Judges {
            named: memory.protected.clone(),
            sourced: ours(named.sourced),
            included: ours(named.included),
        };
        let protected = Protected::take(root, &watch.protect, &mut room);
        let (root, config, is_shared) = (root.clone(), watch.config.clone(), watch.is_shared);
        let left = Vec::new();
        Self { root, owned, files, others, left, is_shared, protected, config, judges, memory }
    }

    /// Returns the guard for a tree that now has the change, which is judged separately: files that
    /// its steps name are guarded as the change has them, and protected files and those that other
    /// steps name as they were before.
    pub(crate) fn at_change(self, watch: &Watch) -> Self {
        let Self { memory, others, protected, .. } = self;
        let now = Self::take(watch, &memory);
        Self { others, protected, memory, ..now }
    }

    /// Adds files that other attempts changed, with their state before that. What the task owns is
    /// left out.
    pub(super) fn add<'a>(&mut self, left: impl Iterator<Item = (&'a str, Part, &'a Fingerprint)>) {
        for (name, part, before) in left {
            let path = self.root.join(name);
            let is_known = self.looks_at(&path) || owns(&self.owned, Path::new(name));
            let now = Fingerprint::of(&path, part, &mut Room::default());
            if let (false, Ok(now)) = (is_known, now) {
                self.left.push(((path, part, now), before.clone()));
            }
        }
    }

    /// Returns the guarded files as they were when the attempt began. A path that is not UTF-8 is left
    /// out.
    pub(super) fn before(&self) -> Vec<Before> {
        let named = self.files.iter().chain(&self.others).map(|file| (file, None));
        let left = self.left.iter().map(|(file, original)| (file, Some(original.clone())));
        let mut all: Vec<Before> = named
            .chain(left)
            .map(|((path, part, state), original)| Before {
                path: shown(&self.root, path),
                part: *part,
                state: state.clone(),
                original,
            })
            .collect();
        let (_, protected) = self.protected.all();
        all.extend(protected.iter().map(|(path, state)| Before {
            path: path.display().to_string(),
            part: Part::Whole,
            state: state.clone(),
            original: None,
        }));
        all.retain(|file| !file.path.contains(char::REPLACEMENT_CHARACTER));
        all
    }

    /// Returns the patterns of protected files.
    pub(super) fn protect(&self) -> &[String] {
        self.protected.all().0
    }

    /// Returns what judges the attempt.
    pub(crate) fn judges(&self) -> &Judges {
        &self.judges
    }

    /// Returns the warning, once a run, that not all files could be read.
    pub(crate) fn warning(&self) -> Option<String> {
        let first = || self.config.first().is_none_or(|config| config.first_warning());
        self.protected.warning().filter(|_| first())
    }

    /// Records what is guarded, for people and for the next attempt.
    pub(crate) fn keep(&self, folder: &AttemptFolder) -> io::Result<()> {
        self.memory.keep(folder)
    }

    /// Checks that everything is unchanged. A changed configuration is put back, and the changed
    /// copy is stored in `folder`.
    ///
    /// # Errors
    /// Returns an error if the system is out of resources: then nothing is known about the work.
    pub(crate) fn look(&self, folder: &AttemptFolder) -> io::Result<Option<Tampering>> {
        let owns = |path: &Path| owns(&self.owned, Path::new(&shown(&self.root, path)));
        let mut config: Option<String> = None;
        for kept in &self.config {
            if owns(kept.path()) {
                kept.settle();
            } else if let Some(said) = kept.put_back(folder)? {
                config = Some(config.map_or(said.clone(), |before| format!("{before}; {said}")));
            }
        }
        let file = match first_changed(&self.files)? {
            Some(found) => Some(found),
            None => self.protected.changed(&owns)?,
        };
        let of_others = match file {
            None => match first_changed(&self.others)? {
                Some(found) => Some(found),
                None => self.changed_again()?,
            },
            Some(_) => None,
        };
        Ok(match (file, of_others) {
            (Some((path, what)), _) => Some(Tampering::File(path, what)),
            (None, Some((path, what))) if self.is_shared => Some(Tampering::File(path, what)),
            (None, Some((path, what))) => Some(Tampering::OfOthers(path, what)),
            (None, None) => config.map(Tampering::Config),
        })
    }

    /// Returns the first file that another attempt had changed, if it is neither as it was when this
    /// attempt began nor as it was before.
    fn changed_again(&self) -> io::Result<Option<(PathBuf, &'static str)>> {
        for (file, before) in &self.left {
            let found = first_changed(std::slice::from_ref(file))?;
            if let Some(found) = found
                && !before.holds(&file.0, file.1)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Returns `path` as messages show it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        shown(&self.root, path)
    }

    /// Returns whether this attempt is judged by the file at `path` itself, not by a copy in a
    /// private tree. A file that a step names and that another attempt deleted counts.
    pub(super) fn looks_at(&self, path: &Path) -> bool {
        let has = |files: &[Guarded]| files.iter().any(|(file, ..)| file == path);
        let is_named = || self.memory.to_be_made.contains(&shown(&self.root, path));
        let looks = has(&self.files) || has(&self.others) || self.protected.has(path) || is_named();
        self.is_shared && looks
    }
}

/// Returns the existing files that judge what `commands` judge in the project at `root`, relative to
/// it. `home` is the folder of the configuration.
pub(crate) fn named_by(root: &Path, home: &Path, commands: Vec<Command>) -> Vec<String> {
    let (root, homes) = (root.to_owned(), vec![home.to_owned()]);
    let guard =
        Guard::take(&Watch { root, homes, commands, ..Watch::default() }, &Memory::default());
    let there = guard.files.iter().filter(|(.., state)| !state.is_absent());
    there.map(|(path, ..)| shown(&guard.root, path)).collect()
}

/// Returns the first changed file, and what happened to it.
fn first_changed(files: &[Guarded]) -> io::Result<Option<(PathBuf, &'static str)>> {
    for (path, part, before) in files {
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

impl Watch {
    /// Returns the paths of the configuration and of the files that it names.
    pub(crate) fn config_paths(&self) -> impl Iterator<Item = PathBuf> {
        self.config.iter().map(|config| config.path().to_owned())
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests;
