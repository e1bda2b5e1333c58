//! One turn of the loop: write what ended, claim what is next, start it.

use super::after::After;
use super::attempt::Finished;
use super::attempt::Source;
use super::dispatch::{Claimed, Made, Recorded, Work};
use super::ending::Reason;
use super::neighbours::Neighbours;
use super::observer::Notice;
use super::recovery::{self, Dead};
use super::run_loop::{POLL, RunLoop};
use super::slots::Holder;
use crate::claims::fencing;
use crate::domain::{ClaimToken, Cost, Event, Outcome, Status};
use crate::plan;
use crate::platform::lock::FileLock;
use crate::store::attempts::prune;
use crate::store::{Patience, Place, QueueStore, StoreError, TaskKey};
use crate::views::edits;
use serde_json::{Map, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

impl RunLoop<'_> {
    /// Makes the next change, if there is one to make; `false` when there is nothing to do now.
    ///
    /// # Errors
    /// Whatever keeps it from reading or writing; results are kept for the next turn.
    pub(super) fn transact(&mut self) -> Result<bool, StoreError> {
        let (checks, finished): (Vec<_>, Vec<_>) = self
            .results()
            .into_iter()
            .partition(|(_, finished)| !finished.job.purpose.is_attempt());
        let made = self.write_and_claim(&checks, &finished);
        if made.is_err() {
            self.finished.extend(finished);
        }
        made
    }

    fn write_and_claim(
        &mut self,
        checks: &[(usize, Finished)],
        finished: &[(usize, Finished)],
    ) -> Result<bool, StoreError> {
        for (slot, check) in checks {
            self.tree_checked(*slot, check)?;
        }
        if finished.is_empty() && self.verify_set_back()? {
            return Ok(true);
        }
        self.stop_for_missing_tools(finished);
        self.stop_for_red_tree(finished);
        // Agents delete what git ignores, also while nothing is left to be claimed by this loop.
        Neighbours::enter(&self.dispatcher.set)?;
        let most = self.attempts_left();
        let free = if most > 0 { self.free() } else { Vec::new() };
        let mut dead = Vec::new();
        // A result is written whatever else there is, and all that decides about the next claim is
        // read under the lock: beside it the others are looked at once in a while.
        if finished.is_empty() || self.surveyed.elapsed() >= POLL {
            self.store.read()?;
            self.end_what_was_taken_away();
            if finished.is_empty() && free.is_empty() {
                // How the work stands is asked for only when nothing runs any more.
                if self.running() == 0 {
                    self.outlook =
                        self.dispatcher.outlook(&self.store, &self.paused, &HashSet::new())?;
                }
                return Ok(false);
            }
            dead = self.survey()?;
            let anything = self.outlook.ready > 0 || self.dispatcher.unsettled;
            if finished.is_empty() && dead.is_empty() && !anything {
                self.forget_tree();
                return self.judge_edits();
            }
        }
        let work = Work {
            finished,
            dead: &dead,
            free,
            most,
            paused: self.paused.clone(),
            failures_left: self.failures_allowed().saturating_sub(self.failures.len()).max(1),
        };
        if most > 0 {
            self.try_agents();
        }
        let patience = self.patience();
        let mut made = Made::default();
        let (dispatcher, store) = (&mut self.dispatcher, &mut self.store);
        let events = store.update(patience, &mut |draft| {
            // What it would have begun before the file changed, it lets go of.
            made = Made::default();
            made = dispatcher.change(draft, &work)?;
            Ok(())
        })?;
        let did = !events.is_empty();
        self.tell(&events);
        self.give_tries_back(&made.tried);
        self.after(finished, made);
        self.store.tidy();
        Ok(did)
    }

    /// Has what others wrote judged under the lock, if it was not: before that a task may say
    /// complete that nobody verified. Returns whether anything was judged.
    pub(super) fn judge_edits(&mut self) -> Result<bool, StoreError> {
        if !self.store.is_unjudged() {
            return Ok(false);
        }
        let events = self.store.update(Patience::Unlimited, &mut |_| Ok(()))?;
        self.tell(&events);
        Ok(true)
    }

    /// Tells what was written, and what was done about edits of the file.
    pub(super) fn tell(&mut self, events: &[Event]) {
        for event in events {
            self.observer.notice(&Notice::Event(event));
        }
        for text in edits::sentences(events) {
            self.observer.notice(&Notice::Warning(&text));
        }
    }

    /// Looks at how the work stands and at the claims of others; gives those of dead workers, whose
    /// locks are held now.
    fn survey(&mut self) -> Result<Vec<Dead>, StoreError> {
        let running = self.slots.iter().filter_map(|slot| slot.running.as_ref());
        let held = self.finished.iter().map(|(_, held)| &held.job.token);
        let own = running.map(|running| &running.token).chain(held).cloned().collect();
        let others = recovery::look_at_others(
            &self.dispatcher.set,
            self.store.queues(),
            &own,
            &mut self.dispatcher.keeper,
        )?;
        for why in others.unclear {
            self.warn(format!("left alone: {why}"));
        }
        self.outlook = self.dispatcher.outlook(&self.store, &self.paused, &others.untold)?;
        self.surveyed = Instant::now();
        self.ending = if others.ending { self.ending.saturating_add(1) } else { 0 };
        let (paused, dead): (Vec<Dead>, Vec<Dead>) =
            others.dead.into_iter().partition(|dead| self.paused.contains(&dead.queue));
        for dead in paused {
            let key = TaskKey::new(self.dispatcher.set.real(dead.queue), &dead.id);
            self.dispatcher.keeper.let_go(&key);
        }
        Ok(dead)
    }

    /// A tool that is not there is missing for every task: nothing more is claimed.
    fn stop_for_missing_tools(&mut self, finished: &[(usize, Finished)]) {
        for (_, Finished { job, report, .. }) in finished {
            if let (Outcome::FailedToStart { reason }, None) = (&report.outcome, report.verdict) {
                self.drain(Reason::Environment(format!("task {}: {reason}", job.id)));
            }
        }
    }

    /// The idle slots, those first that have a supervisor, which saves the start of one.
    fn free(&self) -> Vec<usize> {
        // The supervisor of a result that is held back holds its claim.
        let held = |slot: usize| self.finished.iter().any(|(holding, _)| *holding == slot);
        let idle = |slot: &usize| self.slots[*slot].running.is_none() && !held(*slot);
        let mut free: Vec<usize> = (0..self.slots.len()).filter(idle).collect();
        free.sort_by_key(|n| self.slots[*n].supervisor.is_none());
        free
    }

    fn attempts_left(&self) -> usize {
        if self.draining.is_some() {
            return 0;
        }
        let left = self.options.max_attempts.map_or(u64::MAX, |m| m.saturating_sub(self.begun));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// A person's verb may have ended a claim of ours: the attempt is ended too.
    fn end_what_was_taken_away(&mut self) {
        let queues = self.store.queues();
        for running in self.slots.iter_mut().filter_map(|slot| slot.running.as_mut()) {
            let queue = &queues[running.queue];
            let task = queue.index_of(&running.id).map(|index| &queue.tasks()[index]);
            let set = &self.dispatcher.set;
            // Somebody may be putting another version of the file there.
            let ours = if self.paused.contains(&running.queue) {
                !fencing::is_ended(set.real(running.queue), &running.id, &running.token)
            } else {
                // A task that is not there was deleted by an edit, which is put back.
                task.is_none_or(|task| {
                    fencing::lost(set.real(running.queue), task, &running.token).is_none()
                })
            };
            if !ours {
                running.end();
            }
        }
    }

    /// Starts what was claimed, lets go of what ended, and tells both.
    fn after(&mut self, finished: &[(usize, Finished)], made: Made) {
        for warning in made.warnings {
            self.warn(warning);
        }
        for Recorded { number, after } in &made.recorded {
            let (slot, finished) = &finished[*number];
            self.tell_end(*slot, finished, after);
        }
        for Claimed { slot, place, token } in made.claimed {
            let id = self.store.queues()[place.queue].tasks()[place.task].id.to_string();
            let key = TaskKey::new(self.dispatcher.set.real(place.queue), &id);
            let lock = self.dispatcher.keeper.hand_over(&key);
            self.begin(slot, place, token, lock);
        }
        self.note_mended();
        if let Some(wanted) = made.wanted {
            self.begin_untouched(wanted);
        }
        for (slot, finished) in finished {
            // A slot that goes on with the same task has given its supervisor to it.
            if let Some(supervisor) = self.slots[*slot].supervisor.take() {
                self.reaper.release(supervisor);
            }
            let keep = self.dispatcher.set.config.limits.keep_attempts.value;
            let keep = usize::try_from(keep).unwrap_or(usize::MAX);
            prune(&finished.job.state, &finished.job.key, keep);
        }
        self.dispatcher.keeper.let_go_of_all();
        if self.options.max_attempts.is_some_and(|most| self.begun >= most) {
            let made = match self.begun {
                1 => "the run's one attempt was made".to_owned(),
                most => format!("the run's {most} attempts were made"),
            };
            self.drain(Reason::Budget(made));
        }
    }

    /// Begins the attempt of `token` in an idle slot, whose supervisor holds the claim if there is
    /// no `lock` of it.
    fn begin(&mut self, slot: usize, place: Place, token: ClaimToken, lock: Option<FileLock>) {
        self.begun += 1;
        // While nothing runs it is a person who changes the configuration.
        if self.running() == 0 && self.fixed.settle_config() {
            let text = "workloop.toml changed: the next run uses it, this one goes by what it read";
            self.warn(text.to_owned());
        }
        let set = Arc::clone(&self.dispatcher.set);
        let queues = self.store.queues();
        let structure = self.dispatcher.planner.structure(&set, queues);
        let source = Source {
            set: &set,
            queues,
            graph: &structure.graph,
            vars: &self.options.vars,
            untouched: &self.dispatcher.untouched,
        };
        let job = match source.job(place, token, &self.fixed) {
            Ok(job) => job,
            Err(error) => {
                // Nothing is configured any more. The claim is given back by the next run.
                self.drain(Reason::Environment(error.to_string()));
                return;
            }
        };
        let supervisor = self.slots[slot].supervisor.take();
        let holder = match (lock, supervisor) {
            (Some(lock), idle) => Holder::Lock { lock, idle },
            (None, Some(supervisor)) => Holder::Supervisor(supervisor),
            (None, None) => return,
        };
        let (id, title, attempt) = (&job.id, &job.title, job.token.attempt);
        self.observer.notice(&Notice::Begins { slot, id, title, attempt });
        self.slots[slot].begin(slot, job, holder, &self.around);
    }

    fn tell_end(&mut self, slot: usize, finished: &Finished, after: &After) {
        for warning in &finished.warnings {
            self.observer.notice(&Notice::Warning(warning));
        }
        if let Some(unlogged) = &finished.unlogged {
            self.warn(unlogged.clone());
        }
        let id = finished.job.id.as_str();
        let what = match after {
            After::Complete => {
                self.failures.clear();
                "complete".to_owned()
            }
            After::Blocked(reason) => {
                // Of an agent that rests its pauses count.
                if matches!(finished.cost, None | Some(Cost::Own)) {
                    self.failures.retain(|(blocked, _)| blocked != id);
                    self.failures.push((id.to_owned(), reason.clone()));
                }
                format!("blocked: {reason}")
            }
            After::Asked(reason) => format!("{reason}; workloop answer {id} TEXT"),
            After::Again(reason) => format!("to be tried again: {reason}"),
            After::Interrupted(reason) => format!("pending again: {reason}"),
            After::Lost(why) => {
                let kept = finished.job.folder.path().display();
                format!("claim lost: {why}; its result is in {kept}")
            }
        };
        self.observer.notice(&Notice::Ends {
            slot,
            id,
            title: &finished.job.title,
            attempt: finished.job.token.attempt,
            verdict: finished.report.verdict,
            what: &what,
        });
    }

    /// Adds the gate tasks that `phases` ask for and that are not there yet.
    pub(super) fn add_gates(&mut self) -> Result<(), StoreError> {
        let missing =
            |queue: &crate::queue::Queue| plan::missing_gates(queue.tasks(), queue.phases());
        let served = 0..self.dispatcher.set.served();
        let served: Vec<usize> = served.filter(|queue| !self.paused.contains(queue)).collect();
        if served.iter().all(|queue| missing(&self.store.queues()[*queue]).is_empty()) {
            return Ok(());
        }
        self.store.update(Patience::Limited, &mut |draft| {
            for &queue in &served {
                let (key, pending) = draft.queues()[queue].state_member(Status::Pending);
                for gate in missing(&draft.queues()[queue]) {
                    let title = format!("Gate of phase {}", gate.phase);
                    let task = json!({
                        "id": gate.id, "title": title, "type": "gate", "phase": gate.phase,
                        key: pending, "verify": gate.verify,
                    });
                    draft.add(queue, task.as_object().unwrap_or(&Map::new()))?;
                }
            }
            Ok(())
        })?;
        Ok(())
    }
}
