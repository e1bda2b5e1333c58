//! Verifications of the tree as it is, without an agent: of finished work that was set back with its
//! queue, and of the tree that attempts are to begin with.

use super::attempt::Finished;
use super::attempt::Fixed;
use super::attempt::Subject;
use super::attempt::watch;
use super::attempt::{Job, Judge, Purpose};
use super::ending::Reason;
use super::observer::Notice;
use super::run_loop::RunLoop;
use super::slots::Holder;
use super::tree_kind::{TREE, TreeCheck};
use crate::domain::{ClaimToken, ReasonCode, Verdict, WorkerId};
use crate::platform::lock::FileLock;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::attempts::{AttemptFolder, prune};
use crate::store::{Place, QueueStore, StoreError, TaskKey, place_of};
use crate::verify::VerifyStep;
use crate::views::mask::Mask;
use crate::workspace::{Git, is_git_work_tree};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

mod set_back;
mod untouched;

impl RunLoop<'_> {
    /// Begins a verification of the tree in an idle slot, under the claim `lock` of [`TREE`].
    fn begin_check(&mut self, slot: usize, check: TreeCheck, steps: &[VerifyStep], lock: FileLock) {
        let worker = self.slots[slot].worker.clone();
        let around = Around {
            set: &self.dispatcher.set,
            queues: self.store.queues(),
            queue: check.queue(),
            worker: &worker,
            vars: &self.options.vars,
            fixed: &self.fixed,
        };
        let job = around.job(&check, steps, &self.options.ids.hex32());
        let idle = self.slots[slot].supervisor.take();
        self.slots[slot].tree_check = Some(check);
        self.slots[slot].begin(slot, job, Holder::Lock { lock, idle }, &self.around);
    }

    /// Tells that a verification of the tree begins.
    pub(super) fn tell_check(&mut self, slot: usize) {
        let Some(check) = &mut self.slots[slot].tree_check else { return };
        // Once, however many steps there are; what is remembered runs none.
        if let TreeCheck::Untouched(wanted) = check
            && std::mem::replace(&mut wanted.told, true)
        {
            return;
        }
        let (id, title) = check.name();
        self.observer.notice(&Notice::Begins { slot, id, title: &title, attempt: 1 });
    }

    /// Takes in what a verification of the tree came to.
    ///
    /// # Errors
    /// [`StoreError`] when a decision cannot be written.
    pub(super) fn tree_checked(
        &mut self,
        slot: usize,
        finished: &Finished,
    ) -> Result<(), StoreError> {
        let decided = self.decide_check(slot, finished);
        // It holds the claim of the verification, and nobody can begin another one before.
        if let Some(supervisor) = self.slots[slot].supervisor.take() {
            self.reaper.release(supervisor);
        }
        decided
    }

    fn decide_check(&mut self, slot: usize, finished: &Finished) -> Result<(), StoreError> {
        let keep = self.dispatcher.set.config.limits.keep_attempts.value;
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        prune(&finished.job.state, &finished.job.key, keep);
        let check = self.slots[slot].tree_check.take();
        let report = &finished.report;
        if let (Some(ReasonCode::Tampered), Some(Verdict::Blocked), Some(why)) =
            (report.reason_code, report.verdict, &report.reason)
        {
            // What the steps ran changed what judges, before any task could be blamed for it.
            self.drain(Reason::Environment(why.clone()));
            return Ok(());
        }
        match check {
            Some(TreeCheck::SetBack(set_back)) => self.set_back_checked(slot, &set_back, finished),
            Some(TreeCheck::Untouched(wanted)) => {
                self.untouched_checked(slot, wanted, finished);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// What the steps of a verification of the tree are made from.
struct Around<'a> {
    set: &'a QueueSet,
    queues: &'a [Queue],
    queue: usize,
    worker: &'a WorkerId,
    vars: &'a [(OsString, OsString)],
    fixed: &'a Fixed,
}

impl Around<'_> {
    /// A job that judges the tree with `steps`, whose claim tag ends with `random`.
    fn job(&self, check: &TreeCheck, steps: &[VerifyStep], random: &str) -> Job {
        let (id, title) = check.name();
        let (purpose, tree) = match check {
            TreeCheck::SetBack(_) => (Purpose::SetBack, None),
            TreeCheck::Untouched(wanted) => (Purpose::Untouched, Some(wanted.key.clone())),
        };
        let key = TaskKey::new(self.set.real(self.queue), TREE);
        let state = self.set.state(self.queue);
        // Nothing is decided by the number of such a folder: in doubt it is used again.
        let numbers = state.attempt_numbers(&key).unwrap_or_default();
        let number = numbers.last().copied().unwrap_or(0).saturating_add(1);
        let folder = AttemptFolder::new(&state, &key, number);
        let root = self.set.root(self.queue);
        let subject = Subject {
            task: None,
            attempt: 0,
            queue: self.set.real(self.queue),
            root,
            folder: &folder,
            vars: self.vars,
            pass: &self.set.config.pass,
        };
        let ready = |step| subject.step(step, self.worker, self.fixed);
        let commands: Vec<_> = subject.environment(self.worker, &[], true).into_iter().collect();
        let git = |program| Git::new(program, self.fixed.path(), &commands);
        Job {
            purpose,
            place: Place { queue: self.queue, task: 0 },
            id: id.to_owned(),
            title,
            token: ClaimToken { worker: self.worker.clone(), attempt: number },
            tag: key.tag(place_of(self.set.real(self.queue)), random),
            git: self.fixed.git().filter(|_| is_git_work_tree(root)).map(git),
            queues: self.set.all_real().map(Path::to_owned).collect::<Vec<PathBuf>>().into(),
            task_json: "{}\n".to_owned(),
            prompt: Ok(String::new()),
            refusal: None,
            agent: None,
            judge: Judge::Steps(steps.iter().map(ready).collect()),
            watch: watch(self.set, self.queues, steps, &subject, self.fixed),
            mask: Mask::new(self.vars),
            named_files: Vec::new(),
            promise: None,
            profiles: Vec::new(),
            reds: Vec::new(),
            tree,
            root: root.to_owned(),
            folder,
            key,
            state,
        }
    }
}
