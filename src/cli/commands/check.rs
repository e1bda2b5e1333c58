//! `check`: reports errors and likely mistakes in the queues and the configuration.

use crate::cli::args::CheckArgs;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::config::{Anyway, ChoiceError, ConfigError, SelectedQueue, Selection};
use crate::domain::{EVENT_VERSION, QueueIx, Status};
use crate::engine::{Lines, PreflightError, survey};
use crate::plan;
use crate::project::Scope;
use crate::queue::{Position, QUEUE_VERSION, Severity, excerpt};
use crate::store::StoreError;
use crate::supervisor::ClaimRecord;
use crate::views::check::{CheckView, Checked, FindingView, Findings, text};
use crate::views::json;
use crate::views::style::count;
use budgets::of_budgets;
use choices::of_choices;
use gates::of_gates;
use judges::of_judges;
use services::of_services;
use std::collections::HashSet;
use std::path::Path;
use trees::of_trees;
use variables::of_variables;
use written::Written;

mod budgets;
mod choices;
mod gates;
mod judges;
mod services;
mod trees;
mod variables;
mod written;

pub(super) fn run(args: &CheckArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let Anyway { selection, wrong } = session.select_anyway(&args.queues);
    let mut findings = Findings::default();
    if let Some(error) = &wrong {
        of_config(error, &session.world.cwd, &mut findings);
    }
    let selection = match selection {
        Err(error) if wrong.is_some() => {
            findings.add(FindingView::placeless("no-queue", "workloop.toml", error.to_string()));
            return tell(args, findings, (0, 0), session);
        }
        selection => selection?,
    };
    let queues = selection.queues.len();
    let mut tasks = 0;
    if let Some(mut reading) = open_rest(selection, session, &mut findings)? {
        let file = Written::of(reading.project.config(), &session.world.cwd);
        reading.look(|snapshot| {
            checked(snapshot).findings(&mut findings);
            if wrong.is_none() {
                of_choices(snapshot, &mut findings);
                of_gates(snapshot, &file, &mut findings);
            }
            of_versions(snapshot, &mut findings);
            of_budgets(snapshot, &mut findings);
            let served = &snapshot.queues[..snapshot.set.served()];
            tasks = served.iter().map(|queue| queue.tasks().len()).sum();
        });
        if wrong.is_none() {
            of_run(&reading, &file, session, &mut findings);
            of_trees(reading.project.set(), &file, session, &mut findings);
            of_judges(reading.project.set(), &mut findings);
        }
        of_loops(&reading, &mut findings);
        of_services(reading.project.config(), &file, &mut findings);
        of_variables(reading.project.config(), &file, session.world, &mut findings);
        if let Some(text) = session.exposed(reading.project.set()) {
            let shown = reading.project.set().queue(QueueIx::FIRST).shown().to_string();
            findings.add(FindingView::placeless("no-backup", &shown, text));
        }
    }
    tell(args, findings, (queues, tasks), session)
}

/// Prints the findings, with the numbers of checked queues and tasks.
fn tell(
    args: &CheckArgs,
    findings: Findings,
    (queues, tasks): (usize, usize),
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let view = CheckView::new(findings);
    if args.json {
        session.print(json::object(&view)?)?;
    } else {
        let queues = count(queues, "queue", "queues");
        let what = format!("{queues} of {}", count(tasks, "task", "tasks"));
        let quiet = session.global.quiet && view.findings.is_empty();
        let text = if quiet { String::new() } else { text(&view, &what, session.look()) };
        session.print(text)?;
    }
    let (errors, warnings) = view.totals();
    if errors > 0 || args.strict && warnings > 0 {
        return Err(Failure::silent(FailureKind::Refused));
    }
    Ok(())
}

fn checked<'a>(snapshot: &Snapshot<'a>) -> Checked<'a> {
    let sources = snapshot.sources();
    Checked {
        queues: sources.queues,
        shown: sources.shown,
        served: sources.served,
        graph: sources.readiness.graph(),
        tasks: snapshot.tasks,
    }
}

/// Opens the queues that can be read, and reports the others.
fn open_rest(
    mut selection: Selection,
    session: &mut Session<'_>,
    findings: &mut Findings,
) -> Result<Option<Reading>, Failure> {
    while !selection.queues.is_empty() {
        let error = match session.try_open(selection.clone()) {
            Ok(reading) => return Ok(Some(reading)),
            Err(error) => error,
        };
        let (path, refused) = if let StoreError::Refused(refused) = error {
            (refused.path.clone(), Ok(refused))
        } else if let StoreError::Io { action, path, source } = error {
            (path, Err(format!("failed to {action} it: {source}")))
        } else {
            return Err(error.into());
        };
        let is_it = |queue: &SelectedQueue| {
            queue.path == path || queue.path.canonicalize().is_ok_and(|real| real == path)
        };
        let Some(at) = selection.queues.iter().position(is_it) else {
            return Err(Failure::internal(format_args!("failed to read {}", path.display())));
        };
        let shown = selection.queues.remove(at).shown.display().to_string();
        findings.add(match refused {
            Ok(refused) => FindingView::refused(&shown, &refused),
            Err(why) => FindingView::placeless("unreadable", &shown, why),
        });
    }
    Ok(None)
}

fn of_config(error: &ConfigError, cwd: &Path, findings: &mut Findings) {
    let shown = |path: &Path| path.strip_prefix(cwd).unwrap_or(path).display().to_string();
    match error {
        ConfigError::Refused(refused) => {
            for problem in &refused.problems {
                let position = Position { line: problem.line, column: problem.column };
                let path = shown(&refused.path);
                let finding = FindingView::placeless("config", &path, &problem.message);
                findings.add(finding.at(position, excerpt(&problem.text, position)));
            }
        }
        ConfigError::Read { path, .. } => {
            findings.add(FindingView::placeless("config", &shown(path), error.to_string()));
        }
        ConfigError::Untrusted(_) | ConfigError::Contradiction(_) => {
            findings.add(FindingView::placeless("config", "workloop.toml", error.to_string()));
        }
        ConfigError::Environment { name, .. } => {
            findings.add(FindingView::placeless("config", name, error.to_string()));
        }
    }
}

/// Reports queues, journals and claims of a newer program: they are read, not written.
fn of_versions(snapshot: &Snapshot<'_>, findings: &mut Findings) {
    for (number, queue) in QueueIx::each(&snapshot.queues[..snapshot.set.served()]) {
        let state = snapshot.set.state(number);
        let found = queue.format_version();
        if found > QUEUE_VERSION {
            let message = format!("format {found}, but this program supports {QUEUE_VERSION}");
            let path = snapshot.set.queue(number).shown().to_string();
            findings.add(FindingView::placeless("newer-queue", &path, message));
        }
        for (index, task) in queue.tasks().iter().enumerate() {
            if task.status != Status::InProgress {
                continue;
            }
            let (_, key) = snapshot.key(snapshot.structure.graph.node(number, index));
            let path = state.claim_lock(&key);
            if let Some(found) = ClaimRecord::read(&path).filter(|r| r.v > ClaimRecord::VERSION) {
                let message = format!(
                    "format {}, but this program supports {}",
                    found.v,
                    ClaimRecord::VERSION
                );
                let path = path.display().to_string();
                findings.add(FindingView::placeless("newer-claim", &path, message));
            }
        }
    }
    for (log, of) in snapshot.set.logs(snapshot.set.served()) {
        if let (Some(found), Some(queue)) = (log.newer_version(), of.first()) {
            let message = format!("format {found}, but this program supports {EVENT_VERSION}");
            let path = snapshot.set.state(*queue).journal().display().to_string();
            findings.add(FindingView::placeless("newer-journal", &path, message));
        }
    }
}

/// What to do if nothing verifies work.
const NO_VERIFICATION: &str = "add [[verify]], or give --verify to run";
/// What to do if no agent can be chosen.
const NO_AGENT: &str = "add [agents.default], or give --agent to run";

/// Reports what a run would refuse before it claims anything.
fn of_run(reading: &Reading, file: &Written, session: &Session<'_>, findings: &mut Findings) {
    let project = &reading.project;
    let config = project.config();
    let open = project.served().iter().flat_map(|queue| queue.tasks());
    // Without a file, flags may name it; without an open task, nothing needs it yet.
    let ready = config.path.is_some() && open.into_iter().any(|task| task.status.is_open());
    let mut said = HashSet::new();
    let mut add = |finding: FindingView| {
        if said.insert(finding.message.clone()) {
            findings.add(finding);
        }
    };
    let mut tell = |error| {
        let (code, configured, text) = match &error {
            // Reported with the queues.
            PreflightError::Store(StoreError::Newer { .. } | StoreError::Journal(_)) => return,
            PreflightError::Store(StoreError::Unsafe { path, reason }) => {
                let shown = path.strip_prefix(&session.world.cwd).unwrap_or(path);
                let shown = shown.display().to_string();
                return add(FindingView::placeless("unsafe-place", &shown, reason));
            }
            PreflightError::Store(_) => ("unreadable", true, error.to_string()),
            PreflightError::NoVerification => {
                ("no-verification", ready, format!("{error}: {NO_VERIFICATION}"))
            }
            // The task in the full text is only the first of many.
            PreflightError::Choice { source, .. } => match source {
                ChoiceError::NoVerification => {
                    ("no-verification", ready, format!("{source}: {NO_VERIFICATION}"))
                }
                ChoiceError::NoAgent
                | ChoiceError::UnknownAgent { .. }
                | ChoiceError::UnknownProfile { .. } => {
                    ("no-agent", ready, format!("{source}: {NO_AGENT}"))
                }
            },
            PreflightError::Missing { .. } => ("no-program", true, error.to_string()),
            PreflightError::Root { .. } => ("no-root", true, error.to_string()),
        };
        let finding = file.finding(code, text);
        let severity = if configured { finding.severity } else { Severity::Warning };
        add(FindingView { severity, ..finding });
    };
    let looked = (session.world.var("PATH"), Lines::Looked);
    // Unknown names are reported with the tasks that contain them.
    survey(project, &Scope::default(), looked, &mut tell, &mut |_| {});
}

/// Reports a number of loops that is too large to supervise.
fn of_loops(reading: &Reading, findings: &mut Findings) {
    // The environment sets it: a configuration has no such key.
    let jobs = &reading.project.config().jobs;
    let Some(found) = plan::too_many_loops(jobs.value as usize) else { return };
    let mut finding = FindingView::placeless(found.code, &jobs.origin.to_string(), found.message);
    finding.severity = Severity::Warning;
    findings.add(finding);
}
