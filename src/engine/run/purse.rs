//! The limits of a run and of the day of its projects: how many attempts may start, and what they
//! used.

use crate::domain::{Admission, Allowance, Begins, ClaimToken, HookPoint, Ledger, Reserved};
use crate::engine::attempt::{Finished, Job, usage, usage_kind};
use crate::engine::dispatch::{Spendable, TooDear};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::project::QueueSet;
use crate::store::{Ledgers, STATE_DIR, StoreError};
use chrono::{DateTime, Local, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much longer than its agent's timeout an attempt may take, including its verification.
const LONGER: TimeDelta = TimeDelta::hours(2);

/// After this time, what a loop set aside counts no more: the loop was killed before it claimed.
const UNCLAIMED: TimeDelta = TimeDelta::minutes(2);
/// When a loop looks again after another one has set aside what is left.
const SOON: Duration = Duration::from_millis(50);

/// What may be used, and what was used.
#[derive(Debug)]
pub(super) struct Purse {
    /// The name of this loop in the ledgers.
    holder: String,
    /// What the run may use.
    allowance: Allowance,
    /// What the run has used.
    run: Ledger,
    /// The last known usage of the day, by project.
    days: BTreeMap<PathBuf, Ledger>,
    /// What is reserved for the running attempts of this loop, by project. It counts even if it
    /// could not be stored, or was deleted from the file since.
    begun: BTreeMap<PathBuf, BTreeMap<String, Reserved>>,
    /// The projects in whose ledgers something is set aside for attempts that are not claimed yet.
    aside: BTreeSet<PathBuf>,
    /// Whether nothing could be set aside, and whether to look again in a moment.
    waits: Option<Waits>,
}

/// Why nothing could be set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Another loop is about to claim.
    Moment,
    /// Running attempts may use all that is left.
    Attempts,
}

impl Purse {
    /// Creates the purse of a run with this allowance, for the loop `holder`.
    pub(super) fn new(allowance: Allowance, holder: String) -> Self {
        Self {
            holder,
            allowance,
            run: Ledger::default(),
            days: BTreeMap::new(),
            begun: BTreeMap::new(),
            aside: BTreeSet::new(),
            waits: None,
        }
    }

    /// Returns which limit allows no further attempt in the projects of `set`.
    pub(super) fn spent(&mut self, set: &QueueSet, clock: &dyn Clock) -> Option<String> {
        let now = clock.now();
        if let Some(limit) = self.run.spent(&self.allowance, now) {
            return Some(of_run(limit, &self.run));
        }
        let limit = set.config.limits.day;
        roots(set).iter().filter(|_| limit.is_any()).find_map(|root| {
            let day = self.day(root, clock);
            day.spent(&limit, now).map(|limit| of_day(limit, day))
        })
    }

    /// Returns which limit leaves too little for an attempt of a kind, while nothing runs.
    pub(super) fn too_dear(
        &self,
        dear: &TooDear,
        set: &QueueSet,
        clock: &dyn Clock,
    ) -> Option<String> {
        let now = clock.now();
        if let Some(limit) = self.run.short(&dear.kind, &self.allowance, now) {
            return Some(of_run(limit, &self.run));
        }
        let day = self.days.get(&dear.root)?;
        let limit = set.config.limits.day;
        day.short(&dear.kind, &limit, now)
            .filter(|_| limit.is_any())
            .map(|limit| of_day(limit, day))
    }

    /// Returns when to look again because nothing could be set aside, and what is waited for.
    pub(super) fn waits(&self) -> Option<(Option<Duration>, &'static str)> {
        let text = "waiting for running attempts: what they may use is all that a limit leaves";
        Some(match self.waits? {
            Waits::Moment => (Some(SOON), text),
            Waits::Attempts => (None, text),
        })
    }

    /// Sets aside what `count` attempts may use, before they are claimed. Other loops cannot use
    /// it from then on, and until [`Self::keep`]. `None` if nothing may be claimed now. If it cannot
    /// be stored for the other loops, this one counts alone, and the error is returned besides.
    pub(super) fn set_aside(
        &mut self,
        set: &QueueSet,
        count: usize,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> (Option<Spendable>, Option<StoreError>) {
        self.waits = None;
        let day = set.config.limits.day;
        if !day.is_any() && !self.allowance.is_any() {
            return (Some(Spendable::default()), None);
        }
        let run = self.run.budget(&self.allowance, clock.now());
        if !run.admits_any() {
            self.waits = Some(Waits::Attempts);
            return (None, None);
        }
        let (mut days, mut unstored) = (BTreeMap::new(), None);
        for root in roots(set).into_iter().filter(|_| day.is_any()) {
            let aside = self.set_aside_in(&root, (count, &day), clock, ids);
            let aside = aside.unwrap_or_else(|error| {
                let folder = root.join(STATE_DIR);
                unstored = Some(StoreError::io("reserve what attempts may use in", folder)(error));
                self.set_aside_alone(&root, count, &day, clock)
            });
            match aside {
                Admission::Some(budget) => drop(days.insert(root, budget)),
                Admission::Wait { soon } => {
                    self.waits = Some(if soon { Waits::Moment } else { Waits::Attempts });
                    return (None, unstored);
                }
            }
        }
        (Some(Spendable::new(run, days)), unstored)
    }

    /// Sets aside only in the ledger that this loop remembers.
    fn set_aside_alone(
        &mut self,
        root: &Path,
        count: usize,
        limit: &Allowance,
        clock: &dyn Clock,
    ) -> Admission {
        let now = clock.now();
        let until = now.checked_add_signed(UNCLAIMED).unwrap_or(now);
        let own = self.days.entry(root.to_owned()).or_default();
        own.set_aside((&self.holder, until), count, limit, now)
    }

    /// Sets aside in the ledger of one project.
    fn set_aside_in(
        &mut self,
        root: &Path,
        (count, limit): (usize, &Allowance),
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> std::io::Result<Admission> {
        let now = clock.now();
        // A loop that waits only reads.
        let seen = self.day(root, clock).clone();
        if let Some(waits) = seen.waits(limit, now) {
            return Ok(waits);
        }
        if fault::is(Fault::SpendingUnreserved) {
            return Ok(Admission::Some(seen.budget(limit, now)));
        }
        let until = now.checked_add_signed(UNCLAIMED).unwrap_or(now);
        let begun = self.begun.get(root);
        let mut aside = Admission::Wait { soon: true };
        let day = Ledgers::of(root).change(ids, |day| {
            complete(day, &seen, begun, clock);
            aside = day.set_aside((&self.holder, until), count, limit, now);
        })?;
        if matches!(aside, Admission::Some(_)) {
            self.aside.insert(root.to_owned());
        }
        self.days.insert(root.to_owned(), day);
        Ok(aside)
    }

    /// Returns the usage of the day of the project at `root`. Usage that was removed from the file
    /// since is still counted.
    fn day(&mut self, root: &Path, clock: &dyn Clock) -> &Ledger {
        let seen = self.days.entry(root.to_owned()).or_default();
        // If the file cannot be read now, the earlier contents count.
        if let Ok(mut now) = Ledgers::of(root).read() {
            complete(&mut now, seen, self.begun.get(root), clock);
            *seen = now;
        }
        seen
    }

    /// Replaces what was set aside with the reservations of the attempts that were claimed.
    ///
    /// # Errors
    /// Returns an error if a reservation cannot be stored for the other loops. What was set aside
    /// counts for two more minutes then.
    pub(super) fn keep(
        &mut self,
        jobs: &[&Job],
        limit: &Allowance,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> std::io::Result<()> {
        let now = clock.now();
        let all = |root: Option<&Path>| -> Vec<Begins> {
            let of_root = jobs.iter().filter(|job| root.is_none_or(|root| job.root == root));
            of_root.filter_map(|job| begins(job, now)).collect()
        };
        self.run.replace(&self.holder, &all(None), &self.allowance, now);
        let mut kept = Ok(());
        // A reservation is also stored if nothing could be set aside for it.
        let roots = jobs.iter().filter(|_| limit.is_any()).map(|job| job.root.clone());
        let (holder, aside) = (self.holder.clone(), std::mem::take(&mut self.aside));
        for root in roots.chain(aside).collect::<BTreeSet<_>>() {
            let begins = all(Some(&root));
            let replace = |day: &mut Ledger| day.replace(&holder, &begins, limit, now);
            if let Err(error) = self.change(&root, (clock, ids), replace) {
                kept = Err(error);
            }
            let day = self.days.entry(root.clone()).or_default();
            let reserved = |Begins { claim, .. }: &Begins| {
                Some((claim.clone(), day.reserved.get(claim)?.clone()))
            };
            self.begun.entry(root).or_default().extend(begins.iter().filter_map(reserved));
        }
        kept
    }

    /// Changes the ledger of the day of the project at `root`. If the change cannot be stored, this
    /// loop still counts it.
    fn change(
        &mut self,
        root: &Path,
        (clock, ids): (&dyn Clock, &dyn Ids),
        change: impl Fn(&mut Ledger),
    ) -> std::io::Result<()> {
        let seen = self.days.get(root).cloned().unwrap_or_default();
        let begun = self.begun.get(root);
        let all = |day: &mut Ledger| {
            complete(day, &seen, begun, clock);
            change(day);
        };
        let mut own = seen.clone();
        all(&mut own);
        let stored = Ledgers::of(root).change(ids, all);
        let (day, stored) = stored.map_or_else(|error| (own, Err(error)), |day| (day, Ok(())));
        self.days.insert(root.to_owned(), day);
        stored
    }

    /// Counts an attempt in the project at `root` whose loop, or whose thread, died.
    ///
    /// # Errors
    /// Returns an error if it cannot be stored for the other loops.
    pub(super) fn lose(
        &mut self,
        token: &ClaimToken,
        root: Option<&Path>,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> std::io::Result<()> {
        let claim = claim_of(token);
        self.run.lose(&claim);
        let Some(root) = root else { return Ok(()) };
        let stored = self.change(root, (clock, ids), |day| day.lose(&claim));
        self.ended(root, &claim);
        stored
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
        let (claim, kind) = (claim_of(&job.token), kind_of(job));
        let is_vetoed = report.vetoed_by().is_some_and(HookPoint::is_before_agent);
        let settle = |ledger: &mut Ledger| match is_vetoed {
            true => ledger.release(&claim),
            false => ledger.settle(&claim, &kind, used),
        };
        settle(&mut self.run);
        let tells = !is_vetoed && (used.cost_usd > 0.0 || used.tokens > 0);
        if !has_day && !tells {
            return Ok(());
        }
        let stored = self.change(&job.root, (clock, ids), settle);
        self.ended(&job.root, &claim);
        stored
    }

    /// Records that nothing is reserved for the attempt `claim` any more.
    fn ended(&mut self, root: &Path, claim: &str) {
        if let Some(begun) = self.begun.get_mut(root) {
            begun.remove(claim);
        }
    }
}

/// Makes `day` the ledger of today. Adds what is known besides: what was used, as last `seen`, and
/// what is reserved for the attempts that this loop has `begun`.
fn complete(
    day: &mut Ledger,
    seen: &Ledger,
    begun: Option<&BTreeMap<String, Reserved>>,
    clock: &dyn Clock,
) {
    day.turn_to(&today(clock));
    day.believe(seen);
    for (claim, reserved) in begun.into_iter().flatten() {
        day.reserved.entry(claim.clone()).or_insert_with(|| reserved.clone());
    }
}

fn of_run(limit: String, run: &Ledger) -> String {
    format!("the run's limit {} is reached", by(limit, run))
}

fn of_day(limit: String, day: &Ledger) -> String {
    format!(
        "today's limit {} is reached, over all loops; raise limits.day, or run again tomorrow",
        by(limit, day)
    )
}

/// Returns an attempt that begins `now`; `None` if no agent works in it.
fn begins(job: &Job, now: DateTime<Utc>) -> Option<Begins> {
    let agent = job.agent.as_ref()?;
    let longest = TimeDelta::from_std(agent.command.timeout).unwrap_or(LONGER) + LONGER;
    let until = now.checked_add_signed(longest).unwrap_or(now);
    Some(Begins { claim: claim_of(&job.token), kind: kind_of(job), until })
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

fn claim_of(token: &ClaimToken) -> String {
    format!("{} {}", token.worker, token.attempt)
}

fn kind_of(job: &Job) -> String {
    let preset = job.agent.as_ref().map(|agent| agent.tool.preset).unwrap_or_default();
    let agent = job.agent.as_ref().map_or("", |agent| agent.profile.as_str());
    usage_kind(preset, agent, &job.kind)
}
