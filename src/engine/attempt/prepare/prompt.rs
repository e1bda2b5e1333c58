//! The contents of the prompt of an attempt: its task, what it builds on, and what was tried
//! before.

use super::super::draft::PromptDraft;
use super::super::listed::strings;
use super::super::untouched::Red;
use super::Plan;
use crate::agent::{
    AnswerInput, DependencyInput, FEEDBACK_BYTES, FailureInput, NoteInput, PromptInput,
    PromptTemplate, RedInput, StepInput, bound_file,
};
use crate::config::IsolationMode;
use crate::domain::{
    AttemptReport, Field, Items, KnownError, Level, Status, StepKind, Task, Verdict, budget_of,
    budget_used_now,
};
use crate::project::verbs::open_question;
use crate::queue::Queue;
use crate::store::attempts::{self, AttemptFolder, RESULT_FILE};
use crate::verify::VerifyStep;
use serde_json::Value;
use std::fmt::Write as _;

/// How many findings a prompt lists.
const FINDINGS: usize = 50;
/// How much output of a service that ended is shown, in bytes.
const SERVICE_BYTES: usize = 2 * 1024;
/// How many items of each sort are named.
const NAMED: usize = 50;

impl Plan<'_> {
    /// Returns the prompt of its attempt.
    pub(super) fn prompt(&self) -> Result<PromptDraft, String> {
        let path = self.profile.as_ref().and_then(|profile| profile.prompt.as_deref());
        let template = PromptTemplate::load(path).map_err(|error| error.to_string())?;
        Ok(PromptDraft { template, input: self.input(), mask: self.source.mask() })
    }

    fn input(&self) -> PromptInput {
        let (queue, at) = (self.queue(), self.place.task);
        let limits = &self.source.set.config.limits;
        PromptInput {
            task: serde_json::from_str(queue.task_text(at)).unwrap_or_default(),
            title: queue.title(at),
            attempt: self.attempt,
            budget: Some(self.last_number(limits.attempts.value)),
            queue: self.source.set.real(self.place.queue).display().to_string(),
            project: queue.project().map(str::to_owned),
            root: self.root(StepKind::Agent).display().to_string(),
            result_file: self.folder.file(RESULT_FILE).display().to_string(),
            dependencies: self.dependencies(),
            notes: self.notes(),
            questions: self.questions(),
            answers: self.answers(),
            is_private: self.source.set.config.isolation.mode.value == IsolationMode::Private,
            continued: None,
            failure: self.failure(),
            untouched: self.reds.iter().map(red_input).collect(),
            verification: self
                .steps
                .iter()
                .map(|step| StepInput { name: named(step), command: shown(step) })
                .collect(),
            program: self.program(),
            steps: queue.steps(at).len(),
        }
    }

    /// Returns the command with which the agent reports progress: the name if it is on the agent's
    /// `PATH`, else the path.
    fn program(&self) -> String {
        let path = self.source.vars.iter().find(|(name, _)| name == "PATH");
        let dirs = path.map(|(_, value)| std::env::split_paths(value)).into_iter().flatten();
        let found = dirs.map(|dir| dir.join("workloop")).any(|file| file.is_file());
        let own = std::env::current_exe().ok().filter(|_| !found);
        let own = own.and_then(|own| own.into_os_string().into_string().ok());
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
        match own {
            Some(own) if own.chars().all(is_plain) => own,
            Some(own) => format!("'{}'", own.replace('\'', "'\\''")),
            None => "workloop".to_owned(),
        }
    }

    /// Returns the number of the last attempt that the budget allows. Numbers continue after a
    /// `retry`.
    fn last_number(&self, default: u32) -> u32 {
        let used = budget_used_now(self.task).saturating_add(1);
        self.attempt.saturating_add(budget_of(self.task, default).saturating_sub(used))
    }

    /// Returns complete dependencies, and complete tasks that notify this one.
    fn dependencies(&self) -> Vec<DependencyInput> {
        let graph = self.source.graph;
        let own = graph.node(self.place.queue, self.place.task);
        let mut nodes: Vec<_> = graph.dependencies(own).collect();
        nodes.extend(graph.nodes().filter(|&node| {
            let (queue, task) = graph.location(node);
            let notify = self.source.queues[queue].tasks()[task].notify();
            notify.iter().any(|id| id == self.task.id.as_str())
        }));
        nodes.sort_unstable();
        nodes.dedup();
        let complete = nodes.into_iter().filter_map(|node| {
            let (queue, at) = graph.location(node);
            let queue = &self.source.queues[queue];
            (queue.tasks()[at].status == Status::Complete).then(|| DependencyInput {
                id: graph.reference(node),
                title: queue.title(at),
                summary: queue.text(at, Field::ResultSummary),
                artifacts: strings(queue.value(at, Field::Artifacts).as_ref()),
                files_changed: strings(queue.value(at, Field::FilesActuallyChanged).as_ref()),
                place: queue.path().display().to_string(),
            })
        });
        complete.collect()
    }

    fn notes(&self) -> Vec<NoteInput> {
        let of = |queue: &Queue, at: usize| {
            queue.raw(at, Field::NotesFor)?;
            let notes = queue.value(at, Field::NotesFor)?;
            let text = notes.get(self.task.id.as_str())?.as_str()?.to_owned();
            let place = queue.path().display().to_string();
            Some(NoteInput { from: queue.tasks()[at].id.to_string(), text, place })
        };
        let queues = self.source.queues.iter();
        queues.flat_map(|q| (0..q.tasks().len()).filter_map(move |at| of(q, at))).collect()
    }

    /// Returns the questions of other tasks of the queue to this one.
    fn questions(&self) -> Vec<NoteInput> {
        let (queue, own) = (self.queue(), self.task.id.as_str());
        let blocked = |(at, task): (usize, &Task)| {
            (task.status == Status::Blocked).then(|| open_question(queue, at)).flatten()
        };
        let asks = |(at, task): (usize, &Task)| {
            let question = blocked((at, task)).filter(|q| q.to.as_deref() == Some(own))?;
            let (from, place) = (task.id.to_string(), queue.path().display().to_string());
            Some(NoteInput { from, text: question.text, place })
        };
        queue.tasks().iter().enumerate().filter_map(asks).collect()
    }

    fn answers(&self) -> Vec<AnswerInput> {
        let answers = self.queue().value(self.place.task, Field::Answers);
        let answers = answers.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
        let one = |answer: &Value| {
            let question = text(answer, "question");
            Some(AnswerInput { question, answer: text(answer, "answer")? })
        };
        answers.iter().filter_map(one).collect()
    }

    /// Returns the last attempt, if it failed. Interrupted attempts after it say nothing.
    fn failure(&self) -> Option<FailureInput> {
        let key = self.source.set.queue(self.place.queue).task(self.task.id.as_str());
        let state = self.source.set.state(self.place.queue);
        let reports = attempts::reports(&state, &key);
        let report: &AttemptReport = reports.iter().rev().find(|r| r.verdict.is_some())?;
        if report.verdict != Some(Verdict::Fail) {
            return None;
        }
        let step = report.steps.last()?;
        let findings = report.findings.at_least(Level::Fail).take(FINDINGS);
        let findings = findings.map(|one| self.source.mask().text(&one.to_string()).into_owned());
        let findings: Vec<String> = findings.collect();
        let log = AttemptFolder::new(&state, &key, report.attempt).file(&step.log);
        let mut output = bound_file(&log, FEEDBACK_BYTES).unwrap_or_default();
        if step.kind == StepKind::Agent {
            let errors = log.with_file_name(attempts::AGENT_ERR);
            output.push_str(&bound_file(&errors, FEEDBACK_BYTES / 2).unwrap_or_default());
        }
        for service in &step.checked.services {
            let said = bound_file(&log.with_file_name(&service.log), SERVICE_BYTES);
            let said = said.unwrap_or_default();
            let _ = write!(output, "\nOutput of service {}:\n{said}", service.name);
        }
        // Mask before the prompt removes control characters: that would change a secret that
        // contains some.
        let output = self.source.mask().text(&output).into_owned();
        let output = format!("{}{output}", told(step.checked.items.as_ref()));
        // The output of a step that passed says nothing.
        let is_silent = report.is_refused() || step.checked.hidden;
        let output = if is_silent { String::new() } else { output };
        Some(FailureInput {
            attempt: report.attempt,
            findings,
            step: step.name.clone(),
            outcome: report
                .reason
                .clone()
                .unwrap_or_else(|| format!("{}: {}", step.named(), step.ended())),
            output,
            log: log.display().to_string(),
            known: report.known_errors.iter().map(KnownError::sentence).collect(),
        })
    }
}

/// Returns the name of a step, with details about how it judges.
fn named(step: &VerifyStep) -> String {
    let rules = &step.rules.step;
    let is_shown = rules.hidden.is_none();
    let cwd =
        rules.cwd.as_ref().filter(|_| is_shown).map(|folder| format!("in {}", folder.display()));
    let measured = rules.measure.as_ref().filter(|_| is_shown).and_then(|rule| rule.asked());
    let measured = measured.map(|asked| format!("must measure {asked}"));
    let hidden = rules.hidden.is_some().then(|| "hidden, not for you to run".to_owned());
    let optional = rules.allow_failure.then(|| "may fail".to_owned());
    let more: Vec<String> = [cwd, measured, hidden, optional].into_iter().flatten().collect();
    if more.is_empty() { step.name.clone() } else { format!("{} ({})", step.name, more.join(", ")) }
}

/// Returns the command of a step, as far as the agent may see it.
fn shown(step: &VerifyStep) -> String {
    let is_shown = step.rules.step.hidden.is_none();
    if is_shown { step.command.to_string() } else { String::new() }
}

/// Returns the changes of the items, the worst first.
fn told(items: Option<&Items>) -> String {
    let Some(items) = items else { return String::new() };
    let list = |names: &[String]| {
        let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("\n- and {more} more") } else { String::new() };
        format!("- {}{more}\n", shown.join("\n- "))
    };
    let lists = items.lists().filter(|(word, _)| *word != "fixed");
    let lists = lists.map(|(word, names)| format!("{word}:\n{}", list(names)));
    format!("Items: {}\n{}\n", items.summary(), lists.collect::<String>())
}

/// Returns what the prompt says about a step that failed before the task began.
fn red_input(red: &Red) -> RedInput {
    let step = &red.step;
    RedInput {
        step: step.step.clone(),
        outcome: step.outcome.clone(),
        output: step.said.clone(),
        log: step.log.display().to_string(),
        left_by: red.left_by.iter().map(|task| task.id.clone()).collect(),
    }
}

#[cfg(test)]
mod tests;
