//! Copies the output of agents and verification to a reader, piece by piece.
//!
//! At most one piece is in memory. Secrets are hidden even if they cross the end of a piece.
//! Otherwise the bytes are unchanged: the output handle removes what a terminal must not get.

use super::escape::unfinished_letter;
use super::mask::Mask;
use crate::platform::open::{self, Links};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How many bytes are read at once.
const PIECE: usize = 64 << 10;

/// One output stream of an attempt, read up to some position.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    offset: u64,
    /// Bytes that were read but may be the beginning of a secret or of a character.
    held: Vec<u8>,
    ends_line: bool,
}

impl Tail {
    /// Creates a reader at the beginning of the file at `path`, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), offset: 0, held: Vec::new(), ends_line: true }
    }

    /// Returns whether there is something to read.
    pub fn has_more(&self) -> bool {
        let longer = |meta: std::fs::Metadata| meta.is_file() && meta.len() > self.offset;
        std::fs::symlink_metadata(&self.path).is_ok_and(longer)
    }

    /// Writes what was added since the last call.
    ///
    /// # Errors
    /// If the file cannot be read (a missing one is empty), or `out` cannot be written.
    pub fn copy(&mut self, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
        let mut file = match open::reading(&self.path, Links::Refuse) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Ok(());
            }
            self.offset += read as u64;
            self.held.extend_from_slice(&piece[..read]);
            let keep = mask.unsure(&self.held).max(unfinished_letter(&self.held));
            let sure = self.held.len() - keep;
            let rest = self.held.split_off(sure);
            self.write(mask, out)?;
            self.held = rest;
        }
    }

    /// Writes the delayed bytes: the stream is at its end, or another one follows.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn finish(&mut self, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
        self.write(mask, out)?;
        self.held.clear();
        if !std::mem::replace(&mut self.ends_line, true) {
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn write(&mut self, mask: &Mask, out: &mut dyn Write) -> io::Result<()> {
        let Some(last) = self.held.last() else { return Ok(()) };
        self.ends_line = *last == b'\n';
        let mut masked = Vec::with_capacity(self.held.len());
        mask.bytes(&self.held, &mut masked);
        out.write_all(&masked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        Mask::new(&[("A_TOKEN".into(), "s3cret-value".into())])
    }

    #[test]
    fn a_secret_on_the_edge_of_a_piece_is_hidden() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("out");
        let mut file = std::fs::File::create(&path).expect("file");
        let mut tail = Tail::new(&path);
        let mut out = Vec::new();
        for part in ["one s3cr", "et-val", "ue two s3", "x é".trim_end_matches('é'), "\u{1b}[1m"]
        {
            file.write_all(part.as_bytes()).expect("written");
            tail.copy(&mask(), &mut out).expect("copied");
        }
        tail.finish(&mask(), &mut out).expect("copied");
        assert_eq!(String::from_utf8_lossy(&out), "one [masked] two s3x \u{1b}[1m\n");
    }

    #[test]
    fn a_file_may_come_later_and_anything_but_a_file_is_an_error() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("out");
        let mut tail = Tail::new(&path);
        let mut out = Vec::new();
        tail.copy(&mask(), &mut out).expect("a missing file is empty");
        tail.finish(&mask(), &mut out).expect("nothing is delayed");
        assert_eq!((out.len(), tail.has_more()), (0, false));
        let other = dir.path().join("other");
        std::fs::File::create(&other).and_then(|mut f| f.write_all(b"x")).expect("written");
        std::os::unix::fs::symlink(&other, &path).expect("linked");
        assert!(!tail.has_more());
        tail.copy(&mask(), &mut out).expect_err("a link may lead anywhere");
        std::fs::remove_file(&path).expect("removed");
        std::fs::create_dir(&path).expect("made");
        assert!(!tail.has_more());
        tail.copy(&mask(), &mut out).expect_err("a folder is no output");
        assert!(out.is_empty());
    }

    /// What is shown is shown once, and each stream ends with a line end.
    #[test]
    fn what_is_added_is_copied_once_and_the_last_line_is_ended() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("out");
        let mut file = std::fs::File::create(&path).expect("file");
        let mut tail = Tail::new(&path);
        let mut step = |text: &[u8], finishes: bool| {
            file.write_all(text).expect("written");
            let more = tail.has_more();
            let mut out = Vec::new();
            tail.copy(&mask(), &mut out).expect("copied");
            if finishes {
                tail.finish(&mask(), &mut out).expect("finished");
            }
            (more, String::from_utf8_lossy(&out).into_owned())
        };
        for (text, finishes, shown) in [
            (&b"one\n"[..], false, "one\n"),
            (b"caf\xc3", false, "caf"),
            (b"\xa9 s3cret-", false, "\u{e9} "),
            (b"value", true, "[masked]\n"),
            (b"end\n", true, "end\n"),
            (b"s3c", true, "s3c\n"),
        ] {
            assert_eq!(step(text, finishes), (true, shown.to_owned()));
        }
        assert_eq!(step(b"", true), (false, String::new()));
    }

    #[test]
    fn a_pipe_gets_the_bytes_as_they_are() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("out");
        let bytes = [b"\x1b[31m\xff\xc3".as_slice(), &[b'x'; PIECE], b"\n"].concat();
        std::fs::File::create(&path).and_then(|mut f| f.write_all(&bytes)).expect("written");
        let mut out = Vec::new();
        let mut tail = Tail::new(&path);
        tail.copy(&mask(), &mut out).expect("copied");
        tail.finish(&mask(), &mut out).expect("copied");
        assert_eq!(out, bytes);
        assert!(!tail.has_more());
    }
}
