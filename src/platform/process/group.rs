//! Process ids and signals to whole groups: what needs no scan of the process table.

use rustix::process::Pid;

pub use rustix::process::Signal;

pub(super) fn raw(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// Returns whether there is a process with this id, of any user.
pub fn is_there(pid: u32) -> bool {
    let Some(raw) = raw(pid) else { return false };
    matches!(rustix::process::test_kill_process(raw), Ok(()) | Err(rustix::io::Errno::PERM))
}

/// Signals a process group. Returns whether there was one.
pub fn signal_group(group: u32, signal: Signal) -> bool {
    let Some(raw) = raw(group).filter(|_| group > 1) else { return false };
    rustix::process::kill_process_group(raw, signal).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids 0 and 1, and numbers that are none, would mean other groups or all processes.
    #[test]
    fn no_id_means_a_group_that_is_not_meant() {
        for id in [0, 1, 1 << 31, u32::MAX] {
            assert!(!signal_group(id, Signal::CONT), "{id}");
        }
        assert_eq!((raw(0), raw(u32::MAX)), (None, None));
        assert!(is_there(std::process::id()) && is_there(1));
        assert!(!is_there(0) && !is_there(u32::MAX));
    }
}
