//! `plan`: waves, critical path, slack, and how many loops pay.

use crate::cli::args::{PlanArgs, Respect};
use crate::cli::failure::Failure;
use crate::cli::reading::{Reading, Scene};
use crate::cli::session::Session;
use crate::engine::{self, Scope};
use crate::plan::{
    self, Barriers, EstimateRules, Estimates, Graph, Node, PlanInput, PlanReport, State,
};
use crate::store::QueueStore;
use crate::views::json;
use crate::views::plan::{Actual, ActualTask, PlanView, text};
use crate::views::style::Look;
use std::collections::HashMap;

/// The width of the schedule where nobody counts columns.
const WIDTH: usize = 100;

pub(super) fn run(args: &PlanArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select(&args.queues)?;
    let scope = super::run::scope(&args.filter, &[]);
    let reading = Reading::open(session, selection)?;
    let rules = engine::measured(&reading.set, reading.store.queues());
    let mut reading = reading.with_rules(rules);
    let look = session.look();
    let bytes = reading.look(|scene| {
        let (report, gantt) = planned(scene, args, &scope, look);
        let actual = args.actual.then(|| compare(scene, &scope));
        let view = PlanView { report, actual };
        if args.json {
            return json::write(&view, &mut session.streams.out).map(|()| Vec::new());
        }
        let seconds =
            |id: &str| scene.find(id).map_or(0, |node| scene.structure.estimates.seconds(node));
        Ok(text(&view, gantt.as_deref(), &seconds, look).into_bytes())
    })?;
    session.print(bytes)
}

fn planned(
    scene: &Scene<'_>,
    args: &PlanArgs,
    scope: &Scope,
    look: Look,
) -> (PlanReport, Option<String>) {
    let selected = |node: Node| scene.includes(scope, node);
    let loops: Vec<usize> = args.loops.iter().map(|&n| n as usize).collect();
    let declared = PlanInput {
        graph: &scene.structure.graph,
        queues: scene.tasks,
        estimates: &scene.structure.estimates,
        agents: Some(&scene.structure.agents),
        respect_scopes: args.respect.contains(&Respect::Scopes),
    };
    if !args.barriers {
        let report = plan::plan(&declared, &loops, selected);
        let drawn = draw(declared.graph, &report, args, look);
        return (report, drawn);
    }
    let graph = Graph::build_with(scene.tasks, Barriers::All);
    let estimates = Estimates::new(&graph, scene.tasks, scene.rules);
    let all = PlanInput { graph: &graph, estimates: &estimates, ..declared };
    let mut report = plan::plan(&all, &loops, selected);
    report.compare_barriers(&plan::plan(&declared, &[], selected));
    let drawn = draw(&graph, &report, args, look);
    (report, drawn)
}

/// The picture of the schedule, which only the text needs.
fn draw(graph: &Graph, report: &PlanReport, args: &PlanArgs, look: Look) -> Option<String> {
    let width = look.width.unwrap_or(WIDTH);
    let is_drawn = !args.json && !report.waves.is_empty();
    is_drawn.then(|| plan::gantt(graph, &report.schedule, &report.critical_path.nodes, width))
}

/// Estimates and reality of the finished tasks.
fn compare(scene: &Scene<'_>, scope: &Scope) -> Actual {
    let graph = &scene.structure.graph;
    let histories = engine::histories(scene.set, scene.queues);
    // What was expected, not what is known since.
    let rules = EstimateRules { history: HashMap::new(), ..scene.rules.clone() };
    let mut actual =
        Actual { tasks: Vec::new(), estimated_minutes: 0.0, actual_minutes: 0.0, unmeasured: 0 };
    let done = |node: &Node| {
        scene.includes(scope, *node)
            && scene.readiness.state(*node) == State::Complete
            && !graph.is_epic(*node)
    };
    for node in graph.nodes().filter(done) {
        let (queue, _) = graph.location(node);
        let taken = histories[queue].of(&scene.queues[queue], graph.id(node));
        let Some(taken) = taken else {
            actual.unmeasured += 1;
            continue;
        };
        let (estimated_minutes, source) = rules.minutes(scene.readiness.task(node));
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
