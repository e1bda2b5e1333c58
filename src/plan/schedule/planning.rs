//! Plans, in two parts: what needs the tasks is done first, so that whoever reads a large file
//! can let it go before the schedules are made and everything is named.

use super::critical_path::critical_path;
use super::curve::Curve;
use super::makespan::{Limits, Schedule, Scheduler};
use super::report::{EstimateCounts, Minutes, PathReport, PlanReport, Slack};
use super::waves::{respect_scopes, waves};
use super::workload::Workload;
use crate::domain::Text;
use crate::plan::estimate::{Estimates, Source};
use crate::plan::graph::{Graph, Node, QueueTasks};
use crate::plan::now::{Agents, Order};
use crate::plan::paths::Owned;
use std::collections::HashSet;

/// What a plan is made from; `'a` is how long it is needed, `'q` how long the tasks are.
pub struct PlanInput<'a, 'q> {
    /// The graph, with the barriers that are to hold.
    pub graph: &'a Graph,
    /// The queues it was built from.
    pub queues: &'q [QueueTasks<'q>],
    /// How long tasks take.
    pub estimates: &'q Estimates,
    /// Limits of agents, where they are to hold.
    pub agents: Option<&'a Agents>,
    /// Whether overlapping paths keep tasks apart.
    pub respect_scopes: bool,
}

/// All of a plan that the tasks are needed for.
pub struct Planning<'a> {
    scheduler: Scheduler<'a>,
    /// What can run together; waves in parts where paths keep tasks apart.
    waves: Vec<Vec<Node>>,
    wave_parts: Vec<usize>,
    counts: EstimateCounts,
    cycles: Vec<Vec<Node>>,
    barriers: Vec<Text>,
}

impl<'a> Planning<'a> {
    /// Plans the tasks of which `selected` says yes.
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
        let meant: HashSet<usize> =
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

    /// What makes schedules of it.
    pub fn scheduler(&self) -> &Scheduler<'a> {
        &self.scheduler
    }

    /// How many waves there are, and the shortest possible time.
    pub fn extent(&self) -> (usize, Minutes) {
        (self.waves.len(), Minutes::of(critical_path(self.scheduler.work()).seconds))
    }

    /// Its size by itself: the most that runs at once, and how long it takes then.
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

    /// The plan, for each number of loops.
    pub fn report(self, loops: &[usize]) -> PlanReport {
        self.report_and(loops, |_, _| ()).0
    }

    /// The same, with what `also` makes of the scheduler and the number of loops that pays.
    pub fn report_and<T>(
        self,
        loops: &[usize],
        also: impl FnOnce(&Scheduler<'a>, usize) -> T,
    ) -> (PlanReport, T) {
        let width = self.width();
        let curve = Curve::new(&self.scheduler, width, loops);
        let more = also(&self.scheduler, curve.knee);
        // One after the other is in memory: a plan may be as long as its file.
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

/// The size of a plan by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Tasks that can still run.
    pub open: usize,
    /// Pending tasks that cannot.
    pub stuck: usize,
    /// Waves.
    pub waves: usize,
    /// The most tasks of one wave.
    pub width: usize,
    /// All work, one after the other, in seconds.
    pub seconds: u64,
    /// The same with as many loops as the widest wave has tasks.
    pub shortest: u64,
}

/// Plans the tasks of which `selected` says yes, for each number of loops.
pub fn plan(
    input: &PlanInput<'_, '_>,
    loops: &[usize],
    selected: impl Fn(Node) -> bool,
) -> PlanReport {
    Planning::new(input, selected).report(loops)
}

/// The whole schedule behind a plan.
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
