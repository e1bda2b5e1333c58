//! How long the work takes with one loop, with each requested number of loops, and with the number
//! that is worthwhile.

use super::gantt::ROWS;
use super::makespan::{Schedule, Scheduler};
use super::report::{LoopsReport, Minutes};
use super::workload::Workload;
use crate::plan::estimate::duration_text;
use crate::plan::graph::too_many_loops;

/// The time for each number of loops, in seconds.
pub(super) struct Curve {
    /// The time of all work, one task after the other.
    pub(super) work: u64,
    /// The lower bound for any number of loops.
    best: u64,
    /// The smallest number of loops within 5 % of the lower bound.
    pub(super) knee: usize,
    /// The schedule with that number of loops, as far as a picture shows it.
    pub(super) chosen: Schedule,
    /// The results for the requested numbers of loops.
    pub(super) loops: Vec<LoopsReport>,
}

impl Curve {
    /// Tries the numbers in `loops` and those that may be worthwhile. `width` is the size of the
    /// largest wave.
    pub(super) fn new(scheduler: &Scheduler, width: usize, loops: &[usize]) -> Self {
        let work = scheduler.work();
        let total = work.total_seconds();
        let width = width.max(1);
        let most = if width > work.open().count() / 2 { width } else { 2 * width };
        let best = scheduler.makespan(most);
        let enough = best.saturating_add(best / 20);
        // Fewer loops than this cannot be fast enough, however they are used.
        let least = usize::try_from(total.div_ceil(enough.max(1))).unwrap_or(1).clamp(1, most);
        let knee = smallest(least, most, |loops| scheduler.makespan(loops) <= enough);
        let report = |&count: &usize| LoopsReport::new(count, total, scheduler.makespan(count));
        let loops = loops.iter().map(report).collect();
        Self { work: total, best, knee, chosen: scheduler.schedule(knee, ROWS), loops }
    }

    /// Returns the plan for the recommended number of loops.
    pub(super) fn recommended(&self) -> LoopsReport {
        LoopsReport::new(self.knee, self.work, self.chosen.seconds)
    }

    /// Returns whether running several loops is worthwhile, as a sentence. The longest chain takes
    /// `path` seconds.
    pub(super) fn advice(&self, work: &Workload, path: u64) -> String {
        let tasks = work.open().count();
        let stuck = work.stuck().len();
        let one = duration_text(self.work);
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
        let best = duration_text(self.best);
        if self.knee == 1 {
            return format!("One loop does it in {one}; more would not help, {best} is the least.");
        }
        let gain = speedup(self.work, self.chosen.seconds);
        let (loops, chosen) = (self.knee, duration_text(self.chosen.seconds));
        if gain < 1.2 {
            let path = duration_text(path);
            return format!(
                "Hardly worth several loops: {loops} take {chosen} instead of {one}, \
                 since the longest chain alone takes {path}."
            );
        }
        let many = match too_many_loops(loops) {
            Some(_) => " That is more than a person can supervise.",
            None => "",
        };
        format!(
            "Worth it: {loops} loops take {chosen} instead of {one} ({gain} times as fast); \
             more than {loops} gain less than 5 %.{many}"
        )
    }
}

impl LoopsReport {
    fn new(loops: usize, work: u64, makespan: u64) -> Self {
        let speedup = speedup(work, makespan);
        Self { loops, makespan_minutes: Minutes::of(makespan), speedup }
    }
}

/// Returns the speedup, rounded to two decimals. Without any work it is 1.
fn speedup(work: u64, makespan: u64) -> f64 {
    if makespan == 0 { 1.0 } else { (work as f64 / makespan as f64 * 100.0).round() / 100.0 }
}

impl Scheduler<'_> {
    /// Returns the smallest number of loops whose time satisfies `enough`, with that time. If there
    /// is none, returns `None` with the best time.
    pub fn fewest_loops(&self, enough: impl Fn(u64) -> bool) -> (Option<usize>, u64) {
        let most = self.work().open().count().max(1);
        let best = self.makespan(most);
        if !enough(best) {
            return (None, best);
        }
        let loops = smallest(1, most, |loops| enough(self.makespan(loops)));
        (Some(loops), self.makespan(loops))
    }
}

/// Returns the smallest number from `low` to `high` that satisfies `enough`. Up to 16 are tried one
/// by one. Beyond that a binary search is used, which assumes that more loops are never slower.
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
