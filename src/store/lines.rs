//! Reads the journal line by line, and continues where it stopped.
//!
//! For readers that follow it: a rotation is noticed by the file's identity and read over, an
//! unfinished last line waits for its end, and a journal that vanished begins anew.

use super::state::StateDir;
use super::tail::{MOST, fill_line};
use crate::platform::open::{self, Links};
use std::fs::{self, File};
use std::io::{self, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A place in the journal of one state folder.
#[derive(Debug)]
pub struct JournalLines {
    state: StateDir,
    open: Option<(BufReader<File>, u64)>,
    unfinished: Vec<u8>,
    began: bool,
}

impl JournalLines {
    /// The begin of the journal, what was rotated away included.
    pub fn new(state: StateDir) -> Self {
        Self { state, open: None, unfinished: Vec::new(), began: false }
    }

    /// Hands over all whole lines since the last time, without their line ends.
    ///
    /// # Errors
    /// Any I/O error of reading, and what `each` fails with.
    pub fn read(&mut self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if !std::mem::replace(&mut self.began, true)
            && let Some(file) = existing(&self.state.rotated_journal())?
        {
            self.open = Some(file);
            self.drain(each)?;
            self.open = None;
        }
        self.drain(each)?;
        let Some(file) = existing(&self.state.journal())? else { return Ok(()) };
        let same = self.open.as_ref().is_some_and(|(_, inode)| *inode == file.1);
        if !same {
            self.unfinished.clear();
            self.open = Some(file);
            self.drain(each)?;
        }
        Ok(())
    }

    fn drain(&mut self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some((reader, _)) = &mut self.open else { return Ok(()) };
        while fill_line(reader, &mut self.unfinished)? {
            each(&self.unfinished)?;
            self.unfinished.clear();
        }
        Ok(())
    }
}

/// An opened file with its inode, at the begin or as far before its end as is read; `None` when it
/// is not there.
fn existing(path: &Path) -> io::Result<Option<(BufReader<File>, u64)>> {
    match open::reading(path, Links::Refuse) {
        Ok(mut file) => {
            let meta = file.metadata()?;
            file.seek(SeekFrom::Start(meta.len().saturating_sub(MOST)))?;
            Ok(Some((BufReader::with_capacity(64 << 10, file), meta.ino())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // The state folder may vanish at any time.
        Err(_) if fs::metadata(path).is_err() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lines(reader: &mut JournalLines) -> Vec<String> {
        let mut found = Vec::new();
        let mut keep = |line: &[u8]| {
            found.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        };
        reader.read(&mut keep).expect("read");
        found
    }

    #[test]
    fn goes_on_over_unfinished_lines_and_rotation() {
        let dir = tempfile::tempdir().expect("dir");
        let state = StateDir::beside(&dir.path().join("q.json"));
        let mut reader = JournalLines::new(state.clone());
        assert!(lines(&mut reader).is_empty());
        state.ensure(state.root()).expect("made");
        let mut file = File::create(state.journal()).expect("made");
        file.write_all(b"one\ntw").expect("written");
        assert_eq!(lines(&mut reader), ["one"]);
        file.write_all(b"o\n").expect("written");
        assert_eq!(lines(&mut reader), ["two"]);
        file.write_all(b"three\n").expect("written");
        fs::rename(state.journal(), state.rotated_journal()).expect("rotated");
        File::create(state.journal()).expect("made").write_all(b"four\n").expect("written");
        assert_eq!(lines(&mut reader), ["three", "four"]);
        assert_eq!(lines(&mut JournalLines::new(state)), ["one", "two", "three", "four"]);
    }
}
