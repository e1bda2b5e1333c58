//! Files and folders in trees in which an agent worked: removes them whatever their modes are, and
//! copies and links without following the agent's links.

use crate::platform::open::{self, Links};
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

/// Returns the metadata of `path` without following a link; `None` if it does not exist.
pub(super) fn look(path: &Path) -> io::Result<Option<Metadata>> {
    open::if_there(fs::symlink_metadata(path))
}

/// Removes `path` if it exists, including folders that cannot be read or written.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let Some(meta) = look(path)? else { return Ok(()) };
    if !meta.is_dir() {
        return fs::remove_file(path);
    }
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    unlock(path)?;
    fs::remove_dir_all(path)
}

/// Gives this user the right to read and to empty the folder at `path` and all below it.
pub(super) fn unlock(path: &Path) -> io::Result<()> {
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        // Checked so that a link that replaced the folder meanwhile is not followed.
        if !look(&folder)?.is_some_and(|meta| meta.is_dir()) {
            continue;
        }
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

/// Creates the folders between `top` and `path`, none of which may be a link.
pub(super) fn parents(top: &Path, path: &Path) -> io::Result<()> {
    let mut dir = top.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(name) = part else { return Err(outside(path)) };
        dir.push(name);
        match look(&dir)? {
            Some(meta) if meta.is_dir() => {}
            Some(_) => return Err(outside(path)),
            None => DirBuilder::new().mode(0o777).create(&dir)?,
        }
    }
    Ok(())
}

/// Returns whether all folders on the way to `path` are folders, and not links.
pub(super) fn has_real_parents(top: &Path, path: &Path) -> io::Result<bool> {
    let mut folder = top.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(name) = part else { return Ok(false) };
        folder.push(name);
        if !look(&folder)?.is_some_and(|meta| meta.is_dir()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns a path in `folder` that is not a folder; `None` if there is none, or no such folder.
pub(super) fn first_file(folder: &Path) -> io::Result<Option<PathBuf>> {
    if !look(folder)?.is_some_and(|meta| meta.is_dir()) {
        return Ok(None);
    }
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                return Ok(Some(entry.path()));
            }
            left.push(entry.path());
        }
    }
    Ok(None)
}

fn outside(path: &Path) -> io::Error {
    let text = format!("{} leads out of the tree", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// Copies `path` of the tree at `from` to that at `to`: a file, or a folder with its content. An
/// existing target is replaced; a missing source is skipped.
pub(super) fn copy(from: &Path, to: &Path, path: &Path) -> io::Result<()> {
    let (source, target) = (from.join(path), to.join(path));
    let Some(meta) = look(&source)? else { return Ok(()) };
    parents(to, path)?;
    remove(&target)?;
    if meta.is_symlink() {
        return symlink(fs::read_link(&source)?, &target);
    }
    if meta.is_dir() {
        DirBuilder::new().mode(0o777).create(&target)?;
        for entry in fs::read_dir(&source)? {
            copy(from, to, &path.join(entry?.file_name()))?;
        }
        return Ok(());
    }
    let mut file = open::reading(&source, Links::Refuse)?;
    io::copy(&mut file, &mut open::new(&target)?)?;
    fs::set_permissions(&target, meta.permissions())
}

/// Makes `path` of the tree at `to` a link to the same path at `from`.
pub(super) fn link(from: &Path, to: &Path, path: &Path) -> io::Result<()> {
    if look(&from.join(path))?.is_none() {
        return Ok(());
    }
    parents(to, path)?;
    remove(&to.join(path))?;
    symlink(from.join(path), to.join(path))
}

#[cfg(test)]
mod tests {
    use super::super::super::repo::scratch::sh;
    use super::*;

    #[test]
    fn whatever_an_agent_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        sh(
            top,
            "mkdir -p a/b/c; touch a/b/c/f; mkfifo a/p; ln -s / a/root; chmod 000 a/b/c; chmod 500 a/b a",
        );
        remove(&top.join("a")).unwrap();
        remove(&top.join("a")).unwrap();
        assert!(!top.join("a").exists() && Path::new("/etc").exists());
        sh(top, "mkdir kept; touch kept/f; ln -s kept l");
        remove(&top.join("l")).unwrap();
        assert!(top.join("kept/f").exists());
    }

    #[test]
    fn nothing_is_copied_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        sh(
            top,
            "mkdir -p from/in to/x out; echo s >from/in/.env; chmod 640 from/in/.env; mkfifo from/p",
        );
        let (from, to) = (top.join("from"), top.join("to"));
        copy(&from, &to, Path::new("in")).unwrap();
        assert_eq!(sh(&to, "cat in/.env; stat -c %a in/.env"), "s\n640");
        copy(&from, &to, Path::new("none")).unwrap();
        assert!(copy(&from, &to, Path::new("p")).is_err());
        sh(top, "rm -r to/in; ln -s ../out to/in");
        assert!(copy(&from, &to, Path::new("in/.env")).is_err());
        assert!(link(&from, &to, Path::new("../out/y")).is_ok());
        assert!(copy(&from, &to, Path::new("../from/in/.env")).is_err());
        assert!(!top.join("out/.env").exists());
        link(&from, &to, Path::new("p")).unwrap();
        assert_eq!(fs::read_link(to.join("p")).unwrap(), from.join("p"));
    }

    #[test]
    fn folders_are_unlocked_and_neither_files_nor_what_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        sh(top, "mkdir -p a/b/c kept; touch a/f; ln -s ../kept a/l; chmod 750 kept; chmod 640 a/f");
        sh(top, "chmod 000 a/b/c; chmod 500 a/b; chmod 300 a");
        let modes = || sh(top, "stat -c '%n %a' a a/b a/b/c a/f kept");
        unlock(&top.join("a/l")).unwrap();
        unlock(&top.join("none")).unwrap();
        assert_eq!(modes(), "a 300\na/b 500\na/b/c 0\na/f 640\nkept 750");
        unlock(&top.join("a")).unwrap();
        assert_eq!(modes(), "a 700\na/b 700\na/b/c 700\na/f 640\nkept 750");
    }

    #[test]
    fn the_first_file_is_found_below_folders_and_links_are_files() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        sh(top, "mkdir -p empty/a/b deep/a/b link; touch deep/a/b/f; ln -s ../deep link/l");
        let first = |path: &str| {
            let found = first_file(&top.join(path)).unwrap();
            found.map(|path| path.strip_prefix(top).unwrap().display().to_string())
        };
        assert_eq!((first("empty"), first("none"), first("deep/a/b/f")), (None, None, None));
        assert_eq!(first("deep").as_deref(), Some("deep/a/b/f"));
        assert_eq!(first("link").as_deref(), Some("link/l"));
        assert_eq!(first("link/l"), None, "a link is no folder");
    }

    #[test]
    fn a_way_to_a_path_is_made_of_folders_and_not_of_links() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        sh(top, "mkdir -p a/b; touch f; ln -s a l");
        for (path, is_real, refusal) in [
            ("x", true, None),
            ("a/b/x", true, None),
            ("new/x", false, None),
            ("l/x", false, Some("l/x leads out of the tree")),
            ("f/x", false, Some("f/x leads out of the tree")),
            ("a/../x", false, Some("a/../x leads out of the tree")),
            ("/etc/x", false, Some("/etc/x leads out of the tree")),
        ] {
            let path = Path::new(path);
            assert_eq!(has_real_parents(top, path).unwrap(), is_real, "{}", path.display());
            let made = parents(top, path).map_err(|error| error.to_string());
            assert_eq!(made.err().as_deref(), refusal, "{}", path.display());
        }
        assert!(top.join("new").is_dir() && !top.join("new/x").exists());
    }
}
