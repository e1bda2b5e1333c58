//! Measures parallel work: jobs of one process, and many processes on one queue.

use super::Plan;
use super::report::{Report, Target};
use super::sample::{Sample, pause, seconds, time};
use super::scratch::{Scratch, WORKLOOP};
use super::transitions;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The argument with which this program is started as one of many processes that want the same
/// lock.
pub(crate) const CONTENDER: &str = "--contender";

/// How often each does its work; the median counts.
const TIMES: usize = 3;

const SLOW: &str = "[agents.default]\nrun = [\"sleep\", \"0.05\"]\n\n[[verify]]\n\
                    name = \"check\"\nrun = [\"true\"]\n";

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    let count = plan.times(1_000);
    let jobs = |jobs, setup, count| {
        move || {
            let scratch = prepared(setup, count);
            seconds(|| scratch.run(WORKLOOP, &["run", "-j", jobs, "q.json"]))
        }
    };
    let what = format!("{count} tasks `true`, 8 jobs against 1");
    let pair = compared([(count, &jobs("1", None, count)), (count, &jobs("8", None, count))]);
    row(report, &what, pair, 1.6);
    let pair = compared([(40, &jobs("1", Some(SLOW), 40)), (400, &jobs("8", Some(SLOW), 400))]);
    row(report, "tasks of 50 ms, 8 jobs against 1", pair, 7.0);
    let count = plan.times(400);
    for (kind, setup) in [("`true`", None), ("of 50 ms", Some(SLOW))] {
        let loops = |processes| {
            move || {
                let scratch = prepared(setup, count);
                seconds(|| together(&scratch, processes))
            }
        };
        let pair = compared([(count, &loops(4)), (count, &loops(32))]);
        let what = format!("{count} tasks {kind}, throughput of 32 processes against 4");
        row(report, &what, pair, 1.0);
    }
}

fn prepared(setup: Option<&str>, count: usize) -> Scratch {
    let scratch = Scratch::with_queue(count, 200);
    if let Some(setup) = setup {
        scratch.put("workloop.toml", setup.as_bytes());
    }
    scratch
}

/// Returns the time per task of two works, which are run in turn.
fn compared(both: [(usize, &dyn Fn() -> f64); 2]) -> [Sample; 2] {
    let mut works = both.map(|(_, work)| -> Box<dyn FnMut() -> f64> { Box::new(work) });
    let samples = Sample::in_turn(TIMES, &mut works);
    [0, 1].map(|n| samples[n].per(both[n].0))
}

/// Adds a row: how much more the second does in the same time.
fn row(report: &mut Report, what: &str, [one, other]: [Sample; 2], least: f64) {
    let shown = format!("{} and {} a task", time(one.median()), time(other.median()));
    report.row(what, &shown, one.median() / other.median(), Target::Least(least));
}

/// Measures whether each process gets its turn. This is last: the files that it frees slow down
/// whoever creates files next.
pub(crate) fn measure_waits(plan: &Plan, report: &mut Report) {
    let waits = contention(32, Duration::from_secs(if plan.quick { 1 } else { 3 }));
    let longest = waits.quantile(1.0);
    let what = "32 processes, longest wait for the lock against the median";
    let shown = format!("{} and {}", time(longest), time(waits.median()));
    report.row(what, &shown, longest / waits.median(), Target::Most(5.0));
}

/// Returns how long `processes` processes waited for the lock of one queue while all wanted it all
/// the time.
fn contention(processes: usize, span: Duration) -> Sample {
    let scratch = Scratch::with_queue(400, 200);
    let exe = std::env::current_exe().expect("this program");
    let start = |_| {
        let mut command = Command::new(&exe);
        command.arg(CONTENDER).arg(scratch.file("q.json")).arg(span.as_millis().to_string());
        command.stdout(Stdio::piped()).spawn().expect("a contender")
    };
    let contenders: Vec<_> = (0..processes).map(start).collect();
    scratch.put("go", b"");
    let mut waits = Vec::new();
    for contender in contenders {
        let output = contender.wait_with_output().expect("a contender");
        assert!(output.status.success(), "{}", output.status);
        let said = String::from_utf8(output.stdout).expect("numbers");
        waits.extend(said.lines().map(|line| line.parse::<f64>().expect("a number")));
    }
    Sample::new(waits)
}

/// Makes transitions in the queue at `path` for `millis` milliseconds, starting when a file `go`
/// exists beside it. Prints how many seconds each waited until it could make its change.
pub(crate) fn contend(path: &Path, millis: u64) {
    let mut store = transitions::open(path);
    while !path.with_file_name("go").exists() {
        pause(1);
    }
    let begin = Instant::now();
    let mut number = std::process::id() as usize;
    while begin.elapsed() < Duration::from_millis(millis) {
        number += 1;
        let asked = Instant::now();
        let waited = transitions::transition_after(&mut store, number, &mut || asked.elapsed());
        println!("{}", waited.as_secs_f64());
    }
}

/// Runs `processes` loops on the queue until all have ended.
pub(crate) fn together(scratch: &Scratch, processes: usize) {
    let start = |_| scratch.command(WORKLOOP, &["run", "q.json"]).spawn().expect("a loop");
    let loops: Vec<_> = (0..processes).map(start).collect();
    for mut child in loops {
        // Loops that end before the last task leave it to the others and exit with 7.
        let status = child.wait().expect("a child");
        assert!(matches!(status.code(), Some(0 | 7)), "{status}");
    }
}
