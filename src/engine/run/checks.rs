//! Verifications of the tree: of finished work that was set back with its queue, and of the tree
//! that attempts start from.

use super::crew::Crew;
use super::edits;
use super::ending::Reason;
use super::options::RunOptions;
use super::running::Kind;
use super::set_back::{self, Decided, SetBack};
use super::slots::Done;
use super::tree_job::{Around, Check};
use super::untouched::{self, Learned, Told};
use crate::domain::{Outcome, QueueIx, ReasonCode, Verdict};
use crate::engine::attempt::{Finished, Fixed};
use crate::engine::dispatch::{Dispatcher, SlotIx, Wanted, tree_key};
use crate::project::Project;
use crate::store::{Hold, StoreError, attempts};
use crate::verify::VerifyStep;

/// Starts verifications of the tree and processes their results.
pub(super) struct Checks<'w, 'o> {
    project: &'w mut Project,
    dispatcher: &'w mut Dispatcher,
    fixed: &'w Fixed,
    options: &'w RunOptions,
    crew: &'w mut Crew<'o>,
}

impl<'w, 'o> Checks<'w, 'o> {
    /// Creates one with the settings of the `run`.
    pub(super) fn new(
        project: &'w mut Project,
        dispatcher: &'w mut Dispatcher,
        run: (&'w Fixed, &'w RunOptions),
        crew: &'w mut Crew<'o>,
    ) -> Self {
        let (fixed, options) = run;
        Self { project, dispatcher, fixed, options, crew }
    }

    /// Starts to judge the tree that attempts start from.
    pub(super) fn begin_untouched(&mut self, slot: SlotIx, wanted: Wanted) {
        let profile = wanted.profile.clone();
        let key = tree_key(self.project.set(), profile.queue);
        let Some(lock) = self.dispatcher.keeper().hand_over(&key) else { return };
        let check = (untouched::check(&profile), profile.queue, profile.steps.as_slice());
        self.begin(slot, check, Kind::Untouched { wanted, told: false }, lock);
    }

    /// Starts the next verification of finished work that was set back, if there is any. Returns
    /// `true` if something was started or decided.
    ///
    /// # Errors
    /// [`StoreError`] when a decision cannot be written.
    pub(super) fn verify_set_back(&mut self) -> Result<bool, StoreError> {
        let drain = self.crew.drain();
        if self.crew.running() > 0 || drain.is_draining() || !drain.paused().is_empty() {
            return Ok(false);
        }
        if let Some((set_back, is_there)) = SetBack::landed(self.project, self.fixed) {
            let decided = if is_there {
                set_back.restore(self.project, "their commits are on the target")?
            } else {
                set_back.redo(self.project)?
            };
            self.tell(&decided);
            return Ok(true);
        }
        let Some((set_back, steps)) = SetBack::next(self.project) else { return Ok(false) };
        if steps.is_empty() {
            let decided = set_back.redo(self.project)?;
            self.tell(&decided);
            return Ok(true);
        }
        let (set, queue) = (self.project.set(), set_back.queue);
        let (real, key) = (set.real(queue), tree_key(set, queue));
        if set_back::are_worked_on(set, self.project.queues())
            || !self.dispatcher.keeper().take(real, &key, None)?
        {
            return Ok(false);
        }
        let Some(lock) = self.dispatcher.keeper().hand_over(&key) else { return Ok(false) };
        // The previous holder of the lock may have decided already.
        self.project.store_mut().see_undecided()?;
        if !set_back.waits(self.project) {
            return Ok(true);
        }
        let slot = SlotIx::new(0);
        let check = (set_back.check(), queue, steps.as_slice());
        self.begin(slot, check, Kind::SetBack(set_back), lock);
        self.crew.tell_check(slot);
        Ok(true)
    }

    /// Starts a verification of the tree in an idle slot, under its claim `lock`.
    fn begin(
        &mut self,
        slot: SlotIx,
        (check, queue, steps): (Check, QueueIx, &[VerifyStep]),
        kind: Kind,
        lock: Hold,
    ) {
        let around = Around {
            set: self.project.set(),
            queues: self.project.queues(),
            queue,
            worker: self.crew.slots().worker(slot),
            vars: &self.options.vars,
            fixed: self.fixed,
        };
        let job = around.job(check, steps, &self.options.ids.hex32());
        if let Some(holder) = self.crew.slots_mut().holder(slot, Some(lock)) {
            self.crew.slots_mut().begin(slot, kind, job, holder);
        }
    }

    /// Processes the result of a verification of the tree.
    ///
    /// # Errors
    /// [`StoreError`] when a decision cannot be written.
    pub(super) fn take_in(&mut self, done: Done) -> Result<(), StoreError> {
        let slot = done.slot;
        prune(self.project, &done.finished);
        let decided = self.decide(done);
        // This slot holds the claim of the verification, so no other one can start before it is
        // released.
        self.crew.slots_mut().release(slot);
        decided
    }

    fn decide(&mut self, done: Done) -> Result<(), StoreError> {
        let Done { slot, kind, finished } = done;
        let report = &finished.report;
        if let (Some(ReasonCode::Tampered), Some(Verdict::Blocked), Some(why)) =
            (report.reason_code, report.verdict, &report.reason)
        {
            // A command run by the steps changed a judging file, before any task could be blamed
            // for it.
            self.crew.end_for(Reason::Environment(why.clone()));
            return Ok(());
        }
        match kind {
            Kind::Attempt | Kind::Landing => Ok(()),
            Kind::SetBack(set_back) => self.set_back_checked(slot, &set_back, &finished),
            Kind::Untouched { wanted, .. } => {
                self.untouched_checked(slot, &wanted, &finished);
                Ok(())
            }
        }
    }

    fn set_back_checked(
        &mut self,
        slot: SlotIx,
        set_back: &SetBack,
        finished: &Finished,
    ) -> Result<(), StoreError> {
        self.judge_what_it_wrote();
        let verdict = finished.report.verdict;
        let what = finished.report.reason.as_deref().unwrap_or("the tree passes");
        self.crew.tell().ends(slot, finished, verdict, what);
        if let Outcome::FailedToStart { reason } = &finished.report.outcome {
            self.crew.end_for(Reason::Environment(format!("verification: {reason}")));
        }
        let decided = match verdict {
            Some(Verdict::Pass) => {
                let why = "the verification passes on the tree as it is";
                set_back.restore(self.project, why)?
            }
            Some(Verdict::Fail | Verdict::Blocked) => set_back.redo(self.project)?,
            Some(Verdict::Skipped) | None => return Ok(()),
        };
        self.tell(&decided);
        Ok(())
    }

    /// Processes the result for the untouched tree. Others may claim again when `wanted` is
    /// dropped.
    fn untouched_checked(&mut self, slot: SlotIx, wanted: &Wanted, finished: &Finished) {
        let (trees, ids) = (self.dispatcher.trees_mut(), &*self.options.ids);
        let Learned { told, forgotten } =
            untouched::learn(&wanted.profile, finished, self.project, trees, ids);
        if let Some(error) = forgotten {
            self.crew.tell().warn_once(untouched::not_remembered(&error));
        }
        match told {
            Told::Nothing => {}
            Told::Unknown(why) => {
                self.crew.tell().warn_once(format!("the untouched tree was not verified: {why}"));
            }
            Told::Verdict(verdict, what) => {
                finished.warnings.iter().for_each(|warning| self.crew.tell().warn(warning));
                self.crew.tell().ends(slot, finished, Some(verdict), &what);
            }
        }
        self.judge_what_it_wrote();
    }

    /// Judges what the steps wrote into a queue before anything may be claimed again. A queue that
    /// cannot be read now is judged as soon as it can be.
    fn judge_what_it_wrote(&mut self) {
        let store = self.project.store_mut();
        let read = store.read().is_ok();
        if !read || store.is_unjudged() {
            store.recorded_mut().verification_ran();
            drop(edits::judge(self.project, self.crew));
        }
    }

    fn tell(&mut self, decided: &Decided) {
        self.crew.tell().events(&decided.events);
        self.crew.tell().warn(&decided.text);
    }
}

/// Deletes the oldest attempt folders of the finished task, beyond the number that is kept.
pub(super) fn prune(project: &Project, finished: &Finished) {
    let keep = project.config().limits.keep_attempts.value;
    let keep = usize::try_from(keep).unwrap_or(usize::MAX);
    attempts::prune(&finished.job.state, &finished.job.key, keep);
}
