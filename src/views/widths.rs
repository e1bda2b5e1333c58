//! Checks every text for people at the widths of terminals, with titles, ids and reasons that are
//! wide, joined, right-to-left, or contain control characters: no line is too wide, and no control
//! character remains.

use super::attempts::{self, AttemptView};
use super::dates::{At, Dates, Day, Due, ForecastView, GroupRow, Groups, Target};
use super::deadline::Lateness;
use super::fold::is_copied;
use super::known::{LiveView, Phase};
use super::plan::{Actual, ActualTask, PlanView};
use super::sample::{hostile, now, seen};
use super::since::{BlockedView, Happened, RunningView, SinceView};
use super::stuck::{Sign, StuckList, StuckView};
use super::style::Look;
use super::view::{Shown, Sources};
use super::{blockers, flags, next, plan as planned, since, stuck, table, text, why};
use crate::domain::{AttemptReport, Typed};
use crate::plan::{self, EstimateRules, Estimates, Minutes, Node, PlanInput, QueueTasks};
use crate::platform::cells;
use crate::platform::terminal::steers;
use crate::store::attempts::AttemptFolder;
use crate::store::{StateDir, TaskKey};
use crate::views::mask::Mask;
use serde_json::{Value, json};
use std::path::Path;

const WIDTHS: [usize; 4] = [60, 80, 120, 200];
const IDS: [&str; 5] = ["A-1", "日本語の長い識別子", "crab-🦀👩‍👩‍👧‍👦", "שלום-עולם", "e\u{202e}vil"];

/// Returns a title of each kind.
fn titles() -> Vec<String> {
    let long = "a title that goes on and on, e\u{301}e\u{301}e\u{301} and so on, until nothing more of it fits";
    let others =
        ["日本語の長い題名がここにありますので切らなければなりません、もっともっと長く", long];
    others.into_iter().map(str::to_owned).chain(hostile()).collect()
}

/// Returns tasks in every state; every second one has an id that is hard to show.
fn queue() -> Value {
    let claim = json!({"worker": "host:1:0badcafe", "attempt": 1, "since": "2026-01-19T09:00:00Z"});
    let task = |(n, title): (usize, String)| {
        let id = format!("{}{n}", IDS[n % IDS.len()]);
        let mut task = json!({"id": id, "title": title, "error": title, "phase": title,
            "deadline": "2026-01-01", "attempts": 4, "estimated_minutes": 10 * n});
        let status = ["blocked", "in_progress", "pending", "complete", "parked"][n % 5];
        task["status"] = json!(status);
        if status == "in_progress" {
            task["claim"] = claim.clone();
        }
        if n % 4 == 2 {
            task["depends_on"] = json!([format!("{}0", IDS[0])]);
        }
        task["requires_approval"] = json!(n % 7 == 2);
        task
    };
    let tasks: Vec<Value> = titles().into_iter().chain(titles()).enumerate().map(task).collect();
    json!({"project": titles()[0], "tasks": tasks})
}

/// Asserts that the output of `draw` fits and contains no control characters, at every width, with
/// colours and without.
#[track_caller]
fn fits(draw: impl Fn(Look) -> String) {
    let safe = |text: &str| !text.contains(|letter| letter != '\n' && steers(letter));
    let whole = draw(Look::PLAIN);
    assert!(safe(&whole) && whole.lines().count() > 0, "{whole}");
    for width in WIDTHS {
        let text = draw(Look { color: false, width: Some(width) });
        assert!(safe(&text), "{text}");
        for line in text.lines() {
            // Lines that are copied are never broken.
            let fits = cells::width(line) <= width || is_copied(line);
            assert!(fits, "{} of {width}: {line}\n{text}", cells::width(line));
        }
        let painted = draw(Look { color: true, width: Some(width) });
        assert_eq!(unpainted(&painted), text, "colours move nothing");
    }
}

/// Returns a text without colours.
fn unpainted(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once('m').expect("a colour").1).collect::<String>()
}

fn with(see: impl FnOnce(Sources<'_>)) {
    seen(&[("日本/q.json", &queue())], see);
}

#[test]
fn status_in_both_forms_needs_flags_and_what_is_next() {
    with(|sources| {
        for shown in [Shown::All, Shown::Open(3)] {
            fits(|look| text::status(&sources.status(&|_| true, false, shown), look));
        }
        fits(|look| table::status(&sources.written_status(&|_| true, false), look));
        let (found, more) = sources.red_flags(&|_| true);
        fits(|look| flags::text(&found, more, &Typed::default(), look));
        let (queues, shown) = (sources.queues, sources.shown);
        let tasks = [QueueTasks {
            name: &shown[0],
            path: queues[0].path(),
            root: Path::new("/project"),
            tasks: queues[0].tasks(),
            phases: queues[0].phases(),
        }];
        let order = plan::Order::new(sources.readiness.graph(), &tasks, sources.estimates);
        fits(|look| {
            let mut out = Vec::new();
            next::text(&sources.next(&order, 9, &|_| true), look, &mut out).expect("written");
            String::from_utf8(out).expect("UTF-8")
        });
        let list = sources.blockers(&|_| true);
        fits(|look| blockers::text(&list, look));
    });
}

/// Returns an attempt with every field set.
fn attempt() -> AttemptView {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("q.json");
    let (state, key) = (StateDir::beside(&path), TaskKey::new(&path, "A"));
    let long = titles()[1].clone();
    let names: Vec<String> = titles();
    let step = |name: &str| {
        json!({"name": name, "outcome": {"kind": "exited", "code": 1}, "millis": 61_000, "log": "step.log",
            "checked": {"verdict": "FAIL", "measure": {"value": 1.5, "min": 3.0, "unit": long},
                "items": {"passed": 1, "failed": 2, "skipped": 0, "new": names, "lost": names, "flaky": names}}})
    };
    let report: AttemptReport = serde_json::from_value(json!({
        "v": 1, "task": "A", "worker": "w", "attempt": 1, "files_changed": names, "started_at": "2026-01-19T09:00:00Z", "ended_at": "2026-01-19T09:10:00Z",
        "outcome": {"kind": "exited", "code": 0}, "verdict": "FAIL", "reason": long,
        "reason_code": "tests_failed", "steps": [step("test"), step(&long)], "files_ambiguous": names,
        "findings": [{"code": "stub", "level": "fail", "path": long, "line": 3, "message": long}],
        "changed_with_permission": [{"path": long, "by": long}],
    }))
    .expect("a report");
    let folder = AttemptFolder::new(&state, &key, 1);
    folder.create().expect("made");
    folder.put_report(&report).expect("written");
    folder.put("step.log", b"red").expect("written");
    attempts::of_task(&state, &key, &Mask::default()).pop().expect("an attempt")
}

#[test]
fn why_with_attempts_that_have_everything() {
    let attempt = attempt();
    with(|sources| {
        for node in 0..10 {
            let view = sources.why(Node(node), vec![attempt.clone()], Some(titles()[1].clone()));
            fits(|look| why::text(&view, look));
        }
    });
}

#[test]
fn since_and_stuck() {
    with(|sources| {
        let status = sources.status(&|_| true, false, Shown::All);
        let live = |line: &str| LiveView {
            phase: Phase::Agent,
            since: None,
            running_s: Some(4_000),
            last_output: Some(line.to_owned()),
            last_output_at: None,
            silent_s: Some(3_000),
        };
        let running = |(id, title): (&&str, &String)| RunningView {
            id: (*id).to_owned(),
            live: Some(live(title)),
        };
        let blocked =
            |title: &String| BlockedView { id: IDS[1].to_owned(), reason: Some(title.clone()) };
        let happened = Happened {
            completed: titles(),
            blocked: titles().iter().map(blocked).collect(),
            attempts: 9,
            failed: [("tests_failed".to_owned(), 4), (titles()[1].clone(), 2)].into(),
            added: titles(),
            loops: (1, 2),
            ..Happened::default()
        };
        let view = SinceView {
            schema_version: 1,
            since: "2026-01-18T20:00:00Z".to_owned(),
            until: "2026-01-19T15:00:00Z".to_owned(),
            happened,
            summary: status.queues[0].summary,
            running: IDS.iter().zip(&titles()).map(running).collect(),
            needs_you: status.needs_you.clone(),
            typed: status.typed.clone(),
        };
        fits(|look| since::text(&view, look));
        let one = |(id, title): (&&str, String)| StuckView {
            id: (*id).to_owned(),
            queue: "q.json".to_owned(),
            worker: None,
            sign: Sign::Silent,
            evidence: stuck::silent(&live(&title), std::time::Duration::from_secs(60))
                .expect("silent"),
            command: format!("workloop log {id} --work-queue q.json"),
        };
        let list = StuckList {
            schema_version: 1,
            stuck: IDS.iter().cycle().zip(titles()).map(one).collect(),
            typed: Typed::default(),
        };
        fits(|look| stuck::text(&list, look));
    });
}

/// Returns dates with every field of a plan set.
fn dates() -> Dates {
    let at = Some(At(now()));
    let due = |id: &&str| Due {
        task: (*id).to_owned(),
        deadline: titles()[0].clone(),
        at: At(now()),
        lateness: Lateness::AtRisk,
        ends_at: at,
        p50_at: at,
        p90_at: at,
    };
    let row = |name: String| GroupRow {
        name: Some(name),
        tasks: 1000,
        complete: 10,
        open: 990,
        stuck: 0,
        phases: 3,
        waves: 4,
        width: 5,
        work_minutes: Minutes(9_999.0),
        parallel_minutes: Minutes(999.0),
        speedup: 10.0,
        ends_at: at,
        p90_at: at,
        due_at: at,
        lateness: Some(Lateness::Late),
    };
    let ids = || IDS.map(str::to_owned).to_vec();
    let (minutes, starts_at) = (Minutes(100.0), At(now()));
    Dates {
        starts_at,
        hours_per_day: 7.5,
        planned_loops: 12,
        ends_at: at,
        forecast: Some(ForecastView {
            measured: 9,
            p50_minutes: minutes,
            p90_minutes: minutes,
            p50_at: at,
            p90_at: at,
        }),
        deadlines: IDS.iter().map(due).collect(),
        groups: Some(Groups {
            by: "epic".to_owned(),
            rows: titles().into_iter().map(row).collect(),
            total: row("total".to_owned()),
        }),
        days: Some(vec![Day { date: "2026-01-19".to_owned(), starts: ids(), ends: titles() }]),
        target: Some(Target { at: starts_at, loops: None, ends_at: at, p90_at: at }),
    }
}

#[test]
fn a_plan_with_dates_and_its_schedule() {
    with(|sources| {
        let (queues, shown) = (sources.queues, sources.shown);
        let tasks = [QueueTasks {
            name: &shown[0],
            path: queues[0].path(),
            root: Path::new("/project"),
            tasks: queues[0].tasks(),
            phases: queues[0].phases(),
        }];
        let graph = sources.readiness.graph();
        let estimates = Estimates::new(graph, &tasks, &EstimateRules::default());
        let input = PlanInput {
            graph,
            queues: &tasks,
            estimates: &estimates,
            agents: None,
            respect_scopes: false,
        };
        let report = plan::plan(&input, &[1, 4, 16], |_| true);
        let row = |id: &&str| ActualTask {
            id: (*id).to_owned(),
            estimated_minutes: 10_000.0,
            estimate: "given",
            actual_minutes: 30_000.0,
            attempts: 12,
        };
        let actual = Actual {
            tasks: IDS.iter().map(row).collect(),
            estimated_minutes: 1.0,
            actual_minutes: 2.0,
            unmeasured: 3,
        };
        let view = PlanView { report, dates: dates(), actual: Some(actual) };
        fits(|look| {
            let (schedule, path) = (&view.report.schedule, &view.report.critical_path.nodes);
            let drawn = plan::gantt(graph, schedule, path, look.width.unwrap_or(100));
            planned::text(&view, Some(&drawn), &|node| estimates.seconds(node), look)
        });
    });
}
