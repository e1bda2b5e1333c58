//! The table of processes: who is alive, who descends from whom, who carries a claim tag.
//!
//! Every supervisor and every command under it has a claim tag in its environment ([`claim_tag`]).
//! On Linux all of it is read from `/proc`. Elsewhere `ps` is asked: start times have whole seconds
//! there, and an environment that another user or the system protects counts as one without a tag.
//!
//! [`claim_tag`]: crate::platform::claim_tag

use crate::platform::claim_tag::{Carried, Sought};
use crate::platform::limit_tag::Limits;
pub use entry::Process;
use std::collections::{HashMap, HashSet};
use std::io;

mod entry;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "ps.rs"]
mod system;

/// All processes that we can see.
pub fn processes() -> io::Result<Vec<Process>> {
    system::processes()
}

/// The numbers of all processes that we can see, dead ones and the kernel's own among them.
pub fn pids() -> io::Result<Vec<u32>> {
    system::pids()
}

/// Why the table of processes cannot be trusted, and what to do; `None` when it can.
pub fn distrust() -> Option<String> {
    system::distrust()
}

/// One process, `None` when there is none of that number.
pub fn process(pid: u32) -> Option<Process> {
    system::process(pid)
}

/// What the environment that process `pid` was started with says about claims.
///
/// # Errors
/// Those that say nothing about the process: it may carry anything.
pub fn carried_by(pid: u32) -> io::Result<Carried> {
    system::carried_by(pid)
}

/// What the environments of this process and of its ancestors say about claims, the nearest first.
pub fn carried_above() -> Vec<Carried> {
    /// How often the line of ancestors may change while it is looked at.
    const TRIES: u32 = 100;
    let mut carried = Vec::new();
    for _ in 0..TRIES {
        let above = ancestors();
        let carried_by = |process: &Process| carried_by(process.pid).unwrap_or(Carried::Unreadable);
        carried = above.iter().map(carried_by).collect();
        // When a parent ends, its child goes to another one, whom the first look did not see.
        if ancestors() == above {
            break;
        }
    }
    carried
}

/// This process, its parent, and so on, up to the first process that we can see.
fn ancestors() -> Vec<Process> {
    let mut above: Vec<Process> = Vec::new();
    let mut next = process(std::process::id());
    while let Some(found) = next.filter(|found| above.iter().all(|seen| seen.pid != found.pid)) {
        above.push(found);
        next = process(found.parent);
    }
    above
}

/// Whether process `pid`, whose environment says `carried`, belongs to the task that is sought: one
/// that has emptied its environment is told by the limit that it inherited.
fn belongs(pid: u32, carried: &Carried, sought: &Sought) -> io::Result<bool> {
    match carried {
        Carried::Tags { .. } => Ok(sought.is_carried(carried)),
        Carried::Absent | Carried::Unreadable => {
            Ok(Limits::of(pid)?.is_some_and(|limits| limits.name_any(sought.lasting())))
        }
    }
}

/// Start time of process `pid`.
pub fn start_time(pid: u32) -> Option<u64> {
    process(pid).map(|process| process.start)
}

/// Whether the process that had number `pid` and start time `start` still runs.
pub fn alive(pid: u32, start: u64) -> bool {
    process(pid).is_some_and(|process| process.start == start && !process.dead)
}

/// Whether process `pid` was stopped, with all its threads, or has ended.
pub fn is_still(pid: u32) -> bool {
    system::is_still(pid)
}

/// Whether a thread of process `pid` is in a system call that no signal interrupts: a stop reaches it
/// only when that call is over.
pub fn is_uninterruptible(pid: u32) -> bool {
    system::is_uninterruptible(pid)
}

/// Which processes are looked for: all that one of the fields names, and all their descendants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The descendants of this process.
    pub below: Option<u32>,
    /// The members of these sessions, each with the start time of its first process.
    pub sessions: Vec<(u32, u64)>,
    /// Those that carry a claim tag of this task.
    pub task: Option<Sought>,
    /// Orphans that came to us, as the subreaper, out of other sessions and without a claim tag:
    /// what is left of a supervisor that was killed.
    pub adopted: bool,
    /// When the attempt began at the earliest. Whoever was there before it neither was adopted from
    /// it nor hides from us: without it nobody does. A claim tag counts whenever its process began.
    pub since: Option<u64>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The processes, dead ones that nobody reaped yet among them; never ourselves.
    pub processes: Vec<Process>,
    /// Groups of which every member was found, so that they may be signalled as a whole.
    pub groups: Vec<u32>,
    /// Processes of our own user, as old as the attempt or younger, whose environment could not be
    /// read while claim tags were looked for.
    pub unreadable: Vec<u32>,
}

impl Found {
    /// Those that still run.
    pub fn living(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| !process.dead)
    }

    /// Whether none still runs.
    pub fn is_over(&self) -> bool {
        self.living().next().is_none()
    }
}

/// Looks for processes.
pub fn find(wanted: &Wanted) -> io::Result<Found> {
    let all = processes()?;
    let own = std::process::id();
    let mut found = Found::default();
    let mut chosen: HashSet<u32> = HashSet::new();
    let home = all.iter().find(|p| p.pid == own).map_or(0, |p| p.session);
    let needs_tags = wanted.task.is_some() || wanted.adopted;
    for process in all.iter().filter(|p| p.pid != own && p.pid != 1) {
        let recent = wanted.since.is_some_and(|since| process.start >= since);
        let look = needs_tags && !process.dead;
        let carried = if look { carried_by(process.pid)? } else { Carried::Absent };
        if carried == Carried::Unreadable && recent {
            found.unreadable.push(process.pid);
        }
        let adopted = wanted.adopted
            && process.parent == own
            && own != 1
            && process.session != home
            && recent
            && carried == Carried::Absent;
        let ours = match wanted.task.as_ref().filter(|_| look) {
            Some(task) => belongs(process.pid, &carried, task)?,
            None => false,
        };
        if adopted || ours || wanted.sessions.iter().any(|session| is_in(process, *session, &all)) {
            chosen.insert(process.pid);
        }
    }
    add_descendants(&all, wanted.below, &mut chosen);
    chosen.remove(&own);
    found.processes = all.iter().filter(|p| chosen.contains(&p.pid)).copied().collect();
    let mut shared: HashMap<u32, bool> = HashMap::new();
    for process in &all {
        let whole = shared.entry(process.group).or_insert(true);
        *whole &= chosen.contains(&process.pid);
    }
    found.groups = shared.into_iter().filter(|(g, whole)| *whole && *g > 1).map(|e| e.0).collect();
    Ok(found)
}

/// Whether `process` is in the session, and the session is still the one that started then.
fn is_in(process: &Process, (session, start): (u32, u64), all: &[Process]) -> bool {
    let reused = || all.iter().any(|leader| leader.pid == session && leader.start != start);
    process.session == session && process.start >= start && !reused()
}

fn add_descendants(all: &[Process], root: Option<u32>, chosen: &mut HashSet<u32>) {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for process in all {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut left: Vec<u32> = chosen.iter().copied().chain(root).collect();
    while let Some(parent) = left.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if chosen.insert(*child) {
                left.push(*child);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_itself() {
        let own = process(std::process::id()).unwrap();
        assert!(alive(own.pid, own.start));
        assert!(!alive(own.pid, own.start + 1));
        assert!(processes().unwrap().iter().any(|p| p.pid == own.pid && p.start == own.start));
        assert_eq!(process(0), None);
    }

    #[test]
    fn ancestors_begin_with_ourselves_and_end_with_the_first() {
        let above = ancestors();
        assert_eq!(above.first().map(|p| p.pid), Some(std::process::id()));
        assert!(above.windows(2).all(|pair| pair[0].parent == pair[1].pid));
        assert_eq!(above.last().map(|p| process(p.parent)), Some(None));
        assert_eq!(carried_above().len(), above.len());
    }

    #[test]
    fn descendants_of_a_circle_end() {
        let process =
            |pid, parent| Process { pid, parent, group: 1, session: 1, start: 0, dead: false };
        let all = [process(2, 3), process(3, 2), process(4, 3)];
        let mut chosen = HashSet::new();
        add_descendants(&all, Some(2), &mut chosen);
        assert_eq!(chosen.len(), 3);
    }
}
