//! `plan`: waves, critical path, slack, and how many loops pay.

use crate::cli::args::{PlanArgs, Respect};
use crate::cli::failure::Failure;
use crate::cli::filter::{refuse_empty, scope};
use crate::cli::session::Session;
use crate::domain::{Status, Task};
use crate::plan::{
    self, Agents, BarrierCost, Barriers, EstimateRules, Estimates, Graph, Node, PlanInput,
    PlanReport, Planning, QueueTasks,
};
use crate::project;
use crate::project::{QueueSet, Scope, Structure};
use crate::queue::Queue;
use crate::store::QueueStore;
use crate::views::json;
use crate::views::plan::{Actual, ActualTask, PlanView, text};
use crate::views::style::Look;
use std::collections::HashMap;

/// The width of the schedule where nobody counts columns.
const WIDTH: usize = 100;

pub(super) fn run(args: &PlanArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let project = session.open(selection)?;
    refuse_empty(&args.filter, project.served())?;
    let (set, store) = project.into_parts();
    let rules = project::measured(&set, store.queues());
    let Structure { graph, agents, estimates } = Structure::build(&set, store.queues(), &rules);
    let tasks = set.tasks(store.queues());
    let scope = scope(&args.filter, &[]);
    let meant = Meant { set: &set, queues: store.queues(), tasks: &tasks, graph: &graph, scope };
    let selected: Vec<bool> = graph.nodes().map(|node| meant.includes(node)).collect();
    let actual = args.actual.then(|| compare(&meant, rules));
    let selects = |node: Node| selected[node.0 as usize];
    // One graph after the other, and the tasks only as long as they are needed: each of them may
    // be as large as the file.
    let without = args.barriers.then(|| {
        Planning::new(&input(&graph, &tasks, &estimates, &agents, args), selects).extent()
    });
    let graph = if args.barriers {
        drop(graph);
        Graph::build_with(&tasks, Barriers::All)
    } else {
        graph
    };
    let planning = Planning::new(&input(&graph, &tasks, &estimates, &agents, args), selects);
    drop(tasks);
    drop(store);
    let barrier_cost = without.map(|without| BarrierCost::between(without, planning.extent()));
    let loops: Vec<usize> = args.loops.iter().map(|&n| n as usize).collect();
    let report = PlanReport { barrier_cost, ..planning.report(&loops) };
    let look = session.look();
    let drawn = draw(&graph, &report, args, look);
    let view = PlanView { report, actual };
    if args.json {
        return Ok(json::write(&view, &mut session.streams.out)?);
    }
    session.print(text(&view, drawn.as_deref(), &|node| estimates.seconds(node), look))
}

fn input<'a, 'q>(
    graph: &'a Graph,
    queues: &'q [QueueTasks<'q>],
    estimates: &'q Estimates,
    agents: &'a Agents,
    args: &PlanArgs,
) -> PlanInput<'a, 'q> {
    let respect_scopes = args.respect.contains(&Respect::Scopes);
    PlanInput { graph, queues, estimates, agents: Some(agents), respect_scopes }
}

/// The tasks that a plan is asked for, in their queues.
struct Meant<'a> {
    set: &'a QueueSet,
    queues: &'a [Queue],
    tasks: &'a [QueueTasks<'a>],
    graph: &'a Graph,
    scope: Scope,
}

impl Meant<'_> {
    fn task(&self, node: Node) -> &Task {
        let (queue, index) = self.graph.location(node);
        &self.tasks[queue].tasks[index]
    }

    fn includes(&self, node: Node) -> bool {
        self.graph.location(node).0 < self.set.served() && self.scope.includes(self.task(node))
    }
}

/// The picture of the schedule, which only the text needs.
fn draw(graph: &Graph, report: &PlanReport, args: &PlanArgs, look: Look) -> Option<String> {
    let width = look.width.unwrap_or(WIDTH);
    let is_drawn = !args.json && !report.waves.is_empty();
    is_drawn.then(|| plan::gantt(graph, &report.schedule, &report.critical_path.nodes, width))
}

/// Estimates and reality of the finished tasks.
fn compare(meant: &Meant<'_>, rules: EstimateRules) -> Actual {
    let graph = meant.graph;
    let histories = project::histories(meant.set, meant.queues);
    // What was expected, not what is known since.
    let rules = EstimateRules { history: HashMap::new(), ..rules };
    let mut actual =
        Actual { tasks: Vec::new(), estimated_minutes: 0.0, actual_minutes: 0.0, unmeasured: 0 };
    let done = |node: &Node| {
        meant.includes(*node)
            && meant.task(*node).status == Status::Complete
            && !graph.is_epic(*node)
    };
    for node in graph.nodes().filter(done) {
        let (queue, _) = graph.location(node);
        let taken = histories[queue].of(&meant.queues[queue], graph.id(node));
        let Some(taken) = taken else {
            actual.unmeasured += 1;
            continue;
        };
        let (estimated_minutes, source) = rules.minutes(meant.task(node));
        let actual_minutes = (taken.millis as f64 / 60.0).round() / 1000.0;
        actual.estimated_minutes += estimated_minutes;
        actual.actual_minutes += actual_minutes;
        actual.tasks.push(ActualTask {
            id: graph.reference(node),
            estimated_minutes,
            estimate: source.word(),
            actual_minutes,
            attempts: taken.attempts,
        });
    }
    actual.actual_minutes = (actual.actual_minutes * 1000.0).round() / 1000.0;
    actual
}
