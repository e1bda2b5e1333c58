//! The repository of a private tree: made by hand before each attempt, over the objects of the
//! project, so that no command reads what an agent configured.

use super::super::repo::{GitError, Oid, Repository};
use super::files;
use super::places::Slot;
use crate::platform::open;
use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// The source of the objects of a private repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objects {
    /// The project's store: all of it can be read.
    #[default]
    Borrowed,
    /// A copy of the base and its history, and nothing else.
    Own,
}

/// Makes the `.git` of the tree of `slot`: HEAD and its branch at `base`, the index a copy of ours.
pub(super) fn make(
    repository: &Repository,
    slot: &Slot,
    base: &Oid,
    objects: Objects,
) -> Result<(), OwnGitError> {
    let git = slot.tree().join(".git");
    files::remove(&git)?;
    let branch = repository.target();
    let folder = Path::new(branch).parent().unwrap_or(Path::new("refs/heads"));
    for dir in
        [Path::new("objects/info"), Path::new("objects/pack"), Path::new("refs/tags"), folder]
    {
        DirBuilder::new().recursive(true).mode(0o755).create(git.join(dir))?;
    }
    let put = |name: &str, text: &[u8]| open::new(&git.join(name))?.write_all(text);
    put("HEAD", format!("ref: {branch}\n").as_bytes())?;
    put(branch, format!("{base}\n").as_bytes())?;
    put("config", &config(repository, slot.ignores_case()))?;
    match objects {
        Objects::Borrowed => {
            let store = repository.common().join("objects");
            put("objects/info/alternates", &[store.as_os_str().as_bytes(), b"\n"].concat())?;
        }
        Objects::Own => {
            let pack = git.join("objects/pack/pack");
            let args = ["pack-objects", "--revs", "--quiet"].map(std::ffi::OsStr::new);
            let args: Vec<_> = args.into_iter().chain([pack.as_os_str()]).collect();
            let at = repository.refs();
            repository.tool().put(&at, &args, format!("{base}\n").into_bytes())?;
        }
    }
    let mut index = open::reading(&slot.index(), open::Links::Refuse)?;
    io::copy(&mut index, &mut open::new(&git.join("index"))?)?;
    Ok(())
}

/// Why it could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum OwnGitError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Returns its configuration: settings about the content of files and the author of commits.
fn config(repository: &Repository, ignores_case: bool) -> Vec<u8> {
    let mut text = repository.format_config().into_bytes();
    let [name, mail] = repository.user().map(OsStrExt::as_bytes);
    let carried =
        repository.carried().iter().map(|(key, value)| (key.as_bytes(), value.as_bytes()));
    let case: &[u8] = if ignores_case { b"true" } else { b"false" };
    let users = [
        (&b"user.name"[..], name),
        (b"user.email", mail),
        (b"gc.auto", b"0"),
        (b"core.ignorecase", case),
    ];
    for (key, value) in carried.chain(users) {
        let (Some(first), Some(last)) =
            (key.iter().position(|b| *b == b'.'), key.iter().rposition(|b| *b == b'.'))
        else {
            continue;
        };
        text.push(b'[');
        text.extend(&key[..first]);
        if last > first {
            text.extend(b" \"");
            quote(&mut text, &key[first + 1..last]);
            text.push(b'"');
        }
        text.extend(b"]\n\t");
        text.extend(&key[last + 1..]);
        text.extend(b" = \"");
        quote(&mut text, value);
        text.extend(b"\"\n");
    }
    text
}

fn quote(text: &mut Vec<u8>, value: &[u8]) {
    for byte in value {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', *byte]),
            b'\n' => text.extend(b"\\n"),
            b'\t' => text.extend(b"\\t"),
            _ => text.push(*byte),
        }
    }
}
