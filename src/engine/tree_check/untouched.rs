//! The tree that attempts begin with: verified once for each profile and tree, before the first
//! attempt and after tasks were blocked, and only while no attempt of the project runs.
//!
//! Whoever judges holds a lock of the project, which is taken under the lock of its root when nobody
//! has claimed anything there; as long as it is held nobody claims anything. A red tree stops
//! nothing, since a task may be there to mend it.

use super::super::after::After;
use super::super::attempt::Finished;
use super::super::attempt::{Named, ProfileKey, Red, blocked};
use super::super::choose::Choice;
use super::super::dispatch::Dispatcher;
use super::super::ending::Reason;
use super::super::observer::Notice;
use super::super::run_loop::RunLoop;
use super::super::slots::Running;
use super::super::tree_kind::{Moment, TREE, TreeCheck, UNTOUCHED, Wanted};
use crate::agent::bound_file;
use crate::domain::{Liveness, Outcome, Status, Verdict, timestamp};
use crate::platform::fault::{self, Fault};
use crate::queue::Queue;
use crate::store::{Place, QueueStore, RedStep, StoreError, TaskKey, TreeReport, Trees};
use std::collections::HashSet;
use std::path::Path;

/// How much of what a red step printed is remembered, in bytes.
const SAID: usize = 4 * 1024;

impl Dispatcher {
    /// Finds out whether a tree is judged before anything more is claimed in its project, by this
    /// loop or by another one; says whether this one does, which takes the slot.
    ///
    /// # Errors
    /// [`StoreError`] when the claim of the verification cannot be taken.
    pub(in crate::engine) fn judge_first(
        &mut self,
        moment: &Moment<'_>,
        choice: &mut Choice,
    ) -> Result<bool, StoreError> {
        self.judged.clear();
        if moment.next.is_empty() {
            return Ok(false);
        }
        if let Some(slot) = moment.slot {
            choice.wanted = self.wanted(slot, moment, choice)?;
        }
        self.judged.extend(self.set.roots().map(|root| root.path.clone()));
        self.judged.sort_unstable();
        self.judged.dedup();
        self.judged.retain(|root| Trees::of(root).are_judged() && !fault::is(Fault::JudgedBeside));
        Ok(choice.wanted.is_some())
    }

    /// The first profile of the tasks that come next for which the tree must be judged, if that
    /// may be done now.
    fn wanted(
        &mut self,
        slot: usize,
        moment: &Moment<'_>,
        choice: &mut Choice,
    ) -> Result<Option<Wanted>, StoreError> {
        if !self.set.config.limits.untouched.value {
            return Ok(None);
        }
        for &Place { queue, task } in moment.next {
            let task = &moment.queues[queue].tasks()[task];
            // A gate is nothing but this verification, and work that was begun is in the tree.
            if task.is_gate() || task.attempts > 0 {
                continue;
            }
            let root = self.set.root(queue).to_owned();
            for steps in self.set.config.profiles_of(task) {
                let key = ProfileKey::new(&root, &steps);
                if !self.untouched.wants(&key) || self.is_worked_on(&root, moment, &choice.claims) {
                    continue;
                }
                let lock = match Trees::of(&root).lock() {
                    Ok(lock) => lock,
                    Err(error) => {
                        let root = root.display();
                        choice
                            .warnings
                            .push(format!("the tree in {root} is not verified: {error}"));
                        self.untouched.learn(&key, None, HashSet::new());
                        None
                    }
                };
                let Some(lock) = lock else { continue };
                if self.keeper.take(self.set.real(queue), &self.tree_key(queue), None)? {
                    let profile = steps.first().map(|step| step.profile.clone());
                    let (profile, told) = (profile.unwrap_or_default(), false);
                    return Ok(Some(Wanted { queue, key, profile, steps, slot, told, lock }));
                }
            }
        }
        Ok(None)
    }

    /// What a verification of the tree is claimed as, for want of a task.
    fn tree_key(&self, queue: usize) -> TaskKey {
        TaskKey::new(self.set.real(queue), TREE)
    }

    /// Learns about the tree from an attempt that ended; once or twice, as changes are made.
    pub(in crate::engine) fn learn_from(&mut self, finished: &Finished, after: &After) {
        let Finished { job, report, .. } = finished;
        match after {
            After::Complete if report.verdict == Some(Verdict::Pass) => {
                self.untouched.passed(&job.profiles);
            }
            // Without a step nothing ran that could have changed the tree.
            After::Blocked(_) | After::Asked(_)
                if job.agent.is_some() && !report.steps.is_empty() =>
            {
                let task = Named { key: job.key.clone(), id: job.id.clone() };
                self.untouched.blocked(&job.root, &task);
            }
            After::Complete
            | After::Blocked(_)
            | After::Asked(_)
            | After::Again(_)
            | After::Interrupted(_)
            | After::Lost(_) => {}
        }
    }

    /// Whether an attempt runs in the project at `root`.
    fn is_worked_on(&self, root: &Path, moment: &Moment<'_>, again: &[(usize, Place)]) -> bool {
        if fault::is(Fault::JudgedBeside) {
            return false;
        }
        let Moment { queues, graph, conditions, .. } = *moment;
        let runs = |(queue, tasks): (usize, &Queue)| {
            let is_here = self.set.root(queue) == root;
            is_here
                && tasks.tasks().iter().enumerate().any(|(at, task)| {
                    task.status == Status::InProgress
                        && task.claim().is_some()
                        && !conditions
                            .claims
                            .get(&graph.node(queue, at))
                            .is_some_and(Liveness::is_dead)
                })
        };
        queues.iter().enumerate().any(runs)
            || conditions.outside.iter().any(|other| other.root == root)
            || again.iter().any(|(_, place)| self.set.root(place.queue) == root)
    }
}

impl RunLoop<'_> {
    /// Begins to judge the tree.
    pub(in crate::engine) fn begin_untouched(&mut self, wanted: Wanted) {
        let key = self.dispatcher.tree_key(wanted.queue);
        let Some(lock) = self.dispatcher.keeper.hand_over(&key) else { return };
        let (slot, steps) = (wanted.slot, wanted.steps.clone());
        self.begin_check(slot, TreeCheck::Untouched(wanted), &steps, lock);
    }

    /// Takes in what the untouched tree came to.
    pub(super) fn untouched_checked(&mut self, slot: usize, wanted: Wanted, finished: &Finished) {
        let found = found(&wanted, finished);
        self.remember(&wanted, finished, found.as_ref());
        let begun = self.begun_tasks(&wanted.key.root);
        self.dispatcher.untouched.learn(&wanted.key, found.clone(), begun);
        self.tell_untouched(slot, &wanted, finished, found);
        // What the steps wrote into a queue is judged before anybody may claim again; what cannot be
        // read now is judged when it can be.
        let read = self.store.read().is_ok();
        if !read || self.store.is_unjudged() {
            self.store.verification_ran();
            drop(self.judge_edits());
        }
    }

    /// The open tasks of the project at `root` that have left work there.
    fn begun_tasks(&self, root: &Path) -> HashSet<TaskKey> {
        let set = &self.dispatcher.set;
        let mut begun = HashSet::new();
        for (queue, tasks) in self.store.queues().iter().enumerate() {
            if set.root(queue) == root {
                let open = tasks.tasks().iter().filter(|task| task.status.is_open());
                let worked = open.filter(|task| task.attempts > 0);
                begun.extend(worked.map(|task| TaskKey::new(set.real(queue), task.id.as_str())));
            }
        }
        begun
    }

    fn remember(&mut self, wanted: &Wanted, finished: &Finished, found: Option<&Option<RedStep>>) {
        let trees = Trees::of(&wanted.key.root);
        let report = match (&finished.tree.known, found, finished.report.verdict) {
            (Some(known), ..) if trees.last(&wanted.key.steps).as_ref() == Some(known) => return,
            (Some(known), ..) => known.clone(),
            // A step that could not be started says nothing of the tree.
            (None, Some(red), Some(verdict)) => TreeReport {
                tree: finished.tree.name.clone(),
                at: finished.report.ended_at.clone(),
                verdict,
                red: red.clone(),
            },
            (None, ..) => return,
        };
        self.put(&wanted.key, report);
    }

    fn put(&mut self, key: &ProfileKey, report: TreeReport) {
        let put = Trees::of(&key.root).put(&key.steps, report, &*self.options.ids);
        if let Err(error) = put {
            self.warn(format!("cannot remember what the untouched tree came to: {error}"));
        }
    }

    fn tell_untouched(
        &mut self,
        slot: usize,
        wanted: &Wanted,
        finished: &Finished,
        found: Option<Option<RedStep>>,
    ) {
        let Wanted { key, profile, .. } = wanted;
        let known = finished.tree.known.is_some();
        let (verdict, what) = match found {
            // Nobody has to know that nothing was to be done.
            Some(None) if known => return,
            Some(None) => (Verdict::Pass, format!("profile {profile}")),
            Some(Some(red)) => {
                let before = if known { ", as it was found before" } else { "" };
                let left_by = self.dispatcher.untouched.left_by(key);
                let since = match left_by.as_slice() {
                    [] => "tasks begin all the same".to_owned(),
                    left_by => format!("it was green before {}", blocked(left_by)),
                };
                let log = red.shown_log();
                let RedStep { step, outcome, .. } = red;
                let text =
                    format!("profile {profile}: step {step}: {outcome}{before}; {since}{log}");
                (Verdict::Fail, text)
            }
            None => {
                let why = finished.report.reason.clone().unwrap_or_default();
                self.warn(format!("the untouched tree was not verified: {why}"));
                return;
            }
        };
        for warning in &finished.warnings {
            self.observer.notice(&Notice::Warning(warning));
        }
        let ends = Notice::Ends {
            slot,
            id: UNTOUCHED,
            title: &finished.job.title,
            attempt: 1,
            verdict: Some(verdict),
            what: &what,
        };
        self.observer.notice(&ends);
    }

    /// The thread that judged the tree died: whatever it is, attempts begin.
    pub(in crate::engine) fn check_died(&mut self, slot: usize) {
        if let Some(TreeCheck::Untouched(wanted)) = self.slots[slot].tree_check.take() {
            self.dispatcher.untouched.learn(&wanted.key, None, HashSet::new());
        }
    }

    /// Nothing is to be done: when there is, a person may have changed the tree.
    pub(in crate::engine) fn forget_tree(&mut self) {
        // An agent that rests is no reason to judge anew.
        if self.running() == 0 && self.dispatcher.resting.held.is_empty() {
            self.dispatcher.untouched.forget();
        }
    }

    /// Claims nothing more when an attempt failed as the tree did that others left red.
    pub(in crate::engine) fn stop_for_red_tree(&mut self, finished: &[(usize, Finished)]) {
        for (_, Finished { job, report, .. }) in finished {
            let left_red =
                |red: &&Red| red.already(&job.key, report).is_some_and(|already| already.left_red);
            if let Some(red) = job.reds.iter().find(left_red) {
                let RedStep { step, outcome, .. } = &red.step;
                let why = format!(
                    "the tree is red since {}: step {step}: {outcome}, and {} failed with the same",
                    blocked(&red.left_by),
                    job.id,
                );
                self.drain(Reason::LeftRed(why));
            }
        }
    }

    /// Remembers that attempts passed on trees that were red before.
    pub(in crate::engine) fn note_mended(&mut self) {
        for key in self.dispatcher.untouched.take_mended() {
            let last = Trees::of(&key.root).last(&key.steps);
            if last.is_some_and(|last| last.verdict != Verdict::Pass) {
                let at = timestamp(self.options.clock.now());
                self.put(&key, TreeReport { tree: None, at, verdict: Verdict::Pass, red: None });
            }
        }
    }

    /// Ends verifications of the untouched tree, of the paused queues or of all: what is not going to
    /// begin needs none, and others may claim again.
    pub(in crate::engine) fn end_untouched(&mut self, all: bool) {
        let paused = &self.paused;
        for slot in &mut self.slots {
            let Some(TreeCheck::Untouched(wanted)) = &slot.tree_check else { continue };
            if all || paused.contains(&wanted.queue) {
                slot.running.iter_mut().for_each(Running::end);
            }
        }
    }
}

/// What was found: the step that failed, `Some(None)` where all passed, `None` where nothing is
/// known.
fn found(wanted: &Wanted, finished: &Finished) -> Option<Option<RedStep>> {
    if let Some(known) = &finished.tree.known {
        return Some(known.red.clone());
    }
    let Finished { job, report, .. } = finished;
    let unstarted = matches!(report.outcome, Outcome::FailedToStart { .. });
    match report.verdict {
        Some(Verdict::Pass) => return Some(None),
        Some(Verdict::Fail) => {}
        None if unstarted => {}
        Some(Verdict::Blocked | Verdict::Skipped) | None => return None,
    }
    let failed = report.steps.last()?;
    let log = job.folder.file(&failed.log);
    let said = bound_file(&log, SAID).unwrap_or_default();
    Some(Some(RedStep {
        profile: wanted.profile.clone(),
        step: failed.name.clone(),
        outcome: failed.outcome.to_string(),
        output: report.fingerprint.output.clone(),
        said: job.mask.text(&said).into_owned(),
        log,
    }))
}
