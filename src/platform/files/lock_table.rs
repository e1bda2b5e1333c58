//! The system's table of locks: which process holds one.

use super::dir::Identity;
use super::open::kernel_text;

/// How often to read the table if it does not contain the holder.
const LOOKS: usize = 20;

/// Returns a description of the process that holds the lock on the directory, if the system shows
/// it.
pub(super) fn holder_of(wanted: Identity) -> Option<String> {
    let table = || kernel_text("/proc/locks");
    let pid = holder_in_tables(std::iter::repeat_with(table).take(LOOKS), wanted.1)?;
    let name = kernel_text(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = name.trim();
    Some(if pid == std::process::id() {
        "another thread of this process".to_owned()
    } else if name.is_empty() {
        format!("process {pid}")
    } else {
        format!("process {pid} ({name})")
    })
}

/// Returns the process that holds a `flock` on `inode` according to the first table that contains
/// it.
///
/// One table may not be enough: the kernel returns it page by page, and if locks come and go
/// between two pages, entries that stayed are left out (measured: 2 of 100 tables while four
/// processes locked all the time).
fn holder_in_tables(tables: impl Iterator<Item = Option<String>>, inode: u64) -> Option<u32> {
    let mut known = tables.map_while(|table| table);
    known.find_map(|table| table.lines().find_map(|line| holder_in(line, inode)))
}

/// Returns the process in a line of the lock table that holds a `flock` on `inode`; waiters are
/// skipped.
///
/// Only the inode is compared: some file systems show another device in this table.
fn holder_in(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let kind = words.next().filter(|kind| *kind == "FLOCK")?;
    let pid = words.nth(2)?.parse().ok().filter(|pid| *pid > 0 && !kind.is_empty())?;
    let file = words.next()?.rsplit(':').next()?.parse::<u64>().ok()?;
    (file == inode).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_left_the_holder_out_is_read_again() {
        let line = |pid: u32, inode| {
            Some(format!("1: FLOCK  ADVISORY  WRITE {pid} fe:00:{inode} 0 EOF\n"))
        };
        let torn = [line(1, 76), Some(String::new()), line(321, 77)];
        assert_eq!(holder_in_tables(torn.clone().into_iter(), 77), Some(321));
        assert_eq!(holder_in_tables(torn.into_iter(), 78), None);
        assert_eq!(holder_in_tables([None, line(321, 77)].into_iter(), 77), None, "no such table");
    }

    #[test]
    fn reads_the_table_of_locks() {
        let line = "1: FLOCK  ADVISORY  WRITE 321 fe:00:77 0 EOF";
        assert_eq!(holder_in(line, 77), Some(321));
        assert_eq!(holder_in(line, 78), None);
        assert_eq!(holder_in("1: -> FLOCK  ADVISORY  WRITE 321 fe:00:77 0 EOF", 77), None);
        assert_eq!(holder_in("2: POSIX  ADVISORY  WRITE 321 fe:00:77 0 EOF", 77), None);
    }
}
