//! The configuration of a run, which an agent cannot change for itself.
//!
//! A loop uses only what it read when it began. It must also prevent the next run from reading what
//! an agent wrote: a change while attempts run is put back.

use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::open::{self, Links};
use crate::store::attempts::{AttemptFolder, CHANGED_SUFFIX};
use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A longer file is not a configuration.
const LIMIT: u64 = 4 << 20;

/// Reads the text of a configuration; `None` if it is gone or no longer text.
///
/// # Errors
/// Returns an error if the system is out of resources, even at a second try: that is not a change.
fn text(path: &Path) -> io::Result<Option<String>> {
    let read = || open::read_text(path, Links::Follow, LIMIT);
    match read().or_else(|_: io::Error| read()) {
        Ok(text) => Ok(Some(text)),
        Err(error) if open::is_shortage(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The configuration file with its text.
pub(crate) struct Kept {
    path: PathBuf,
    /// The real path of the file, and the target of the symlink that leads to it.
    real: PathBuf,
    link: Option<PathBuf>,
    mode: Permissions,
    text: Mutex<String>,
    /// Whether a person was warned that not everything it protects is checked.
    warned: AtomicBool,
    ids: Arc<dyn Ids>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Kept {
    /// Reads the file at `path`; `None` if it cannot be read, which the start of a run has refused.
    pub(crate) fn new(path: &Path, ids: Arc<dyn Ids>) -> Option<Self> {
        Some(Self {
            path: path.to_owned(),
            real: path.canonicalize().ok()?,
            link: fs::read_link(path).ok(),
            mode: fs::metadata(path).ok()?.permissions(),
            text: Mutex::new(text(path).ok()??),
            warned: AtomicBool::new(false),
            ids,
        })
    }

    /// Returns the path as it was found.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether this is the first warning about what it protects; one a run is enough.
    pub(super) fn first_warning(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }

    fn text(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts the present text as a person's: no attempt runs, or one that may change it. Returns
    /// whether the text changed.
    pub(crate) fn settle(&self) -> bool {
        let mut kept = self.text();
        match text(&self.path) {
            Ok(Some(now)) if now != *kept => {
                *kept = now;
                true
            }
            Ok(_) | Err(_) => false,
        }
    }

    /// Puts the file back if it changed, stores the changed copy in the folder of the attempt, and
    /// returns a text about that. The lock admits one slot at a time: the others find what the
    /// first one put back.
    ///
    /// # Errors
    /// Returns an error if it is unknown whether the file changed.
    pub(super) fn put_back(&self, folder: &AttemptFolder) -> io::Result<Option<String>> {
        let kept = self.text();
        let now = text(&self.path)?;
        if now.as_ref() == Some(&*kept) && fs::read_link(&self.path).ok() == self.link {
            return Ok(None);
        }
        let path = self.path.display();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}{CHANGED_SUFFIX}");
        let saved = now.map(|now| folder.put(&name, now.as_bytes()));
        let copy = match saved {
            Some(Ok(())) => format!("; the changed copy is {}", folder.file(&name).display()),
            Some(Err(error)) => format!("; the changed copy could not be stored: {error}"),
            None => String::new(),
        };
        let back = match self.write(&kept) {
            Ok(()) => "was put back".to_owned(),
            Err(error) => format!("could not be put back: {error}"),
        };
        Ok(Some(format!("{path} changed during the attempt and {back}{copy}")))
    }

    fn write(&self, kept: &str) -> io::Result<()> {
        if self.replace(kept).is_err() {
            // Something else was put there: a hard link, a FIFO.
            fs::remove_file(&self.real)?;
            self.replace(kept)?;
        }
        fs::set_permissions(&self.real, self.mode.clone())?;
        if let Some(link) =
            self.link.as_ref().filter(|link| fs::read_link(&self.path).ok().as_ref() != Some(*link))
        {
            drop(fs::remove_file(&self.path));
            std::os::unix::fs::symlink(link, &self.path)?;
        }
        Ok(())
    }

    fn replace(&self, kept: &str) -> io::Result<()> {
        let (Some(folder), Some(name)) = (self.real.parent(), self.real.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let dir = Dir::open(folder)?;
        if fs::symlink_metadata(&self.real).is_ok_and(|meta| !meta.is_file()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        drop(atomic_file::sweep_old(folder, Some(name)));
        let staged = atomic_file::stage(&dir, name, [kept.as_bytes()], &*self.ids);
        let staged = staged.map_err(io::Error::other)?;
        staged.commit().map(drop).map_err(io::Error::other)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use crate::platform::ids::RandomIds;
    use crate::store::{StateDir, TaskKey};
    use std::os::unix::fs::symlink;

    struct Case {
        dir: tempfile::TempDir,
        kept: Kept,
        folder: AttemptFolder,
    }

    fn case(linked: bool) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at(if linked { "shared.toml" } else { "workloop.toml" }), "jobs = 1\n").unwrap();
        if linked {
            symlink("shared.toml", at("workloop.toml")).unwrap();
        }
        let kept = Kept::new(&at("workloop.toml"), Arc::new(RandomIds)).unwrap();
        let queue = at("q.json");
        let folder = AttemptFolder::new(&StateDir::beside(&queue), &TaskKey::new(&queue, "A"), 1);
        Case { dir, kept, folder }
    }

    #[test]
    fn whatever_was_done_to_it_it_is_put_back() {
        type Change = fn(&Path);
        let changes: [Change; 5] = [
            |path| fs::write(path, "jobs = 9\n").unwrap(),
            |path| fs::remove_file(path).unwrap(),
            |path| fs::hard_link(path, path.with_extension("other")).unwrap(),
            |path| {
                fs::remove_file(path).unwrap();
                duct::cmd!("mkfifo", path).run().unwrap();
            },
            |path| {
                fs::rename(path, path.with_extension("moved")).unwrap();
                symlink("elsewhere", path).unwrap();
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            for linked in [false, true] {
                let case = case(linked);
                let path = case.dir.path().join("workloop.toml");
                assert_eq!(case.kept.put_back(&case.folder).unwrap(), None);
                change(&path);
                // A hard link alone changes nothing yet.
                if number == 2 {
                    fs::write(&path, "other").unwrap();
                }
                let said = case.kept.put_back(&case.folder).unwrap().unwrap();
                assert!(said.contains("was put back"), "{number} {linked}: {said}");
                assert_eq!(fs::read_to_string(&path).unwrap(), "jobs = 1\n");
                assert_eq!(fs::read_link(&path).is_ok(), linked);
                assert_eq!(fs::metadata(&path).unwrap().permissions(), case.kept.mode);
                assert_eq!(case.kept.put_back(&case.folder).unwrap(), None);
            }
        }
    }

    #[test]
    fn the_changed_copy_is_kept_and_a_persons_change_is_taken() {
        let case = case(false);
        let path = case.dir.path().join("workloop.toml");
        fs::write(&path, "jobs = 9\n").unwrap();
        let said = case.kept.put_back(&case.folder).unwrap().unwrap();
        let copy = case.folder.file("workloop.toml.changed");
        assert!(said.contains(&copy.display().to_string()), "{said}");
        assert_eq!(fs::read_to_string(copy).unwrap(), "jobs = 9\n");
        fs::write(&path, "jobs = 2\n").unwrap();
        assert!(case.kept.settle() && !case.kept.settle());
        assert!(case.kept.first_warning() && !case.kept.first_warning());
        assert_eq!(case.kept.put_back(&case.folder).unwrap(), None);
    }

    #[test]
    fn it_is_told_exactly_what_happened_to_the_file() {
        let case = case(false);
        let path = case.dir.path().join("workloop.toml");
        let (shown, copy) = (path.display(), case.folder.file("workloop.toml.changed"));
        let back = format!("{shown} changed during the attempt and was put back");
        fs::write(&path, "jobs = 9\n").unwrap();
        let said = case.kept.put_back(&case.folder).unwrap();
        assert_eq!(said, Some(format!("{back}; the changed copy is {}", copy.display())));
        // A deleted file, and one that is no text, leave no copy.
        fs::remove_file(&path).unwrap();
        assert_eq!(case.kept.put_back(&case.folder).unwrap(), Some(back.clone()));
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(case.kept.put_back(&case.folder).unwrap(), Some(back.clone()));
        assert_eq!(fs::read_to_string(copy).unwrap(), "jobs = 9\n");
    }

    #[test]
    fn a_copy_that_cannot_be_stored_does_not_keep_the_file_from_being_put_back() {
        let case = case(false);
        let path = case.dir.path().join("workloop.toml");
        fs::create_dir_all(case.folder.path().parent().unwrap()).unwrap();
        fs::write(case.folder.path(), "in the way").unwrap();
        fs::write(&path, "jobs = 9\n").unwrap();
        let said = case.kept.put_back(&case.folder).unwrap().unwrap();
        let begin = format!(
            "{} changed during the attempt and was put back; the changed copy could not be stored: ",
            path.display()
        );
        assert!(said.starts_with(&begin) && said.len() > begin.len(), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "jobs = 1\n");
    }

    #[test]
    fn a_file_whose_folder_is_gone_cannot_be_put_back() {
        let case = case(false);
        let path = case.dir.path().join("workloop.toml");
        fs::remove_dir_all(case.dir.path()).unwrap();
        let said = case.kept.put_back(&case.folder).unwrap().unwrap();
        let begin =
            format!("{} changed during the attempt and could not be put back: ", path.display());
        assert!(said.starts_with(&begin) && said.len() > begin.len(), "{said}");
        assert_eq!(format!("{:?}", case.kept), format!("Kept {{ path: {path:?}, .. }}"));
    }

    #[test]
    fn what_is_no_configuration_is_not_kept_and_a_persons_link_is() {
        let case = case(true);
        let at = |name: &str| case.dir.path().join(name);
        let kept = |name: &str| Kept::new(&at(name), Arc::new(RandomIds));
        assert!(kept("gone.toml").is_none());
        fs::create_dir(at("folder.toml")).unwrap();
        assert!(kept("folder.toml").is_none());
        fs::write(at("binary.toml"), b"\xff").unwrap();
        assert!(kept("binary.toml").is_none());
        // While nothing runs, an unreadable text is not taken for a person's.
        fs::write(at("shared.toml"), b"\xff").unwrap();
        assert!(!case.kept.settle());
        fs::write(at("shared.toml"), "jobs = 3\n").unwrap();
        assert!(case.kept.settle());
        fs::write(at("shared.toml"), "jobs = 9\n").unwrap();
        assert!(case.kept.put_back(&case.folder).unwrap().is_some());
        assert_eq!(fs::read_to_string(at("shared.toml")).unwrap(), "jobs = 3\n");
        assert_eq!(fs::read_link(at("workloop.toml")).unwrap(), Path::new("shared.toml"));
    }
}
