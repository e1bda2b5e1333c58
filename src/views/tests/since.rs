//! `since`: what counts of each event, and the lines that tell it.

use crate::domain::{Need, Typed};
use crate::views::known::{LiveView, Phase};
use crate::views::mask::Mask;
use crate::views::need::NeedView;
use crate::views::sample::{at, event, joined, wide};
use crate::views::since::{self, BlockedView, Happened, RunningView, SinceView, happened, written};
use crate::views::style::Look;
use crate::views::summary::Summary;
use serde_json::{Value, json};

/// Counts events of task A by worker `w`.
fn counted(lines: &[(&str, Value)]) -> Happened {
    let mut all = Happened::default();
    for (kind, more) in lines {
        let line = json!({"event": kind, "task": "A", "worker": "w"});
        all.add(&event(joined(line, more.clone())));
    }
    all
}

fn person() -> Value {
    json!({"worker": null})
}

fn one(kind: &str, more: Value) -> Happened {
    counted(&[(kind, more)])
}

fn failed(code: &str) -> Happened {
    Happened { attempts: 1, failed: [(code.to_owned(), 1)].into(), ..Happened::default() }
}

fn blocked(reason: Option<&str>) -> Vec<BlockedView> {
    vec![BlockedView { id: "A".to_owned(), reason: reason.map(str::to_owned) }]
}

#[test]
fn an_end_of_an_attempt_counts_and_a_person_makes_none() {
    let none = Happened::default();
    let done = Happened { completed: vec!["A".to_owned()], ..none.clone() };
    let coded = json!({"data": {"reason_code": "timeout", "reason": "x"}});
    for (what, found, wanted) in [
        ("completed", one("completed", json!({})), Happened { attempts: 1, ..done.clone() }),
        ("done by hand", one("completed", person()), done),
        ("retried", one("retried", coded.clone()), failed("timeout")),
        ("retried, no code", one("retried", json!({})), failed("other")),
        (
            "blocked",
            one("blocked", coded),
            Happened { blocked: blocked(Some("x")), ..failed("timeout") },
        ),
        ("blocked by hand", one("blocked", person()), Happened { blocked: blocked(None), ..none }),
    ] {
        assert_eq!(found, wanted, "{what}");
    }
}

#[test]
fn other_events_count_as_what_they_are() {
    let none = Happened::default();
    let cost = json!({"data": {"cost_usd": 0.5}});
    let of_run = || json!({"task": null});
    for (what, found, wanted) in [
        ("landed", one("landed", json!({})), Happened { landed: 1, ..none.clone() }),
        (
            "added",
            one("added", json!({})),
            Happened { added: vec!["A".to_owned()], ..none.clone() },
        ),
        ("cost", one("verified", cost), Happened { cost_usd: Some(0.5), ..none.clone() }),
        ("loop start", one("loop_started", of_run()), Happened { loops: (1, 0), ..none.clone() }),
        ("loop end", one("loop_finished", of_run()), Happened { loops: (0, 1), ..none.clone() }),
        ("pause", one("paused", of_run()), none.clone()),
    ] {
        assert_eq!(found, wanted, "{what}");
    }
    let people =
        "retried reset answered parked cancelled approved edited unparked released external_edit";
    for kind in people.split(' ') {
        let people = [(kind.replace('_', " "), 1)].into();
        assert_eq!(one(kind, person()), Happened { people, ..none.clone() }, "{kind}");
    }
    let others = "claimed attempt_started agent_finished interrupted attempt_lost stale_claim restored \
                  resumed stopped progress tampered usage_limit budget silent hook of_a_newer_version";
    for kind in others.split(' ') {
        assert_eq!(one(kind, json!({})), none, "{kind}");
    }
}

/// What a person put back is neither complete nor blocked any more; a later end counts again.
#[test]
fn only_the_last_statement_about_a_task_counts() {
    for kind in ["retried", "reset", "answered", "parked", "cancelled"] {
        let found = counted(&[("completed", json!({})), ("blocked", json!({})), (kind, person())]);
        assert!(found.completed.is_empty() && found.blocked.is_empty(), "{kind}: {found:?}");
    }
    for kind in ["approved", "edited", "unparked", "released"] {
        assert_eq!(
            counted(&[("completed", json!({})), (kind, person())]).completed,
            ["A"],
            "{kind}"
        );
    }
    let found =
        counted(&[("blocked", json!({})), ("completed", json!({})), ("completed", json!({}))]);
    assert_eq!((found.completed.len(), found.blocked.len(), found.attempts), (1, 0, 3));
}

#[test]
fn both_ends_of_the_time_belong_to_it() {
    let times = ["10:00:00", "10:00:01", "10:30:00", "10:30:01"];
    let events = times.iter().enumerate().map(|(n, time)| {
        event(json!({"event": "completed", "task": format!("T{n}"), "at": format!("2026-01-19T{time}Z")}))
    });
    let bad = event(json!({"event": "completed", "task": "bad", "at": "soon"}));
    let range = (at("2026-01-19T10:00:01Z"), at("2026-01-19T10:30:00Z"));
    assert_eq!(happened(events.chain([bad]), range).completed, ["T1", "T2"]);
    assert_eq!(written(range.0), "2026-01-19T10:00:01Z");
}

#[test]
fn a_reason_is_shown_without_secrets() {
    let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
    let found = counted(&[("blocked", json!({"data": {"reason": "s3cret-word!"}}))]).masked(&mask);
    assert_eq!(found.blocked[0].reason.as_deref(), Some("[masked]!"));
}

fn view(happened: Happened) -> SinceView {
    SinceView {
        schema_version: 1,
        since: "2026-01-19T10:00:00Z".to_owned(),
        until: "2026-01-19T11:30:00Z".to_owned(),
        happened,
        summary: Summary { total: 4, complete: 1, parked: 1, ..Summary::default() },
        running: Vec::new(),
        needs_you: Vec::new(),
        typed: Typed::naming(" --work-queue q.json".to_owned()),
    }
}

fn need(id: &str) -> NeedView {
    NeedView {
        id: id.to_owned(),
        queue: "q.json".to_owned(),
        title: String::new(),
        need: Need::Blocked,
        reason_code: None,
        text: String::new(),
        since: None,
        command: format!("workloop retry {id}"),
    }
}

fn head() -> String {
    let from = crate::views::timing::clock(at("2026-01-19T10:00:00Z"), at("2026-01-19T11:30:00Z"));
    format!("Since {from} (1 h 30 min): ")
}

#[test]
fn a_quiet_night_is_two_lines() {
    assert_eq!(
        since::text(&view(Happened::default()), Look::PLAIN),
        format!("{}0 more complete, 1 of 3 now (33%)\nNeeds you  nothing\n", head()),
        "a parked task is no work"
    );
    let mut nothing = view(Happened::default());
    nothing.summary = Summary::default();
    let text = since::text(&nothing, Look::PLAIN);
    assert!(text.starts_with(&format!("{}0 more complete, 0 of 0 now (100%)\n", head())), "{text}");
}

#[test]
fn each_kind_of_thing_has_its_line() {
    let names = |many: usize| (1..=many).map(|n| format!("T{n}")).collect::<Vec<_>>();
    let blocked = |id: &str, reason: Option<&str>| BlockedView {
        id: id.to_owned(),
        reason: reason.map(str::to_owned),
    };
    let happened = Happened {
        completed: names(7),
        blocked: vec![blocked("B1", Some("no\u{1b} hinges")), blocked("B2", None)],
        attempts: 1,
        failed: [("other".to_owned(), 1)].into(),
        landed: 1,
        added: names(1),
        people: [("edited".to_owned(), 2), ("reset".to_owned(), 1)].into(),
        loops: (2, 0),
        cost_usd: Some(1.0),
    };
    let live = |running_s| LiveView {
        phase: Phase::Verifying,
        since: None,
        running_s,
        last_output: None,
        last_output_at: None,
        silent_s: None,
    };
    let runs = |id: &str, live: Option<LiveView>| RunningView { id: id.to_owned(), live };
    let mut view = view(happened);
    view.running =
        vec![runs("R1", Some(live(Some(67)))), runs("R2", Some(live(None))), runs("R3", None)];
    view.needs_you = vec![need("N1")];
    assert_eq!(
        since::text(&view, Look::PLAIN),
        format!(
            "{}7 more complete, 1 of 3 now (33%), $1.00\n\
             Complete   T1, T2, T3, T4, T5, T6 and 1 more\n\
             Blocked    B1 (no␛ hinges) and B2\n\
             Failed     1 of 1 attempt: 1 other\n\
             Landed     1 change\n\
             Added      T1\n\
             People     2 edited, 1 reset\n\
             Loops      2 started, 0 ended\n\
             Running    R1 (verifying, 1:07), R2 and R3\n\
             Needs you\n  N1  workloop retry N1\n",
            head()
        )
    );
    let narrow = since::text(&view, wide(40));
    assert!(narrow.contains("\nComplete   T1, T2, T3, T4, T5, T6 and 1…\n"), "{narrow}");
}

#[test]
fn four_needs_are_named_and_the_others_counted_with_the_command_that_shows_them() {
    let told = |many: usize| {
        let mut view = view(Happened::default());
        view.needs_you = (1..=many).map(|n| need(&format!("N{n}"))).collect();
        let text = since::text(&view, Look::PLAIN);
        text.lines().skip(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let four: Vec<String> = (1..=4).map(|n| format!("  N{n}  workloop retry N{n}")).collect();
    assert_eq!(told(4), four);
    for (many, more) in [(5, 1), (9, 5)] {
        let all = told(many);
        assert_eq!(all[..4], four);
        assert_eq!(all[4..], [format!("  … and {more} more: workloop status --work-queue q.json")]);
    }
}

#[test]
fn the_data_has_the_fields_of_its_schema() {
    let mut view = view(counted(&[("completed", json!({"data": {"cost_usd": 0.5}}))]));
    view.running = vec![RunningView { id: "R".to_owned(), live: None }];
    view.needs_you = vec![need("N")];
    let value = super::parsed(&view);
    super::fits("since", &value);
    assert_eq!(
        value,
        json!({"schema_version": 1, "since": "2026-01-19T10:00:00Z", "until": "2026-01-19T11:30:00Z",
            "completed": ["A"], "blocked": [], "attempts": 1, "failed": {}, "landed": 0, "added": [],
            "people": {}, "loops": [0, 0], "cost_usd": 0.5,
            "summary": {"total": 4, "pending": 0, "in_progress": 0, "blocked": 0, "complete": 1, "parked": 1},
            "running": [{"id": "R", "live": null}],
            "needs_you": [{"id": "N", "queue": "q.json", "title": "", "need": "blocked", "text": "",
                "command": "workloop retry N"}]})
    );
}
