//! Reads the journal line by line and continues where the previous read stopped.
//!
//! For readers that follow the journal. A rotation is detected by the file's identity, and the rest
//! of the rotated file is read. An incomplete last line waits for its end. A journal that vanished
//! is read from its start again.

use crate::platform::open::{self, Links};
use crate::store::state::StateDir;
use crate::store::state::tail::{MOST, fill_line};
use std::fs::{self, File};
use std::io::{self, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A position in the journal of one state folder.
#[derive(Debug)]
pub struct JournalLines {
    state: StateDir,
    open: Option<(BufReader<File>, u64)>,
    unfinished: Vec<u8>,
    began: bool,
}

impl JournalLines {
    /// Starts at the beginning of the journal, including its rotated part.
    pub fn new(state: StateDir) -> Self {
        Self { state, open: None, unfinished: Vec::new(), began: false }
    }

    /// Passes all complete lines since the last call to `each`, without their line ends.
    ///
    /// # Errors
    /// Any I/O error of reading, and any error of `each`.
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

/// Opens a file and returns it with its inode, positioned at its start or as far before its end as
/// is read. Returns `None` if it does not exist.
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
