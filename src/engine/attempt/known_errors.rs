//! Finds the known errors that a failed attempt met, in the output of its failed command and in its
//! reason.

use super::job::Job;
use crate::agent::bound_file;
use crate::config::KnownErrorRule;
use crate::domain::{AttemptReport, Field, KnownError, QueueIx, StepKind, StepReport, Verdict};
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::attempts::{self, AGENT_ERR, AttemptFolder};
use crate::store::{StateDir, TaskKey};
use regex::RegexBuilder;
use serde_json::Value;

/// How much of an output is searched: its head and its tail.
const LOOKED_AT: usize = 1 << 20;

/// Returns the known errors of the job that `report` met.
pub(super) fn met(job: &Job, report: &AttemptReport) -> Vec<KnownError> {
    let is_failure = matches!(report.verdict, Some(Verdict::Fail | Verdict::Blocked));
    if job.known_errors.is_empty() || !is_failure {
        return Vec::new();
    }
    matching(&job.known_errors, &job.mask.text(&told(&job.folder, report)))
}

/// Checks that `pattern` recognizes the error that the last attempt of a task met.
///
/// # Errors
/// The reason, in words, if it does not.
pub(crate) fn check_known(state: &StateDir, key: &TaskKey, pattern: &str) -> Result<(), String> {
    let regex = RegexBuilder::new(pattern).multi_line(true).build().map_err(|error| {
        let text = error.to_string();
        // The lines before show the expression; the last one is `error: …`.
        let why = text.lines().last().unwrap_or_default().trim();
        format!("is not a regular expression: {}", why.trim_start_matches("error: "))
    })?;
    if regex.is_match("") {
        return Err("matches every text, so it identifies no error".to_owned());
    }
    let reports = attempts::reports(state, key);
    let last = reports.iter().rev().find(|report| report.verdict.is_some());
    let is_met = last.is_some_and(|report| {
        let folder = AttemptFolder::new(state, key, report.attempt);
        regex.is_match(&told(&folder, report))
    });
    if is_met {
        return Ok(());
    }
    Err("matches nothing that the last attempt printed, nor its reason".to_owned())
}

/// Returns the known errors for tasks of `set.root(queue)`: from the configuration, and from
/// people's answers in the queues of that project.
pub(super) fn all((set, queues): (&QueueSet, &[Queue]), queue: QueueIx) -> Vec<KnownErrorRule> {
    let root = set.root(queue);
    let own = QueueIx::each(queues).filter(|(at, _)| set.root(*at) == root);
    let learnt = own.flat_map(|(_, queue)| learnt(queue));
    set.config.known_errors.iter().cloned().chain(learnt).collect()
}

/// Returns the known errors from people's answers in `queue`. An agent's answer applies to one task
/// only.
fn learnt(queue: &Queue) -> Vec<KnownErrorRule> {
    let tasks = queue.tasks().iter().enumerate().filter(|(_, task)| task.teaches());
    let answers = tasks.flat_map(|(at, task)| {
        let answers = queue.value(at, Field::Answers);
        let answers = answers.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        answers.into_iter().map(move |answer| (task.id.as_str(), answer))
    });
    let one = |(id, answer): (&str, Value)| {
        let text = |key: &str| answer.get(key)?.as_str().map(str::to_owned);
        if text("by").is_some() {
            return None;
        }
        let fix = Some(format!("{} (from task {id})", text("answer")?));
        Some(KnownErrorRule { pattern: text("match")?, known: KnownError { cause: None, fix } })
    };
    answers.filter_map(one).collect()
}

/// Returns how the attempt ended, and the output of its failed command.
fn told(folder: &AttemptFolder, report: &AttemptReport) -> String {
    let mut text = report.reason.clone().unwrap_or_default();
    let failed =
        |step: &&StepReport| !step.outcome.is_success() || !step.checked.services.is_empty();
    if let Some(step) = report.steps.iter().rev().find(failed) {
        let mut add = |name: &str| {
            text.push('\n');
            text.push_str(&bound_file(&folder.file(name), LOOKED_AT).unwrap_or_default());
        };
        add(&step.log);
        step.checked.services.iter().for_each(|service| add(&service.log));
        if step.kind == StepKind::Agent {
            add(AGENT_ERR);
        }
    }
    text
}

/// Returns the known errors of `rules` that match `text`, in the order of the configuration.
fn matching(rules: &[KnownErrorRule], text: &str) -> Vec<KnownError> {
    let matches = |rule: &&KnownErrorRule| {
        // Invalid patterns were already refused with the configuration.
        let pattern = RegexBuilder::new(&rule.pattern).multi_line(true).build();
        pattern.is_ok_and(|pattern| pattern.is_match(text))
    };
    rules.iter().filter(matches).map(|rule| rule.known.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EndedService, Fingerprint, Outcome};
    use crate::engine::attempt::samples::failed;

    #[test]
    fn a_line_anywhere_in_the_output_is_enough() {
        let rule = |pattern: &str, cause: &str| KnownErrorRule {
            pattern: pattern.to_owned(),
            known: KnownError { cause: Some(cause.to_owned()), fix: None },
        };
        let rules =
            [rule("^EADDRINUSE", "a port"), rule("never", "x"), rule("status [0-9]+$", "y")];
        let met = matching(&rules, "step test: exit status 1\nx\nEADDRINUSE: 8080\n");
        let causes: Vec<_> = met.iter().filter_map(|known| known.cause.as_deref()).collect();
        assert_eq!(causes, ["a port", "y"]);
    }

    #[test]
    fn what_a_person_answered_is_learnt_and_no_more() {
        let tasks = serde_json::json!({"tasks": [
            {"id": "A", "title": "a", "answers": [
                {"question": "x", "answer": "wait", "match": "EADDR"},
                {"question": "x", "answer": "other", "match": "y", "by": "B"},
                {"question": "x", "answer": "once"},
            ]},
            {"id": "B", "title": "b", "answers": [{"answer": "a match"}]},
        ]});
        let text = tasks.to_string().into_bytes();
        let queue = Queue::parse(std::path::Path::new("q.json"), text).unwrap();
        assert!(queue.tasks()[0].teaches() && !queue.tasks()[1].teaches());
        let learnt = learnt(&queue);
        assert_eq!(learnt.len(), 1, "{learnt:?}");
        assert_eq!(learnt[0].pattern, "EADDR");
        assert_eq!(learnt[0].known.sentence(), "what helps: wait (from task A)");
    }

    struct Case {
        _dir: tempfile::TempDir,
        state: StateDir,
        key: TaskKey,
    }

    impl Case {
        /// Creates a task with these attempts, of which each printed a text at the failed step.
        fn new(attempts: &[(AttemptReport, &str)]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let queue = dir.path().join("q.json");
            let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
            let case = Self { _dir: dir, state, key };
            for (report, printed) in attempts {
                let folder = case.folder(report.attempt);
                folder.put_report(report).unwrap();
                for step in &report.steps {
                    folder.put(&step.log, printed.as_bytes()).unwrap();
                }
            }
            case
        }

        fn folder(&self, attempt: u32) -> AttemptFolder {
            AttemptFolder::new(&self.state, &self.key, attempt)
        }

        fn check(&self, pattern: &str) -> Result<(), String> {
            check_known(&self.state, &self.key, pattern)
        }
    }

    fn report(attempt: u32) -> AttemptReport {
        let mut report = failed("A", "test", Fingerprint::default());
        (report.attempt, report.reason) = (attempt, Some("step test: exit status 1".to_owned()));
        report.steps[0].log = "verify-1.out".to_owned();
        report
    }

    const NOTHING: &str = "matches nothing that the last attempt printed, nor its reason";

    #[test]
    fn a_pattern_must_recognize_the_last_attempt_that_has_a_verdict() {
        let interrupted = AttemptReport { verdict: None, reason: None, ..report(3) };
        let case = Case::new(&[
            (report(1), "first: EADDRINUSE"),
            (report(2), "x\nENOSPC: disk\n"),
            (interrupted, "third"),
        ]);
        for pattern in ["ENOSPC", "^ENOSPC: disk$", "exit status [0-9]+", "^step test"] {
            assert_eq!(case.check(pattern), Ok(()), "{pattern}");
        }
        for pattern in ["EADDRINUSE", "third", "^disk", "enospc"] {
            assert_eq!(case.check(pattern), Err(NOTHING.to_owned()), "{pattern}");
        }
        assert_eq!(Case::new(&[]).check("x"), Err(NOTHING.to_owned()));
    }

    #[test]
    fn a_pattern_that_says_nothing_is_refused() {
        let case = Case::new(&[(report(1), "x")]);
        let every = Err("matches every text, so it identifies no error".to_owned());
        for pattern in ["", ".*", "^", "x?", "(?:)|x"] {
            assert_eq!(case.check(pattern), every, "{pattern}");
        }
        let said = |pattern: &str| case.check(pattern).unwrap_err();
        assert_eq!(said("a("), "is not a regular expression: unclosed group");
        assert_eq!(
            said("[z-a]"),
            "is not a regular expression: invalid character class range, \
            the start must be <= the end"
        );
    }

    #[test]
    fn the_output_of_services_and_of_the_agent_is_searched_too() {
        let mut of_agent = report(1);
        (of_agent.steps[0].kind, of_agent.steps[0].name) = (StepKind::Agent, "agent".to_owned());
        let case = Case::new(&[(of_agent, "printed")]);
        case.folder(1).put(AGENT_ERR, b"complained").unwrap();
        assert_eq!(case.check("printed\ncomplained"), Ok(()));
        // A step that passed while its service died.
        let mut with_service = report(1);
        with_service.steps[0].outcome = Outcome::Exited { code: 0 };
        let service = EndedService {
            name: "db".to_owned(),
            outcome: Outcome::Signaled { signal: 9 },
            last: None,
            log: "service-db.out".to_owned(),
        };
        with_service.steps[0].checked.services = vec![service];
        let case = Case::new(&[(with_service, "printed")]);
        case.folder(1).put("service-db.out", b"out of memory").unwrap();
        assert_eq!(case.check("printed\nout of memory"), Ok(()));
        case.folder(1).put(AGENT_ERR, b"complained").unwrap();
        assert_eq!(case.check("complained"), Err(NOTHING.to_owned()), "the agent did not fail");
    }

    #[test]
    fn only_the_last_failed_step_is_searched() {
        let mut twice = report(1);
        let (mut first, mut last) = (twice.steps[0].clone(), twice.steps[0].clone());
        first.log = "verify-0.out".to_owned();
        (last.outcome, last.log) = (Outcome::Exited { code: 0 }, "verify-2.out".to_owned());
        twice.steps = vec![first, twice.steps[0].clone(), last];
        let case = Case::new(&[(twice, "")]);
        for (name, text) in
            [("verify-0.out", "zero"), ("verify-1.out", "one"), ("verify-2.out", "two")]
        {
            case.folder(1).put(name, text.as_bytes()).unwrap();
        }
        assert_eq!(
            ["zero", "one", "two"].map(|pattern| case.check(pattern).is_ok()),
            [false, true, false]
        );
        // Without the file, the reason remains.
        std::fs::remove_dir_all(case.folder(1).path()).unwrap();
        case.folder(1).put_report(&report(1)).unwrap();
        assert_eq!(case.check("exit status 1\n$"), Ok(()));
    }
}
