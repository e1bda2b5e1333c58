//! Signals processes and whole trees, and waits for the end of children.

use super::group::{Signal, raw, signal_group};
use super::scan::{Found, Process, Wanted, alive, find, is_uninterruptible};
use rustix::process::{WaitId, WaitIdOptions};
use std::io;
use std::process::Child;
use std::time::{Duration, Instant};

/// Signals one process, if it is still the one with this start time. Returns whether it was.
pub fn signal_process(pid: u32, start: u64, signal: Signal) -> bool {
    let Some(raw) = raw(pid).filter(|_| pid > 1) else { return false };
    // The descriptor stays with this process even if its id is reused.
    #[cfg(target_os = "linux")]
    if let Ok(fd) = rustix::process::pidfd_open(raw, rustix::process::PidfdFlags::empty()) {
        return alive(pid, start) && rustix::process::pidfd_send_signal(fd, signal).is_ok();
    }
    alive(pid, start) && rustix::process::kill_process(raw, signal).is_ok()
}

/// Signals everything that was found: whole groups at once, which forks cannot outrun, and the
/// rest.
pub fn signal_found(found: &Found, signal: Signal) {
    for group in &found.groups {
        signal_group(*group, signal);
    }
    for process in found.living().filter(|p| !found.groups.contains(&p.group)) {
        signal_process(process.pid, process.start, signal);
    }
}

/// Stops everything wanted, repeatedly until nothing new appears, so that the whole tree is
/// stopped. Returns what was found.
pub fn freeze(wanted: &Wanted) -> io::Result<Found> {
    const ROUNDS: u32 = 50;
    let mut before: Vec<u32> = Vec::new();
    let mut found = find(wanted)?;
    for _ in 0..ROUNDS {
        let new = found.living().any(|process| !before.contains(&process.pid));
        if !new {
            break;
        }
        signal_found(&found, Signal::STOP);
        before = found.living().map(|process| process.pid).collect();
        found = find(wanted)?;
    }
    Ok(found)
}

/// Continues for a moment those processes that keep others of `found` from being stopped. A process
/// that waits in `vfork` for the exec of its child handles no signal, and a stop may have reached
/// the child before that. Shells and the standard libraries of many languages start programs this
/// way.
pub fn free_vforks(found: &Found) {
    const MOMENT: Duration = Duration::from_millis(50);
    let waits = |process: &&Process| is_uninterruptible(process.pid);
    let waiting: Vec<u32> = found.living().filter(waits).map(|process| process.pid).collect();
    let mut children =
        found.living().filter(|process| waiting.contains(&process.parent)).peekable();
    if children.peek().is_none() {
        return;
    }
    for child in children {
        // A child that is gone blocks nothing.
        let _ = signal_process(child.pid, child.start, Signal::CONT);
    }
    let end = Instant::now() + MOMENT;
    while waiting.iter().any(|pid| is_uninterruptible(*pid)) && Instant::now() < end {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Kills everything wanted. Stops it first, because a tree that forks faster than the scan would
/// otherwise replace each killed process.
pub fn kill_all(wanted: &Wanted) -> io::Result<Found> {
    let found = freeze(wanted)?;
    signal_found(&found, Signal::KILL);
    Ok(found)
}

/// The result of ending a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeEnd {
    /// The number of processes that were found running.
    pub ended: usize,
    /// The processes that still run at the deadline.
    pub left: Vec<Process>,
    /// The ids of processes of our user whose environment could not be read.
    pub unreadable: Vec<u32>,
}

/// Ends everything wanted: TERM, `grace`, KILL, until nothing is left that this process may signal,
/// or `limit` has passed. The others have the grace as well, since the end of their parents may end
/// them.
///
/// For trees that this process does not have to wait for; dead children of this process among them
/// are reaped.
pub fn end_tree(wanted: &Wanted, grace: Duration, limit: Duration) -> io::Result<TreeEnd> {
    const ROUND: Duration = Duration::from_millis(200);
    let begin = Instant::now();
    let mut found = find(wanted)?;
    let mut end = TreeEnd { ended: found.living().count(), ..TreeEnd::default() };
    if !found.is_over() && !grace.is_zero() {
        signal_found(&found, Signal::TERM);
        signal_found(&found, Signal::CONT);
        wait_gone(&found, begin + grace.min(limit));
    }
    loop {
        reap_found(&found);
        found = find(wanted)?;
        if !is_worth_waiting(&found) || begin.elapsed() >= limit {
            break;
        }
        found = kill_all(wanted)?;
        wait_gone(&found, (Instant::now() + ROUND).min(begin + limit));
    }
    reap_found(&found);
    end.left = found.living().copied().collect();
    end.unreadable = found.unreadable;
    Ok(end)
}

/// Returns whether anything runs that this process can end; nothing that it does ends the others.
fn is_worth_waiting(found: &Found) -> bool {
    found
        .living()
        .filter_map(|process| raw(process.pid))
        .any(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::PERM))
}

fn reap_found(found: &Found) {
    let own = std::process::id();
    for process in found.processes.iter().filter(|process| process.parent == own) {
        let _ = reap(process.pid);
    }
}

/// Waits until everything that was found has ended, or until `deadline`.
fn wait_gone(found: &Found, deadline: Instant) {
    for process in found.living() {
        wait_one(process, deadline);
    }
}

#[cfg(target_os = "linux")]
fn wait_one(process: &Process, deadline: Instant) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Some(raw) = raw(process.pid) else { return };
    let Ok(fd) = rustix::process::pidfd_open(raw, rustix::process::PidfdFlags::empty()) else {
        return;
    };
    while alive(process.pid, process.start) {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else { return };
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        if poll(&mut fds, Some(&timeout)) == Ok(0) {
            return;
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn wait_one(process: &Process, deadline: Instant) {
    while alive(process.pid, process.start) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits at most `limit` until `child` has ended. Returns whether it has.
pub fn wait_child(child: &mut Child, limit: Duration) -> io::Result<bool> {
    if child.try_wait()?.is_none() {
        wait_end(child.id(), limit);
    }
    Ok(child.try_wait()?.is_some())
}

/// Waits for the end of a child that is not reaped yet, or for some time.
#[cfg(target_os = "linux")]
fn wait_end(pid: u32, limit: Duration) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let flags = rustix::process::PidfdFlags::empty();
    let fd = raw(pid).and_then(|raw| rustix::process::pidfd_open(raw, flags).ok());
    match fd.zip(Timespec::try_from(limit).ok()) {
        // A signal ends the wait early; the caller then checks again.
        Some((fd, timeout)) => drop(poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout))),
        None => std::thread::sleep(limit.min(Duration::from_millis(50))),
    }
}

#[cfg(not(target_os = "linux"))]
fn wait_end(_: u32, limit: Duration) {
    std::thread::sleep(limit.min(Duration::from_millis(10)));
}

/// Makes orphans below this process its children, if the system supports that (Linux).
pub fn become_subreaper() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Starts a new session; does nothing if this process already leads one.
pub fn leave_session() -> io::Result<()> {
    match rustix::process::setsid() {
        Ok(_) | Err(rustix::io::Errno::PERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The state of the children of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Children {
    /// There are none.
    None,
    /// All of them run.
    Running,
    /// This one has ended and is not reaped yet.
    Ended(u32),
}

/// Finds an ended child without reaping it, so that its id, and that of its group, are not reused.
#[expect(unsafe_code, reason = "rustix does not tell which child a waitid was about")]
pub fn peek_children() -> io::Result<Children> {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    loop {
        // SAFETY: `info` is valid for writes of a siginfo_t, and the call keeps no pointer to it.
        if unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), options) } == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ECHILD) => return Ok(Children::None),
            Some(libc::EINTR) => {}
            _ => return Err(error),
        }
    }
    // SAFETY: all bytes zero is a valid siginfo_t, and a successful waitid sets the fields of a
    // child's state or leaves the id 0.
    let pid = unsafe { info.assume_init().si_pid() };
    Ok(u32::try_from(pid).ok().filter(|pid| *pid > 0).map_or(Children::Running, Children::Ended))
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this exit status.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// Reaps the child `pid` if it has ended.
pub fn reap(pid: u32) -> Option<Exit> {
    let raw = raw(pid)?;
    loop {
        match rustix::process::waitid(
            WaitId::Pid(raw),
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
        ) {
            Ok(status) => {
                let status = status?;
                let code = status.exit_status().map(Exit::Code);
                return code.or_else(|| status.terminating_signal().map(Exit::Signal));
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::super::scan::{is_still, start_time};
    use super::super::spawn::{self, Leader, Start};
    use super::*;
    use crate::platform::open;
    use std::ffi::OsString;
    use std::path::Path;

    /// Starts a shell in its own session; returns it with what selects it.
    fn shell(script: &str) -> (Leader, Wanted) {
        let argv = ["sh", "-c", script].map(OsString::from);
        let null = || open::null().unwrap().into();
        let env = [("PATH".into(), "/usr/bin:/bin".into())];
        let start = Start {
            argv: &argv,
            dir: Path::new("/"),
            env: &env,
            stdin: null(),
            stdout: null(),
            stderr: null(),
        };
        let leader = spawn::in_own_session(start).unwrap();
        let session = (leader.pid(), start_time(leader.pid()).unwrap());
        (leader, Wanted { sessions: vec![session], ..Wanted::default() })
    }

    /// Waits for a condition.
    #[track_caller]
    fn until(what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::yield_now();
        }
    }

    fn running(wanted: &Wanted) -> usize {
        find(wanted).unwrap().living().count()
    }

    #[test]
    fn a_signal_reaches_only_the_process_that_is_meant() {
        let (leader, wanted) = shell("exec sleep 60");
        let pid = leader.pid();
        let start = start_time(pid).unwrap();
        assert!(!signal_process(pid, start + 1, Signal::KILL), "another process had that id");
        for other in [0, 1, u32::MAX] {
            assert!(!signal_process(other, start, Signal::CONT), "{other}");
        }
        assert!(alive(pid, start));
        assert!(signal_process(pid, start, Signal::KILL));
        until("it is killed", || leader.reap().is_some());
        assert!(!signal_process(pid, start, Signal::KILL));
        assert_eq!(running(&wanted), 0);
    }

    #[test]
    fn a_tree_is_stopped_as_a_whole_and_killed_as_a_whole() {
        let (leader, wanted) = shell("sleep 60 & (sleep 60; true) & wait");
        // A shell that still waits for the exec of its child would not be stopped (`free_vforks`).
        let waits = |found: &Found| found.living().any(|process| is_uninterruptible(process.pid));
        until("all of it runs", || running(&wanted) == 4 && !waits(&find(&wanted).unwrap()));
        let found = freeze(&wanted).unwrap();
        assert_eq!(found.living().count(), 4);
        assert!(found.groups.contains(&leader.pid()), "the whole group is signalled at once");
        until("it is stopped", || found.living().all(|process| is_still(process.pid)));
        free_vforks(&found);
        assert!(found.living().all(|process| is_still(process.pid)), "none waits for another");
        signal_found(&found, Signal::CONT);
        until("it continues", || found.living().all(|process| !is_still(process.pid)));
        kill_all(&wanted).unwrap();
        until("it is killed", || running(&wanted) == 0);
        until("it is reaped", || leader.reap().is_some());
    }

    #[test]
    fn a_tree_has_its_grace_and_what_ignores_it_is_killed() {
        let limit = Duration::from_secs(20);
        let (_leader, wanted) = shell("sleep 60 & wait");
        until("all of it runs", || running(&wanted) == 2);
        let begin = Instant::now();
        let end = end_tree(&wanted, limit, limit).unwrap();
        assert_eq!(end, TreeEnd { ended: 2, ..TreeEnd::default() });
        assert!(begin.elapsed() < limit, "nobody waits for the end of the grace");
        let (_leader, wanted) = shell("trap '' TERM; sleep 60; true");
        until("all of it runs", || running(&wanted) == 2);
        let end = end_tree(&wanted, Duration::from_millis(20), limit).unwrap();
        assert_eq!(end, TreeEnd { ended: 2, ..TreeEnd::default() });
        assert_eq!(end_tree(&wanted, limit, limit).unwrap(), TreeEnd::default(), "nothing is left");
    }

    #[test]
    fn a_child_is_waited_for_no_longer_than_asked() {
        let null = || open::null().unwrap().into();
        let sleep = |seconds| spawn::helper(Path::new("/bin/sleep"), seconds, &[], null()).unwrap();
        let mut long = sleep("60");
        assert!(!wait_child(&mut long, Duration::ZERO).unwrap());
        long.kill().unwrap();
        until("it is killed", || wait_child(&mut long, Duration::from_millis(10)).unwrap());
        assert!(wait_child(&mut long, Duration::ZERO).unwrap(), "it was waited for before");
        let mut short = sleep("0");
        until("it ended", || wait_child(&mut short, Duration::from_secs(1)).unwrap());
        assert_eq!((reap(short.id()), reap(std::process::id()), reap(0)), (None, None, None));
    }
}
