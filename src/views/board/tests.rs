//! Boards of queues that are made in memory, word for word.

mod cards;
mod lists;
mod state;

use super::Board;
use crate::config::BoardStyle;
use crate::domain::QueueIx;
use crate::views::sample::{hostile, now, seen};
use serde_json::{Value, json};

fn board(style: BoardStyle, files: &[(&str, &Value)]) -> String {
    seen(files, |sources| {
        let order: Vec<QueueIx> = QueueIx::first(files.len()).collect();
        Board { sources, order: &order, now: now() }.render(style)
    })
}

fn sample() -> Value {
    let claim = json!({"worker": "host:1:0badcafe", "attempt": 2, "since": "2026-01-19T14:35:00Z"});
    json!({"phases": [{"phase": 1, "name": "Base"}, {"phase": 2, "name": "Top"}], "tasks": [
        {"id": "1.1", "title": "Floor", "phase": 1, "status": "complete", "artifacts": ["floor.md", {"kind": "plan"}], "notify": ["2.9"], "result_summary": "Laid."},
        {"id": "1.2", "title": "Walls", "phase": 1, "status": "in_progress", "attempts": 2, "claim": claim,
         "estimated_minutes": 50, "dependencies": ["1.1"], "progress": {"percent": 60, "next": "north wall", "note": "slow\n---"}},
        {"id": "2.1", "title": "Roof", "phase": 2, "dependencies": ["1.2", "1.1"], "deadline": "2026-01-19T12:00:00Z"},
        {"id": "2.2", "title": "Door", "phase": 2, "status": "blocked", "error": "no hinges"},
        {"id": "2.3", "title": "Gate", "phase": 2, "status": "parked", "steps": ["dig", "hang"]},
    ]})
}

#[test]
fn the_progress_document_has_the_blocks_of_its_contract() {
    let text = board(BoardStyle::Progress, &[("q.json", &sample())]);
    let walls = "## 1.2: Walls\n\n- Status: IN_PROGRESS\n- Progress: 60% complete\n- Current Task: north wall\n\
                 - Blockers: None\n- ETA: 2026-01-19 15:25Z by its estimate\n\n";
    assert!(text.starts_with("# Progress\n\nOverall: "), "{text}");
    assert!(text.contains(walls), "{text}");
    let floor = "## 1.1: Floor\n\n- Status: COMPLETE\n- Progress: 100% complete\n- Notified: 2.9, 1.2, 2.1\n\
                 - Artifacts: floor.md, {\"kind\":\"plan\"}\n\n";
    assert!(text.contains(floor), "{text}");
    let roof =
        "## 2.1: Roof\n\n- Status: WAITING\n- Dependencies: Waiting for 1.2\n- Late: was due";
    assert!(text.contains(roof), "{text}");
    let report = "[1.2: Walls]\nStatus: IN_PROGRESS\nProgress: 60% complete\nDependencies: SATISFIED\n\
                  Blocking Issues: NONE\nNext Steps: north wall\nETA: 2026-01-19 15:25Z by its estimate\n\n\
                  ---\nslow ---\n---\n";
    assert!(text.contains(report), "{text}");
    let waiting =
        "[2.1: Roof]\nStatus: WAITING\nProgress: 0% complete\nDependencies: WAITING_FOR 1.2\n";
    assert!(text.contains(waiting), "{text}");
    let blocked = "[2.2: Door]\nStatus: BLOCKED\nProgress: 0% complete\nDependencies: NONE\n\
                   Blocking Issues: no hinges\nNext Steps: NONE\nETA: -\n\n---\n-\n---\n";
    assert!(text.contains(blocked), "{text}");
    assert!(text.contains("## 2.3: Gate\n\n- Status: WAITING (parked)\n"), "{text}");
}

#[test]
fn the_check_list_has_the_blocks_of_its_contract() {
    let text = board(BoardStyle::Todo, &[("q.json", &sample())]);
    assert_eq!(
        text,
        "# Todo\n\n### Phase 1: Base\n\n- [x] Task 1.1: Floor\n- [ ] Task 1.2: Walls (in progress)\n\n\
         ### Phase 2: Top\n\n- [ ] Task 2.1: Roof\n- [ ] Task 2.2: Door (blocked)\n\
         - [ ] Task 2.3: Gate (parked)\n\n**Progress**: 1/5 tasks complete (20%)\n\
         **Current Phase**: Phase 1 (Base)\n"
    );
    let flat = json!({"tasks": [{"id": "A", "title": "a", "status": "complete"}]});
    let text = board(BoardStyle::Todo, &[("q.json", &flat)]);
    let expected =
        "# Todo\n\n### Tasks\n\n- [x] Task A: a\n\n**Progress**: 1/1 tasks complete (100%)\n";
    assert_eq!(text, expected);
}

#[test]
fn the_kanban_board_has_all_queues_and_a_list_for_each_state() {
    let other = json!({"tasks": [{"id": "X", "title": "Other"}]});
    let text = board(BoardStyle::Kanban, &[("a.json", &sample()), ("b.json", &other)]);
    assert!(text.contains("| a.json | 5 | "), "{text}");
    assert!(text.contains("| all | 6 | "), "{text}");
    let door = "## Blocked (1)\n\n- [ ] **2.2** Door (a.json) — no hinges\n";
    assert!(text.contains(door), "{text}");
    let roof = "- [ ] **2.1** Roof (a.json) — LATE, was due 2026-01-19T12:00:00Z; waits for 1.2\n";
    assert!(text.contains(roof), "{text}");
    assert!(text.contains("## Ready (1)\n\n- [ ] **X** Other (b.json)\n"), "{text}");
    assert!(text.contains("60%; next: north wall; ETA 2026-01-19 15:25Z by its estimate; attempt 2 by host:1:0badcafe"), "{text}");
}

#[test]
fn the_data_of_a_board_has_what_its_styles_say() {
    let value = seen(&[("q.json", &sample())], |sources| {
        let board = Board { sources, order: &[QueueIx::FIRST], now: now() };
        serde_json::to_value(board.data()).expect("JSON")
    });
    let schema = include_str!("../../../schemas/board.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    jsonschema::validate(&schema, &value).unwrap_or_else(|error| panic!("{error} in {value}"));
    let list = |state: &str| {
        let lists = value["lists"].as_array().expect("lists").iter();
        lists.filter(|list| list["state"] == state).map(|list| list["tasks"].clone()).next()
    };
    let walls = &list("in_progress").expect("a list")[0];
    assert_eq!((&walls["percent"], &walls["next"]), (&json!(60), &json!("north wall")));
    let roof = &list("waiting").expect("a list")[0];
    assert_eq!((&roof["depends_on"], &roof["late"]), (&json!(["1.2"]), &json!(true)));
    let floor = &list("complete").expect("a list")[0];
    assert_eq!(floor["notified"], json!(["2.9", "1.2", "2.1"]));
    assert_eq!(list("blocked").expect("a list")[0]["blockers"], json!(["no hinges"]));
    assert_eq!(value["queues"][0]["summary"]["total"], 5);
}

/// No title can create a line, a heading, a list or a cell.
#[test]
fn hostile_titles_stay_in_their_lines() {
    let titles = hostile();
    let task =
        |(n, title): (usize, &String)| json!({"id": format!("T{n} {title}"), "title": title});
    let tasks: Vec<Value> = titles.iter().enumerate().map(task).collect();
    let queue = json!({"tasks": tasks});
    let lines = |style| {
        let text = board(style, &[("q.json", &queue)]);
        assert!(
            !text.contains(|c: char| c != '\n' && crate::platform::terminal::steers(c)),
            "{text}"
        );
        text.lines().map(str::to_owned).collect::<Vec<String>>()
    };
    let starting =
        |lines: &[String], with: &str| lines.iter().filter(|l| l.starts_with(with)).count();
    let kanban = lines(BoardStyle::Kanban);
    assert_eq!(starting(&kanban, "- [ ] **T"), titles.len());
    assert_eq!((starting(&kanban, "#"), starting(&kanban, "|")), (7, 3));
    let todo = lines(BoardStyle::Todo);
    assert_eq!((starting(&todo, "- [ ] Task T"), starting(&todo, "#")), (titles.len(), 2));
    let progress = lines(BoardStyle::Progress);
    assert_eq!(starting(&progress, "## T"), titles.len());
    assert_eq!(starting(&progress, "[T"), titles.len());
    let fences: Vec<&String> = progress.iter().filter(|line| line.starts_with("```")).collect();
    assert!(fences.len() == 2 && fences[0].trim_end_matches("text") == fences[1], "{fences:?}");
}
