//! Runs over several queues: what comes first, what is counted, and what is found while they run.

use super::WhenEmpty;
use super::ends::{fails, interrupted, passes};
use super::outside::Outside;
use super::play::{CONFIG, Play, task, with};
use crate::project::Scope;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;

fn urgent(id: &str, priority: &str) -> Value {
    with(task(id), json!({"priority": priority}))
}

#[test]
fn the_most_urgent_task_of_all_queues_comes_first() {
    let play = Play::new(json!([urgent("A", "low"), urgent("B", "high")]))
        .queue("other.json", json!([urgent("X", "critical"), urgent("Y", "medium")]));
    let ran = play.go();
    assert_eq!(ran.begun(), ["X in 0", "B in 0", "Y in 0", "A in 0"]);
    assert_eq!(ran.end(), (0, "all 4 tasks are complete".to_owned()));
    // The start and the end of a loop are noted once.
    assert_eq!(ran.site.journal("other.json").len(), 8);
    assert_eq!(ran.journal().iter().filter(|event| event.starts_with("loop")).count(), 2);
}

#[test]
fn a_task_waits_for_a_task_of_another_queue() {
    let waits = with(task("A"), json!({"dependencies": ["other:X"], "priority": "critical"}));
    let ran = Play::new(json!([waits])).queue("other.json", json!([task("X")])).go();
    assert_eq!(ran.begun(), ["X in 0", "A in 0"]);
}

#[test]
fn only_the_tasks_in_scope_are_done_and_counted() {
    let mut play = Play::new(json!([task("A"), with(task("B"), json!({"dependencies": ["A"]}))]))
        .queue("other.json", json!([task("X"), task("Y")]));
    let ids = ["B", "X"].map(str::to_owned);
    play.chosen.scope = Scope { ids: HashSet::from(ids), ..Scope::default() };
    let ran = play.go();
    assert_eq!(ran.begun(), ["X in 0"]);
    assert_eq!(ran.heard().last().unwrap(), "1 of 2 complete, 0 running, 0 blocked, 0 ready");
    assert_eq!(ran.end().0, 7);
}

#[test]
fn a_tally_counts_what_is_in_the_files() {
    let of = |id: &str, status: &str| with(task(id), json!({"status": status}));
    let tasks =
        json!([of("A", "complete"), of("B", "blocked"), of("C", "parked"), task("D"), task("E")]);
    let ran = Play::new(tasks).queue("other.json", json!([of("X", "blocked"), task("Y")])).go();
    let tallies: Vec<String> =
        ran.heard().into_iter().filter(|text| text.contains(" complete, ")).collect();
    assert_eq!(
        tallies,
        [
            "1 of 6 complete, 1 running, 2 blocked, 2 ready",
            "2 of 6 complete, 1 running, 2 blocked, 1 ready",
            "3 of 6 complete, 1 running, 2 blocked, 0 ready",
            "4 of 6 complete, 0 running, 2 blocked, 0 ready",
        ]
    );
}

#[test]
fn an_epic_follows_its_children() {
    let child = with(task("A"), json!({"parent": "E"}));
    let epic = with(task("E"), json!({"type": "epic"}));
    let ran = Play::new(json!([epic, child])).go();
    assert_eq!(ran.begun(), ["A in 0"]);
    assert_eq!(
        (ran.status("E"), ran.end()),
        ("complete".to_owned(), (0, "all 2 tasks are complete".to_owned()))
    );
    // If the children were complete before, nothing has to be claimed.
    let child = with(task("A"), json!({"parent": "E", "status": "complete"}));
    let epic = with(task("E"), json!({"type": "epic"}));
    let ran = Play::new(json!([epic, child])).go();
    assert_eq!((ran.begun().len(), ran.status("E")), (0, "complete".to_owned()));
}

#[test]
fn the_gate_of_a_phase_is_added_before_anything_begins() {
    let play = Play::new(json!([]));
    let tasks = json!([with(task("A"), json!({"phase": 1})), with(task("B"), json!({"phase": 2}))]);
    let phases = json!([{"phase": 1, "gate": "default"}, {"phase": 2}]);
    play.site.write("q.json", &json!({"phases": phases, "tasks": tasks}).to_string());
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "gate-1 in 0", "B in 0"]);
    let gate = ran.task("gate-1");
    assert_eq!(
        (&gate["title"], &gate["type"], &gate["phase"], &gate["verify"]),
        (&json!("Gate of phase 1"), &json!("gate"), &json!("1"), &json!(["default"]))
    );
    assert_eq!(ran.end(), (0, "all 3 tasks are complete".to_owned()));
}

#[test]
fn a_queue_that_appears_is_found_while_the_loop_waits() {
    let waits = with(task("A"), json!({"dependencies": ["later:X"]}));
    let config = format!("queues = [\"q.json\", \"later.json\"]\n{CONFIG}untouched = false\n");
    let mut play = Play::of(&config, json!([waits]))
        .waits(3)
        .then(|at| {
            let text = json!({"tasks": [{"id": "X", "title": "x", "status": "complete"}]});
            at.site.write("later.json", &text.to_string());
            // The configuration knows only files that exist.
            fs::write(at.site.key("later.json"), "").unwrap();
        })
        .waits(4)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0"]);
}

#[test]
fn tasks_on_the_same_files_do_not_run_at_once_unless_that_is_allowed() {
    let on = |id: &str| with(task(id), json!({"files": ["src/a.rs"]}));
    let together = |scopes: &str| {
        let config = format!("untouched = false\nscopes = \"{scopes}\"\n");
        let mut play =
            Play::with(&config, json!([on("A"), on("B")])).stays("A").waits(1).then(|at| {
                let begun = at.site.begun.borrow().len();
                at.end("A", passes());
                at.site.heard.borrow_mut().push(format!("begun: {begun}"));
            });
        play.chosen.jobs = 2;
        let ran = play.go();
        let folder = format!("{}/", ran.site.dir.path().display());
        let said = ran.said("warning").into_iter().map(|text| text.replace(&folder, ""));
        (ran.said("begun"), said.collect::<Vec<String>>())
    };
    let none = Vec::<String>::new();
    let one = |text: &str| vec![text.to_owned()];
    assert_eq!(together("serialize"), (one("1"), none.clone()));
    assert_eq!(together("off"), (one("2"), none));
    assert_eq!(together("warn"), (one("2"), one("B and A run at the same time on src/a.rs")));
}

#[test]
fn a_configuration_that_no_longer_covers_a_task_ends_the_run() {
    let play = Play::of(
        "[agents.default]\nrun = \"true\"\n[limits]\nuntouched = false\n",
        json!([task("A")]),
    );
    let ran = play.go();
    let said = "stopped: no verification is configured; no task was blamed, 0 of 1 complete";
    assert_eq!(ran.end(), (2, said.to_owned()));
    assert_eq!(ran.begun(), Vec::<String>::new());
}

#[test]
fn a_configuration_that_a_person_changes_counts_for_the_next_run() {
    let tasks = json!([task("A"), task("B"), task("C")]);
    let change = |at: &Outside, text: &str| {
        fs::write(at.site.key("workloop.toml"), format!("{}# {text}\n", at.site.config)).unwrap();
    };
    let play = Play::new(tasks)
        .stays("A")
        .then(move |at| {
            change(at, "once");
            at.end("A", passes());
        })
        .stays("C")
        .then(move |at| {
            change(at, "twice");
            at.end("C", fails());
        });
    fs::write(play.site.key("workloop.toml"), &play.site.config).unwrap();
    let ran = play.go();
    let said = "workloop.toml or a variable file that it names changed: the next run uses it, this \
                one keeps what it read";
    assert_eq!(ran.said("warning"), [said], "it is said once");
    assert_eq!((ran.begun().len(), ran.end().0), (4, 0));
}

#[test]
fn only_the_last_attempts_of_a_task_are_kept() {
    let config = "untouched = false\nattempts = 9\nkeep_attempts = 2\n";
    let ends = [fails(), fails(), interrupted(), passes()];
    let ran = Play::with(config, json!([task("A"), task("B")])).ends("A", ends).go();
    let mut kept = Vec::new();
    for task in fs::read_dir(ran.site.key(".workloop/attempts")).unwrap() {
        for attempt in fs::read_dir(task.unwrap().path()).unwrap() {
            kept.push(attempt.unwrap().file_name().into_string().unwrap());
        }
    }
    kept.sort_unstable();
    assert_eq!(kept, ["1", "3", "4"], "one of B, and two of A");
}
