//! Tests every spelling and every tolerated form of the format.

use super::*;
use crate::domain::{Approval, Field, Status, Task};
use crate::queue::Counts;

fn task(members: &str) -> Task {
    parse(&format!("{{\"tasks\": [{{\"id\": \"t\", {members}}}]}}")).tasks()[0].clone()
}

fn problems(task: &Task) -> Vec<Field> {
    task.problems().map(|problem| problem.field).collect()
}

#[test]
fn dependencies_of_all_spellings_count_together() {
    let read = task(
        r#""dependencies": ["a", "b"], "depends_on": "c", "dependsOn": null, "blocked_by": ["a", "d"]"#,
    );
    assert_eq!(read.dependencies(), ["a", "b", "c", "d"]);
    assert!(!read.has_problems());
    let read = task(r#""dependencies": ["a", 7, null, {"id": "b"}]"#);
    assert_eq!(read.dependencies(), ["a", "7", "null", "{\"id\": \"b\"}"]);
    assert!(!read.has_problems());
    assert_eq!(task(r#""dependencies": 7, "depends_on": [8, 7]"#).dependencies(), ["7", "8"]);
    assert_eq!(problems(&task(r#""dependencies": 7.5"#)), [Field::Dependencies]);
    assert_eq!(problems(&task(r#""dependencies": {"a": true}"#)), [Field::Dependencies]);
    assert_eq!(task(r#""depends_on": [], "blocked_by": """#).dependencies(), Vec::<String>::new());
}

#[test]
fn approval_is_asked_for_in_several_ways() {
    use Approval::{Given, NotRequired, Required};
    let table = [
        ("null", NotRequired),
        ("false", NotRequired),
        ("[]", NotRequired),
        ("\"\"", NotRequired),
        ("true", Required),
        ("[\"schema change\"]", Required),
        ("\"by the owner\"", Required),
        ("true, \"approved_at\": null", Required),
        ("true, \"approved_at\": \"\"", Required),
        ("true, \"approved_at\": \"2026-01-01T00:00:00Z\"", Given),
        ("false, \"approved_at\": \"2026-01-01T00:00:00Z\"", NotRequired),
    ];
    for (raw, approval) in table {
        let read = task(&format!("\"requires_approval\": {raw}"));
        assert_eq!(read.approval, approval, "{raw}");
        assert!(!read.has_problems());
    }
    assert_eq!(task("\"approved_at\": \"x\", \"requires_approval\": true").approval, Given);
    let odd = task("\"requires_approval\": 1");
    assert_eq!((odd.approval, problems(&odd)), (Required, vec![Field::RequiresApproval]));
}

#[test]
fn what_cannot_be_read_is_a_problem_and_never_a_panic() {
    let fields = [
        ("status", Field::Status),
        ("dependencies", Field::Dependencies),
        ("file", Field::File),
        ("files_to_modify", Field::Files),
        ("scope", Field::Scope),
        ("files_to_create", Field::FilesToCreate),
        ("may_change_tests", Field::MayChangeTests),
        ("may_remove_tests", Field::MayRemoveTests),
        ("contract", Field::Contracts),
        ("type", Field::Type),
        ("agent", Field::Agent),
        ("agent_type", Field::Agent),
        ("phase", Field::Phase),
        ("not_before", Field::NotBefore),
        ("parent", Field::Parent),
        ("child_tasks", Field::ChildTasks),
        ("max_iterations", Field::MaxIterations),
        ("attempts", Field::Attempts),
        ("iterations", Field::Attempts),
        ("budget_used", Field::BudgetUsed),
        ("claim", Field::Claim),
        ("verify", Field::Verify),
    ];
    for (key, field) in fields {
        let read = task(&format!("\"{key}\": {{\"odd\": [1]}}"));
        assert_eq!(problems(&read), [field], "{key}");
        assert!(!task(&format!("\"{key}\": null")).has_problems(), "{key}");
    }
    for field in Field::all().filter(|field| *field != Field::Id) {
        for key in field.spellings() {
            for raw in ["1", "-1.5", "true", "\"\"", "\"x\"", "[]", "[[]]", "{}", "[null]"] {
                let queue = parse(&format!("{{\"tasks\": [{{\"id\": \"t\", \"{key}\": {raw}}}]}}"));
                assert!(queue.findings().iter().all(|f| f.position.line == 1), "{key}: {raw}");
            }
        }
    }
    assert!(!task("\"attempts\": 3, \"iterations\": []").has_problems());
    assert_eq!(task("\"iterations\": [], \"attempts\": 3").attempts, 3);
    assert!(!task("\"iterations\": [], \"attempts\": 3").has_problems());
}

#[test]
fn the_rest_of_a_task() {
    let read = task(
        r#""phase": 2, "track": "b", "epic": 7, "tags": ["x", "y", "x"], "file": "routes/$id.tsx",
           "files": ["a[1].rs", "routes/$id.tsx"], "scope": "src/**", "type": "feature",
           "agent": null, "agent_type": "FeatureBuilder", "iterations": 2.0, "max_iterations": "5",
           "estimated_hours": "2-3", "effort": "xl", "estimated_minutes": 30,
           "not_before": "2026-01-09T12:00:00", "parent": "E", "child_tasks": ["c"], "notify": "n",
           "passes": true, "verification_verdict": "pass", "verify": ["quick"], "budget_used": 1,
           "claim": {"worker": "h:1:00000000", "attempt": 3, "since": "2026-01-01T00:00:00Z"}"#,
    );
    assert!(!read.has_problems());
    assert_eq!(read.phase(), Some("2"));
    assert_eq!((read.track(), read.epic()), (Some("b"), Some("7")));
    assert_eq!(read.tags(), ["x", "y"]);
    assert_eq!(read.files(), ["routes/$id.tsx", "a[1].rs"]);
    assert_eq!(read.scope(), ["src/**"]);
    assert_eq!(read.agent(), Some("FeatureBuilder"));
    assert_eq!((read.attempts, read.max_iterations(), read.budget_used()), (2, Some(5), Some(1)));
    assert_eq!(read.estimate().hours, Some((2.0, 3.0)));
    assert_eq!(read.verdict, Some(Verdict::Pass));
    assert_eq!(read.claim().unwrap().attempt, 3);
    assert_eq!((read.parent(), read.children().len()), (Some("E"), 1));
}

#[test]
fn a_status_is_read_in_any_spelling() {
    let read = |raw: &str| task(&format!("\"status\": {raw}"));
    assert_eq!(read("\"Todo\"").status, Status::Pending);
    assert_eq!(read("null").status, Status::Pending);
    assert_eq!(read("\"someday\"").status, Status::Unknown);
    assert!(!read("\"someday\"").has_problems());
    assert_eq!((read("3").status, problems(&read("3"))), (Status::Unknown, vec![Field::Status]));
    assert_eq!(task("\"title\": \"x\"").status, Status::Pending);
}

#[test]
fn escaped_keys_and_doubled_keys_mean_what_jq_says() {
    let read = task(r#""st\u0061tus": "done", "priority": 1, "priority": 4"#);
    assert_eq!((read.status, read.priority), (Status::Complete, Some(4)));
    let mut queue = parse(r#"{"tasks": [{"id": "t", "status": "done", "status": "todo"}]}"#);
    assert_eq!(queue.tasks()[0].status, Status::Pending);
    step(&mut queue, 0, &claim(1));
    assert!(written(&queue).contains(r#""status": "done", "status": "in_progress""#));
    queue.set_key(0, "status", None).unwrap();
    assert!(!queue.task_text(0).contains("status"));
}

#[test]
fn the_states_are_written_in_the_words_of_the_file() {
    let statuses = ["done", "completed", "completed", "todo", "odd", "TODO"];
    let tasks = statuses
        .map(|word| format!("{{\"id\": \"{word}{}\", \"status\": \"{word}\"}}", word.len()));
    let text = format!("{{\"tasks\": [{}]}}", tasks.join(", ").replace("\"completed9\"", "\"c\""));
    let text = text.replacen("\"c\"", "\"c2\"", 1);
    let queue = parse(&text);
    assert_eq!(queue.status_word(Status::Complete), "completed");
    assert_eq!(queue.status_word(Status::Pending), "todo");
    assert_eq!(queue.status_word(Status::InProgress), "in_progress");
    let counts = queue.counts();
    assert_eq!(counts, Counts { total: 6, pending: 2, complete: 3, ..Counts::default() });
}

#[test]
fn attempts_and_error_keep_the_words_of_the_file() {
    let text = r#"{"tasks": [{"id": "a", "iterations": 1, "blocked_reason": null}, {"id": "b"}]}"#;
    let mut queue = parse(text);
    step(&mut queue, 1, &claim(1));
    assert!(queue.task_text(1).contains("\"iterations\": 1"));
    step(&mut queue, 1, &Transition::Interrupt { reason: "gone".into() });
    assert!(queue.task_text(1).contains("\"blocked_reason\": \"gone\""));
    assert_eq!(queue.text(1, Field::Error).as_deref(), Some("gone"));
    assert_eq!(queue.tasks()[1].attempts, 1);
}

/// A list that grows by doubling would take up to twice the memory.
#[test]
fn phases_take_no_more_than_their_entries() {
    let queue = parse(r#"{"phases": ["a", "b", "c", "d", "e"], "tasks": []}"#);
    assert_eq!((queue.phases().len(), queue.phases.capacity()), (5, 5));
}

#[test]
fn phases_and_titles() {
    let text = r#"{"project": "p", "phases": [{"phase": 1, "name": "One", "barrier": true, "gate": "q"},
        {"phase": "two", "barrier": null}, "three", 4, null, {}], "tasks": [
        {"id": "a", "description": "\n  First line\nsecond"}, {"id": "b", "title": "T"}, {"id": "c"}]}"#;
    let queue = parse(text);
    assert_eq!(queue.project(), Some("p"));
    let names: Vec<&str> = queue.phases().iter().map(|phase| phase.phase.as_str()).collect();
    assert_eq!(names, ["1", "two", "three", "4"]);
    assert!(queue.phases()[0].barrier && !queue.phases()[1].barrier);
    assert_eq!(queue.phases()[0].gate.as_slice(), ["q"]);
    assert_eq!([0, 1, 2].map(|n| queue.title(n)), ["First line", "T", "c"]);
}
