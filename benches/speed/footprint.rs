//! Measures memory, and the cost of an idle loop.

use super::Plan;
use super::report::{Report, Target};
use super::sample::pause;
use super::scratch::{Scratch, WORKLOOP};
use std::fs;
use std::time::{Duration, Instant};

const MIB: f64 = 1024.0;

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let wait = if plan.quick { 3_000 } else { 10_000 };
    for (count, size) in [(400, 200), (10_000, 1_024)] {
        let scratch = Scratch::with_queue(count, size);
        let text = fs::read_to_string(scratch.file("q.json")).unwrap_or_default();
        let bytes = text.len() as f64;
        scratch.put("q.json", text.replace("pending", "parked").as_bytes());
        let words = ["run", "--when-empty", "wait", "q.json"];
        let mut child = scratch.command(WORKLOOP, &words).spawn().expect("a loop");
        let pid = child.id();
        pause(1_500);
        let before = (switches(pid), ticks(pid));
        pause(wait);
        let seconds = wait as f64 / 1e3;
        let wakes = (switches(pid) - before.0) / seconds;
        let busy = (ticks(pid) - before.1) / seconds;
        let kib = status(pid, "VmRSS:");
        if count == 400 {
            let shown = format!("{:.1} MiB", kib / MIB);
            report.row("idle loop, memory, MB", &shown, kib / 1e3 * 1.024, Target::Most(20.0));
            let shown = format!("{wakes:.2} a second");
            report.row("idle loop, wake-ups a second", &shown, wakes, Target::Most(1.1));
            // The clock ticks a hundred times a second, so this is a percentage of a core.
            report.row("idle loop, % of a core", &format!("{busy:.2} %"), busy, Target::Most(0.2));
        } else {
            let shown = format!("{:.1} MiB", kib / MIB);
            let ratio = kib * MIB / bytes;
            report.row("loop on 10,000 tasks, memory / file", &shown, ratio, Target::Most(5.0));
        }
        drop(child.kill());
        drop(child.wait());
    }
    let [quiet, flood] = ["1", "2000000000"].map(peak);
    let shown = format!("{:.1} MiB", (flood - quiet) / MIB);
    let more = (flood - quiet) / 1e3 * 1.024;
    report.row("an agent that prints 2 GB adds, MB", &shown, more, Target::Most(8.0));
}

/// Reads a figure of `/proc/PID/status`.
fn status(pid: u32, key: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

/// Counts how often the threads of a process waited for something.
fn switches(pid: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse::<f64>().ok()).unwrap_or(0.0)
    };
    threads.map(of).sum()
}

/// Returns the processor time that a process has used, in ticks.
fn ticks(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = text.rsplit(')').next().unwrap_or_default();
    let words: Vec<f64> = rest.split_whitespace().map(|w| w.parse().unwrap_or(0.0)).collect();
    words.get(11).unwrap_or(&0.0) + words.get(12).unwrap_or(&0.0)
}

/// Returns the peak memory of loop and supervisor together, in KiB, while an agent prints `bytes`
/// bytes.
fn peak(bytes: &str) -> f64 {
    let scratch = Scratch::with_queue(1, 200);
    let agent = format!("head -c {bytes} /dev/zero; sleep 0.3");
    let words = ["run", "--agent", &agent, "--verify", "true", "q.json"];
    let mut child = scratch.command(WORKLOOP, &words).spawn().expect("a loop");
    let (pid, begin, mut most) = (child.id(), Instant::now(), 0.0_f64);
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let own = children.unwrap_or_default();
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let all: String = threads
            .map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default())
            .fold(own, |all, more| all + " " + &more);
        let mut pids: Vec<u32> = all.split_whitespace().filter_map(|w| w.parse().ok()).collect();
        pids.sort_unstable();
        pids.dedup();
        let below: f64 = pids.iter().map(|pid| status(*pid, "VmHWM:")).sum();
        most = most.max(below + status(pid, "VmHWM:"));
        assert!(begin.elapsed() < Duration::from_secs(120), "the flood does not end");
        pause(20);
    }
    most
}
