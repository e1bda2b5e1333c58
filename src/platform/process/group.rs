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
