//! Schedules: what happens in which order, and the search for the shortest one that still breaks a
//! promise.

use super::baton::Harm;
use super::chance::Chance;
use super::end::End;
use super::hands::Attempt;
use super::machine::Role;
use super::world::World;
use crate::domain::{Transition, Verdict};
use crate::platform::fault::Fault;
use crate::project::verbs;
use crate::store::tests::places::Kind;
use chrono::TimeDelta;
use serde_json::Map;
use std::collections::HashSet;
use std::time::Duration;

/// A schedule.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) seed: u64,
    pub(super) steps: usize,
    /// Steps that are left out.
    without: HashSet<usize>,
    pub(super) faults: Vec<Fault>,
    kind: Kind,
}

/// A promise that was broken.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) why: String,
    pub(super) trace: Vec<String>,
}

impl Schedule {
    /// Creates the schedule of `seed`.
    pub(super) fn of(kind: Kind, seed: u64, faults: &[Fault]) -> Self {
        let steps = 20 + Chance::new(seed).below(181);
        Self { seed, steps, without: HashSet::new(), faults: faults.to_vec(), kind }
    }

    /// Runs it. Returns how many steps were checked.
    pub(super) fn run(&self) -> Result<usize, Broken> {
        let mut world = World::random(self.kind, &mut Chance::new(self.seed), &self.faults);
        let ran = self.happen(&mut world);
        let mut trace = std::mem::take(&mut world.trace);
        ran.map(|()| trace.len()).map_err(|why| {
            trace.extend(world.journal());
            Broken { why, trace }
        })
    }

    fn happen(&self, world: &mut World) -> Result<(), String> {
        for number in 0..self.steps {
            if !self.without.contains(&number) {
                step(world, &mut Chance::of_step(self.seed, number))?;
            }
        }
        settle(world, &mut Chance::of_step(self.seed, usize::MAX))
    }

    /// Returns a shorter schedule that still breaks a promise.
    pub(super) fn shrunk(mut self) -> Self {
        let breaks = |schedule: &Self| schedule.run().is_err();
        let mut size = self.steps.div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.steps {
                let mut less = self.clone();
                less.without.extend(from..(from + size).min(self.steps));
                if less.without.len() > self.without.len() && breaks(&less) {
                    self = less;
                }
                from += size;
            }
            size /= 2;
        }
        self
    }
}

/// Makes one step: mostly progress, sometimes harm.
fn step(world: &mut World, chance: &mut Chance) -> Result<(), String> {
    match chance.below(100) {
        0..=9 if world.loops.len() < world.most => world.start_loop(chance),
        0..=49 if !world.loops.is_empty() => {
            world.common.machine.pass(Duration::from_millis(chance.below(2000) as u64));
            world.turn(chance.below(world.loops.len()))?;
        }
        0..=49 => world.start_loop(chance),
        50..=79 => attempts(world, chance)?,
        80..=83 if !world.loops.is_empty() => world.crash(chance.below(world.loops.len())),
        84..=85 => strays(world, chance),
        86..=88 if !world.loops.is_empty() => harms(world, chance)?,
        89..=91 => set_back(world, chance),
        92 => world.forget_state(),
        93..=94 => edits(world, chance),
        95..=96 => breaks(world, chance),
        97 => verb(world, chance)?,
        _ => {
            let hours = TimeDelta::hours(chance.below(400) as i64 - 200);
            world.common.machine.set_clock(hours);
            world.say(format!("the time of day is set by {} h", hours.num_hours()));
        }
    }
    Ok(())
}

/// Starts or ends an attempt or a landing.
fn attempts(world: &mut World, chance: &mut Chance) -> Result<(), String> {
    let count = world.common.hands.all().len();
    if count == 0 {
        return Ok(());
    }
    let at = chance.below(count);
    let (runs, stops) = {
        let all = world.common.hands.all();
        let it = &all[at];
        (it.processes.is_some(), it.is_cancelled() || it.is_landing() && it.is_void)
    };
    if stops {
        world.end(at, End::Interrupted);
        return Ok(());
    }
    if !runs {
        return world.start(at);
    }
    let (is_of_task, is_landing) = {
        let all = world.common.hands.all();
        (all[at].is_of_task(), all[at].is_landing())
    };
    let end = match chance.below(10) {
        _ if !is_of_task => tree(world),
        5 if is_landing => End::Moved,
        0..=4 => End::Passes,
        5..=7 => End::Fails,
        8 => End::Lost,
        _ if chance.once_in(2) => End::Asks,
        _ => End::Interrupted,
    };
    world.end(at, end);
    Ok(())
}

/// Kills a loop while it writes, or lets the disk be full then.
fn harms(world: &mut World, chance: &mut Chance) -> Result<(), String> {
    let at = chance.below(world.loops.len());
    let after = chance.below(16);
    world.loops[at].harm(after, harm(chance));
    world.turn(at)
}

fn harm(chance: &mut Chance) -> Harm {
    if chance.once_in(2) { Harm::Full(chance.below(8)) } else { Harm::Killed }
}

/// Returns the result of a verification of the tree.
fn tree(world: &World) -> End {
    if world.lost.is_empty() { End::Passes } else { End::Fails }
}

/// Lets an agent that lost its supervisor exit by itself.
fn strays(world: &mut World, chance: &mut Chance) {
    let living = world.common.machine.living();
    let kept: Vec<u32> = {
        let all = world.common.hands.all();
        all.iter().filter_map(|attempt| Some(attempt.processes?.1)).collect()
    };
    let is_stray = |pid: u32| !kept.contains(&pid);
    let strays: Vec<_> =
        living.into_iter().filter(|it| it.role == Role::Agent && is_stray(it.pid)).collect();
    if !strays.is_empty() {
        let stray = &strays[chance.below(strays.len())];
        world.common.machine.end(stray.pid);
        world.say(format!("a stray of {} ends", stray.task));
    }
}

/// Puts an older text back, as `git checkout` does.
fn set_back(world: &mut World, chance: &mut Chance) {
    if world.whole.is_none() && !world.earlier.is_empty() {
        let at = chance.below(world.earlier.len());
        let text = world.earlier[at].clone();
        world.put(&text);
        brings_work_along(world);
        if chance.once_in(3) && !world.is_judged() {
            takes_work_along(world);
        }
        world.say(format!("text {at} of {} comes back", world.earlier.len()));
    }
}

/// Brings the work of every task that is complete in the text into the tree.
fn brings_work_along(world: &mut World) {
    let queue = world.queue().unwrap_or_default();
    for task in queue["tasks"].as_array().into_iter().flatten() {
        let id = task["id"].as_str().unwrap_or_default();
        if task["status"] == "complete" {
            world.lost.remove(id);
            world.promises.by_hand(id);
        }
    }
}

/// Sets the tree back to the age of the text: work that was finished since is gone.
fn takes_work_along(world: &mut World) {
    let queue = world.queue().unwrap_or_default();
    let tasks = queue["tasks"].as_array().into_iter().flatten();
    let open = tasks.filter(|task| task["status"] != "complete");
    for id in open.filter_map(|task| task["id"].as_str()) {
        if world.promises.is_complete(id) {
            world.promises.loses(id);
            world.lost.insert(id.to_owned());
            world.say(format!("the work of {id} is gone"));
        }
    }
}

/// Writes a status into the file, as an agent does.
fn edits(world: &mut World, chance: &mut Chance) {
    // Before anything was recorded, the file is the only source.
    let Some(mut queue) = world.queue().filter(|_| !world.earlier.is_empty()) else { return };
    let Some(tasks) = queue["tasks"].as_array_mut() else { return };
    let at = chance.below(tasks.len());
    let Some(task) = tasks.get_mut(at) else { return };
    let id = task["id"].as_str().unwrap_or_default().to_owned();
    let word = ["complete", "pending", "in_progress"][chance.below(3)];
    task["status"] = word.into();
    if chance.once_in(2) {
        task["attempts"] = 0.into();
    }
    world.put(&serde_json::to_vec_pretty(&queue).unwrap_or_default());
    world.say(format!("{id} is edited: {word}"));
    // While attempts run, an edit can only open finished work; the rest is ignored.
    let beside = world.common.hands.all().iter().any(|attempt| attempt.processes.is_some());
    match word {
        // For lost work the file may already contain this status, so there is no edit.
        "complete" if !beside || world.lost.remove(&id) => world.promises.by_hand(&id),
        "pending" => world.promises.may_be_open(&id),
        "in_progress" if !beside => world.promises.may_be_open(&id),
        _ => {}
    }
}

/// Makes the text invalid, or restores it.
fn breaks(world: &mut World, chance: &mut Chance) {
    if let Some(text) = world.whole.take() {
        world.put(&text);
        world.say("the queue is whole again".to_owned());
    } else if chance.once_in(2) {
        let text = world.text();
        world.put(&text[..text.len() / 2]);
        world.whole = Some(text);
        world.say("the queue is broken".to_owned());
    }
}

/// Runs a verb, as a person does.
fn verb(world: &mut World, chance: &mut Chance) -> Result<(), String> {
    if world.whole.is_some() {
        return Ok(());
    }
    let id = format!("T{}", chance.below(12));
    let ids = [id.clone()];
    let kind = chance.below(4);
    let harm = if chance.once_in(3) { Some((chance.below(8), harm(chance))) } else { None };
    let done = world.person(harm, |project| match kind {
        0 => verbs::retry(project, &ids, None, &|_, _| Map::new())
            .map(|(ids, _)| ids)
            .map_err(|it| it.to_string()),
        1 => verbs::reset(project, &ids).map_err(|error| format!("{error:?}")),
        2 => verbs::transition(project, &ids, &Transition::Cancel).map_err(|it| it.to_string()),
        _ => verbs::before_done(project, &ids).map_err(|error| format!("{error:?}")).and_then(
            |(_, dead)| {
                let (by, note, verdict) = ("person".to_owned(), None, Verdict::Skipped);
                let said = verbs::Done { by, note, verdict };
                verbs::done(project, &ids, &said, &dead, &|_, _| Map::new())
                    .map_err(|error| error.to_string())
            },
        ),
    });
    let word = ["retry", "reset", "cancel", "done"][kind];
    // A write that failed at its rename counts if the text is put into another file before the next
    // one.
    let done = match done {
        Some(Err(why)) if harm.is_some() => {
            world.say(format!("{word} {id} fails: {why}"));
            None
        }
        other => other,
    };
    // A verb is refused if the task is being worked on or is unknown.
    match (kind, &done) {
        (_, None) if !world.promises.is_known(&id) => {}
        (_, Some(Err(why))) => world.say(format!("{word} {id} is refused: {why}")),
        // It is unknown whether the task was reset, and what passed may still be there.
        (1, None) => {
            world.promises.renews(&id);
            world.promises.may_be_open(&id);
        }
        (0, _) => world.promises.renews(&id),
        (1, _) => world.promises.resets(&id),
        (2, None) => {
            world.promises.excuses(&id);
            world.promises.may_be_open(&id);
        }
        (2, _) => {
            world.ended(&id);
            world.promises.opens(&id);
        }
        (_, _) => world.promises.is_done(&id),
    }
    match done {
        Some(Ok(_)) => world.say(format!("{word} {id}")),
        None => world.say(format!("nobody knows what became of {word} {id}")),
        Some(Err(_)) => {}
    }
    // A verdict that comes at the same moment counts no more.
    let is_late = |it: &Attempt| it.is_void && it.processes.is_some() && !it.is_landing();
    let late = world.common.hands.all().iter().position(is_late);
    if let Some(at) = late.filter(|_| chance.once_in(2)) {
        world.end(at, End::Passes);
    }
    Ok(())
}

/// Injects no more harm: everything must come to rest.
pub(super) fn settle(world: &mut World, chance: &mut Chance) -> Result<(), String> {
    const ROUNDS: usize = 400;
    /// How many loops must find nothing to do before the state is taken as final.
    const ENOUGH: usize = 3;
    let mut ended = 0;
    if world.whole.is_some() {
        breaks(world, chance);
    }
    for _ in 0..ROUNDS {
        strays(world, chance);
        while !world.common.hands.all().is_empty() {
            let (runs, stops, is_of_task) = {
                let all = world.common.hands.all();
                let it = &all[0];
                let stops = it.is_cancelled() || it.is_landing() && it.is_void;
                (it.processes.is_some(), stops, it.is_of_task())
            };
            match (stops, runs) {
                (true, _) => world.end(0, End::Interrupted),
                (false, true) if is_of_task => world.end(0, End::Passes),
                (false, true) => world.end(0, tree(world)),
                (false, false) => world.start(0)?,
            }
        }
        world.common.machine.pass(Duration::from_secs(2));
        if world.loops.is_empty() {
            let queue = world.queue().ok_or("the queue is no JSON")?;
            // The previous loop may not have read the last edit.
            if ended > 0 {
                match world.promises.is_over(&queue, &world.common.hands) {
                    Ok(()) => return world.is_tidy(),
                    Err(why) if ended > ENOUGH => return Err(why),
                    Err(_) => {}
                }
            }
            ended += 1;
            world.start_loop(chance);
        }
        let at = chance.below(world.loops.len());
        world.turn(at)?;
    }
    let queue = world.queue().ok_or("the queue is no JSON")?;
    world.promises.is_over(&queue, &world.common.hands)?;
    Err(format!("{} loops do not end", world.loops.len()))
}
