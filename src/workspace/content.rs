//! Hashes the content of paths of the project, to detect whether it is the same.

use crate::platform::dir::Dir;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The most bytes that are read for one hash.
const BYTES: u64 = 256 << 20;

/// A hash over names and contents, built step by step.
pub(crate) struct ContentHash {
    hash: Sha256,
    room: u64,
}

impl Default for ContentHash {
    fn default() -> Self {
        Self { hash: Sha256::new(), room: BYTES }
    }
}

impl ContentHash {
    /// Adds a text, with its length.
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.hash.update((text.len() as u64).to_le_bytes());
        self.hash.update(text);
    }

    /// Adds the content of `path`: nothing, a link, or a file with its content and executable bit.
    /// For other file types only their existence counts.
    ///
    /// # Errors
    /// If it cannot be read, or the total size is too large.
    pub(crate) fn path(&mut self, path: &Path) -> io::Result<()> {
        let content = content(path, &mut self.room)?;
        self.hash.update(content);
        Ok(())
    }

    /// Returns the first half of the hash, in hex digits.
    pub(crate) fn finish(self) -> String {
        self.hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns a hash of the content at `path`; subtracts what it reads from `room`.
fn content(path: &Path, room: &mut u64) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if is_absent(&error) => {
            hash.update(b"gone");
            return Ok(hash.finalize().into());
        }
        Err(error) => return Err(error),
    };
    if meta.is_symlink() {
        hash.update(b"link");
        hash.update(fs::read_link(path)?.as_os_str().as_encoded_bytes());
    } else if meta.is_file() {
        let runs = meta.permissions().mode() & 0o111 != 0;
        hash.update(if runs { b"prog" } else { b"file" });
        let parent = path.parent().unwrap_or_else(|| Path::new("."));
        let name = path.file_name().unwrap_or_else(|| OsStr::new("."));
        // A pipe that replaced the file must not block.
        let mut file = Dir::open(parent)?.open_file(name)?;
        let mut piece = vec![0; 64 << 10];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hash.update(&piece[..read]);
            *room = room.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        }
    } else {
        hash.update(b"other");
    }
    Ok(hash.finalize().into())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "no state is written here")]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_a_path_is_told_by_kind_content_and_whether_it_runs() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        let print = || {
            let mut hash = ContentHash::default();
            hash.path(&path).map(|()| hash.finish()).unwrap()
        };
        let gone = print();
        fs::write(&path, "1").unwrap();
        let first = print();
        assert_ne!(first, gone);
        fs::write(&path, "2").unwrap();
        assert_ne!(print(), first);
        fs::write(&path, "1").unwrap();
        assert_eq!(print(), first);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(print(), first);
        fs::remove_file(&path).unwrap();
        duct::cmd!("mkfifo", &path).run().unwrap();
        assert_ne!(print(), gone);
    }

    #[test]
    fn too_much_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "12345").unwrap();
        assert!(content(&root.path().join("a"), &mut 5).is_ok());
        assert!(content(&root.path().join("a"), &mut 4).is_err());
    }
}
