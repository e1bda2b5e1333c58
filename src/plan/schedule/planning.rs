//! Builds plans in two parts. Everything that needs the tasks is done first, so that callers can
//! drop a large file before the schedules and names are computed.

use super::critical_path::critical_path;
use super::curve::Curve;
use super::makespan::{Limits, Schedule, Scheduler};
use super::report::{EstimateCounts, Minutes, PathReport, PlanReport, Slack};
use super::waves::{respect_scopes, waves};
use super::workload::Workload;
use crate::domain::{QueueIx, Text};
use crate::plan::estimate::{Estimates, Source};
use crate::plan::graph::{Graph, Node, QueueTasks};
use crate::plan::now::{Agents, Order};
use crate::plan::paths::Owned;
use std::collections::HashSet;

/// The input of a plan. `'a` is the lifetime of the plan's data, `'q` the lifetime of the tasks.
pub struct PlanInput<'a, 'q> {
    /// The graph, with the barriers that are in force.
    pub graph: &'a Graph,
    /// The queues from which the graph was built.
    pub queues: &'q [QueueTasks<'q>],
    /// How long tasks take.
    pub estimates: &'q Estimates,
    /// The limits of agents, if they apply.
    pub agents: Option<&'a Agents>,
    /// Whether tasks with overlapping paths must not run at the same time.
    pub respect_scopes: bool,
}

/// The first part of a plan: everything that needs the tasks.
pub struct Planning<'a> {
    scheduler: Scheduler<'a>,
    /// What can run together. Waves are split into parts if paths overlap.
    waves: Vec<Vec<Node>>,
    wave_parts: Vec<usize>,
    counts: EstimateCounts,
    cycles: Vec<Vec<Node>>,
    barriers: Vec<Text>,
}

impl<'a> Planning<'a> {
    /// Plans the tasks for which `selected` returns true.
    pub fn new(input: &PlanInput<'a, '_>, selected: impl Fn(Node) -> bool) -> Self {
        let PlanInput { graph, queues, estimates, .. } = *input;
        let work = Workload::new(graph, queues, estimates, &selected);
        let counts = count_sources(&work, estimates);
        let order = Order::new(graph, queues, estimates);
        let levels = waves(&work);
        let owned = input.respect_scopes.then(|| Owned::new(queues));
        let (waves, wave_parts) = if let Some(owned) = &owned {
            let split = respect_scopes(owned, &order, levels);
            let counts = split.iter().map(Vec::len).collect();
            (split.into_iter().flatten().collect(), counts)
        } else {
            (levels, Vec::new())
        };
        let meant: HashSet<QueueIx> =
            graph.nodes().filter(|&n| selected(n)).map(|n| graph.location(n).0).collect();
        let barriers = graph.barriers().iter().filter(|(queue, _)| meant.contains(queue));
        let is_meant = |cycle: &Vec<Node>| cycle.iter().any(|&node| selected(node));
        Self {
            scheduler: Scheduler::new(work, &order, Limits { scopes: owned, agents: input.agents }),
            waves,
            wave_parts,
            counts,
            cycles: graph.cycles().filter(is_meant).collect(),
            barriers: barriers.map(|(_, phase)| phase.clone()).collect(),
        }
    }

    /// Returns the scheduler.
    pub fn scheduler(&self) -> &Scheduler<'a> {
        &self.scheduler
    }

    /// Returns the number of waves and the shortest possible time.
    pub fn extent(&self) -> (usize, Minutes) {
        (self.waves.len(), Minutes::of(critical_path(self.scheduler.work()).seconds))
    }

    /// Returns the size of the plan: the largest number of tasks at once, and how long it takes
    /// then.
    pub fn shape(&self) -> Shape {
        let work = self.scheduler.work();
        let width = self.width();
        Shape {
            open: work.open().count(),
            stuck: work.stuck().len(),
            waves: self.waves.len(),
            width,
            seconds: work.total_seconds(),
            shortest: self.scheduler.makespan(width),
        }
    }

    fn width(&self) -> usize {
        self.waves.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Returns the plan for each number of loops.
    pub fn report(self, loops: &[usize]) -> PlanReport {
        self.report_and(loops, |_, _| ()).0
    }

    /// Returns the plan, and the result of `also` for the scheduler and the recommended number of
    /// loops.
    pub fn report_and<T>(
        self,
        loops: &[usize],
        also: impl FnOnce(&Scheduler<'a>, usize) -> T,
    ) -> (PlanReport, T) {
        let width = self.width();
        let curve = Curve::new(&self.scheduler, width, loops);
        let more = also(&self.scheduler, curve.knee);
        // Only one of the two is in memory at a time, because a plan may be as long as its file.
        let work = self.scheduler.into_work();
        let graph = work.graph();
        let names = |nodes: &[Node]| nodes.iter().map(|&n| graph.name(n)).collect::<Vec<_>>();
        let path = critical_path(&work);
        let late = |(node, &late)| Slack { task: graph.name(node), node, late: Minutes::of(late) };
        let mut slack = Vec::with_capacity(path.slack.len());
        slack.extend(work.open().zip(&path.slack).map(late));
        let report = PlanReport {
            schema_version: 1,
            tasks: work.open().count() + work.stuck().len(),
            edges: count_edges(&work),
            waves: self.waves.into_iter().map(|wave| names(&wave)).collect(),
            wave_parts: self.wave_parts,
            width,
            critical_path: PathReport {
                tasks: names(&path.tasks),
                minutes: Minutes::of(path.seconds),
                nodes: path.tasks,
            },
            work_minutes: Minutes::of(curve.work),
            estimates: least_sure(self.counts).word(),
            estimate_counts: self.counts,
            recommended_loops: curve.knee,
            recommended: curve.recommended(),
            advice: curve.advice(&work, path.seconds),
            loops: curve.loops,
            schedule: curve.chosen,
            cycles: self.cycles.iter().map(|cycle| names(cycle)).collect(),
            stuck: names(work.stuck()),
            slack,
            barriers: self.barriers,
            barrier_cost: None,
        };
        (report, more)
    }
}

/// The size of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The number of tasks that can still run.
    pub open: usize,
    /// The number of pending tasks that cannot run.
    pub stuck: usize,
    /// The number of waves.
    pub waves: usize,
    /// The size of the largest wave.
    pub width: usize,
    /// The time of all work, one task after the other, in seconds.
    pub seconds: u64,
    /// The time with as many loops as the largest wave has tasks, in seconds.
    pub shortest: u64,
}

/// Plans the tasks for which `selected` returns true, for each number of loops.
pub fn plan(
    input: &PlanInput<'_, '_>,
    loops: &[usize],
    selected: impl Fn(Node) -> bool,
) -> PlanReport {
    Planning::new(input, selected).report(loops)
}

/// Returns the whole schedule of a plan.
pub fn schedule(
    input: &PlanInput<'_, '_>,
    loops: usize,
    selected: impl Fn(Node) -> bool,
) -> Schedule {
    Planning::new(input, selected).scheduler.schedule(loops, usize::MAX)
}

fn count_edges(work: &Workload) -> usize {
    let mut here = vec![false; work.graph().len()];
    let tasks = || work.open().chain(work.stuck().iter().copied());
    tasks().for_each(|node| here[node.0 as usize] = true);
    let dependencies = tasks().flat_map(|node| work.graph().dependencies(node));
    dependencies.filter(|first| here[first.0 as usize]).count()
}

fn count_sources(work: &Workload, estimates: &Estimates) -> EstimateCounts {
    let mut counts = EstimateCounts::default();
    for node in work.open() {
        match estimates.source(node) {
            Source::Given => counts.given += 1,
            Source::History => counts.history += 1,
            Source::Default => counts.default += 1,
        }
    }
    counts
}

fn least_sure(counts: EstimateCounts) -> Source {
    match counts {
        EstimateCounts { default: 1.., .. } => Source::Default,
        EstimateCounts { history: 1.., .. } => Source::History,
        EstimateCounts { .. } => Source::Given,
    }
}
