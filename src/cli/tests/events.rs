use super::sandbox::{Ran, Sandbox, ago, timeless};
use serde_json::{Value, json};

/// Returns a project with a journal that a run left: A failed, and another queue has events too.
fn left() -> Sandbox {
    let worker = "host:7:0000000a";
    Sandbox::new(json!([{"id": "A"}])).var("DOOR_KEY", "s3cret-word").journal(&[
        json!({"event": "loop_started", "queue": "", "worker": worker}),
        json!({"event": "claimed", "task": "A", "worker": worker, "attempt": 1}),
        json!({"event": "retried", "task": "A", "worker": worker, "attempt": 1,
               "data": {"reason": "step unit, s3cret-word\u{1b}[2J"}}),
        json!({"event": "completed", "queue": "other.json", "task": "Z"}),
        json!({"event": "parked", "task": "A"}),
    ])
}

#[test]
fn an_event_is_a_line_with_all_details() {
    let text = left().reads("events").printed();
    assert_eq!(
        timeless(&text),
        "TIME  loop_started     by host:7:0000000a\n\
         TIME  claimed          q.json  A  attempt 1  by host:7:0000000a\n\
         TIME  retried          q.json  A  attempt 1  by host:7:0000000a  reason: step unit, [masked]␛[2J\n\
         TIME  parked           q.json  A\n"
    );
}

#[test]
fn in_the_style_of_a_log_an_event_is_a_sentence() {
    let sandbox = left();
    let text = sandbox.reads("events --style log").printed();
    let sentences: Vec<&str> = text.lines().map(|line| &line["10:00".len()..]).collect();
    let failed = " - Window 1: SUBTASK A failed (1 min) - step unit, [masked]␛[2J";
    assert_eq!(
        sentences,
        [
            " - loop started",
            " - Window 1: SUBTASK A started",
            failed,
            " - Person: SUBTASK A parked",
        ]
    );
    // What comes before is not printed, but it is known when the task was claimed.
    let text = sandbox.reads("events --style log --since 2026-01-19T10:02:00Z").printed();
    assert_eq!(text.lines().next().map(|line| &line["10:00".len()..]), Some(failed));
    let text = sandbox.reads("events --style log -n 2").printed();
    assert_eq!(text.lines().next().map(|line| &line["10:00".len()..]), Some(failed));
}

#[test]
fn json_is_the_line_of_the_journal_without_secrets() {
    let sandbox = left();
    let printed = sandbox.reads("events --json").printed();
    let journal = sandbox.text("queues/.workloop/events.jsonl");
    let wanted: String = journal
        .lines()
        .filter(|line| !line.contains("other.json"))
        .map(|line| line.replace("s3cret-word", "[masked]") + "\n")
        .collect();
    assert_eq!(printed, wanted);
    for line in printed.lines() {
        Ran { exit: 0, out: line.to_owned(), err: String::new() }.json("event");
    }
}

#[test]
fn only_the_last_events_are_shown_if_that_is_asked() {
    let sandbox = left();
    let all = sandbox.reads("events").printed();
    let all: Vec<&str> = all.lines().collect();
    for (line, count) in [("-n 0", 0), ("-n 1", 1), ("--lines 3", 3), ("-n 4", 4), ("-n 99", 4)] {
        let text = sandbox.reads(&format!("events {line}")).printed();
        assert_eq!(text.lines().collect::<Vec<_>>(), all[4 - count..], "{line}");
    }
    let text = sandbox.reads("events --since 2026-01-19T10:01:00Z -n 2").printed();
    assert_eq!(text.lines().collect::<Vec<_>>(), all[2..]);
}

#[test]
fn many_events_are_cut_to_the_last_ones() {
    let events: Vec<Value> = (0..300)
        .map(|n| json!({"event": "progress", "task": n.to_string(), "at": "2026-01-19T10:00:00Z"}))
        .collect();
    let sandbox = Sandbox::new(json!([{"id": "A"}])).journal(&events);
    for most in [1, 63, 64, 65, 128, 129, 299, 300, 301] {
        let text = sandbox.reads(&format!("events -n {most}")).printed();
        let tasks: Vec<&str> = text.lines().filter_map(|line| line.split("  ").last()).collect();
        let wanted: Vec<String> =
            (300_usize.saturating_sub(most)..300).map(|n| n.to_string()).collect();
        assert_eq!(tasks, wanted, "{most}");
    }
}

#[test]
fn events_are_shown_from_a_time_on_and_that_time_counts() {
    let sandbox = left();
    for (since, kinds) in [
        ("2026-01-19T10:02:00Z", &["retried", "parked"][..]),
        ("2026-01-19T10:02:00.001Z", &["parked"]),
        ("2026-01-19T11:04:00+01:00", &["parked"]),
        ("2026-01-19T10:04:01Z", &[]),
    ] {
        let text = sandbox.reads(&format!("events --since {since}")).printed();
        let found: Vec<&str> = text.lines().filter_map(|line| line.split("  ").nth(1)).collect();
        assert_eq!(found, kinds, "{since}");
    }
    assert_eq!(sandbox.reads("events --since 2h").printed(), "");
    let recent = [json!({"at": ago(121)}), json!({"at": ago(119)}), json!({"at": ago(-60)})];
    let recent = Sandbox::new(json!([])).journal(&recent);
    assert_eq!(recent.reads("events --since 2h").printed().lines().count(), 2, "and of the future");
    assert_eq!(sandbox.reads("events --since 2026-01-01").printed().lines().count(), 4);
    let text = "error: \"at noon\" is not a time\n\
                hint: write a duration such as 2h, a time of day such as 22:00, a date such as \
                2026-01-19, or an RFC 3339 time such as 2026-01-19T14:35:45Z\n";
    sandbox.refuses("events --since 'at noon'", 2, text);
}

#[test]
fn lines_that_are_no_events_are_skipped_and_those_of_a_newer_program_are_shown() {
    let sandbox = left();
    let path = "queues/.workloop/events.jsonl";
    let newer = json!({"v": 2, "seq": 6, "at": "2026-01-19T10:09:00Z", "event": "novel", "queue": "q.json"});
    let text = format!("not json\n{{}}\n[1]\n{}{newer}\n{{\"v\":1,\"seq\":7,", sandbox.text(path));
    sandbox.put(path, &text);
    let printed = sandbox.reads("events --json").printed();
    assert_eq!(printed.lines().count(), 5);
    assert!(printed.ends_with(&format!("{newer}\n")), "{printed}");
    let printed = sandbox.reads("events -n 1").printed();
    assert_eq!(timeless(&printed), "TIME  other            q.json\n");
}

#[test]
fn without_a_journal_there_are_no_events() {
    let sandbox = Sandbox::new(json!([]));
    for line in ["events", "events --json", "events -n 3", "events --style log"] {
        assert_eq!(sandbox.reads(line).printed(), "", "{line}");
    }
    // The queue itself is not read: its journal helps to find out what happened to it.
    let sandbox = left();
    sandbox.put("queues/q.json", "{ broken");
    assert_eq!(sandbox.reads("events").printed().lines().count(), 4);
    let text = "error: failed to find the queue no.json; did you mean queues/q.json?\n";
    sandbox.refuses("events no.json", 2, text);
}

#[test]
fn queues_of_one_folder_share_a_journal() {
    let sandbox = left().queue("other", json!([{"id": "Z"}]));
    let of = |line: &str| {
        let text = sandbox.reads(line).printed();
        text.lines()
            .filter_map(|line| line.split("  ").nth(1))
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let all = ["loop_started", "claimed", "retried", "completed", "parked"];
    assert_eq!(of("events"), all, "all queues if none is named");
    assert_eq!(of("events queues/other.json"), ["loop_started", "completed"]);
    assert_eq!(of("events queues/q.json queues/other.json queues/q.json"), all);
}

#[test]
fn journals_of_several_folders_are_merged_by_time() {
    let event = |at: &str, task: &str| {
        let event =
            json!({"v": 1, "seq": 1, "at": at, "event": "parked", "queue": "r.json", "task": task});
        format!("{event}\n")
    };
    let journal = event("2026-01-19T10:00:30Z", "R1")
        + &event("2026-01-19T10:03:30Z", "R2").replace("\"seq\":1", "\"seq\":2");
    let sandbox = left()
        .file("more/r.json", r#"{"tasks": [{"id": "R1"}, {"id": "R2"}]}"#)
        .file("more/.workloop/events.jsonl", &journal);
    let tasks = |line: &str| {
        let text = sandbox.reads(line).printed();
        let words = |line: &str| {
            timeless(line).split_whitespace().skip(1).take(3).collect::<Vec<_>>().join(" ")
        };
        text.lines().map(words).collect::<Vec<_>>()
    };
    let both = "queues/q.json more/r.json";
    let all = [
        "loop_started by host:7:0000000a",
        "parked r.json R1",
        "claimed q.json A",
        "retried q.json A",
        "parked r.json R2",
        "parked q.json A",
    ];
    assert_eq!(tasks(&format!("events {both}")), all);
    assert_eq!(tasks(&format!("events {both} -n 2")), all[4..]);
    assert_eq!(tasks(&format!("events {both} -n 4")), all[2..]);
}

#[test]
fn a_line_that_comes_again_is_shown_once_and_a_new_journal_counts_from_the_start() {
    let event = |seq: u32, minute: u32, task: &str| {
        let at = format!("2026-01-19T10:{minute:02}:00Z");
        json!({"event": "parked", "seq": seq, "at": at, "task": task})
    };
    // The second half is a journal that was restored from its backup, and then a new one.
    let sandbox = Sandbox::new(json!([])).journal(&[
        event(1, 0, "A"),
        event(2, 1, "B"),
        event(1, 0, "A"),
        event(2, 1, "B"),
        event(3, 2, "C"),
        event(1, 3, "D"),
        event(2, 3, "E"),
    ]);
    let text = sandbox.reads("events").printed();
    let tasks: Vec<&str> = text.lines().filter_map(|line| line.split("  ").last()).collect();
    assert_eq!(tasks, ["A", "B", "C", "D", "E"]);
}

#[test]
fn a_journal_that_is_longer_than_what_is_written_at_once_is_printed_in_order() {
    let why = "x".repeat(1000);
    let events: Vec<Value> = (0..200)
        .map(|n| {
            json!({"event": "progress", "task": n.to_string(), "at": "2026-01-19T10:00:00Z",
                   "data": {"note": why}})
        })
        .collect();
    let sandbox = Sandbox::new(json!([])).journal(&events);
    let text = sandbox.reads("events").printed();
    let tasks: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(4)).collect();
    assert_eq!(tasks, (0..200).map(|n: u32| n.to_string()).collect::<Vec<_>>());
    assert_eq!(
        sandbox.reads("events --json").printed().len(),
        sandbox.text("queues/.workloop/events.jsonl").len()
    );
}

#[test]
fn a_follower_gets_the_last_ten_events_and_ends_with_its_reader() {
    let events: Vec<Value> =
        (0..12).map(|n| json!({"event": "progress", "task": n.to_string()})).collect();
    let sandbox = Sandbox::new(json!([])).journal(&events);
    let tasks = |line: &str| {
        let ran = sandbox.follows(line);
        assert_eq!((ran.exit, ran.err.as_str()), (0, ""), "{line}");
        let last = |line: &str| line.split("  ").last().map(str::to_owned);
        ran.out.lines().filter_map(last).collect::<Vec<_>>()
    };
    let numbers = |from: u32| (from..12).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(tasks("events --follow"), numbers(2));
    assert_eq!(tasks("events -f -n 3"), numbers(9));
    assert_eq!(
        tasks("events -f --since 2026-01-19T10:01:00Z"),
        numbers(1),
        "all of them since then"
    );
}
