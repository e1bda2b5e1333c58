//! Opens files that others can replace: agents, other users, people.
//!
//! In the place of a file there may be a FIFO, whose open blocks; a device without an end; or a
//! symlink to either. So every such file is opened here: without blocking, without becoming the
//! terminal of this session, and only if it is a regular file. The type is read after the open,
//! from the descriptor: checking the path before the open would prove nothing.
//!
//! Symlinks are legitimate if a person names a file that is only read: `workloop.toml`, prompt
//! templates, verification scripts. These are read with `Links::Follow`. A queue file is first
//! resolved to its real path and then opened without following. Everything in the state folder
//! belongs to this program, and a symlink there is refused like a FIFO.

use crate::platform::fault::{self, Fault};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How often to remove something that keeps reappearing at a path.
const TRIES: u32 = 100;
/// The maximum number of bytes read of a kernel file: some have a line for each lock of the
/// machine.
const KERNEL_TEXT: u64 = 64 << 20;

/// How to treat a symlink in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Refuse it: the file is one of this program.
    Refuse,
    /// Follow it: a person named the file.
    Follow,
}

/// Something other than a regular file is at a path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} is {what}, not a regular file", .path.display())]
pub(crate) struct NotAFile {
    /// The path.
    pub path: PathBuf,
    /// The type of what is there.
    pub what: What,
}

/// A file type other than a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A directory.
    Folder,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// A symlink that must not be followed.
    Symlink,
    /// A type that the system does not name.
    Unknown,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "a folder",
            Self::Fifo => "a FIFO",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Symlink => "a symlink",
            Self::Unknown => "of an unknown kind",
        })
    }
}

impl What {
    /// The type of `found`; `None` for a regular file.
    fn of(found: FileType) -> Option<Self> {
        Some(match found {
            FileType::RegularFile => return None,
            FileType::Directory => Self::Folder,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            FileType::CharacterDevice | FileType::BlockDevice => Self::Device,
            FileType::Symlink => Self::Symlink,
            FileType::Unknown => Self::Unknown,
        })
    }
}

/// Opens the regular file `path` relative to `dir`. All such files are opened here.
#[expect(clippy::disallowed_methods, reason = "all others open their files by this")]
pub(super) fn regular(
    dir: impl AsFd,
    path: &Path,
    flags: OFlags,
    links: Links,
) -> io::Result<File> {
    let blind = fault::is(Fault::BlockingOpen);
    let mut flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
    // NONBLOCK has no effect on a regular file; a FIFO is opened at once, or refused.
    flags.set(OFlags::NONBLOCK, !blind);
    flags.set(OFlags::NOFOLLOW, !blind && links == Links::Refuse);
    match retry_on_intr(|| rustix::fs::openat(&dir, path, flags, Mode::RUSR | Mode::WUSR)) {
        Ok(opened) => {
            let found =
                FileType::from_raw_mode(retry_on_intr(|| rustix::fs::fstat(&opened))?.st_mode);
            match What::of(found).filter(|_| !blind) {
                Some(what) => Err(refused(path, what)),
                None => Ok(File::from(opened)),
            }
        }
        Err(error) => Err(explained(&dir, path, links, error)),
    }
}

fn refused(path: &Path, what: What) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, NotAFile { path: path.to_owned(), what })
}

/// Explains why an open failed: for a symlink, a folder, a socket or a FIFO, the system's message
/// does not say what the problem is.
fn explained(dir: impl AsFd, path: &Path, links: Links, error: Errno) -> io::Error {
    if !matches!(error, Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::NODEV | Errno::ISDIR) {
        return error.into();
    }
    let how = if links == Links::Refuse { AtFlags::SYMLINK_NOFOLLOW } else { AtFlags::empty() };
    let found = rustix::fs::statat(dir, path, how).ok();
    let what = found.and_then(|meta| What::of(FileType::from_raw_mode(meta.st_mode)));
    what.map_or_else(|| error.into(), |what| refused(path, what))
}

/// Returns what is in the place of the file, if an open failed because of that.
pub(crate) fn not_a_file(error: &io::Error) -> Option<&NotAFile> {
    error.get_ref()?.downcast_ref()
}

/// Returns what a call found; `None` if the path names nothing. Any other error proves nothing
/// about the file and must not decide anything, so it is returned.
///
/// # Errors
/// Every error except a missing file or folder.
pub(crate) fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns whether a call failed for lack of descriptors, memory or a working disk: at another
/// moment, or in another process, the result would have been different.
pub(crate) fn is_shortage(error: &io::Error) -> bool {
    let error = error.raw_os_error().map(Errno::from_raw_os_error);
    error.is_some_and(|error| {
        [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::IO, Errno::AGAIN, Errno::INTR]
            .contains(&error)
    })
}

/// Returns what to do about a call that failed because a limit of this user or of the machine was
/// reached.
pub(crate) fn remedy(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error().map(Errno::from_raw_os_error)? {
        Errno::MFILE => Some("raise the limit of open files per process (ulimit -n)"),
        Errno::NFILE => Some("the machine has reached its limit of open files: end other programs"),
        Errno::AGAIN => Some(
            "raise the limit of processes and threads (ulimit -u, or a limit of the machine or \
             container)",
        ),
        _ => None,
    }
}

/// Returns whether a call failed because its path names nothing.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Returns what is at `path`, if it is something other than a regular file.
pub(crate) fn obstacle(path: &Path) -> Option<NotAFile> {
    let what = What::of(FileType::from_raw_mode(rustix::fs::lstat(path).ok()?.st_mode))?;
    Some(NotAFile { path: path.to_owned(), what })
}

/// Opens a file for reading.
///
/// # Errors
/// [`NotAFile`] inside an I/O error, or any other I/O error.
pub(crate) fn reading(path: &Path, links: Links) -> io::Result<File> {
    regular(CWD, path, OFlags::RDONLY, links)
}

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// As [`reading`]; a longer file is an error too.
pub(crate) fn read(path: &Path, links: Links, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reading(path, links)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let text = format!("{} has more than {limit} bytes", path.display());
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Reads a text of at most `limit` bytes.
///
/// # Errors
/// As [`read`]; bytes that are not UTF-8 are an error too.
pub(crate) fn read_text(path: &Path, links: Links, limit: u64) -> io::Result<String> {
    let bytes = read(path, links, limit)?;
    String::from_utf8(bytes).map_err(|_| {
        let text = format!("{} is not valid UTF-8", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })
}

/// Opens a file of this program as the standard input of a command.
///
/// # Errors
/// As [`reading`].
pub(crate) fn for_command(path: &Path) -> io::Result<File> {
    let file = reading(path, Links::Refuse)?;
    // The flag belongs to the open file, and the command should find it as a shell would leave it.
    rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Opens a file of this program for reading and appending. Creates it, private to the user, if it
/// is missing.
///
/// # Errors
/// As [`reading`].
pub(crate) fn appending(path: &Path) -> io::Result<File> {
    regular(CWD, path, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE, Links::Refuse)
}

/// Opens a file of this program for reading and writing. Creates it, private to the user, if it is
/// missing. Returns whether it did.
///
/// # Errors
/// As [`reading`].
pub(crate) fn existing_or_new(path: &Path) -> io::Result<(File, bool)> {
    loop {
        match regular(CWD, path, OFlags::RDWR, Links::Refuse) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other.map(|file| (file, false)),
        }
        match new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (file, true)),
        }
    }
}

/// Creates a file, private to the user, and opens it for reading and writing.
///
/// # Errors
/// `AlreadyExists` if the path names anything, including a dangling symlink.
pub(crate) fn new(path: &Path) -> io::Result<File> {
    regular(CWD, path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, Links::Refuse)
}

/// Creates a file of this program again, private to the user. Anything at that path is removed
/// first, so that nothing is written through a symlink or into a FIFO.
///
/// # Errors
/// `NotAFile` for a folder that is not empty, or any other I/O error.
pub fn anew(path: &Path) -> io::Result<File> {
    for _ in 0..TRIES {
        match new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove(path)?,
            other => return other,
        }
    }
    Err(io::Error::other(format!("{} reappears each time it is removed", path.display())))
}

/// Calls `open`. If something other than a regular file is at the path, removes that first: it
/// contains no data of this program. The target of a symlink stays.
///
/// # Errors
/// Any error of `open`; [`NotAFile`] for a folder that is not empty.
pub(crate) fn in_place_of_others<T>(
    path: &Path,
    open: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let opened = open(path);
    match &opened {
        Err(error) if not_a_file(error).is_some() => {}
        Ok(_) | Err(_) => return opened,
    }
    // Check again: by now another process may have created the file.
    if obstacle(path).is_some() {
        remove(path)?;
    }
    open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = std::fs::remove_file(path).or_else(|error| {
        if std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
            return std::fs::remove_dir(path).map_err(|_| refused(path, What::Folder));
        }
        Err(error)
    });
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Opens `/dev/null`.
///
/// # Errors
/// Any I/O error; also if it is not a device, because opening a FIFO could block.
#[expect(clippy::disallowed_methods, reason = "a device, and no regular file")]
pub(crate) fn null() -> io::Result<File> {
    let path = Path::new("/dev/null");
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = File::from(retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?);
    let found = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    if !matches!(found, FileType::CharacterDevice | FileType::RegularFile) {
        return Err(io::Error::other("/dev/null is not a device"));
    }
    rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Opens a kernel file, such as those in `/proc`, which nobody can replace.
///
/// # Errors
/// Any I/O error.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "these files are looked at by the thousand")]
pub(crate) fn kernel_file(path: impl AsRef<Path>) -> io::Result<File> {
    File::open(path)
}

/// Reads a text from a kernel file; `None` if there is none. A process may have any bytes as its
/// name, so invalid UTF-8 is replaced.
pub(crate) fn kernel_text(path: impl AsRef<Path>) -> Option<String> {
    process_text(path).ok().flatten()
}

/// Does the same for a file of a process. A shortage is returned as an error: a process that could
/// not be read for lack of a descriptor may be alive.
pub(crate) fn process_text(path: impl AsRef<Path>) -> io::Result<Option<String>> {
    let bytes = unless_short(read(path.as_ref(), Links::Follow, KERNEL_TEXT))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Returns what was read of a process; `None` if it has ended meanwhile or may not be read.
///
/// # Errors
/// Errors that prove nothing about the process, see [`is_shortage`].
pub(crate) fn unless_short<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if is_shortage(&error) && !fault::is(Fault::ShortageIgnored) => Err(error),
        found => Ok(found.ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Returns the result of `work`; fails if it does not return in time, because it hangs if it
    /// opens a wrong file.
    fn soon<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, given) = mpsc::channel();
        std::thread::spawn(move || sender.send(work()));
        given.recv_timeout(Duration::from_secs(20)).expect("it hangs")
    }

    /// A folder with a file of every type that is refused, and a regular file.
    fn zoo() -> (tempfile::TempDir, [(PathBuf, What); 5]) {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "text").unwrap();
        duct::cmd!("mkfifo", at("fifo")).run().unwrap();
        fs::create_dir_all(at("folder/full")).unwrap();
        symlink("file", at("link")).unwrap();
        drop(UnixListener::bind(at("socket")).unwrap());
        symlink("/dev/zero", at("zero")).unwrap();
        let all = [
            (at("fifo"), What::Fifo),
            (at("folder"), What::Folder),
            (at("link"), What::Symlink),
            (at("socket"), What::Socket),
            (at("zero"), What::Symlink),
        ];
        (dir, all)
    }

    #[test]
    fn nothing_but_a_file_is_opened_and_nothing_is_waited_for() {
        let (_dir, all) = zoo();
        for (path, what) in all {
            let refused = soon(move || {
                let opened = [
                    reading(&path, Links::Refuse).map(drop),
                    read(&path, Links::Refuse, 9).map(drop),
                    for_command(&path).map(drop),
                    appending(&path).map(drop),
                    existing_or_new(&path).map(drop),
                ];
                let refused = opened.map(|opened| not_a_file(&opened.unwrap_err()).cloned());
                refused.map(|refused| (refused.clone(), refused == obstacle(&path)))
            });
            for (refused, same) in refused {
                assert_eq!(refused.map(|refused| refused.what), Some(what));
                assert!(same);
            }
        }
        let text = format!("{}", refused(Path::new("/p/x"), What::Fifo));
        assert_eq!(text, "/p/x is a FIFO, not a regular file");
    }

    #[test]
    fn each_type_of_a_file_has_its_words() {
        for (found, words) in [
            (FileType::Directory, "a folder"),
            (FileType::Fifo, "a FIFO"),
            (FileType::Socket, "a socket"),
            (FileType::CharacterDevice, "a device"),
            (FileType::BlockDevice, "a device"),
            (FileType::Symlink, "a symlink"),
            (FileType::Unknown, "of an unknown kind"),
        ] {
            let what = What::of(found).expect("no file");
            let error = NotAFile { path: "/q.json".into(), what };
            assert_eq!(error.to_string(), format!("/q.json is {words}, not a regular file"));
        }
        assert_eq!(What::of(FileType::RegularFile), None);
    }

    #[test]
    fn a_shortage_has_its_remedy_and_other_errors_have_none() {
        let of = |error: Errno| {
            let error = io::Error::from(error);
            (
                is_shortage(&error),
                remedy(&error).map(|text| text.split_once(' ').map_or(text, |(first, _)| first)),
            )
        };
        for (error, wanted) in [
            (Errno::MFILE, (true, Some("raise"))),
            (Errno::NFILE, (true, Some("the"))),
            (Errno::AGAIN, (true, Some("raise"))),
            (Errno::NOMEM, (true, None)),
            (Errno::IO, (true, None)),
            (Errno::INTR, (true, None)),
            (Errno::NOENT, (false, None)),
            (Errno::ACCESS, (false, None)),
            (Errno::NOSPC, (false, None)),
        ] {
            assert_eq!(of(error), wanted, "{error:?}");
        }
        assert!(!is_shortage(&io::Error::other("x")));
        assert_eq!(remedy(&io::Error::other("x")), None);
    }

    #[test]
    fn a_text_is_utf8_and_no_longer_than_its_limit() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("text");
        let read = |bytes: &[u8], limit: u64| {
            std::fs::write(&path, bytes).expect("written");
            read_text(&path, Links::Refuse, limit).map_err(|error| error.to_string())
        };
        let shown = path.display();
        assert_eq!(read("é".as_bytes(), 2), Ok("é".to_owned()));
        assert_eq!(read("é".as_bytes(), 1), Err(format!("{shown} has more than 1 bytes")));
        assert_eq!(read(b"a\xff", 9), Err(format!("{shown} is not valid UTF-8")));
        assert_eq!(read(b"", 0), Ok(String::new()));
        assert!(read(b"x", u64::MAX).is_ok());
    }

    #[test]
    fn a_command_finds_its_input_as_a_shell_would_leave_it() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("in");
        std::fs::write(&path, "x").expect("written");
        for file in [for_command(&path).expect("opened"), null().expect("opened")] {
            let flags = rustix::fs::fcntl_getfl(&file).expect("flags");
            assert!(!flags.contains(OFlags::NONBLOCK));
        }
        std::os::unix::fs::symlink(&path, dir.path().join("link")).expect("linked");
        let error = for_command(&dir.path().join("link")).expect_err("a link");
        assert_eq!(not_a_file(&error).map(|found| found.what), Some(What::Symlink));
    }

    #[test]
    fn a_file_is_made_once_and_then_found() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("new");
        let (_, created) = existing_or_new(&path).expect("made");
        let (_, again) = existing_or_new(&path).expect("found");
        assert_eq!((created, again), (true, false));
        assert_eq!(new(&path).expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&path).expect("meta").permissions(),
        );
        assert_eq!(mode & 0o077, 0, "private to the user");
        let none = existing_or_new(&dir.path().join("no/such/folder")).expect_err("no folder");
        assert!(is_absent(&none));
    }

    #[test]
    fn only_what_names_nothing_is_not_there() {
        let (dir, _) = zoo();
        let at = |name: &str| dir.path().join(name);
        for path in [at("none"), at("file/below")] {
            assert!(if_there(reading(&path, Links::Refuse)).unwrap().is_none());
        }
        assert!(if_there(reading(&at("file"), Links::Refuse)).unwrap().is_some());
        assert!(if_there(reading(&at("fifo"), Links::Refuse)).is_err());
        for (error, lacks) in [(Errno::MFILE, true), (Errno::IO, true), (Errno::ACCESS, false)] {
            let error = io::Error::from(error);
            assert_eq!(is_shortage(&error), lacks, "{error}");
            assert!(if_there::<()>(Err(error)).is_err());
        }
        assert!(remedy(&Errno::MFILE.into()).is_some_and(|what| what.contains("ulimit -n")));
    }

    #[test]
    fn a_link_is_followed_where_that_is_said_but_only_to_a_file() {
        let (dir, _) = zoo();
        let at = |name: &str| dir.path().join(name);
        assert_eq!(read_text(&at("link"), Links::Follow, 4).unwrap(), "text");
        symlink("fifo", at("to-fifo")).unwrap();
        for (name, what) in [("to-fifo", What::Fifo), ("zero", What::Device)] {
            let path = at(name);
            let error = soon(move || read(&path, Links::Follow, 4).unwrap_err());
            assert_eq!(not_a_file(&error).unwrap().what, what);
        }
        symlink("circle", at("circle")).unwrap();
        let error = reading(&at("circle"), Links::Follow).unwrap_err();
        assert!(not_a_file(&error).is_none(), "{error}");
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let (dir, _) = zoo();
        let file = dir.path().join("file");
        let error = read(&file, Links::Refuse, 3).unwrap_err();
        assert!(error.to_string().ends_with("has more than 3 bytes"), "{error}");
        fs::write(&file, b"\xff").unwrap();
        assert!(read_text(&file, Links::Refuse, 3).unwrap_err().to_string().contains("UTF-8"));
        let flags = |file| rustix::fs::fcntl_getfl(&file).unwrap();
        assert!(!flags(for_command(&file).unwrap()).contains(OFlags::NONBLOCK));
        assert!(!flags(null().unwrap()).contains(OFlags::NONBLOCK));
    }

    #[test]
    fn what_is_made_anew_takes_the_place_of_anything_but_a_full_folder() {
        let (dir, all) = zoo();
        for (path, what) in all {
            let made = soon({
                let path = path.clone();
                move || anew(&path)
            });
            if what == What::Folder {
                assert_eq!(not_a_file(&made.unwrap_err()).unwrap().what, What::Folder);
                continue;
            }
            let meta = made.unwrap().metadata().unwrap();
            assert_eq!(meta.permissions().mode() & 0o777, 0o600);
            assert_eq!(obstacle(&path), None);
        }
        let file = dir.path().join("file");
        assert_eq!(fs::read(&file).unwrap(), b"text", "written through a link");
        fs::hard_link(&file, dir.path().join("other")).unwrap();
        drop(anew(&file).unwrap());
        assert_eq!(fs::read(dir.path().join("other")).unwrap(), b"text");
    }

    #[test]
    fn a_file_keeps_its_place_and_what_is_none_loses_it() {
        let (dir, _) = zoo();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("empty")).unwrap();
        for name in ["fifo", "link", "empty", "missing"] {
            drop(in_place_of_others(&at(name), appending).unwrap());
            assert_eq!(fs::read(at(name)).unwrap(), b"", "{name}");
        }
        drop(in_place_of_others(&at("file"), appending).unwrap());
        assert_eq!(fs::read(at("file")).unwrap(), b"text");
        let error = in_place_of_others(&at("folder"), appending).unwrap_err();
        assert_eq!(not_a_file(&error).unwrap().what, What::Folder);
    }
}
