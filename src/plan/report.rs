//! The plan as one value, in the shape of `plan --json`.

use super::conditions::Agents;
use super::critical_path::critical_path;
use super::estimate::{Estimates, Source, duration_text};
use super::findings::too_many_loops;
use super::gantt::ROWS;
use super::graph::{Graph, Node, QueueTasks};
use super::makespan::{Limits, Schedule, Scheduler};
use super::pick::Order;
use super::waves::{respect_scopes, waves};
use super::workload::Workload;
use crate::domain::Text;
use serde::{Serialize, Serializer};
use std::collections::HashSet;

/// What a plan is made from.
pub struct PlanInput<'a> {
    /// The graph, with the barriers that are to hold.
    pub graph: &'a Graph,
    /// The queues it was built from.
    pub queues: &'a [QueueTasks<'a>],
    /// How long tasks take.
    pub estimates: &'a Estimates,
    /// Limits of agents, where they are to hold.
    pub agents: Option<&'a Agents>,
    /// Whether overlapping paths keep tasks apart.
    pub respect_scopes: bool,
}

/// Minutes; written as an integer where they are whole.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Minutes(pub f64);

impl Minutes {
    fn of(seconds: u64) -> Self {
        Self(seconds as f64 / 60.0)
    }

    /// The same in seconds.
    pub fn seconds(self) -> u64 {
        (self.0 * 60.0).round() as u64
    }
}

impl Serialize for Minutes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 {
            serializer.serialize_u64(self.0 as u64)
        } else {
            serializer.serialize_f64((self.0 * 1000.0).round() / 1000.0)
        }
    }
}

/// The critical path of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathReport {
    /// Its tasks.
    pub tasks: Vec<Text>,
    /// The same in the graph.
    #[serde(skip)]
    pub nodes: Vec<Node>,
    /// How long it takes.
    pub minutes: Minutes,
}

/// By how much a task may be late.
#[derive(Clone, Debug, PartialEq)]
pub struct Slack {
    /// The task.
    pub task: Text,
    /// By how much.
    pub late: Minutes,
}

/// The plan for one number of loops.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoopsReport {
    /// The number of loops.
    pub loops: usize,
    /// When the last task ends.
    pub makespan_minutes: Minutes,
    /// How many times faster than one loop.
    pub speedup: f64,
}

/// How many estimates come from where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EstimateCounts {
    /// From the tasks.
    pub given: usize,
    /// Measured.
    pub history: usize,
    /// Guessed.
    pub default: usize,
}

/// What barriers cost, against the plan without them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BarrierCost {
    /// Waves without and with them.
    pub waves: (usize, usize),
    /// Shortest possible time without and with them.
    pub minutes: (Minutes, Minutes),
}

/// A plan. Fields may be added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// Version of this shape.
    pub schema_version: u32,
    /// Pending and in-progress tasks: those of the waves and the stuck ones.
    pub tasks: usize,
    /// Dependencies between these.
    pub edges: usize,
    /// What can run together, wave after wave.
    pub waves: Vec<Vec<Text>>,
    /// How many parts each wave was split into because of overlapping paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wave_parts: Vec<usize>,
    /// The most tasks of one wave.
    pub width: usize,
    /// The chain that decides when everything is done.
    pub critical_path: PathReport,
    /// All work together.
    pub work_minutes: Minutes,
    /// Where the least sure estimate comes from.
    pub estimates: &'static str,
    /// How many come from where.
    pub estimate_counts: EstimateCounts,
    /// The plan for each number of loops asked for.
    pub loops: Vec<LoopsReport>,
    /// The smallest number of loops within 5 % of the best time.
    pub recommended_loops: usize,
    /// The plan for that number.
    #[serde(skip)]
    pub recommended: LoopsReport,
    /// The beginning of the schedule for that number.
    #[serde(skip)]
    pub schedule: Schedule,
    /// Whether running several loops is worth it, in a sentence.
    pub advice: String,
    /// Tasks that wait for each other.
    pub cycles: Vec<Vec<Text>>,
    /// Pending tasks that cannot run.
    pub stuck: Vec<Text>,
    /// By how many minutes a task may be late.
    #[serde(serialize_with = "as_map")]
    pub slack: Vec<Slack>,
    /// Phases behind which a barrier stands.
    pub barriers: Vec<String>,
    /// What the barriers cost, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barrier_cost: Option<BarrierCost>,
}

fn as_map<S: Serializer>(slack: &[Slack], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(slack.iter().map(|slack| (&slack.task, slack.late)))
}

impl PlanReport {
    /// Adds what the barriers of this plan cost against the plan `without` them.
    pub fn compare_barriers(&mut self, without: &Self) {
        self.barrier_cost = Some(BarrierCost {
            waves: (without.waves.len(), self.waves.len()),
            minutes: (without.critical_path.minutes, self.critical_path.minutes),
        });
    }
}

/// Plans the tasks of which `selected` says yes, for each number of loops.
pub fn plan(input: &PlanInput, loops: &[usize], selected: impl Fn(Node) -> bool) -> PlanReport {
    let PlanInput { graph, queues, estimates, .. } = *input;
    let work = Workload::new(graph, queues, estimates, &selected);
    let order = Order::new(graph, queues, estimates);
    let meant: HashSet<usize> =
        graph.nodes().filter(|&n| selected(n)).map(|n| graph.location(n).0).collect();
    let names = |nodes: &[Node]| nodes.iter().map(|&n| graph.name(n)).collect::<Vec<_>>();
    let levels = waves(&work);
    let (parts, wave_parts) = if input.respect_scopes {
        let split = respect_scopes(graph, queues, &order, levels);
        let counts = split.iter().map(Vec::len).collect();
        (split.into_iter().flatten().collect(), counts)
    } else {
        (levels, Vec::new())
    };
    let width = parts.iter().map(Vec::len).max().unwrap_or(0);
    let scheduler = Scheduler::new(&work, &order, limits(input));
    // One after the other is in memory: a plan may be as long as its file.
    drop(order);
    let curve = Curve::new(&scheduler, &work, width, loops);
    drop(scheduler);
    let path = critical_path(&work);
    let counts = count_sources(&work, estimates);
    let late = |(node, &late)| Slack { task: graph.name(node), late: Minutes::of(late) };
    let mut slack = Vec::with_capacity(path.slack.len());
    slack.extend(work.open().zip(&path.slack).map(late));
    PlanReport {
        schema_version: 1,
        tasks: work.open().count() + work.stuck().len(),
        edges: count_edges(&work),
        waves: parts.into_iter().map(|part| names(&part)).collect(),
        wave_parts,
        width,
        critical_path: PathReport {
            tasks: names(&path.tasks),
            minutes: Minutes::of(path.seconds),
            nodes: path.tasks,
        },
        work_minutes: Minutes::of(curve.work),
        estimates: least_sure(counts).word(),
        estimate_counts: counts,
        recommended_loops: curve.knee,
        recommended: LoopsReport::new(curve.knee, curve.work, curve.chosen.seconds),
        advice: advice(&work, &curve, path.seconds),
        loops: curve.loops,
        schedule: curve.chosen,
        cycles: graph
            .cycles()
            .filter(|cycle| cycle.iter().any(|&node| selected(node)))
            .map(|cycle| names(&cycle))
            .collect(),
        stuck: names(work.stuck()),
        slack,
        barriers: graph
            .barriers()
            .iter()
            .filter(|(queue, _)| meant.contains(queue))
            .map(|(_, phase)| phase.to_string())
            .collect(),
        barrier_cost: None,
    }
}

/// The whole schedule behind a plan.
pub fn schedule(input: &PlanInput, loops: usize, selected: impl Fn(Node) -> bool) -> Schedule {
    let work = Workload::new(input.graph, input.queues, input.estimates, selected);
    let order = Order::new(input.graph, input.queues, input.estimates);
    Scheduler::new(&work, &order, limits(input)).schedule(loops, usize::MAX)
}

fn limits<'a>(input: &PlanInput<'a>) -> Limits<'a> {
    Limits { scopes: input.respect_scopes.then_some(input.queues), agents: input.agents }
}

/// Time over loop counts, in seconds.
struct Curve {
    work: u64,
    best: u64,
    knee: usize,
    /// The schedule of as many loops as the knee has, as far as a picture shows it.
    chosen: Schedule,
    /// The counts that were asked for.
    loops: Vec<LoopsReport>,
}

impl Curve {
    fn new(scheduler: &Scheduler, work: &Workload, width: usize, loops: &[usize]) -> Self {
        let total = work.total_seconds();
        let width = width.max(1);
        let most = if width > work.open().count() / 2 { width } else { 2 * width };
        let best = scheduler.makespan(most);
        let enough = best.saturating_add(best / 20);
        // Fewer loops than this cannot do it however they are used.
        let least = usize::try_from(total.div_ceil(enough.max(1))).unwrap_or(1).clamp(1, most);
        let knee = smallest(least, most, |loops| scheduler.makespan(loops) <= enough);
        let report = |&count: &usize| LoopsReport::new(count, total, scheduler.makespan(count));
        let loops = loops.iter().map(report).collect();
        Self { work: total, best, knee, chosen: scheduler.schedule(knee, ROWS), loops }
    }
}

impl LoopsReport {
    fn new(loops: usize, work: u64, makespan: u64) -> Self {
        let speedup = speedup(work, makespan);
        Self { loops, makespan_minutes: Minutes::of(makespan), speedup }
    }
}

/// To two decimals; nothing to do is no speedup.
fn speedup(work: u64, makespan: u64) -> f64 {
    if makespan == 0 { 1.0 } else { (work as f64 / makespan as f64 * 100.0).round() / 100.0 }
}

/// The smallest number from `low` to `high` that is enough. Up to 16 are tried one by one; beyond
/// that by halves, which supposes that more loops are never slower.
fn smallest(low: usize, high: usize, enough: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (low, high);
    while high - low > 16 {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    (low..high).find(|&loops| enough(loops)).unwrap_or(high)
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

fn advice(work: &Workload, curve: &Curve, path: u64) -> String {
    let tasks = work.open().count();
    let stuck = work.stuck().len();
    let one = duration_text(curve.work);
    if tasks == 0 {
        return match stuck {
            0 => "Nothing is left to do.".to_owned(),
            1 => "Nothing can run: 1 pending task is stuck.".to_owned(),
            _ => format!("Nothing can run: {stuck} pending tasks are stuck."),
        };
    }
    if tasks == 1 {
        return format!("One task of {one}: one loop is all it takes.");
    }
    let best = duration_text(curve.best);
    if curve.knee == 1 {
        return format!("One loop does it in {one}; more would not help, {best} is the least.");
    }
    let gain = speedup(curve.work, curve.chosen.seconds);
    let (loops, chosen) = (curve.knee, duration_text(curve.chosen.seconds));
    if gain < 1.2 {
        let path = duration_text(path);
        return format!(
            "Hardly worth several loops: {loops} take {chosen} instead of {one}, \
             since the longest chain alone takes {path}."
        );
    }
    let many = match too_many_loops(loops) {
        Some(_) => " That is more than anybody can look after.",
        None => "",
    };
    format!(
        "Worth it: {loops} loops take {chosen} instead of {one} ({gain} times as fast); \
         more than {loops} gain less than 5 %.{many}"
    )
}
