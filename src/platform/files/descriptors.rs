//! Whether there is room to open files.
//!
//! A change of the queues reads many small files that may be missing: the last good text, what is
//! undecided, the pointers of a git directory. A read that fails for want of descriptors looks like
//! a missing file to some of them, and would decide what a missing file decides. Asked for once, in
//! advance, the shortage is an error of the change instead, and nothing is decided.

use super::dir::Dir;
use std::io;
use std::path::Path;

/// More than one change has open at any moment beside what it holds already.
const ROOM: usize = 12;

/// Fails where this process, or the machine, cannot open a few more files.
///
/// # Errors
/// The system's own error of opening one more.
pub fn check_room() -> io::Result<()> {
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
        // Other tests run in this process: it must not grow with each look.
        let before = count();
        (0..200).for_each(|_| check_room().unwrap());
        assert!(count() < before + 200 * ROOM / 2);
    }
}
