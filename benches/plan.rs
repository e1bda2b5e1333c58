//! Times the planner on random graphs of 1,000, 10,000 and 100,000 tasks with three dependencies
//! each: `cargo bench --bench plan`.

#![expect(clippy::print_stdout, reason = "a table on standard output is its purpose")]

use chrono::{DateTime, Utc};
use std::path::Path;
use std::time::{Duration, Instant};
use workloop::domain::{Detail, Field, Task, TaskId};
use workloop::plan::{
    Agents, Conditions, EstimateRules, Estimates, FindingsInput, Graph, Order, PlanInput,
    QueueTasks, best, findings, plan, readiness,
};

const LOOPS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

fn main() {
    println!(
        "{:>7} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "tasks", "edges", "graph", "findings", "plan x8", "sum", "scopes x8", "readiness", "pick"
    );
    for count in [1_000, 10_000, 100_000] {
        measure(count);
    }
}

/// Pseudorandom numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn tasks(count: usize) -> Vec<Task> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let id = |number: usize| format!("TASK-{number:06}");
    let made = (0..count).filter_map(|number| {
        let mut task = Task::new(TaskId::new(&id(number))?);
        let window = number.min(1_000);
        let mut firsts: Vec<String> = Vec::new();
        for _ in 0..window.min(3) {
            let first = id(number - 1 - random.below(window));
            if !firsts.contains(&first) {
                firsts.push(first);
            }
        }
        task.set_list(Field::Dependencies, firsts);
        task.priority = Some(random.below(5) as i64);
        task.set(Detail::Minutes(random.below(240) as f64));
        let file = format!("src/part{}/file{number}.rs", random.below(50));
        task.set_list(Field::Files, [file]);
        Some(task)
    });
    made.collect()
}

/// Returns the median of `runs` runs.
fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(work());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

fn measure(count: usize) {
    let tasks = tasks(count);
    let queue = QueueTasks {
        name: "q",
        path: Path::new("/project/q.json"),
        root: Path::new("/project"),
        tasks: &tasks,
        phases: &[],
    };
    let queues = [queue];
    let runs = if count > 10_000 { 3 } else { 11 };
    let graph_time = median(runs, || Graph::build(&queues));
    let graph = Graph::build(&queues);
    let description = |node: workloop::plan::Node| Some(format!("does number {}", node.0));
    let input = FindingsInput { graph: &graph, queues: &queues, description: &description };
    let findings_time = median(runs, || findings(&input));
    let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
    let mut input = PlanInput {
        graph: &graph,
        queues: &queues,
        estimates: &estimates,
        agents: None,
        respect_scopes: false,
    };
    let plan_time = median(runs, || plan(&input, &LOOPS, |_| true));
    input.respect_scopes = true;
    let scopes_time = median(runs, || plan(&input, &LOOPS, |_| true));
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let conditions = Conditions::at(now, Agents::plain(&queues));
    let readiness_time = median(runs, || readiness(&graph, &queues, &conditions));
    let ready = readiness(&graph, &queues, &conditions);
    let pick_time = median(runs, || {
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        let order = Order::new(&graph, &queues, &estimates);
        best(&ready, &order, |_| true)
    });
    let edges: usize = graph.nodes().map(|node| graph.dependencies(node).count()).sum();
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    println!(
        "{count:>7} {edges:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        ms(graph_time),
        ms(findings_time),
        ms(plan_time),
        ms(graph_time + findings_time + plan_time),
        ms(scopes_time),
        ms(readiness_time),
        ms(pick_time)
    );
}
