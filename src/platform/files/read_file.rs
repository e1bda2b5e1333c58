//! Reads files consistently: their content, and a stamp that shows whether they changed.

use super::dir::Dir;
use super::utf8::{Check, Content, joined};
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::Duration;
use thiserror::Error;

/// Two changes of a file within this time may leave it with the same stamp.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// From this size on, in bytes, a file is read by two threads.
const WORTH_A_THREAD: u64 = 2 << 20;
/// How much is read at once if the content is processed while reading, in bytes: small enough to
/// stay in the processor's cache.
const PIECE: usize = 128 * 1024;

/// Distinguishes one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Device of the file system.
    pub device: u64,
    /// Inode; every replacement has another one.
    pub inode: u64,
    /// Length in bytes.
    pub size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Last change of content or attributes, in nanoseconds since 1970.
    pub ctime_ns: i128,
}

impl Stamp {
    /// The stamp of the file that `meta` describes.
    pub fn of(meta: &Metadata) -> Self {
        let ns = |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            mtime_ns: ns(meta.mtime(), meta.mtime_nsec()),
            ctime_ns: ns(meta.ctime(), meta.ctime_nsec()),
        }
    }
}

/// Why a file was not read.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    /// It exceeds the limit.
    #[error("read the file: it has {size} bytes, more than {limit}")]
    TooLarge {
        /// Its length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It is not a regular file, or the system refused.
    #[error("read the file")]
    Io(#[from] io::Error),
}

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The whole content.
    pub content: Content,
    /// Its state before the first byte was read, and still after the last one.
    pub stamp: Stamp,
}

/// Reads `name` in `dir`, at most `limit` bytes. Reads again if it changes in place meanwhile.
pub(crate) fn read(dir: &Dir, name: &OsStr, limit: u64) -> Result<Contents, ReadError> {
    const TRIES: u32 = 20;
    let mut last = read_once(dir, name, limit)?;
    for _ in 0..TRIES {
        if let (contents, true) = last {
            return Ok(contents);
        }
        last = read_once(dir, name, limit)?;
    }
    // A program writes to the file without pause: the content may be inconsistent, which the parser
    // reports.
    Ok(last.0)
}

fn read_once(dir: &Dir, name: &OsStr, limit: u64) -> Result<(Contents, bool), ReadError> {
    let mut file = dir.open_file(name)?;
    let meta = file.metadata()?;
    let stamp = Stamp::of(&meta);
    if stamp.size > limit {
        return Err(ReadError::TooLarge { size: stamp.size, limit });
    }
    let content = if stamp.size >= WORTH_A_THREAD {
        read_in_halves(&file, usize::try_from(stamp.size).unwrap_or(usize::MAX))?
    } else {
        // One byte more than the limit, to notice a file that grows meanwhile.
        let mut bytes = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or(0) + 1);
        (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
        Content::Bytes(bytes)
    };
    let size = content.as_bytes().len() as u64;
    if size > limit {
        return Err(ReadError::TooLarge { size, limit });
    }
    let unchanged = Stamp::of(&file.metadata()?) == stamp && size == stamp.size;
    Ok((Contents { content, stamp }, unchanged))
}

/// Reads the first `size` bytes, or fewer if the file became shorter, in two threads: half of the
/// time is spent on memory pages that are touched for the first time.
fn read_in_halves(file: &File, size: usize) -> io::Result<Content> {
    let mut bytes = vec![0; size];
    let middle = size / 2;
    let (start, end) = bytes.split_at_mut(middle);
    let (first, second) = std::thread::scope(|scope| {
        let helper = std::thread::Builder::new().spawn_scoped(scope, || fill(file, start, 0)).ok();
        let second = fill(file, end, middle as u64);
        (helper.map(std::thread::ScopedJoinHandle::join), second)
    });
    let (filled, second) = second?;
    let first = match first {
        Some(Ok(first)) => Some(first?).filter(|(filled, _)| *filled == middle),
        Some(Err(_)) | None => None,
    };
    if let Some((_, first)) = first {
        bytes.truncate(middle + filled);
        return Ok(joined(bytes, middle, &first, &second));
    }
    // The thread could not be started, or the file became shorter: read again, in order.
    let (filled, _) = fill(file, &mut bytes, 0)?;
    bytes.truncate(filled);
    Ok(Content::Bytes(bytes))
}

/// Reads from byte `from` on until `buffer` is full or the file ends. Returns how many bytes were
/// read, and how many of them are text.
fn fill(file: &File, buffer: &mut [u8], from: u64) -> io::Result<(usize, Check)> {
    let (mut filled, mut check) = (0, Check::default());
    while filled < buffer.len() {
        let end = buffer.len().min(filled + PIECE);
        provide(&mut buffer[filled..end]);
        match file.read_at(&mut buffer[filled..end], from + filled as u64) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                check.go_on(&buffer[..filled]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((filled, check))
}

/// Asks the system to provide the memory of `buffer` at once. Otherwise each page would cause a
/// fault when its first byte is written (a tenth of the time to read a large file).
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice is given about addresses")]
fn provide(buffer: &mut [u8]) {
    let page = rustix::param::page_size();
    let first = buffer.as_ptr().align_offset(page).min(buffer.len());
    let pages = (buffer.len() - first) / page * page;
    // An older system does not know this advice and ignores it.
    // SAFETY: the pages are part of the buffer, which is borrowed exclusively, and keep their
    // content.
    _ = unsafe {
        let start = buffer.as_mut_ptr().add(first).cast();
        rustix::mm::madvise(start, pages, rustix::mm::Advice::LinuxPopulateWrite)
    };
}

#[cfg(not(target_os = "linux"))]
fn provide(_buffer: &mut [u8]) {}

/// Passes the content of `name` to `see` in pieces without storing it. Returns its stamp, or `None`
/// if it changed meanwhile.
pub(crate) fn pass_over(
    dir: &Dir,
    name: &OsStr,
    mut see: impl FnMut(&[u8]),
) -> io::Result<Option<Stamp>> {
    let mut file = dir.open_file(name)?;
    let stamp = Stamp::of(&file.metadata()?);
    let mut piece = vec![0; PIECE];
    let mut left = stamp.size;
    while left > 0 {
        match file.read(&mut piece) {
            Ok(0) => return Ok(None),
            Ok(read) => {
                see(&piece[..read]);
                left = left.saturating_sub(read as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let now = Stamp::of(&file.metadata()?);
    Ok((now == stamp).then_some(stamp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::files::open::{What, not_a_file};
    use std::fs;
    use std::path::Path;

    fn name() -> &'static OsStr {
        OsStr::new("q.json")
    }

    fn put(dir: &Path, text: &str) {
        fs::write(dir.join(name()), text).unwrap();
    }

    #[test]
    fn reads_no_more_than_the_limit_and_only_files() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Dir::open(temp.path()).unwrap();
        put(temp.path(), "12345");
        assert!(matches!(read(&dir, name(), 4), Err(ReadError::TooLarge { size: 5, limit: 4 })));
        assert_eq!(read(&dir, name(), 5).unwrap().content.as_bytes(), b"12345");
        fs::create_dir(temp.path().join("d")).unwrap();
        let refused = |name: &str| match read(&dir, OsStr::new(name), 5).unwrap_err() {
            ReadError::Io(error) => not_a_file(&error).unwrap().what,
            other @ ReadError::TooLarge { .. } => panic!("{other}"),
        };
        assert_eq!(refused("d"), What::Folder);
        duct::cmd!("mkfifo", temp.path().join("p")).run().unwrap();
        assert_eq!(refused("p"), What::Fifo);
    }

    #[test]
    fn two_halves_are_the_whole() {
        let temp = tempfile::tempdir().unwrap();
        let text: String = (0..200_000).map(|n| format!("{n} ")).collect();
        put(temp.path(), &text);
        let file = File::open(temp.path().join(name())).unwrap();
        for size in [0, 1, 2, 7, text.len()] {
            let read = read_in_halves(&file, size).unwrap();
            assert!(read == Content::Text(text[..size].to_owned()), "{size}");
        }
        // The file is shorter than the size that is passed.
        let read = read_in_halves(&file, text.len() * 3).unwrap();
        assert!(read.as_bytes() == text.as_bytes());
    }
}
