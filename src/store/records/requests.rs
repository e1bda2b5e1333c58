//! Requests of people to running loops, made by files in the state folder, and whether they took
//! effect.
//!
//! Only a regular file is a request.

use crate::platform::open;
use crate::store::records::workers::{self, Stillness};
use crate::store::state::StateDir;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a person asks of loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// Finish what is running, claim nothing more, and exit.
    Stop,
    /// Claim nothing, and suspend what is running until the request is withdrawn.
    Pause,
}

impl Request {
    /// All requests.
    pub const ALL: [Self; 2] = [Self::Stop, Self::Pause];

    /// Returns the verb by which people make it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Pause => "pause",
        }
    }
}

/// Returns the file of a request for the queue `name`, or for all queues of the folder.
pub(crate) fn file(state: &StateDir, request: Request, name: Option<&str>) -> PathBuf {
    state.request(request.verb(), name)
}

/// Makes the request at `path`. An existing one gets a new date.
///
/// # Errors
/// Any I/O error.
pub(crate) fn put(state: &StateDir, path: &Path) -> io::Result<()> {
    state.ensure(state.root())?;
    // The file must never be missing in between: that would be a resume.
    let (mut file, _) = open::in_place_of_others(path, open::existing_or_new)?;
    file.write_all(b"asked by a person\n")
}

/// Returns the files with the name of any request in the folder.
pub(crate) fn all(state: &StateDir) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(state.root()) else { return Vec::new() };
    let is_request = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = |request: Request| name.strip_prefix(request.verb());
        Request::ALL.into_iter().filter_map(rest).any(|rest| rest.starts_with('-'))
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_request).collect()
}

/// Returns when the request at `path` was made; `None` if it is not a regular file.
pub(crate) fn date(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok()
}

/// Returns when the latest `request` for the queue with the file stem `stem` was made; `None`
/// if there is none.
pub(crate) fn asked(state: &StateDir, stem: &str, request: Request) -> Option<SystemTime> {
    let files = [Some(stem), None].map(|name| file(state, request, name));
    files.iter().filter_map(|path| date(path)).max()
}

/// Returns whether a queue is paused, and each loop that serves it has recorded that nothing runs
/// for it any more and that what its attempts wrote was judged. Anything else in the file was then
/// written by a person. Returns `false` if no loop is alive: nothing was judged then.
pub(crate) fn is_still(state: &StateDir, stem: &str) -> bool {
    let Some(asked) = asked(state, stem, Request::Pause) else { return false };
    let loops = workers::look(state).into_iter().filter(|about| about.serves(stem));
    Stillness::of_all(Some(asked), loops.map(|about| about.said(stem)))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a request is made")]
mod tests {
    use super::*;
    use crate::store::workers::{About, Registration};

    #[test]
    fn a_queue_is_still_when_each_of_its_loops_said_so_about_this_pause() {
        let temp = tempfile::tempdir().unwrap();
        let state = StateDir::beside(&temp.path().join("q.json"));
        let enter = |name: &str, queue: &str| {
            let queues = vec![queue.to_owned()];
            Registration::enter(&state, name, About { queues, ..About::default() }).unwrap()
        };
        let (mut one, mut two, _other) =
            (enter("1", "q"), enter("2", "q"), enter("3", "elsewhere"));
        assert!(!is_still(&state, "q"));
        fs::write(file(&state, Request::Pause, Some("q")), "").unwrap();
        let date = asked(&state, "q", Request::Pause).unwrap();
        let said = |asked, judged| [("q".to_owned(), Stillness { asked, judged })].into();
        one.say_paused(said(date, true)).unwrap();
        assert!(!is_still(&state, "q"), "one of two");
        two.say_paused(said(date, false)).unwrap();
        assert!(!is_still(&state, "q"), "it could not read the file");
        two.say_paused(said(date, true)).unwrap();
        assert!(is_still(&state, "q"));
        two.say_paused(said(SystemTime::UNIX_EPOCH, true)).unwrap();
        assert!(!is_still(&state, "q"), "a pause before");
        drop((one, two));
        assert!(!is_still(&state, "q"), "nobody looked");
    }
}
