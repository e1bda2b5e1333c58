//! Measures what a task costs besides its agent, compared with the least that it could cost.

use super::Plan;
use super::report::{Report, Target};
use super::sample::{Sample, seconds, time};
use super::scratch::{Scratch, WORKLOOP, queue};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use workloop::testing::platform::claim_tag::ClaimTag;
use workloop::testing::platform::lock::FileLock;
use workloop::testing::supervisor::{Launch, Supervisor};

const TASKS: usize = 400;
const SIZE: usize = 200;

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    let text = queue(TASKS, SIZE, |_| None);
    let scratch = Scratch::new();
    let (mut floors, mut runs) = (Vec::new(), Vec::new());
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    // Alternating, so that load on the machine affects both.
    for _ in 0..plan.times(6) {
        let floor = floor(&scratch, text.as_bytes());
        floors.push(floor.iter().sum());
        for (all, part) in parts.iter_mut().zip(floor) {
            all.push(part);
        }
        let folder = Scratch::with_text(&text);
        runs.push(seconds(|| folder.run(WORKLOOP, &["run", "q.json"])));
    }
    let [processes, supervisor, replace] = parts.map(|part| time(Sample::new(part).median()));
    let floor = Sample::new(floors);
    report.note("floor: two processes", &processes);
    report.note("floor: our supervisor, started, ready and ended", &supervisor);
    report.note("floor: durable replace of the queue", &replace);
    report.note("floor of a task", &floor.shown());
    let task = Sample::new(runs).per(TASKS);
    let ratio = task.median() / floor.median();
    report.row("one task of 400, agent and check `true`", &task.shown(), ratio, Target::Most(1.6));
    let folder = Scratch::with_text(&text);
    folder.run("git", &["init", "-q", "."]);
    let in_git = seconds(|| folder.run(WORKLOOP, &["run", "q.json"])) / TASKS as f64;
    report.note("the same in a git work tree, which is asked twice a task", &time(in_git));
    start(plan, report);
}

/// Returns the medians of two processes, our supervisor, and one durable replace.
fn floor(scratch: &Scratch, bytes: &[u8]) -> [f64; 3] {
    const TIMES: usize = 40;
    let process = Sample::of(TIMES, spawn_and_wait);
    let claim = scratch.file("claim.lock");
    let supervisor = Sample::of(TIMES, || supervise(&claim));
    let replaced = Sample::of(TIMES, || replace(&scratch.file("replaced.json"), bytes));
    [2.0 * process.median(), supervisor.median(), replaced.median()]
}

/// Runs the smallest possible process.
fn spawn_and_wait() {
    let mut command = Command::new("true");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    assert!(command.status().is_ok_and(|status| status.success()));
}

fn supervise(claim: &Path) {
    let lock = FileLock::try_acquire(claim).ok().flatten().expect("a free lock");
    let env: Vec<_> = std::env::vars_os().collect();
    let tag = ClaimTag::new("bench", None, "bench", "");
    let launch = Launch { exe: Path::new(WORKLOOP), tag: &tag, env: &env };
    let mut supervisor = Supervisor::start(&launch, &lock).expect("a supervisor");
    supervisor.ready().expect("a supervisor that is ready");
    supervisor.finish().expect("a supervisor that ends");
}

/// Write, fsync, rename, fsync of the folder: what every transition guarantees.
pub(crate) fn replace(path: &Path, bytes: &[u8]) {
    let temp = path.with_extension("tmp");
    let mut file = File::create(&temp).expect("a temp file");
    file.write_all(bytes).expect("written");
    file.sync_all().expect("synced");
    fs::rename(&temp, path).expect("renamed");
    let folder = path.parent().expect("a folder");
    File::open(folder).and_then(|folder| folder.sync_all()).expect("the folder synced");
}

/// Measures the start-up of the binary, and the time from there to the first claim.
fn start(plan: &Plan, report: &mut Report) {
    let scratch = Scratch::with_queue(TASKS, SIZE);
    let times = plan.times(30);
    let version = Sample::of(times, || scratch.run(WORKLOOP, &["--version"]));
    let ms = version.median() * 1e3;
    report.row("start-up (`--version`), ms", &version.shown(), ms, Target::Most(5.0));
    let text = queue(TASKS, SIZE, |_| None);
    let mut first = Vec::new();
    for _ in 0..plan.times(12) {
        let scratch = Scratch::with_text(&text);
        let began = std::time::Instant::now();
        let mut child = scratch.command(WORKLOOP, &["run", "--max-iterations", "1", "q.json"]);
        let mut child = child.spawn().expect("a loop");
        let queue = scratch.file("q.json");
        while !fs::read(&queue).is_ok_and(|bytes| bytes.windows(7).any(|w| w == b"\"claim\"")) {
            assert!(began.elapsed().as_secs() < 30, "no claim");
            std::thread::yield_now();
        }
        first.push(began.elapsed().as_secs_f64());
        assert!(child.wait().is_ok());
    }
    let first = Sample::new(first);
    let ms = first.median() * 1e3;
    report.row("start to first claim (400 tasks), ms", &first.shown(), ms, Target::Most(30.0));
}
