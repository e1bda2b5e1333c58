//! Creates trees that are not commits: a change merged onto another target, and a change with some
//! paths replaced, which is used to judge the change with the base's version of these paths.
//!
//! No ref keeps such a tree. If a person's `git gc --prune=now` removes it before it is checked
//! out, it is created again.

use super::super::change::{Delta, DeltaKind};
use super::super::merge::{Merge, merge_at};
use super::super::repo::{GitError, Oid};
use super::files;
use super::tree::{Brought, Tree, TreeError, Wanted, failed};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Our index of it, beside that of the tree.
const INDEX: &str = "mixed-index";
/// How often a tree is created again after it was garbage-collected.
const LOST: u32 = 3;

/// The replacement for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutTo {
    /// Its content at the base: a delta from there.
    Base(Delta),
    /// This content, with this mode.
    Content(PathBuf, String, Vec<u8>),
}

impl Tree {
    /// Sets the tree to the content that `make` creates. If the objects are garbage-collected
    /// before the checkout, the content is created again.
    ///
    /// # Errors
    /// The errors of [`Tree::prepare`], and those of `make`.
    pub fn prepare_made(
        &mut self,
        make: &mut dyn FnMut(&Self) -> Result<Wanted, TreeError>,
    ) -> Result<Brought, TreeError> {
        for _ in 0..LOST {
            match make(self) {
                Ok(wanted) => match self.prepare(&wanted) {
                    // If all objects exist, the failure has another cause and would repeat.
                    Err(TreeError::Git(GitError::Failed { .. }))
                        if !self.repository().is_whole(&wanted.base, &wanted.files)? => {}
                    done => return done,
                },
                Err(TreeError::Git(GitError::Failed { .. })) => {}
                Err(error) => return Err(error),
            }
            self.repository().outlast_collection();
        }
        let wanted = make(self)?;
        self.prepare(&wanted)
    }

    /// Merges what `change` did since `base` onto `onto`: a further attempt begins with this when
    /// the target has moved since the last one.
    ///
    /// # Errors
    /// If git fails.
    pub fn merged(&self, base: &Oid, onto: &Oid, change: &Oid) -> Result<Merge, TreeError> {
        Ok(merge_at(self.repository(), &self.plain()?, base, onto, change)?)
    }

    /// Returns the tree of `change` with some of its paths replaced.
    ///
    /// # Errors
    /// If git fails.
    pub fn mixed(&self, change: &Oid, puts: &[PutTo]) -> Result<Oid, TreeError> {
        let index = self.slot().own().join(INDEX);
        let clear = || files::remove(&index).map_err(|source| failed(&index, source));
        clear()?;
        let at = self.plain()?.var("GIT_INDEX_FILE", &index);
        let tool = self.repository().tool();
        tool.get(&at, &["read-tree", change.as_str()])?;
        let mut info = Vec::new();
        for put in puts {
            for (path, mode, oid) in self.entries(put)? {
                info.extend(format!("{mode} {oid}\t").into_bytes());
                info.extend(path.as_os_str().as_bytes());
                info.push(0);
            }
        }
        // A file may replace a folder of the change.
        let args = ["update-index", "--add", "--replace", "-z", "--index-info"];
        tool.put(&at, &args, info)?;
        let tree = tool.oid(&at, &["write-tree"], Vec::new())?;
        clear()?;
        Ok(tree)
    }

    /// Returns entries of the index: removals first, then additions.
    fn entries(&self, put: &PutTo) -> Result<Vec<(PathBuf, String, String)>, GitError> {
        let repository = self.repository();
        match put {
            PutTo::Base(Delta { path, kind, old, new }) => {
                let mut all = Vec::new();
                if let Some((_, new)) = new {
                    all.push((path.clone(), "0".to_owned(), new.nothing()));
                }
                if let Some((mode, oid)) = old {
                    let path = match kind {
                        DeltaKind::Renamed { from } => from,
                        DeltaKind::Added | DeltaKind::Modified | DeltaKind::Removed => path,
                    };
                    all.push((path.clone(), mode.clone(), oid.to_string()));
                }
                Ok(all)
            }
            PutTo::Content(path, mode, bytes) => {
                let args = ["hash-object", "-w", "--stdin"];
                let oid = repository.tool().oid(&repository.refs(), &args, bytes.clone())?;
                Ok(vec![(path.clone(), mode.clone(), oid.to_string())])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::repo::scratch::Scratch;
    use super::super::places::{Kind, Places};
    use super::*;
    use crate::workspace::TreeRules;

    /// A tree that is collected before the checkout is created again. If it is lost each time, that
    /// is an error.
    #[test]
    fn what_is_made_and_gone_is_made_again() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let repository = scratch.repository();
        let dir = scratch.folder.path().join("trees");
        let slot = Places::of(&repository, Some(&dir), None).unwrap().take(Kind::Judge).unwrap();
        let mut tree = Tree::new(&repository, slot, TreeRules::default()).unwrap();
        let base = scratch.oid("HEAD");
        let mut made = 0;
        let mut make = |collected: u32, tree: &Tree| {
            let content = PutTo::Content("a".into(), "100644".to_owned(), b"made\n".to_vec());
            let files = tree.mixed(&base, &[content])?;
            made += 1;
            if made <= collected {
                scratch.sh("git prune --expire=now");
            }
            Ok(Wanted { base: base.clone(), files })
        };
        tree.prepare_made(&mut |tree| make(2, tree)).unwrap();
        let gone = tree.prepare_made(&mut |tree| make(99, tree)).unwrap_err();
        assert!(matches!(gone, TreeError::Git(GitError::Failed { .. })), "{gone}");
        tree.prepare_made(&mut |tree| make(0, tree)).unwrap();
        assert_eq!(std::fs::read_to_string(tree.path().join("a")).unwrap(), "made\n");
        assert_eq!(made, 3 + 4 + 1);
    }

    #[test]
    fn paths_are_those_of_the_base_and_the_rest_is_the_change() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let base = scratch.oid("HEAD");
        scratch.sh("rm -r sub; echo file >sub; echo 9 >a; echo new >n; echo x >keep; git add -A; git commit -qm two");
        let change = scratch.oid("HEAD");
        let repository = scratch.repository();
        let dir = scratch.folder.path().join("trees");
        let slot = Places::of(&repository, Some(&dir), None).unwrap().take(Kind::Judge).unwrap();
        let tree = Tree::new(&repository, slot, TreeRules::default()).unwrap();
        let deltas = repository.deltas(&base, &change, false).unwrap();
        let put = |name: &str| {
            PutTo::Base(deltas.iter().find(|delta| delta.path.ends_with(name)).unwrap().clone())
        };
        let content = PutTo::Content("keep".into(), "100644".to_owned(), b"y\n".to_vec());
        let mixed = tree.mixed(&change, &[put("a"), put("n"), put("b"), content]).unwrap();
        let list = scratch
            .sh(&format!("git ls-tree -r --name-only {mixed}; git show {mixed}:a {mixed}:keep"));
        assert_eq!(list, ".gitignore\na\nkeep\nsub/b\n1\n2\n3\ny");
        // Without replacements, the tree is that of the change.
        let same = tree.mixed(&change, &[]).unwrap();
        assert_eq!(same, repository.tree_of(&change).unwrap());
    }
}
