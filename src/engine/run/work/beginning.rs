//! Begins attempts that were claimed.

use super::super::crew::Crew;
use super::super::ending::Reason;
use super::super::observer::{Notice, Piece};
use super::super::running::Kind;
use super::super::thread::Holder;
use super::Work;
use crate::engine::attempt::{Job, Source};
use crate::engine::dispatch::{Claimed, SlotIx};
use crate::project::Structure;

impl Work {
    /// Returns what jobs are made from.
    pub(super) fn source<'a>(&'a self, structure: &'a Structure) -> Source<'a> {
        Source {
            set: self.project.set(),
            queues: self.project.queues(),
            graph: &structure.graph,
            vars: &self.options.vars,
            untouched: self.dispatcher.trees().untouched(),
            pauses: self.dispatcher.resting().held(),
        }
    }

    /// Begins the attempts that were claimed.
    pub(super) fn begin(&mut self, claimed: Vec<Claimed>, crew: &mut Crew<'_>) {
        let ready = claimed.into_iter().filter_map(|claimed| self.ready(claimed, crew));
        let ready: Vec<(SlotIx, Job, Holder)> = ready.collect();
        let jobs: Vec<&Job> = ready.iter().map(|(_, job, _)| job).collect();
        self.keep(&jobs, crew);
        for (slot, job, holder) in ready {
            crew.tell().notice(&Notice::Begins(Piece::of(slot, &job)));
            crew.slots_mut().begin(slot, Kind::Attempt, job, holder);
        }
    }

    /// Returns the job of a claim, with the process or lock that holds the claim.
    fn ready(&mut self, claimed: Claimed, crew: &mut Crew<'_>) -> Option<(SlotIx, Job, Holder)> {
        let Claimed { slot, place, token } = claimed;
        let (set, queues) = (self.project.set(), self.project.queues());
        let id = queues[place.queue].tasks()[place.task].id.to_string();
        let key = set.queue(place.queue).task(&id);
        let lock = self.dispatcher.keeper().hand_over(&key);
        crew.drain_mut().began();
        // While nothing runs, only a person can have changed the configuration.
        if crew.running() == 0 && self.fixed.settle_config() {
            let text = "workloop.toml or a variable file that it names changed: the next run uses \
                        it, this one keeps what it read";
            crew.tell().warn_once(text.to_owned());
        }
        let structure = self.dispatcher.structure(set, queues);
        let job = match self.source(&structure).job(place, token, &self.fixed) {
            Ok(job) => job,
            Err(error) => {
                // The configuration no longer covers this task. The next run gives the claim back.
                crew.end_for(Reason::Environment(error.to_string()));
                return None;
            }
        };
        let holder = crew.slots_mut().holder(slot, lock)?;
        Some((slot, job, holder))
    }
}
