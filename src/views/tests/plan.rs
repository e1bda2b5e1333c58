//! `plan`: every section of the text.

use crate::domain::Text;
use crate::plan::{
    EstimateCounts, LoopsReport, Minutes, Node, PathReport, PlanReport, Schedule, Slack,
};
use crate::views::dates::{At, Dates};
use crate::views::plan::{self, Actual, ActualTask, PlanView};
use crate::views::sample::at;
use crate::views::style::Look;

fn names(ids: &[&str]) -> Vec<Text> {
    ids.iter().map(|id| Text::from(*id)).collect()
}

fn loops(loops: usize, minutes: f64, speedup: f64) -> LoopsReport {
    LoopsReport { loops, makespan_minutes: Minutes(minutes), speedup }
}

/// Returns a plan of nothing.
pub(super) fn empty() -> PlanReport {
    PlanReport {
        schema_version: 1,
        tasks: 0,
        edges: 0,
        waves: Vec::new(),
        wave_parts: Vec::new(),
        width: 0,
        critical_path: PathReport { tasks: Vec::new(), nodes: Vec::new(), minutes: Minutes(0.0) },
        work_minutes: Minutes(0.0),
        estimates: "given",
        estimate_counts: EstimateCounts::default(),
        loops: Vec::new(),
        recommended_loops: 0,
        recommended: loops(0, 0.0, 1.0),
        schedule: Schedule { seconds: 0, slots: Vec::new(), hidden: 0 },
        advice: "Nothing is to do.".to_owned(),
        cycles: Vec::new(),
        stuck: Vec::new(),
        slack: Vec::new(),
        barriers: Vec::new(),
        barrier_cost: None,
    }
}

/// Returns no dates: nothing ends.
pub(super) fn undated() -> Dates {
    Dates {
        starts_at: At(at("2026-01-19T09:00:00Z")),
        hours_per_day: 24.0,
        planned_loops: 1,
        ends_at: None,
        forecast: None,
        deadlines: Vec::new(),
        groups: None,
        days: None,
        target: None,
    }
}

/// Renders a plan in which each task takes as many hours as its node has as number.
fn told(report: PlanReport, actual: Option<Actual>, look: Look) -> String {
    let view = PlanView { report, dates: undated(), actual };
    plan::text(&view, None, &|node| u64::from(node.0) * 3_600, look)
}

#[test]
fn a_plan_of_nothing_says_so() {
    assert_eq!(
        told(empty(), None, Look::PLAIN),
        "0 open tasks, 0 dependencies, 0 min of work\n\nNothing is to do.\n"
    );
}

fn slack(id: &str, node: u32, minutes: f64) -> Slack {
    Slack { task: Text::from(id), node: Node(node), late: Minutes(minutes) }
}

#[test]
fn a_plan_has_its_sections_in_order() {
    let report = PlanReport {
        tasks: 1,
        edges: 1,
        waves: vec![names(&["A", "B"]), names(&["C\u{1b}"])],
        width: 2,
        critical_path: PathReport {
            tasks: names(&["A", "C"]),
            nodes: vec![Node(1), Node(3)],
            minutes: Minutes(240.0),
        },
        work_minutes: Minutes(360.0),
        estimate_counts: EstimateCounts { given: 1, history: 0, default: 2 },
        loops: vec![loops(4, 240.0, 1.5), loops(1, 360.0, 1.0)],
        recommended_loops: 2,
        recommended: loops(2, 240.0, 1.5),
        slack: vec![
            slack("A", 1, 0.0),
            slack("D", 4, 0.0),
            slack("E", 5, 90.0),
            slack("B", 2, 30.0),
        ],
        cycles: vec![names(&["X", "Y", "X"])],
        stuck: names(&["X", "Y"]),
        barriers: names(&["1", "2"]),
        advice: "Two loops are enough.".to_owned(),
        ..empty()
    };
    assert_eq!(
        told(report, None, Look::PLAIN),
        "1 open task, 1 dependency, 6 h of work (estimates: 1 given, 2 guessed)\n\
         \n\
         Waves, at most 2 tasks at once\n\
         \x20 1  2  A  B\n\
         \x20 2  1  C␛\n\
         \n\
         Critical path, 4 h: no delay is possible here\n\
         \x20 A (1 h) -> C (3 h)\n\
         \n\
         Slack: how much the others may be delayed\n\
         \x20 not at all: D\n\
         \x20 B      30 min  (takes 2 h)\n\
         \x20 E  1 h 30 min  (takes 5 h)\n\
         \n\
         Loops  Time  Speedup\n\
         \x20   1   6 h     1.00\n\
         \x20   2   4 h     1.50  <- recommended\n\
         \x20   4   4 h     1.50\n\
         \n\
         Barriers after: 1 and 2.\n\
         \n\
         Cycle: X -> Y -> X\n\
         \n\
         Not in the plan, since they cannot run as things are:\n\
         \x20 X  Y\n\
         \n\
         Two loops are enough.\n"
    );
}

#[test]
fn the_cost_of_barriers_is_told_instead_of_their_list() {
    let cost = crate::plan::BarrierCost::between((2, Minutes(60.0)), (3, Minutes(90.0)));
    let report = PlanReport { barriers: names(&["1"]), barrier_cost: Some(cost), ..empty() };
    let text = told(report, None, Look::PLAIN);
    let expected = "\nA barrier after every phase makes 3 waves of 2, and 1 h 30 min of 1 h.\n";
    assert!(text.contains(expected) && !text.contains("Barriers after"), "{text}");
}

/// A wave whose tasks would touch the same files is shown in parts, each with a letter.
#[test]
fn the_parts_of_a_wave_have_letters() {
    let waves = vec![names(&["A"]), names(&["B"]), names(&["C"]), names(&["D"])];
    let report = PlanReport { waves, wave_parts: vec![1, 2, 1], width: 1, ..empty() };
    let text = told(report, None, Look::PLAIN);
    let lines: Vec<&str> = text.lines().skip(2).take(5).collect();
    assert_eq!(
        lines,
        ["Waves, at most 1 task at once", "   1  1  A", "  2a  1  B", "  2b  1  C", "   3  1  D"]
    );
}

#[test]
fn sixty_tasks_with_slack_or_stuck_are_listed_and_the_others_counted() {
    let ids: Vec<String> = (1..=61).map(|n| format!("T{n}")).collect();
    let texts = |many: usize| ids[..many].iter().map(|id| Text::from(id.as_str())).collect();
    let rows = |many: usize| ids[..many].iter().map(|id| slack(id, 1, 10.0)).collect();
    for (many, slack_more, stuck_more) in
        [(60, None, None), (61, Some("  (1 more)"), Some("1 more"))]
    {
        let report = PlanReport { slack: rows(many), stuck: texts(many), ..empty() };
        let text = told(report, None, Look::PLAIN);
        assert_eq!(text.matches("(takes 1 h)").count(), 60, "{text}");
        assert_eq!(text.lines().find(|line| line.contains("(1 more)")), slack_more);
        let stuck = text.split_once("cannot run as things are:\n").expect("a list").1;
        let listed: Vec<&str> =
            stuck.split("  ").map(str::trim).filter(|w| w.contains(' ')).collect();
        assert_eq!(
            listed.iter().find(|word| word.starts_with("1 more")).map(|_| "1 more"),
            stuck_more
        );
    }
}

#[test]
fn loops_are_compared_only_if_there_is_work() {
    let report = |minutes: f64| PlanReport {
        work_minutes: Minutes(minutes),
        loops: vec![loops(1, 6_000.0, 1.0)],
        recommended_loops: 1,
        ..empty()
    };
    assert!(!told(report(0.0), None, Look::PLAIN).contains("Speedup"));
    let text = told(report(6_000.0), None, Look::PLAIN);
    let table = "\nLoops   Time  Speedup\n    1  100 h     1.00  <- recommended\n";
    assert!(text.contains(table), "{text}");
}

fn actual(tasks: Vec<ActualTask>, unmeasured: usize) -> Actual {
    let sum = |of: fn(&ActualTask) -> f64| tasks.iter().map(of).sum();
    let (estimated, taken) = (sum(|task| task.estimated_minutes), sum(|task| task.actual_minutes));
    Actual { tasks, estimated_minutes: estimated, actual_minutes: taken, unmeasured }
}

#[test]
fn estimates_are_compared_with_what_it_took() {
    let task = |id: &str, estimated_minutes, actual_minutes, attempts| ActualTask {
        id: id.to_owned(),
        estimated_minutes,
        estimate: "given",
        actual_minutes,
        attempts,
    };
    let measured = vec![task("A", 60.0, 90.0, 2), task("日本", 0.0, 0.25, 1)];
    let text = told(empty(), Some(actual(measured, 1)), Look::PLAIN);
    let (_, told_all) = text.split_once("Nothing is to do.\n").expect("the advice");
    assert_eq!(
        told_all,
        "\nEstimates and actual times\n\
         \x20 A             1 h  took  1 h 30 min  150 %  (given, 2 attempts)\n\
         \x20 日本        0 min  took        15 s      -  (given, 1 attempt)\n\
         2 measured tasks: 1 h estimated, 1 h 30 min taken, 150 %\n\
         1 complete task without times in the journal\n"
    );
    let none = told(empty(), Some(actual(Vec::new(), 2)), Look::PLAIN);
    let end = "\nEstimates and actual times\n0 measured tasks: 0 min estimated, 0.0 s taken\n\
               2 complete tasks without times in the journal\n";
    assert!(none.ends_with(end), "{none}");
}

#[test]
fn the_schedule_is_headed_by_the_loops_that_it_is_for() {
    let of = |recommended_loops, gantt| {
        let report = PlanReport { recommended_loops, ..empty() };
        plan::text(&PlanView { report, dates: undated(), actual: None }, gantt, &|_| 0, Look::PLAIN)
    };
    assert!(
        of(2, Some("#\u{1b}\n"))
            .ends_with("\nSchedule with 2 loops (# is the critical path)\n#␛\n")
    );
    assert!(of(0, Some("#\n")).contains("\nSchedule with 1 loop (#"));
    assert!(!of(2, None).contains("Schedule"));
}
