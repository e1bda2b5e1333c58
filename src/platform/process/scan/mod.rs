//! The process table: who is alive, who descends from whom, who carries a claim tag.
//!
//! Every supervisor and every command under it has a claim tag in its environment ([`claim_tag`]).
//! On Linux everything is read from `/proc`. Elsewhere it is read from `ps`: there start times have
//! whole seconds, and an environment that another user or the system protects counts as one without
//! a tag.
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

/// Returns all visible processes.
pub fn processes() -> io::Result<Vec<Process>> {
    system::processes()
}

/// Returns the ids of all visible processes, including dead ones and kernel threads.
pub fn pids() -> io::Result<Vec<u32>> {
    system::pids()
}

/// Returns whether a visible process runs `program` with the argument `word`.
pub fn runs(program: &str, word: &str) -> bool {
    system::command_lines().any(|line| {
        let mut words = line.split(|byte| *byte == 0);
        let name = words.next().and_then(|path| path.rsplit(|byte| *byte == b'/').next());
        name == Some(program.as_bytes()) && words.any(|one| one == word.as_bytes())
    })
}

/// Returns why the process table cannot be trusted, and what to do; `None` if it can.
pub fn distrust() -> Option<String> {
    system::distrust()
}

/// Returns one process; `None` if there is none with that id.
pub fn process(pid: u32) -> Option<Process> {
    system::process(pid)
}

/// Reads the claim tags in the environment that process `pid` was started with.
///
/// # Errors
/// Errors that prove nothing about the process: it may carry any tag.
pub fn carried_by(pid: u32) -> io::Result<Carried> {
    system::carried_by(pid)
}

/// Reads the claim tags in the environments of this process and of its ancestors, the nearest
/// first.
pub fn carried_above() -> Vec<Carried> {
    /// How often the chain of ancestors may change while it is read.
    const TRIES: u32 = 100;
    let mut carried = Vec::new();
    for _ in 0..TRIES {
        let above = ancestors();
        let carried_by = |process: &Process| carried_by(process.pid).unwrap_or(Carried::Unreadable);
        carried = above.iter().map(carried_by).collect();
        // When a parent ends, its child gets another one, which the first read did not include.
        if ancestors() == above {
            break;
        }
    }
    carried
}

/// Returns this process, its parent, and so on, up to the first visible process.
fn ancestors() -> Vec<Process> {
    let mut above: Vec<Process> = Vec::new();
    let mut next = process(std::process::id());
    while let Some(found) = next.filter(|found| above.iter().all(|seen| seen.pid != found.pid)) {
        above.push(found);
        next = process(found.parent);
    }
    above
}

/// Returns whether process `pid`, whose environment contains `carried`, belongs to the task that is
/// searched for. A process that has emptied its environment is identified by the limit that it
/// inherited.
fn belongs(pid: u32, carried: &Carried, sought: &Sought) -> io::Result<bool> {
    match carried {
        Carried::Tags { .. } => Ok(sought.is_carried(carried)),
        Carried::Absent | Carried::Unreadable => {
            Ok(Limits::of(pid)?.is_some_and(|limits| limits.name_any(sought.lasting())))
        }
    }
}

/// Returns the start time of process `pid`.
pub fn start_time(pid: u32) -> Option<u64> {
    process(pid).map(|process| process.start)
}

/// Returns whether the process with id `pid` and start time `start` still runs.
pub fn alive(pid: u32, start: u64) -> bool {
    process(pid).is_some_and(|process| process.start == start && !process.dead)
}

/// Returns whether process `pid` was stopped with all its threads, or has ended.
pub fn is_still(pid: u32) -> bool {
    system::is_still(pid)
}

/// Returns whether a thread of process `pid` is in an uninterruptible system call: a stop takes
/// effect only after that call.
pub fn is_uninterruptible(pid: u32) -> bool {
    system::is_uninterruptible(pid)
}

/// Which processes to find: those that any of the fields selects, and all their descendants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Selects the descendants of this process.
    pub below: Option<u32>,
    /// Selects the members of these sessions, each with the start time of its first process.
    pub sessions: Vec<(u32, u64)>,
    /// Selects the processes that carry a claim tag of this task.
    pub task: Option<Sought>,
    /// Selects orphans that this process adopted as the subreaper, of other sessions and without a
    /// claim tag: what is left of a supervisor that was killed.
    pub adopted: bool,
    /// The earliest start of the attempt. An older process was not adopted from it and does not
    /// hide; without this value, no process counts as adopted or hidden. A claim tag counts
    /// whenever its process started.
    pub since: Option<u64>,
}

/// The result of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The processes, including dead ones that were not reaped yet; never this process.
    pub processes: Vec<Process>,
    /// Groups of which every member was found, so that they may be signalled as a whole.
    pub groups: Vec<u32>,
    /// Processes of our own user, not older than the attempt, whose environment could not be read
    /// while searching for claim tags.
    pub unreadable: Vec<u32>,
}

impl Found {
    /// Returns those that still run.
    pub fn living(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| !process.dead)
    }

    /// Returns whether none still runs.
    pub fn is_over(&self) -> bool {
        self.living().next().is_none()
    }
}

/// Finds processes.
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

/// Returns whether `process` is in the session, and the session is still the one that started then.
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

    fn entry(pid: u32, session: u32, start: u64) -> Process {
        Process { pid, parent: 1, group: session, session, start, dead: false }
    }

    /// The id of a session may be that of another one by now.
    #[test]
    fn a_process_is_in_a_session_only_if_that_is_still_the_same() {
        let (leader, member, other) = (entry(10, 10, 100), entry(11, 10, 120), entry(12, 12, 130));
        let all = [leader, member, other];
        assert!(is_in(&leader, (10, 100), &all) && is_in(&member, (10, 100), &all));
        assert!(!is_in(&other, (10, 100), &all));
        assert!(!is_in(&member, (10, 90), &all), "the leader is another one");
        assert!(is_in(&member, (10, 90), &[member]), "the leader has ended");
        assert!(!is_in(&member, (10, 121), &[member]), "it is older than the session");
    }

    #[test]
    fn what_was_found_is_over_when_all_of_it_is_dead() {
        let dead = Process { dead: true, ..entry(11, 10, 120) };
        let found =
            |processes: &[Process]| Found { processes: processes.to_vec(), ..Found::default() };
        assert!(found(&[]).is_over() && found(&[dead]).is_over());
        let some = found(&[dead, entry(12, 10, 130)]);
        assert!(!some.is_over());
        assert_eq!(some.living().map(|process| process.pid).collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_only_below() {
        let below = |pid, parent| Process { parent, ..entry(pid, 1, 0) };
        let all = [below(2, 1), below(3, 2), below(4, 3), below(5, 1), below(6, 5)];
        let of = |root: Option<u32>, chosen: &[u32]| {
            let mut chosen: HashSet<u32> = chosen.iter().copied().collect();
            add_descendants(&all, root, &mut chosen);
            let mut chosen: Vec<u32> = chosen.into_iter().collect();
            chosen.sort_unstable();
            chosen
        };
        assert_eq!(of(Some(2), &[]), [3, 4], "the root itself is not chosen");
        assert_eq!(of(None, &[5]), [5, 6]);
        assert_eq!(of(Some(5), &[3]), [3, 4, 6]);
        assert!(of(None, &[]).is_empty() && of(Some(99), &[]).is_empty());
    }

    #[test]
    fn nothing_is_found_where_nothing_is_wanted() {
        let own = process(std::process::id()).unwrap();
        let none = find(&Wanted::default()).unwrap();
        assert_eq!((none.processes.len(), none.unreadable.len()), (0, 0));
        let session = Wanted { sessions: vec![(own.session, own.start + 1)], ..Wanted::default() };
        assert!(
            find(&session).unwrap().processes.iter().all(|found| found.pid != own.pid),
            "never ourselves"
        );
        assert!(!runs("no-such-program", "word"));
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
