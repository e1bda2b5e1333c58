use super::sandbox::{Sandbox, timeless};
use serde_json::{Value, json};

/// Returns a project in which A failed once and runs again, and B has an empty attempt.
fn tried() -> Sandbox {
    let tasks = json!([
        {"id": "A", "title": "Walls", "status": "in_progress", "attempts": 2,
         "last_attempt": "2026-01-19T10:10:00Z"},
        {"id": "B", "title": "Roof", "attempts": 1, "last_attempt": "2026-01-19T11:00:00+02:00"},
        {"id": "C", "title": "Door"},
    ]);
    let step = |kind: &str, name: &str, code: u8, millis: u32, log: &str| {
        json!({"kind": kind, "name": name, "outcome": {"kind": "exited", "code": code},
               "millis": millis, "log": log})
    };
    let failed = json!({
        "verdict": "FAIL",
        "reason": "step unit: exit status 1, s3cret-word\u{1b}[2J",
        "reason_code": "tests_failed",
        "steps": [
            step("agent", "agent", 0, 65_000, "agent.out"),
            step("verify", "unit", 1, 1_500, "verify-1.out"),
        ],
    });
    let first = [
        ("agent.out", "I did it\nthe key is s3cret-word"),
        ("agent.err", ""),
        ("verify-1.out", "1 test\u{1b}[31m failed\n"),
        ("verify-10.out", "ten\n"),
        ("verify-2.out", "two\n"),
        ("service-db.out", "ready\n"),
        ("verify-x.out", "not a step"),
        ("service-db.err", "not the output of a service"),
        ("prompt.md", "not output"),
    ];
    Sandbox::new(tasks)
        .reported("A", 1, failed)
        .attempt("A", 1, &first)
        .attempt("A", 2, &[("agent.out", "partial"), ("agent.err", "warning\n")])
        .attempt("B", 1, &[])
        .var("DOOR_KEY", "s3cret-word")
}

#[test]
fn the_output_of_an_attempt_comes_with_a_heading_for_each_stream() {
    let text = tried().reads("log A --attempt 1").printed();
    assert_eq!(
        timeless(&text),
        "==> attempt 1, agent, standard output <==\n\
         I did it\n\
         the key is [masked]\n\
         ==> attempt 1, verification step unit <==\n\
         1 test\u{1b}[31m failed\n\
         ==> attempt 1, verification step 2 <==\n\
         two\n\
         ==> attempt 1, verification step 10 <==\n\
         ten\n\
         ==> attempt 1, service db <==\n\
         ready\n\
         ==> TIME to TIME, 2 min: agent 1 min, unit 1.5 s <==\n\
         ==> attempt 1: FAIL, step unit: exit status 1, [masked]␛[2J <==\n"
    );
}

#[test]
fn the_latest_attempt_is_shown_and_may_have_no_result_yet() {
    let sandbox = tried();
    let second = "==> attempt 2, agent, standard output <==\n\
                  partial\n\
                  ==> attempt 2, agent, standard error <==\n\
                  warning\n\
                  ==> attempt 2: no result yet <==\n";
    assert_eq!(sandbox.reads("log A").printed(), second);
    assert_eq!(sandbox.reads("log A --attempt 2 -q").printed(), second, "the output is asked for");
    let empty = "==> attempt 1 printed nothing <==\n==> attempt 1: no result yet <==\n";
    assert_eq!(sandbox.reads("log B").printed(), empty);
    let text = sandbox.reads("log").printed();
    assert_eq!(text, format!("==> task A <==\n{second}"), "11:00 in Helsinki is before 10:10");
}

#[test]
fn without_an_id_the_task_is_the_one_whose_attempt_began_last() {
    let began = |id: &str, at: &str| json!({"id": id, "attempts": 1, "last_attempt": at});
    let tasks = json!([
        began("old", "2026-01-19T10:00:00Z"),
        began("new", "2026-01-19T10:00:01Z"),
        began("gone", "2026-01-19T12:00:00Z"),
        began("wrong", "at noon"),
        {"id": "never", "last_attempt": "2026-01-19T12:00:00Z"},
    ]);
    let said = [("agent.out", "said\n")];
    let mut sandbox = Sandbox::new(tasks);
    for id in ["old", "new", "wrong", "never"] {
        sandbox = sandbox.attempt(id, 1, &said);
    }
    let text = sandbox.reads("log").printed();
    assert!(text.starts_with("==> task new <==\n"), "{text}");
}

#[test]
fn a_follower_of_an_attempt_that_has_ended_ends_too() {
    let sandbox = tried();
    let once = sandbox.reads("log A --attempt 1").printed();
    assert_eq!(sandbox.reads("log A --attempt 1 --follow").printed(), once);
    // B is not running, so its attempt without a result will print nothing more.
    assert_eq!(sandbox.reads("log B -f").printed(), sandbox.reads("log B").printed());
}

#[test]
fn json_has_the_report_and_every_stream() {
    let sandbox = tried();
    let mut value = sandbox.reads("log A --attempt 1 --json").json("log");
    let streams: Vec<Value> = value["streams"].as_array().expect("streams").clone();
    let of =
        |stream: &Value| (stream["name"].clone(), stream["bytes"].clone(), stream["text"].clone());
    let named = |name: &str, bytes: u32, text: &str| (json!(name), json!(bytes), json!(text));
    assert_eq!(
        streams.iter().map(of).collect::<Vec<_>>(),
        [
            named("agent, standard output", 31, "I did it\nthe key is [masked]"),
            named("agent, standard error", 0, ""),
            named("verification step unit", 19, "1 test\u{1b}[31m failed\n"),
            named("verification step 2", 4, "two\n"),
            named("verification step 10", 4, "ten\n"),
            named("service db", 6, "ready\n"),
        ]
    );
    let path = streams[0]["path"].as_str().expect("a path");
    assert!(path.starts_with("DIR/queues/.workloop/") && path.ends_with("/1/agent.out"), "{path}");
    value.as_object_mut().expect("an object").remove("streams");
    assert_eq!(
        value,
        json!({
            "schema_version": 1, "id": "A", "queue": "queues/q.json", "attempt": 1,
            "outcome": "exit status 0", "verdict": "FAIL",
            "started_at": "2026-01-19T10:00:00.000Z", "ended_at": "2026-01-19T10:02:05.000Z",
            "steps": [
                {"name": "agent", "outcome": "exit status 0", "seconds": 65.0},
                {"name": "unit", "outcome": "exit status 1", "seconds": 1.5},
            ],
            "reason": "step unit: exit status 1, [masked]\u{1b}[2J",
        })
    );
}

#[test]
fn json_of_an_attempt_without_a_result_says_so_with_nulls() {
    let value = tried().reads("log B --json").json("log");
    assert_eq!(
        value,
        json!({
            "schema_version": 1, "id": "B", "queue": "queues/q.json", "attempt": 1,
            "outcome": null, "verdict": null, "started_at": null, "ended_at": null,
            "steps": null, "reason": null, "streams": [],
        })
    );
}

#[test]
fn json_has_the_beginning_and_the_end_of_a_long_stream() {
    const HALF: usize = 32 << 10;
    for (between, wanted) in
        [(0, ""), (1, "\n[1 bytes left out]\n"), (70_000, "\n[70000 bytes left out]\n")]
    {
        let said = format!("{}{}{}", "a".repeat(HALF), "-".repeat(between), "z".repeat(HALF));
        let sandbox = tried().attempt("C", 1, &[("agent.out", &said)]);
        let value = sandbox.reads("log C --json").json("log");
        let text = value["streams"][0]["text"].as_str().expect("text");
        let wanted = format!("{}{wanted}{}", "a".repeat(HALF), "z".repeat(HALF));
        assert!(text == wanted, "{between}: {} bytes", text.len());
        assert_eq!(value["streams"][0]["bytes"], said.len());
    }
}

#[test]
fn an_attempt_without_a_verdict_says_how_it_ended() {
    for (changes, wanted) in [
        (
            json!({"verdict": null, "outcome": {"kind": "interrupted"}, "steps": []}),
            "==> TIME to TIME, 2 min <==\n==> attempt 1: interrupted <==\n",
        ),
        (
            json!({"verdict": null, "outcome": {"kind": "timed_out", "seconds": 60}, "ended_at": "",
                   "reason": "too slow"}),
            "==> agent 1 min, unit 1.5 s <==\n==> attempt 1: timed out after 60 s, too slow <==\n",
        ),
        (
            json!({"ended_at": "2026-01-19T09:00:00.000Z", "steps": []}),
            "==> TIME to TIME, 0.0 s <==\n==> attempt 1: PASS <==\n",
        ),
    ] {
        let sandbox = Sandbox::new(json!([{"id": "A"}])).reported("A", 1, changes);
        let text = timeless(&sandbox.reads("log A").printed());
        assert_eq!(text, format!("==> attempt 1 printed nothing <==\n{wanted}"));
    }
}

#[test]
fn what_cannot_be_shown_is_refused_with_what_exists() {
    let sandbox = tried();
    for (line, text) in [
        (
            "log A --attempt 3",
            "error: task A has no attempt 3 to show\nhint: existing attempts: 1, 2\n",
        ),
        (
            "log A --attempt 0",
            "error: task A has no attempt 0 to show\nhint: existing attempts: 1, 2\n",
        ),
        ("log C", "error: task C has no attempt to show\n"),
        ("log C --attempt 1 --json", "error: task C has no attempt to show\n"),
        (
            "log A C",
            "error: log shows one task, not A, C\n\
             hint: a queue ends in .json, or is named with --work-queue\n",
        ),
        ("log X", "error: there is no task `X` in queues/q.json\n"),
    ] {
        sandbox.refuses(line, 2, text);
    }
    let never = Sandbox::new(json!([{"id": "A", "attempts": 1}]));
    never.refuses("log", 2, "error: no task has an attempt to show\n");
    let err = sandbox.run("log A --follow --json").failed(2);
    assert!(
        err.starts_with("error: the argument '--follow' cannot be used with '--json'\n"),
        "{err}"
    );
}

#[test]
fn in_several_queues_the_task_is_named_with_its_queue() {
    let sandbox = tried().queue("other", json!([{"id": "A"}, {"id": "Z", "attempts": 1}]));
    let text = "error: task id `A` exists in 2 queues: other:A, q:A\n\
                hint: write queue:ID, or name one queue with --work-queue\n";
    sandbox.refuses("log A", 2, text);
    let value = sandbox.reads("log q:A --json").json("log");
    assert_eq!((&value["id"], &value["queue"]), (&json!("q:A"), &json!("queues/q.json")));
    sandbox.refuses("log other:A", 2, "error: task other:A has no attempt to show\n");
    assert_eq!(sandbox.reads("log A queues/q.json").printed(), sandbox.reads("log q:A").printed());
    let text = sandbox.reads("log").printed();
    assert!(text.starts_with("==> task q:A <==\n"), "{text}");
}

#[test]
fn a_follower_of_a_running_attempt_gets_what_is_there_and_ends_with_its_reader() {
    let ran = tried().follows("log A --follow");
    let text = "==> attempt 2, agent, standard output <==\n\
                partial\n\
                ==> attempt 2, agent, standard error <==\n\
                warning\n";
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, text, ""), "no result is told");
}
