//! Checks whether more files can be opened.
//!
//! A change of the queues reads many small files that may be missing: the last good text, the
//! undecided tasks, the pointers of a git directory. Some of these reads cannot distinguish a lack
//! of descriptors from a missing file, and would decide accordingly. With this check in advance,
//! the shortage is an error of the change, and nothing is decided.

use super::dir::Dir;
use std::io;
use std::path::Path;

/// More than the number of files that one change has open at any moment, in addition to those that
/// it already holds.
const ROOM: usize = 12;

/// Fails if this process, or the machine, cannot open a few more files.
///
/// # Errors
/// The system's error of opening one more.
pub(crate) fn check_room() -> io::Result<()> {
    let mut open = Vec::with_capacity(ROOM);
    for _ in 0..ROOM {
        open.push(Dir::open(Path::new("/"))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_and_it_is_given_back() {
        let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        check_room().unwrap();
        // Other tests run in this process: its number of descriptors must not grow with each check.
        let before = count();
        (0..200).for_each(|_| check_room().unwrap());
        assert!(count() < before + 200 * ROOM / 2);
    }
}
