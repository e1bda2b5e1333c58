//! Where a folder of queues stores what must survive `git clean` and a switch of branches: in the
//! git directory, which no everyday git command on a work tree cleans or resets.
//!
//! The folder is `<common git dir>/workloop/<key>`. The key is made of the path from the top of the
//! work tree to the queues and of the name of a linked work tree. Two work trees of one repository
//! have a journal each, and a work tree that is moved keeps its journal. No process is started to
//! find the folder; the layout is described in gitrepository-layout(5).

use crate::platform::checks;
use crate::platform::dir::Dir;
use crate::platform::hash::hex16;
use crate::platform::read_file;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The maximum number of bytes read from a `.git` file or `commondir`, each of which contains a
/// path.
const POINTER: u64 = 16 << 10;

/// Returns the folder inside the git directory for the queues in `folder` (a real path). Returns
/// `None` outside of a work tree and if the git directory is another user's or not writable.
pub(crate) fn home(folder: &Path) -> Option<PathBuf> {
    let (top, git) = folder.ancestors().find_map(|top| Some((top, git_dir(top)?)))?;
    let common = pointer(&git, "commondir").map(|path| git.join(path));
    let name = common.as_ref().and_then(|_| git.file_name()).unwrap_or_default();
    let common = common.unwrap_or_else(|| git.clone()).canonicalize().ok()?;
    if checks::refusal(&common).ok()?.is_some() {
        return None;
    }
    let below = folder.strip_prefix(top).ok()?.as_os_str().as_bytes();
    let home = common.join("workloop").join(hex16(&[below, b"\0", name.as_bytes()]));
    (home.is_dir() || checks::is_writable(&common)).then_some(home)
}

/// Returns the git directory of the work tree at `top`; `None` if `top` is not the top of one.
fn git_dir(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    let meta = std::fs::metadata(&git).ok()?;
    let dir = if meta.is_dir() {
        git
    } else {
        let text = pointer(top, ".git")?;
        let path = text.as_os_str().as_bytes().strip_prefix(b"gitdir:")?.trim_ascii_start();
        top.join(OsStr::from_bytes(path))
    };
    // An empty folder of that name is not a repository.
    dir.join("HEAD").symlink_metadata().is_ok().then_some(dir)
}

/// Returns the path that the file `name` in `dir` contains.
fn pointer(dir: &Path, name: &str) -> Option<PathBuf> {
    let read = read_file::read(&Dir::open(dir).ok()?, OsStr::new(name), POINTER).ok()?;
    let text = read.content.as_bytes().trim_ascii_end();
    (!text.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(text)))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "no state is written here")]
mod tests {
    use super::*;
    use std::fs;

    fn repository(top: &Path) {
        fs::create_dir_all(top.join(".git")).unwrap();
        fs::write(top.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    }

    fn real(temp: &tempfile::TempDir) -> PathBuf {
        temp.path().canonicalize().unwrap()
    }

    #[test]
    fn queues_of_one_folder_have_one_home_and_others_another() {
        let temp = tempfile::tempdir().unwrap();
        let top = real(&temp);
        repository(&top);
        fs::create_dir(top.join("queues")).unwrap();
        let queues = home(&top.join("queues")).unwrap();
        assert!(queues.starts_with(top.join(".git/workloop")));
        assert_ne!(Some(queues.clone()), home(&top));
        let moved = top.with_extension("moved");
        fs::rename(&top, &moved).unwrap();
        assert_eq!(home(&moved.join("queues")).unwrap().file_name(), queues.file_name());
        fs::rename(&moved, &top).unwrap();
    }

    #[test]
    fn a_linked_work_tree_has_its_own_home_in_the_common_folder() {
        let temp = tempfile::tempdir().unwrap();
        let top = real(&temp);
        repository(&top.join("main"));
        let linked = top.join("main/.git/worktrees/other");
        fs::create_dir_all(&linked).unwrap();
        fs::create_dir(top.join("other")).unwrap();
        fs::write(linked.join("HEAD"), "ref: refs/heads/other\n").unwrap();
        fs::write(linked.join("commondir"), "../..\n").unwrap();
        let text = format!("gitdir: {}\n", linked.display());
        fs::write(top.join("other/.git"), text).unwrap();
        let (main, other) = (home(&top.join("main")).unwrap(), home(&top.join("other")).unwrap());
        assert_eq!(main.parent(), other.parent());
        assert_ne!(main, other);
    }

    #[test]
    fn what_is_no_repository_has_no_home() {
        let temp = tempfile::tempdir().unwrap();
        let top = real(&temp);
        fs::create_dir(top.join(".git")).unwrap();
        assert_eq!(home(&top), None);
        fs::remove_dir(top.join(".git")).unwrap();
        fs::write(top.join(".git"), "gitdir: nowhere\n").unwrap();
        assert_eq!(home(&top), None);
        fs::remove_file(top.join(".git")).unwrap();
        duct::cmd!("mkfifo", top.join(".git")).run().unwrap();
        assert_eq!(home(&top), None);
    }
}
