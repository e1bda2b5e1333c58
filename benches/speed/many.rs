//! Many at once: jobs of one process, and many processes on one queue.

use super::Plan;
use super::report::{Report, Target};
use super::sample::{seconds, time};
use super::scratch::{Scratch, WORKLOOP};

const SLOW: &str = "[agents.default]\nrun = [\"sleep\", \"0.05\"]\n\n[[verify]]\n\
                    name = \"check\"\nrun = [\"true\"]\n";

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    let count = plan.times(1_000);
    let [one, eight] = ["1", "8"].map(|jobs| {
        let scratch = Scratch::with_queue(count, 200);
        seconds(|| scratch.run(WORKLOOP, &["run", "-j", jobs, "q.json"])) / count as f64
    });
    let shown = format!("{} and {} a task", time(one), time(eight));
    let what = format!("{count} tasks `true`, 8 jobs against 1");
    report.row(&what, &shown, one / eight, Target::Least(1.6));
    let [one, eight] = [("1", 40), ("8", 400)].map(|(jobs, count)| {
        let scratch = Scratch::with_queue(count, 200);
        scratch.put("workloop.toml", SLOW.as_bytes());
        seconds(|| scratch.run(WORKLOOP, &["run", "-j", jobs, "q.json"])) / count as f64
    });
    let shown = format!("{} and {} a task", time(one), time(eight));
    report.row("tasks of 50 ms, 8 jobs against 1", &shown, one / eight, Target::Least(7.0));
    let count = plan.times(400);
    let [few, many] = [4, 32].map(|processes| {
        let scratch = Scratch::with_queue(count, 200);
        seconds(|| together(&scratch, processes)) / count as f64
    });
    let shown = format!("{} and {} a task", time(few), time(many));
    let what = format!("{count} tasks, throughput of 32 processes against 4");
    report.row(&what, &shown, few / many, Target::Least(1.0));
}

/// So many loops on the queue, until all have ended.
pub(crate) fn together(scratch: &Scratch, processes: usize) {
    let start = |_| scratch.command(WORKLOOP, &["run", "q.json"]).spawn().expect("a loop");
    let loops: Vec<_> = (0..processes).map(start).collect();
    for mut child in loops {
        // Those that end before the last task leave it to the others, and say so with 7.
        let status = child.wait().expect("a child");
        assert!(matches!(status.code(), Some(0 | 7)), "{status}");
    }
}
