//! The structure of the loaded queues, the estimates, and the conditions outside of them.

use super::*;
use crate::domain::{EventKind, Liveness};
use crate::plan::{EstimateRules, Source};
use crate::project::{Planner, Seen, Structure, experienced, histories, paused, ranking_rules};
use crate::store::control::{Request, Whom};
use crate::store::{Patience, new_event, queue_name};
use chrono::TimeDelta;
use serde_json::Map;
use std::collections::HashSet;

/// Records in the journal of `queue` that `task` took this long.
fn took(sample: &mut Sample, queue: QueueIx, task: &str, minutes: i64) {
    let name = queue_name(&sample.project.queues()[queue]);
    let event = |kind, after: i64| {
        let at = now() + TimeDelta::minutes(after);
        let event = new_event(kind, at, name.clone(), Map::new());
        crate::domain::Event { task: Some(task.to_owned()), ..event }
    };
    let events = vec![event(EventKind::Claimed, 0), event(EventKind::Completed, minutes)];
    sample.project.store_mut().note(Patience::Limited, queue, events).expect("noted");
}

fn done(id: &str, more: &Value) -> Value {
    let mut done = task(id, more);
    done["status"] = json!("complete");
    done
}

#[test]
fn a_planner_keeps_the_structure_until_a_dependency_changes() {
    let mut sample = Sample::of(json!([task("A", &json!({})), task("B", &json!({}))]));
    let mut planner = Planner::new(EstimateRules::default());
    let build = |planner: &mut Planner, sample: &Sample| {
        let (set, queues) = sample.parts();
        planner.structure(set, queues)
    };
    let first = build(&mut planner, &sample);
    assert!(Arc::ptr_eq(&first, &build(&mut planner, &sample)));
    // A state is no part of the structure.
    let tasks = json!([done("A", &json!({})), task("B", &json!({}))]);
    sample.put("q", &json!({ "tasks": tasks }));
    assert!(sample.project.store_mut().read().expect("read"));
    assert!(Arc::ptr_eq(&first, &build(&mut planner, &sample)));
    let tasks = json!([done("A", &json!({})), task("B", &json!({"dependencies": ["A"]}))]);
    sample.put("q", &json!({ "tasks": tasks }));
    assert!(sample.project.store_mut().read().expect("read"));
    let second = build(&mut planner, &sample);
    assert!(!Arc::ptr_eq(&first, &second));
    let node = |id: &str| {
        let place = sample.place(id);
        second.graph.node(place.queue, place.task)
    };
    assert_eq!(second.graph.dependencies(node("B")).collect::<Vec<_>>(), [node("A")]);
    assert!(Arc::ptr_eq(&second, &build(&mut planner, &sample)));
}

#[test]
fn a_structure_with_very_many_broken_references_is_not_kept() {
    for (broken, is_kept) in [(10_000, true), (10_001, false)] {
        let missing: Vec<String> = (0..broken).map(|n| format!("no-{n}")).collect();
        let sample = Sample::of(json!([task("A", &json!({"dependencies": missing}))]));
        let mut planner = Planner::default();
        let (set, queues) = sample.parts();
        let first = planner.structure(set, queues);
        assert_eq!(first.graph.broken().len(), broken);
        let again = planner.structure(set, queues);
        assert_eq!(Arc::ptr_eq(&first, &again), is_kept, "{broken}");
    }
}

#[test]
fn only_an_unknown_status_is_returned_as_a_word() {
    let long = "x".repeat(50);
    let sample = Sample::of(json!([
        {"id": "A", "title": "a", "status": "half done"},
        {"id": "B", "title": "b", "status": "doing"},
        {"id": "C", "title": "c"},
        {"id": "D", "title": "d", "status": long},
        {"id": "E", "title": "e", "status": ""},
    ]));
    let (set, queues) = sample.parts();
    let structure = Structure::build(set, queues, &EstimateRules::default());
    let cut = "x".repeat(40);
    let cases = [("A", Some("half done")), ("B", None), ("C", None), ("D", Some(cut.as_str()))];
    for (id, word) in cases.into_iter().chain([("E", Some(""))]) {
        let place = sample.place(id);
        let node = structure.graph.node(place.queue, place.task);
        assert_eq!(structure.unknown_word(queues, node).as_deref(), word, "{id}");
    }
}

#[test]
fn a_loop_reads_the_journal_only_for_open_tasks_without_an_estimate() {
    let estimated = json!({"estimated_minutes": 5});
    let rules = |tasks: Value| {
        let config = "[estimates.effort]\nS = \"1m\"\nM = \"2m\"\nL = \"3m\"\nXL = \"4m\"\n";
        let mut sample = Sample::with(config, tasks);
        took(&mut sample, QueueIx::FIRST, "D", 12);
        let (set, queues) = sample.parts();
        let rules = ranking_rules(set, queues);
        assert_eq!(rules.effort_minutes, [1.0, 2.0, 3.0, 4.0]);
        rules.history.into_iter().collect::<Vec<_>>()
    };
    let measured = [((String::new(), String::new()), 12.0)];
    let finished = done("D", &json!({}));
    assert_eq!(rules(json!([finished, task("A", &estimated)])), []);
    assert_eq!(rules(json!([finished, task("A", &json!({"effort": "M"}))])), []);
    assert_eq!(rules(json!([finished, task("A", &json!({}))])), measured);
    assert_eq!(rules(json!([finished, task("A", &estimated), task("B", &json!({}))])), measured);
    // Nobody ranks what is complete.
    assert_eq!(rules(json!([finished, done("A", &json!({}))])), []);
}

#[test]
fn measured_times_are_compared_with_the_estimates_of_the_files() {
    let docs = json!({"type": "docs", "estimated_minutes": 10});
    let mut sample = Sample::of(json!([done("A", &docs), done("B", &docs), done("C", &docs)]));
    for (id, minutes) in [("A", 20), ("B", 30)] {
        took(&mut sample, QueueIx::FIRST, id, minutes);
    }
    let (set, queues) = sample.parts();
    let (rules, experience) = experienced(set, queues);
    let key = ("docs".to_owned(), String::new());
    assert_eq!(rules.history.into_iter().collect::<Vec<_>>(), [(key, 25.0)]);
    assert_eq!(experience.len(), 2);
    let fresh = Sample::of(json!([task("A", &docs)]));
    let (set, queues) = fresh.parts();
    let (rules, experience) = experienced(set, queues);
    assert!(rules.history.is_empty() && experience.is_empty());
    assert_eq!(rules.minutes(&queues[0].tasks()[0]), (10.0, Source::Given));
}

#[test]
fn each_queue_has_the_times_of_its_own_tasks() {
    let tasks = json!({"tasks": [done("A", &json!({}))]});
    let mut sample = Sample::new("", &[("q", tasks.clone()), ("other", tasks)], &[]);
    took(&mut sample, SECOND, "A", 7);
    let (set, queues) = sample.parts();
    let all = histories(set, queues);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].of(&queues[0], "A"), None);
    assert_eq!(all[1].of(&queues[1], "A").map(|taken| taken.millis), Some(7 * 60_000));
    assert_eq!(set.logs(2).len(), 2);
    assert_eq!(
        set.logs(1).iter().map(|(_, of)| of.clone()).collect::<Vec<_>>(),
        [[QueueIx::FIRST]]
    );
}

#[test]
fn the_queues_of_a_pause_are_those_that_were_asked() {
    let tasks = || json!({"tasks": [task("A", &json!({}))]});
    let sample = Sample::new("", &[("q", tasks()), ("other", tasks())], &[]);
    let set = sample.project.set();
    let ask = |name: &str, request| {
        set.control().ask(&sample.path(name), request, Whom::Queue).expect("asked");
    };
    assert_eq!(paused(set, 2), HashSet::new());
    ask("q", Request::Stop);
    assert_eq!(paused(set, 2), HashSet::new(), "a stop is no pause");
    ask("other", Request::Pause);
    assert_eq!(paused(set, 2), HashSet::from([SECOND]));
    assert_eq!(paused(set, 1), HashSet::new());
    set.control().ask(&sample.path("q"), Request::Pause, Whom::Group).expect("asked");
    assert_eq!(paused(set, 2), HashSet::from([QueueIx::FIRST, SECOND]));
}

#[test]
fn the_conditions_are_what_was_seen_and_what_is_configured() {
    let blocked = |id: &str, error: &str, more: Value| {
        let mut blocked = task(id, &more);
        blocked["status"] = json!("blocked");
        blocked["error"] = json!(error);
        blocked
    };
    let passed = json!({"verification_verdict": "PASS", "passes": false});
    let asks = json!({"verification_verdict": "BLOCKED"});
    let sample = Sample::with(
        "[limits]\nattempts = 7\n",
        json!([
            {"id": "A", "title": "a", "status": "in_progress"},
            blocked("Q", "question: which one?", asks.clone()),
            blocked("R", "review: it waits", passed.clone()),
            // Without its verdict, a text that looks like a question is none.
            blocked("N", "question: which one?", json!({})),
            blocked("F", "tests_failed: no", asks),
            blocked("P", "something else", passed),
        ]),
    );
    let (set, queues) = sample.parts();
    let structure = Structure::build(set, queues, &EstimateRules::default());
    let node = |id: &str| {
        let place = sample.place(id);
        structure.graph.node(place.queue, place.task)
    };
    let seen = Seen {
        now: now(),
        paused: HashSet::from([QueueIx::FIRST]),
        agent_pauses: Vec::new(),
        claims: vec![(sample.place("A"), Liveness::Foreign)],
        outside: Vec::new(),
    };
    let conditions = seen.conditions(set, queues, &structure);
    assert_eq!((conditions.now, conditions.attempts), (now(), 7));
    assert_eq!(conditions.paused, HashSet::from([QueueIx::FIRST]));
    assert_eq!(conditions.questions, HashSet::from([node("Q")]));
    assert_eq!(conditions.reviews, HashSet::from([node("R")]));
    assert_eq!(conditions.claims.get(&node("A")), Some(&Liveness::Foreign));
}

#[test]
fn tasks_are_claimed_by_priority_and_then_as_they_are_listed() {
    let sample = Sample::of(json!([
        task("later", &json!({"priority": 2})),
        task("first", &json!({"priority": 0})),
        task("last", &json!({"priority": 2})),
    ]));
    let (set, queues) = sample.parts();
    let structure = Structure::build(set, queues, &EstimateRules::default());
    let order = structure.order(&set.tasks(queues));
    let mut nodes: Vec<_> = structure.graph.nodes().collect();
    nodes.sort_by(|one, other| order.compare(*one, *other));
    let ids: Vec<&str> = nodes.iter().map(|node| structure.graph.id(*node)).collect();
    assert_eq!(ids, ["first", "later", "last"]);
}
