//! Beside a person's `git gc --prune=now`: it removes what nothing kept when it began, also what a ref
//! keeps since. One that begins after a ref was put sees it; one that began before is waited for, and
//! only then a look at objects says that they stay.

use super::found::Repository;
use crate::platform::open::{self, Links};
use crate::platform::process;
use std::time::{Duration, Instant};

/// The most that is read of the file that a collection makes: its process and its machine.
const SMALL: u64 = 4 << 10;
/// How long a collection is waited for; one that takes longer leaves what is missing to be found.
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(10);

impl Repository {
    /// Waits for a collection that is under way; says whether there was one.
    pub(in super::super) fn outlast_collection(&self) -> bool {
        let begin = Instant::now();
        let mut was_there = false;
        while self.is_collecting() && begin.elapsed() < LIMIT {
            was_there = true;
            std::thread::sleep(LOOK);
        }
        was_there
    }

    fn is_collecting(&self) -> bool {
        let text = open::read_text(&self.common().join("gc.pid"), Links::Refuse, SMALL);
        let pid = text.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
        // One that was killed leaves its file.
        pid.is_some_and(process::is_there)
    }
}
