//! Limits that the system sets for this process.

use rustix::process::{Resource, getrlimit};

/// Returns how many files this process may have open; `None` without a limit.
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}
