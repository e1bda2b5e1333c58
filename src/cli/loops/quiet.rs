//! `stop --wait` and `pause --wait`: waits until the loops have exited, or have suspended what they
//! run.

use super::target::Target;
use crate::claims::{ThisHost, worker_alive};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::session::Session;
use crate::store::control::{Request, Serving};
use std::collections::BTreeSet;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

/// How often the entries of the loops are polled. Reading an entry opens it, so a file system watch
/// would be triggered by our own reads.
const POLL: Duration = Duration::from_millis(50);

/// Waits until no loop of the queues is alive.
pub(crate) fn until_gone(
    targets: &[Target],
    limit: Option<Duration>,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    wait(limit, "still running", session, |session| Ok(left(targets, session, |_, _| true)))
}

/// Waits until nothing runs for the queues, and none of their files is written.
pub(crate) fn until_still(
    targets: &[Target],
    limit: Option<Duration>,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let control = session.control();
    let paused = |target: &Target| control.asked(&target.key, Request::Pause);
    let asked: Vec<_> = targets.iter().map(paused).collect();
    wait(limit, "not paused yet", session, |session| {
        if let Some(resumed) = targets.iter().find(|target| paused(target).is_none()) {
            let text = format!("{} was resumed meanwhile", resumed.name);
            return Err(Failure::new(FailureKind::Waiting, text));
        }
        // It is still for this pause, or for a later one.
        Ok(left(targets, session, |at, about| asked[at].is_none() || about.still < asked[at]))
    })
}

/// Returns the processes of the loops that serve one of the queues and are `wanted`: from their
/// entries, and if there are none, from the claims in the queues, because entries may be missing
/// for a moment.
fn left(
    targets: &[Target],
    session: &Session<'_>,
    wanted: impl Fn(usize, &Serving) -> bool,
) -> BTreeSet<u32> {
    let control = session.control();
    let mut left = BTreeSet::new();
    let mut entered = BTreeSet::new();
    for (at, target) in targets.iter().enumerate() {
        for about in control.serving(&target.key) {
            entered.insert(about.pid);
            if wanted(at, &about) {
                left.insert(about.pid);
            }
        }
    }
    if left.is_empty() {
        left.extend(targets.iter().flat_map(|target| claimants(target, session)));
        left.retain(|pid| !entered.contains(pid));
    }
    left
}

/// Returns the live processes of this machine with claims in the queue, if it can be read.
fn claimants(target: &Target, session: &Session<'_>) -> BTreeSet<u32> {
    let opened =
        session.select(&target.queues()).ok().and_then(|found| session.open_project(found).ok());
    let Some(project) = opened else { return BTreeSet::new() };
    let system = ThisHost::current();
    let tasks = project.served().iter().flat_map(|queue| queue.tasks());
    tasks.filter_map(|task| worker_alive(task.claim()?, &system)).collect()
}

fn wait(
    limit: Option<Duration>,
    what: &str,
    session: &mut Session<'_>,
    mut left: impl FnMut(&Session<'_>) -> Result<BTreeSet<u32>, Failure>,
) -> Result<(), Failure> {
    let begin = Instant::now();
    let mut told = session.global.quiet;
    loop {
        let left = left(session)?;
        if left.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = left.iter().map(u32::to_string).collect();
        let loops = match left.len() {
            1 => format!("1 loop (process {})", names[0]),
            many => format!("{many} loops (processes {})", names.join(", ")),
        };
        if limit.is_some_and(|limit| begin.elapsed() >= limit) {
            let text = format!("timed out: {loops} {what}; the request stays in effect");
            return Err(Failure::new(FailureKind::Budget, text));
        }
        if !std::mem::replace(&mut told, true) {
            writeln!(session.streams.err, "waiting for {loops}")?;
        }
        let over = limit.map(|limit| limit.saturating_sub(begin.elapsed()));
        thread::sleep(over.map_or(POLL, |over| over.min(POLL)));
    }
}
