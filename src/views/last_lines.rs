//! The last lines of the output of commands for people: without secrets and without control
//! characters for a terminal.

use super::escape;
use super::mask::Mask;
use crate::agent::clean;
use crate::platform::open::{self, Links};
use crate::store::attempts::{AGENT_ERR, AGENT_OUT};
use std::fs::{self, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How much of the end of a file is read, in bytes.
const END: u64 = 16 << 10;

/// Returns the last `most` lines of the file at `path` that are not empty; none if the file does
/// not exist.
pub(crate) fn last_lines(path: &Path, most: usize, mask: &Mask) -> Vec<String> {
    let Ok((bytes, is_whole)) = end_of(path) else { return Vec::new() };
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if !is_whole {
        // The first partial line may be the rest of a secret.
        text = text.split_once('\n').map_or_else(|| text.clone(), |(_, rest)| rest.to_owned());
    }
    let text = mask.text(&text);
    let text = clean(&text);
    let held = |line: &&str| !line.trim().is_empty();
    let lines: Vec<&str> = text.lines().filter(held).collect();
    let last = lines.len().saturating_sub(most);
    lines[last..].iter().map(|line| escape::line(line.trim_end()).into_owned()).collect()
}

fn end_of(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut file = open::reading(path, Links::Refuse)?;
    let skipped = file.metadata()?.len().saturating_sub(END);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    Ok((bytes, skipped == 0))
}

/// The output file into which an attempt wrote last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    /// The file.
    pub path: PathBuf,
    /// The time of the last write.
    pub at: SystemTime,
    /// The length of the file, in bytes.
    pub bytes: u64,
}

impl Newest {
    /// Returns whether a verification wrote it, and not the agent.
    pub(crate) fn is_verification(&self) -> bool {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("verify-")
    }
}

/// Returns the output files of an attempt in the order of their creation: the preparation of its
/// trees, its agent, the steps of its verification.
pub(crate) fn outputs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(u8, u32, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (group, number) = place(&name)?;
            Some((group, number, name))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(.., name)| folder.join(name)).collect()
}

/// Returns the sort key of an output: its group, and its number there.
fn place(name: &str) -> Option<(u8, u32)> {
    if name == AGENT_OUT || name == AGENT_ERR {
        return Some((1, u32::from(name == AGENT_ERR)));
    }
    let stem = name.strip_suffix(".out")?;
    if let Some(number) = stem.strip_prefix("verify-") {
        return Some((2, number.parse().ok()?));
    }
    stem.strip_prefix("setup-").map(|_| (0, 0))
}

/// Returns the output into which an attempt wrote last; `None` if there is none, or all are empty.
pub(crate) fn newest(folder: &Path) -> Option<Newest> {
    let look = |path: PathBuf| {
        let meta: Metadata = fs::symlink_metadata(&path).ok()?;
        let at = meta.modified().ok().filter(|_| meta.is_file() && meta.len() > 0)?;
        Some(Newest { path, at, bytes: meta.len() })
    };
    // Of two with the same time, the later one.
    outputs(folder).into_iter().filter_map(look).max_by_key(|newest| newest.at)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what commands print")]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_safe_and_hold_something() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("agent.out");
        let mask = Mask::new(&[("A_TOKEN".into(), "s3cret-value".into())]);
        let text = "one\n\u{1b}[31mtwo s3cret-value\u{1b}[0m\n10 %\r20 %\r\n\n  \nlast\u{202e}";
        fs::write(&path, text).expect("written");
        let last = last_lines(&path, 3, &mask);
        assert_eq!(last, ["10 %", "20 %", "last\\u{202e}"]);
        assert_eq!(last_lines(&path, 4, &mask)[0], "two [masked]");
        assert_eq!(last_lines(&dir.path().join("none"), 4, &mask), Vec::<String>::new());
        fs::write(&path, format!("{}s3cret-value\nend\n", "x".repeat(1 << 15))).expect("written");
        assert_eq!(last_lines(&path, 9, &mask), ["end"]);
    }

    #[test]
    fn a_long_line_without_an_end_is_shown_from_where_reading_began() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("agent.out");
        let mask = Mask::default();
        fs::write(&path, "x".repeat(END as usize + 1)).expect("written");
        assert_eq!(last_lines(&path, 1, &mask)[0].len(), END as usize);
        fs::write(&path, format!("cut\n{}\n", "x".repeat(END as usize - 5))).expect("written");
        assert_eq!(last_lines(&path, 9, &mask).len(), 2, "all of it was read");
        assert_eq!(last_lines(&path, 0, &mask), Vec::<String>::new());
        fs::write(&path, "\n \n\t\n").expect("written");
        assert_eq!(last_lines(&path, 9, &mask), Vec::<String>::new());
        assert_eq!(last_lines(dir.path(), 9, &mask), Vec::<String>::new(), "a folder");
    }

    #[test]
    fn what_is_no_file_is_no_newest_output() {
        let dir = tempfile::tempdir().expect("dir");
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("verify-1.out")).expect("made");
        fs::write(path("other"), "x").expect("written");
        std::os::unix::fs::symlink(path("other"), path("verify-2.out")).expect("linked");
        assert_eq!(newest(dir.path()), None);
        fs::write(path("setup-ws.out"), "abc").expect("written");
        let found = newest(dir.path()).expect("an output");
        assert_eq!((found.path.clone(), found.bytes), (path("setup-ws.out"), 3));
        assert!(!found.is_verification());
        assert_eq!(outputs(&path("none")), Vec::<PathBuf>::new());
    }

    #[test]
    fn outputs_come_in_their_order_and_the_newest_is_found() {
        let dir = tempfile::tempdir().expect("dir");
        let names = ["verify-10.out", "verify-2.out", "agent.err", "agent.out", "setup-judge.out"];
        for name in names.into_iter().chain(["prompt.md", "verify-x.out"]) {
            fs::write(dir.path().join(name), "").expect("written");
        }
        let found = outputs(dir.path());
        let found: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        let expected =
            ["setup-judge.out", "agent.out", "agent.err", "verify-2.out", "verify-10.out"];
        assert_eq!(found, expected);
        assert_eq!(newest(dir.path()), None);
        fs::write(dir.path().join("verify-2.out"), "x").expect("written");
        assert!(newest(dir.path()).is_some_and(|newest| newest.is_verification()));
    }
}
