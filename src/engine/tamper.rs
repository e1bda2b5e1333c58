//! What an agent must not change while it runs: the configuration and the scripts that judge it.
//!
//! Compared by content from the claim to the verification; a changed one blocks the task before
//! the changed copy is run. A task that owns such a file is there to change it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Programs whose first argument that is no flag is the script.
const INTERPRETERS: [&str; 12] = [
    "sh", "bash", "dash", "zsh", "python", "python3", "node", "ruby", "perl", "php", "deno", "bun",
];
/// Larger files are no scripts.
const LIMIT: u64 = 16 << 20;

/// Files with their content at one moment.
#[derive(Clone, Debug, Default)]
pub struct Guarded {
    files: Vec<(PathBuf, Option<u64>)>,
}

impl Guarded {
    /// Remembers the files at `paths` as they are now. One that the system does not let us read
    /// now is left out: what it was cannot be told later, and nobody is accused of changing it.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let mark = |path: PathBuf| content(&path).ok().map(|was| (path, was));
        Self { files: paths.into_iter().filter_map(mark).collect() }
    }

    /// The first file that is not what it was.
    pub fn changed(&self) -> Option<&Path> {
        let changed = self.files.iter().find(|(path, before)| content(path).ok() != Some(*before));
        changed.map(|(path, _)| path.as_path())
    }
}

/// The script that a command line runs, if it is a file: its program, or the first argument of
/// an interpreter. Only what the project holds counts; `/bin/true` is the system's.
pub(super) fn script_of(words: &[&str], root: &Path) -> Option<PathBuf> {
    let program = words.first()?;
    let name = Path::new(program).file_name()?.to_str()?;
    let word = if INTERPRETERS.contains(&name) {
        words[1..].iter().find(|word| !word.starts_with('-'))?
    } else if program.contains('/') {
        program
    } else {
        return None;
    };
    let path = root.join(word);
    let ours = !Path::new(word).is_absolute() || path.starts_with(root);
    (ours && path.is_file()).then_some(path)
}

/// Hash of a file, `None` when there is none; a passing lack of descriptors is given one more try.
fn content(path: &Path) -> io::Result<Option<u64>> {
    let hash = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
        Ok(Some(xxh3_64(&bytes)))
    };
    match hash().or_else(|_: io::Error| hash()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_behind_interpreters() {
        let dir = tempfile::tempdir().expect("a folder");
        let script = dir.path().join("check.sh");
        File::create(&script).expect("made");
        let found = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            script_of(&words, dir.path())
        };
        assert_eq!(found("./check.sh --fast"), Some(dir.path().join("./check.sh")));
        assert_eq!(found("sh -e check.sh tests/a.ts"), Some(script));
        assert_eq!(found("npm test check.sh"), None);
        assert_eq!(found("sh"), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_called_changed() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("not-a-file");
        std::fs::create_dir(&path).expect("made");
        let guarded = Guarded::new([path.clone()]);
        std::fs::remove_dir(&path).expect("removed");
        assert_eq!(guarded.changed(), None);
    }

    #[test]
    fn a_changed_or_removed_file_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let script = dir.path().join("check.sh");
        File::create(&script).expect("made");
        let guarded = Guarded::new([script.clone(), dir.path().join("never-there")]);
        assert_eq!(guarded.changed(), None);
        std::fs::remove_file(&script).expect("removed");
        assert_eq!(guarded.changed(), Some(script.as_path()));
    }
}
