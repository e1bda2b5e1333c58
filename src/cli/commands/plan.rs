//! `plan`: computes waves, critical path, slack, and how many loops are worth running.

mod asked;
mod dates;
mod meant;
mod wanted;

use crate::cli::args::{PlanArgs, Respect};
use crate::cli::failure::Failure;
use crate::cli::filter::{refuse_empty, scope};
use crate::cli::session::Session;
use crate::domain::Status;
use crate::plan::{
    self, Agents, BarrierCost, Barriers, EstimateRules, Estimates, Graph, Node, PlanInput,
    PlanReport, Planning, QueueTasks,
};
use crate::platform::clock::{Clock, SystemClock};
use crate::project;
use crate::project::Structure;
use crate::views::json;
use crate::views::plan::{Actual, ActualTask, PlanView, text};
use crate::views::style::Look;
use asked::Asked;
use dates::Maker;
use meant::Meant;
use std::collections::HashMap;
use wanted::Wanted;

/// The width of the schedule if the output is not a terminal.
const WIDTH: usize = 100;

pub(super) fn run(args: &PlanArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let asked = Asked::read(args, SystemClock.now())?;
    let selection = session.select_to_read(&asked.queues)?;
    let project = session.open(selection)?;
    refuse_empty(&args.filter, project.served())?;
    let (set, store) = project.into_parts();
    let (rules, experience) = project::experienced(&set, store.queues());
    let Structure { graph, agents, estimates } = Structure::build(&set, store.queues(), &rules);
    let tasks = set.tasks(store.queues());
    let scope = scope(&args.filter, &[]);
    let meant = Meant { set: &set, queues: store.queues(), tasks: &tasks, graph: &graph, scope };
    let selected = meant.selected(&asked)?;
    let actual = args.actual.then(|| compare(&meant, rules));
    let selects = |node: Node| selected[node.0 as usize];
    let parts = Parts { tasks: &tasks, estimates: &estimates, agents: &agents, args };
    let wanted = Wanted::of(&meant, &asked, &selected, &|own| {
        Planning::new(&parts.of(&graph), |node| own[node.0 as usize]).shape()
    });
    // Only one graph exists at a time, and the tasks are dropped as soon as possible: each of them
    // may be as large as the file.
    let without = args.barriers.then(|| Planning::new(&parts.of(&graph), selects).extent());
    let graph = if args.barriers {
        drop(graph);
        Graph::build_with(&tasks, Barriers::All)
    } else {
        graph
    };
    let parts = Parts { tasks: &tasks, estimates: &estimates, agents: &agents, args };
    let planning = Planning::new(&parts.of(&graph), selects);
    drop(tasks);
    drop(store);
    let barrier_cost = without.map(|without| BarrierCost::between(without, planning.extent()));
    let loops: Vec<usize> = args.loops.iter().map(|&n| n as usize).collect();
    let maker =
        Maker { asked: &asked, graph: &graph, estimates: &estimates, experience: &experience };
    let (report, dates) =
        planning.report_and(&loops, |scheduler, pay| maker.dates(wanted, scheduler, pay));
    let report = PlanReport { barrier_cost, ..report };
    let look = session.look();
    let drawn = draw(&graph, &report, args, look);
    let view = PlanView { report, dates, actual };
    if args.json {
        return Ok(json::write(&view, &mut session.streams.out)?);
    }
    session.print(text(&view, drawn.as_deref(), &|node| estimates.seconds(node), look))
}

/// The inputs that all plans of one call share.
struct Parts<'a, 'q> {
    tasks: &'q [QueueTasks<'q>],
    estimates: &'q Estimates,
    agents: &'a Agents,
    args: &'q PlanArgs,
}

impl<'a, 'q> Parts<'a, 'q> {
    fn of(&self, graph: &'a Graph) -> PlanInput<'a, 'q> {
        PlanInput {
            graph,
            queues: self.tasks,
            estimates: self.estimates,
            agents: Some(self.agents),
            respect_scopes: self.args.respect.contains(&Respect::Scopes),
        }
    }
}

/// Draws the schedule for the text output; `None` for JSON and for an empty plan.
fn draw(graph: &Graph, report: &PlanReport, args: &PlanArgs, look: Look) -> Option<String> {
    let width = look.width.unwrap_or(WIDTH);
    let is_drawn = !args.json && !report.waves.is_empty();
    is_drawn.then(|| plan::gantt(graph, &report.schedule, &report.critical_path.nodes, width))
}

/// Compares the estimates with the measured durations of the complete tasks.
fn compare(meant: &Meant<'_>, rules: EstimateRules) -> Actual {
    let graph = meant.graph;
    let histories = project::histories(meant.set, meant.queues);
    // The comparison is with the original estimates, without what was measured since.
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
