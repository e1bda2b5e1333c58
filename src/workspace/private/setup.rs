//! Decides when the commands that prepare a tree are to run: once, again when one of their inputs
//! changed, and again when what they made has changed. The caller runs them.

use super::super::content::ContentHash;
use super::super::git::At;
use super::super::repo::{GitError, Repository};
use super::files;
use crate::platform::open::{self, Links};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most that is read of the record: two hashes and two moments.
const SMALL: u64 = 4 << 10;

/// The commands that prepare a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupRules {
    /// The commands as configured; here only their equality counts.
    pub commands: Vec<String>,
    /// Globs of files that they read.
    pub inputs: Vec<String>,
}

/// Whether the commands are to run in a tree before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// There are none, or what they made exists.
    Done,
    /// They never ran in it.
    First,
    /// The commands, or a file that they read, changed.
    InputsChanged,
    /// What they made was changed or is gone.
    MadeChanged,
}

/// The record of a run of the commands, beside the tree.
pub(super) struct Note<'a> {
    /// The folder of the slot with our files.
    pub(super) own: &'a Path,
}

/// The name of the record.
pub(super) const NOTE: &str = "setup";
/// The name of a file that is created when the commands begin: its time is that of the file system.
pub(super) const BEGUN: &str = "setup.begun";

/// How often a file is created to observe a tick of the file system's clock.
const TICK_TRIES: u32 = 20_000;

/// A file that git ignores: its path, its time of change, and a hash of its content.
pub(super) struct Ignored {
    changed: (i64, i64),
    stamp: Vec<u8>,
}

impl Note<'_> {
    /// Returns whether the commands are due in the tree at `top`, where `ignored` are the ignored
    /// files.
    pub(super) fn due(
        &self,
        rules: &SetupRules,
        top: &Path,
        ignored: &[Ignored],
    ) -> io::Result<Setup> {
        if rules.commands.is_empty() {
            return Ok(Setup::Done);
        }
        let read = open::read_text(&self.own.join(NOTE), Links::Refuse, SMALL);
        let Some(text) = open::if_there(read)? else { return Ok(Setup::First) };
        let lines: Vec<&str> = text.lines().collect();
        let &[key, made, from, to] = lines.as_slice() else { return Ok(Setup::First) };
        let (Some(from), Some(to)) = (moment(from), moment(to)) else { return Ok(Setup::First) };
        Ok(if key != key_of(rules, top)? {
            Setup::InputsChanged
        } else if made == made_between(ignored, from, to) {
            Setup::Done
        } else {
            Setup::MadeChanged
        })
    }

    /// Records that the commands begin.
    pub(super) fn begin(&self) -> io::Result<()> {
        let now = self.touched()?;
        self.later_than(now)
    }

    /// Returns the current time of the file system, as files get it that are created now.
    fn touched(&self) -> io::Result<(i64, i64)> {
        let begun = self.own.join(BEGUN);
        files::remove(&begun)?;
        let meta = open::new(&begun)?.metadata()?;
        Ok((meta.ctime(), meta.ctime_nsec()))
    }

    /// Waits until the clock of the file system, which moves in ticks of some milliseconds, is past
    /// a moment: files that are made before and after it must not have the same time.
    fn later_than(&self, moment: (i64, i64)) -> io::Result<()> {
        for _ in 0..TICK_TRIES {
            if self.touched()? > moment {
                break;
            }
        }
        // The clock was set back: new files may count as older ones.
        Ok(())
    }

    /// Records that the commands succeeded. What they made is what changed since they began; caches
    /// that existed before, and what a verification writes later, do not count.
    pub(super) fn done(
        &self,
        rules: &SetupRules,
        top: &Path,
        ignored: &[Ignored],
    ) -> io::Result<()> {
        let key = key_of(rules, top)?;
        let begun = std::fs::symlink_metadata(self.own.join(BEGUN))?;
        let from = (begun.ctime(), begun.ctime_nsec());
        let to = ignored.iter().map(|one| one.changed).max().unwrap_or(from).max(from);
        let made = made_between(ignored, from, to);
        let note = self.own.join(NOTE);
        files::remove(&note)?;
        let text = format!("{key}\n{made}\n{} {}\n{} {}\n", from.0, from.1, to.0, to.1);
        open::new(&note)?.write_all(text.as_bytes())?;
        self.later_than(to)
    }
}

fn moment(text: &str) -> Option<(i64, i64)> {
    let (seconds, nanos) = text.split_once(' ')?;
    Some((seconds.parse().ok()?, nanos.parse().ok()?))
}

/// Returns a hash of the files that were last changed between two moments.
fn made_between(ignored: &[Ignored], from: (i64, i64), to: (i64, i64)) -> String {
    let mut hash = Sha256::new();
    for one in ignored.iter().filter(|one| from <= one.changed && one.changed <= to) {
        hash.update(&one.stamp);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a hash of the commands and of the content of what they read.
fn key_of(rules: &SetupRules, top: &Path) -> io::Result<String> {
    let mut hash = ContentHash::default();
    for command in &rules.commands {
        hash.text(command.as_bytes());
    }
    for glob in &rules.inputs {
        hash.text(glob.as_bytes());
        for path in matching(top, glob)? {
            hash.text(path.as_os_str().as_bytes());
            hash.path(&top.join(path))?;
        }
    }
    Ok(hash.finish())
}

/// Returns the files that a glob matches, relative to the top; a path without wildcards matches
/// itself.
fn matching(top: &Path, glob: &str) -> io::Result<BTreeSet<PathBuf>> {
    let wild = |part: &str| part.contains(['*', '?', '[', '{']);
    if !wild(glob) {
        return Ok(BTreeSet::from([PathBuf::from(glob)]));
    }
    let fixed: PathBuf = glob.split('/').take_while(|part| !wild(part)).collect();
    let (mut found, mut left) = (BTreeSet::new(), vec![fixed]);
    while let Some(folder) = left.pop() {
        let Some(entries) = open::if_there(std::fs::read_dir(top.join(&folder)))? else { continue };
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                let name = entry.file_name();
                if glob.contains("**") || path.components().count() < glob.split('/').count() {
                    left.extend((name != ".git").then(|| path.clone()));
                }
            } else if fast_glob::glob_match(glob, path.as_os_str().as_bytes()) {
                found.insert(path);
            }
        }
    }
    Ok(found)
}

/// Returns path, size, inode and time of change of every file that git ignores in the tree, except
/// those that were `brought`.
pub(super) fn ignored(
    repository: &Repository,
    at: &At,
    top: &Path,
    brought: &dyn Fn(&Path) -> bool,
) -> Result<Vec<Ignored>, GitError> {
    let args = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard"];
    let list = repository.tool().get(at, &args)?;
    let mut names: Vec<&[u8]> = list.split(|byte| *byte == 0).filter(|n| !n.is_empty()).collect();
    names.retain(|name| !brought(Path::new(OsStr::from_bytes(name))));
    names.sort_unstable();
    let one = |name: &&[u8]| {
        // A file that vanished since it was listed counts as missing.
        let meta = std::fs::symlink_metadata(top.join(OsStr::from_bytes(name))).ok()?;
        let mut stamp = (name.len() as u64).to_le_bytes().to_vec();
        stamp.extend(*name);
        for part in [meta.size(), meta.ino(), meta.ctime() as u64, meta.ctime_nsec() as u64] {
            stamp.extend(part.to_le_bytes());
        }
        Some(Ignored { changed: (meta.ctime(), meta.ctime_nsec()), stamp })
    };
    Ok(names.iter().filter_map(one).collect())
}
