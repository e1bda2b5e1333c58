//! The plan as one value, in the shape of `plan --json`.

use super::conditions::Agents;
use super::critical_path::critical_path;
use super::estimate::{Estimates, Source, duration_text};
use super::findings::too_many_loops;
use super::graph::{Graph, Node, QueueTasks};
use super::makespan::{Limits, Schedule, Scheduler};
use super::pick::Order;
use super::waves::{respect_scopes, waves};
use super::workload::Workload;
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
    pub tasks: Vec<String>,
    /// How long it takes.
    pub minutes: Minutes,
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
    pub waves: Vec<Vec<String>>,
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
    /// Whether running several loops is worth it, in a sentence.
    pub advice: String,
    /// Tasks that wait for each other.
    pub cycles: Vec<Vec<String>>,
    /// Pending tasks that cannot run.
    pub stuck: Vec<String>,
    /// By how many minutes a task may be late.
    #[serde(serialize_with = "as_map")]
    pub slack: Vec<(String, Minutes)>,
    /// Phases behind which a barrier stands.
    pub barriers: Vec<String>,
    /// What the barriers cost, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barrier_cost: Option<BarrierCost>,
}

fn as_map<S: Serializer>(pairs: &[(String, Minutes)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(id, minutes)| (id, minutes)))
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
    let names = |nodes: &[Node]| nodes.iter().map(|&n| graph.reference(n)).collect::<Vec<_>>();
    let levels = waves(&work);
    let (parts, wave_parts) = if input.respect_scopes {
        let split = respect_scopes(graph, queues, &order, levels);
        let counts = split.iter().map(Vec::len).collect();
        (split.into_iter().flatten().collect(), counts)
    } else {
        (levels, Vec::new())
    };
    let width = parts.iter().map(Vec::len).max().unwrap_or(0);
    let path = critical_path(&work);
    let scheduler = Scheduler::new(&work, &order, limits(input));
    let curve = Curve::new(&scheduler, &work, width);
    let counts = count_sources(&work, estimates);
    let path_seconds = path.seconds;
    PlanReport {
        schema_version: 1,
        tasks: work.open().count() + work.stuck().len(),
        edges: count_edges(&work),
        waves: parts.iter().map(|part| names(part)).collect(),
        wave_parts,
        width,
        critical_path: PathReport { tasks: names(&path.tasks), minutes: Minutes::of(path.seconds) },
        work_minutes: Minutes::of(curve.work),
        estimates: least_sure(counts).word(),
        estimate_counts: counts,
        loops: loops.iter().map(|&count| curve.report(count)).collect(),
        recommended_loops: curve.knee,
        recommended: curve.report(curve.knee),
        advice: advice(&work, &curve, path_seconds),
        cycles: graph
            .cycles()
            .filter(|cycle| cycle.iter().any(|&node| selected(node)))
            .map(|cycle| names(&cycle))
            .collect(),
        stuck: names(work.stuck()),
        slack: path.slack.iter().map(|&(n, s)| (graph.reference(n), Minutes::of(s))).collect(),
        barriers: graph
            .barriers()
            .iter()
            .filter(|(queue, _)| meant.contains(queue))
            .map(|(_, phase)| phase.to_string())
            .collect(),
        barrier_cost: None,
    }
}

/// The schedule behind a plan, for a picture of it.
pub fn schedule(input: &PlanInput, loops: usize, selected: impl Fn(Node) -> bool) -> Schedule {
    let work = Workload::new(input.graph, input.queues, input.estimates, selected);
    let order = Order::new(input.graph, input.queues, input.estimates);
    Scheduler::new(&work, &order, limits(input)).schedule(loops)
}

fn limits<'a>(input: &PlanInput<'a>) -> Limits<'a> {
    Limits { scopes: input.respect_scopes.then_some(input.queues), agents: input.agents }
}

/// Time over loop counts.
struct Curve<'a> {
    scheduler: &'a Scheduler<'a>,
    work: u64,
    best: u64,
    knee: usize,
}

impl<'a> Curve<'a> {
    fn new(scheduler: &'a Scheduler<'a>, work: &Workload, width: usize) -> Self {
        let total = work.total_seconds();
        let width = width.max(1);
        let most = if width > work.open().count() / 2 { width } else { 2 * width };
        let best = scheduler.makespan(most);
        let enough = best.saturating_add(best / 20);
        // Fewer loops than this cannot do it however they are used.
        let least = usize::try_from(total.div_ceil(enough.max(1))).unwrap_or(1).clamp(1, most);
        let knee = smallest(least, most, |loops| scheduler.makespan(loops) <= enough);
        Self { scheduler, work: total, best, knee }
    }

    fn report(&self, loops: usize) -> LoopsReport {
        let makespan = self.scheduler.makespan(loops);
        LoopsReport {
            loops,
            makespan_minutes: Minutes::of(makespan),
            speedup: speedup(self.work, makespan),
        }
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
    let tasks = work.open().chain(work.stuck().iter().copied());
    let tasks: Vec<Node> = tasks.inspect(|node| here[node.0 as usize] = true).collect();
    let dependencies = tasks.iter().flat_map(|&node| work.graph().dependencies(node));
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
    let chosen = curve.scheduler.makespan(curve.knee);
    let gain = speedup(curve.work, chosen);
    let (loops, chosen) = (curve.knee, duration_text(chosen));
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
