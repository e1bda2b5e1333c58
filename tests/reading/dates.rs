//! Plans with dates, blockers, and the deadlines and reasons in `status` and `board`.

use super::{Folder, Left};
use serde_json::{Value, json};

/// Returns a folder with six tasks that a run completed, and remaining tasks: a chain, a deadline
/// that passed, and a blocker.
fn folder() -> Folder {
    let done = |n: usize| json!({"id": format!("D{n}"), "title": "d", "estimated_minutes": 10});
    let mut tasks: Vec<Value> = (0..6).map(done).collect();
    tasks.push(
        json!({"id": "BAD", "title": "bad", "max_iterations": 1, "type": "bad", "epic": "e"}),
    );
    let left = [
        json!({"id": "A", "title": "a", "estimated_minutes": 60, "epic": "e", "deadline": "2026-01-01", "not_before": "2999-01-01", "sprint": "2999-W01"}),
        json!({"id": "B", "title": "b", "estimated_minutes": 60, "epic": "f", "depends_on": ["A"], "due": "2999-01-01", "not_before": "2999-01-01"}),
        json!({"id": "C", "title": "c", "estimated_minutes": 60, "depends_on": ["BAD"], "deadline": "2999-01-01"}),
    ];
    tasks.extend(left);
    let folder = Folder::new(&json!({ "tasks": tasks }));
    folder.write("agent.sh", "echo \"$WORKLOOP_TASK_ID\" > \"made-$WORKLOOP_TASK_ID\"\n");
    folder.write("check.sh", "test \"$WORKLOOP_TASK_ID\" != BAD\n");
    folder.write(
        "workloop.toml",
        "[agents.default]\nrun = \"sh agent.sh\"\n[[verify]]\nname = \"t\"\nrun = \"sh check.sh\"\n\
         [limits]\nuntouched = false\n",
    );
    let Left(exit, _, err) = folder.run("run q.json --jobs 3");
    assert_eq!(exit, 5, "{err}");
    folder
}

/// Asserts that a report agrees with the plan for the number of loops that worked at a time.
fn report_agrees(folder: &Folder) {
    let report = folder.json("report", "report q.json --json");
    let left = &report["left"];
    assert_eq!(
        (&left["tasks"], &left["stuck"], &left["work_minutes"]),
        (&json!(2), &json!(1), &json!(120))
    );
    let same = folder.json("plan", &format!("plan q.json --json --loops {}", left["loops"]));
    for key in ["measured", "p50_minutes", "p90_minutes"] {
        assert_eq!(report["forecast"][key], same["forecast"][key], "{key}");
    }
}

/// Removes the times of a forecast, because they depend on when it is made.
fn timeless(mut deadlines: Value) -> Value {
    for row in deadlines.as_array_mut().into_iter().flatten() {
        for key in ["ends_at", "p50_at", "p90_at"] {
            row.as_object_mut().expect("a row").remove(key);
        }
    }
    deadlines
}

#[test]
fn a_plan_has_dates_groups_days_and_a_forecast() {
    let folder = folder();
    let plan = folder.json("plan", "plan q.json --json --by epic --by 2999-06-01 --days --loops 2");
    assert_eq!((&plan["planned_loops"], &plan["hours_per_day"]), (&json!(2), &json!(24.0)));
    assert_eq!(plan["forecast"]["measured"], 6, "{plan}");
    // Each took only a fraction of its estimated ten minutes.
    assert!(plan["forecast"]["p90_minutes"].as_f64().expect("minutes") < 60.0, "{plan}");
    report_agrees(&folder);
    let of = |list: &Value, key: &str| -> Vec<Value> {
        list.as_array().expect("a list").iter().map(|one| one[key].clone()).collect()
    };
    assert_eq!(of(&plan["deadlines"], "task"), ["A", "B", "C"]);
    assert_eq!(of(&plan["deadlines"], "lateness"), ["overdue", "on_time", "stuck"]);
    let groups = &plan["groups"];
    assert_eq!(of(&groups["rows"], "name"), [json!(null), json!("e"), json!("f")]);
    assert_eq!(of(&groups["rows"], "tasks"), [7, 2, 1]);
    assert_eq!(of(&groups["rows"], "complete"), [6, 0, 0]);
    assert_eq!(
        (&groups["total"]["work_minutes"], &groups["total"]["stuck"]),
        (&json!(120), &json!(1))
    );
    assert_eq!(plan["days"][0]["starts"][0], "A");
    assert_eq!(plan["target"]["loops"], 1, "{plan}");
    let eight = folder.json(
        "plan",
        "plan --sprint=2999-W01 q.json --json --from 2026-01-19 --hours-per-day 0.5 --days 1",
    );
    assert_eq!(
        (&eight["tasks"], &eight["days"]),
        (&json!(1), &json!([{"date": "2026-01-19", "starts": ["A"], "ends": []}]))
    );
    assert_eq!(eight["groups"]["by"], "sprint");
    // A flag with an optional value does not consume the queue argument.
    let timeless = |line: &str| timeless(folder.json("plan", line)["deadlines"].take());
    assert_eq!(timeless("plan --json --days q.json"), timeless("plan --json --sprint q.json"));
    let Left(exit, out, _) = folder.run("plan q.json --days --by track --by 2999-06-01");
    assert_eq!(exit, 0);
    for part in [
        "\nDates with ",
        "  nine of ten ",
        "\nBy track\n",
        "\nDay by day\n",
        "\nDeadlines\n",
        "1 loop makes it",
    ] {
        assert!(out.contains(part), "{part} is missing in {out}");
    }
    for (line, error) in [
        ("plan q.json --by 2020-01-01", "has passed"),
        ("plan q.json --sprint nope", "there are: 2999-W01"),
        ("plan q.json --by nothing", "write one of epic, phase, queue, sprint, track, type"),
        ("plan q.json --from friday", "is not a time for planning"),
        ("plan q.json --hours-per-day 25", "at most 24"),
        ("plan q.json --by epic --by phase", "at most one group"),
    ] {
        let Left(exit, _, err) = folder.run(line);
        assert!(exit == 2 && err.contains(error), "{line}: {err}");
    }
}

#[test]
fn what_is_late_or_in_the_way_is_where_a_person_looks() {
    let folder = folder();
    let status = folder.json("status", "status q.json --json");
    let flags = status["red_flags"].as_array().expect("flags");
    assert!(flags.iter().any(|flag| flag["kind"] == "late" && flag["task"] == "A"), "{status}");
    let tasks = &status["queues"][0]["tasks"];
    let bad = &tasks[6];
    assert_eq!((&bad["state"], &bad["reason_code"]), (&json!("blocked"), &json!("tests_failed")));
    assert_eq!((&tasks[0]["reason_code"], &tasks[7]["late"]), (&json!(null), &json!(true)));
    let Left(_, out, _) = folder.run("status q.json");
    assert!(out.contains("Red flags\n  late  A  was due 2026-01-01\n\n"), "{out}");
    let Left(_, out, _) = folder.run("status q.json --table");
    assert!(out.contains("LATE, was due 2026-01-01; "), "{out}");
    let blockers = folder.json("blockers", "blockers q.json --json");
    let first = &blockers["blockers"][0];
    assert_eq!((&first["id"], &first["holds_up"]), (&json!("BAD"), &json!(["C"])), "{blockers}");
    assert_eq!((&first["frees"], &first["reason_code"]), (&json!(1), &json!("tests_failed")));
    let Left(_, out, _) = folder.run("blockers q.json");
    assert!(
        out.starts_with("1 task waits behind") && out.contains("holds up 1 task, 1 h of work: C"),
        "{out}"
    );
    let board = folder.json("board", "board q.json --json");
    assert_eq!(board["lists"][0]["tasks"][0]["reason_code"], "tests_failed");
    assert_eq!(board["queues"][0]["summary"]["complete"], 6);
}
