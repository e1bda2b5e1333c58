//! What a file of this program must not be: shared through a hard link, owned by another user,
//! writable by all.
//!
//! Checked when a queue, a state folder or a configuration is opened; the results are sentences.

use crate::platform::fault::{self, Fault};
use rustix::fs::Access;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// Resolves the symlinks of `path`. The file itself need not exist, but its folder must.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "a dangling symlink"));
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs::canonicalize(parent)?.join(name))
}

/// The paths at which files of any owner, and files writable by all, are trusted, because a person
/// said so.
static TRUSTED: RwLock<Vec<PathBuf>> = RwLock::new(Vec::new());

/// Makes this process trust everything at or below `path`, whoever wrote it. Like user and umask,
/// this is a setting of the whole process.
pub(crate) fn trust(path: &Path) {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    TRUSTED.write().unwrap_or_else(PoisonError::into_inner).push(real);
}

/// Returns whether a person said that what is at `path` is to be trusted.
pub(crate) fn is_trusted(path: &Path) -> bool {
    let trusted = TRUSTED.read().unwrap_or_else(PoisonError::into_inner);
    let real = real_path(path);
    let path = real.as_deref().unwrap_or(path);
    trusted.iter().any(|trusted| path.starts_with(trusted))
}

/// Returns the end of a refusal: how to allow a file of another owner.
pub(crate) fn how_to_trust(path: &Path) -> String {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let folder = folder.display();
    format!(
        "if you trust everybody who can write there, --trust {folder} or WORKLOOP_TRUST={folder} \
         allows it"
    )
}

/// Returns why the file or folder at `path` must not be trusted; `None` if it may be.
///
/// Group-writable is a way to share a queue and is accepted.
pub(crate) fn refusal(path: &Path) -> io::Result<Option<String>> {
    Ok(refusal_of(path, &fs::metadata(path)?))
}

/// Does the same with metadata that was already read.
fn refusal_of(path: &Path, meta: &Metadata) -> Option<String> {
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
    let why = if !owned_by_us(meta.uid()) {
        format!(
            "belongs to user {}, not to you, and its content would run with your rights",
            meta.uid()
        )
    } else if meta.mode() & 0o002 != 0 {
        "is writable by every user of this machine, and its content would run with your rights: \
         chmod o-w it"
            .to_owned()
    } else {
        return None;
    };
    (!is_trusted(path)).then(|| format!("{shown} {why}; {}", how_to_trust(path)))
}

/// Returns whether files of `uid` may be trusted: those of our own user, of root, who can change
/// ours as well, and of the user who called this program through sudo.
pub(crate) fn owned_by_us(uid: u32) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let caller = std::env::var("SUDO_UID").ok().and_then(|text| text.parse::<u32>().ok());
    uid == own || uid == 0 || (own == 0 && caller == Some(uid))
}

/// Returns whether files can be created and replaced in `dir`.
pub(crate) fn is_writable(dir: &Path) -> bool {
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
        let refused = refusal(&file).unwrap().unwrap();
        assert!(refused.contains("writable by every user"));
        let folder = fs::canonicalize(dir.path()).unwrap();
        assert!(refused.contains(&format!("--trust {}", folder.display())), "{refused}");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        fs::hard_link(&file, dir.path().join("other")).unwrap();
        assert!(refusal(&file).unwrap().unwrap().contains("2 hard links"));
    }

    #[test]
    fn what_a_person_trusts_may_be_anybody_s() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("q.json");
        drop(File::create(&file).unwrap());
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        assert!(refusal(&file).unwrap().is_some());
        trust(&dir.path().join("q"));
        assert!(refusal(&file).unwrap().is_some(), "a part of a name is no folder");
        trust(dir.path());
        assert_eq!(refusal(&file).unwrap(), None);
        fs::hard_link(&file, dir.path().join("other")).unwrap();
        assert!(refusal(&file).unwrap().is_some(), "that is no matter of trust");
    }

    /// Root can change our files anyway; other users cannot be trusted with them.
    #[test]
    fn files_of_ours_and_of_root_are_trusted() {
        let own = rustix::process::geteuid().as_raw();
        assert!(owned_by_us(own) && owned_by_us(0));
        let caller = std::env::var("SUDO_UID").ok().and_then(|text| text.parse::<u32>().ok());
        let other = (1..).find(|uid| *uid != own && Some(*uid) != caller).unwrap_or(1);
        assert!(!owned_by_us(other));
    }

    #[test]
    fn the_way_to_trust_a_file_names_its_folder() {
        let here = fs::canonicalize(".").unwrap();
        let words = |folder: &Path| {
            let folder = folder.display();
            format!(
                "if you trust everybody who can write there, --trust {folder} or WORKLOOP_TRUST={folder} allows it"
            )
        };
        assert_eq!(how_to_trust(Path::new("q.json")), words(&here));
        assert_eq!(how_to_trust(Path::new("/q.json")), words(Path::new("/")));
        assert_eq!(how_to_trust(Path::new("/no/such/q.json")), words(Path::new("/no/such")));
    }

    #[test]
    fn a_folder_that_is_missing_is_neither_writable_nor_trusted() {
        let dir = tempfile::tempdir().unwrap();
        assert!(is_writable(dir.path()));
        assert!(!is_writable(&dir.path().join("none")));
        assert!(!is_trusted(&dir.path().join("none")));
        let error = refusal(&dir.path().join("none")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(
            real_path(&dir.path().join("none/q.json")).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        assert!(real_path(Path::new("/no/such/folder/..")).is_err());
    }

    #[test]
    fn a_folder_may_have_several_links_but_not_be_writable_by_all() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("queues");
        fs::create_dir(&folder).unwrap();
        fs::create_dir(folder.join("below")).unwrap();
        assert_eq!(refusal(&folder).unwrap(), None);
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let refused = refusal(&folder).unwrap().unwrap();
        let begin = format!("{} is writable by every user of this machine", folder.display());
        assert!(
            refused.starts_with(&begin) && refused.contains("chmod o-w it; if you trust"),
            "{refused}"
        );
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
