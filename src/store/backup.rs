//! A copy of what was recorded, outside of the project: where there is no git, nothing inside of it
//! is safe from `rm -rf .workloop`.
//!
//! `$XDG_STATE_HOME/workloop/<key>/` holds for one folder of queues what its state folder holds: the
//! lines of the last thirty days that decide about tasks, the last good texts, and the finished tasks
//! that were set back. It is written under the lock of the folder, after the journal itself and not
//! synced, and is read only when the journal is gone; the next writer puts it back then.
//!
//! It belongs to the folder that it was made for, by inode and time of birth, and not to a path: a
//! project that was deleted and made again at the same place has nothing to do with it.

use super::tail::{self, End, JOURNAL, MOST, ROTATED};
use crate::platform::checks;
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
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

/// Beside a journal: the last good text of each queue.
pub(super) const LAST_GOOD: &str = "last-good";
/// Beside a journal: finished tasks that were set back, by queue.
pub(super) const SET_BACK: &str = "set-back";
/// What is copied beside the journal.
const FOLDERS: [&str; 2] = [LAST_GOOD, SET_BACK];
/// Says whose copy it is.
const OWNER: &str = "folder";
/// What is being written.
const NEW: &str = ".new";
/// How old a line may be, in days.
const DAYS: i64 = 30;
/// The size at which lines are dropped, and what is kept of them then, in bytes.
const FULL: u64 = 64 << 20;
const KEPT: usize = 32 << 20;
/// How much of a journal is read to find lines that are missing in the copy.
const MISSED: u64 = 1 << 20;
/// The most that is read of a first line, and of the owner.
const SHORT: u64 = 64 << 10;

/// Where the copies of all projects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    dir: PathBuf,
}

impl Backups {
    /// Finds the place for copies by the environment; nothing is made yet.
    ///
    /// # Errors
    /// Why nothing can be kept, in words.
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
                Err(format!("{} is no folder that you can write into", place.display()))
            }
            Some(_) | None => Ok(Self { dir }),
        }
    }

    /// The copy for the queues of `folder` (a real path), which is called `key`.
    pub(super) fn of(&self, folder: &Path, key: &str) -> Backup {
        Backup { dir: self.dir.join(key), folder: folder.to_owned() }
    }
}

/// The copy of what was recorded of the queues of one folder.
#[derive(Clone, Debug)]
pub(super) struct Backup {
    dir: PathBuf,
    folder: PathBuf,
}

/// What was just appended to a journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appended<'a> {
    /// The number of the last line before.
    pub(super) before: u64,
    /// The number of the last line now.
    pub(super) last: u64,
    /// The whole lines.
    pub(super) text: &'a [u8],
    /// The folder of the journal.
    pub(super) state: &'a Path,
}

/// What a line says about itself.
#[derive(Deserialize)]
struct Line {
    seq: u64,
    at: String,
    #[serde(default)]
    data: Hashes,
}

/// The hashes of a task and of its queue, which only lines have that decide something.
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
    /// Its folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn journal(&self) -> PathBuf {
        self.dir.join(JOURNAL)
    }

    /// Whether it is there and belongs to the folder of queues as that is now.
    pub(super) fn is_ours(&self) -> bool {
        let Ok(owner) = owner(&self.folder) else { return false };
        let found = open::read(&self.dir.join(OWNER), Links::Refuse, SHORT);
        found.is_ok_and(|found| found == owner)
            && matches!(checks::refusal(&self.dir), Ok(None))
            && !fault::is(Fault::BackupIgnored)
    }

    /// Whether it has lines to read.
    pub(super) fn holds_any(&self) -> bool {
        tail::has_content(&self.journal()) && self.is_ours()
    }

    /// Takes in what was appended to the journal; `known` is its end as this process left it.
    ///
    /// # Errors
    /// Any I/O error; the copy may lack lines then, or is not believed any more.
    pub(super) fn follow(&self, known: Option<End>, new: &Appended<'_>) -> io::Result<End> {
        // What lies in its place is replaced.
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

    /// The lines of the journal that the copy does not have; `None` where that cannot be told, and
    /// where the copy holds too much.
    fn missed(&self, file: &mut File, len: u64, new: &Appended<'_>) -> io::Result<Option<Vec<u8>>> {
        let (last, whole) = tail::near_end(file, len, |events| events.next_back())?;
        let Some(last) = last.filter(|_| whole && len < FULL && self.is_ours()) else {
            return Ok(None);
        };
        if self.begins_long_before(&last.at) {
            return Ok(None);
        }
        // From the line on that both have.
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

    /// Whether the first line is older than lines may become; a day more, so that this is not done
    /// for each of them.
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

    /// Makes the copy anew from what is in the state folder.
    fn renew(&self, new: &Appended<'_>) -> io::Result<End> {
        let is_first = !self.dir.is_dir();
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        if let Some(reason) = checks::refusal(&self.dir)? {
            return Err(io::Error::other(reason));
        }
        // Nothing of it is believed before all of it is there.
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

    /// Puts everything back into the state folder `to`; the journal last, because without it what is
    /// there is not read.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` also when `to` is not there.
    pub(super) fn put_into(&self, to: &Path) -> io::Result<()> {
        for name in FOLDERS {
            copy_folder(&self.dir.join(name), &to.join(name))?;
        }
        let journal = open::reading(&self.journal(), Links::Refuse)?;
        put(&to.join(JOURNAL), &mut journal.take(MOST)).map(drop)
    }

    /// Removes the copy: what it was made of is kept elsewhere.
    pub(super) fn remove(&self) {
        // One that stays costs space, and is not looked at where there is a git directory.
        drop(fs::remove_dir_all(&self.dir));
    }

    /// Removes the copies of folders that are gone, and of which nothing was written for so long
    /// that no line of theirs would count.
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

/// The folder of queues and what tells it from another one at the same path. No device: its number
/// may be another one after each start of the system.
fn owner(folder: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(folder)?;
    let born = meta.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let born = born.map_or(0, |since| since.as_nanos());
    let mut text = format!("{} {born}\n", meta.ino()).into_bytes();
    text.extend_from_slice(folder.as_os_str().as_bytes());
    Ok(text)
}

/// The folder that a copy was made for.
fn folder_of(owner: &[u8]) -> Option<&Path> {
    let at = owner.iter().position(|byte| *byte == b'\n')?;
    let path = Path::new(OsStr::from_bytes(&owner[at + 1..]));
    path.is_absolute().then_some(path)
}

/// Those of the lines that decide something and are not older than the last one by more than the
/// time that they count for; the newest of them, if they are too many, and the last line always.
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

/// Replaces the file at `path` by what can be read from `content`, in one step.
fn put(path: &Path, content: &mut dyn Read) -> io::Result<File> {
    let new = path.with_file_name(NEW);
    let mut file = open::anew(&new)?;
    io::copy(content, &mut file)?;
    file.flush()?;
    fs::rename(&new, path)?;
    Ok(file)
}

/// Copies the files of a folder; nothing where there is none.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries {
        let name = entry?.file_name();
        // What is no file is nothing of ours.
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

    /// A folder of queues without git, and a place for copies.
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

        /// Appends as a process that knows nothing of what was appended before.
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
        // A journal that others began anew has nothing in common with it but its numbers.
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
        // Another process looks at its begin.
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
        // A line that was cut off, and something that is no file.
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
