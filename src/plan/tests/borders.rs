//! Tests estimates, waves, schedules and advice at their borders.

use super::*;
use crate::domain::Effort;

/// Passes to `see` the plan of these tasks.
fn planned<T>(sample: &Sample, scopes: bool, see: impl FnOnce(Planning<'_>, &Graph) -> T) -> T {
    sample.planned(scopes, |input| see(Planning::new(input, |_| true), input.graph))
}

fn lasting(id: &str, dependencies: &[&str], minutes: f64) -> Task {
    with(task(id, dependencies), |task| task.set(Detail::Minutes(minutes)))
}

fn report(tasks: Vec<Task>, loops: &[usize]) -> PlanReport {
    planned(&Sample::new("q", tasks), false, |planning, _| planning.report(loops))
}

#[test]
fn a_duration_is_told_in_the_units_that_people_use() {
    for (seconds, text) in [
        (0, "0 min"),
        (1, "1 s"),
        (29, "29 s"),
        (30, "1 min"),
        (89, "1 min"),
        (90, "2 min"),
        (3569, "59 min"),
        (3570, "1 h"),
        (3600, "1 h"),
        (3629, "1 h"),
        (3630, "1 h 1 min"),
        (360_000, "100 h"),
    ] {
        assert_eq!(duration_text(seconds), text, "{seconds}");
    }
}

#[test]
fn an_estimate_is_believed_within_a_hundred_years() {
    let rules = EstimateRules::default();
    let of = |detail: Detail| rules.minutes(&with(task("T", &[]), |task| task.set(detail)));
    let hundred_years = 52_560_000.0;
    assert_eq!(of(Detail::Minutes(0.0)), (0.0, Source::Given));
    assert_eq!(of(Detail::Minutes(hundred_years)), (hundred_years, Source::Given));
    assert_eq!(of(Detail::Minutes(1e12)), (hundred_years, Source::Given));
    assert_eq!(of(Detail::Minutes(f64::INFINITY)), (30.0, Source::Default));
    assert_eq!(of(Detail::Hours(0.0, 1.0)), (30.0, Source::Given), "the middle of the range");
    for (effort, minutes) in
        [(Effort::S, 60.0), (Effort::M, 240.0), (Effort::L, 480.0), (Effort::XL, 960.0)]
    {
        assert_eq!(of(Detail::Effort(effort)), (minutes, Source::Given));
    }
    // The surest of several counts, and one that is not believed is passed over.
    let several = with(task("T", &[]), |task| {
        task.set(Detail::Minutes(-5.0));
        task.set(Detail::Hours(1.0, 1.0));
        task.set(Detail::Effort(Effort::S));
    });
    assert_eq!(rules.minutes(&several), (60.0, Source::Given));
    let words = [Source::Given, Source::History, Source::Default].map(Source::word);
    assert_eq!(words, ["given", "history", "default"]);
}

#[test]
fn a_history_is_found_by_type_and_agent_in_any_spelling() {
    for (name, key) in [
        (None, ""),
        (Some(""), ""),
        (Some("Bug-Fix"), "bugfix"),
        (Some("bug_fix 2"), "bugfix2"),
        (Some("Größe"), "größe"),
        (Some("a.b"), "a.b"),
    ] {
        assert_eq!(history_key(name), key, "{name:?}");
    }
    let mut rules = EstimateRules::default();
    rules.history.insert(("bug".into(), "codex".into()), 7.0);
    rules.history.insert(("doc".into(), "codex".into()), f64::NAN);
    let of = |kind: &str, agent: &str| {
        rules.minutes(&with(task("T", &[]), |task| {
            task.set_text(Field::Type, kind);
            task.set_text(Field::Agent, agent);
        }))
    };
    assert_eq!(of("BUG", "Co-Dex"), (7.0, Source::History));
    assert_eq!(of("bug", "claude"), (30.0, Source::Default));
    assert_eq!(of("doc", "codex"), (30.0, Source::Default));
}

#[test]
fn an_epic_takes_no_time_of_its_own_and_minutes_are_rounded_to_seconds() {
    let child = with(lasting("kid", &[], 1.0 / 3.0), |task| task.set_text(Field::Parent, "epic"));
    let sample = Sample::new("q", vec![child, lasting("epic", &[], 99.0)]);
    let queues = [sample.view()];
    let graph = Graph::build(&queues);
    let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
    assert_eq!([0, 1].map(|node| estimates.seconds(Node(node))), [20, 0]);
    assert_eq!(estimates.minutes(Node(0)), 20.0 / 60.0);
}

#[test]
fn the_advice_says_whether_several_loops_are_worth_it() {
    let one = |minutes: f64| lasting("a", &[], minutes);
    let advice = |tasks: Vec<Task>| report(tasks, &[1]).advice;
    let stuck = |id: &str| task(id, &["nothing"]);
    assert_eq!(advice(vec![]), "Nothing is left to do.");
    assert_eq!(advice(vec![with(task("a", &[]), is(Status::Complete))]), "Nothing is left to do.");
    assert_eq!(advice(vec![stuck("a")]), "Nothing can run: 1 pending task is stuck.");
    assert_eq!(advice(vec![stuck("a"), stuck("b")]), "Nothing can run: 2 pending tasks are stuck.");
    assert_eq!(advice(vec![one(90.0)]), "One task of 1 h 30 min: one loop is all it takes.");
    assert_eq!(
        advice(vec![one(30.0), lasting("b", &["a"], 30.0)]),
        "One loop does it in 1 h; more would not help, 1 h is the least."
    );
    assert_eq!(
        advice(vec![one(100.0), lasting("b", &["a"], 10.0), lasting("c", &[], 15.0)]),
        "Hardly worth several loops: 2 take 1 h 50 min instead of 2 h 5 min, since the longest \
         chain alone takes 1 h 50 min."
    );
    assert_eq!(
        advice(vec![one(60.0), lasting("b", &[], 60.0)]),
        "Worth it: 2 loops take 1 h instead of 2 h (2 times as fast); more than 2 gain less than 5 %."
    );
    let many = (0..16).map(|n| lasting(&format!("t{n}"), &[], 60.0)).collect();
    let end = " (16 times as fast); more than 16 gain less than 5 %. That is more than a person can \
               supervise.";
    assert!(advice(many).ends_with(end));
    let fifteen = (0..15).map(|n| lasting(&format!("t{n}"), &[], 60.0)).collect();
    assert!(advice(fifteen).ends_with("gain less than 5 %."));
}

#[test]
fn fewer_loops_within_five_percent_of_the_least_time_are_recommended() {
    // The chain takes 100 minutes. A second loop needs 105 of them for the rest, or more.
    let of = |rest: f64| {
        let tasks = vec![
            lasting("long", &[], 100.0),
            lasting("a", &[], 60.0),
            lasting("b", &[], rest - 60.0),
        ];
        let report = report(tasks, &[]);
        (report.recommended_loops, report.recommended.makespan_minutes)
    };
    assert_eq!(of(105.0), (2, Minutes(105.0)));
    assert_eq!(of(106.0), (3, Minutes(100.0)));
}

#[test]
fn each_number_of_loops_has_its_time_and_speedup() {
    let tasks = (0..3).map(|n| lasting(&format!("t{n}"), &[], 10.0)).collect();
    let found = report(tasks, &[0, 1, 2, 3, 100]);
    let all: Vec<(usize, f64, f64)> =
        found.loops.iter().map(|one| (one.loops, one.makespan_minutes.0, one.speedup)).collect();
    let expected =
        [(0, 30.0, 1.0), (1, 30.0, 1.0), (2, 20.0, 1.5), (3, 10.0, 3.0), (100, 10.0, 3.0)];
    assert_eq!(all, expected, "no loop at all is counted as one");
    // Without any time there is nothing to speed up.
    let free = report(vec![lasting("a", &[], 0.0)], &[2]);
    assert_eq!((free.loops[0].speedup, free.loops[0].makespan_minutes.0), (1.0, 0.0));
}

#[test]
fn the_least_sure_estimate_is_told_and_all_are_counted() {
    let mut rules = EstimateRules::default();
    rules.history.insert(("bug".into(), String::new()), 7.0);
    let bug = || with(task("bug", &[]), |task| task.set_text(Field::Type, "bug"));
    let of = |tasks: Vec<Task>| {
        let sample = Sample::new("q", tasks);
        let queues = [sample.view()];
        let graph = Graph::build(&queues);
        let estimates = Estimates::new(&graph, &queues, &rules);
        let input = PlanInput {
            graph: &graph,
            queues: &queues,
            estimates: &estimates,
            agents: None,
            respect_scopes: false,
        };
        let report = plan(&input, &[], |_| true);
        let counts = report.estimate_counts;
        (report.estimates, counts.given, counts.history, counts.default)
    };
    assert_eq!(of(vec![]), ("given", 0, 0, 0));
    assert_eq!(of(vec![lasting("a", &[], 1.0)]), ("given", 1, 0, 0));
    assert_eq!(of(vec![lasting("a", &[], 1.0), bug()]), ("history", 1, 1, 0));
    assert_eq!(of(vec![lasting("a", &[], 1.0), bug(), task("b", &[])]), ("default", 1, 1, 1));
    let done = with(task("b", &[]), is(Status::Complete));
    assert_eq!(of(vec![bug(), done]), ("history", 0, 1, 0), "finished tasks need none");
}

#[test]
fn waves_are_split_where_tasks_own_the_same_paths() {
    let owns = |id: &str, file: &str| owning(id, file, Status::Pending);
    let sample = Sample::new(
        "q",
        vec![
            owns("a", "src"),
            owns("b", "src/x"),
            owns("c", "docs"),
            owns("d", "src/y"),
            owns("e", "docs/z"),
            with(owns("f", "src"), |task| task.set_list(Field::Dependencies, ["a"])),
        ],
    );
    let texts = |waves: Vec<Vec<Text>>| -> Vec<String> {
        waves
            .iter()
            .map(|wave| wave.iter().map(Text::as_str).collect::<Vec<_>>().join(" "))
            .collect()
    };
    planned(&sample, false, |planning, _| {
        let report = planning.report(&[]);
        assert_eq!(texts(report.waves), ["a b c d e", "f"]);
        assert_eq!((report.width, report.wave_parts), (5, vec![]));
    });
    planned(&sample, true, |planning, _| {
        assert_eq!(planning.extent(), (3, Minutes(60.0)));
        let report = planning.report(&[4]);
        assert_eq!(texts(report.waves), ["a c", "b d e", "f"]);
        assert_eq!((report.width, report.wave_parts), (3, vec![2, 1]));
        assert_eq!(report.loops[0].makespan_minutes, Minutes(90.0));
    });
}

#[test]
fn a_plan_has_a_shape_and_a_scheduler() {
    let sample = Sample::new(
        "q",
        vec![
            lasting("a", &[], 10.0),
            lasting("b", &[], 20.0),
            lasting("c", &["a", "b"], 5.0),
            task("x", &["nothing"]),
        ],
    );
    planned(&sample, false, |planning, _| {
        let expected =
            Shape { open: 3, stuck: 1, waves: 2, width: 2, seconds: 2100, shortest: 1500 };
        assert_eq!(planning.shape(), expected);
        assert_eq!(planning.extent(), (2, Minutes(25.0)));
        assert_eq!(planning.scheduler().makespan(1), 2100);
        assert_eq!(planning.scheduler().makespan(2), 1500);
        assert_eq!(planning.scheduler().fewest_loops(|seconds| seconds <= 1500), (Some(2), 1500));
        assert_eq!(planning.scheduler().fewest_loops(|seconds| seconds < 1500), (None, 1500));
    });
    let cost = BarrierCost::between((2, Minutes(25.0)), (3, Minutes(40.0)));
    assert_eq!((cost.waves, cost.minutes), ((2, 3), (Minutes(25.0), Minutes(40.0))));
}

#[test]
fn tasks_in_progress_run_first_and_hidden_slots_are_counted() {
    let sample = Sample::new(
        "q",
        vec![
            lasting("a", &[], 10.0),
            with(lasting("b", &[], 10.0), is(Status::InProgress)),
            lasting("c", &[], 10.0),
        ],
    );
    planned(&sample, false, |planning, graph| {
        let whole = planning.scheduler().schedule(1, usize::MAX);
        let slots: Vec<_> = whole
            .slots
            .iter()
            .map(|slot| (graph.id(slot.node).to_owned(), slot.lane, slot.start, slot.end))
            .collect();
        let slot = |id: &str, start: u64| (id.to_owned(), 0, start, start + 600);
        assert_eq!(slots, [slot("b", 0), slot("a", 600), slot("c", 1200)]);
        assert_eq!((whole.seconds, whole.hidden), (1800, 0));
        let first = planning.scheduler().schedule(1, 2);
        assert_eq!(
            (first.slots, first.hidden, first.seconds),
            (whole.slots[..2].to_vec(), 1, 1800)
        );
        assert_eq!(planning.scheduler().schedule(1, 0).hidden, 3);
        let lanes = planning.scheduler().schedule(2, usize::MAX);
        assert_eq!(lanes.slots.iter().map(|slot| slot.lane).collect::<Vec<_>>(), [0, 1, 0]);
    });
}

#[test]
fn of_equally_long_chains_the_first_in_list_order_is_critical() {
    let found = report(
        vec![
            lasting("b1", &[], 10.0),
            lasting("a1", &[], 10.0),
            lasting("a2", &["a1"], 10.0),
            lasting("b2", &["b1"], 10.0),
            lasting("short", &[], 19.0),
            lasting("none", &[], 0.0),
        ],
        &[],
    );
    assert_eq!(found.critical_path.tasks, ["b1", "b2"]);
    assert_eq!(found.critical_path.minutes, Minutes(20.0));
    let slack: Vec<(String, f64)> =
        found.slack.iter().map(|one| (one.task.to_string(), one.late.0)).collect();
    let one = |id: &str, late: f64| (id.to_owned(), late);
    let expected = [
        one("b1", 0.0),
        one("a1", 0.0),
        one("a2", 0.0),
        one("b2", 0.0),
        one("short", 1.0),
        one("none", 20.0),
    ];
    assert_eq!(slack, expected);
    // A task without time before the chain does not belong to its beginning.
    let found = report(vec![lasting("a", &[], 0.0), lasting("b", &["a"], 5.0)], &[]);
    assert_eq!(found.critical_path.tasks, ["a", "b"]);
    assert_eq!(report(vec![], &[]).critical_path.tasks, [""; 0]);
}

#[test]
fn minutes_are_whole_numbers_where_they_are_whole() {
    for (seconds, json) in [(0, "0"), (60, "1"), (90, "1.5"), (100, "1.667"), (61, "1.017")] {
        let minutes = Minutes::of(seconds);
        assert_eq!(serde_json::to_string(&minutes).expect("json"), json);
        assert_eq!(minutes.seconds(), seconds);
    }
}

#[test]
fn an_experience_is_a_ratio_that_can_be_believed() {
    let mut experience = Experience::default();
    assert!(experience.is_empty());
    for (estimated, actual) in
        [(0.0, 5.0), (5.0, -1.0), (f64::NAN, 5.0), (5.0, f64::INFINITY), (0.0, 0.0)]
    {
        experience.add(Source::Given, estimated, actual);
        assert_eq!(experience.len(), 0, "{estimated} {actual}");
    }
    experience.add(Source::Default, 5.0, 0.0);
    assert!(!experience.is_empty() && experience.len() == 1);
}
