//! `wait`: for scripts, until tasks are complete or nothing happens any more.

use crate::cli::args::{Until, WaitArgs};
use crate::cli::failure::Failure;
use crate::cli::follow::Follow;
use crate::cli::reading::{Reading, Scene};
use crate::cli::session::Session;
use crate::engine::{Ending, Reason};
use crate::plan::{Node, Prospect, State};
use crate::store::{QueueStore, workers};
use crate::views::json;
use std::collections::HashSet;
use std::io::Write;

/// How the waited-for tasks stand.
struct Standing {
    over: bool,
    ending: Ending,
    json: Option<Vec<u8>>,
}

pub(super) fn run(args: &WaitArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_by_flags(&args.queues)?;
    let mut reading = Reading::open(session, selection)?;
    let mut follow = Follow::new(&reading.dirs());
    let mut told = session.global.quiet;
    loop {
        let standing = reading.look(|scene| standing(scene, args))?;
        if standing.over {
            if let Some(json) = standing.json {
                session.print(json)?;
            }
            return super::run::end(&standing.ending, session);
        }
        if !std::mem::replace(&mut told, true) && !any_loop(&reading) {
            writeln!(session.streams.err, "no loop serves these queues now; waiting for one")?;
        }
        // That nobody reads the output does not matter: the exit status is what counts.
        let _read = follow.wait();
        reading.store.read()?;
    }
}

fn any_loop(reading: &Reading) -> bool {
    (0..reading.set.served()).any(|queue| workers::any_live(&reading.set.state(queue)))
}

fn standing(scene: &Scene<'_>, args: &WaitArgs) -> Result<Standing, Failure> {
    let ids: Result<HashSet<Node>, Failure> = args.ids.iter().map(|id| scene.find(id)).collect();
    let ids = ids?;
    let graph = &scene.structure.graph;
    let waited = |node: Node| {
        if ids.is_empty() {
            graph.location(node).0 < scene.set.served()
        } else {
            ids.contains(&node)
        }
    };
    let over = match args.until {
        Until::Complete => {
            // Somebody's loop may run anything that is loaded.
            let prospects = scene.readiness.prospects(|_| true);
            graph.nodes().filter(|&node| waited(node)).all(|node| {
                matches!(
                    prospects[node.0 as usize],
                    Prospect::Done | Prospect::Stuck | Prospect::Person | Prospect::Question
                )
            })
        }
        Until::Idle => graph.nodes().filter(|&node| waited(node)).all(|node| {
            let manual = scene.structure.agents.of(node).is_some_and(|agent| agent.manual);
            match scene.readiness.state(node) {
                State::Ready => false,
                State::InProgress => manual,
                State::Waiting | State::Complete | State::Blocked | State::Parked => true,
            }
        }),
    };
    // Not the tasks of a run: nothing is to be said of running them again.
    let attempts = 1;
    let outlook = scene.readiness.outlook(waited);
    let ending = Ending::new(Reason::Done, outlook, attempts, |node| graph.reference(node));
    let json = (over && args.json)
        .then(|| json::object(&scene.sight().written_status(&waited, !ids.is_empty())))
        .transpose()?;
    Ok(Standing { over, ending, json })
}
