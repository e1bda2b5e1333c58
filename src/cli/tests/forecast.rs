//! The forecast of `plan` and `report`: what measured tasks say about the rest.

use super::house::of;
use super::sandbox::Sandbox;
use serde_json::{Value, json};

const FROM: &str = "--from 2027-01-04T08:00:00Z";

/// Returns a project whose complete tasks took so many minutes each, all estimated with ten, and
/// two open tasks, one after the other.
fn measured(minutes: &[u32]) -> Sandbox {
    let done = |n: usize| json!({"id": format!("T{n}"), "status": "complete", "attempts": 1, "estimated_minutes": 10});
    let mut tasks: Vec<Value> = (0..minutes.len()).map(done).collect();
    tasks.push(json!({"id": "X", "epic": "e", "estimated_minutes": 10,
                      "deadline": "2027-01-04T08:15:00Z"}));
    tasks.push(json!({"id": "Y", "epic": "e", "depends_on": ["X"], "estimated_minutes": 10,
                      "deadline": "2027-01-04T09:30:00Z"}));
    let event = |n: usize, event: &str, minute: u32| {
        json!({"event": event, "task": format!("T{n}"), "worker": "vm:1:0000000a", "attempt": 1,
               "at": format!("2026-01-19T{:02}:{minute:02}:00.000Z", 10 + n),
               "data": {"verdict": "PASS"}})
    };
    let events = minutes
        .iter()
        .enumerate()
        .flat_map(|(n, took)| [event(n, "claimed", 0), event(n, "completed", *took)]);
    of(&tasks).journal(&events.collect::<Vec<_>>())
}

/// Eight tasks, half of which took as long as was estimated.
const EIGHT: [u32; 8] = [10, 10, 10, 10, 20, 20, 20, 40];

/// Returns the plan.
fn plan(sandbox: &Sandbox, flags: &str) -> Value {
    sandbox.reads(&format!("plan --json {FROM} {flags}")).json("plan")
}

#[test]
fn the_end_is_later_than_planned_if_tasks_took_longer_than_estimated() {
    let plan = plan(&measured(&EIGHT), "");
    assert_eq!(plan["ends_at"], "2027-01-04T08:20:00Z");
    assert_eq!(
        plan["forecast"],
        json!({"measured": 8, "p50_minutes": 30, "p90_minutes": 60,
               "p50_at": "2027-01-04T08:30:00Z", "p90_at": "2027-01-04T09:00:00Z"})
    );
    assert_eq!(plan["estimates"], "given", "measured times change no estimate that is given");
    let due = |n: usize| {
        let due = &plan["deadlines"][n];
        [&due["lateness"], &due["ends_at"], &due["p50_at"], &due["p90_at"]].map(Value::clone)
    };
    let at = |time: &str| json!(format!("2027-01-04T{time}:00Z"));
    assert_eq!(due(0), [json!("late"), at("08:10"), at("08:20"), at("08:40")]);
    assert_eq!(due(1), [json!("on_time"), at("08:20"), at("08:30"), at("09:00")]);
}

#[test]
fn groups_and_the_time_to_finish_by_have_their_own() {
    let plan = plan(&measured(&EIGHT), "--by epic --by 2027-01-04T09:00:00Z");
    let group = &plan["groups"]["rows"][1];
    assert_eq!((&group["name"], &group["p90_at"]), (&json!("e"), &json!("2027-01-04T09:00:00Z")));
    assert_eq!(group["due_at"], "2027-01-04T09:30:00Z", "the last of its deadlines");
    assert_eq!(plan["groups"]["total"]["p90_at"], "2027-01-04T09:00:00Z");
    assert_eq!(plan["groups"]["rows"][0]["p90_at"], Value::Null, "all of it is done");
    assert_eq!(
        plan["target"],
        json!({"at": "2027-01-04T09:00:00Z", "loops": 1, "ends_at": "2027-01-04T08:20:00Z",
               "p90_at": "2027-01-04T09:00:00Z"})
    );
}

#[test]
fn tasks_that_took_as_long_as_estimated_change_nothing() {
    let forecast = plan(&measured(&[10; 8]), "")["forecast"].clone();
    assert_eq!((&forecast["p50_minutes"], &forecast["p90_minutes"]), (&json!(20), &json!(20)));
}

#[test]
fn too_few_measured_tasks_say_nothing() {
    assert_eq!(plan(&measured(&[40, 40]), "")["forecast"], Value::Null);
    assert_eq!(plan(&measured(&[]), "")["forecast"], Value::Null);
    let text = measured(&[40, 40]).reads("report").printed();
    assert!(text.contains("too few tasks were measured to say how sure that is"), "{text}");
}

#[test]
fn the_text_of_the_plan_names_the_chances() {
    let text = measured(&EIGHT).reads(&format!("plan {FROM}")).printed();
    let part = text.split("\n\n").find(|part| part.starts_with("Dates with 1 loop")).expect(&text);
    let lines: Vec<&str> = part.lines().skip(1).collect();
    assert!(lines[0].starts_with("  as planned "), "{part}");
    assert!(lines[1].starts_with("  even chances ") && lines[1].ends_with("  (p50)"), "{part}");
    let end = "  (p90, by 8 measured tasks)";
    assert!(lines[2].starts_with("  nine of ten ") && lines[2].ends_with(end), "{part}");
}

#[test]
fn the_report_has_metrics_and_the_same_forecast_from_now_on() {
    let report = measured(&EIGHT).reads("report --json").json("report");
    let metrics = &report["metrics"];
    for (key, value) in [
        ("attempts_passed", json!(8)),
        ("attempts_failed", json!(0)),
        ("success_percent", json!(100.0)),
        ("first_pass", json!(8)),
        ("first_pass_percent", json!(100.0)),
        ("p95_minutes", json!(40.0)),
        ("complete_per_day", json!(8.0)),
        ("estimated_minutes", json!(80.0)),
        ("actual_minutes", json!(140.0)),
        ("speedup", json!(1.0)),
    ] {
        assert_eq!(metrics[key], value, "{key}");
    }
    let forecast = &report["forecast"];
    assert_eq!(
        (&forecast["measured"], &forecast["p50_minutes"], &forecast["p90_minutes"]),
        (&json!(8), &json!(30), &json!(60))
    );
    assert_eq!(report["left"]["work_minutes"], 20);
    let slow = json!([{"kind": "slow", "task": "T7", "text": "took 40 min, estimated 10 min"}]);
    assert_eq!(report["red_flags"], slow);
}
