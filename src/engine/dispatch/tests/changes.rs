//! Whole changes: results are written, claims of dead workers are ended, and the next tasks are
//! claimed.

use super::super::change::{Made, Work};
use super::super::recovery::Dead;
use super::super::{Dispatcher, InReview, SlotIx, record::After};
use super::*;
use crate::domain::{Backoff, Waits};
use crate::engine::attempt::{ProfileKey, ToLand};
use crate::platform::claim_tag;
use crate::platform::ids::RandomIds;
use crate::project::Scope;
use crate::store::attempts::AttemptFolder;
use crate::store::{Backoffs, Patience, TaskKey, TaskRef, Trees, place_of};
use std::collections::HashSet;

/// What begins nothing but attempts.
const PLAIN: &str = "untouched = false\n";

/// A loop over a project with two slots.
pub(super) struct Loop {
    pub(super) case: Case,
    dispatcher: Dispatcher,
}

impl Loop {
    fn new(more: &str, tasks: Value) -> Self {
        Self::over(Case::new(more, tasks))
    }

    pub(super) fn over(case: Case) -> Self {
        Self::on(case, Table::new(&[7]))
    }

    fn on(case: Case, table: Table) -> Self {
        let workers = ["h:7:00000001", "h:7:00000002"].map(WorkerId::new).to_vec();
        let (planner, keeper) = (Planner::default(), case.keeper_on(table));
        let dispatcher = Dispatcher::new(planner, keeper, workers, Scope::default(), tools());
        Self { case, dispatcher }
    }

    fn change(&mut self, work: &Work<'_>) -> Made {
        let mut made = Made::default();
        let dispatcher = &mut self.dispatcher;
        let (set, store) = self.case.project.parts_mut();
        let updated = store.update(Patience::Limited, &mut |draft| {
            made = dispatcher.change(draft, set, work)?;
            Ok(())
        });
        updated.unwrap();
        made
    }

    /// Makes the change for `finished`, with no idle slot.
    pub(super) fn end(&mut self, finished: Finished) -> Made {
        self.change(&Work { finished: &[(SlotIx::new(0), finished)], ..work(&[]) })
    }

    pub(super) fn task(&self, id: &str) -> Value {
        let place = self.case.place(id);
        let queue = &self.case.project.queues()[place.queue];
        serde_json::from_str(queue.task_text(place.task)).unwrap()
    }

    /// Returns the kinds of the events so far.
    fn journal(&self) -> Vec<String> {
        let kind = |event: &Event| json!(event.event).as_str().unwrap_or_default().to_owned();
        self.case.memory.events(&self.case.queue).iter().map(kind).collect()
    }

    /// Returns the claimed tasks, each with its slot.
    fn claims(&self, made: &Made) -> Vec<(usize, String)> {
        let id = |place: Place| {
            self.case.project.queues()[place.queue].tasks()[place.task].id.to_string()
        };
        made.claimed.iter().map(|claimed| (claimed.slot.index(), id(claimed.place))).collect()
    }
}

/// Work for these idle slots, without limits.
fn work(free: &[usize]) -> Work<'static> {
    let free = free.iter().copied().map(SlotIx::new).collect();
    Work { free, most: 9, failures_left: 3, ..Work::default() }
}

fn task(id: &str) -> Value {
    json!({"id": id, "title": id, "status": "pending"})
}

fn ids(all: &[(usize, &str)]) -> Vec<(usize, String)> {
    all.iter().map(|(slot, id)| (*slot, (*id).to_owned())).collect()
}

#[test]
fn a_slot_gets_the_next_task_with_a_claim_of_its_worker() {
    let mut it = Loop::new(PLAIN, json!([task("A"), task("B"), task("C")]));
    let made = it.change(&work(&[1, 0]));
    assert_eq!(it.claims(&made), ids(&[(1, "A"), (0, "B")]));
    assert_eq!(made.left, 1);
    assert_eq!(it.task("A")["claim"]["worker"], "h:7:00000002");
    assert_eq!(it.task("B")["claim"]["worker"], "h:7:00000001");
    assert_eq!(it.journal(), ["claimed", "claimed"]);
    assert_eq!((it.dispatcher.name(), made.claimed[1].token.attempt), ("h:7:00000001".into(), 1));
    let shown = format!("{:?} {}", it.dispatcher, SlotIx::new(3));
    assert!(shown.contains("h:7:00000002") && shown.ends_with(" 3"), "{shown}");
}

#[test]
fn a_failed_attempt_is_repeated_by_its_slot_under_the_same_tag() {
    let mut it = Loop::new(PLAIN, json!([claimed("A", 1), task("B")]));
    // The supervisor of the attempt still holds the lock of the claim.
    let (set, key) = (it.case.project.set(), it.case.failed("A").job.key);
    let hold = set.claims().take(set.real(QueueIx::FIRST), &key).unwrap();
    assert!(hold.is_some());
    let made = it.end(it.case.failed("A"));
    assert!(matches!(made.recorded[0].after, After::Again(_)), "{:?}", made.recorded);
    assert_eq!(it.claims(&made), ids(&[(0, "A")]));
    let again = it.task("A");
    assert_eq!((&again["attempts"], &again["claim"]["tag"]), (&json!(2), &json!("ab".repeat(16))));
    assert_eq!(it.journal(), ["retried", "claimed"]);
    drop(hold);
}

#[test]
fn a_slot_without_a_supervisor_repeats_nothing() {
    let back: Change = |it| it.change = Some(carried(it, CameTo::Back(Vec::new())));
    let lost: Change = |it| (it.report.outcome, it.report.verdict) = (Outcome::Lost, None);
    let landing: Change = |it| {
        it.change = Some(carried(it, CameTo::Back(Vec::new())));
        let change = carried(it, CameTo::Waits(None)).change().unwrap();
        it.job.to_land = Some(ToLand { change, entry: None });
    };
    let interrupted: Change = |it| it.report.verdict = None;
    for (why, change) in [
        ("its change did not merge", back),
        ("its landing did not merge", landing),
        ("its supervisor vanished", lost),
        ("it was interrupted", interrupted),
    ] {
        let mut it = Loop::new(PLAIN, json!([claimed("A", 1), task("B")]));
        let mut finished = it.case.failed("A");
        change(&mut finished);
        let made = it.end(finished);
        assert_eq!(made.recorded.len(), 1);
        assert_eq!(it.claims(&made), [], "{why}");
        assert_eq!(it.task("A")["status"], "pending", "{why}");
    }
}

#[test]
fn nothing_is_claimed_when_too_many_tasks_were_blocked() {
    let blocked = |failures_left| {
        let mut it = Loop::new(PLAIN, json!([claimed("A", 1), task("B")]));
        let mut finished = it.case.failed("A");
        finished.report.verdict = Some(Verdict::Blocked);
        let ended = [(SlotIx::new(0), finished)];
        let made = it.change(&Work { finished: &ended, failures_left, ..work(&[0]) });
        assert_eq!(it.task("A")["status"], "blocked");
        it.claims(&made)
    };
    assert_eq!(blocked(1), []);
    assert_eq!(blocked(2), ids(&[(0, "B")]));
}

#[test]
fn a_result_of_a_claim_that_ended_is_not_written() {
    let other = json!({"claim": {"worker": "h:9:00000000", "attempt": 1, "since": ""}});
    let other = with(claimed("A", 1), other);
    for (tasks, why) in [
        (json!([other]), "worker h:9:00000000 has it"),
        (json!([task("B")]), "it is no longer in the queue"),
        (json!([with(task("A"), json!({"status": "parked"}))]), "it is parked"),
    ] {
        let mut it = Loop::new(PLAIN, tasks);
        let before = it.case.memory.text(&it.case.queue);
        let finished = Case::new(PLAIN, json!([claimed("A", 1)])).passed("A");
        let made = it.end(finished);
        assert_eq!(made.recorded[0].after, After::Lost(why.to_owned()));
        assert_eq!(it.case.memory.text(&it.case.queue), before);
        assert_eq!(it.journal(), Vec::<String>::new());
    }
}

#[test]
fn a_change_that_still_waits_is_not_written_again() {
    let change = json!({"commit": "c".repeat(40), "base": "b".repeat(40), "verdict": "PASS",
        "waits": "landing"});
    let mut it = Loop::new(PLAIN, json!([with(claimed("A", 1), json!({"change": change}))]));
    let landing = |it: &Loop, reason: Option<&str>| {
        let mut finished = it.case.interrupted("A");
        let change = serde_json::from_value(change.clone()).unwrap();
        finished.job.to_land = Some(ToLand { change, entry: None });
        finished.report.reason = reason.map(str::to_owned);
        finished
    };
    let made = it.end(landing(&it, None));
    assert_eq!(made.recorded[0].after, After::Lands(None));
    assert_eq!(it.journal(), Vec::<String>::new());
    let made = it.end(landing(&it, Some("edits")));
    assert_eq!(made.recorded[0].after, After::Lands(Some("edits".to_owned())));
    assert_eq!(it.journal().len(), 1);
    assert_eq!(it.task("A")["change"]["obstacle"], "edits");
}

/// Returns what the third attempt comes to if it ends like the two before.
fn third(more: &str, change: Change) -> After {
    let mut it = Loop::new(&format!("{PLAIN}attempts = 9\n{more}"), json!([claimed("A", 3)]));
    let mut finished = it.case.failed("A");
    change(&mut finished);
    for attempt in 1..=3 {
        let folder = AttemptFolder::new(&finished.job.state, &finished.job.key, attempt);
        folder.put_report(&finished.report).unwrap();
    }
    it.end(finished).recorded.remove(0).after
}

#[test]
fn lost_attempts_and_conflicts_in_a_row_reach_a_person() {
    let lost: Change = |it| (it.report.outcome, it.report.verdict) = (Outcome::Lost, None);
    assert!(matches!(third("crashes = 4\n", lost), After::Again(_)));
    assert!(matches!(third("crashes = 3\n", lost), After::Blocked(_)));
    let conflict: Change = |it| it.report.reason_code = Some(ReasonCode::Conflict);
    assert!(matches!(third("[landing]\nconflicts = 3\n", conflict), After::Again(_)));
    assert!(matches!(third("[landing]\nconflicts = 2\n", conflict), After::Blocked(_)));
    // Failures of other kinds are counted by the budget alone.
    assert!(matches!(third("crashes = 1\n[landing]\nconflicts = 0\n", |_| {}), After::Again(_)));
}

#[test]
fn a_claim_of_a_dead_worker_ends_and_its_change_is_taken_over() {
    let change =
        json!({"change": {"commit": "c", "base": "b", "verdict": "PASS", "waits": "landing"}});
    let tasks = json!([claimed("A", 1), with(claimed("B", 1), change)]);
    let mut it = Loop::new(PLAIN, tasks);
    let dead: Vec<Dead> = ["A", "B"]
        .map(|id| {
            let (queues, place) = (it.case.project.queues(), it.case.place(id));
            let claim = queues[place.queue].tasks()[place.task].claim().cloned();
            Dead { task: TaskRef::at(queues, place), claim }
        })
        .to_vec();
    let made = it.change(&Work { dead: &dead, most: 0, ..work(&[]) });
    assert_eq!(it.task("A")["status"], "pending");
    assert_eq!(it.journal()[0], "stale_claim");
    let [adopted] = made.adopted.as_slice() else { panic!("{:?}", made.adopted) };
    assert_eq!(adopted.task.id.as_str(), "B");
    assert_eq!(it.task("B")["claim"]["worker"], "h:7:00000002");
}

#[test]
fn a_task_that_another_process_holds_is_left_to_it() {
    let mut it = Loop::new(PLAIN, json!([task("A"), task("B")]));
    let set = it.case.project.set();
    let real = set.real(QueueIx::FIRST);
    let hold = set.claims().take(real, &TaskKey::new(real, "A")).unwrap();
    let made = it.change(&work(&[0]));
    assert_eq!(it.claims(&made), ids(&[(0, "B")]));
    drop(hold);
    let made = it.change(&work(&[1]));
    assert_eq!(it.claims(&made), ids(&[(1, "A")]));
}

#[test]
fn a_task_whose_processes_do_not_end_is_left_alone() {
    let case = Case::new(PLAIN, json!([task("A"), task("B")]));
    let real = case.project.set().real(QueueIx::FIRST);
    let tag = TaskKey::new(real, "A").tag(place_of(real), &"0".repeat(32));
    let table = Table { stubborn: Some(claim_tag::value(None, &tag)), ..Table::new(&[7]) };
    let mut it = Loop::on(case, table);
    let made = it.change(&work(&[0]));
    assert_eq!(it.claims(&made), ids(&[(0, "B")]));
    let own = HashSet::from([made.claimed[0].token.clone()]);
    let (set, queues) = (it.case.project.set(), it.case.project.queues());
    let others = it.dispatcher.others(set, queues, &own).unwrap();
    assert_eq!(others.unclear, ["task A: process 98 of its last attempt does not end"]);
    assert!(others.dead.is_empty() && others.untold.is_empty());
}

#[test]
fn one_loop_judges_the_tree_and_all_others_wait() {
    let mut it = Loop::new("", json!([task("A"), task("B")]));
    let made = it.change(&work(&[0, 1]));
    let (slot, wanted) = made.wanted.as_ref().expect("a judge");
    assert_eq!((slot.index(), wanted.profile.name.as_str()), (0, "default"));
    assert_eq!((it.claims(&made), made.left), (Vec::new(), 2));
    assert!(!it.dispatcher.trees().are_judged(), "it was not being judged before");
    // While it is being judged, nothing begins.
    let again = it.change(&work(&[1]));
    assert!(again.wanted.is_none() && again.claimed.is_empty(), "{again:?}");
    assert!(it.dispatcher.trees().are_judged());
    let key = wanted.profile.key.clone();
    drop(made);
    it.dispatcher.trees_mut().untouched_mut().learn(&key, Some(None), HashSet::new());
    let made = it.change(&work(&[0, 1]));
    assert_eq!(it.claims(&made), ids(&[(0, "A"), (1, "B")]));
}

#[test]
fn a_tree_whose_lock_cannot_be_taken_is_not_judged() {
    let mut it = Loop::new("", json!([task("A")]));
    let root = it.case.project.set().root(QueueIx::FIRST).to_owned();
    // The claim of the verification is held elsewhere: attempts do not wait for it.
    let set = it.case.project.set();
    let real = set.real(QueueIx::FIRST);
    let hold = set.claims().take(real, &TaskKey::new(real, "")).unwrap();
    let made = it.change(&work(&[0]));
    assert!(made.wanted.is_none());
    assert_eq!(it.claims(&made), ids(&[(0, "A")]));
    assert!(!Trees::of(&root).are_judged(), "its lock was given back");
    drop(hold);
}

#[test]
fn what_a_loop_knows_can_be_told_and_corrected() {
    let mut it = Loop::new(PLAIN, json!([with(task("A"), json!({"agent": "default"}))]));
    let root = it.case.project.set().root(QueueIx::FIRST).to_owned();
    let key = ProfileKey::new(&root, &[]);
    assert!(it.dispatcher.trees().untouched().wants(&key));
    it.dispatcher.trees_mut().give_up(&key);
    assert!(!it.dispatcher.trees().untouched().wants(&key));
    // An agent whose pause is over is tried by the loop that takes the right to do so.
    let failing = Backoff { failures: 1, ..Backoff::new("default", at(-5)) };
    let backoffs = Backoffs::of(&root);
    backoffs.change("default", &RandomIds, |_| (Some(failing.clone()), ())).unwrap();
    let made = it.change(&work(&[0]));
    assert_eq!(it.claims(&made), []);
    let held: Vec<&str> =
        it.dispatcher.resting().held().iter().map(|pause| pause.agent.as_str()).collect();
    assert_eq!(held, ["default"]);
    let set = it.case.project.set();
    let warnings = it.dispatcher.resting_mut().try_agents(set, &still(), &RandomIds);
    assert!(warnings.is_empty(), "{warnings:?}");
    let made = it.change(&work(&[0]));
    assert_eq!(it.claims(&made), ids(&[(0, "A")]));
    assert_eq!(made.tried.len(), 1);
}

#[test]
fn what_a_person_decided_about_a_review_is_read() {
    let change = json!({"commit": "c", "base": "b", "verdict": "PASS", "waits": "review"});
    let decided = |more: Value| {
        let task = with(claimed("A", 1), json!({"change": change}));
        let mut it = Loop::new(PLAIN, json!([with(task, more)]));
        let task = TaskRef::at(it.case.project.queues(), it.case.place("A"));
        let reviews = [InReview { task, token: token(1) }];
        let made = it.change(&Work { reviews: &reviews, most: 0, ..work(&[]) });
        let waits =
            made.reviews.into_iter().map(|it| (it.token.attempt, it.change.map(|it| it.waits)));
        waits.collect::<Vec<(u32, Option<Waits>)>>()
    };
    assert_eq!(decided(json!({})), [], "nobody decided");
    let mut approved = json!({"change": change});
    approved["change"]["waits"] = json!("landing");
    assert_eq!(decided(approved), [(1, Some(Waits::Landing))]);
    let other = json!({"claim": {"worker": "h:9:00000000", "attempt": 1, "since": ""}});
    assert_eq!(decided(other), [(1, None)], "another worker has it");
    assert_eq!(decided(json!({"status": "parked", "claim": null})), [(1, None)]);
    // The task was removed.
    let mut it = Loop::new(PLAIN, json!([claimed("A", 1)]));
    let task = TaskRef::at(it.case.project.queues(), it.case.place("A"));
    let gone = TaskRef { id: crate::domain::TaskId::new("X").unwrap(), ..task };
    let reviews = [InReview { task: gone, token: token(1) }];
    let made = it.change(&Work { reviews: &reviews, most: 0, ..work(&[]) });
    assert!(matches!(made.reviews.as_slice(), [it] if it.change.is_none()));
}
