//! What a file of ours must not be: shared through a hard link, someone else's, writable by all.
//!
//! Checked when a queue, a state folder or a configuration is opened; the answers are sentences.

use crate::platform::fault::{self, Fault};
use rustix::fs::Access;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Resolves the symlinks of `path`; the file itself need not exist, its folder must.
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "a symlink that leads nowhere"));
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs::canonicalize(parent)?.join(name))
}

/// Says why the file or folder at `path` is not to be trusted; `None` when it is.
///
/// Group-writable is a way to share a queue and is accepted.
pub fn refusal(path: &Path) -> io::Result<Option<String>> {
    Ok(refusal_of(path, &fs::metadata(path)?))
}

/// The same for metadata that is at hand.
pub fn refusal_of(path: &Path, meta: &Metadata) -> Option<String> {
    if fault::is(Fault::NoRefusals) {
        return None;
    }
    let shown = path.display();
    if meta.is_file() && meta.nlink() > 1 {
        return Some(format!(
            "{shown} has {} hard links, and replacing it would leave the others with the old \
             content: keep one, or use a symlink",
            meta.nlink()
        ));
    }
    if !owned_by_us(meta.uid()) {
        return Some(format!(
            "{shown} belongs to user {}, not to you, and what it says would run with your rights",
            meta.uid()
        ));
    }
    if meta.mode() & 0o002 != 0 {
        return Some(format!(
            "{shown} is writable by every user of this machine, and what it says would run with \
             your rights: chmod o-w it"
        ));
    }
    None
}

/// Whether files of `uid` are ours: our own, or those of the user who called us through sudo.
pub fn owned_by_us(uid: u32) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let caller = std::env::var("SUDO_UID").ok().and_then(|text| text.parse::<u32>().ok());
    uid == own || (own == 0 && caller == Some(uid))
}

/// Whether files can be made and replaced in `dir`.
pub fn is_writable(dir: &Path) -> bool {
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn refuses_hard_links_and_world_writable_but_not_group_writable() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("q.json");
        drop(File::create(&file).unwrap());
        fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        assert_eq!(refusal(&file).unwrap(), None);
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        assert!(refusal(&file).unwrap().unwrap().contains("writable by every user"));
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(&file, dir.path().join("other")).unwrap();
        assert!(refusal(&file).unwrap().unwrap().contains("2 hard links"));
    }

    #[test]
    fn resolves_symlinks_and_files_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        drop(File::create(root.join("real.json")).unwrap());
        symlink("real.json", root.join("link.json")).unwrap();
        symlink("nowhere.json", root.join("dangling.json")).unwrap();
        assert_eq!(real_path(&root.join("link.json")).unwrap(), root.join("real.json"));
        assert_eq!(real_path(&root.join("new.json")).unwrap(), root.join("new.json"));
        assert!(real_path(&root.join("dangling.json")).is_err());
    }
}
