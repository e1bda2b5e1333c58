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
use crate::platform::open;
use crate::store::requests::{PAUSE, STOP, date, is_still};
use crate::views::escape;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

pub(super) fn run(args: &SignalArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = loops::targets(args, session)?;
    let mut removed = 0_usize;
    let mut held = false;
    for target in &targets {
        loops::check(target)?;
    }
    judge_the_still(&targets, session);
    for target in &targets {
        for path in files(target, args.all) {
            if let Some(stray) = open::obstacle(&path) {
                let text = format!("warning: not a request file, not removed: {stray}");
                writeln!(session.streams.err, "{}", escape::line(&text))?;
                continue;
            }
            match fs::remove_file(&path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let shown = path.display();
                    return Err(Failure::internal(format_args!(
                        "failed to remove {shown}: {error}"
                    )));
                }
            }
        }
        held |= [STOP, PAUSE].iter().any(|verb| date(&target.state.request(verb, None)).is_some());
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
        let names: Vec<&str> = targets.iter().map(|target| target.stem.as_str()).collect();
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
    for target in targets.iter().filter(|target| is_still(&target.state, &target.stem)) {
        let judged = loops::opened(target, session).and_then(|mut project| {
            project.update(|_, _| Ok(()))?;
            Ok(())
        });
        if let Err(failure) = judged {
            let text = format!(
                "warning: edits of {} are checked later, by its loops: {}",
                target.stem, failure.message
            );
            drop(writeln!(session.streams.err, "{}", escape::line(&text)));
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

/// Returns the request files that a resume removes.
fn files(target: &Target, all: bool) -> Vec<PathBuf> {
    let state = &target.state;
    if !all {
        return [STOP, PAUSE].map(|verb| state.request(verb, Some(&target.stem))).to_vec();
    }
    let Ok(entries) = fs::read_dir(state.root()) else { return Vec::new() };
    let is_request = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        [STOP, PAUSE]
            .iter()
            .any(|verb| name.strip_prefix(verb).is_some_and(|rest| rest.starts_with('-')))
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_request).collect()
}
