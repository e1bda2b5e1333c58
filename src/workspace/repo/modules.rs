//! Finds the submodules of a tree, and their repositories on this machine. Nothing is fetched: a
//! submodule that the project has not checked out stays an empty folder, as in the project.

use super::super::git::At;
use super::calls::GitError;
use super::found::{Repository, lasting};
use super::git_dir::{common_of, git_dir_of};
use super::names::Oid;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How deep submodules may be inside each other.
const DEPTH: usize = 8;

/// A submodule that the project has checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Module {
    /// Its path from the top of the tree.
    pub(in super::super) path: PathBuf,
    /// The commit that the tree names.
    pub(in super::super) commit: Oid,
    /// Its git directory in the project.
    pub(in super::super) git_dir: PathBuf,
}

/// The submodules of a tree.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Modules {
    /// Those that the project has checked out, outer ones first.
    pub(in super::super) present: Vec<Module>,
    /// The others, which are empty folders: their paths and commits.
    pub(in super::super) absent: Vec<(PathBuf, Oid)>,
}

/// Why submodules cannot be checked out.
#[derive(Debug, Error)]
pub enum ModuleError {
    /// The commit was not fetched.
    #[error(
        "the commit {commit} of the submodule {} is not on this machine: run git submodule update \
         --init --recursive",
        .path.display()
    )]
    Missing {
        /// The submodule.
        path: PathBuf,
        /// Its commit.
        commit: Oid,
    },
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Module {
    /// Returns the folder of its objects.
    pub(in super::super) fn objects(&self) -> PathBuf {
        common_of(&self.git_dir).join("objects")
    }

    /// Returns its repository in the project, for reading. Its configuration names a work tree,
    /// without which git refuses every call, and which is gone after `git rm`.
    pub(in super::super) fn at(&self) -> At {
        lasting(At::git_dir(&self.git_dir).work_tree(&self.git_dir))
    }
}

impl Repository {
    /// Returns the submodules of a commit or tree.
    ///
    /// # Errors
    /// [`ModuleError`] if the commit of one that the project has checked out is missing.
    pub(in super::super) fn modules(&self, files: &Oid) -> Result<Modules, ModuleError> {
        let mut found = Modules::default();
        if !self.may_have_modules(files)? {
            return Ok(found);
        }
        let kept = self.common().join("modules");
        let mut left = vec![(PathBuf::new(), (self.refs(), kept), files.clone(), 0)];
        while let Some((above, (at, kept), files, depth)) = left.pop() {
            let args = ["ls-tree", "-r", "-z", files.as_str()];
            let listed = self.tool().get(&at, &args)?;
            for (path, commit) in links(&listed) {
                let kept = kept.join(path);
                let path = above.join(path);
                let Some(git_dir) = self.git_dir_of_module(&path, kept) else {
                    found.absent.push((path, commit));
                    continue;
                };
                let module = Module { path, commit, git_dir };
                let there = format!("{}^{{tree}}", module.commit);
                let args = ["rev-parse", "--verify", "--quiet", &there];
                if self.tool().ask(&module.at(), &args, Vec::new())?.code != 0 {
                    let Module { path, commit, .. } = module;
                    return Err(ModuleError::Missing { path, commit });
                }
                if depth < DEPTH {
                    let inner = (module.at(), common_of(&module.git_dir).join("modules"));
                    left.push((module.path.clone(), inner, module.commit.clone(), depth + 1));
                }
                found.present.push(module);
            }
        }
        found.present.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// Returns whether a commit or tree may have submodules. A person may add one while a loop
    /// runs, and listing all files of a tree takes longer than comparing it with one that has none.
    fn may_have_modules(&self, files: &Oid) -> Result<bool, GitError> {
        let Some(without) = self.without_modules() else { return Ok(true) };
        if without == files {
            return Ok(false);
        }
        let args = ["diff-tree", "-r", "-z", "--raw", "--ignore-submodules=none"];
        let args: Vec<&str> = args.into_iter().chain([without.as_str(), files.as_str()]).collect();
        let answer = self.tool().ask(&self.refs(), &args, Vec::new())?;
        let mut entries = answer.stdout.split(|byte| *byte == 0);
        let is_link = |entry: &[u8]| entry.get(7..).is_some_and(|new| new.starts_with(b" 160000 "));
        // Git fails if the branch was set back, and the commit was collected as garbage.
        Ok(answer.code != 0 || entries.any(is_link))
    }

    /// Returns the git directory of the submodule at `path`: that of the checkout, or `kept`, which
    /// `git submodule` made for it and which stays when the checkout is removed.
    fn git_dir_of_module(&self, path: &Path, kept: PathBuf) -> Option<PathBuf> {
        let is_there = kept.join("HEAD").is_file() && kept.join("objects").is_dir();
        git_dir_of(&self.top().join(path)).or_else(|| is_there.then_some(kept))
    }

    /// Returns whether a remote of the submodule has `commit`, as of its last fetch.
    pub(in super::super) fn is_published(
        &self,
        module: &Module,
        commit: &Oid,
    ) -> Result<bool, GitError> {
        let contains = format!("--contains={commit}");
        let args = ["for-each-ref", "--count=1", &contains, "refs/remotes"];
        let answer = self.tool().ask(&module.at(), &args, Vec::new())?;
        Ok(answer.code == 0 && !answer.stdout.is_empty())
    }
}

/// Returns path and commit of each link to another repository in the output of `ls-tree -z`.
fn links(listed: &[u8]) -> impl Iterator<Item = (&Path, Oid)> {
    listed.split(|byte| *byte == 0).filter_map(|entry| {
        let rest = entry.strip_prefix(b"160000 commit ")?;
        let tab = rest.iter().position(|byte| *byte == b'\t')?;
        Some((Path::new(OsStr::from_bytes(&rest[tab + 1..])), Oid::of(&rest[..tab])?))
    })
}
