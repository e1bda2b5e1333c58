//! Copies the output of a command from a pipe to a file that never grows beyond a cap.
//!
//! The first part is kept as it is. The rest of the file is a ring that is put in order at the end,
//! with a line that says how much is missing. Memory use is constant. No error of the file stops
//! the draining: a command must not hang because a disk is full.

use crate::platform::open;
use rustix::fs::OFlags;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much of the beginning is kept, and how large a block is moved at once, in bytes.
const HEAD: u64 = 1 << 20;
const BLOCK: u64 = 64 * 1024;
/// The smallest cap: the line about missing output must fit.
const LEAST: u64 = 4096;
/// How many blocks are drained before other events are handled.
const TURNS: u32 = 16;

/// One output stream of a command: the read end of its pipe, and its file.
#[derive(Debug)]
pub(super) struct Stream {
    pipe: Option<File>,
    file: CappedFile,
    buffer: Vec<u8>,
}

impl Stream {
    /// Creates a pipe into a new file at `path`. The returned descriptor is the command's end.
    pub(super) fn new(path: &Path, cap: u64) -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let pipe = File::from(OwnedFd::from(reader));
        let flags = rustix::fs::fcntl_getfl(&pipe)?;
        rustix::fs::fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?;
        let stream = Self { pipe: Some(pipe), file: CappedFile::create(path, cap), buffer: vec![] };
        Ok((stream, writer.into()))
    }

    /// The descriptor to wait for, until the pipe has ended.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is available and returns how many bytes that was.
    pub(super) fn drain(&mut self) -> u64 {
        let Some(pipe) = &mut self.pipe else { return 0 };
        self.buffer.resize(BLOCK as usize, 0);
        let mut taken = 0;
        for _ in 0..TURNS {
            match pipe.read(&mut self.buffer) {
                Ok(0) => {
                    self.pipe = None;
                    break;
                }
                Ok(length) => {
                    taken += length as u64;
                    self.file.write(&self.buffer[..length]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.pipe = None;
                    break;
                }
            }
        }
        taken
    }

    /// Puts the file in order. Returns the number of bytes that arrived, and why some are missing.
    pub(super) fn finish(mut self) -> (u64, Option<String>) {
        self.file.finish();
        (self.file.total, self.file.error)
    }
}

/// A file of at most `cap` bytes that keeps the first and the last part of what is written.
///
/// It is created when the first byte arrives: most streams stay empty, and creating a file is one
/// of the most expensive disk operations.
#[derive(Debug)]
struct CappedFile {
    path: PathBuf,
    file: Option<File>,
    total: u64,
    head: u64,
    cap: u64,
    error: Option<String>,
}

impl CappedFile {
    fn create(path: &Path, cap: u64) -> Self {
        let cap = cap.max(LEAST);
        let head = HEAD.min(cap / 2);
        // An existing file belongs to an earlier command. If it cannot be removed, the first write
        // fails too, and that error is reported.
        drop(fs::remove_file(path));
        Self { path: path.to_owned(), file: None, total: 0, head, cap, error: None }
    }

    fn open(&mut self) {
        match open::anew(&self.path) {
            Ok(file) => self.file = Some(file),
            Err(error) => self.error = Some(format!("open {}: {error}", self.path.display())),
        }
    }

    fn write(&mut self, mut bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.total == 0 && self.file.is_none() && self.error.is_none() {
            self.open();
        }
        while !bytes.is_empty() {
            let at = self.place(self.total);
            let end = if at < self.head { self.head } else { self.cap };
            let room = usize::try_from(end - at).unwrap_or(usize::MAX);
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            let file = self.file.as_ref();
            if let Some(Err(error)) = file.map(|file| file.write_all_at(now, at)) {
                self.error.get_or_insert_with(|| format!("write the output: {error}"));
                self.file = None;
            }
            self.total += now.len() as u64;
            bytes = rest;
        }
    }

    /// Returns the offset in the file for byte number `count` of the output.
    fn place(&self, count: u64) -> u64 {
        if count < self.head {
            return count;
        }
        self.head + (count - self.head) % (self.cap - self.head)
    }

    fn finish(&mut self) {
        let Some(file) = &self.file else { return };
        if self.total <= self.cap {
            return;
        }
        let oldest = self.place(self.total);
        if let Err(error) = self.straighten(file, oldest) {
            self.error = Some(format!("put the output in order: {error}"));
        }
    }

    /// Rotates the ring so that its oldest byte comes first, then writes the line over its start.
    fn straighten(&self, file: &File, oldest: u64) -> io::Result<()> {
        reverse(file, self.head, oldest)?;
        reverse(file, oldest, self.cap)?;
        reverse(file, self.head, self.cap)?;
        let text = |missing: u64| format!("\n[workloop: {missing} bytes are left out here]\n");
        let missing = self.total - self.cap;
        // The line itself replaces some bytes, which may add a digit to its number.
        let length = text(missing + 100).len() as u64;
        let mut line = text(missing + length);
        let pad = usize::try_from(length).unwrap_or(0).saturating_sub(line.len());
        line.insert_str(0, &" ".repeat(pad));
        file.write_all_at(line.as_bytes(), self.head)
    }
}

/// Reverses the order of the bytes from `low` up to `high`, block by block from both ends.
fn reverse(file: &File, mut low: u64, mut high: u64) -> io::Result<()> {
    let (mut front, mut back) = (vec![0_u8; BLOCK as usize], vec![0_u8; BLOCK as usize]);
    while high - low > 1 {
        let length = BLOCK.min((high - low) / 2);
        let (front, back) = (&mut front[..length as usize], &mut back[..length as usize]);
        file.read_exact_at(front, low)?;
        file.read_exact_at(back, high - length)?;
        front.reverse();
        back.reverse();
        file.write_all_at(back, low)?;
        file.write_all_at(front, high - length)?;
        low += length;
        high -= length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn kept(cap: u64, chunks: &[Vec<u8>]) -> Vec<u8> {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("output.log");
        fs::File::create(&path).unwrap().write_all(b"of an earlier command").unwrap();
        let mut file = CappedFile::create(&path, cap);
        for chunk in chunks {
            file.write(chunk);
        }
        file.finish();
        assert_eq!(file.error, None);
        assert_eq!(path.exists(), file.total > 0, "of an earlier command");
        fs::read(path).unwrap_or_default()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn keeps_the_first_and_the_last(sizes in proptest::collection::vec(0_usize..9_000, 0..12)) {
            let mut next = 0_u32;
            let mut bytes = |n: usize| -> Vec<u8> {
                (0..n).map(|_| { next = next.wrapping_mul(69_069) + 1; (next >> 24) as u8 | 1 }).collect()
            };
            let chunks: Vec<Vec<u8>> = sizes.iter().map(|n| bytes(*n)).collect();
            let all = chunks.concat();
            let found = kept(5_000, &chunks);
            if all.len() <= 5_000 {
                prop_assert_eq!(found, all);
            } else {
                prop_assert_eq!(found.len(), 5_000);
                prop_assert_eq!(&found[..2_500], &all[..2_500]);
                let line = found[2_500..].iter().skip_while(|b| **b == b' ').skip(1)
                    .position(|b| *b == b'\n').unwrap() + 2;
                let pad = found[2_500..].iter().take_while(|b| **b == b' ').count();
                let tail = &found[2_500 + line + pad..];
                prop_assert!(all.ends_with(tail));
                let text = String::from_utf8_lossy(&found[2_500..2_500 + line + pad]).into_owned();
                let missing = all.len() - 2_500 - tail.len();
                let expected = format!("[workloop: {missing} bytes are left out here]");
                prop_assert_eq!(text.trim(), expected);
            }
        }
    }

    /// Writes so many bytes of the alphabet; returns what is kept of them.
    fn letters(cap: u64, count: usize) -> String {
        let all: Vec<u8> = (b'a'..=b'z').cycle().take(count).collect();
        String::from_utf8(kept(cap, &[all])).unwrap()
    }

    #[test]
    fn a_file_may_be_full_and_one_byte_more_is_told() {
        let full: String = ('a'..='z').cycle().take(4_096).collect();
        assert_eq!(letters(4_096, 4_096), full);
        // The line takes the place of 41 bytes, and one did not fit.
        let newest: String = ('a'..='z').cycle().skip(4_097 - 2_007).take(2_007).collect();
        let line = " \n[workloop: 42 bytes are left out here]\n";
        assert_eq!(letters(4_096, 4_097), format!("{}{line}{newest}", &full[..2_048]));
    }

    #[test]
    fn the_smallest_cap_has_room_for_the_line() {
        for cap in [0, 1, 4_095] {
            assert_eq!(letters(cap, 10_000).len(), 4_096, "{cap}");
        }
        assert_eq!(letters(4_097, 10_000).len(), 4_097);
        // A file keeps at most a megabyte of its beginning, and otherwise half of the cap.
        let big = kept(3 << 20, &[vec![b'x'; 4 << 20]]);
        let line = big.iter().position(|byte| *byte != b'x');
        assert_eq!((big.len(), line), (3 << 20, Some(1 << 20)));
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_torn_letters_arrive_whole() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("output.log");
        let (mut stream, writer) = Stream::new(&path, 1 << 20).unwrap();
        assert_eq!(stream.drain(), 0, "nothing to read is no end");
        assert!(stream.descriptor().is_some());
        let mut writer = fs::File::from(writer);
        for (bytes, taken) in [(&b"caf\xc3"[..], 4), (b"\xa9\n\xff", 3), (b"", 0)] {
            writer.write_all(bytes).unwrap();
            assert_eq!(stream.drain(), taken);
        }
        drop(writer);
        assert_eq!(stream.drain(), 0);
        assert!(stream.descriptor().is_none());
        assert_eq!(stream.drain(), 0, "an ended pipe stays ended");
        assert_eq!(stream.finish(), (7, None));
        assert_eq!(fs::read(path).unwrap(), b"caf\xc3\xa9\n\xff");
    }

    #[test]
    fn a_silent_command_leaves_no_file() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("output.log");
        let mut file = CappedFile::create(&path, 1 << 20);
        file.write(b"");
        file.finish();
        assert!(!path.exists());
        file.write(b"x");
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }

    #[test]
    fn a_file_that_cannot_be_made_stops_nothing() {
        let (mut stream, writer) = Stream::new(Path::new("/no/such/folder/log"), 1 << 20).unwrap();
        File::from(writer).write_all(b"hello").unwrap();
        assert_eq!(stream.drain(), 5);
        let (total, error) = stream.finish();
        assert_eq!(total, 5);
        assert!(error.unwrap().contains("/no/such/folder/log"));
    }

    #[test]
    fn a_full_disk_stops_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let mut file = CappedFile::create(&temp.path().join("output.log"), 1 << 20);
        file.file = fs::File::options().write(true).open("/dev/full").ok();
        assert!(file.file.is_some());
        file.write(b"hello");
        file.write(b"hello");
        assert_eq!(file.total, 10);
        assert!(file.error.is_some());
    }
}
