//! Limits of this process that the system sets.

use rustix::process::{Resource, getrlimit};

/// How many files this process may have open; `None` where there is no limit.
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}
