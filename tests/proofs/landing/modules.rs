//! The same in a project with a submodule: the task moves its link, and the person has edits in their
//! checkout of it.

use super::kills::{at_git, at_own_calls};
use super::{Project, sh};
use crate::processes::lacks;
use std::path::Path;

/// How many points of each kind the short run takes.
const SHORT: usize = 2;

impl Project {
    /// Creates the project of [`Project::new`], with the submodule `lib` at the first of its two
    /// commits.
    fn with_module() -> Self {
        let project = Self::new();
        let made = "git stash -q -u; two=$(git rev-parse HEAD); git reset -q --hard HEAD~1; export GIT_ALLOW_PROTOCOL=file
             export GIT_AUTHOR_DATE='@1767225600 +0000' GIT_COMMITTER_DATE='@1767225600 +0000'
             git init -q -b main ../lib; cd ../lib
             git config user.email t@example.org; git config user.name t
             for n in 1 2; do echo $n >f; git add f; git commit -qm $n; done; cd ../project
             git submodule --quiet add ../lib lib; git -C lib checkout -q HEAD~1
             git add lib; git commit -q --amend -m one; git cherry-pick $two >/dev/null
             git stash pop -q --index; echo edit >>lib/f";
        project.sh(made);
        project
    }
}

fn has_module(top: &Path) -> bool {
    top.join(".gitmodules").exists()
}

/// Checks out the newest commit of the submodule in a workspace, if there is one.
pub(super) fn moves(tree: &Path) {
    if has_module(tree) {
        sh(&tree.join("lib"), "git checkout -q $(git -C ../../../../lib rev-parse main)");
    }
}

/// Returns whether a judge tree has the commit that the task chose, if there is a submodule.
pub(super) fn is_moved(tree: &Path) -> bool {
    !has_module(tree) || std::fs::read_to_string(tree.join("lib/f")).is_ok_and(|text| text == "2\n")
}

/// Returns the expected files of the branch: `files`, and the submodule if there is one.
pub(super) fn with_link(project: &Project, files: &str) -> String {
    if !has_module(&project.top) {
        return files.to_owned();
    }
    files.replace(".gitignore", ".gitignore\n.gitmodules").replace("mine", "lib\nmine")
}

/// Returns what a person sees after the landing: their submodule has edits, and another commit.
pub(super) fn moved(seen: &str) -> String {
    seen.replace(" m lib", " M lib")
}

/// Returns what is wrong with the link, and with the person's checkout of the submodule.
pub(super) fn wrong(project: &Project) -> String {
    if !has_module(&project.top) {
        return String::new();
    }
    project.sh(
        "[ $(git rev-parse main:lib) = $(git -C ../lib rev-parse main) ] || echo the link
         [ $(git -C lib rev-parse HEAD) = $(git -C ../lib rev-parse main~1) ] || echo its commit
         [ \"$(cat lib/f; git -C lib status --porcelain)\" = \"$(printf '1\\nedit\\n M f')\" ] || echo its files
         git -C lib fsck --no-dangling 2>&1",
    )
}

#[test]
fn a_moved_link_whose_landing_is_killed_at_git_lands() {
    if lacks("git") {
        return;
    }
    at_git(Project::with_module, SHORT);
}

#[test]
fn a_moved_link_whose_landing_is_killed_at_its_own_calls_lands() {
    if lacks("git") {
        return;
    }
    at_own_calls(Project::with_module, 2 * SHORT);
}
