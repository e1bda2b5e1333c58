//! When the commands that make a tree ready are to be run: once, again when one of their inputs
//! changed, and again when what they made is no longer what it was. They are run by the caller.

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

/// The most that is read of what is remembered: two hashes.
const SMALL: u64 = 4 << 10;

/// What makes a tree ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupRules {
    /// The commands, as they are configured; only whether they are the same counts here.
    pub commands: Vec<String>,
    /// Globs of files that they read.
    pub inputs: Vec<String>,
}

/// Whether the commands are to be run in a tree before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// There are none, or what they made is there.
    Done,
    /// They never ran in it.
    First,
    /// The commands, or a file that they read, are not what they were.
    InputsChanged,
    /// What they made was changed or is gone.
    MadeChanged,
}

/// Whether the commands are due in the tree at `top`, of which `list` says what is ignored there.
pub(super) fn due(rules: &SetupRules, top: &Path, note: &Path, made: &str) -> io::Result<Setup> {
    if rules.commands.is_empty() {
        return Ok(Setup::Done);
    }
    let Some(text) = open::if_there(open::read_text(note, Links::Refuse, SMALL))? else {
        return Ok(Setup::First);
    };
    let mut lines = text.lines();
    Ok(match (lines.next(), lines.next()) {
        (Some(key), _) if key != key_of(rules, top)? => Setup::InputsChanged,
        (Some(_), Some(then)) if then == made => Setup::Done,
        (Some(_), Some(_)) => Setup::MadeChanged,
        _ => Setup::First,
    })
}

/// Remembers that the commands ran well.
pub(super) fn done(rules: &SetupRules, top: &Path, note: &Path, made: &str) -> io::Result<()> {
    let key = key_of(rules, top)?;
    files::remove(note)?;
    open::new(note)?.write_all(format!("{key}\n{made}\n").as_bytes())
}

/// A hash of the commands and of the content of what they read.
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

/// The files that a glob matches, as seen from the top; a path without wildcards matches itself.
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

/// A hash of path, size, inode and time of change of every file that git ignores in the tree, but of
/// those that were `brought`.
pub(super) fn made(
    repository: &Repository,
    at: &At,
    top: &Path,
    brought: &dyn Fn(&Path) -> bool,
) -> Result<String, GitError> {
    let args = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard"];
    let list = repository.tool().get(at, &args)?;
    let mut names: Vec<&[u8]> = list.split(|byte| *byte == 0).filter(|n| !n.is_empty()).collect();
    names.retain(|name| !brought(Path::new(OsStr::from_bytes(name))));
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        // What vanished since it was listed is as if it had another stamp.
        if let Ok(meta) = std::fs::symlink_metadata(top.join(OsStr::from_bytes(name))) {
            for part in [meta.size(), meta.ino(), meta.ctime() as u64, meta.ctime_nsec() as u64] {
                hash.update(part.to_le_bytes());
            }
        }
    }
    Ok(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
