//! `plan`: waves, critical path, dates, groups and deadlines.

use super::house::{BOTH, house, of, refuses_bad_queues};
use super::sandbox::Sandbox;
use chrono::{Local, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use serde_json::{Value, json};

/// The start of the plans: two hours a day from eight o'clock.
const FROM: &str = "--from 2027-01-04T08:00:00Z --hours-per-day 2";

/// Returns a project with phases, epics, sprints, deadlines and files.
fn site() -> Sandbox {
    of(&[
        json!({"id": "A", "status": "complete", "attempts": 1, "phase": 1, "epic": "house",
               "sprint": "S0", "estimated_minutes": 60}),
        json!({"id": "B", "depends_on": ["A"], "phase": 1, "epic": "house", "sprint": "S1",
               "track": "t1", "type": "build", "estimated_minutes": 120,
               "deadline": "2027-01-05T20:00:00Z"}),
        json!({"id": "C", "depends_on": ["B"], "phase": 2, "epic": "garden", "sprint": "S1",
               "track": "t2", "type": "build", "estimated_minutes": 60,
               "deadline": "2027-01-04T10:00:00Z"}),
        json!({"id": "D", "phase": 2, "epic": "garden", "estimated_minutes": 30, "files": ["x"]}),
        json!({"id": "E", "phase": 2, "estimated_minutes": 30, "files": ["x"]}),
        json!({"id": "F", "status": "blocked", "deadline": "2027-01-04T20:00:00Z"}),
        json!({"id": "G", "status": "parked"}),
    ])
}

/// Returns the plan of the site as JSON.
#[track_caller]
fn planned(flags: &str) -> Value {
    site().reads(&format!("plan --json {FROM} {flags}")).json("plan")
}

/// Asserts fields of an object.
#[track_caller]
fn has(object: &Value, fields: Value) {
    for (key, value) in fields.as_object().expect("an object") {
        assert_eq!(&object[key], value, "{key}");
    }
}

#[test]
fn waves_critical_path_and_slack_are_those_of_the_open_tasks() {
    let plan = planned("");
    has(
        &plan,
        json!({
            "schema_version": 1, "tasks": 4, "edges": 1, "waves": [["B", "D", "E"], ["C"]],
            "width": 3, "critical_path": {"tasks": ["B", "C"], "minutes": 180},
            "work_minutes": 240, "estimates": "given", "cycles": [], "stuck": [],
            "slack": {"B": 0, "C": 0, "D": 150, "E": 150}, "barriers": [], "recommended_loops": 2,
            "estimate_counts": {"given": 4, "history": 0, "default": 0}, "forecast": null,
        }),
    );
    let row = |loops: u32, minutes: u32, speedup: f64| json!({"loops": loops, "makespan_minutes": minutes, "speedup": speedup});
    assert_eq!(
        plan["loops"],
        json!([row(1, 240, 1.0), row(2, 180, 1.33), row(4, 180, 1.33), row(8, 180, 1.33)])
    );
    let stuck = house().reads("plan --json").json("plan");
    has(&stuck, json!({"stuck": ["E"], "waves": [["B", "G"], ["C"]], "estimates": "default"}));
}

#[test]
fn the_text_says_the_same_for_people() {
    let text = site().reads(&format!("plan {FROM}")).printed();
    let parts: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(
        parts[..6],
        [
            "4 open tasks, 1 dependency, 4 h of work (estimates: 4 given)",
            "Waves, at most 3 tasks at once\n  1  3  B  D  E\n  2  1  C",
            "Critical path, 3 h: no delay is possible here\n  B (2 h) -> C (1 h)",
            "Slack: how much the others may be delayed\n  D  2 h 30 min  (takes 30 min)\n  E  2 h 30 \
             min  (takes 30 min)",
            "Loops  Time  Speedup\n    1   4 h     1.00\n    2   3 h     1.33  <- recommended\n    4   3 h     \
             1.33\n    8   3 h     1.33",
            "Worth it: 2 loops take 3 h instead of 4 h (1.33 times as fast); more than 2 gain less than 5 %.",
        ]
    );
    assert!(parts[6].starts_with("Dates with 2 loops, from "), "{text}");
    let deadlines: Vec<&str> = parts[7]
        .lines()
        .filter_map(|line| line.split("  due ").next())
        .map(str::trim_end)
        .collect();
    assert_eq!(deadlines, ["Deadlines", "  C  will be late", "  F  cannot run", "  B  on time"]);
    let bars: Vec<&str> = parts[8].lines().map(|line| line.get(..4).unwrap_or("")).collect();
    assert_eq!(bars, ["Sche", "1  B", "2  D", "2  E", "1  C", "    "]);
    let width = parts[8].lines().map(|line| line.chars().count()).max();
    assert_eq!(width, Some(100), "without a terminal");
}

#[test]
fn nothing_left_and_nothing_possible_are_told() {
    let done = of(&[json!({"id": "A", "status": "complete"})]);
    assert_eq!(
        done.reads("plan").printed(),
        "0 open tasks, 0 dependencies, 0 min of work\n\nNothing is left to do.\n"
    );
    let json = done.reads("plan --json --by 2999-01-01").json("plan");
    has(&json, json!({"tasks": 0, "waves": [], "ends_at": null}));
    assert_eq!(json.get("target"), None, "nothing has to be finished");
    let cycle =
        of(&[json!({"id": "A", "depends_on": ["B"]}), json!({"id": "B", "depends_on": ["A"]})]);
    let json = cycle.reads("plan --json").json("plan");
    has(
        &json,
        json!({"cycles": [["A", "B"]], "stuck": ["A", "B"], "waves": [], "recommended_loops": 1,
               "advice": "Nothing can run: 2 pending tasks are stuck.", "planned_loops": 1}),
    );
}

#[test]
fn one_number_of_loops_decides_the_dates_and_several_do_not() {
    has(&planned(""), json!({"planned_loops": 2, "ends_at": "2027-01-05T09:00:00Z"}));
    let one = planned("--loops 1");
    has(&one, json!({"planned_loops": 1, "ends_at": "2027-01-05T10:00:00Z"}));
    assert_eq!(one["loops"].as_array().map(Vec::len), Some(1));
    has(&planned("--loops 1,3"), json!({"planned_loops": 2, "ends_at": "2027-01-05T09:00:00Z"}));
    has(&planned("--loops 8"), json!({"planned_loops": 8}));
}

#[test]
fn deadlines_are_compared_with_the_planned_end() {
    let due = |task: &str, at: &str, lateness: &str, ends: Value| {
        json!({"task": task, "deadline": at, "at": at, "lateness": lateness, "ends_at": ends,
               "p50_at": null, "p90_at": null})
    };
    assert_eq!(
        planned("")["deadlines"],
        json!([
            due("B", "2027-01-05T20:00:00Z", "on_time", json!("2027-01-04T10:00:00Z")),
            due("C", "2027-01-04T10:00:00Z", "late", json!("2027-01-05T09:00:00Z")),
            due("F", "2027-01-04T20:00:00Z", "stuck", Value::Null),
        ])
    );
    let done = json!({"id": "A", "status": "complete", "deadline": "2027-01-04T20:00:00Z"});
    let parked = json!({"id": "B", "status": "parked", "deadline": "2027-01-04T20:00:00Z"});
    let odd = json!({"id": "C", "deadline": "soon"});
    let json = of(&[done, parked, odd]).reads(&format!("plan --json {FROM}")).json("plan");
    assert_eq!(json["deadlines"], json!([]), "over, set aside, or no time");
}

#[test]
fn groups_have_a_row_each_and_a_total() {
    let groups = planned("--by epic")["groups"].clone();
    assert_eq!(groups["by"], "epic");
    let names = |groups: &Value| -> Vec<Value> {
        groups["rows"].as_array().expect("rows").iter().map(|row| row["name"].clone()).collect()
    };
    assert_eq!(names(&groups), [json!("house"), json!("garden"), Value::Null]);
    has(
        &groups["rows"][0],
        json!({"tasks": 2, "complete": 1, "open": 1, "stuck": 0, "phases": 1, "waves": 1, "width": 1,
               "work_minutes": 120, "parallel_minutes": 120, "speedup": 1.0,
               "ends_at": "2027-01-04T10:00:00Z", "due_at": "2027-01-05T20:00:00Z",
               "lateness": "on_time"}),
    );
    has(
        &groups["rows"][1],
        json!({"tasks": 2, "complete": 0, "open": 2, "phases": 1, "waves": 1, "width": 2,
               "work_minutes": 90, "parallel_minutes": 60, "speedup": 1.5,
               "due_at": "2027-01-04T10:00:00Z", "lateness": "late"}),
    );
    has(
        &groups["total"],
        json!({"name": null, "tasks": 7, "complete": 1, "open": 4, "phases": 2, "waves": 2, "width": 3,
               "work_minutes": 240, "parallel_minutes": 180, "speedup": 1.33,
               "ends_at": "2027-01-05T09:00:00Z", "due_at": null, "lateness": null}),
    );
    for (by, wanted) in [
        ("phase", json!(["1", "2", null])),
        ("track", json!([null, "t1", "t2"])),
        ("type", json!([null, "build"])),
        ("queue", json!(["queues/q.json"])),
        ("sprint", json!(["S0", "S1", null])),
        ("TYPE", json!([null, "build"])),
    ] {
        let groups = planned(&format!("--by {by}"))["groups"].clone();
        assert_eq!(json!(names(&groups)), wanted, "{by}");
        assert_eq!(groups["by"], by.to_lowercase(), "{by}");
    }
    assert_eq!(planned("").get("groups"), None);
}

#[test]
fn a_child_belongs_to_its_parent_and_an_epic_is_in_no_group() {
    let sandbox = of(&[
        json!({"id": "epic", "title": "all"}),
        json!({"id": "X", "parent": "epic"}),
        json!({"id": "Y", "parent": "epic", "epic": "own"}),
    ]);
    let groups = sandbox.reads("plan --json --by epic").json("plan")["groups"].clone();
    let rows = groups["rows"].as_array().expect("rows").clone();
    let row = |row: &Value| (row["name"].clone(), row["tasks"].clone());
    assert_eq!(
        rows.iter().map(row).collect::<Vec<_>>(),
        [(json!("epic"), json!(1)), (json!("own"), json!(1))]
    );
    assert_eq!(groups["total"]["tasks"], 2);
}

#[test]
fn phases_of_several_queues_are_separate_groups() {
    let sandbox = site().queue("two", json!([{"id": "Q", "phase": 1}])).config(BOTH);
    let groups = sandbox.reads("plan --json --by phase").json("plan")["groups"].clone();
    let names: Vec<&Value> =
        groups["rows"].as_array().expect("rows").iter().map(|row| &row["name"]).collect();
    assert_eq!(
        names,
        [
            &json!("queues/q.json: 1"),
            &json!("queues/q.json: 2"),
            &Value::Null,
            &json!("queues/two.json: 1")
        ]
    );
    assert_eq!(groups["total"]["phases"], 3);
}

#[test]
fn a_sprint_limits_the_plan_and_one_that_is_nowhere_is_refused() {
    let plan = planned("--sprint S1");
    has(&plan, json!({"tasks": 2, "waves": [["B"], ["C"]], "width": 1, "work_minutes": 180}));
    assert_eq!(plan["groups"]["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(planned("--sprint S1 --by epic")["groups"]["by"], "epic");
    let whole = planned("--sprint");
    has(&whole, json!({"tasks": 4}));
    assert_eq!(whole["groups"]["by"], "sprint");
    let site = site();
    for (flags, text) in [
        ("--sprint S9", "no task has sprint S9; there are: S0 and S1"),
        ("--sprint S0 --type build", "no task has sprint S0; there are: S0 and S1"),
        ("--sprint S1 --phase 3", "no task has phase 3; there are: 1, 2"),
        (
            "--type build --epic house --track t2",
            "no task has all of track t2, type build, epic house",
        ),
    ] {
        site.refuses(&format!("plan {flags}"), 2, &format!("error: {text}\n"));
    }
    let text = "error: no task has sprint S1; no task has one\n";
    house().refuses("plan --sprint S1", 2, text);
}

#[test]
fn a_queue_after_a_flag_with_an_optional_value_is_a_queue() {
    let site = site();
    let days = site.reads(&format!("plan --json {FROM} --days queues/q.json")).json("plan");
    assert_eq!(days["days"].as_array().map(Vec::len), Some(2));
    // The file of a sprint is looked up where the process runs, so it is named in full here.
    let path = site.path("queues/q.json");
    let line = format!("plan --json {FROM} --sprint {}", path.display());
    let sprint = site.reads(&line).json("plan");
    assert_eq!(sprint["groups"]["by"], "sprint");
    assert_eq!(sprint["tasks"], 4);
    site.refuses("plan --days x", 2, "error: failed to find the queue x\n");
}

#[test]
fn days_list_what_begins_and_ends() {
    let plan = planned("--days");
    assert_eq!(
        plan["days"],
        json!([
            {"date": "2027-01-04", "starts": ["B", "D", "E"], "ends": ["D", "E", "B"]},
            {"date": "2027-01-05", "starts": ["C"], "ends": ["C"]},
        ])
    );
    assert_eq!(planned("--days 1")["days"].as_array().map(Vec::len), Some(1));
    assert_eq!(planned("--days 0")["days"], json!([]));
    assert_eq!(planned("").get("days"), None);
    let text = site().reads(&format!("plan {FROM} --days")).printed();
    assert!(text.contains("\nDay by day\n   1  Mon 2027-01-04  "), "{text}");
}

#[test]
fn a_time_to_finish_by_asks_for_the_fewest_loops() {
    let target = |by: &str| planned(&format!("--by {by}"))["target"].clone();
    assert_eq!(
        target("2027-01-05T10:00:00Z"),
        json!({"at": "2027-01-05T10:00:00Z", "loops": 1, "ends_at": "2027-01-05T10:00:00Z",
               "p90_at": null})
    );
    assert_eq!(target("2027-01-05T09:59:59Z")["loops"], 2);
    assert_eq!(target("2027-01-05T09:00:00Z")["ends_at"], "2027-01-05T09:00:00Z");
    has(&target("2027-01-05T08:59:59Z"), json!({"loops": null, "ends_at": "2027-01-05T09:00:00Z"}));
    assert_eq!(planned("--by epic --by 2027-01-05T10:00:00Z")["groups"]["by"], "epic");
}

#[test]
fn a_date_is_a_day_of_this_place() {
    let local = |hour: u32| {
        let day = NaiveDate::from_ymd_opt(2027, 1, 4).expect("a day");
        let at = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).expect("a time"));
        let at = Local.from_local_datetime(&at).earliest().expect("a time").with_timezone(&Utc);
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let json = site().reads("plan --json --from 2027-01-04 --hours-per-day 3h").json("plan");
    has(&json, json!({"starts_at": local(9), "ends_at": local(12), "hours_per_day": 3.0}));
    let json = site().reads("plan --json --from 2027-01-04").json("plan");
    has(&json, json!({"hours_per_day": 24.0}));
}

#[test]
fn tasks_with_the_same_files_can_be_kept_apart() {
    let plan = planned("--respect scopes");
    has(
        &plan,
        json!({"waves": [["B", "D"], ["E"], ["C"]], "wave_parts": [2, 1], "width": 2, "tasks": 4}),
    );
    assert_eq!(planned("").get("wave_parts"), None);
}

#[test]
fn barriers_after_every_phase_have_their_price() {
    let plan = planned("--barriers");
    has(
        &plan,
        json!({"waves": [["B"], ["C", "D", "E"]], "barriers": ["1"],
               "slack": {"B": 0, "C": 0, "D": 30, "E": 30},
               "barrier_cost": {"waves": [2, 2], "minutes": [180, 180]}}),
    );
    let text = site().reads(&format!("plan {FROM} --barriers")).printed();
    let line = "\nA barrier after every phase makes 2 waves of 2, and 3 h of 3 h.\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn estimates_are_compared_with_the_times_of_the_journal() {
    let by = |event: &str, data: Value| json!({"event": event, "task": "A", "worker": "vm:1:0000000a", "attempt": 1, "data": data});
    let measured =
        site().journal(&[by("claimed", json!({})), by("completed", json!({"verdict": "PASS"}))]);
    let line = format!("plan --json --actual {FROM}");
    assert_eq!(
        measured.reads(&line).json("plan")["actual"],
        json!({"tasks": [{"id": "A", "estimated_minutes": 60.0, "estimate": "given",
                          "actual_minutes": 1.0, "attempts": 1}],
               "estimated_minutes": 60.0, "actual_minutes": 1.0, "unmeasured": 0})
    );
    let text = measured.reads(&format!("plan --actual {FROM}")).printed();
    let end = "\nEstimates and actual times\n  A          1 h  took       1 min    2 %  (given, 1 attempt)\n1 \
               measured task: 1 h estimated, 1 min taken, 2 %\n";
    assert!(text.ends_with(end), "{text}");
    let actual = site().reads(&line).json("plan")["actual"].clone();
    assert_eq!(
        actual,
        json!({"tasks": [], "estimated_minutes": 0.0, "actual_minutes": 0.0, "unmeasured": 1})
    );
    assert!(!actual.to_string().contains("-0"), "{actual}");
}

#[test]
fn wrong_values_are_refused_with_what_they_must_be() {
    let site = site();
    let write =
        "write one of epic, phase, queue, sprint, track, type, or a time such as 2026-01-30";
    for (flags, text) in [
        (
            "--hours-per-day 0",
            "invalid value '0' for '--hours-per-day <H>': must be more than 0 and at most 24",
        ),
        (
            "--hours-per-day 24.5",
            "invalid value '24.5' for '--hours-per-day <H>': must be more than 0 and at most 24",
        ),
        ("--loops 1,0", "invalid value '0' for '--loops <N,…>': 0 is not in 1..=4294967295"),
        ("--by Friday", &format!("invalid value 'Friday' for '--by <WHAT|TIME>': {write}")),
    ] {
        let err = site.reads(&format!("plan {flags}")).failed(2);
        assert!(err.starts_with(&format!("error: {text}\n")), "{err}");
    }
    let most = "error: --by takes at most one group and one time\n";
    site.refuses("plan --by type --by epic", 2, most);
    site.refuses("plan --by 2999-01-05 --by 2999-01-06", 2, most);
    assert_eq!(site.reads("plan --by type --by type").exit, 0, "said twice");
    let hint = "hint: write a date such as 2026-01-30, a time such as 2026-01-30T18:00, or a duration from \
                now such as 3d\n";
    for flags in ["--from Friday", "--by 2027-02-30"] {
        let word = flags.split(' ').next_back().expect("a word");
        let text = format!("error: {word:?} is not a time for planning\n{hint}");
        site.refuses(&format!("plan {flags}"), 2, &text);
    }
    let err = site.reads("plan --by 2000-01-01").failed(2);
    assert!(err.starts_with("error: --by 2000-01-01 23:59:59 "), "{err}");
    assert!(err.ends_with(": that time has passed\n"), "{err}");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("plan");
}
