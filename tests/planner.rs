//! Compares `plan --json` with an independent computation, on random graphs, on the five queues of
//! `queues/papers/` and on real queues.
//!
//! No code of the program is used here: levels, longest paths and bounds are computed again, in the
//! simplest way. `WORKLOOP_PLAN_GRAPHS` sets the number of graphs, `WORKLOOP_PLAN_SEED` repeats one
//! run.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const GRAPHS: usize = 240;
const LOOPS: [u64; 6] = [1, 2, 3, 4, 8, 64];

fn planned(queue: &Path, more: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_workloop"))
        .args(["plan", "--json", "--loops", "1,2,3,4,8,64"])
        .args(more)
        .arg(queue)
        .env_remove("WORKLOOP_CONFIG")
        .output()
        .expect("the program runs");
    let read = serde_json::from_slice(&output.stdout);
    assert!(read.is_ok(), "no JSON: {}", String::from_utf8_lossy(&output.stderr));
    read.unwrap_or_default()
}

/// A generator of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

struct Job {
    id: String,
    minutes: u64,
    needs: Vec<usize>,
}

/// Returns a graph without cycles, listed in random order.
fn random(random: &mut Random) -> Vec<Job> {
    let count = 1 + random.below(40);
    let density = random.below(4);
    let mut jobs: Vec<Job> = (0..count)
        .map(|number| {
            let mut needs: Vec<usize> =
                (0..random.below(density + 1)).map(|_| random.below(number)).collect();
            needs.sort_unstable();
            needs.dedup();
            needs.retain(|&first| first < number);
            Job { id: format!("T{number}"), minutes: 1 + random.below(90) as u64, needs }
        })
        .collect();
    // In one of four graphs all tasks have the same length, so that there are many ties.
    if random.below(4) == 0 {
        jobs.iter_mut().for_each(|job| job.minutes = 10);
    }
    jobs
}

fn written(jobs: &[Job], random: &mut Random) -> Value {
    let spellings = ["dependencies", "depends_on", "dependsOn"];
    let mut tasks: Vec<Value> = jobs
        .iter()
        .map(|job| {
            let needs: Vec<&str> = job.needs.iter().map(|&first| jobs[first].id.as_str()).collect();
            let spelling = spellings[random.below(spellings.len())];
            json!({"id": job.id, "title": job.id, "status": "pending", "estimated_minutes": job.minutes,
                "priority": random.below(4), spelling: needs})
        })
        .collect();
    for last in (1..tasks.len()).rev() {
        tasks.swap(last, random.below(last + 1));
    }
    json!({"tasks": tasks})
}

/// The values that the plan must have.
struct Expected {
    level: Vec<usize>,
    /// For each task, the minutes of the longest chain that ends with it.
    end: Vec<u64>,
    /// For each task, the minutes of the longest chain that begins with it.
    rest: Vec<u64>,
    longest: u64,
    work: u64,
}

fn expected(jobs: &[Job]) -> Expected {
    let count = jobs.len();
    let (mut level, mut end, mut rest) = (vec![1; count], vec![0; count], vec![0; count]);
    for (number, job) in jobs.iter().enumerate() {
        let before = job.needs.iter().map(|&first| level[first]).max().unwrap_or(0);
        level[number] = before + 1;
        let start = job.needs.iter().map(|&first| end[first]).max().unwrap_or(0);
        end[number] = start + job.minutes;
    }
    for number in (0..count).rev() {
        let behind = (number + 1..count).filter(|&next| jobs[next].needs.contains(&number));
        rest[number] = jobs[number].minutes + behind.map(|next| rest[next]).max().unwrap_or(0);
    }
    let longest = end.iter().copied().max().unwrap_or(0);
    Expected { level, end, rest, longest, work: jobs.iter().map(|job| job.minutes).sum() }
}

fn judge(jobs: &[Job], plan: &Value) {
    let Expected { level, end, rest, longest, work } = expected(jobs);
    let number: HashMap<&str, usize> =
        jobs.iter().enumerate().map(|(n, job)| (job.id.as_str(), n)).collect();
    let mut waves: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (job, level) in jobs.iter().zip(&level) {
        waves.entry(*level).or_default().insert(&job.id);
    }
    let said: Vec<BTreeSet<&str>> =
        plan["waves"].as_array().expect("waves").iter().map(ids).collect();
    assert_eq!(said, waves.values().cloned().collect::<Vec<_>>(), "waves");
    assert_eq!(plan["width"], waves.values().map(BTreeSet::len).max().unwrap_or(0));
    assert_eq!(plan["tasks"], jobs.len());
    assert_eq!(plan["edges"], jobs.iter().map(|job| job.needs.len()).sum::<usize>());
    assert_eq!((&plan["work_minutes"], &plan["estimates"]), (&json!(work), &json!("given")));
    let path = &plan["critical_path"];
    assert_eq!(path["minutes"], longest, "the longest path");
    let steps: Vec<usize> = list(&path["tasks"]).iter().map(|id| number[id]).collect();
    assert_eq!(steps.iter().map(|&step| jobs[step].minutes).sum::<u64>(), longest);
    assert!(steps.windows(2).all(|pair| jobs[pair[1]].needs.contains(&pair[0])), "a chain");
    for (at, job) in jobs.iter().enumerate() {
        let slack = longest - (end[at] - job.minutes + rest[at]);
        assert_eq!(plan["slack"][&job.id], slack, "slack of {}", job.id);
    }
    for (row, loops) in plan["loops"].as_array().expect("loops").iter().zip(LOOPS) {
        assert_eq!(row["loops"], loops);
        let makespan = row["makespan_minutes"].as_u64().expect("whole minutes");
        assert!(longest <= makespan && makespan <= work, "{longest} <= {makespan} <= {work}");
        let bound = longest.max(work.div_ceil(loops));
        assert!(makespan >= bound && makespan <= 2 * bound, "{makespan} with {loops}: {bound}");
        // Graham's bound, which holds for every list schedule.
        assert!(makespan * loops <= work + (loops - 1) * longest, "{makespan} with {loops}");
        if loops == 1 {
            assert_eq!(makespan, work, "one loop runs the tasks one after the other");
        }
        if loops == 64 {
            assert_eq!(makespan, longest, "more loops than tasks");
        }
        let speedup = row["speedup"].as_f64().expect("a number");
        assert!((speedup - work as f64 / makespan as f64).abs() < 0.006, "{speedup}");
    }
    let all: usize = said.iter().map(BTreeSet::len).sum();
    assert_eq!(all, jobs.len(), "every task in one wave");
}

fn ids(list: &Value) -> BTreeSet<&str> {
    list.as_array().map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn list(list: &Value) -> Vec<&str> {
    list.as_array().map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_graphs_are_planned_as_computed_independently() {
    let count = number("WORKLOOP_PLAN_GRAPHS").unwrap_or(GRAPHS as u64);
    let clock = std::time::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_nanos() as u64);
    let seed = number("WORKLOOP_PLAN_SEED").unwrap_or(clock) | 1;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("q.json");
    let mut numbers = Random(seed);
    for graph in 0..count {
        let jobs = random(&mut numbers);
        let queue = written(&jobs, &mut numbers).to_string();
        fs::write(&path, &queue).expect("written");
        let plan = planned(&path, &[]);
        let judged = std::panic::catch_unwind(|| judge(&jobs, &plan));
        assert!(judged.is_ok(), "WORKLOOP_PLAN_SEED={seed}, graph {graph}: {queue}");
    }
    drop(writeln!(std::io::stderr(), "{count} graphs, WORKLOOP_PLAN_SEED={seed}"));
}

fn widths(plan: &Value) -> Vec<usize> {
    plan["waves"].as_array().expect("waves").iter().map(|wave| ids(wave).len()).collect()
}

fn paper(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("queues/papers").join(name)
}

/// Returns the sizes of the waves by phase, for plans with a barrier after every phase.
fn by_phase(queue: &Path, plan: &Value) -> Vec<Vec<usize>> {
    let text = fs::read_to_string(queue).expect("readable");
    let read: Value = serde_json::from_str(&text).expect("JSON");
    let tasks = read["tasks"].as_array().expect("tasks");
    let phase = |id: &str| tasks.iter().find(|task| task["id"] == id).map(|t| t["phase"].clone());
    let mut phases: Vec<(Value, Vec<usize>)> = Vec::new();
    for wave in plan["waves"].as_array().expect("waves") {
        let mut here: Vec<Value> = list(wave).into_iter().filter_map(phase).collect();
        here.dedup();
        assert_eq!(here.len(), 1, "a wave has tasks of one phase: {wave}");
        match phases.last_mut().filter(|(last, _)| *last == here[0]) {
            Some((_, sizes)) => sizes.push(list(wave).len()),
            None => phases.push((here.remove(0), vec![list(wave).len()])),
        }
    }
    phases.into_iter().map(|(_, sizes)| sizes).collect()
}

#[test]
fn one_master_and_the_file_that_two_children_share() {
    let queue = paper("000-one-master.json");
    assert_eq!(widths(&planned(&queue, &[])), [1, 4, 1, 2, 1]);
    let apart = planned(&queue, &["--respect", "scopes"]);
    assert_eq!(widths(&apart), [1, 3, 1, 1, 2, 1]);
    assert_eq!(apart["wave_parts"], json!([1, 2, 1, 1, 1]));
    assert_eq!(apart["waves"][2], json!(["O6"]));
}

#[test]
fn typed_agents_four_times_over() {
    assert_eq!(widths(&planned(&paper("001-typed-agents.json"), &[])), [5, 1, 1, 1].repeat(4));
}

#[test]
fn many_windows_with_and_without_barriers() {
    let queue = paper("002-many-windows.json");
    assert_eq!(widths(&planned(&queue, &[])), [12, 3, 3, 8, 3, 1, 1]);
    let barred = planned(&queue, &["--barriers"]);
    let expected = [vec![12], vec![3, 3, 1, 1], vec![6, 1], vec![2, 1], vec![1]];
    assert_eq!(by_phase(&queue, &barred), expected);
    assert_eq!(barred["barrier_cost"]["waves"], json!([7, 10]));
}

#[test]
fn one_feature_and_two_loops() {
    assert_eq!(widths(&planned(&paper("003-one-feature.json"), &[])), [3, 4, 4, 3, 4]);
    let plan = planned(&paper("004-two-loops.json"), &[]);
    assert_eq!(widths(&plan), [2, 4, 2, 2, 1, 1, 1]);
    assert_eq!(plan["critical_path"]["minutes"], 27 * 60);
    assert_eq!(plan["work_minutes"], 45 * 60);
}

/// Returns the path of a real queue beside the repository (or in `WORKLOOP_SHARED`). If there is
/// none, prints a line about it.
fn real(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("WORKLOOP_SHARED").map_or(beside, PathBuf::from);
    let path = shared.join("data/queues").join(name);
    if !path.exists() {
        drop(writeln!(std::io::stderr(), "skipped: there is no {}", path.display()));
        return None;
    }
    Some(path)
}

#[test]
fn real_queues() {
    if let Some(queue) = real("karematch-p0-sprint1.json") {
        assert_eq!(widths(&planned(&queue, &[])), [7, 2, 2, 1]);
    }
    if let Some(queue) = real("karematch-backend.json") {
        let plan = planned(&queue, &[]);
        assert_eq!(widths(&plan), [1, 3, 1]);
        assert_eq!(
            (&plan["work_minutes"], &plan["critical_path"]["minutes"]),
            (&json!(840), &json!(600))
        );
    }
    if let Some(queue) = real("adr001-plan.json") {
        assert_eq!(widths(&planned(&queue, &[])), [3, 5, 2, 3, 2]);
        let barred = planned(&queue, &["--barriers"]);
        let expected = [vec![3], vec![5, 2, 1], vec![2, 1], vec![1]];
        assert_eq!(by_phase(&queue, &barred), expected);
    }
    if let Some(queue) = real("karematch-provider-onboarding.json") {
        let output = Command::new(env!("CARGO_BIN_EXE_workloop"))
            .args(["next", "--json"])
            .arg(queue)
            .output()
            .expect("the program runs");
        let next: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let ready = next["tasks"].as_array().expect("tasks");
        assert_eq!(ready.iter().map(|task| &task["id"]).collect::<Vec<_>>(), ["PROVIDER-004"]);
    }
}
