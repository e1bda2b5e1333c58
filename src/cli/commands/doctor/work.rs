//! Checks the queues, what a run would refuse, agents, claims, loops and red flags.

use crate::agent::{self, AgentProfile, Installed, adapter, installed};
use crate::claims::{ClaimReader, ThisHost};
use crate::cli::detect;
use crate::cli::failure::Failure;
use crate::cli::open::as_typed;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::config::{Config, Selection, Verification};
use crate::domain::{Event, Liveness, Preset, Typed, shell_word};
use crate::engine::{Lines, PreflightError, agent_pauses, survey};
use crate::plan::AgentPause;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::programs;
use crate::project::flags::{FlagKind, red_flags};
use crate::project::{QueueSet, Scope, others_claims};
use crate::store::attempts::reports;
use crate::store::log::{Log, Span};
use crate::store::{StateDir, TaskKey};
use crate::views::doctor::Sign;
use crate::views::style::{count, listed};
use crate::views::text;
use chrono::DateTime;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;

/// The maximum number of red flags to show.
const FLAGS: usize = 5;
/// The maximum number of ids to name.
const NAMES: usize = 5;
/// How many seconds a journal may be ahead of the clock: no clock is exact.
const AHEAD: i64 = 60;

/// Runs all checks of the selected queues. A `wrong` configuration is not checked further: a
/// setting that seems to be missing is most likely in the part that could not be read.
pub(super) fn signs(selection: Selection, wrong: bool, session: &mut Session<'_>) -> Vec<Sign> {
    let (reading, mut signs) = open(selection, session);
    let Some(mut reading) = reading else { return signs };
    if !wrong {
        signs.extend(of_run(&reading, session));
        signs.extend(of_agents(&reading, session));
        let path = session.world.var("PATH").unwrap_or_default();
        signs.extend(of_verification(reading.project.config(), path));
    }
    signs.extend(of_pauses(reading.project.set()));
    let set = reading.project.set();
    signs.push(of_limits(set));
    signs.extend(of_claims(&mut reading));
    let set = reading.project.set();
    signs.push(of_loops(set));
    for (log, of) in set.logs(set.served()) {
        let state = of.first().map(|queue| set.state(*queue));
        signs.extend(state.iter().flat_map(|state| of_journal(log, state, &set.typed)));
    }
    // Reasons of failures quote what commands printed.
    let hidden = |text: &str| reading.mask.text(text).into_owned();
    signs.into_iter().map(|sign| Sign { detail: hidden(&sign.detail), ..sign }).collect()
}

/// Opens the queues that can be read, and reports what is wrong with the others.
fn open(mut selection: Selection, session: &mut Session<'_>) -> (Option<Reading>, Vec<Sign>) {
    let mut signs = Vec::new();
    let mut good = Vec::new();
    for queue in std::mem::take(&mut selection.queues) {
        let shown = queue.shown.display().to_string();
        let alone = Selection { queues: vec![queue.clone()], ..selection.clone() };
        match session.try_open(alone) {
            Ok(reading) => {
                let tasks = reading.project.served().iter().map(|queue| queue.tasks().len()).sum();
                signs
                    .push(Sign::ok("queue", format!("{shown}: {}", count(tasks, "task", "tasks"))));
                good.push(queue);
            }
            Err(error) => {
                let error = as_typed(error, std::slice::from_ref(&queue));
                let text = Failure::from(error).message;
                let first = text.lines().next().unwrap_or_default().to_owned();
                signs.push(Sign::fail(
                    "queue",
                    first,
                    format!("workloop check {}", shell_word(&shown)),
                ));
            }
        }
    }
    let selection = Selection { queues: good, ..selection };
    let reading = (!selection.queues.is_empty()).then(|| session.try_open(selection).ok());
    (reading.flatten(), signs)
}

/// Reports what a run would refuse, each reason once.
fn of_run(reading: &Reading, session: &Session<'_>) -> Vec<Sign> {
    let project = &reading.project;
    let (mut told, mut signs) = (BTreeSet::new(), Vec::new());
    let mut tell = |error: PreflightError| {
        let is_verification = matches!(error, PreflightError::NoVerification);
        let Failure { message, hints, .. } = Failure::from(error);
        if told.insert(message.clone()) {
            // The hint of a missing verification has several lines.
            let hint = hints.into_iter().next().filter(|_| !is_verification);
            let mend = match (hint, is_verification) {
                (Some(hint), _) => hint,
                (None, true) => "add [[verify]] with run = \"…\" to workloop.toml".to_owned(),
                (None, false) => "workloop check".to_owned(),
            };
            signs.push(Sign::fail("run", message, mend));
        }
    };
    let path = session.world.var("PATH");
    survey(project, &Scope::default(), (path, Lines::Looked), &mut tell, &mut |_| {});
    if let Err(failure) = session.refuse_inside(project.set()) {
        signs.push(Sign::fail("run", failure.message, "run it outside the attempt"));
    }
    if let Some(text) = session.exposed(project.set()) {
        signs.push(Sign::warn("records", text, "git init"));
    }
    signs
}

/// Reports each agent and the state of its tool. Runs nothing but `--version`.
fn of_agents(reading: &Reading, session: &Session<'_>) -> Vec<Sign> {
    let config = reading.project.config();
    let chosen = config.agent.iter().map(|agent| &agent.value);
    let all: Vec<&AgentProfile> = chosen.chain(config.agents.values()).collect();
    let has_tools = all.iter().any(|agent| agent.tool.preset != Preset::Command);
    let found = if has_tools { installed(&session.world.vars) } else { Vec::new() };
    let one = |agent: &AgentProfile| {
        let tool = found.iter().find(|one| one.preset == agent.tool.preset);
        of_agent(agent, tool)
    };
    if all.is_empty() {
        let mend = "workloop agents lists what is installed; name one under [agents.default] in workloop.toml";
        return vec![Sign::warn("agent", "none is configured", mend)];
    }
    all.into_iter().map(one).collect()
}

/// Reports the verification steps, by profile, and those that cannot run here.
fn of_verification(config: &Config, path: &OsStr) -> Vec<Sign> {
    let steps = match &config.verification {
        Verification::Off => return vec![Sign::ok("verify", "off: tasks are recorded as SKIPPED")],
        Verification::Flags(steps) => steps,
        Verification::Profiles => &config.steps,
    };
    let mut profiles: Vec<(&str, Vec<String>)> = Vec::new();
    for step in steps {
        let text = format!("{} ({})", step.name, step.command);
        match profiles.iter_mut().find(|(name, _)| *name == step.profile) {
            Some((_, list)) => list.push(text),
            None => profiles.push((&step.profile, vec![text])),
        }
    }
    let one = |(name, list): &(&str, Vec<String>)| format!("{name}: {}", list.join(", "));
    let profiles: Vec<String> = profiles.iter().map(one).collect();
    // A missing verification is reported by `of_run`.
    let all = (!profiles.is_empty()).then(|| Sign::ok("verify", profiles.join("; ")));
    // Checks each command once. `of_run` reports missing programs.
    let modules: BTreeSet<String> = steps
        .iter()
        .map(|step| step.command.to_string())
        .filter(|line| {
            line.split_whitespace().next().is_some_and(|word| programs::find(word, path).is_some())
        })
        .collect();
    let lacking = modules.iter().filter_map(|line| {
        let why = detect::lacking(line, path)?;
        let (why, mend) = why.split_once("; install it: ")?;
        Some(Sign::warn("verify", format!("{line}: {why}"), mend))
    });
    all.into_iter().chain(lacking).collect()
}

/// Reports an agent, and its tool if it has a preset.
fn of_agent(agent: &AgentProfile, tool: Option<&Installed>) -> Sign {
    let named = format!("{}: {}", agent.name, agent.command);
    let Some(tool) = tool else {
        let line = agent.command.to_string();
        let program = line.split_whitespace().next().and_then(|word| word.rsplit('/').next());
        let more = program.and_then(agent::named).map_or_else(String::new, |adapter| {
            format!("; preset = \"{}\" would read limits and costs from its output", adapter.preset)
        });
        return Sign::ok("agent", named + &more);
    };
    let known = adapter(tool.preset);
    // The agent's own `run` may be a different program; `of_run` reports whether that exists.
    if tool.path.is_none() {
        let text = format!("{named}; {} is not installed", tool.preset);
        return match &agent.tool.run {
            Some(_) => Sign::ok("agent", text),
            None => Sign::warn("agent", text, known.install),
        };
    }
    let version = tool.version.as_deref().unwrap_or("version unknown");
    match tool.logged_in {
        Some(true) => Sign::ok("agent", format!("{named}; {version}, logged in")),
        None => Sign::ok("agent", format!("{named}; {version}, login unknown")),
        Some(false) => {
            Sign::warn("agent", format!("{named}; {version}, not logged in"), known.login)
        }
    }
}

/// Reports agents that are paused: a run can begin, but does not start them now.
fn of_pauses(set: &QueueSet) -> Vec<Sign> {
    let pauses = agent_pauses(set, SystemClock.now());
    let one = |pause: &AgentPause| {
        let sentence = pause.sentence(&set.typed);
        Sign::warn("pause", text::paused(&sentence, &pause.reason), set.typed.verb("resume"))
    };
    pauses.iter().map(one).collect()
}

fn of_limits(set: &QueueSet) -> Sign {
    let limits = &set.config.limits;
    let text = format!(
        "{} attempts per task, {} lost ones in a row block it, {} blocked tasks in a row end a run",
        *limits.attempts, *limits.crashes, *limits.consecutive_failures
    );
    let used = [
        ("an attempt", &limits.attempt),
        ("a task", &limits.task),
        ("a run", &limits.run),
        ("a day", &limits.day),
    ];
    let used = used.into_iter().filter(|(_, allowance)| allowance.is_any());
    let used: Vec<String> = used.map(|(of, allowance)| format!("{allowance} {of}")).collect();
    let more =
        if used.is_empty() { String::new() } else { format!("; at most {}", used.join(", ")) };
    Sign::ok("limits", text + &more)
}

/// Reports claims whose workers are gone, and claims whose liveness is unknown.
fn of_claims(reading: &mut Reading) -> Vec<Sign> {
    let system = ThisHost::current();
    reading.look(|snapshot| {
        let reader = ClaimReader::new(&**snapshot.set.claims(), &system);
        let (mut stale, mut untold) = (Vec::new(), Vec::new());
        let claims =
            others_claims(snapshot.set, &snapshot.queues[..snapshot.set.served()], 0, &reader);
        let all = claims.len();
        for (place, liveness) in claims {
            let node = snapshot.structure.graph.node(place.queue, place.task);
            let list = match liveness {
                Liveness::Dead { .. } => &mut stale,
                Liveness::Foreign | Liveness::Unknown(_) => &mut untold,
                Liveness::Ours | Liveness::Alive => continue,
            };
            list.push(snapshot.structure.graph.reference(node));
        }
        let untold = untold.first().map(|first| {
            let text = format!("liveness unknown from here: {}", listed(&untold, NAMES));
            Sign::warn("claims", text, snapshot.set.typed.about("why", first))
        });
        let stale = (!stale.is_empty()).then(|| {
            let text = format!("stale: {}; the next run takes them over", listed(&stale, NAMES));
            Sign::warn("claims", text, snapshot.set.typed.verb("run"))
        });
        let found: Vec<Sign> = untold.into_iter().chain(stale).collect();
        match (found.is_empty(), all) {
            (false, _) => found,
            (true, 0) => vec![Sign::ok("claims", "none")],
            (true, all) => {
                let text = format!("{}, none stale", count(all, "claim", "claims"));
                vec![Sign::ok("claims", text)]
            }
        }
    })
}

fn of_loops(set: &QueueSet) -> Sign {
    let group = |queue| set.control().group(set.real(queue));
    let groups: BTreeMap<PathBuf, usize> = set.each_served().map(group).collect();
    let text = match groups.values().sum() {
        0 => "none runs here".to_owned(),
        loops => format!("{} here", count(loops, "runs", "run")),
    };
    Sign::ok("loops", text)
}

/// Checks the clock against the journal, and reports the red flags in the journal.
fn of_journal(log: &Log, state: &StateDir, typed: &Typed) -> Vec<Sign> {
    let events: Vec<Event> = log.events(Span::Recent).collect();
    let mut signs = Vec::new();
    let last = events.last().and_then(|event| DateTime::parse_from_rfc3339(&event.at).ok());
    let ahead = last.map_or(0, |last| (last.to_utc() - SystemClock.now()).num_seconds());
    if ahead > AHEAD {
        let text = format!("it is {} min behind the last event of the journal", ahead / 60 + 1);
        signs.push(Sign::warn("clock", text, "set the clock: times would go backwards"));
    }
    let folder = state.root().parent().unwrap_or_else(|| state.root());
    let of_task =
        |queue: &str, task: &str| reports(state, &TaskKey::new(&folder.join(queue), task));
    let flags = red_flags(events.into_iter(), &of_task);
    let more = flags.len().saturating_sub(FLAGS);
    for flag in flags.into_iter().take(FLAGS) {
        let word = match flag.kind {
            FlagKind::Repeated => "fails repeatedly",
            FlagKind::Slow => "is slow",
            FlagKind::Flaky => "is flaky",
        };
        let text = format!("{} {word}: {}", flag.task, flag.detail);
        signs.push(Sign::warn("red flag", text, typed.about("why", &flag.task)));
    }
    if more > 0 {
        signs.push(Sign::warn("red flag", format!("{more} more"), typed.verb("events --since 1d")));
    }
    signs
}
