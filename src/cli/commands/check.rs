//! `check`: reports errors and likely mistakes in the queues and the configuration.

use crate::cli::args::CheckArgs;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::config::{
    Anyway, ChoiceError, ConfigError, FILE_NAME, Origin, SelectedQueue, Selection,
};
use crate::domain::{EVENT_VERSION, QueueIx, Status};
use crate::engine::{Lines, PreflightError, survey};
use crate::plan;
use crate::project::Scope;
use crate::queue::{Position, QUEUE_VERSION, excerpt};
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

mod budgets;
mod choices;
mod gates;
mod judges;
mod services;
mod trees;
mod variables;

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
        reading.look(|snapshot| {
            checked(snapshot).findings(&mut findings);
            if wrong.is_none() {
                of_choices(snapshot, &mut findings);
                of_gates(snapshot, &mut findings);
            }
            of_versions(snapshot, &mut findings);
            of_budgets(snapshot, &mut findings);
            let served = &snapshot.queues[..snapshot.set.served()];
            tasks = served.iter().map(|queue| queue.tasks().len()).sum();
        });
        if wrong.is_none() {
            of_run(&reading, session, &mut findings);
            of_trees(reading.project.set(), session, &mut findings);
            of_judges(reading.project.set(), &mut findings);
        }
        of_loops(&reading, &session.world.cwd, &mut findings);
        of_services(reading.project.config(), &session.world.cwd, &mut findings);
        of_variables(reading.project.config(), session.world, &mut findings);
        if let Some(text) = session.exposed(reading.project.set()) {
            let mut finding = FindingView::placeless(
                "no-backup",
                &reading.project.set().queue(QueueIx::FIRST).shown().to_string(),
                text,
            );
            finding.severity = crate::queue::Severity::Warning;
            findings.add(finding);
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

/// Reports what a run would refuse before it claims anything.
fn of_run(reading: &Reading, session: &Session<'_>, findings: &mut Findings) {
    let project = &reading.project;
    let config = project.config();
    let shown = |path: &Path| {
        let cwd = &session.world.cwd;
        path.strip_prefix(cwd).unwrap_or(path).display().to_string()
    };
    let file = config.path.as_deref().map_or_else(|| FILE_NAME.to_owned(), shown);
    let open = project.served().iter().flat_map(|queue| queue.tasks());
    // Without a file, flags may name it; without an open task, nothing needs it yet.
    let ready = config.path.is_some() && open.into_iter().any(|task| task.status.is_open());
    let mut said = HashSet::new();
    let path = session.world.var("PATH");
    let looked = (path, Lines::Looked);
    let mut tell = |error| {
        let (code, file, configured) = match &error {
            // Reported with the queues.
            PreflightError::Store(StoreError::Newer { .. } | StoreError::Journal(_)) => return,
            PreflightError::Store(StoreError::Unsafe { path, .. }) => {
                ("unsafe-place", shown(path), true)
            }
            PreflightError::Store(_) => ("unreadable", file.clone(), true),
            PreflightError::NoVerification
            | PreflightError::Choice { source: ChoiceError::NoVerification, .. } => {
                ("no-verification", file.clone(), ready)
            }
            PreflightError::Choice { .. } => ("no-agent", file.clone(), ready),
            PreflightError::Missing { .. } => ("no-program", file.clone(), true),
            PreflightError::Root { .. } => ("no-root", file.clone(), true),
        };
        let text = match &error {
            PreflightError::Store(StoreError::Unsafe { reason, .. }) => reason.clone(),
            // The task in the full text is only the first of many.
            PreflightError::Choice { source, .. } => source.to_string(),
            PreflightError::Store(_)
            | PreflightError::NoVerification
            | PreflightError::Missing { .. }
            | PreflightError::Root { .. } => error.to_string(),
        };
        let text = match (code, configured) {
            ("no-verification", _) => format!("{text}: add [[verify]], or give --verify to run"),
            ("no-agent", _) => format!("{text}: add [agents.default], or give --agent to run"),
            _ => text,
        };
        if said.insert(text.clone()) {
            let mut finding = FindingView::placeless(code, &file, text);
            if !configured {
                finding.severity = crate::queue::Severity::Warning;
            }
            findings.add(finding);
        }
    };
    // Unknown names are reported with the tasks that contain them.
    survey(project, &Scope::default(), looked, &mut tell, &mut |_| {});
}

/// Reports a number of loops that is too large to supervise.
fn of_loops(reading: &Reading, cwd: &Path, findings: &mut Findings) {
    let config = reading.project.config();
    let jobs = usize::try_from(*config.jobs).unwrap_or(usize::MAX);
    let Some(found) = plan::too_many_loops(jobs) else { return };
    let file = match (&config.jobs.origin, &config.path) {
        (Origin::File { .. }, Some(path)) => {
            path.strip_prefix(cwd).unwrap_or(path).display().to_string()
        }
        (origin, _) => origin.to_string(),
    };
    let mut finding = FindingView::placeless(found.code, &file, found.message);
    finding.severity = crate::queue::Severity::Warning;
    if let Origin::File { line } = config.jobs.origin {
        finding = finding.at(Position { line, column: 1 }, String::new());
    }
    findings.add(finding);
}
