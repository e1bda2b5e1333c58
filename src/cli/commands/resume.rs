//! `resume`: withdraws the requests of `stop` and `pause`.
//!
//! Edits that a person made to a readable queue during the pause are recorded as such first.

use crate::cli::args::SignalArgs;
use crate::cli::failure::Failure;
use crate::cli::loops::{self, Target};
use crate::cli::session::Session;
use crate::domain::EventKind;
use crate::engine;
use crate::platform::ids::RandomIds;
use crate::store::control::Whom;
use crate::views::escape;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

pub(super) fn run(args: &SignalArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = loops::targets(args, session)?;
    for target in &targets {
        loops::check(target, session)?;
    }
    judge_the_still(&targets, session);
    let (control, mut removed, mut held) = (session.control(), 0_usize, false);
    let whom = if args.all { Whom::Group } else { Whom::Queue };
    for target in &targets {
        let withdrawn = control.withdraw(&target.key, whom)?;
        for stray in withdrawn.strays {
            let text = format!("warning: not a request file, not removed: {stray}");
            writeln!(session.streams.err, "{}", escape::line(&text))?;
        }
        removed += withdrawn.count;
        held |= withdrawn.group_is_asked;
    }
    if removed > 0 {
        loops::note(EventKind::Resumed, &targets, session);
    }
    let agents = end_rests(&targets, session)?;
    if !session.global.quiet {
        let text = match removed {
            0 => "nothing was stopped or paused",
            _ => "asked to continue",
        };
        let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        writeln!(session.streams.out, "{text}: {}", escape::line(&names.join(", ")))?;
        for agent in agents {
            let text = format!("agent {agent} is retried at once");
            writeln!(session.streams.out, "{}", escape::line(&text))?;
        }
    }
    if held {
        let text = "all queues of this folder are still stopped or paused: workloop resume --all";
        writeln!(session.streams.err, "{text}")?;
    }
    Ok(())
}

/// Examines the files of queues that are at rest, while any edit in them is still known to be made
/// by a person.
fn judge_the_still(targets: &[Target], session: &mut Session<'_>) {
    let control = session.control();
    for target in targets.iter().filter(|target| control.is_still(&target.key)) {
        let judged = loops::opened(target, session).and_then(|mut project| {
            project.update(|_, _| Ok(()))?;
            Ok(())
        });
        if let Err(failure) = judged {
            let text = format!(
                "warning: edits of {} are checked later, by its loops: {}",
                target.name, failure.message
            );
            drop(writeln!(session.streams.err, "{}", escape::lines(&text)));
        }
    }
}

/// Ends the pauses of agents that failed within seconds, in the projects of the queues. Returns the
/// names of these agents.
fn end_rests(targets: &[Target], session: &Session<'_>) -> Result<Vec<String>, Failure> {
    let mut agents = Vec::new();
    let mut known = BTreeSet::new();
    for target in targets {
        let selection = session.select(&target.queues())?;
        let config = selection.config.clone();
        // The project of an unreadable queue is unknown; the configured root is used.
        let roots: Vec<PathBuf> = match session.open_project(selection.clone()) {
            Ok(project) => project.set().roots().map(|root| root.path.clone()).collect(),
            Err(_) => {
                let root = |queue| config.root_for(queue, None).path;
                selection.queues.iter().map(root).collect()
            }
        };
        for root in roots {
            if known.insert(root.clone()) {
                agents.extend(engine::end_pauses(&config, &root, &RandomIds)?);
            }
        }
    }
    Ok(agents)
}
