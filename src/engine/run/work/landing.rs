//! When a change lands: after its attempt, again while there is an obstacle, and after the loop
//! that made it died.

use super::super::crew::Crew;
use super::super::ending::Reason;
use super::super::landings::Waiting;
use super::super::observer::{Notice, Piece};
use super::super::running::Kind;
use super::super::slots::Done;
use super::Work;
use crate::claims::fencing;
use crate::domain::{Change, QueueIx, Status, Task, Waits};
use crate::engine::attempt::{Finished, Purpose, ToLand};
use crate::engine::dispatch::{Adopted, After, InReview, Reviewed, SlotIx};
use crate::project::workspaces::forget_old;
use crate::store::{Hold, Place, StoreError, TaskKey};
use crate::workspace::{Entries, Entry, Repository, State};
use std::path::Path;

impl Work {
    /// Takes out the results that may be written.
    pub(super) fn results(&mut self, crew: &mut Crew<'_>) -> Vec<Done> {
        // This must happen first: the slot of a landing whose result is not written yet holds the
        // claim, and must not take the next one.
        self.begin_landing(crew);
        crew.results()
    }

    /// Begins the next landing, if there is one to begin.
    pub(super) fn begin_landing(&mut self, crew: &mut Crew<'_>) {
        let now = self.options.clock.monotonic();
        while let Some(waiting) = crew.next_landing(now) {
            match self.place_of(&waiting) {
                Some(place) => self.land(place, waiting, crew),
                // A person ended its claim, so it must not land.
                None => self.forget(waiting.task.queue, waiting.entry.as_deref(), crew),
            }
        }
    }

    /// Returns the place of the task of a change, if its claim is unchanged.
    fn place_of(&self, waiting: &Waiting) -> Option<Place> {
        let place = waiting.task.place(self.project.queues())?;
        let task = &self.project.queues()[place.queue].tasks()[place.task];
        let real = self.project.set().real(place.queue);
        let claims = &**self.project.set().claims();
        let lost = fencing::lost(claims, real, task, &waiting.token);
        lost.is_none().then_some(place)
    }

    fn land(&mut self, place: Place, waiting: Waiting, crew: &mut Crew<'_>) {
        let now = self.options.clock.monotonic();
        let lock = match self.lock_of(place, waiting.lock) {
            Ok(lock) => lock,
            Err(error) => {
                crew.tell().warn_once(format!("{} waits to land: {error}", waiting.task.id));
                None
            }
        };
        let waiting = Waiting { lock: None, ..waiting };
        let Some(lock) = lock else { return crew.landings_mut().push(waiting, Some(now)) };
        let (set, queues) = (self.project.set(), self.project.queues());
        let structure = self.dispatcher.structure(set, queues);
        let Waiting { token, change, entry, .. } = &waiting;
        let to_land = ToLand { change: change.clone(), entry: entry.clone() };
        match self.source(&structure).landing(place, token.clone(), &self.fixed, to_land) {
            Ok(job) => {
                let slot = crew.slots().landing();
                if let Some(holder) = crew.slots_mut().holder(slot, Some(lock)) {
                    crew.drain_mut().lands();
                    crew.tell().notice(&Notice::Lands(Piece::of(slot, &job)));
                    crew.slots_mut().begin(slot, Kind::Landing, job, holder);
                }
            }
            Err(error) => {
                let obstacle = Some(error.to_string());
                let change = Change { obstacle, ..waiting.change };
                let waiting = Waiting { lock: Some(lock), change, ..waiting };
                crew.landings_mut().push(waiting, Some(now));
                crew.end_for(Reason::Environment(error.to_string()));
            }
        }
    }

    /// Returns the lock of the claim: the one that is held, or a new one if it was lost.
    fn lock_of(&mut self, place: Place, held: Option<Hold>) -> Result<Option<Hold>, StoreError> {
        if held.is_some() {
            return Ok(held);
        }
        let real = self.project.set().real(place.queue);
        let task = &self.project.queues()[place.queue].tasks()[place.task];
        let key = TaskKey::new(real, task.id.as_str());
        let taken = self.dispatcher.keeper().take(real, &key, task.claim())?;
        Ok(taken.then(|| self.dispatcher.keeper().hand_over(&key)).flatten())
    }

    /// Takes over the change of a dead loop, whose lock is held.
    pub(super) fn adopt(&mut self, adopted: Adopted, crew: &mut Crew<'_>) {
        let Adopted { task, token, change } = adopted;
        let key = self.project.set().queue(task.queue).task(task.id.as_str());
        let lock = self.dispatcher.keeper().hand_over(&key);
        let waiting = Waiting { task, token, change, entry: None, lock, due: None };
        crew.landings_mut().push(waiting, None);
    }

    /// Returns the changes in review about which the queue, as last read, says something else.
    pub(super) fn decided_reviews(&self, crew: &Crew<'_>) -> Vec<InReview> {
        let waits = |waiting: &&Waiting| {
            self.place_of(waiting).is_some_and(|place| {
                let task = &self.project.queues()[place.queue].tasks()[place.task];
                task.change().is_none_or(|change| change.waits == Waits::Review)
            })
        };
        let decided = crew.landings().in_review().filter(|waiting| !waits(waiting));
        let one = |waiting: &Waiting| {
            let (task, token) = (waiting.task.clone(), waiting.token.clone());
            InReview { task, token }
        };
        decided.map(one).collect()
    }

    /// Lets a change land that a person approved, and gives up one that must not land.
    pub(super) fn decide_review(&mut self, review: Reviewed, crew: &mut Crew<'_>) {
        let Reviewed { token, change } = review;
        if let Some(gone) = crew.landings_mut().decide(&token, change) {
            self.forget(gone.task.queue, gone.entry.as_deref(), crew);
        }
    }

    /// Keeps the waiting change of `finished`, with its claim, or removes the remains of a change
    /// that no longer waits.
    pub(super) fn after_landing(
        &mut self,
        slot: SlotIx,
        finished: &Finished,
        after: &After,
        crew: &mut Crew<'_>,
    ) {
        let job = &finished.job;
        match (after, finished.waiting()) {
            (After::Lands(_) | After::Review, Some((change, entry))) => {
                let Some(task) = job.task() else { return };
                let token = job.token.clone();
                let lock = crew.slots_mut().take_lock(slot);
                let waiting = Waiting { task, token, change, entry, lock, due: None };
                let now = self.options.clock.monotonic();
                let tried = (job.purpose == Purpose::Landing).then_some(now);
                crew.landings_mut().push(waiting, tried);
            }
            // Another worker has the task now.
            (_, Some((_, entry))) => self.forget(job.queue, entry.as_deref(), crew),
            (_, None) => {
                let Some(entry) = finished.settled() else { return };
                let repository = self.repository(job.queue);
                let removed = repository.map(|repository| {
                    Entries::of(repository).and_then(|entries| entries.remove(&entry.name()))
                });
                if let Some(Err(error)) = removed {
                    crew.tell().warn_once(format!("failed to remove a landing entry: {error}"));
                }
            }
        }
    }

    /// Deletes stored attempts beyond the limits, once a run, including those of tasks that this
    /// loop never claims.
    pub(in super::super) fn forget_old_attempts(&self, crew: &mut Crew<'_>) {
        let (set, queues) = (self.project.set(), self.project.queues());
        let now = self.options.clock.now().timestamp();
        let repositories = set.each_served().filter_map(|queue| self.repository(queue));
        let mut seen: Vec<&Path> = Vec::new();
        for repository in repositories {
            if seen.contains(&repository.common()) {
                continue;
            }
            seen.push(repository.common());
            if let Err(error) = forget_old(repository, (set, queues), now) {
                crew.tell().warn_once(format!("failed to delete old attempts: {error}"));
            }
        }
    }

    /// Removes the entry of a change that will not land.
    fn forget(&self, queue: QueueIx, entry: Option<&Entry>, crew: &mut Crew<'_>) {
        let Some(entry) = entry else { return };
        let left = self.repository(queue).map(|repository| {
            Entries::of(repository).and_then(|entries| entries.leave(repository, entry))
        });
        if let Some(Err(error)) = left {
            crew.tell().warn_once(format!("failed to remove a landing entry: {error}"));
        }
    }

    /// Removes entries that killed loops left behind for changes that no longer wait.
    pub(in super::super) fn sweep_entries(&self, crew: &mut Crew<'_>) {
        let set = self.project.set();
        let mut seen: Vec<&Path> = Vec::new();
        for queue in set.each_served() {
            let Some(repository) = self.repository(queue) else { continue };
            if seen.contains(&repository.common()) {
                continue;
            }
            seen.push(repository.common());
            // An unreadable entry stops the landings, which report it.
            for entry in Entries::look(repository).all().unwrap_or_default() {
                if self.is_over(&entry)
                    && let Err(error) = Entries::look(repository).leave(repository, &entry)
                {
                    crew.tell().warn_once(format!("failed to remove a landing entry: {error}"));
                }
            }
        }
    }

    /// Returns whether the task of an entry has moved on, perhaps to a further attempt. An attempt
    /// whose change is about to wait writes the entry first.
    fn is_over(&self, entry: &Entry) -> bool {
        let (set, queues) = (self.project.set(), self.project.queues());
        let mut of =
            QueueIx::first(queues.len()).filter(|queue| set.real(*queue) == entry.whose.queue);
        let is_moving = matches!(entry.state, State::Moving { .. });
        !is_moving
            && of.any(|queue| {
                let task = queues[queue].index_of(&entry.message.task);
                let task = task.map(|at| &queues[queue].tasks()[at]);
                let own = |task: &Task| {
                    let same = task.claim().is_none_or(|now| now.attempt == entry.whose.attempt);
                    task.status == Status::InProgress && same
                };
                task.is_some_and(|task| !own(task))
            })
    }

    fn repository(&self, queue: QueueIx) -> Option<&Repository> {
        self.fixed.repository(self.project.set().root(queue))
    }
}
