//! Tests files in the forms of other tools: each is read, run and written back in its own words.

use super::*;
use crate::domain::{Field, Status};
use serde_json::json;

/// The accepted lists, as the text before and after the tasks.
const LISTS: [(&str, &str); 10] = [
    ("[", "]"),
    ("{\"tasks\": [", "]}"),
    ("{\"features\": [", "], \"mode\": 1}"),
    ("{\"queue\": [", "], \"version\": \"1.0\"}"),
    ("{\"branch\": \"b\", \"userStories\": [", "]}"),
    ("{\"stories\": [", "], \"backlog\": []}"),
    ("{\"items\": [", "]}"),
    ("{\"backlog\": [", "], \"items\": [\"a\", \"b\"]}"),
    ("{\"jobs\": [", "], \"queue\": \"main\"}"),
    ("{\"stories\": null, \"pending_tasks\": [", "]}"),
];

#[test]
fn a_list_is_found_wherever_it_is_looked_for() {
    for (head, tail) in LISTS {
        let tasks =
            "{\"id\": 1, \"title\": \"x\"}, {\"id\": 2, \"title\": \"y\", \"depends_on\": [1]}";
        let text = format!("{head}{tasks}{tail}");
        let mut queue = parse(&text);
        assert_eq!(written(&queue), text);
        assert_eq!(queue.tasks()[1].dependencies(), ["1"], "{text}");
        assert_eq!(queue.index_of("2"), Some(1));
        let error = |f: &crate::queue::Finding| f.severity == crate::queue::Severity::Error;
        assert!(!queue.findings().iter().any(error), "{:?}", queue.findings());
        step(&mut queue, 0, &claim(1));
        step(&mut queue, 0, &complete());
        queue.append(json!({"id": 3, "title": "z"}).as_object().unwrap()).unwrap();
        queue.refresh(now());
        let after = written(&queue);
        let first = after.split_once(", {\"id\": 2").unwrap().0;
        assert!(first.ends_with("\"src/b.rs\"]}"), "{after}");
        let end = format!(
            "{{\"id\": 2, \"title\": \"y\", \"depends_on\": [1]}}, {{\"id\": 3, \"title\": \"z\"}}{tail}"
        );
        assert!(after.ends_with(&end), "{after}");
        assert_eq!(head == "[", !after.contains("summary"));
        let again = parse(&after);
        assert_eq!((again.tasks(), again.counts()), (queue.tasks(), queue.counts()));
        queue.reread(text.clone().into_bytes()).unwrap();
        assert_eq!(written(&queue), text);
    }
}

#[test]
fn a_file_may_change_its_form() {
    let mut queue = parse(&format!("{}{}{}", LISTS[0].0, "{\"id\": \"a\"}", LISTS[0].1));
    for (head, tail) in LISTS.iter().chain(&LISTS[..2]) {
        let text = format!("{head}{{\"id\": \"a\", \"status\": \"done\"}}, {{\"id\": 7}}{tail}");
        queue.reread(text.clone().into_bytes()).unwrap();
        assert_eq!((written(&queue), queue.tasks()), (text.clone(), parse(&text).tasks()));
        assert!(queue.reread(b"{}".to_vec()).is_err());
        assert_eq!(written(&queue), text);
    }
}

#[test]
fn a_list_by_itself_keeps_its_layout() {
    for text in [
        "[\n  {\n    \"id\": 1,\n    \"title\": \"x\"\n  }\n]\n",
        "[\n]",
        "[]",
        " [ {\"id\":1} ]\n",
    ] {
        let mut queue = parse(text);
        queue.append(json!({"id": 9, "tags": ["a"]}).as_object().unwrap()).unwrap();
        queue.refresh(now());
        insta::assert_snapshot!(format!("list_{}", text.len()), written(&queue));
    }
}

#[test]
fn a_state_is_read_where_the_task_has_it() {
    use Status::{Blocked, Complete, InProgress, Parked, Pending, Unknown};
    let table = [
        (r#""passes": true"#, Complete),
        (r#""passes": false"#, Pending),
        (r#""done": true"#, Complete),
        (r#""completed": true, "status": null"#, Complete),
        (r#""state": "In Progress""#, InProgress),
        (r#""state": "verified", "passes": false"#, Complete),
        (r#""state": "waiting for Godot""#, Unknown),
        (r#""status": "blocked", "done": true"#, Blocked),
        (r#""status": "to do", "state": "CA", "passes": true"#, Pending),
        (r#""passes": false, "done": true"#, Pending),
        (r#""done": "when it works", "completed": "2026-01-01", "state": {"a": 1}"#, Pending),
        (r#""done": false, "status": "backlog""#, Parked),
        (r#""passes": null, "completed": false"#, Pending),
    ];
    for (members, status) in table {
        let queue = parse(&format!(r#"[{{"id": 1, {members}}}, {{"id": 2, "status": "done"}}]"#));
        assert_eq!(queue.tasks()[0].status, status, "{members}");
    }
}

/// Returns the members of a task except its id and what other transitions write.
fn said(queue: &Queue, index: usize) -> String {
    let runtime =
        ["attempts", "last_attempt", "started_at", "completed_at", "files_actually_changed"];
    let others = ["verification_verdict", "claim", "error", "budget_used", "title"];
    let mut task: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(queue.task_text(index)).unwrap();
    task.retain(|key, _| key != "id" && !runtime.contains(&&**key) && !others.contains(&&**key));
    json!(task).to_string()
}

#[test]
fn a_state_is_written_where_the_task_has_it() {
    let rows = [
        ("passes", "true", "false"),
        ("done", "true", "false"),
        ("completed", "true", "false"),
        ("state", r#""Finished""#, r#""Open""#),
        ("status", r#""closed""#, r#""To Do""#),
    ];
    for (key, complete_value, open) in rows {
        let text = format!(
            r#"[{{"id": 1, "{key}": {complete_value}}}, {{"id": 2, "{key}": {open}}}, {{"id": 3}}]"#
        );
        let mut queue = parse(&text);
        let flag = open == "false";
        let words = |word: &str, own: &str| match (flag, key) {
            (true, _) => format!(r#"{{"{key}":false,"status":"{word}"}}"#),
            (false, _) => format!(r#"{{"{key}":"{own}"}}"#),
        };
        step(&mut queue, 1, &claim(1));
        assert_eq!(said(&queue, 1), words("in_progress", "in_progress"));
        // A second loop, or one started after a crash, reads the claim.
        let again = parse(&written(&queue));
        assert_eq!(again.tasks(), queue.tasks());
        assert!(
            again.tasks()[1].status == Status::InProgress && again.tasks()[1].claim().is_some()
        );
        assert_eq!(again.tasks()[0].status, Status::Complete);
        step(&mut queue, 1, &Transition::Interrupt { reason: "gone".into() });
        assert_eq!(said(&queue, 1), format!(r#"{{"{key}":{open}}}"#));
        step(&mut queue, 1, &Transition::Block { because: "x".into() });
        assert_eq!(said(&queue, 1), words("blocked", "blocked"));
        step(&mut queue, 1, &Transition::Retry);
        step(&mut queue, 1, &Transition::Park);
        assert_eq!(said(&queue, 1), words("parked", "parked"));
        step(&mut queue, 1, &Transition::Unpark);
        assert_eq!(said(&queue, 1), format!(r#"{{"{key}":{open}}}"#));
        step(&mut queue, 1, &claim(2));
        step(&mut queue, 1, &complete());
        let is_complete = format!(r#""{key}":{complete_value}"#);
        assert!(said(&queue, 1).contains(&is_complete), "{}", said(&queue, 1));
        assert_eq!(queue.member(1, "status").is_some(), key == "status");
        step(&mut queue, 1, &Transition::Reset);
        assert_eq!(queue.tasks()[1].status, Status::Pending);
        // A task without a state is written as most others are.
        step(
            &mut queue,
            2,
            &Transition::Done { by: "a".into(), note: None, verdict: Verdict::Skipped },
        );
        assert_eq!(queue.member(2, key), Some(complete_value), "{}", queue.task_text(2));
        assert_eq!(queue.tasks()[2].status, Status::Complete);
        assert_eq!(queue.state_member(Status::Pending).0, key);
        assert!(
            queue.task_text(0).ends_with(&format!(r#"{{"id": 1, "{key}": {complete_value}}}"#))
        );
        assert_eq!(parse(&written(&queue)).tasks(), queue.tasks());
    }
}

#[test]
fn a_flag_beside_a_status_says_the_same() {
    let mut queue = parse(r#"[{"id": 1, "done": false}]"#);
    step(&mut queue, 0, &claim(1));
    // Nothing shows any more that the file had no `status`. The flag that it had is kept
    // consistent.
    step(&mut queue, 0, &complete());
    assert_eq!(said(&queue, 0), r#"{"done":true,"status":"complete"}"#);
    let mut queue = parse(r#"{"tasks": [{"id": 1, "status": "blocked", "passes": false}]}"#);
    step(&mut queue, 0, &Transition::Retry);
    assert_eq!(said(&queue, 0), r#"{"status":"pending","passes":false}"#);
}

#[test]
fn flags_that_say_something_else_are_told() {
    let codes = |text: &str| -> Vec<String> {
        let line = |f: &crate::queue::Finding| format!("{} {}", f.code, f.message);
        parse(text).findings().iter().filter(|f| f.code != "no-description").map(line).collect()
    };
    let one = |members: &str| codes(&format!("[{{\"id\": \"a\", {members}}}]"));
    assert_eq!(one(r#""passes": true"#), Vec::<String>::new());
    assert_eq!(one(r#""status": "done", "passes": true, "state": "CA""#), Vec::<String>::new());
    assert_eq!(
        one(r#""status": "todo", "passes": true"#),
        [
            "passed-not-complete `passes` is true, but `status` says pending, which counts: the task is \
          run; `workloop done` it, or set `passes` to false"
        ]
    );
    assert_eq!(one(r#""passes": false, "done": true"#).len(), 1);
    assert_eq!(one(r#""status": "done", "done": false"#).len(), 1);
    assert_eq!(
        one(r#""completed": "2026-01-01""#),
        [
            "state-unreadable `completed` is \"2026-01-01\", and not true or false: it does not give \
          the state, so the task is pending"
        ]
    );
    assert_eq!(one(r#""state": "odd""#).len(), 1);
}

#[test]
fn every_spelling_of_a_dependency_is_read() {
    let keys = ["dependencies", "depends_on", "dependsOn", "blocked_by", "blockedBy"];
    for key in keys.into_iter().chain(["requires", "needs", "after", "prerequisites"]) {
        for value in [r#"["a"]"#, r#""a""#, r#"["a", 7]"#] {
            let queue = parse(&format!(r#"[{{"id": "b", "{key}": {value}}}, {{"id": "a"}}]"#));
            let names: Vec<&str> = queue.tasks()[0].waits_for().map(|(_, text)| &**text).collect();
            assert_eq!(names[0], "a", "{key}: {value}");
            assert!(!queue.tasks()[0].has_problems());
            assert_ne!(queue.structure(), parse(r#"[{"id": "b"}, {"id": "a"}]"#).structure());
        }
    }
    let queue = parse(r#"[{"id": "b", "blocks": ["a"], "needs": true}, {"id": "a"}]"#);
    assert_eq!(queue.tasks()[0].list(Field::Blocks), ["a"]);
    assert_eq!(queue.tasks()[0].list(Field::Needs), ["true"]);
    assert_eq!(queue.tasks()[0].waits_for().count(), 1);
}

#[test]
fn steps_name_tasks_and_each_other() {
    let steps = r#"[{"id": "s1", "depends_on": ["a"]}, "stir", {"title": "serve", "dependencies": [1, "stir", "s1"]}]"#;
    let queue = parse(&format!(r#"[{{"id": "b", "steps": {steps}}}, {{"id": "a"}}]"#));
    assert_eq!(queue.tasks()[0].list(Field::Steps), ["a", "stir"]);
    let said = |steps: &str| -> Vec<String> {
        let text = format!(r#"[{{"id": "b", "title": "t", "steps": {steps}}}]"#);
        parse(&text).findings().into_iter().map(|f| f.message).collect()
    };
    assert_eq!(said(r#"[{"id": "x"}, {"id": "y", "dependencies": ["x"]}]"#), Vec::<String>::new());
    assert_eq!(
        said(r#"[{"id": "x", "dependencies": "y"}, {"id": "y"}]"#),
        ["step x is listed before step y, on which it depends; swap them"]
    );
}

#[test]
fn keys_that_are_meant_to_be_known_are_told_once() {
    let said = |text: &str| -> Vec<String> {
        let line = |f: &crate::queue::Finding| format!("{} {}", f.position, f.message);
        parse(text).odd_keys().iter().map(line).collect()
    };
    let text = r#"[{"id": "ship", "titel": "x", "Status": "done", "Depends_On": ["test"], "test": "x"},
 {"id": "test", "waits": ["ship", "lunch"], "titel": "y", "points": 3, "phases": 1, "notes": "ship it"},
 {"id": "3", "relates_to": "ship", "scores": [3, 4], "dependson": [], "prioriy": 1, "related": "3"}]"#;
    assert_eq!(
        said(text),
        [
            "1:17 `titel` is not a known key; `title` is probably meant (also in 1 more task)",
            "1:31 `Status` is not a known key; `status` is probably meant",
            "1:49 `Depends_On` is not a known key; `depends_on` is probably meant",
            "2:17 `waits` names tasks of this file (`ship`) but is not read, so it does not order them; use `dependencies`",
            "3:14 `relates_to` names tasks of this file (`ship`) but is not read, so it does not order them; use `dependencies`",
            "3:54 `dependson` is not a known key; `depends_on` is probably meant",
            "3:71 `prioriy` is not a known key; `priority` is probably meant",
        ]
    );
    let findings = parse(text).findings();
    assert_eq!(findings.iter().filter(|f| f.code == "near-key").count(), 5);
    assert_eq!(findings.iter().filter(|f| f.code == "unread-ids").count(), 2);
    assert_eq!(
        said(r#"[{"id": 1, "estimate": 2, "links": [2]}, {"id": 2, "required": true}]"#).len(),
        1
    );
}

#[test]
fn a_state_under_a_key_that_nobody_knows_is_told() {
    let text = r#"[{"id": "a", "title": "x", "isDone": true}, {"id": "b", "title": "y", "isDone": false},
 {"id": "c", "title": "z", "taskStatus": "Done"}, {"id": "d", "title": "z", "finished": true},
 {"id": "e", "title": "z", "status": "open", "isDone": true},
 {"id": "f", "title": "z", "isUrgent": true, "lot": "large", "exstatus": "who knows"}]"#;
    let told = |key: &str, meant: &str| {
        format!(
            "`{key}` is not read, so the task counts as pending; if it is the state, call it \
             `{meant}`"
        )
    };
    let said: Vec<String> = parse(text)
        .odd_keys()
        .iter()
        .map(|found| format!("{} {}", found.position, found.message))
        .collect();
    let is_done = told("isDone", "done");
    assert_eq!(
        said,
        [
            format!("1:28 {is_done} (also in 2 more tasks)"),
            format!("2:28 {}", told("taskStatus", "status")),
            format!("2:77 {}", told("finished", "done")),
        ]
    );
    assert!(parse(text).findings().iter().all(|finding| finding.code == "unread-state"));
}
