//! Submodules of a private tree: checked out from the objects that the project has, with a
//! repository of their own, and compared with their commit when the tree is captured.
//!
//! A submodule is another project: what an agent changes in it does not land. If the agent checked
//! out a commit that a remote of the submodule has, the project's link to it moves; any other
//! change is kept as a bundle. One that the project has not checked out is an empty folder. An agent
//! or a setup command may check it out there; any other file in it is an error, since git ignores
//! whatever is in there.

use super::super::change::Delta;
use super::super::git::At;
use super::super::repo::{GitError, Module, Oid, Stamp, git_dir_of};
use super::files;
use super::kept::head;
use super::setup;
use super::tree::{Tree, TreeError, failed, own_git_failed};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The name of our index of a submodule, while it is checked out or captured.
const INDEX: &str = "module-index";
/// The name of our git directory for a submodule.
const GIT: &str = "module-git";
/// The branch in a bundle.
const BRANCH: &str = "refs/heads/changed";

/// A submodule that an agent changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedModule {
    /// Its path from the top.
    pub path: PathBuf,
    /// The bundle that keeps the change.
    pub bundle: PathBuf,
}

/// What an agent left in the submodules.
#[derive(Debug)]
pub(super) struct LeftInModules {
    /// The commits that are checked out in those that the project has.
    heads: Vec<Option<Oid>>,
    /// The git directories of the others.
    made: Vec<Option<PathBuf>>,
}

/// What an agent did to a submodule.
#[derive(Debug)]
pub(super) enum ModuleChange {
    /// It checked out a commit that a remote has.
    Moved(Oid),
    /// Anything else.
    Changed(ChangedModule),
}

impl Tree {
    /// Returns whether a path is in a submodule.
    pub(super) fn is_in_module(&self, path: &Path) -> bool {
        let present = self.modules().iter().map(|module| &module.path);
        let absent = self.absent_modules().iter().map(|(module, _)| module);
        present.chain(absent).any(|module| path.starts_with(module))
    }

    /// Makes all submodules what is wanted. Their repositories were removed before.
    pub(super) fn put_modules(&self) -> Result<(), TreeError> {
        for module in self.modules() {
            let top = self.path().join(&module.path);
            self.make_folder(module).map_err(|source| failed(&top, source))?;
            let at = self.index_of(module, &module.objects())?;
            let tool = self.repository().tool();
            tool.get(&at, &["read-tree", "--reset", "-u", module.commit.as_str()])?;
            self.clean(&at, &top, &self.rules().keep)?;
            let made = self.own_git(&module.commit).make_in(module, &self.slot().own().join(INDEX));
            made.map_err(|error| own_git_failed(&top, error))?;
        }
        for (module, _) in self.absent_modules() {
            self.empty(module).map_err(|source| failed(&self.path().join(module), source))?;
        }
        Ok(())
    }

    /// Empties the folder of a submodule that the project has not checked out: git neither lists
    /// nor removes what is in there. The setup may have made it.
    fn empty(&self, module: &Path) -> io::Result<()> {
        let top = self.path().join(module);
        files::parents(self.path(), module)?;
        if files::first_file(&top)?.is_some() {
            files::remove(&self.slot().own().join(setup::NOTE))?;
        }
        files::remove(&top)?;
        DirBuilder::new().mode(0o777).create(&top)
    }

    /// Returns what the agent left in the submodules. This must be read before their repositories
    /// are moved away.
    pub(super) fn left_in_modules(&self) -> LeftInModules {
        let here = |path: &Path| self.path().join(path);
        LeftInModules {
            heads: self.modules().iter().map(|module| head(&here(&module.path))).collect(),
            made: self.absent_modules().iter().map(|(path, _)| git_dir_of(&here(path))).collect(),
        }
    }

    /// Returns the submodules that the project has not checked out, but the agent or the setup has.
    /// `nested` are the repositories that were moved away.
    pub(super) fn made_modules(
        &self,
        left: &LeftInModules,
        nested: &[(PathBuf, PathBuf)],
    ) -> Result<Vec<Module>, TreeError> {
        let mut made = Vec::new();
        for ((path, commit), git_dir) in self.absent_modules().iter().zip(&left.made) {
            let moved = nested.iter().find(|(from, _)| *from == path.join(".git"));
            let moved = moved.map(|(_, to)| to).filter(|to| to.is_dir());
            let Some(git_dir) = moved.or(git_dir.as_ref()).cloned() else { continue };
            let module = Module { path: path.clone(), commit: commit.clone(), git_dir };
            let own = self.slot().own().join(GIT);
            let at = self.repository().plain_over(&own, &module.objects());
            let at = at.map_err(|source| failed(&own, source))?;
            let there = format!("{commit}^{{tree}}");
            let args = ["rev-parse", "--verify", "--quiet", &there];
            if self.repository().tool().ask(&at, &args, Vec::new())?.code == 0 {
                made.push(module);
            }
        }
        Ok(made)
    }

    /// Returns a file in a submodule that is not checked out, with the path of the submodule. One
    /// that is among `deltas` is no submodule any more, and those of `made` are checked out.
    pub(super) fn file_in_absent(
        &self,
        deltas: &[Delta],
        made: &[Module],
    ) -> io::Result<Option<(PathBuf, PathBuf)>> {
        for (module, _) in self.absent_modules() {
            let is_known = deltas.iter().any(|delta| delta.path == *module);
            if is_known || made.iter().any(|made| made.path == *module) {
                continue;
            }
            if files::has_real_parents(self.path(), module)?
                && let Some(file) = files::first_file(&self.path().join(module))?
            {
                return Ok(Some((module.clone(), file)));
            }
        }
        Ok(None)
    }

    /// Creates the folder of a submodule, through no link.
    fn make_folder(&self, module: &Module) -> io::Result<()> {
        files::parents(self.path(), &module.path)?;
        let top = self.path().join(&module.path);
        if files::look(&top)?.is_some_and(|meta| meta.is_dir()) {
            return Ok(());
        }
        files::remove(&top)?;
        DirBuilder::new().mode(0o777).create(&top)
    }

    /// Makes our index from the commit of a submodule and the content of its files. Objects are
    /// written to `objects`. Returns the location for further calls.
    fn index_of(&self, module: &Module, objects: &Path) -> Result<At, TreeError> {
        let own = self.slot().own();
        let index = own.join(INDEX);
        let io = |source| failed(own, source);
        for left in [own.join("module-index.lock"), index.clone()] {
            files::remove(&left).map_err(io)?;
        }
        let at = self.repository().plain_over(&own.join(GIT), objects).map_err(io)?;
        let at = self
            .over_files(at, &self.path().join(&module.path), &index)
            .var("GIT_ALTERNATE_OBJECT_DIRECTORIES", module.objects())
            .var("GIT_ATTR_SOURCE", module.commit.as_str());
        let tool = self.repository().tool();
        tool.get(&at, &["read-tree", module.commit.as_str()])?;
        // The exit status reports differences, which the caller determines itself.
        tool.ask(&at, &["update-index", "-q", "--refresh"], Vec::new())?;
        Ok(at)
    }

    /// Returns the submodules that differ from their commits, each with its path. Their
    /// repositories were moved away before; `left` tells where these were.
    pub(super) fn changed_modules(
        &self,
        (left, made): (&LeftInModules, &[Module]),
        attempt_folder: &Path,
        date: Stamp,
    ) -> Result<Vec<(PathBuf, ModuleChange)>, TreeError> {
        let mut changed = Vec::new();
        let present = self.modules().iter().zip(&left.heads);
        for (module, head) in present.chain(made.iter().map(|module| (module, &None))) {
            let top = self.path().join(&module.path);
            // A submodule that is gone is a change of the project itself.
            let meta = files::look(&top).map_err(|source| failed(&top, source))?;
            if !meta.is_some_and(|meta| meta.is_dir()) {
                continue;
            }
            let at = self.index_of(module, &self.repository().common().join("objects"))?;
            let tool = self.repository().tool();
            tool.get(&at, &["add", "--all", "--", "."])?;
            let tree = tool.oid(&at, &["write-tree"], Vec::new())?;
            let tree_of = |commit: &Oid| -> Result<Option<Oid>, GitError> {
                let tree = format!("{commit}^{{tree}}");
                let args = ["rev-parse", "--verify", "--quiet", &tree];
                let answer = tool.ask(&at, &args, Vec::new())?;
                Ok(Oid::of(&answer.stdout).filter(|_| answer.code == 0))
            };
            if tree_of(&module.commit)?.as_ref() == Some(&tree) {
                continue;
            }
            let is_outer = !self
                .modules()
                .iter()
                .any(|other| other.path != module.path && module.path.starts_with(&other.path));
            if let Some(head) = head.as_ref().filter(|head| is_outer && **head != module.commit)
                && tree_of(head)?.as_ref() == Some(&tree)
                && self.repository().is_published(module, head)?
            {
                changed.push((module.path.clone(), ModuleChange::Moved(head.clone())));
                continue;
            }
            let number = changed.len() + 1;
            let bundle = attempt_folder.join(format!("submodule-{number}.bundle"));
            self.bundle(&at, module, (&tree, date), &bundle)?;
            let kept = ChangedModule { path: module.path.clone(), bundle };
            changed.push((module.path.clone(), ModuleChange::Changed(kept)));
        }
        Ok(changed)
    }

    /// Writes a bundle with a commit of `tree` on the commit of the submodule.
    fn bundle(
        &self,
        at: &At,
        module: &Module,
        (tree, date): (&Oid, Stamp),
        to: &Path,
    ) -> Result<(), TreeError> {
        let [name, mail] = self.repository().user();
        let date = format!("@{} +0000", date.0);
        let of_author = ["AUTHOR", "COMMITTER"].iter().fold(at.clone(), |at, who| {
            at.var(&format!("GIT_{who}_NAME"), name)
                .var(&format!("GIT_{who}_EMAIL"), mail)
                .var(&format!("GIT_{who}_DATE"), &date)
        });
        let tool = self.repository().tool();
        let args = ["commit-tree", tree.as_str(), "-p", module.commit.as_str(), "-F", "-"];
        let commit = tool.oid(&of_author, &args, b"Changed by an attempt\n".to_vec())?;
        tool.get(at, &["update-ref", BRANCH, commit.as_str()])?;
        let (to, not) = (to.as_os_str(), format!("^{}", module.commit));
        let args = ["bundle", "create", "--quiet"].map(std::ffi::OsStr::new);
        let more = [to, BRANCH.as_ref(), not.as_ref()];
        let args: Vec<&std::ffi::OsStr> = args.into_iter().chain(more).collect();
        tool.get(at, &args)?;
        Ok(())
    }
}
