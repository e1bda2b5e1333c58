//! `stop`, `pause`, `resume`: what is asked of running loops, by files in the state folder.
//!
//! The queue file itself is not needed for this: loops on a broken one can be stopped too. Where it
//! can be read, `resume` has what a person wrote in the pause judged as that.

use super::quiet;
use crate::cli::args::{AskArgs, QueueArgs, SignalArgs};
use crate::cli::failure::Failure;
use crate::cli::inside::refused;
use crate::cli::session::Session;
use crate::config::Selection;
use crate::domain::EventKind;
use crate::engine;
use crate::platform::checks;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::ids::RandomIds;
use crate::platform::open;
use crate::project::Project;
use crate::store::requests::{self, PAUSE, STOP, date, is_still};
use crate::store::{Backoffs, Patience, QueueStore, StateDir, new_event, queue_name, workers};
use crate::views::escape;
use serde_json::Map;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

pub(super) fn stop(args: &AskArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = ask(STOP, EventKind::Stopped, &args.loops, session)?;
    let paused = |target: &Target| target.asked(PAUSE).is_some();
    if targets.iter().any(paused) && !session.global.quiet {
        let text = "what is paused ends after workloop resume";
        writeln!(session.streams.err, "{text}")?;
    }
    if args.wait { quiet::until_gone(&targets, args.timeout, session) } else { Ok(()) }
}

pub(super) fn pause(args: &AskArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = ask(PAUSE, EventKind::Paused, &args.loops, session)?;
    if args.wait { quiet::until_still(&targets, args.timeout, session) } else { Ok(()) }
}

/// A queue whose loops are spoken to: its state folder and its file stem.
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) state: StateDir,
    pub(super) stem: String,
}

impl Target {
    /// The same as arguments.
    pub(super) fn queues(&self) -> QueueArgs {
        QueueArgs { queues: vec![self.path.clone()], ..QueueArgs::default() }
    }

    /// When this was asked of its loops last, if it is still asked.
    pub(super) fn asked(&self, verb: &str) -> Option<SystemTime> {
        requests::asked(&self.state, &self.stem, verb)
    }
}

fn ask(
    verb: &str,
    kind: EventKind,
    args: &SignalArgs,
    session: &mut Session<'_>,
) -> Result<Vec<Target>, Failure> {
    let targets = targets(args, session)?;
    for target in &targets {
        check(target)?;
        let name = (!args.all).then_some(target.stem.as_str());
        put(&target.state, &target.state.request(verb, name)).map_err(|error| {
            let dir = target.state.root().display();
            Failure::internal(format_args!("failed to write the request into {dir}: {error}"))
        })?;
    }
    note(kind, &targets, session);
    for (folder, names) in folders(&targets) {
        let alive = workers::live(folder).len();
        let what = if args.all { "all queues".to_owned() } else { names };
        if !session.global.quiet {
            let loops = if alive == 1 { "1 loop".to_owned() } else { format!("{alive} loops") };
            let dir = folder.root().parent().unwrap_or(folder.root()).display();
            let text = format!("asked to {verb}: {what} ({loops} alive in {dir})");
            writeln!(session.streams.out, "{}", escape::line(&text))?;
        }
    }
    Ok(targets)
}

pub(super) fn resume(args: &SignalArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = targets(args, session)?;
    let mut removed = 0_usize;
    let mut held = false;
    for target in &targets {
        check(target)?;
    }
    judge_the_still(&targets, session);
    for target in &targets {
        for path in files(target, args.all) {
            if let Some(stray) = open::obstacle(&path) {
                let text = format!("warning: no request, and left there: {stray}");
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
        note(EventKind::Resumed, &targets, session);
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
            let text = format!("agent {agent} is tried again at once");
            writeln!(session.streams.out, "{}", escape::line(&text))?;
        }
    }
    if held {
        let text = "all queues there are still stopped or paused: workloop resume --all";
        writeln!(session.streams.err, "{text}")?;
    }
    Ok(())
}

/// Judges what is in the files of queues that stand still, while it can be told that a person wrote
/// it.
fn judge_the_still(targets: &[Target], session: &mut Session<'_>) {
    for target in targets.iter().filter(|target| is_still(&target.state, &target.stem)) {
        let judged = opened(target, session).and_then(|mut project| {
            project.update(|_, _| Ok(()))?;
            Ok(())
        });
        if let Err(failure) = judged {
            let text = format!(
                "warning: {} is judged by its loops when it can be: {}",
                target.stem, failure.message
            );
            drop(writeln!(session.streams.err, "{}", escape::line(&text)));
        }
    }
}

/// Ends the pauses of agents that failed within seconds, in the projects of the queues; gives their
/// names.
fn end_rests(targets: &[Target], session: &Session<'_>) -> Result<Vec<String>, Failure> {
    let mut roots = BTreeSet::new();
    for target in targets {
        let selection = session.select(&target.queues())?;
        // A queue that cannot be read does not say of which project it is.
        roots.extend(match session.open_project(selection.clone()) {
            Ok(project) => project.set().roots().map(|root| root.path.clone()).collect(),
            Err(_) => {
                let config = &selection.config;
                let root = |queue| config.root_for(queue, None).path;
                selection.queues.iter().map(root).collect::<Vec<_>>()
            }
        });
    }
    let mut agents = Vec::new();
    for root in &roots {
        for backoff in Backoffs::of(root).all().into_iter().filter(|it| it.failures > 0) {
            engine::end_pause(root, &backoff.agent, &RandomIds)?;
            agents.push(backoff.agent);
        }
    }
    Ok(agents)
}

fn opened(target: &Target, session: &mut Session<'_>) -> Result<Project, Failure> {
    let selection = session.select(&target.queues())?;
    session.open(selection)
}

/// The request files that a resume takes away.
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

fn targets(args: &SignalArgs, session: &Session<'_>) -> Result<Vec<Target>, Failure> {
    let selection =
        if args.all { session.select_all(&args.queues)? } else { session.select(&args.queues)? };
    refuse_inside(&selection, session)?;
    let target = |path: PathBuf| {
        let path = checks::real_path(&path)?;
        let state = StateDir::beside(&path);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Target { path, state, stem })
    };
    selection.queues.into_iter().map(|queue| target(queue.path)).collect()
}

/// Refuses to steer the loops of the project of an attempt from inside of it.
fn refuse_inside(selection: &Selection, session: &Session<'_>) -> Result<(), Failure> {
    let inside = session.inside();
    if !inside.is_any() {
        return Ok(());
    }
    if let Ok(project) = session.open_project(selection.clone()) {
        return session.refuse_inside(project.set());
    }
    // A broken queue does not say of which project it is.
    for queue in &selection.queues {
        let root = selection.config.root_for(queue, None);
        if inside.owns(&checks::real_path(&queue.path)?, &root.path) {
            return Err(refused(&queue.shown.display().to_string()));
        }
    }
    Ok(())
}

/// Each state folder once, with the names of its queues.
fn folders(targets: &[Target]) -> Vec<(&StateDir, String)> {
    let mut folders: Vec<(&StateDir, String)> = Vec::new();
    for target in targets {
        match folders.iter_mut().find(|(state, _)| **state == target.state) {
            Some((_, names)) => names.push_str(&format!(", {}", target.stem)),
            None => folders.push((&target.state, target.stem.clone())),
        }
    }
    folders
}

/// Refuses a folder that is not to be trusted or cannot be written.
fn check(target: &Target) -> Result<(), Failure> {
    let (state, folder) = (target.state.root(), target.path.parent());
    match checks::refusal(state) {
        Ok(Some(reason)) => return Err(Failure::usage(reason)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(None) | Err(_) => {}
    }
    let place = if state.is_dir() { Some(state) } else { folder };
    match place.filter(|place| !checks::is_writable(place)) {
        Some(place) => {
            let place = place.display();
            Err(Failure::usage(format_args!("the folder {place} is read-only for you")))
        }
        None => Ok(()),
    }
}

/// Writes a request file; one that is there already gets a new date.
fn put(state: &StateDir, path: &std::path::Path) -> io::Result<()> {
    state.ensure(state.root())?;
    // Never without a file in between, which would be a resume.
    let (mut file, _) = open::in_place_of_others(path, open::existing_or_new)?;
    file.write_all(b"asked by a person\n")
}

/// Notes it in the journal, as far as the queues can be read: the request stands without that.
fn note(kind: EventKind, targets: &[Target], session: &mut Session<'_>) {
    for target in targets {
        let noted = opened(target, session).and_then(|mut project| {
            // No change of the queue: in a pause its file is somebody's who merges it just now.
            let name = queue_name(&project.queues()[0]);
            let event = new_event(kind, SystemClock.now(), name, Map::new());
            project.store_mut().note(Patience::Limited, 0, vec![event])?;
            Ok(())
        });
        if let Err(failure) = noted {
            let text = failure.message;
            drop(writeln!(
                session.streams.err,
                "warning: not noted in the journal: {}",
                escape::line(&text)
            ));
        }
    }
}
