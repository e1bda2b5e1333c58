//! The end of a journal, and its last lines: the time that it takes to read them does not grow with
//! the journal.

use crate::domain::Event;
use crate::platform::open::{self, Links};
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Name of the journal.
pub(super) const JOURNAL: &str = "events.jsonl";
/// Name of the journal before its last rotation.
pub(super) const ROTATED: &str = "events.1.jsonl";
/// Size at which the journal is rotated, in bytes.
pub(super) const ROTATE_AT: u64 = 64 << 20;
/// How much of one file is read, from its end: twice what it is rotated at. A file that somebody else
/// made larger, such as one with holes, would keep us for hours.
pub(super) const MOST: u64 = 2 * ROTATE_AT;
/// The longest line that is kept in memory; the rest of a longer one is dropped with it.
const LONGEST: usize = 16 << 20;
/// How much of the end is read to find the last line: mostly little is enough.
const TAILS: [u64; 2] = [8 << 10, 64 << 10];

/// The file as it stood after the last look: an unchanged end need not be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) inode: u64,
    pub(super) len: u64,
    pub(super) seq: u64,
    pub(super) whole_line: bool,
}

/// The events of a part of the journal.
pub(super) type Events<'a> = dyn DoubleEndedIterator<Item = Event> + 'a;

/// What `find` finds among the events near the end of a file of `len` bytes, and whether its last
/// line is whole.
pub(super) fn near_end<T>(
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

/// Whether a regular file with something in it is at `path`.
pub(super) fn has_content(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > 0)
}

/// Those of the lines that can be read.
pub(super) fn read_file<T: DeserializeOwned>(path: &Path) -> impl Iterator<Item = T> + use<T> {
    read_last(path, MOST)
}

/// Those of the lines in the last `size` bytes that can be read; the one that begins before cannot.
pub(super) fn read_last<T: DeserializeOwned>(
    path: &Path,
    size: u64,
) -> impl Iterator<Item = T> + use<T> {
    last_lines(path, size).filter_map(|line| serde_json::from_slice(&line).ok())
}

/// Those of the lines that have `part` in them and can be read.
pub(super) fn read_with<T: DeserializeOwned>(
    path: &Path,
    part: &'static str,
) -> impl Iterator<Item = T> + use<T> {
    let finder = memchr::memmem::Finder::new(part);
    let lines = last_lines(path, MOST).filter(move |line| finder.find(line).is_some());
    lines.filter_map(|line| serde_json::from_slice(&line).ok())
}

/// The lines in the last `size` bytes, without their ends; of the first one a part may be missing.
/// What is appended meanwhile is left out, so that this comes to an end.
pub(super) fn last_lines(path: &Path, size: u64) -> impl Iterator<Item = Vec<u8>> + use<> {
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

/// Adds to `line` what comes up to the next line end, as far as there is room; says whether that
/// end came.
pub(super) fn fill_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
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
