//! Files that are replaced atomically and survive a power cut.
//!
//! A reader sees the old file or the new one, never a part. The steps are separate, so that a
//! caller can check and write the journal between them: [`super::read_file`], [`stage`] (temp file
//! in the same directory, written and synced), [`Staged::commit`] (rename, then sync of the
//! directory). All steps require the lock of the directory.

use super::dir::{Dir, sync_once};
use super::open::{self, Links};
use super::read_file::{Stamp, TICK};
use super::trouble;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use rustix::fs::{AtFlags, Gid, Mode, OFlags, RenameFlags, Uid};
use rustix::io::retry_on_intr;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How many slices one write contains.
const BATCH: usize = 256;
/// The age from which a temp file belongs to a killed process.
const OLD: Duration = Duration::from_secs(60);

/// Why new content was not written; the file is unchanged.
#[derive(Debug, Error)]
pub enum StageError {
    /// A rename would leave the other names with the old content.
    #[error("replace the file: it has {links} hard links; keep one, or use a symlink")]
    HardLink {
        /// The number of its hard links.
        links: u64,
    },
    /// The new file cannot have the owner or group of the old one.
    #[error("replace the file: its owner and group ({uid}:{gid}) cannot be kept")]
    Owner {
        /// The user id of the owner.
        uid: u32,
        /// The id of the group.
        gid: u32,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The system refused: disk full, read-only, …
    #[error("write the new content")]
    Io(#[from] io::Error),
}

/// Why written content was not put in place durably.
#[derive(Debug, Error)]
pub enum CommitError {
    /// The rename failed; the file is unchanged.
    #[error("put the new content in place")]
    Rename(#[source] io::Error),
    /// Readers see the new content, but a power cut may still undo it.
    #[error("make the new content durable: it is visible, but may not survive a power cut")]
    DurabilityUnknown {
        /// The stamp of the new file, if it could be read.
        stamp: Option<Stamp>,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// A file that was renamed into place.
#[derive(Debug)]
pub(crate) struct Committed {
    /// The stamp of the new file.
    pub stamp: Stamp,
    /// The replaced file, if there was one. Closing it frees its blocks, which takes longer than
    /// the rename: best done after the lock was released.
    pub replaced: Option<File>,
}

/// New content on disk, complete and synced, but not in place yet; removed when dropped.
#[derive(Debug)]
pub(crate) struct Staged<'d> {
    dir: &'d Dir,
    file: File,
    original: Option<File>,
    temp: OsString,
    name: OsString,
    written: Instant,
    committed: bool,
}

/// Writes `pieces` to a temp file beside `name` and syncs it.
///
/// Mode and owner are those of the file that it will replace; a new file gets mode 0600. The caller
/// may set it to what the umask leaves of 0666.
pub(crate) fn stage<'d, 'p>(
    dir: &'d Dir,
    name: &OsStr,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    ids: &dyn Ids,
) -> Result<Staged<'d>, StageError> {
    let original = match dir.open_file(name) {
        Ok(file) => Some((file.metadata()?, file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(links) = original.as_ref().map(|(meta, _)| meta.nlink()).filter(|links| *links > 1)
    {
        return Err(StageError::HardLink { links });
    }
    let mut staged = create_temp(dir, name, ids, Mode::RUSR | Mode::WUSR)?;
    if let Some((meta, file)) = original {
        keep_owner_and_mode(&staged.file, &meta)?;
        staged.original = Some(file);
    }
    write_pieces(&mut staged.file, pieces)?;
    staged.written = Instant::now();
    if !fault::is(Fault::NoFileSync) {
        sync_once(&staged.file)?;
    }
    Ok(staged)
}

/// Atomically replaces `name`, with mode 0600, without a sync: for copies that may be lost.
///
/// # Errors
/// Any I/O error; the file is then unchanged.
pub(crate) fn replace_unsynced<'p>(
    dir: &Dir,
    name: &OsStr,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    ids: &dyn Ids,
) -> io::Result<()> {
    replace_as(dir, name, pieces, ids, 0o600)
}

/// Does the same with another mode, for a file derived from another one and meant for the same
/// people.
///
/// # Errors
/// Any I/O error; the file is then unchanged.
pub(crate) fn replace_as<'p>(
    dir: &Dir,
    name: &OsStr,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    ids: &dyn Ids,
    mode: u32,
) -> io::Result<()> {
    // If another writer of the file is alive after all, its rename fails and its caller repeats it.
    drop(sweep(dir, name));
    let mut staged = create_temp(dir, name, ids, Mode::RUSR | Mode::WUSR)?;
    write_pieces(&mut staged.file, pieces)?;
    if mode != 0o600 {
        staged.file.set_permissions(Permissions::from_mode(mode & 0o777))?;
    }
    rustix::fs::renameat(dir, &staged.temp, dir, name)?;
    staged.committed = true;
    Ok(())
}

/// Atomically and durably creates `name` with what the umask leaves of 0666. Returns whether it
/// did: anything that exists at `name` is left unchanged.
///
/// # Errors
/// Any I/O error; there is then no new file.
pub(crate) fn create_new(dir: &Dir, name: &OsStr, text: &[u8], ids: &dyn Ids) -> io::Result<bool> {
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => return Ok(false),
        Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let mut staged = create_temp(dir, name, ids, Mode::from_raw_mode(0o666))?;
    write_pieces(&mut staged.file, [text])?;
    sync_once(&staged.file)?;
    let new = RenameFlags::NOREPLACE;
    let placed = match rustix::fs::renameat_with(dir, &staged.temp, dir, name, new) {
        // A file system without such a rename gets a second hard link; the drop removes the first.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            rustix::fs::linkat(dir, &staged.temp, dir, name, AtFlags::empty())
        }
        renamed => renamed.map(|()| staged.committed = true),
    };
    match placed {
        Ok(()) => dir.sync().map(|()| true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Staged<'_> {
    /// Returns whether enough time has passed since the last byte was written that a later change
    /// of the renamed file cannot have the same stamp.
    pub(crate) fn is_settled(&self) -> bool {
        self.written.elapsed() >= TICK
    }

    /// Renames it over the file and syncs the directory.
    pub(crate) fn commit(mut self) -> Result<Committed, CommitError> {
        trouble::before().map_err(CommitError::Rename)?;
        let replaced = if fault::is(Fault::WriteInPlace) {
            self.write_in_place()
        } else {
            rustix::fs::renameat(self.dir, &self.temp, self.dir, &self.name).map_err(Into::into)
        };
        replaced.map_err(CommitError::Rename)?;
        self.committed = true;
        trouble::after();
        // After the rename, which changes the ctime.
        let stamp = self.file.metadata().map(|meta| Stamp::of(&meta));
        match (self.dir.sync(), stamp) {
            (Ok(()), Ok(stamp)) => Ok(Committed { stamp, replaced: self.original.take() }),
            (Err(source), stamp) => {
                Err(CommitError::DurabilityUnknown { stamp: stamp.ok(), source })
            }
            (Ok(()), Err(source)) => Err(CommitError::DurabilityUnknown { stamp: None, source }),
        }
    }
}

impl Staged<'_> {
    /// Implements [`Fault::WriteInPlace`] instead of the rename.
    fn write_in_place(&mut self) -> io::Result<()> {
        let temp = self.dir.path().join(&self.temp);
        let new = open::read(&temp, Links::Refuse, u64::MAX)?;
        let flags = OFlags::WRONLY | OFlags::TRUNC;
        let mut file = open::regular(self.dir, Path::new(&self.name), flags, Links::Refuse)?;
        for part in new.chunks(256) {
            trouble::before()?;
            file.write_all(part)?;
        }
        self.file = file;
        std::fs::remove_file(temp)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.committed && !trouble::is_dying() {
            // If it cannot be removed now, the next holder of the lock sweeps it.
            let _ = rustix::fs::unlinkat(self.dir, &self.temp, AtFlags::empty());
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "EXCL opens nothing that is there")]
fn create_temp<'d>(
    dir: &'d Dir,
    name: &OsStr,
    ids: &dyn Ids,
    mode: Mode,
) -> io::Result<Staged<'d>> {
    const TRIES: u32 = 16;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut tries = 0;
    trouble::before()?;
    loop {
        let temp = temp_name(name, &ids.hex8());
        match retry_on_intr(|| rustix::fs::openat(dir, &temp, flags, mode)) {
            Ok(file) => {
                let (file, name) = (File::from(file), name.to_owned());
                return Ok(Staged {
                    dir,
                    file,
                    original: None,
                    temp,
                    name,
                    written: Instant::now(),
                    committed: false,
                });
            }
            Err(rustix::io::Errno::EXIST) if tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

fn keep_owner_and_mode(file: &File, original: &Metadata) -> Result<(), StageError> {
    let meta = file.metadata()?;
    let (uid, gid) = (original.uid(), original.gid());
    if (meta.uid(), meta.gid()) != (uid, gid) {
        let owner = (meta.uid() != uid).then(|| Uid::from_raw(uid));
        let group = (meta.gid() != gid).then(|| Gid::from_raw(gid));
        rustix::fs::fchown(file, owner, group).map_err(|error| StageError::Owner {
            uid,
            gid,
            source: error.into(),
        })?;
    }
    if meta.mode() & 0o7777 != original.mode() & 0o7777 {
        file.set_permissions(Permissions::from_mode(original.mode() & 0o7777))?;
    }
    Ok(())
}

fn write_pieces<'p>(file: &mut File, pieces: impl IntoIterator<Item = &'p [u8]>) -> io::Result<()> {
    let mut pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let mut batch: Vec<IoSlice<'_>> = Vec::new();
    trouble::before()?;
    loop {
        batch.clear();
        batch.extend(pieces.by_ref().take(BATCH).map(IoSlice::new));
        if batch.is_empty() {
            return Ok(());
        }
        let mut left = batch.as_mut_slice();
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if fault::is(Fault::WriteErrorsIgnored) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

fn temp_name(name: &OsStr, hex: &str) -> OsString {
    let mut temp = OsString::from(".");
    temp.push(name);
    temp.push(".");
    temp.push(hex);
    temp.push(".tmp");
    temp
}

/// Returns whether `found` is a temp file of [`stage`] for `name` (for any name if `None`).
pub(crate) fn is_temp(found: &OsStr, name: Option<&OsStr>) -> bool {
    let bytes = found.as_encoded_bytes();
    let Some(stem) = bytes.strip_prefix(b".").and_then(|rest| rest.strip_suffix(b".tmp")) else {
        return false;
    };
    let Some((stem, hex)) = stem.split_at_checked(stem.len().saturating_sub(9)) else {
        return false;
    };
    let is_hex = hex.len() == 9
        && hex[0] == b'.'
        && hex[1..].iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_hex && !stem.is_empty() && name.is_none_or(|name| name.as_encoded_bytes() == stem)
}

/// Returns whether there is a temp file of a writer of `name`, dead or alive.
pub(crate) fn is_littered(dir: &Path, name: &OsStr) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.filter_map(Result::ok).any(|entry| is_temp(&entry.file_name(), Some(name)))
}

/// Removes the temp files that dead writers of `name` left, and returns their number.
///
/// Call it only under the lock of the directory, where no other writer is alive.
pub(crate) fn sweep(dir: &Dir, name: &OsStr) -> io::Result<usize> {
    let mut swept = 0;
    if fault::is(Fault::NoSweep) {
        return Ok(swept);
    }
    for entry in std::fs::read_dir(dir.path())? {
        let found = entry?.file_name();
        if is_temp(&found, Some(name)) {
            match rustix::fs::unlinkat(dir, &found, AtFlags::empty()) {
                Ok(()) => swept += 1,
                Err(rustix::io::Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(swept)
}

/// Removes the temp files of `name` (of any name if `None`) that are old enough to belong to killed
/// writers: a write takes milliseconds. It needs no lock.
pub(crate) fn sweep_old(dir: &Path, name: Option<&OsStr>) -> io::Result<()> {
    for entry in open::if_there(std::fs::read_dir(dir))?.into_iter().flatten() {
        let entry = entry?;
        let age = || entry.metadata().and_then(|meta| meta.modified()).ok()?.elapsed().ok();
        if is_temp(&entry.file_name(), name) && age().is_some_and(|age| age >= OLD) {
            open::if_there(std::fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::files::read_file::{pass_over, read};
    use crate::platform::ids::{CountingIds, RandomIds};
    use std::fs;

    fn name() -> &'static OsStr {
        OsStr::new("q.json")
    }

    fn put(dir: &Path, text: &str) {
        File::create(dir.join(name())).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn names(dir: &Path) -> Vec<OsString> {
        let mut all: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        all.sort();
        all
    }

    #[test]
    fn replaces_and_keeps_the_mode() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        put(temp.path(), "old");
        fs::set_permissions(temp.path().join(name()), Permissions::from_mode(0o664)).unwrap();
        let many: Vec<&[u8]> = std::iter::repeat_n(&b"ab"[..], 1_000).chain([&b""[..]]).collect();
        let staged = stage(&dir, name(), many, &RandomIds).unwrap();
        assert_eq!(fs::read(temp.path().join(name())).unwrap(), b"old");
        let after = staged.commit().unwrap().stamp;
        let read = read(&dir, name(), 1 << 20).unwrap();
        assert_eq!(read.content.as_bytes(), b"ab".repeat(1_000));
        assert_eq!(read.stamp, after);
        let mut seen = Vec::new();
        let passed = pass_over(&dir, name(), |piece| seen.extend_from_slice(piece)).unwrap();
        assert_eq!((seen, passed), (read.content.as_bytes().to_vec(), Some(after)));
        assert_eq!(fs::metadata(temp.path().join(name())).unwrap().mode() & 0o7777, 0o664);
        assert_eq!(names(temp.path()), [name()]);
    }

    #[test]
    fn a_dropped_content_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        drop(stage(&dir, name(), [&b"new"[..]], &RandomIds).unwrap());
        assert!(names(temp.path()).is_empty());
        stage(&dir, name(), [&b"new"[..]], &RandomIds).unwrap().commit().unwrap();
        assert_eq!(fs::metadata(temp.path().join(name())).unwrap().mode() & 0o7777, 0o600);
    }

    #[test]
    fn refuses_hard_links_and_symlinks() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        put(temp.path(), "old");
        fs::hard_link(temp.path().join(name()), temp.path().join("other")).unwrap();
        let refused = stage(&dir, name(), [&b"new"[..]], &RandomIds);
        assert!(matches!(refused, Err(StageError::HardLink { links: 2 })));
        std::os::unix::fs::symlink("q.json", temp.path().join("link")).unwrap();
        assert!(stage(&dir, OsStr::new("link"), [&b"new"[..]], &RandomIds).is_err());
        assert_eq!(names(temp.path()).len(), 3);
    }

    #[test]
    fn what_is_there_is_not_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Dir::open(folder.path()).expect("opens");
        let make = || create_new(&dir, name(), b"{}", &CountingIds::default()).expect("made");
        assert!(make());
        fs::write(folder.path().join("q.json"), "mine").expect("written");
        assert!(!make());
        fs::remove_file(folder.path().join("q.json")).expect("removed");
        std::os::unix::fs::symlink("nowhere", folder.path().join("q.json")).expect("linked");
        assert!(!make());
        let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").flatten().collect();
        assert!(left.len() == 1 && fs::read_link(left[0].path()).is_ok(), "{left:?}");
    }

    #[test]
    fn sweeps_only_its_own_leftovers() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        let ids = CountingIds::default();
        std::mem::forget(stage(&dir, name(), [&b"dead"[..]], &ids).unwrap());
        for kept in [".other.json.00000001.tmp", ".q.json.0000001.tmp", "q.json.00000001.tmp"] {
            drop(File::create(temp.path().join(kept)).unwrap());
        }
        assert_eq!(names(temp.path()).len(), 4);
        assert_eq!(sweep(&dir, name()).unwrap(), 1);
        assert_eq!(sweep(&dir, name()).unwrap(), 0);
        assert_eq!(names(temp.path()).len(), 3);
    }

    #[test]
    fn a_copy_that_a_killed_writer_left_is_removed_by_the_next_one() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        let left = ".q.json.00000001.tmp";
        for file in [left, ".r.json.00000001.tmp"] {
            fs::write(temp.path().join(file), "half").unwrap();
        }
        replace_unsynced(&dir, name(), [&b"new"[..]], &RandomIds).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(temp.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".r.json.00000001.tmp", "q.json"]);
        let young = temp.path().join(left);
        let old = temp.path().join(".r.json.00000001.tmp");
        File::create(&young).unwrap();
        File::create(&old).unwrap().set_modified(std::time::SystemTime::now() - OLD).unwrap();
        sweep_old(temp.path(), None).unwrap();
        assert_eq!((young.exists(), old.exists()), (true, false));
    }

    #[test]
    fn a_taken_temp_name_is_passed_over() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        drop(File::create(temp.path().join(".q.json.00000001.tmp")).unwrap());
        stage(&dir, name(), [&b"x"[..]], &CountingIds::default()).unwrap().commit().unwrap();
        assert_eq!(names(temp.path()).len(), 2);
    }
}
