//! A copy of the recorded state outside of the project. Without git, `rm -rf .workloop` would
//! otherwise delete all of it.
//!
//! For one folder of queues, `$XDG_STATE_HOME/workloop/<key>/` contains what its state folder
//! contains: the journal lines of the last thirty days that decide about tasks, the last good
//! texts, and the finished tasks that were set back. It is written under the lock of the folder,
//! after the journal itself, and is not synced. It is read only when the journal is gone; the next
//! writer then puts it back.
//!
//! A backup belongs to a folder, identified by inode and creation time, not to a path: a project
//! that was deleted and created again at the same path does not use it.

use crate::platform::checks;
use crate::platform::fault::{self, Fault};
use crate::platform::hash::hex16;
use crate::platform::open::{self, Links};
use crate::store::state::tail::{self, End, JOURNAL, MOST, ROTATED};
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Folder beside the journal: the last good text of each queue.
pub(crate) const LAST_GOOD: &str = "last-good";
/// Folder beside the journal: finished tasks that were set back, by queue.
pub(crate) const SET_BACK: &str = "set-back";
/// The folders that are copied in addition to the journal.
const FOLDERS: [&str; 2] = [LAST_GOOD, SET_BACK];
/// Name of the file that identifies the owner of the copy.
const OWNER: &str = "folder";
/// Name of a file while it is being written.
const NEW: &str = ".new";
/// The maximum age of a line, in days.
const DAYS: i64 = 30;
/// The size at which lines are dropped, and the size of the lines that are kept then, in bytes.
const FULL: u64 = 64 << 20;
const KEPT: usize = 32 << 20;
/// How much of a journal is read to find lines that the copy lacks, in bytes.
const MISSED: u64 = 1 << 20;
/// The maximum number of bytes read from a first line and from the owner file.
const SHORT: u64 = 64 << 10;

/// The folder that contains the copies of all projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    dir: PathBuf,
}

impl Backups {
    /// Determines the folder for copies from the environment; creates nothing.
    ///
    /// # Errors
    /// A message that explains why no copies can be kept.
    pub fn find<'v>(var: impl Fn(&str) -> Option<&'v OsStr>) -> Result<Self, String> {
        let absolute = |name| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home =
            absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        let Some(home) = home else {
            return Err("neither XDG_STATE_HOME nor HOME names a folder".to_owned());
        };
        let dir = home.join("workloop");
        if let Ok(Some(reason)) = checks::refusal(&dir) {
            return Err(reason);
        }
        match dir.ancestors().find(|path| fs::symlink_metadata(path).is_ok()) {
            Some(place) if !place.is_dir() || !checks::is_writable(place) => {
                Err(format!("{} is not a folder that you can write to", place.display()))
            }
            Some(_) | None => Ok(Self { dir }),
        }
    }

    /// The copy for the queues in `folder` (a real path), stored under the name `key`.
    pub(crate) fn of(&self, folder: &Path, key: &str) -> Backup {
        Backup { dir: self.dir.join(key), folder: folder.to_owned() }
    }
}

/// The copy of what was recorded for the queues of one folder.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    dir: PathBuf,
    folder: PathBuf,
}

/// Lines that were just appended to a journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appended<'a> {
    /// The number of the last line before them.
    pub(crate) before: u64,
    /// The number of the last of them.
    pub(crate) last: u64,
    /// The text of the lines, complete.
    pub(crate) text: &'a [u8],
    /// The folder of the journal.
    pub(crate) state: &'a Path,
}

/// The fields of a line that the backup needs.
#[derive(Deserialize)]
struct Line {
    seq: u64,
    at: String,
    #[serde(default)]
    data: Hashes,
}

/// The hashes of a task and of its queue; only lines that decide something have them.
#[derive(Default, Deserialize)]
struct Hashes {
    is: Option<IgnoredAny>,
    after: Option<IgnoredAny>,
}

impl Line {
    fn time(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(&self.at).ok()
    }

    fn decides(&self) -> bool {
        self.data.is.is_some() || self.data.after.is_some()
    }
}

impl Backup {
    /// The path of the folder of the copy.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn journal(&self) -> PathBuf {
        self.dir.join(JOURNAL)
    }

    /// Returns whether the copy exists and belongs to the current folder of queues.
    pub(crate) fn is_ours(&self) -> bool {
        let Ok(owner) = owner(&self.folder) else { return false };
        let found = open::read(&self.dir.join(OWNER), Links::Refuse, SHORT);
        found.is_ok_and(|found| found == owner)
            && matches!(checks::refusal(&self.dir), Ok(None))
            && !fault::is(Fault::BackupIgnored)
    }

    /// Returns whether the copy belongs to the folder and its journal is not empty.
    pub(crate) fn holds_any(&self) -> bool {
        tail::has_content(&self.journal()) && self.is_ours()
    }

    /// Returns the folder of what judged attempts, which is stored only here. `None` if it cannot be
    /// trusted.
    pub(crate) fn judges(&self) -> Option<PathBuf> {
        let owner = owner(&self.folder).ok()?;
        let is_safe = !self.dir.is_dir() || matches!(checks::refusal(&self.dir), Ok(None));
        is_safe.then(|| self.dir.join(format!("judges-{}", hex16(&[&owner]))))
    }

    /// Copies the lines that were appended to the journal. `known` is the end of the copy as this
    /// process left it.
    ///
    /// # Errors
    /// Any I/O error. The copy may then lack lines, or is no longer valid.
    pub(crate) fn follow(&self, known: Option<End>, new: &Appended<'_>) -> io::Result<End> {
        // Anything at that path that is not a regular file is replaced.
        let Ok(mut file) = open::appending(&self.journal()) else { return self.renew(new) };
        let meta = file.metadata()?;
        let is_known = |end: &End| {
            let size = end.len == meta.len() && meta.len() < FULL;
            size && end.inode == meta.ino() && end.seq == new.before
        };
        let missed;
        let text = if known.as_ref().is_some_and(is_known) {
            new.text
        } else if let Some(lines) = self.missed(&mut file, meta.len(), new)? {
            missed = lines;
            &missed
        } else {
            return self.renew(new);
        };
        file.write_all(text)?;
        let len = meta.len() + text.len() as u64;
        Ok(End { inode: meta.ino(), len, seq: new.last, whole_line: true })
    }

    /// Returns the lines of the journal that the copy lacks. Returns `None` if they cannot be
    /// determined or if the copy is too large.
    fn missed(&self, file: &mut File, len: u64, new: &Appended<'_>) -> io::Result<Option<Vec<u8>>> {
        let (last, whole) = tail::near_end(file, len, |events| events.next_back())?;
        let Some(last) = last.filter(|_| whole && len < FULL && self.is_ours()) else {
            return Ok(None);
        };
        if self.begins_long_before(&last.at) {
            return Ok(None);
        }
        // Start at the last line that both have.
        let mut next = last.seq;
        let mut lines = Vec::new();
        for line in tail::last_lines(&new.state.join(JOURNAL), MISSED) {
            let Ok(Line { seq, at, .. }) = serde_json::from_slice(&line) else { continue };
            let is_common = seq == last.seq && at == last.at;
            if seq < next || seq == next && is_common {
                next = next.max(seq + 1);
            } else if seq == next && next > last.seq {
                next += 1;
                lines.extend_from_slice(&line);
                lines.push(b'\n');
            } else {
                return Ok(None);
            }
        }
        Ok((next == new.last + 1).then_some(lines))
    }

    /// Returns whether the first line is more than a day older than the maximum age. The extra day
    /// keeps this from happening for each new line.
    fn begins_long_before(&self, last: &str) -> bool {
        let first = || {
            let file = open::reading(&self.journal(), Links::Refuse).ok()?;
            let mut line = Vec::new();
            BufReader::new(file.take(SHORT)).read_until(b'\n', &mut line).ok()?;
            serde_json::from_slice::<Line>(&line).ok()?.time()
        };
        let last = DateTime::parse_from_rfc3339(last).ok();
        last.zip(first()).is_some_and(|(last, first)| last - first > TimeDelta::days(DAYS + 1))
    }

    /// Creates the copy again from the state folder.
    fn renew(&self, new: &Appended<'_>) -> io::Result<End> {
        let is_first = !self.dir.is_dir();
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        if let Some(reason) = checks::refusal(&self.dir)? {
            return Err(io::Error::other(reason));
        }
        // The owner file is written last, so that a partial copy is never used.
        remove(&self.dir.join(OWNER))?;
        for name in FOLDERS {
            match fs::remove_dir_all(self.dir.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => copy_folder(&new.state.join(name), &self.dir.join(name))?,
            }
        }
        let journals = [ROTATED, JOURNAL].map(|name| tail::last_lines(&new.state.join(name), MOST));
        let text = kept(journals.into_iter().flatten());
        let file = put(&self.journal(), &mut text.as_slice())?;
        put(&self.dir.join(OWNER), &mut owner(&self.folder)?.as_slice())?;
        if is_first {
            self.sweep();
        }
        let meta = file.metadata()?;
        Ok(End { inode: meta.ino(), len: meta.len(), seq: new.last, whole_line: true })
    }

    /// Puts everything back into the state folder `to`. The journal is last: until it exists, the
    /// other files are not read.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` also if `to` does not exist.
    pub(crate) fn put_into(&self, to: &Path) -> io::Result<()> {
        for name in FOLDERS {
            copy_folder(&self.dir.join(name), &to.join(name))?;
        }
        let journal = open::reading(&self.journal(), Links::Refuse)?;
        put(&to.join(JOURNAL), &mut journal.take(MOST)).map(drop)
    }

    /// Removes the copy, because its contents are now stored elsewhere.
    pub(crate) fn remove(&self) {
        // A copy that remains costs space. It is not used while there is a git directory.
        drop(fs::remove_dir_all(&self.dir));
    }

    /// Removes the copies of folders that no longer exist, once they were not written to for so
    /// long that none of their lines counts any more.
    fn sweep(&self) {
        let written = |dir: &Path| fs::symlink_metadata(dir.join(JOURNAL)).ok()?.modified().ok();
        let (Some(all), Some(now)) = (self.dir.parent(), written(&self.dir)) else { return };
        let Ok(entries) = fs::read_dir(all) else { return };
        for other in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let owner = open::read(&other.join(OWNER), Links::Refuse, SHORT).unwrap_or_default();
            let Some(folder) = folder_of(&owner) else { continue };
            let gone = fs::symlink_metadata(folder)
                .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            let age = written(&other).and_then(|date| now.duration_since(date).ok());
            let days = Duration::from_secs(u64::try_from(DAYS).unwrap_or(0) * 24 * 60 * 60);
            if gone && age.is_some_and(|age| age > days) {
                drop(fs::remove_dir_all(other));
            }
        }
    }
}

/// Returns the path of the folder of queues and what distinguishes it from another folder at that
/// path. The device is not included: its number may change when the system restarts.
fn owner(folder: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(folder)?;
    let born = meta.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let born = born.map_or(0, |since| since.as_nanos());
    let mut text = format!("{} {born}\n", meta.ino()).into_bytes();
    text.extend_from_slice(folder.as_os_str().as_bytes());
    Ok(text)
}

/// Returns the folder that a copy was created for.
fn folder_of(owner: &[u8]) -> Option<&Path> {
    let at = owner.iter().position(|byte| *byte == b'\n')?;
    let path = Path::new(OsStr::from_bytes(&owner[at + 1..]));
    path.is_absolute().then_some(path)
}

/// Returns the lines that decide something and are not older than the last line by more than the
/// maximum age. If they are too large, only the newest are returned. The last line is always
/// included.
fn kept(lines: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut all: VecDeque<(Line, Vec<u8>)> = VecDeque::new();
    let mut bytes = 0;
    for line in lines {
        let Ok(read) = serde_json::from_slice::<Line>(&line) else { continue };
        if all.back().is_some_and(|(last, _)| !last.decides()) {
            bytes -= all.pop_back().map_or(0, |(_, line)| line.len());
        }
        bytes += line.len();
        all.push_back((read, line));
        while bytes > KEPT && all.len() > 1 {
            bytes -= all.pop_front().map_or(0, |(_, line)| line.len());
        }
    }
    let last = all.back().and_then(|(line, _)| line.time());
    let counts = |line: &Line| {
        let both = last.zip(line.time());
        both.is_none_or(|(last, time)| last - time <= TimeDelta::days(DAYS))
    };
    let mut text = Vec::with_capacity(bytes + all.len());
    for (_, line) in all.iter().filter(|(line, _)| counts(line)) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

/// Atomically replaces the file at `path` with what can be read from `content`.
fn put(path: &Path, content: &mut dyn Read) -> io::Result<File> {
    let new = path.with_file_name(NEW);
    let mut file = open::anew(&new)?;
    io::copy(content, &mut file)?;
    file.flush()?;
    fs::rename(&new, path)?;
    Ok(file)
}

/// Copies the files of a folder; does nothing if the folder does not exist.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries {
        let name = entry?.file_name();
        // Anything that is not a regular file was not written by this program.
        let Ok(file) = open::reading(&from.join(&name), Links::Refuse) else { continue };
        if !to.is_dir() {
            DirBuilder::new().mode(0o700).create(to)?;
        }
        put(&to.join(&name), &mut file.take(crate::queue::MAX_BYTES as u64))?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files are looked at and harmed")]
mod tests {
    use super::*;
    use crate::domain::{Event, EventKind};
    use crate::store::journal::Journal;
    use crate::store::new_event;
    use crate::store::state::StateDir;
    use chrono::Utc;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    /// A folder of queues without git, and a folder for copies.
    struct Place {
        temp: tempfile::TempDir,
        backups: Backups,
    }

    impl Place {
        fn new() -> Self {
            let temp = tempfile::tempdir().unwrap();
            let home = temp.path().canonicalize().unwrap().join("home");
            fs::create_dir_all(home.with_file_name("project")).unwrap();
            let backups = Backups::find(|name| (name == "HOME").then_some(home.as_os_str()));
            Self { backups: backups.unwrap(), temp }
        }

        fn folder(&self) -> PathBuf {
            self.temp.path().canonicalize().unwrap().join("project")
        }

        fn state(&self) -> StateDir {
            StateDir::beside(&self.folder().join("q.json")).backed_up(Some(&self.backups))
        }

        fn backup(&self) -> Backup {
            self.state().backup().unwrap()
        }

        /// Appends like a process that does not know what was appended before.
        fn append(&self, tasks: &[&str]) {
            let mut events: Vec<Event> = tasks.iter().map(|task| completed(task, 0)).collect();
            let mut journal = Journal::new(self.state());
            journal.append(&mut events).unwrap();
            assert!(journal.take_trouble().is_none());
        }

        fn lose_state(&self) {
            fs::remove_dir_all(self.state().root()).unwrap();
        }
    }

    fn completed(task: &str, day: i64) -> Event {
        let data = json!({"was": "w", "is": "i", "before": "b", "after": task});
        let at: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(day);
        let data = data.as_object().cloned().unwrap();
        let mut event = new_event(EventKind::Completed, at, "q.json".to_owned(), data);
        event.task = Some(task.to_owned());
        event
    }

    fn tasks(state: &StateDir) -> Vec<String> {
        Journal::new(state.clone()).all().filter_map(|event| event.task).collect()
    }

    #[test]
    fn a_journal_that_is_gone_is_read_in_its_copy_and_put_back_by_the_next_writer() {
        let place = Place::new();
        place.append(&["A", "B"]);
        place.append(&["C"]);
        let state = place.state();
        for name in [LAST_GOOD, SET_BACK] {
            fs::create_dir(state.root().join(name)).unwrap();
            fs::write(state.root().join(name).join("q.json"), name).unwrap();
        }
        fs::remove_dir_all(place.backup().dir()).unwrap();
        place.append(&["D"]);
        place.lose_state();
        assert_eq!(tasks(&state), ["A", "B", "C", "D"]);
        assert!(!state.root().exists(), "a reader writes nothing");
        place.append(&["E"]);
        assert_eq!(tasks(&state), ["A", "B", "C", "D", "E"]);
        assert_eq!(state.home(), state.root());
        for name in [LAST_GOOD, SET_BACK] {
            assert_eq!(fs::read_to_string(state.root().join(name).join("q.json")).unwrap(), name);
        }
        let seqs: Vec<u64> = Journal::new(state).all().map(|event| event.seq).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn it_is_private_and_lies_in_the_home() {
        let place = Place::new();
        place.append(&["A"]);
        let dir = place.backup().dir().to_owned();
        assert!(
            dir.starts_with(place.temp.path().canonicalize().unwrap().join("home/.local/state"))
        );
        for name in ["", JOURNAL, OWNER] {
            let mode = fs::metadata(dir.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
        let other = |name: &str| (name == "XDG_STATE_HOME").then_some(OsStr::new("/x"));
        assert_eq!(Backups::find(other), Ok(Backups { dir: "/x/workloop".into() }));
        let relative = |name: &str| (name == "XDG_STATE_HOME").then_some(OsStr::new("x"));
        assert!(Backups::find(relative).unwrap_err().contains("HOME"));
        let file = dir.join(JOURNAL);
        let none = |name: &str| (name == "XDG_STATE_HOME").then_some(file.as_os_str());
        assert!(Backups::find(none).unwrap_err().contains("write"));
    }

    #[test]
    fn another_folder_at_the_same_path_has_nothing_to_do_with_it() {
        let place = Place::new();
        place.append(&["A"]);
        fs::rename(place.folder(), place.folder().with_file_name("old")).unwrap();
        fs::create_dir(place.folder()).unwrap();
        assert_eq!(tasks(&place.state()), Vec::<String>::new());
        place.append(&["B"]);
        place.lose_state();
        assert_eq!(tasks(&place.state()), ["B"]);
    }

    #[test]
    fn lines_that_others_did_not_copy_are_caught_up_with() {
        let place = Place::new();
        place.append(&["A"]);
        let inode = || fs::metadata(place.backup().journal()).unwrap().ino();
        let first = inode();
        let mut alone = Journal::new(StateDir::beside(&place.folder().join("q.json")));
        alone.append(&mut [completed("B", 0), completed("C", 0)]).unwrap();
        place.append(&["D"]);
        assert_eq!(inode(), first, "it was made anew");
        place.lose_state();
        assert_eq!(tasks(&place.state()), ["A", "B", "C", "D"]);
        // A journal that others started again shares only its numbers with the copy.
        alone = Journal::new(StateDir::beside(&place.folder().join("q.json")));
        let mut events: Vec<Event> = (0..4).map(|n| completed(&format!("X{n}"), 1)).collect();
        alone.append(&mut events).unwrap();
        place.append(&["Y"]);
        place.lose_state();
        assert_eq!(tasks(&place.state()), ["X0", "X1", "X2", "X3", "Y"]);
    }

    #[test]
    fn it_keeps_thirty_days_of_what_decides() {
        let mut idle = completed("idle", 39);
        idle.data.clear();
        let events =
            [completed("old", 5), completed("A", 10), idle.clone(), completed("B", 40), idle];
        let place = Place::new();
        let mut journal = Journal::new(place.state());
        for event in events {
            journal.append(&mut [event]).unwrap();
        }
        // Another process checks the age of the first line.
        let mut last = completed("C", 40);
        Journal::new(place.state()).append(std::slice::from_mut(&mut last)).unwrap();
        place.lose_state();
        assert_eq!(tasks(&place.state()), ["A", "B", "C"]);
    }

    #[test]
    fn what_is_half_or_odd_is_not_believed() {
        let place = Place::new();
        place.append(&["A"]);
        let dir = place.backup().dir().to_owned();
        fs::remove_file(dir.join(OWNER)).unwrap();
        place.lose_state();
        assert_eq!(tasks(&place.state()), Vec::<String>::new());
        place.append(&["B"]);
        // A truncated line, and something that is not a regular file.
        let mut cut = fs::read(dir.join(JOURNAL)).unwrap();
        cut.truncate(cut.len() - 9);
        fs::write(dir.join(JOURNAL), cut).unwrap();
        place.append(&["C"]);
        fs::remove_file(dir.join(JOURNAL)).unwrap();
        duct::cmd!("mkfifo", dir.join(JOURNAL)).run().unwrap();
        place.append(&["D"]);
        place.lose_state();
        assert_eq!(tasks(&place.state()), ["B", "C", "D"]);
    }

    #[test]
    fn a_place_that_cannot_be_used_costs_no_line() {
        let place = Place::new();
        place.append(&["A"]);
        let all = place.backup().dir().parent().unwrap().to_owned();
        fs::remove_dir_all(&all).unwrap();
        fs::write(&all, "").unwrap();
        let mut journal = Journal::new(place.state());
        journal.append(&mut [completed("B", 0)]).unwrap();
        assert!(journal.take_trouble().is_some());
        assert_eq!(tasks(&place.state()), ["A", "B"]);
    }

    #[test]
    fn a_git_directory_takes_its_place() {
        let place = Place::new();
        place.append(&["A"]);
        let git = place.folder().join(".git");
        fs::create_dir(&git).unwrap();
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        place.append(&["B"]);
        assert!(!place.backup().dir().exists());
        assert_eq!(tasks(&place.state()), ["A", "B"]);
        assert!(!place.state().is_alone());
    }

    #[test]
    fn copies_of_folders_that_are_long_gone_are_swept() {
        let place = Place::new();
        place.append(&["A"]);
        let (old, month) = (place.backup().dir().to_owned(), Duration::from_secs(31 * 86_400));
        let date = fs::metadata(old.join(JOURNAL)).unwrap().modified().unwrap() - month;
        let journal = fs::File::options().write(true).open(old.join(JOURNAL)).unwrap();
        journal.set_modified(date).unwrap();
        let other = place.folder().join("other");
        fs::create_dir(&other).unwrap();
        let state = StateDir::beside(&other.join("q.json")).backed_up(Some(&place.backups));
        Journal::new(state.clone()).append(&mut [completed("B", 0)]).unwrap();
        assert!(old.exists(), "its folder is there");
        fs::remove_dir_all(state.backup().unwrap().dir()).unwrap();
        let moved = place.folder().with_file_name("moved");
        fs::rename(place.folder(), &moved).unwrap();
        let state = StateDir::beside(&moved.join("q.json")).backed_up(Some(&place.backups));
        Journal::new(state).append(&mut [completed("C", 0)]).unwrap();
        assert!(!old.exists());
    }
}
