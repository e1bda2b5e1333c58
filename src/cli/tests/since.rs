//! `since TIME`: what happened by the journal, and what waits for a person now.

use super::house::{house, house_and, left_behind, of, refuses_bad_queues};
use super::sandbox::Sandbox;
use serde_json::{Value, json};

const WORKER: &str = "vm:1:0000000a";

/// Returns the house after a night of work; the first event was at ten o'clock.
fn night() -> Sandbox {
    let by = |event: &str, task: &str, data: Value| json!({"event": event, "task": task, "worker": WORKER, "attempt": 1, "data": data});
    house_and(&[left_behind("S")]).journal(&[
        json!({"event": "loop_started", "worker": WORKER}),
        by("claimed", "A", json!({})),
        by("completed", "A", json!({"cost_usd": 0.25})),
        by("landed", "A", json!({})),
        by("retried", "D", json!({"reason_code": "verification", "cost_usd": 0.5})),
        by("blocked", "D", json!({"reason_code": "verification", "reason": "step test"})),
        json!({"event": "added", "task": "G"}),
        json!({"event": "parked", "task": "F"}),
        json!({"event": "edited", "task": "C"}),
        json!({"event": "loop_finished", "worker": WORKER}),
        json!({"event": "completed", "task": "X", "queue": "other.json"}),
    ])
}

#[test]
fn the_json_counts_what_the_journal_says_since_then() {
    let json = night().reads("since 2026-01-19T10:00:00Z --json").json("since");
    assert_eq!(json["since"], "2026-01-19T10:00:00Z");
    for (key, value) in [
        ("schema_version", json!(1)),
        ("completed", json!(["A"])),
        ("blocked", json!([{"id": "D", "reason": "step test"}])),
        ("attempts", json!(3)),
        ("failed", json!({"verification": 2})),
        ("landed", json!(1)),
        ("added", json!(["G"])),
        ("people", json!({"edited": 1, "parked": 1})),
        ("loops", json!([1, 1])),
        ("cost_usd", json!(0.75)),
        ("running", json!([{"id": "S", "live": null}])),
    ] {
        assert_eq!(json[key], value, "{key}");
    }
    let summary = &json["summary"];
    assert_eq!((&summary["total"], &summary["complete"]), (&json!(8), &json!(1)));
    let needs = json["needs_you"].as_array().expect("a list");
    let ids: Vec<&str> = needs.iter().filter_map(|need| need["id"].as_str()).collect();
    assert_eq!(ids, ["D", "G"]);
}

#[test]
fn events_before_the_time_do_not_count_and_the_moment_itself_does() {
    let of = |time: &str| {
        let json = night().reads(&format!("since {time} --json")).json("since");
        (json["completed"].clone(), json["landed"].clone(), json["loops"].clone())
    };
    assert_eq!(of("2026-01-19T10:02:00Z"), (json!(["A"]), json!(1), json!([0, 1])));
    assert_eq!(of("2026-01-19T10:02:01Z"), (json!([]), json!(1), json!([0, 1])));
    assert_eq!(of("2026-01-19T10:04:00Z"), (json!([]), json!(0), json!([0, 1])));
    assert_eq!(of("2026-01-20T00:00:00Z"), (json!([]), json!(0), json!([0, 0])));
}

#[test]
fn the_text_fits_on_a_screen_and_ends_with_what_needs_a_person() {
    let text = night().reads("since 2026-01-19T10:00:00Z").printed();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("Since "), "{text}");
    assert!(lines[0].ends_with("): 1 more complete, 1 of 7 now (14%), $0.75"), "{text}");
    assert_eq!(
        lines[1..],
        [
            "Complete   A",
            "Blocked    D (step test)",
            "Failed     2 of 3 attempts: 2 verification",
            "Landed     1 change",
            "Added      G",
            "People     1 edited, 1 parked",
            "Loops      1 started, 1 ended",
            "Running    S",
            "Needs you",
            "  D  workloop why D, then workloop retry D",
            "  G  workloop approve G",
        ]
    );
    let quiet = of(&[json!({"id": "A", "status": "complete"})]).reads("since 1h").printed();
    assert!(
        quiet.ends_with(": 0 more complete, 1 of 1 now (100%)\nNeeds you  nothing\n"),
        "{quiet}"
    );
}

#[test]
fn a_time_that_is_none_is_refused_before_anything_is_read() {
    let hint = "hint: write a duration such as 2h, a time of day such as 22:00, a date such as \
                2026-01-19, or an RFC 3339 time such as 2026-01-19T14:35:45Z\n";
    for time in ["yesterday", "25:00", "2026-13-01", "-1h", "''"] {
        let shown = time.trim_matches('\'');
        let line = format!("since {} nowhere.json", if time == "-1h" { "-- -1h" } else { time });
        house().refuses(&line, 2, &format!("error: {shown:?} is not a time\n{hint}"));
    }
}

#[test]
fn tasks_of_several_queues_with_one_id_are_told_apart() {
    let event = |queue: &str, at: &str| json!({"event": "completed", "queue": queue, "task": "A", "worker": WORKER, "at": at});
    let sandbox = house().queue("two", json!([{"id": "A", "status": "complete"}])).journal(&[
        event("two.json", "2026-01-19T10:00:00.000Z"),
        event("q.json", "2026-01-19T10:05:00.000Z"),
    ]);
    let completed = |line: &str| sandbox.reads(line).json("since")["completed"].clone();
    assert_eq!(completed("since 2026-01-19 --json"), json!(["two:A", "q:A"]));
    assert_eq!(completed("since 2026-01-19 --json queues/two.json"), json!(["A"]), "loaded alone");
}

#[test]
fn journals_of_several_folders_are_merged_by_time() {
    let done = |id: &str| json!([{"id": id, "status": "complete"}]).to_string();
    let line = |queue: &str, task: &str, minute: u32, event: &str| {
        let at = format!("2026-01-19T10:{minute:02}:00.000Z");
        json!({"v": 1, "seq": 1, "at": at, "event": event, "queue": queue, "task": task,
               "worker": WORKER, "data": {}})
        .to_string()
            + "\n"
    };
    let sandbox = Sandbox::empty()
        .file("a/q.json", &done("A"))
        .file("b/r.json", &done("B"))
        .config("queues = [\"a/q.json\", \"b/r.json\"]\n")
        .file("a/.workloop/events.jsonl", &line("q.json", "A", 9, "completed"))
        .file("b/.workloop/events.jsonl", &line("r.json", "B", 5, "completed"));
    let json = sandbox.reads("since 2026-01-19 --json").json("since");
    assert_eq!(json["completed"], json!(["B", "A"]));
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("since 1h");
}
