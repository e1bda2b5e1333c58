//! The limits of a run and of the day of its projects: how many attempts may start, and what they
//! used.

use crate::domain::{Allowance, HookPoint, Ledger};
use crate::engine::attempt::{Finished, Job, usage};
use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::project::QueueSet;
use crate::store::Ledgers;
use chrono::{Local, TimeDelta};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How much longer than its agent's timeout an attempt may take, including its verification.
const LONGER: TimeDelta = TimeDelta::hours(2);

/// What may be used, and what was used.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// What the run may use.
    allowance: Allowance,
    /// What the run has used.
    run: Ledger,
    /// The last known usage of the day, by project.
    days: BTreeMap<PathBuf, Ledger>,
}

/// How much may start.
#[derive(Debug, PartialEq)]
pub(super) enum Admitted {
    /// This many attempts.
    Some(u64),
    /// None: a limit is reached. The text says which.
    Over(String),
}

impl Purse {
    /// Creates the purse of a run with this allowance.
    pub(super) fn new(allowance: Allowance) -> Self {
        Self { allowance, ..Self::default() }
    }

    /// Returns how many attempts may start in the projects of `set`.
    pub(super) fn admits(&mut self, set: &QueueSet, clock: &dyn Clock) -> Admitted {
        if let Some(reached) = self.run.used.reached(&self.allowance) {
            return Admitted::Over(format!(
                "the run's limit {} is reached",
                by(reached, &self.run)
            ));
        }
        let mut most = self.run.admits(&self.allowance, clock.now());
        let limit = set.config.limits.day;
        if !limit.is_any() {
            return Admitted::Some(most);
        }
        for root in roots(set) {
            let day = self.day(&root, clock);
            if let Some(reached) = day.used.reached(&limit) {
                let reached = by(reached, day);
                return Admitted::Over(format!(
                    "today's limit {reached} is reached, over all loops; raise limits.day, or run \
                     again tomorrow"
                ));
            }
            most = most.min(day.admits(&limit, clock.now()));
        }
        Admitted::Some(most)
    }

    /// Returns the usage of the day of the project at `root`. Usage that was removed from the file
    /// since is still counted.
    fn day(&mut self, root: &Path, clock: &dyn Clock) -> &Ledger {
        let seen = self.days.entry(root.to_owned()).or_default();
        // If the file cannot be read now, the earlier contents count.
        if let Ok(mut now) = Ledgers::of(root).read() {
            now.turn_to(&today(clock));
            now.believe(seen);
            *seen = now;
        }
        seen
    }

    /// Reserves the expected usage of an attempt that begins.
    ///
    /// # Errors
    /// Returns an error if the reservation cannot be stored for the other loops.
    pub(super) fn reserve(
        &mut self,
        job: &Job,
        has_day: bool,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> std::io::Result<()> {
        let Some(agent) = &job.agent else { return Ok(()) };
        let longest = TimeDelta::from_std(agent.command.timeout).unwrap_or(LONGER) + LONGER;
        let (claim, kind, now) = (claim_of(job), kind_of(job), clock.now());
        self.run.reserve(&claim, &kind, now, longest);
        if !has_day {
            return Ok(());
        }
        let seen = self.days.get(&job.root).cloned().unwrap_or_default();
        let day = Ledgers::of(&job.root).change(ids, |day| {
            day.turn_to(&today(clock));
            day.believe(&seen);
            day.reserve(&claim, &kind, now, longest);
        })?;
        self.days.insert(job.root.clone(), day);
        Ok(())
    }

    /// Records what an attempt used.
    ///
    /// # Errors
    /// Returns an error if the usage cannot be stored for the other loops.
    pub(super) fn settle(
        &mut self,
        finished: &Finished,
        has_day: bool,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> std::io::Result<()> {
        let Finished { job, report, .. } = finished;
        let Some(agent) = &job.agent else { return Ok(()) };
        let used = usage(report, agent.tool.cost_estimate_usd);
        let (claim, kind) = (claim_of(job), kind_of(job));
        if report.vetoed_by().is_some_and(HookPoint::is_before_agent) {
            self.run.release(&claim);
            let released =
                has_day.then(|| Ledgers::of(&job.root).change(ids, |day| day.release(&claim)));
            return released.transpose().map(|_| ());
        }
        self.run.settle(&claim, &kind, used);
        let tells = used.cost_usd > 0.0 || used.tokens > 0;
        if !has_day && !tells {
            return Ok(());
        }
        let seen = self.days.get(&job.root).cloned().unwrap_or_default();
        let settle = |day: &mut Ledger| {
            day.turn_to(&today(clock));
            day.believe(&seen);
            day.settle(&claim, &kind, used);
        };
        let mut own = seen.clone();
        settle(&mut own);
        // If it cannot be stored, this loop still counts it.
        let kept = Ledgers::of(&job.root).change(ids, settle);
        let (day, kept) = kept.map_or_else(|error| (own, Err(error)), |day| (day, Ok(())));
        self.days.insert(job.root.clone(), day);
        kept
    }
}

/// Returns the limit that was reached, with the tools that measured it.
fn by(reached: String, ledger: &Ledger) -> String {
    let tools: BTreeSet<&str> =
        ledger.kinds.keys().filter_map(|kind| kind.split(' ').next()).collect();
    let tools: Vec<&str> = tools.into_iter().collect();
    match tools.is_empty() {
        true => reached,
        false => reached.replacen(" measured", &format!(" measured by {}", tools.join(", ")), 1),
    }
}

fn roots(set: &QueueSet) -> BTreeSet<PathBuf> {
    set.each_served().map(|queue| set.root(queue).to_owned()).collect()
}

fn today(clock: &dyn Clock) -> String {
    clock.now().with_timezone(&Local).format("%Y-%m-%d").to_string()
}

fn claim_of(job: &Job) -> String {
    format!("{} {}", job.token.worker, job.token.attempt)
}

/// Returns the key for usage estimates: usage depends on the agent and on the type of the task.
fn kind_of(job: &Job) -> String {
    let preset = job.agent.as_ref().map(|agent| agent.tool.preset).unwrap_or_default();
    let agent = job.agent.as_ref().map_or("", |agent| agent.profile.as_str());
    format!("{preset} {agent} {}", job.kind)
}
