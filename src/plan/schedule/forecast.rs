//! When everything will be done, as far as what was measured tells: the schedule is made many times,
//! each task taking as many times its estimate as some finished task did.
//!
//! The same question gets the same answer: what is drawn depends on the task and on the number of
//! the run alone.

use super::makespan::Scheduler;
use crate::plan::estimate::{Estimates, Source};
use crate::plan::graph::Node;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Fewer finished tasks say nothing.
pub const FEW: usize = 5;
/// How often the schedule is made.
const RUNS: usize = 200;
/// At least so often, however many tasks there are.
const LEAST: usize = 40;
/// As many tasks are scheduled in all runs together.
const TASKS: usize = 400_000;
/// No task is believed to take more than so many times its estimate.
const MOST: f64 = 1_000.0;

/// How many times their estimates finished tasks took.
#[derive(Clone, Debug, Default)]
pub struct Experience {
    /// Of those whose file said how long they take.
    given: Vec<f64>,
    /// Of all.
    all: Vec<f64>,
}

impl Experience {
    /// Takes in a task that took `actual` minutes where `estimated` ones were expected.
    pub fn add(&mut self, source: Source, estimated: f64, actual: f64) {
        let ratio = actual / estimated;
        if !ratio.is_finite() || ratio < 0.0 {
            return;
        }
        let ratio = ratio.min(MOST);
        if source == Source::Given {
            self.given.push(ratio);
        }
        self.all.push(ratio);
    }

    /// How many tasks it knows.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The ratios from which a task with an estimate of this source is drawn.
    fn of(&self, source: Source) -> &[f64] {
        match source {
            Source::Given if self.given.len() >= FEW => &self.given,
            Source::Given | Source::History | Source::Default => &self.all,
        }
    }
}

/// A time that half of the runs, and one that nine of ten of them do not exceed, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Half of the runs were over by then.
    pub p50: u64,
    /// Nine of ten were.
    pub p90: u64,
}

/// What is to be expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How many finished tasks it is made from.
    pub measured: usize,
    /// When everything is done.
    pub whole: Spread,
    /// When each of the groups is that were asked for; nothing of one of which nothing can run.
    pub groups: Vec<Option<Spread>>,
}

impl Scheduler<'_> {
    /// What is to be expected with so many loops; nothing where too little was measured.
    pub fn forecast(
        &self,
        loops: usize,
        estimates: &Estimates,
        experience: &Experience,
        groups: &[Vec<Node>],
    ) -> Option<Forecast> {
        let tasks = self.work().open().count();
        if experience.len() < FEW || tasks == 0 {
            return None;
        }
        let runs = (TASKS / tasks).clamp(LEAST, RUNS);
        let most = if groups.is_empty() { 0 } else { usize::MAX };
        let mut whole = Vec::with_capacity(runs);
        let mut ends: Vec<Vec<u64>> = vec![Vec::new(); groups.len()];
        let mut seconds = vec![0_u32; self.work().graph().size()];
        let mut at = vec![None; seconds.len()];
        for run in 0..runs {
            for node in self.work().open() {
                let ratios = experience.of(estimates.source(node));
                let drawn = xxh3_64_with_seed(&node.0.to_le_bytes(), run as u64);
                let ratio = ratios[(drawn % ratios.len() as u64) as usize];
                let drawn = self.work().seconds(node) as f64 * ratio;
                seconds[node.0 as usize] = drawn.round() as u32;
            }
            let schedule = self.drawn(loops, most, &seconds);
            whole.push(schedule.seconds);
            schedule.slots.iter().for_each(|slot| at[slot.node.0 as usize] = Some(slot.end));
            for (group, ends) in groups.iter().zip(&mut ends) {
                ends.extend(group.iter().filter_map(|node| at[node.0 as usize]).max());
            }
        }
        let groups = ends.into_iter().map(spread).collect();
        Some(Forecast { measured: experience.len(), whole: spread(whole)?, groups })
    }
}

fn spread(mut times: Vec<u64>) -> Option<Spread> {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share).div_ceil(100).checked_sub(1)?);
    Some(Spread { p50: *at(50)?, p90: *at(90)? })
}
