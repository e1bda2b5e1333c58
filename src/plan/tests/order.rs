//! Tests in which order ready tasks are claimed, and which of them at once.

use super::*;

#[test]
fn the_order_of_claims_follows_priority_path_dependants_and_list() {
    let minutes = |minutes: f64| move |task: &mut Task| task.set(Detail::Minutes(minutes));
    let urgent = |priority: i64| move |task: &mut Task| task.priority = Some(priority);
    let sample = Sample::new(
        "q",
        vec![
            task("plain", &[]),
            with(task("long", &[]), minutes(90.0)),
            with(task("root", &[]), urgent(5)),
            with(task("urgent", &["root"]), urgent(0)),
            with(task("one", &[]), urgent(1)),
            task("plain2", &[]),
            with(task("leaf", &["plain2"]), minutes(0.0)),
        ],
    );
    let queues = [sample.view()];
    let graph = Graph::build(&queues);
    let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
    let order = Order::new(&graph, &queues, &estimates);
    let conditions = Conditions::at(noon(), Agents::plain(&queues));
    let mut readiness = crate::plan::readiness(&graph, &queues, &conditions);
    let ranked = ranks(&readiness, &order, usize::MAX, |_| true);
    let ids = names(&graph, ranked.iter().map(|rank| rank.node));
    assert_eq!(ids, ["root", "one", "long", "plain2", "plain"]);
    let reason = "priority 0 (from urgent, which waits for it), \
                  1 h on the longest path from it, 1 task depends on it";
    assert_eq!(ranked[0].reason, reason);
    assert_eq!(best(&readiness, &order, |node| node != ranked[0].node), Some(ranked[1].node));
    assert_eq!(names(&graph, select(&mut readiness, &order, 2, |_| true)), ["root", "one"]);
}

#[test]
fn tasks_claimed_in_one_moment_do_not_overlap() {
    let sample = Sample::new(
        "q",
        vec![
            owning("a", "src", Status::Pending),
            owning("b", "src/b", Status::Pending),
            owning("c", "doc", Status::Pending),
        ],
    );
    let queues = [sample.view()];
    let graph = Graph::build(&queues);
    let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
    let order = Order::new(&graph, &queues, &estimates);
    let conditions = Conditions::at(noon(), Agents::plain(&queues));
    let mut readiness = crate::plan::readiness(&graph, &queues, &conditions);
    assert_eq!(names(&graph, select(&mut readiness, &order, 9, |_| true)), ["a", "c"]);
}

/// Every claim ends, so a ready task is reached after at most as many claims as there are others.
#[test]
fn no_ready_task_of_a_finite_queue_waits_for_ever() {
    let mut tasks: Vec<Task> = (0..30)
        .map(|n| {
            with(owning(&format!("T{n}"), &format!("src/{n}"), Status::Pending), |task| {
                task.priority = Some(0)
            })
        })
        .collect();
    tasks.insert(0, owning("wide", "src", Status::Pending));
    let mut sample = Sample::new("q", tasks);
    let mut claims = 0;
    while sample.tasks[0].status == Status::Pending {
        let taken = {
            let queues = [sample.view()];
            let graph = Graph::build(&queues);
            let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
            let order = Order::new(&graph, &queues, &estimates);
            let conditions = Conditions::at(noon(), Agents::plain(&queues));
            let mut readiness = crate::plan::readiness(&graph, &queues, &conditions);
            select(&mut readiness, &order, 1, |_| true)
        };
        // There are two loops, and one task ends when the next is claimed, so `src` is never quite
        // idle.
        for task in &mut sample.tasks {
            if task.status == Status::InProgress {
                task.status = Status::Complete;
            }
        }
        if let Some(node) = taken.first() {
            sample.tasks[node.0 as usize].status = Status::InProgress;
        }
        claims += 1;
        assert!(claims <= 32, "the wide task starves");
    }
}

#[test]
fn a_rank_says_whose_priority_it_has() {
    let important = |id: &str, first: &str, priority| {
        with(task(id, &[first]), |task| task.priority = Some(priority))
    };
    let samples = [Sample::new(
        "q",
        vec![
            task("A", &[]),
            important("B", "A", 1),
            important("C", "A", 1),
            with(task("own", &[]), |task| task.priority = Some(1)),
            important("D", "own", 1),
            task("plain", &[]),
        ],
    )];
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let order =
        Order::new(&graph, &queues, &Estimates::new(&graph, &queues, &EstimateRules::default()));
    let reason = |id| order.reason(&graph, find(&graph, id));
    let starts = |id, words: &str| assert!(reason(id).starts_with(words), "{}", reason(id));
    // The first of equal ones lends it, and the own one counts before one that is lent.
    starts("A", "priority 1 (from B, which waits for it), ");
    starts("own", "priority 1, ");
    starts("plain", "no priority, ");
    assert!(reason("A").ends_with("2 tasks depend on it"));
    assert!(reason("own").ends_with("1 task depends on it"));
    assert!(reason("plain").ends_with("nothing depends on it"));
}
