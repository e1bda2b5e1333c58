//! Reads the end of a journal and its last lines, in a time that does not grow with the journal.

use crate::domain::Event;
use crate::platform::open::{self, Links};
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Name of the journal.
pub(crate) const JOURNAL: &str = "events.jsonl";
/// Name of the rotated journal.
pub(crate) const ROTATED: &str = "events.1.jsonl";
/// Size at which the journal is rotated, in bytes.
pub(crate) const ROTATE_AT: u64 = 64 << 20;
/// How much of the end of one file is read, in bytes: twice the size at which it is rotated. A
/// larger file made by another program, such as a sparse one, could take hours to read.
pub(crate) const MOST: u64 = 2 * ROTATE_AT;
/// The maximum length of a line that is kept in memory; the rest of a longer line is dropped.
const LONGEST: usize = 16 << 20;
/// How much of the end is read to find the last line, in bytes; the first size is usually enough.
const TAILS: [u64; 2] = [8 << 10, 64 << 10];

/// The state of the file at the last read: an unchanged end is not read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) inode: u64,
    pub(crate) len: u64,
    pub(crate) seq: u64,
    pub(crate) whole_line: bool,
}

/// The events of a part of the journal.
pub(crate) type Events<'a> = dyn DoubleEndedIterator<Item = Event> + 'a;

/// Returns what `find` finds among the events near the end of a file of `len` bytes, and whether
/// its last line is complete.
pub(crate) fn near_end<T>(
    file: &mut File,
    len: u64,
    find: impl Fn(&mut Events<'_>) -> Option<T>,
) -> io::Result<(Option<T>, bool)> {
    let mut bytes = Vec::new();
    for size in TAILS {
        bytes.clear();
        file.seek(SeekFrom::Start(len.saturating_sub(size)))?;
        (&mut *file).take(size).read_to_end(&mut bytes)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        let found = find(&mut lines.filter_map(|line| serde_json::from_slice(line).ok()));
        if found.is_some() || size >= len {
            return Ok((found, ends_whole(&bytes)));
        }
    }
    Ok((None, ends_whole(&bytes)))
}

fn ends_whole(bytes: &[u8]) -> bool {
    bytes.last().is_none_or(|byte| *byte == b'\n')
}

/// Returns whether a non-empty regular file is at `path`.
pub(crate) fn has_content(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
}

/// Returns the readable lines of a file. A line that starts before what is read is unreadable.
pub(crate) fn read_file<T: DeserializeOwned>(path: &Path) -> impl Iterator<Item = T> + use<T> {
    last_lines(path, MOST).filter_map(|line| serde_json::from_slice(&line).ok())
}

/// Returns the lines in the last `size` bytes without their line ends. The first line may be
/// incomplete. Lines appended meanwhile are left out, so that the iterator terminates.
pub(crate) fn last_lines(path: &Path, size: u64) -> impl Iterator<Item = Vec<u8>> + use<> {
    let open = || {
        let mut file = open::reading(path, Links::Refuse).ok()?;
        let start = file.metadata().ok()?.len().saturating_sub(size);
        file.seek(SeekFrom::Start(start)).ok()?;
        Some(BufReader::new(file.take(size)))
    };
    let mut reader = open();
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let whole = fill_line(reader.as_mut()?, &mut line).ok()?;
        (whole || !line.is_empty()).then_some(line)
    })
}

/// Appends to `line` everything up to the next line end, as far as there is room. Returns whether
/// that line end was found.
pub(crate) fn fill_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(false);
        }
        let end = memchr::memchr(b'\n', piece);
        let used = end.map_or(piece.len(), |at| at + 1);
        let room = LONGEST.saturating_sub(line.len());
        line.extend_from_slice(&piece[..end.unwrap_or(used).min(room)]);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}
