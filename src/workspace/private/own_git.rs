//! The repository of a private tree: made by hand before each attempt, over the objects of the
//! project, so that no command reads what an agent configured.

use super::super::git::At;
use super::super::repo::{GitError, Module, Oid, Repository};
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

/// The content of a `.git` that is made.
pub(super) struct OwnGit<'a> {
    pub(super) repository: &'a Repository,
    /// Our files beside the tree.
    pub(super) slot: &'a Slot,
    /// The commit that it is at.
    pub(super) base: &'a Oid,
    /// The source of its objects.
    pub(super) objects: Objects,
}

impl OwnGit<'_> {
    /// Makes the `.git` of the tree: HEAD and its branch at the base, the index a copy of ours.
    pub(super) fn make(&self) -> Result<(), OwnGitError> {
        let (branch, base) = (self.repository.target(), self.base);
        let folder = Path::new(branch).parent().unwrap_or(Path::new("refs/heads"));
        let git = self.slot.tree().join(".git");
        let put = self.begin(&git, folder)?;
        put("HEAD", format!("ref: {branch}\n").as_bytes())?;
        put(branch, format!("{base}\n").as_bytes())?;
        let store = self.repository.common().join("objects");
        self.end(&git, &store, (&self.repository.refs(), self.slot.index().as_path()))
    }

    /// Makes the `.git` of a submodule: HEAD at its commit, the index a copy of `index`.
    pub(super) fn make_in(&self, module: &Module, index: &Path) -> Result<(), OwnGitError> {
        let git = self.slot.tree().join(&module.path).join(".git");
        let put = self.begin(&git, Path::new("refs/heads"))?;
        put("HEAD", format!("{}\n", module.commit).as_bytes())?;
        self.end(&git, &module.objects(), (&module.at(), index))
    }

    fn begin(
        &self,
        git: &Path,
        branches: &Path,
    ) -> io::Result<impl Fn(&str, &[u8]) -> io::Result<()>> {
        files::remove(git)?;
        let info = [Path::new("objects/info"), Path::new("objects/pack"), Path::new("refs/tags")];
        for dir in info.into_iter().chain([branches]) {
            DirBuilder::new().recursive(true).mode(0o755).create(git.join(dir))?;
        }
        let git = git.to_owned();
        let put = move |name: &str, text: &[u8]| open::new(&git.join(name))?.write_all(text);
        put("config", &config(self.repository, self.slot.ignores_case()))?;
        Ok(put)
    }

    /// Adds the objects, which the repository `at` reads from `store`, and the index.
    fn end(&self, git: &Path, store: &Path, (at, index): (&At, &Path)) -> Result<(), OwnGitError> {
        match self.objects {
            Objects::Borrowed => {
                let text = [store.as_os_str().as_bytes(), b"\n"].concat();
                open::new(&git.join("objects/info/alternates"))?.write_all(&text)?;
            }
            Objects::Own => {
                let pack = git.join("objects/pack/pack");
                let args = ["pack-objects", "--revs", "--quiet"].map(std::ffi::OsStr::new);
                let args: Vec<_> = args.into_iter().chain([pack.as_os_str()]).collect();
                self.repository.tool().put(at, &args, format!("{}\n", self.base).into_bytes())?;
            }
        }
        let mut index = open::reading(index, open::Links::Refuse)?;
        io::copy(&mut index, &mut open::new(&git.join("index"))?)?;
        Ok(())
    }
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
