//! Handles a concurrent `git gc --prune=now` of a person. It removes what no ref kept when it
//! began, even if a ref keeps it since. A collection that begins after a ref was written sees the
//! ref. One that began before is waited for, and only then a check of the objects proves that they
//! stay.

use super::found::Repository;
use crate::platform::open::{self, Links};
use crate::platform::process;
use std::time::{Duration, Instant};

/// The most that is read of the file that a collection writes: its process and its machine.
const SMALL: u64 = 4 << 10;
/// How long a collection is waited for. After a longer one, missing objects are detected later.
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// How often the file is polled.
const LOOK: Duration = Duration::from_millis(10);

impl Repository {
    /// Waits for a running collection; returns whether there was one.
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
        // A killed collection leaves its file.
        pid.is_some_and(process::is_there)
    }
}
