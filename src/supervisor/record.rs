//! The content of a claim file, and the search for leftovers of a dead supervisor.

use crate::platform::claim_tag::{Carried, ClaimTag, Sought};
use crate::platform::open::{self, Links};
use crate::platform::process::{TreeEnd, end_tree};
use crate::platform::scan::{Found, Wanted, find};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

/// The record that a supervisor writes to its locked claim file: one JSON line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// The format version, 1.
    pub v: u32,
    /// The process id of the supervisor.
    pub pid: u32,
    /// Its start time.
    pub start: u64,
    /// The id of its session.
    pub session: u32,
    /// The id of its process group.
    pub group: u32,
    /// The boot in which it runs, 8 hex digits: the numbers mean nothing in another boot.
    #[serde(default)]
    pub boot: String,
    /// The claim tags that it and its commands carry.
    #[serde(default)]
    pub tags: String,
    /// The process id (also that of session and group) and start time of the running command.
    #[serde(default)]
    pub command: Option<(u32, u64)>,
}

impl ClaimRecord {
    /// The version that this program writes.
    pub const VERSION: u32 = 1;

    /// Reads the record in the claim file at `path`; `None` if there is none that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        const LIMIT: u64 = 64 * 1024;
        Self::parse(&open::read(path, Links::Refuse, LIMIT).ok()?)
    }

    /// Returns the record in the content of a claim file; `None` if there is none that can be read.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        // Anything after the first line is the rest of a longer, previous record.
        serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next()?).ok()
    }

    /// Overwrites the previous record, in an order that is safe if the process dies in between.
    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        let line = super::protocol::line(self);
        file.write_all_at(&line, 0)?;
        // Check first: setting the length is expensive even if it stays the same.
        let length = line.len() as u64;
        if file.metadata()?.len() > length { file.set_len(length) } else { Ok(()) }
    }

    /// The tag of the claim.
    pub fn tag(&self) -> Option<ClaimTag> {
        Carried::of(&self.tags).tags().last().cloned()
    }

    /// The sessions in the record, each with the start time of its first process.
    fn sessions(&self) -> Vec<(u32, u64)> {
        [(self.session, self.start)].into_iter().chain(self.command).collect()
    }
}

/// A claim of which a dead loop may have left processes.
#[derive(Clone, Copy, Debug)]
pub struct Abandoned<'a> {
    /// The record in the claim file, if it is of this boot.
    pub record: Option<&'a ClaimRecord>,
    /// The search key for the task.
    pub task: &'a Sought,
    /// When the worker's process started, if that is known. An older process with an unreadable
    /// environment does not belong to it.
    pub since: Option<u64>,
}

impl Abandoned<'_> {
    fn wanted(&self) -> Wanted {
        Wanted {
            sessions: self.record.map(ClaimRecord::sessions).unwrap_or_default(),
            task: Some(self.task.clone()),
            since: self.since,
            ..Wanted::default()
        }
    }
}

/// Finds the processes of the claim: those that carry a tag of the task, those in the sessions of
/// its record, and their descendants. If any are `unreadable`, the claim must not be taken over.
pub fn find_leftovers(claim: &Abandoned<'_>) -> io::Result<Found> {
    find(&claim.wanted())
}

/// How often to inspect a process with an unreadable environment before it counts as such. A
/// process that a protected one has just started is unreadable until its own program begins.
const LOOKS: u32 = 6;
/// The time between two inspections.
const BETWEEN: Duration = Duration::from_millis(10);

/// Ends the processes of the claim. Returns what was found, and what could not be ended within
/// `limit`.
pub fn end_leftovers(
    claim: &Abandoned<'_>,
    grace: Duration,
    limit: Duration,
) -> io::Result<TreeEnd> {
    let mut end = end_tree(&claim.wanted(), grace, limit)?;
    for _ in 1..LOOKS {
        if end.unreadable.is_empty() {
            break;
        }
        std::thread::sleep(BETWEEN);
        let ended = end.ended;
        end = end_tree(&claim.wanted(), grace, limit)?;
        end.ended += ended;
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_is_the_record_and_a_newer_field_is_passed_over() {
        let whole = r#"{"v":1,"pid":7,"start":8,"session":9,"group":10,"boot":"b","tags":"f.p.t.r","command":[11,12]}"#;
        let record = ClaimRecord {
            v: 1,
            pid: 7,
            start: 8,
            session: 9,
            group: 10,
            boot: "b".to_owned(),
            tags: "f.p.t.r".to_owned(),
            command: Some((11, 12)),
        };
        let parse = |text: &str| ClaimRecord::parse(text.as_bytes());
        assert_eq!(parse(whole), Some(record.clone()));
        assert_eq!(parse(&format!("{whole}\n7,8]}}\n")), Some(record.clone()));
        assert_eq!(parse(&whole.replace("\"v\":1", "\"v\":1,\"new\":{}")), Some(record.clone()));
        let old = ClaimRecord {
            boot: String::new(),
            tags: String::new(),
            command: None,
            ..record.clone()
        };
        assert_eq!(parse(r#"{"v":1,"pid":7,"start":8,"session":9,"group":10}"#), Some(old.clone()));
        for text in [
            "",
            "\n",
            "{",
            "[]",
            "7",
            r#"{"v":1}"#,
            r#"{"v":1,"pid":-7,"start":8,"session":9,"group":10}"#,
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(record.sessions(), [(9, 8), (11, 12)]);
        assert_eq!(old.sessions(), [(9, 8)]);
    }

    #[test]
    fn the_tag_of_a_claim_is_the_innermost_one() {
        let of = |tags: &str| {
            let text =
                format!(r#"{{"v":1,"pid":7,"start":8,"session":9,"group":10,"tags":"{tags}"}}"#);
            let record = ClaimRecord::parse(text.as_bytes()).expect("a record");
            record.tag().map(|tag| tag.to_string())
        };
        assert_eq!(of(""), None);
        assert_eq!(of("f.p.t.r").as_deref(), Some("f.p.t.r"));
        assert_eq!(of("f.p.t.r,a.b.c.d").as_deref(), Some("a.b.c.d"));
    }

    #[test]
    fn what_is_searched_for_is_the_task_and_the_sessions_of_the_record() {
        let text = r#"{"v":1,"pid":7,"start":8,"session":9,"group":10,"command":[11,12]}"#;
        let record = ClaimRecord::parse(text.as_bytes()).expect("a record");
        let tag = Carried::of("f.p.t.r").tags().first().cloned().expect("a tag");
        let task = Sought::claim(&tag);
        let of = |record| Abandoned { record, task: &task, since: Some(5) }.wanted();
        let (known, unknown) = (of(Some(&record)), of(None));
        assert_eq!(
            (known.sessions, known.since, known.below),
            (vec![(9, 8), (11, 12)], Some(5), None)
        );
        assert_eq!((unknown.sessions, unknown.adopted), (Vec::new(), false));
        assert!(unknown.task.is_some());
    }

    #[test]
    fn a_shorter_record_replaces_a_longer_one() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("1.lock");
        let file = File::options().write(true).create_new(true).open(&path).unwrap();
        assert_eq!(ClaimRecord::read(&path), None);
        let (boot, tags) = ("0123abcd".to_owned(), "f.p.t.r".to_owned());
        let command = Some((8, u64::MAX));
        let (pid, session, group) = (7, 7, 7);
        let long = ClaimRecord { v: 1, pid, start: 8, session, group, boot, tags, command };
        long.write(&file).unwrap();
        assert_eq!(ClaimRecord::read(&path), Some(long.clone()));
        let short = ClaimRecord { command: None, ..long };
        file.write_all_at(&super::super::protocol::line(&short), 0).unwrap();
        assert_eq!(ClaimRecord::read(&path), Some(short.clone()));
        short.write(&file).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }
}
