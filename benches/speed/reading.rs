//! The verbs that only read, against `jq .summary` on the same file.

use super::Plan;
use super::report::{Report, Target};
use super::sample::Sample;
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
        let jq = Sample::of(times, || scratch.run("jq", &[".summary", "q.json"]));
        report.note(&format!("jq .summary, {count} tasks"), &jq.shown());
        let last = id(count - 1);
        let verbs: [(&[&str], f64); 4] = [
            (&["status", "q.json"], 8.0),
            (&["next", "q.json"], 8.0),
            (&["why", &last, "q.json"], 1.0),
            (&["check", "q.json"], 1.0),
        ];
        for (words, target) in verbs {
            let ours = Sample::of(times, || scratch.run(WORKLOOP, words));
            let what = format!("{}, {count} tasks, faster than jq", words[0]);
            let ratio = jq.median() / ours.median();
            report.row(&what, &ours.shown(), ratio, Target::Least(target));
        }
    }
}
