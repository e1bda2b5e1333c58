//! Paused queues: what runs for them stands still, what ended is held back, and nothing of theirs
//! is written until they are resumed, so that a person can merge or check out their files.
//!
//! A loop says in its entry when that is so, with the date of the request that it saw: a person who
//! waits for it knows then that it is about their pause and not about one before.

use super::attempt::Finished;
use super::attempt::Purpose;
use super::ending::Reason;
use super::limits::Urgency;
use super::run_loop::RunLoop;
use crate::platform::fault::{self, Fault};
use crate::project::requests::Requests;
use crate::store::workers::{Paused, Stillness};
use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

/// What people asked of a loop by files and signals, and what it ordered because of that.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Since when each served queue is paused, if it is.
    pauses: Vec<Option<SystemTime>>,
    /// Whether it is to end.
    stopping: bool,
    /// How urgently signals end it.
    pub(super) urgency: Urgency,
    /// Paused queues that were looked at when nothing ran for them any more, and whether their files
    /// could be judged then.
    looked: HashMap<usize, bool>,
    /// The number of the last order to stand still or go on.
    pub(super) holds: u64,
}

impl RunLoop<'_> {
    /// Looks whether somebody asked for a pause or an end.
    pub(super) fn look_at_requests(&mut self) {
        // Agents delete the state folder, and with it the entry by which others find this loop.
        let missing = self.entries.iter_mut().find_map(|entry| entry.keep().err());
        if let Some(error) = missing {
            self.warn(format!("cannot enter this loop again: {error}"));
        }
        let strays: Vec<_> = self.requests.iter().flat_map(Requests::strays).collect();
        for stray in strays {
            self.warn(stray);
        }
        let asked: Vec<_> = self.requests.iter().map(Requests::look).collect();
        self.asked.pauses = asked.iter().map(|asked| asked.pause).collect();
        let paused: HashSet<usize> =
            (0..asked.len()).filter(|queue| asked[*queue].pause.is_some()).collect();
        if paused != self.paused {
            self.store.leave_alone(paused.clone());
            // Gates of a file that was edited meanwhile are still to be added.
            self.attention.forget();
            self.paused = paused;
            self.hold_all(false);
        }
        if asked.iter().any(|asked| asked.stop) {
            self.asked.stopping = true;
            self.drain(Reason::Budget("asked to stop".to_owned()));
        }
    }

    /// Takes out the results that may be written now. Those of paused queues wait, unless a signal
    /// ends what runs.
    pub(super) fn results(&mut self) -> Vec<(usize, Finished)> {
        let all = std::mem::take(&mut self.finished);
        if self.asked.urgency >= Urgency::End || fault::is(Fault::PauseBlind) {
            return all;
        }
        // What the untouched tree came to is written into no queue.
        let paused = |(_, finished): &(usize, Finished)| {
            finished.job.purpose != Purpose::Untouched
                && self.paused.contains(&finished.job.place.queue)
        };
        let (held, written) = all.into_iter().partition(paused);
        self.finished = held;
        written
    }

    /// Whether the loop may end although something is paused: by a signal, or because it was asked
    /// to. Any other reason waits, since the end of a loop is noted.
    pub(super) fn may_end(&self) -> bool {
        let asked = self.asked.stopping || self.asked.urgency > Urgency::None;
        self.finished.is_empty() && (asked || self.paused.is_empty())
    }

    /// Judges what attempts wrote into the file of a paused queue before they stood still, so that
    /// whatever comes after the word is a person's.
    fn look_at_the_still(&mut self) {
        for queue in 0..self.asked.pauses.len() {
            let mut running = self.slots.iter().filter_map(|slot| slot.running.as_ref());
            let still = running.all(|running| running.queue != queue || running.is_still());
            let known = self.asked.looked.contains_key(&queue);
            if self.asked.pauses[queue].is_some() && still && !known {
                // What cannot be read now is judged when it can be.
                let looked = self.store.look_when_still(queue);
                self.asked.looked.insert(queue, looked.is_ok());
                self.tell(&looked.unwrap_or_default());
            }
        }
        let pauses = &self.asked.pauses;
        self.asked.looked.retain(|queue, _| pauses[*queue].is_some());
    }

    /// Says in the entries of this loop which queues stand still.
    pub(super) fn confirm_pauses(&mut self) {
        self.look_at_the_still();
        let stands = |queue: usize| {
            let all = self.slots.iter().filter_map(|slot| slot.running.as_ref());
            fault::is(Fault::PauseBlind)
                || all.filter(|running| running.queue == queue).all(|running| running.is_still())
        };
        let judged = |queue: usize| self.asked.looked.get(&queue).is_some_and(|judged| *judged);
        let still: Vec<Option<Stillness>> = (0..self.asked.pauses.len())
            .map(|queue| {
                let asked = self.asked.pauses[queue].filter(|_| stands(queue))?;
                Some(Stillness { asked, judged: judged(queue) })
            })
            .collect();
        let set = &self.dispatcher.set;
        for entry in &mut self.entries {
            let here = (0..still.len()).filter(|queue| set.state(*queue) == *entry.state());
            let paused: Paused = here
                .filter_map(|queue| Some((set.stem(queue).to_owned(), still[queue]?)))
                .collect();
            // Whoever waits for the word asks again; a full disk is told by the next write.
            drop(entry.say_paused(paused));
        }
        self.store.note_stillness();
    }
}
