//! `wait`: waits, for scripts, until tasks are complete, nothing runs, or no loop is left.

use crate::cli::args::{Until, WaitArgs};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::engine::{Ending, Reason};
use crate::plan::{Node, Resolution, State};
use crate::views::fold::folded;
use crate::views::{escape, json};
use std::collections::HashSet;
use std::io::Write;
use std::time::{Duration, Instant};

/// How often to poll for loops, because their end causes no notification.
const LOOPS: Duration = Duration::from_millis(100);

/// How long to wait for a new loop without a `--timeout`.
const PATIENCE: Duration = Duration::from_secs(5);

/// The state of the awaited tasks.
struct Progress {
    over: bool,
    ending: Ending,
    json: Option<Vec<u8>>,
}

pub(super) fn run(args: &WaitArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (mut ids, queues) = session.ids_and_queues(&args.words, &args.queues);
    ids.extend(args.task_ids.iter().cloned());
    let selection = session.select_to_read(&queues)?;
    let mut reading = Reading::open(session, selection)?;
    let mut follow = reading.follow();
    let mut told = session.global.quiet;
    let begin = Instant::now();
    let mut alone = begin;
    loop {
        let served = serves(&reading);
        if served {
            alone = Instant::now();
        }
        let wanted = Wanted { args, ids: &ids, served };
        let progress = reading.look(|snapshot| progress(snapshot, &wanted))?;
        // While loops run, a task may be complete by an edit that they are about to put back.
        let sure =
            !served || args.until == Until::Gone || reading.project.store_mut().is_recorded();
        if progress.over && sure {
            if let Some(json) = progress.json {
                session.print(json)?;
            }
            return end(args.until, served, &progress.ending, session);
        }
        let left = args.timeout.map(|limit| limit.saturating_sub(begin.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(timed_out(args, served, &progress.ending, session)?);
        }
        let nobody = !served && alone.elapsed() >= PATIENCE;
        if nobody && args.until == Until::Complete && args.timeout.is_none() {
            return Err(unserved(&progress.ending, session)?);
        }
        if !std::mem::replace(&mut told, true) && !served {
            let long = args.timeout.unwrap_or(PATIENCE);
            let text = format!("no loop serves these queues now; waiting {long:?} for one");
            writeln!(session.streams.err, "{text}")?;
        }
        let poll = match args.until {
            Until::Complete if !progress.over => Duration::MAX,
            Until::Complete | Until::Idle | Until::Gone => LOOPS,
        };
        // A closed output does not matter: only the exit status counts.
        let _read = follow.wait_for(left.map_or(poll, |left| left.min(poll)));
        reading.project.store_mut().read()?;
    }
}

/// Returns whether any loop serves one of the queues.
fn serves(reading: &Reading) -> bool {
    let set = reading.project.set();
    set.each_served().any(|queue| !set.control().serving(set.real(queue)).is_empty())
}

/// Reports how the wait ended.
fn end(
    until: Until,
    served: bool,
    ending: &Ending,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    match until {
        Until::Gone => say(&format!("no loop serves these queues: {}", ending.so_far()), session),
        Until::Idle if !served && ending.backlog.ready > 0 => Err(unserved(ending, session)?),
        Until::Idle | Until::Complete => super::run::end(ending, session),
    }
}

/// Reports that no loop serves the remaining tasks.
fn unserved(ending: &Ending, session: &mut Session<'_>) -> Result<Failure, Failure> {
    let what = match ending.backlog.ready {
        0 => "no loop serves the remaining tasks".to_owned(),
        ready => format!("{ready} ready, but no loop serves them: {}", ending.typed.verb("run")),
    };
    say(&format!("{}; {what}", ending.so_far()), session)?;
    Ok(Failure::silent(FailureKind::Waiting))
}

fn timed_out(
    args: &WaitArgs,
    served: bool,
    ending: &Ending,
    session: &mut Session<'_>,
) -> Result<Failure, Failure> {
    let limit = args.timeout.unwrap_or_default();
    let left = match (ending.is_complete(), served) {
        (true, _) => String::new(),
        (false, true) => format!("; {}", ending.left()),
        (false, false) => "; no loop serves the remaining tasks".to_owned(),
    };
    let text = format!("timed out after {limit:?}: {}{left}", ending.so_far());
    say(&text, session)?;
    Ok(Failure::silent(FailureKind::Budget))
}

/// Writes a line to standard error, wrapped if it is too wide.
fn say(text: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let look = session.look_of_stderr();
    Ok(writeln!(session.streams.err, "{}", folded(&escape::line(text), look))?)
}

/// What to wait for.
struct Wanted<'a> {
    args: &'a WaitArgs,
    ids: &'a [String],
    /// Whether a loop serves one of the queues.
    served: bool,
}

fn progress(snapshot: &Snapshot<'_>, wanted: &Wanted<'_>) -> Result<Progress, Failure> {
    let Wanted { args, served, .. } = wanted;
    let ids: Result<HashSet<Node>, Failure> =
        wanted.ids.iter().map(|id| snapshot.find(id)).collect();
    let ids = ids?;
    let graph = &snapshot.structure.graph;
    let waited = |node: Node| {
        if ids.is_empty() {
            snapshot.set.serves(graph.location(node).0)
        } else {
            ids.contains(&node)
        }
    };
    let mut all = graph.nodes().filter(|&node| waited(node));
    let over = match args.until {
        Until::Complete => {
            // Other loops may run any loaded task.
            let resolutions = snapshot.readiness.resolutions(|_| true);
            all.all(|node| {
                matches!(
                    resolutions[node.0 as usize],
                    Resolution::Done
                        | Resolution::Stuck
                        | Resolution::Person
                        | Resolution::Question
                )
            })
        }
        Until::Idle if *served => all.all(|node| is_idle(snapshot, node)),
        // Without a loop, ready tasks stay ready, and tasks of dead loops are not recovered.
        Until::Idle => all.all(|node| {
            is_idle(snapshot, node) || snapshot.readiness.state(node) != State::InProgress
        }),
        Until::Gone => !served,
    };
    // Not 0, so that the ending does not suggest running the tasks again.
    let attempts = 1;
    let backlog = snapshot.readiness.backlog(waited);
    let ending = Ending::new(Reason::Done, backlog, attempts, |node| graph.reference(node))
        .with_words(|node| snapshot.structure.unknown_word(snapshot.queues, node))
        .typed(&snapshot.set.typed);
    let json = (over && args.json)
        .then(|| json::object(&snapshot.sources().written_status(&waited, !ids.is_empty())))
        .transpose()?;
    Ok(Progress { over, ending, json })
}

/// Returns whether a loop has nothing to do for a task now.
fn is_idle(snapshot: &Snapshot<'_>, node: Node) -> bool {
    let manual = snapshot.structure.agents.of(node).is_some_and(|agent| agent.manual);
    match snapshot.readiness.state(node) {
        State::Ready => false,
        State::InProgress => manual,
        // A loop will retry its agent.
        State::Waiting => !snapshot.readiness.waits_for_agent(node),
        State::Complete | State::Blocked | State::Parked => true,
    }
}
