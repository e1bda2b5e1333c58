//! The promises: what must be true after every step, and at the end.

use super::end::End;
use super::hands::Hands;
use super::machine::{Living, Machine, Role};
use serde_json::Value;
use std::collections::HashMap;

/// How many attempts of a task may fail.
pub(super) const BUDGET: usize = 3;

/// The facts about a task, as observed from outside.
#[derive(Debug, Default)]
struct Facts {
    needs: Vec<String>,
    /// How many agents were started.
    starts: usize,
    /// How many of them ended without a written failure.
    excused: usize,
    /// How many attempts passed.
    passed: usize,
    /// A person wrote into the file that the task is done, which no journal records.
    by_hand: bool,
    /// It was seen complete.
    complete: bool,
    /// Whether it stays complete is not checked: it may count as opened by a person whenever an
    /// older text comes back ("Left open" in `docs/design/simulator.md`).
    is_unsure: bool,
    /// Its change was seen waiting to land.
    waits: bool,
    /// The changes that went back to an agent. A text may still name one that a loop has not
    /// written yet.
    gone_back: Vec<String>,
    /// It is complete in the text that a loop wrote last.
    now: bool,
    /// How often a person put it back with a new budget.
    renewed: usize,
}

/// The observations about all tasks.
#[derive(Debug, Default)]
pub(super) struct Promises(HashMap<String, Facts>);

impl Promises {
    /// Adds a task that depends on others.
    pub(super) fn knows(&mut self, id: &str, needs: &[String]) {
        let facts = Facts { needs: needs.to_vec(), ..Facts::default() };
        self.0.insert(id.to_owned(), facts);
    }

    /// Returns whether there is such a task.
    pub(super) fn is_known(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    fn of(&mut self, id: &str) -> &mut Facts {
        self.0.entry(id.to_owned()).or_default()
    }

    /// Checks the decision of a loop to begin an attempt.
    pub(super) fn begins(&mut self, id: &str) -> Result<(), String> {
        let needs = self.of(id).needs.clone();
        if let Some(need) = needs.iter().find(|need| !self.of(need).now) {
            return Err(format!("{id} begins before {need} is complete"));
        }
        if self.of(id).complete {
            return Err(format!("{id} was complete and begins again"));
        }
        if self.of(id).waits {
            return Err(format!("the change of {id} waits to land, and {id} begins again"));
        }
        Ok(())
    }

    /// Checks the decision of a loop to land the change of the task.
    pub(super) fn begins_to_land(&mut self, id: &str) -> Result<(), String> {
        match self.of(id).complete {
            true => Err(format!("{id} was complete and lands again")),
            false => Ok(()),
        }
    }

    /// Checks the start of an agent.
    pub(super) fn starts(&mut self, id: &str, machine: &Machine) -> Result<(), String> {
        let facts = self.of(id);
        facts.starts += 1;
        let most = BUDGET * (1 + facts.renewed) + facts.excused;
        if facts.starts > most {
            return Err(format!("{id} started {} times, {most} are allowed", facts.starts));
        }
        Self::works_alone(id, machine)
    }

    /// Checks that one agent or landing, which starts now, works on the task.
    pub(super) fn works_alone(id: &str, machine: &Machine) -> Result<(), String> {
        let is_work = |it: &Living| it.task == id && it.role == Role::Agent;
        if machine.living().iter().filter(|it| is_work(it)).count() > 1 {
            return Err(format!("two agents work on {id}"));
        }
        Ok(())
    }

    /// Records that the change of the task is on the target.
    pub(super) fn lands(&mut self, id: &str) {
        self.of(id).passed += 1;
    }

    /// Records that the change of the task does not land and goes back to an agent.
    pub(super) fn goes_back(&mut self, id: &str, change: String) {
        let facts = self.of(id);
        facts.waits = false;
        facts.gone_back.push(change);
    }

    /// Records how an attempt ended.
    pub(super) fn ends(&mut self, id: &str, end: End) {
        let facts = self.of(id);
        match end {
            End::Passes => facts.passed += 1,
            End::Fails => {}
            End::Asks | End::Lost | End::Moved | End::Interrupted => facts.excused += 1,
        }
    }

    /// Allows one more start: the end of an attempt may not have been written because its loop was
    /// killed.
    pub(super) fn excuses(&mut self, id: &str) {
        if let Some(facts) = self.0.get_mut(id) {
            facts.excused += 1;
        }
    }

    /// Records that the work of a task is no longer in the tree.
    pub(super) fn loses(&mut self, id: &str) {
        let facts = self.of(id);
        (facts.complete, facts.passed, facts.by_hand) = (false, 0, false);
        facts.waits = false;
    }

    /// Returns whether the task was seen complete.
    pub(super) fn is_complete(&mut self, id: &str) -> bool {
        self.of(id).complete
    }

    /// Records that a person gave the task a new budget and wants it done, even if it was set back.
    pub(super) fn renews(&mut self, id: &str) {
        self.of(id).renewed += 1;
        self.opens(id);
    }

    /// Records that a person reset the task, as if it had never run.
    pub(super) fn resets(&mut self, id: &str) {
        let facts = self.of(id);
        facts.renewed += 1;
        (facts.complete, facts.passed, facts.waits) = (false, 0, false);
    }

    /// Records that a person opened the task again.
    pub(super) fn opens(&mut self, id: &str) {
        let facts = self.of(id);
        (facts.complete, facts.waits) = (false, false);
    }

    /// Records that a person may have opened the task: a verb failed or was killed, or an edit
    /// opened it, which the journal does not record as an event of the task.
    pub(super) fn may_be_open(&mut self, id: &str) {
        self.opens(id);
        self.of(id).is_unsure = true;
    }

    /// Records that any task may be redone. The next text that a loop writes shows which ones are
    /// complete anyway.
    pub(super) fn all_open(&mut self) {
        self.0.values_mut().for_each(|facts| {
            (facts.complete, facts.waits) = (false, false);
        });
    }

    /// Records that a person wrote that the task is done.
    pub(super) fn by_hand(&mut self, id: &str) {
        self.of(id).by_hand = true;
    }

    /// Records that a person did the work. Nothing shows later whether that work is there: after an
    /// older text comes back, the task is done again.
    pub(super) fn is_done(&mut self, id: &str) {
        self.by_hand(id);
        self.opens(id);
        self.of(id).renewed += 1;
    }

    /// Checks a text that a loop wrote.
    pub(super) fn written(&mut self, queue: &Value) -> Result<(), String> {
        let tasks = queue["tasks"].as_array().ok_or("no tasks")?;
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for task in tasks {
            let id = task["id"].as_str().unwrap_or_default();
            let status = task["status"].as_str().unwrap_or("pending");
            *counts.entry(status).or_default() += 1;
            let facts = self.of(id);
            facts.now = status == "complete";
            if facts.now && facts.passed == 0 && !facts.by_hand {
                return Err(format!("{id} is complete, and nothing passed"));
            }
            // A task that a person reported as done is redone after an older text comes back:
            // nothing can verify its work.
            let stays = !facts.by_hand && !facts.is_unsure;
            facts.complete |= facts.now && facts.passed > 0 && stays;
            let change = task["change"]["commit"].as_str().filter(|_| status == "in_progress");
            facts.waits |= change.is_some_and(|it| facts.gone_back.iter().all(|gone| gone != it));
            facts.waits &= status != "complete";
        }
        for (word, count) in counts {
            if queue["summary"][word].as_u64() != Some(count) {
                return Err(format!("the summary does not say {count} for {word}"));
            }
        }
        Ok(())
    }

    /// Checks the final state, when nothing more happens.
    pub(super) fn is_over(&mut self, queue: &Value, hands: &Hands) -> Result<(), String> {
        if let Some(attempt) = hands.all().first() {
            return Err(format!("an attempt of {} is left", attempt.job.id));
        }
        self.written(queue)?;
        let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
        if tasks.len() != self.0.len() {
            return Err(format!("{} tasks of {} are left", tasks.len(), self.0.len()));
        }
        for task in &tasks {
            let id = task["id"].as_str().unwrap_or_default().to_owned();
            let status = task["status"].as_str().unwrap_or("pending");
            if self.of(&id).complete && status != "complete" {
                return Err(format!("{id} was complete and is {status}"));
            }
            let waits = self.of(&id).needs.clone();
            let waits = waits.iter().any(|need| !self.of(need).now);
            // An edit opens a task, but gives no budget.
            let used = task["budget_used"].as_u64().or(task["attempts"].as_u64());
            let spent = used.unwrap_or(0) >= BUDGET as u64;
            let rests = ["complete", "blocked", "parked"].contains(&status);
            if !rests && !waits && !spent {
                return Err(format!("{id} is {status}, and nobody works: {task}"));
            }
        }
        Ok(())
    }
}
