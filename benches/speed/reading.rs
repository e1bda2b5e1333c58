//! Measures the verbs that only read, against `jq .summary` on the same file.

use super::Plan;
use super::report::{Report, Target};
use super::sample::{Sample, seconds};
use super::scratch::{Scratch, WORKLOOP, id, is_installed};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    if !is_installed("jq") {
        report.note("jq is not installed: nothing to compare with", "");
        return;
    }
    for &count in plan.sizes(&SIZES) {
        let scratch = Scratch::with_queue(count, 1_024);
        let times = plan.times(if count > 10_000 { 4 } else { 9 });
        let last = id(count - 1);
        let commands: [(&str, &[&str], f64); 5] = [
            ("jq", &[".summary", "q.json"], 1.0),
            (WORKLOOP, &["status", "q.json"], 8.0),
            (WORKLOOP, &["next", "q.json"], 8.0),
            (WORKLOOP, &["why", &last, "q.json"], 1.0),
            (WORKLOOP, &["check", "q.json"], 1.0),
        ];
        let mut works: Vec<Box<dyn FnMut() -> f64>> = Vec::new();
        for (program, words, _) in commands {
            let scratch = &scratch;
            works.push(Box::new(move || seconds(|| scratch.run(program, words))));
        }
        // Once to warm the file cache.
        for work in &mut works {
            work();
        }
        let samples = Sample::in_turn(times, &mut works);
        let jq = &samples[0];
        report.note(&format!("jq .summary, {count} tasks"), &jq.shown());
        for ((_, words, target), ours) in commands.iter().zip(&samples).skip(1) {
            let what = format!("{}, {count} tasks, faster than jq", words[0]);
            let ratio = jq.median() / ours.median();
            report.row(&what, &ours.shown(), ratio, Target::Least(*target));
        }
    }
}
