//! What the prompt of a task contains, for small queues and earlier attempts.

use super::*;
use crate::domain::{Command, EndedService, EnvironmentRules, Finding, Fingerprint, Outcome};
use crate::engine::attempt::Job;
use crate::engine::attempt::samples::failed;
use crate::engine::attempt::tests::case::Case;
use crate::store::attempts::AGENT_ERR;
use crate::store::{RedStep, TaskKey};
use crate::verify::{How, Limit, MeasureRule, Rules, StepRules};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Returns the contents of the prompt of attempt `number` at the task `A`.
fn input_of(case: &Case, number: u32) -> PromptInput {
    case.source("A", |source, place, _| source.plan(place, number).unwrap().input())
}

fn input(case: &Case) -> PromptInput {
    input_of(case, 1)
}

/// Returns a project whose queue has these tasks beside `A`.
fn beside(tasks: &[Value]) -> Case {
    let mut case = Case::new();
    case.queue["tasks"].as_array_mut().unwrap().extend_from_slice(tasks);
    case
}

fn queue_of(case: &Case) -> String {
    case.root().join("q.json").display().to_string()
}

#[test]
fn a_prompt_contains_the_task_and_where_it_is_done() {
    let mut case =
        Case::new().task(json!({"title": "Add a cart", "steps": ["a", "b"], "x_own": 3}));
    case.queue["project"] = json!("shop");
    let root = case.root().display().to_string();
    let job = case.prepared();
    let expected = PromptInput {
        task: case.queue["tasks"][0].clone(),
        title: "Add a cart".to_owned(),
        attempt: 1,
        budget: Some(5),
        queue: queue_of(&case),
        project: Some("shop".to_owned()),
        root,
        result_file: job.folder.file("result.json").display().to_string(),
        verification: vec![StepInput { name: "check".to_owned(), command: "check".to_owned() }],
        steps: 2,
        program: input(&case).program,
        ..PromptInput::default()
    };
    assert_eq!(input(&case), expected);
}

#[test]
fn the_last_attempt_of_the_budget_is_counted_from_what_was_used() {
    for (task, number, expected) in [
        (json!({"attempts": 1}), 1, 5),
        (json!({"attempts": 3}), 3, 5),
        (json!({"attempts": 3, "max_iterations": 3}), 3, 3),
        // More attempts than the budget were made.
        (json!({"attempts": 9, "max_iterations": 3}), 9, 9),
        // After a retry the budget begins again.
        (json!({"attempts": 6, "budget_used": 0, "max_iterations": 3}), 6, 8),
        (json!({"attempts": 7, "budget_used": 1, "max_iterations": 3}), 7, 8),
        (json!({"attempts": 1, "max_iterations": 0}), 1, 1),
    ] {
        let case = Case::new().task(task.clone());
        assert_eq!(input_of(&case, number).budget, Some(expected), "{task}");
    }
    let case = Case::more("[limits]\nattempts = 2\n");
    assert_eq!(input(&case).budget, Some(2));
}

#[test]
fn what_it_depends_on_and_what_notifies_it_is_listed_once_complete() {
    let done = |id: &str, more: Value| {
        let mut task = json!({"id": id, "title": format!("the {id}"), "status": "complete"});
        let Value::Object(more) = more else { panic!("{more} is no object") };
        task.as_object_mut().unwrap().extend(more);
        task
    };
    let mut case = beside(&[
        done("N", json!({"notify": ["X", "A"]})),
        done(
            "D",
            json!({"result_summary": "made it", "artifacts": ["out.md", 3],
                "files_actually_changed": ["a.rs"], "notify": ["A"]}),
        ),
        json!({"id": "W", "title": "w", "notify": ["A"]}),
        done("O", json!({"notify": ["B"]})),
    ]);
    case.queue["tasks"][0]["dependencies"] = json!(["D", "W"]);
    let named = |id: &str| DependencyInput {
        id: id.to_owned(),
        title: format!("the {id}"),
        place: queue_of(&case),
        ..DependencyInput::default()
    };
    let made = DependencyInput {
        summary: Some("made it".to_owned()),
        artifacts: vec!["out.md".to_owned(), "3".to_owned()],
        files_changed: vec!["a.rs".to_owned()],
        ..named("D")
    };
    assert_eq!(input(&case).dependencies, [named("N"), made]);
}

#[test]
fn notes_for_the_task_are_those_that_name_it() {
    let case = beside(&[
        json!({"id": "B", "title": "b", "notes_for": {"A": "use the cache", "C": "other"}}),
        json!({"id": "C", "title": "c", "notes_for": {"A": ["no text"]}}),
        json!({"id": "D", "title": "d", "notes_for": "A"}),
        json!({"id": "E", "title": "e", "notes_for": {"A": "\u{fc}ber"}, "status": "complete"}),
    ]);
    let note = |from: &str, text: &str| NoteInput {
        from: from.to_owned(),
        text: text.to_owned(),
        place: queue_of(&case),
    };
    assert_eq!(input(&case).notes, [note("B", "use the cache"), note("E", "\u{fc}ber")]);
}

#[test]
fn questions_to_the_task_are_those_of_tasks_that_still_wait() {
    let asks = |id: &str, status: &str, to: &str| {
        let question = json!({"code": "question", "text": format!("{id} asks"), "to": to});
        json!({"id": id, "title": id, "status": status, "open_question": question})
    };
    let case = beside(&[
        asks("B", "blocked", "A"),
        asks("C", "pending", "A"),
        asks("D", "blocked", "B"),
        json!({"id": "E", "title": "e", "status": "blocked",
            "open_question": {"code": "question", "text": "to a person"}}),
        json!({"id": "F", "title": "f", "status": "blocked", "open_question": "A?"}),
    ]);
    let question =
        NoteInput { from: "B".to_owned(), text: "B asks".to_owned(), place: queue_of(&case) };
    assert_eq!(input(&case).questions, [question]);
}

#[test]
fn answers_are_shown_with_the_question_if_it_is_known() {
    let case = Case::new().task(json!({"answers": [
        {"question": "red?", "answer": "blue", "by": "B"},
        {"answer": "later"},
        {"question": "no answer"},
        {"question": 3, "answer": "a number asked"},
        {"question": "x", "answer": 4},
        "text",
    ]}));
    let answer = |question: Option<&str>, text: &str| AnswerInput {
        question: question.map(str::to_owned),
        answer: text.to_owned(),
    };
    assert_eq!(
        input(&case).answers,
        [answer(Some("red?"), "blue"), answer(None, "later"), answer(None, "a number asked")]
    );
    for answers in [json!([]), json!("blue"), json!({"answer": "blue"})] {
        let case = Case::new().task(json!({ "answers": answers }));
        assert_eq!(input(&case).answers, []);
    }
}

#[test]
fn the_program_is_named_as_the_agent_can_call_it() {
    let case = Case::new();
    let own = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    assert_eq!(input(&case).program, own, "nothing is on the PATH");
    case.put("bin/workloop", "");
    case.put("other/workloop/x", "");
    let path = |folders: [&str; 2]| {
        let folders = folders.map(|name| case.root().join(name).display().to_string());
        Case::new().var("PATH", &folders.join(":"))
    };
    assert_eq!(input(&path(["other", "bin"])).program, "workloop");
    assert_eq!(input(&path(["other", "empty"])).program, own, "a folder is no program");
}

/// Stores the report of an attempt at `A` that failed at its step, changed by `change`, and what
/// its files contain.
fn tried(job: &Job, number: u32, change: impl Fn(&mut AttemptReport), files: &[(&str, &str)]) {
    let mut report = failed("A", "test", Fingerprint::default());
    (report.attempt, report.steps[0].log) = (number, "verify-1.out".to_owned());
    change(&mut report);
    let folder = AttemptFolder::new(&job.state, &job.key, number);
    folder.put_report(&report).unwrap();
    for (name, text) in files {
        folder.put(name, text.as_bytes()).unwrap();
    }
}

/// Returns what the prompt tells of a failure after one such attempt, without the path of its log.
fn told_of(change: impl Fn(&mut AttemptReport), files: &[(&str, &str)]) -> FailureInput {
    let case = Case::new().var("API_TOKEN", "s3cr3t-0123456789");
    let job = case.prepared();
    tried(&job, 1, change, files);
    let told = input_of(&case, 2).failure.unwrap();
    let log = AttemptFolder::new(&job.state, &job.key, 1).file("verify-1.out");
    assert_eq!(told.log, log.display().to_string());
    FailureInput { log: String::new(), ..told }
}

#[test]
fn a_failure_is_told_with_its_step_and_output() {
    let expected = FailureInput {
        attempt: 1,
        step: "test".to_owned(),
        outcome: "step test: exit status 1".to_owned(),
        output: "2 failed\n".to_owned(),
        ..FailureInput::default()
    };
    assert_eq!(told_of(|_| {}, &[("verify-1.out", "2 failed\n")]), expected);
    let silent = FailureInput { output: String::new(), ..expected.clone() };
    assert_eq!(told_of(|_| {}, &[]), silent, "without a file");
    let reason = |report: &mut AttemptReport| {
        report.reason = Some("it already failed".to_owned());
        report.known_errors =
            vec![KnownError { cause: Some("a port".to_owned()), fix: Some("wait".to_owned()) }];
    };
    let told = told_of(reason, &[("verify-1.out", "token s3cr3t-0123456789\n")]);
    let known = vec!["a port; what helps: wait".to_owned()];
    let (outcome, output) = ("it already failed".to_owned(), "token [masked]\n".to_owned());
    assert_eq!(told, FailureInput { outcome, output, known, ..expected });
}

#[test]
fn only_the_last_attempt_with_a_verdict_counts() {
    let case = Case::new();
    let job = case.prepared();
    assert_eq!(input_of(&case, 1).failure, None);
    tried(&job, 1, |_| {}, &[("verify-1.out", "first")]);
    tried(&job, 2, |report| report.verdict = None, &[("verify-1.out", "second")]);
    let told = input_of(&case, 3).failure.unwrap();
    assert_eq!((told.attempt, told.output.as_str()), (1, "first"));
    for verdict in [Verdict::Pass, Verdict::Blocked, Verdict::Skipped] {
        tried(&job, 3, |report| report.verdict = Some(verdict), &[]);
        assert_eq!(input_of(&case, 4).failure, None, "{verdict:?}");
    }
    tried(&job, 4, |report| report.steps.clear(), &[]);
    assert_eq!(input_of(&case, 5).failure, None, "nothing ran");
}

#[test]
fn what_the_agent_and_the_services_printed_belongs_to_the_failure() {
    let of_agent = |report: &mut AttemptReport| {
        (report.steps[0].kind, report.steps[0].name) = (StepKind::Agent, "agent".to_owned());
    };
    let files = [("verify-1.out", "out\n"), (AGENT_ERR, "err\n"), ("service-db.out", "no disk\n")];
    let told = told_of(of_agent, &files);
    assert_eq!(
        (told.outcome.as_str(), told.output.as_str()),
        ("agent: exit status 1", "out\nerr\n")
    );
    let with_service = |report: &mut AttemptReport| {
        report.steps[0].checked.services = ["db", "web"]
            .map(|name| EndedService {
                name: name.to_owned(),
                outcome: Outcome::Exited { code: 3 },
                last: None,
                log: format!("service-{name}.out"),
            })
            .into();
    };
    let told = told_of(with_service, &files);
    assert_eq!(told.output, "out\n\nOutput of service db:\nno disk\n\nOutput of service web:\n");
}

#[test]
fn nothing_is_told_of_the_output_of_hidden_steps_and_of_steps_that_passed() {
    let files = [("verify-1.out", "secret")];
    let hidden = |report: &mut AttemptReport| report.steps[0].checked.hidden = true;
    assert_eq!(told_of(hidden, &files).output, "");
    let refused = |report: &mut AttemptReport| {
        report.steps[0].outcome = Outcome::Exited { code: 0 };
        let finding = |number: usize, level: Level| Finding {
            code: "stub".to_owned(),
            level,
            path: None,
            line: None,
            message: format!("s3cr3t-0123456789 in stub {number}"),
        };
        let many = (0..FINDINGS + 1).map(|number| finding(number, Level::Fail));
        report.findings.findings = many.chain([finding(99, Level::Warn)]).collect();
    };
    let told = told_of(refused, &files);
    assert_eq!((told.output.as_str(), told.findings.len()), ("", FINDINGS));
    assert_eq!(told.findings[0], "[masked] in stub 0 (stub)");
    assert_eq!(told.findings[FINDINGS - 1], format!("[masked] in stub {} (stub)", FINDINGS - 1));
}

#[test]
fn items_come_before_the_output_and_say_how_many_more_there_are() {
    let with_items = |report: &mut AttemptReport| {
        report.steps[0].checked.items = Some(Items {
            passed: 3,
            failed: 1,
            compared: true,
            new: vec!["a::x".to_owned()],
            ..Items::default()
        });
    };
    let told_text = told_of(with_items, &[("verify-1.out", "trace\n")]).output;
    assert_eq!(told_text, "Items: 3 passed, 1 failed\nnew failures:\n- a::x\n\ntrace\n");
    let names = |count: usize| (0..count).map(|number| format!("t{number}")).collect::<Vec<_>>();
    let lost = |count: usize| {
        let items = Items { lost: names(count), fixed: names(2), ..Items::default() };
        told(Some(&items))
    };
    let listed = format!("- {}\n", names(NAMED).join("\n- "));
    assert_eq!(lost(NAMED), format!("Items: 0 passed, 2 fixed, {NAMED} lost\nlost:\n{listed}\n"));
    let more = format!("- {}\n- and 2 more\n", names(NAMED).join("\n- "));
    let count = NAMED + 2;
    assert_eq!(lost(count), format!("Items: 0 passed, 2 fixed, {count} lost\nlost:\n{more}\n"));
    assert_eq!(told(None), "");
}

#[test]
fn a_step_is_named_with_how_it_judges_as_far_as_the_agent_may_know() {
    let measure = MeasureRule {
        how: How::Regex("x".to_owned()),
        file: None,
        min: Limit::new(80.0),
        max: None,
        unit: Some("%".to_owned()),
    };
    let asked = measure.asked().unwrap();
    let folder = StepRules { cwd: Some(PathBuf::from("web")), ..StepRules::default() };
    let measured = StepRules { measure: Some(measure), ..folder.clone() };
    let optional = StepRules { allow_failure: true, ..StepRules::default() };
    let all = StepRules { allow_failure: true, ..measured.clone() };
    let hidden = StepRules { hidden: Some(PathBuf::from("/h")), ..all.clone() };
    for (rules, name, command) in [
        (StepRules::default(), "test".to_owned(), "sh run.sh"),
        (folder, "test (in web)".to_owned(), "sh run.sh"),
        (measured, format!("test (in web, must measure {asked})"), "sh run.sh"),
        (optional, "test (may fail)".to_owned(), "sh run.sh"),
        (all, format!("test (in web, must measure {asked}, may fail)"), "sh run.sh"),
        (hidden, "test (hidden, not for you to run, may fail)".to_owned(), ""),
    ] {
        let step = VerifyStep {
            name: "test".to_owned(),
            profile: "default".to_owned(),
            command: Command::Shell("sh run.sh".to_owned()),
            timeout: Duration::MAX,
            environment: EnvironmentRules::default(),
            from_queue: false,
            rules: Arc::new(Rules { step: rules, ..Rules::default() }),
        };
        assert_eq!((named(&step), shown(&step)), (name, command.to_owned()));
    }
}

#[test]
fn a_step_that_was_red_before_is_told_with_who_left_it_so() {
    let named = |id: &str| crate::engine::attempt::Named {
        key: TaskKey::new(&PathBuf::from("/p/q.json"), id),
        id: id.to_owned(),
    };
    let step = RedStep {
        profile: "default".to_owned(),
        step: "test".to_owned(),
        outcome: "exit status 2".to_owned(),
        output: Some("0123".to_owned()),
        said: "2 failed\n".to_owned(),
        log: PathBuf::from("/p/.workloop/x.out"),
    };
    let expected = RedInput {
        step: "test".to_owned(),
        outcome: "exit status 2".to_owned(),
        output: "2 failed\n".to_owned(),
        log: "/p/.workloop/x.out".to_owned(),
        left_by: vec!["B".to_owned(), "C".to_owned()],
    };
    assert_eq!(red_input(&Red { step, left_by: vec![named("B"), named("C")] }), expected);
}
