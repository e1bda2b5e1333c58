//! Requests of people to running loops, made by files in the state folder, and whether they took
//! effect.
//!
//! Only a regular file is a request.

use crate::store::records::workers::{self, About};
use crate::store::state::StateDir;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The verb of the request to drain and end.
pub const STOP: &str = "stop";
/// The verb of the request to pause.
pub const PAUSE: &str = "pause";

/// Returns when the request at `path` was made; `None` if it is not a regular file.
pub fn date(path: &Path) -> Option<SystemTime> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok()
}

/// Returns when the latest request `verb` for the queue with the file stem `stem` was made; `None`
/// if there is none.
pub fn asked(state: &StateDir, stem: &str, verb: &str) -> Option<SystemTime> {
    let files = [Some(stem), None].map(|name| state.request(verb, name));
    files.iter().filter_map(|path| date(path)).max()
}

/// Returns whether a queue is paused, and each loop that serves it has recorded that nothing runs
/// for it any more and that what its attempts wrote was judged. Anything else in the file was then
/// written by a person. Returns `false` if no loop is alive: nothing was judged then.
pub fn is_still(state: &StateDir, stem: &str) -> bool {
    let Some(asked) = asked(state, stem, PAUSE) else { return false };
    let mut loops = workers::look(state).into_iter().filter(|about| about.serves(stem)).peekable();
    let judged = |about: &About| !about.unread.contains(stem);
    loops.peek().is_some() && loops.all(|it| it.stands_still(stem, asked) && judged(&it))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a request is made")]
mod tests {
    use super::*;
    use crate::store::workers::{Registration, Stillness};

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
        fs::write(state.request(PAUSE, Some("q")), "").unwrap();
        let date = asked(&state, "q", PAUSE).unwrap();
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
