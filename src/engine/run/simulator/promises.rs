//! What must hold after every step, and at the end.

use super::hands::{End, Hands};
use super::machine::{Machine, Role};
use serde_json::Value;
use std::collections::HashMap;

/// How many attempts of a task may fail.
pub(super) const BUDGET: usize = 3;

/// What is known of a task from outside.
#[derive(Debug, Default)]
struct Facts {
    needs: Vec<String>,
    /// Agents that were started.
    starts: usize,
    /// Of those, how many came to something else than a failure that was written.
    excused: usize,
    /// Attempts whose work passed.
    passed: usize,
    /// A person wrote into the file that it is done, which no journal knows.
    by_hand: bool,
    /// It was seen complete.
    complete: bool,
    /// It is complete in the text that a loop wrote last.
    now: bool,
    /// A person put it back with a new budget: so often.
    renewed: usize,
}

/// What was seen of all tasks.
#[derive(Debug, Default)]
pub(super) struct Promises(HashMap<String, Facts>);

impl Promises {
    /// A task that waits for others.
    pub(super) fn knows(&mut self, id: &str, needs: &[String]) {
        let facts = Facts { needs: needs.to_vec(), ..Facts::default() };
        self.0.insert(id.to_owned(), facts);
    }

    /// Whether there is such a task.
    pub(super) fn is_known(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    fn of(&mut self, id: &str) -> &mut Facts {
        self.0.entry(id.to_owned()).or_default()
    }

    /// A loop decided to begin an attempt.
    pub(super) fn begins(&mut self, id: &str) -> Result<(), String> {
        let needs = self.of(id).needs.clone();
        if let Some(need) = needs.iter().find(|need| !self.of(need).now) {
            return Err(format!("{id} begins before {need} is complete"));
        }
        if self.of(id).complete {
            return Err(format!("{id} was complete and begins again"));
        }
        Ok(())
    }

    /// An agent starts.
    pub(super) fn starts(&mut self, id: &str, machine: &Machine) -> Result<(), String> {
        let facts = self.of(id);
        facts.starts += 1;
        let most = BUDGET * (1 + facts.renewed) + facts.excused;
        if facts.starts > most {
            return Err(format!("{id} started {} times, {most} are allowed", facts.starts));
        }
        let works = |role: Role| {
            machine.living().iter().filter(|it| it.task == id && it.role == role).count()
        };
        // This one is among them.
        if works(Role::Agent) > 1 {
            return Err(format!("two agents work on {id}"));
        }
        Ok(())
    }

    /// An attempt ended so.
    pub(super) fn ends(&mut self, id: &str, end: End) {
        let facts = self.of(id);
        match end {
            End::Passes => facts.passed += 1,
            End::Fails => {}
            End::Asks | End::Lost | End::Interrupted => facts.excused += 1,
        }
    }

    /// An attempt may not have been written: its loop died.
    pub(super) fn excuses(&mut self, id: &str) {
        if let Some(facts) = self.0.get_mut(id) {
            facts.excused += 1;
        }
    }

    /// Its work is not there any more.
    pub(super) fn loses(&mut self, id: &str) {
        let facts = self.of(id);
        (facts.complete, facts.passed, facts.by_hand) = (false, 0, false);
    }

    /// Whether it was seen complete.
    pub(super) fn is_complete(&mut self, id: &str) -> bool {
        self.of(id).complete
    }

    /// A person gave it a new budget, and wants it to be done, also where it was set back.
    pub(super) fn renews(&mut self, id: &str) {
        self.of(id).renewed += 1;
        self.opens(id);
    }

    /// A person reset it, as if it had never run.
    pub(super) fn resets(&mut self, id: &str) {
        let facts = self.of(id);
        facts.renewed += 1;
        (facts.complete, facts.passed) = (false, 0);
    }

    /// A person opened it.
    pub(super) fn opens(&mut self, id: &str) {
        self.of(id).complete = false;
    }

    /// Any of them may be done again; what is complete all the same is seen so.
    pub(super) fn all_open(&mut self) {
        self.0.values_mut().for_each(|facts| facts.complete = false);
    }

    /// A person wrote that it is done.
    pub(super) fn by_hand(&mut self, id: &str) {
        self.of(id).by_hand = true;
    }

    /// A person did it. Nothing tells later whether that is there: with an older text it is done again.
    pub(super) fn is_done(&mut self, id: &str) {
        self.by_hand(id);
        self.of(id).renewed += 1;
    }

    /// What a loop wrote.
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
            // What a person says to be done is done again with an older text: nobody can look for it.
            facts.complete |= facts.now && facts.passed > 0 && !facts.by_hand;
        }
        for (word, count) in counts {
            if queue["summary"][word].as_u64() != Some(count) {
                return Err(format!("the summary does not say {count} for {word}"));
            }
        }
        Ok(())
    }

    /// How it must be when nothing more happens.
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
            // An edit opens a task, and gives no budget.
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
