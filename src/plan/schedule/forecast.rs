//! Forecasts when everything will be done, based on measurements. The schedule is computed many
//! times, and in each run the estimate of each task is multiplied by the ratio of a randomly drawn
//! finished task.
//!
//! The result is reproducible: what is drawn depends only on the task and the number of the run.

use super::makespan::Scheduler;
use crate::plan::estimate::{Estimates, Source};
use crate::plan::graph::Node;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The minimum number of finished tasks for a forecast.
pub const FEW: usize = 5;
/// The number of runs.
const RUNS: usize = 200;
/// The minimum number of runs, however many tasks there are.
const LEAST: usize = 40;
/// The maximum number of tasks scheduled in all runs together.
const TASKS: usize = 400_000;
/// The largest accepted ratio of a task's duration to its estimate.
const MOST: f64 = 1_000.0;

/// The ratios of actual to estimated durations of finished tasks.
#[derive(Clone, Debug, Default)]
pub struct Experience {
    /// The ratios of tasks with an estimate in their file.
    given: Vec<f64>,
    /// The ratios of all tasks.
    all: Vec<f64>,
}

impl Experience {
    /// Records a task that took `actual` minutes and was estimated at `estimated` minutes.
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

    /// Returns the number of recorded tasks.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns whether no tasks are recorded.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the ratios from which to draw for a task with an estimate of this source.
    fn of(&self, source: Source) -> &[f64] {
        match source {
            Source::Given if self.given.len() >= FEW => &self.given,
            Source::Given | Source::History | Source::Default => &self.all,
        }
    }
}

/// The times within which half of the runs and 90 % of the runs ended, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Half of the runs ended within this time.
    pub p50: u64,
    /// 90 % of the runs ended within this time.
    pub p90: u64,
}

/// The forecast of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The number of finished tasks on which the forecast is based.
    pub measured: usize,
    /// When everything is done.
    pub whole: Spread,
    /// When each of the requested groups is done. `None` for a group in which nothing can run.
    pub groups: Vec<Option<Spread>>,
}

impl Scheduler<'_> {
    /// Returns the forecast for a number of loops. Returns `None` if too few tasks were measured.
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
