//! One turn of the loop: writes the results of ended work, claims the next tasks, starts them.

use super::checks::{Checks, prune};
use super::crew::Crew;
use super::edits;
use super::ending::Reason;
use super::observer::Notice;
use super::options::RunOptions;
use super::purse::Purse;
use super::running::Kind;
use super::silence::Silence;
use super::slots::Done;
use super::survey::Survey;
use super::tally::tally;
use super::untouched;
use crate::claims::fencing;
use crate::domain::{Event, Outcome, QueueIx};
use crate::engine::attempt::{Finished, Fixed};
use crate::engine::dispatch::{self, Dead, Dispatcher, Made, Recorded, SlotIx};
use crate::platform::fault::{self, Fault};
use crate::project::{Neighbours, Project};
use crate::store::StoreError;
use crate::workspace::Oid;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

mod beginning;
mod hooked;
mod landing;
mod limits;
mod silent;
mod targets;

/// The project and the dispatcher that decides about its tasks.
pub(super) struct Work {
    project: Project,
    dispatcher: Dispatcher,
    survey: Survey,
    silence: Silence,
    /// What is fixed for the whole run.
    fixed: Fixed,
    options: RunOptions,
    /// What the run may use.
    purse: Purse,
    /// The commits of the targets at the last look, by project root.
    targets: BTreeMap<PathBuf, Oid>,
}

impl Work {
    /// Creates it from its parts.
    pub(super) fn new(
        project: Project,
        dispatcher: Dispatcher,
        fixed: Fixed,
        options: RunOptions,
    ) -> Self {
        let survey = Survey::new(options.clock.monotonic());
        let purse = Purse::new(options.allowance, dispatcher.name());
        let silence = Silence::default();
        let targets = BTreeMap::new();
        Self { project, dispatcher, survey, silence, fixed, options, purse, targets }
    }

    /// Returns the project.
    pub(super) fn project(&self) -> &Project {
        &self.project
    }

    /// Returns the project, to change it.
    pub(super) fn project_mut(&mut self) -> &mut Project {
        &mut self.project
    }

    /// Returns the dispatcher.
    pub(super) fn dispatcher(&mut self) -> &mut Dispatcher {
        &mut self.dispatcher
    }

    /// Returns the state of the work at the last look, and the dispatcher.
    pub(super) fn survey(&self) -> (&Survey, &Dispatcher) {
        (&self.survey, &self.dispatcher)
    }

    /// Returns the options of the run.
    pub(super) fn options(&self) -> &RunOptions {
        &self.options
    }

    /// Stops claiming when the run has used up what it may use.
    pub(super) fn look_at_limits(&self, crew: &mut Crew<'_>) {
        let now = self.options.clock.monotonic();
        if let Some(over) = crew.drain().time_over(now) {
            crew.end_for(over);
        }
        // An agent's limits end the run only if nothing else can be done.
        if crew.running() == 0 && !self.survey.has_ready() {
            let most = crew.drain().failures_allowed();
            if let Some(why) = self.dispatcher.resting().given_up(most, now) {
                crew.end_for(Reason::Failures(why));
            }
            self.look_at_pauses(crew);
        }
        if let Some(failures) = crew.drain().too_many_failures() {
            crew.end_for(failures);
        }
    }

    /// Makes the next change, if there is one to make. Returns `false` if there is nothing to do
    /// now.
    ///
    /// # Errors
    /// Returns any error that prevents reading or writing; results are kept for the next turn.
    pub(super) fn turn(&mut self, crew: &mut Crew<'_>) -> Result<bool, StoreError> {
        let (mut checks, mut finished) = (Vec::new(), Vec::new());
        for done in self.results(crew) {
            match done.kind {
                Kind::Attempt | Kind::Landing => finished.push((done.slot, done.finished)),
                Kind::SetBack(_) | Kind::Untouched { .. } => checks.push(done),
            }
        }
        let made = self.write_and_claim(checks, &finished, crew);
        if made.is_err() && !fault::is(Fault::ResultsDropped) {
            crew.slots_mut().put_back(finished);
        }
        made
    }

    fn write_and_claim(
        &mut self,
        checks: Vec<Done>,
        finished: &[(SlotIx, Finished)],
        crew: &mut Crew<'_>,
    ) -> Result<bool, StoreError> {
        for check in checks {
            self.checks(crew).take_in(check)?;
        }
        if finished.is_empty() && self.checks(crew).verify_set_back()? {
            return Ok(true);
        }
        for reason in missing_tools(finished).into_iter().chain(untouched::left_red(finished)) {
            crew.end_for(reason);
        }
        // Agents delete what git ignores, even while this loop has nothing left to claim.
        Neighbours::enter(self.project.set())?;
        let most = self.admitted(crew);
        let free = if most > 0 { crew.slots().free() } else { Vec::new() };
        let (mut dead, mut reviews) = (Vec::new(), Vec::new());
        // A result is always written, and everything that decides the next claim is read under the
        // lock. In addition, the claims of others are read once in a while.
        if finished.is_empty() || self.survey.is_due(self.options.clock.monotonic()) {
            self.project.store_mut().read()?;
            self.end_what_was_taken_away(crew);
            reviews = self.decided_reviews(crew);
            if finished.is_empty() && free.is_empty() && reviews.is_empty() {
                // The state of the work matters only when nothing runs any more.
                if crew.running() == 0 {
                    self.forecast(crew, &HashSet::new())?;
                }
                return Ok(false);
            }
            dead = self.look_at_others(finished, crew)?;
            let nothing = finished.is_empty() && dead.is_empty() && reviews.is_empty();
            if nothing && !self.survey.has_work() {
                self.forget_trees(crew);
                return edits::judge(&mut self.project, crew);
            }
        }
        self.look_at_targets();
        let has_results = !finished.is_empty() || !dead.is_empty() || !reviews.is_empty();
        let spendable = match most {
            0 => None,
            _ => self.set_aside(free.len() + finished.len(), crew),
        };
        if most > 0 && spendable.is_none() && !has_results && !self.survey.has_unsettled() {
            return edits::judge(&mut self.project, crew);
        }
        let work = dispatch::Work {
            finished,
            dead: &dead,
            reviews: &reviews,
            free,
            most: if spendable.is_some() { most } else { 0 },
            spendable: spendable.unwrap_or_default(),
            paused: crew.drain().paused().clone(),
            failures_left: crew.drain().failures_left(),
        };
        self.change(&work, crew)
    }

    fn checks<'w, 'o>(&'w mut self, crew: &'w mut Crew<'o>) -> Checks<'w, 'o> {
        let run = (&self.fixed, &self.options);
        Checks::new(&mut self.project, &mut self.dispatcher, run, crew)
    }

    /// Makes the change, and acts on its result.
    fn change(
        &mut self,
        work: &dispatch::Work<'_>,
        crew: &mut Crew<'_>,
    ) -> Result<bool, StoreError> {
        let (clock, ids) = (Arc::clone(&self.options.clock), Arc::clone(&self.options.ids));
        let (clock, ids) = (&*clock, &*ids);
        if work.most > 0 {
            let set = self.project.set();
            for text in self.dispatcher.resting_mut().try_agents(set, clock, ids) {
                crew.tell().warn_once(text);
            }
        }
        let mut made = Made::default();
        let dispatcher = &mut self.dispatcher;
        let (set, store) = self.project.parts_mut();
        let updated = store.update(crew.drain().patience(), &mut |draft| {
            // The update may run again with a changed file: forget what the previous try would have
            // begun.
            made = Made::default();
            made = dispatcher.change(draft, set, work)?;
            Ok(())
        });
        if updated.is_err() {
            self.keep(&[], crew);
        }
        let events = updated?;
        crew.tell().change(&events);
        self.dispatcher.resting_mut().give_tries_back(&made.tried, clock, ids);
        self.lose(work.dead, crew);
        let tally = tally(&self.project, &self.options.scope, made.left);
        self.after(work.finished, made, crew);
        if !work.dead.is_empty() {
            // A dead loop may have stored a change that its task does not record.
            self.sweep_entries(crew);
        }
        crew.tell().notice(&Notice::Tally(tally));
        // Leftovers cost space, and the next update removes them too.
        drop(self.project.store_mut().maintain(crew.drain().patience()));
        Ok(!events.is_empty())
    }

    /// Forecasts the work, for the decision whether the loop may leave, and for its end.
    ///
    /// # Errors
    /// Returns an error if the forecast cannot be made now.
    pub(super) fn forecast(
        &mut self,
        crew: &Crew<'_>,
        untold: &HashSet<crate::store::Place>,
    ) -> Result<(), StoreError> {
        let (set, queues) = (self.project.set(), self.project.queues());
        let forecast = self.dispatcher.forecast(set, queues, crew.drain().paused(), untold)?;
        self.survey.found(forecast);
        Ok(())
    }

    /// Reads the state of the work and the claims of others. Returns the claims of dead workers;
    /// their locks are held now. The claims of `finished` are those of this loop.
    fn look_at_others(
        &mut self,
        finished: &[(SlotIx, Finished)],
        crew: &mut Crew<'_>,
    ) -> Result<Vec<Dead>, StoreError> {
        let (set, queues) = (self.project.set(), self.project.queues());
        let mut own = crew.tokens();
        let unwritten = finished.iter().filter(|_| !fault::is(Fault::ResultsForgotten));
        own.extend(unwritten.map(|(_, finished)| finished.job.token.clone()));
        let others = self.dispatcher.others(set, queues, &own)?;
        for why in others.unclear {
            crew.tell().warn_once(format!("left alone: {why}"));
        }
        self.forecast(crew, &others.untold)?;
        self.survey.looked(self.options.clock.monotonic(), others.ending);
        let is_paused = |dead: &Dead| crew.drain().paused().contains(&dead.task.queue);
        let (paused, dead): (Vec<Dead>, Vec<Dead>) = others.dead.into_iter().partition(is_paused);
        for dead in paused {
            let key = self.project.set().queue(dead.task.queue).task(dead.task.id.as_str());
            self.dispatcher.keeper().let_go(&key);
        }
        Ok(dead)
    }

    /// Ends attempts whose claim a person's verb has ended.
    fn end_what_was_taken_away(&self, crew: &mut Crew<'_>) {
        let (set, queues) = (self.project.set(), self.project.queues());
        let (claims, paused) = (&**set.claims(), crew.drain().paused().clone());
        crew.slots_mut().end(|running| {
            let (number, token) = (running.queue(), running.token());
            let (real, queue) = (set.real(number), &queues[number]);
            // During a pause, someone may be replacing the file with another version.
            if paused.contains(&number) {
                return fencing::is_ended(claims, real, running.id(), token);
            }
            // A missing task was deleted by an edit, which will be put back.
            let task = queue.index_of(running.id()).map(|index| &queue.tasks()[index]);
            task.is_some_and(|task| fencing::lost(claims, real, task, token).is_some())
        });
    }

    /// Forgets what is known about trees when nothing is left to do: before there is work again, a
    /// person may change the tree.
    fn forget_trees(&mut self, crew: &Crew<'_>) {
        // A resting agent is no reason to judge the tree again.
        if crew.running() == 0 && self.dispatcher.resting().held().is_empty() {
            self.dispatcher.trees_mut().untouched_mut().forget();
        }
    }

    /// Starts claimed tasks, releases the supervisors of ended work, and reports both.
    fn after(&mut self, finished: &[(SlotIx, Finished)], made: Made, crew: &mut Crew<'_>) {
        for warning in made.warnings {
            crew.tell().warn_once(warning);
        }
        for Recorded { number, after } in &made.recorded {
            let (slot, finished) = &finished[*number];
            let (tell, drain) = crew.tell_and_count();
            tell.end(*slot, finished, after, drain);
            crew.after_task(finished, after);
            // This must happen before the slot takes the next claim.
            self.after_landing(*slot, finished, after, crew);
        }
        for review in made.reviews {
            self.decide_review(review, crew);
        }
        self.begin(made.claimed, crew);
        if let Some(dear) = &made.too_dear {
            self.end_for_too_dear(dear, crew);
        }
        for adopted in made.adopted {
            self.adopt(adopted, crew);
        }
        let (clock, ids) = (&*self.options.clock, &*self.options.ids);
        for error in untouched::note_mended(self.dispatcher.trees_mut(), clock, ids) {
            crew.tell().warn_once(untouched::not_remembered(&error));
        }
        if let Some((slot, wanted)) = made.wanted {
            self.checks(crew).begin_untouched(slot, wanted);
        }
        for (slot, finished) in finished {
            // A slot that continues with the same task has given its supervisor to that task.
            crew.slots_mut().release(*slot);
            prune(&self.project, finished);
        }
        self.dispatcher.keeper().let_go_of_all();
        self.begin_landing(crew);
        if let Some(made) = crew.drain().attempts_made() {
            crew.end_for(made);
        }
    }

    /// Writes an event that is about no task.
    ///
    /// # Errors
    /// [`StoreError`] when the journal cannot be written.
    pub(super) fn note(
        &mut self,
        queue: QueueIx,
        event: Event,
        crew: &mut Crew<'_>,
    ) -> Result<(), StoreError> {
        let patience = crew.drain().patience();
        let noted = self.project.store_mut().note(patience, queue, vec![event])?;
        crew.tell().events(&noted);
        Ok(())
    }

    /// Returns what is needed for the end of the run.
    pub(super) fn into_parts(self) -> (Project, Dispatcher, Survey) {
        (self.project, self.dispatcher, self.survey)
    }
}

/// Returns the tools that could not be started. A missing tool is missing for every task, so
/// nothing more is claimed.
fn missing_tools(finished: &[(SlotIx, Finished)]) -> Vec<Reason> {
    let missing = |(_, Finished { job, report, .. }): &(SlotIx, Finished)| {
        let (Outcome::FailedToStart { reason }, None) = (&report.outcome, report.verdict) else {
            return None;
        };
        Some(Reason::Environment(format!("task {}: {reason}", job.id)))
    };
    finished.iter().filter_map(missing).collect()
}
