//! What the observer hears, and what is written about stages and hooks.

use super::super::observer::{Notice, Observer};
use super::super::running::{Kind, Running};
use super::super::teller::{Teller, event_of, of_hook};
use super::ends::step;
use super::outside::Heard;
use super::play::{Play, task};
use crate::domain::{Event, EventKind, HookPoint, HookReport, Outcome, StepKind, Typed, Verdict};
use crate::engine::attempt::{Finished, Job, Stage, Steering, not_started};
use crate::engine::dispatch::{After, SlotIx};
use crate::platform::clock::Clock;
use crate::store::new_event;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Returns what is heard of what `tell` tells.
fn heard(tell: impl FnOnce(&mut Teller<'_>)) -> Vec<String> {
    let said = Rc::new(RefCell::default());
    let mut heard = Heard(Rc::clone(&said));
    tell(&mut Teller::new(&mut heard, Typed::default()));
    said.take()
}

fn job() -> Job {
    let play = Play::new(json!([task("A")]));
    play.site.job(&play.site.open(), "A", 7)
}

fn running(job: &Job) -> Running {
    let steering = Steering { cancelled: Arc::default(), on_still: Box::new(|_| {}) };
    Running::new(Kind::Attempt, job, &Arc::new(steering))
}

#[test]
fn a_wait_is_said_when_it_changes_and_again_after_it_was_over() {
    let said = heard(|tell| {
        for text in ["", "a", "a", "b", "", "", "b"] {
            tell.waits(text.to_owned());
        }
    });
    assert_eq!(said, ["waits: a", "waits: b", "waits: b"]);
}

#[test]
fn a_warning_is_said_each_time_unless_it_is_to_be_said_once() {
    let said = heard(|tell| {
        tell.warn_once("a".to_owned());
        tell.warn("b");
        tell.warn("b");
        tell.warn_once("a".to_owned());
        tell.warn_once("b".to_owned());
        tell.warn_once("b".to_owned());
    });
    let [a, b] = ["warning: a", "warning: b"];
    assert_eq!(said, [a, b, b, b]);
}

/// Counts events.
#[derive(Default)]
struct Events(Vec<EventKind>, usize);

impl Observer for Events {
    fn notice(&mut self, notice: &Notice<'_>) {
        if let Notice::Event(event) = notice {
            self.0.push(event.event);
        } else {
            self.1 += 1;
        }
    }
}

#[test]
fn events_are_passed_on_and_edits_among_them_are_said() {
    let at = Play::new(json!([])).site.clock.now();
    let event = |kind, data: Value| {
        let data = data.as_object().unwrap().clone();
        let event = new_event(kind, at, "q.json".to_owned(), data);
        Event { task: Some("A".to_owned()), ..event }
    };
    let put_back = json!({"put_back": {"status": {"kept": "pending", "found": "complete"}},
        "status": "pending", "beside": true});
    let all = [event(EventKind::Claimed, json!({})), event(EventKind::ExternalEdit, put_back)];
    let count = |change: bool| {
        let mut events = Events::default();
        let mut teller = Teller::new(&mut events, Typed::default());
        if change {
            teller.change(&all)
        } else {
            teller.events(&all)
        }
        (events.0, events.1)
    };
    let kinds = vec![EventKind::Claimed, EventKind::ExternalEdit];
    assert_eq!(count(false), (kinds.clone(), 0));
    assert_eq!(count(true), (kinds, 1));
}

#[test]
fn a_stage_is_an_event_of_its_attempt() {
    let (job, at) = (job(), Play::new(json!([])).site.clock.now());
    let running = running(&job);
    let outcome = Outcome::Exited { code: 1 };
    let report = HookReport::new(HookPoint::BeforeTask, (Outcome::Exited { code: 0 }, 5), ("", ""));
    for (stage, kind, data) in [
        (Stage::Started, EventKind::AttemptStarted, json!({})),
        (
            Stage::AgentFinished(outcome),
            EventKind::AgentFinished,
            json!({"outcome": {"kind": "exited", "code": 1}}),
        ),
        (Stage::Verified(Verdict::Fail), EventKind::Verified, json!({"verdict": "FAIL"})),
        (
            Stage::Hooked(report),
            EventKind::Hook,
            json!({"hook": "before_task", "outcome": {"kind": "exited", "code": 0}, "millis": 5}),
        ),
    ] {
        let event = event_of(&stage, &running, "q.json".to_owned(), at).unwrap();
        assert_eq!((event.event, json!(event.data)), (kind, data), "{stage:?}");
        assert_eq!((event.queue.as_str(), event.task.as_deref()), ("q.json", Some("A")));
        assert_eq!((event.worker.as_deref(), event.attempt), (Some("h:7:00000000"), Some(1)));
    }
    let step = Stage::Verifying("test".to_owned());
    assert_eq!(event_of(&step, &running, String::new(), at), None, "it is in the verdict");
}

#[test]
fn a_hook_is_written_with_its_reason_only_if_it_failed() {
    let written = |hook, code, said: (&str, &str)| {
        let report = HookReport::new(hook, (Outcome::Exited { code }, 7), said);
        json!(of_hook(&report))
    };
    let outcome = |code| json!({"kind": "exited", "code": code});
    let fine = json!({"hook": "after_task", "outcome": outcome(0), "millis": 7});
    assert_eq!(written(HookPoint::AfterTask, 0, ("", "")), fine);
    let veto = json!({"hook": "before_task", "outcome": outcome(3), "millis": 7,
        "reason_code": "freeze", "reason": "hook before_task said no: freeze: no deploys"});
    assert_eq!(written(HookPoint::BeforeTask, 3, ("freeze", "no deploys")), veto);
    let failed = json!({"hook": "after_task", "outcome": outcome(1), "millis": 7,
        "reason": "hook after_task: exit status 1: why"});
    assert_eq!(written(HookPoint::AfterTask, 1, ("", "why")), failed);
}

/// Returns the report of an attempt with these steps that ended for this reason.
fn ended(verdict: Verdict, reason: Option<&str>, steps: &[(&str, i32)]) -> Vec<String> {
    let play = Play::new(json!([]));
    let outcome = Outcome::Exited { code: 0 };
    let mut finished: Finished = not_started(job(), outcome, String::new(), &*play.site.clock);
    finished.report.reason = reason.map(str::to_owned);
    let steps = steps.iter().map(|(name, code)| step(StepKind::Verify, name, *code));
    finished.report.steps = steps.collect();
    heard(|tell| tell.ends(SlotIx::new(3), &finished, Some(verdict), "what"))
}

#[test]
fn the_command_that_failed_is_shown_only_if_it_is_the_reason() {
    let steps = [("lint", 0), ("test", 1)];
    for (verdict, reason, end) in [
        (Verdict::Fail, Some("step test: exit status 1"), "FAIL: what [test]"),
        (Verdict::Blocked, Some("step test: exit status 1"), "BLOCKED: what [test]"),
        (Verdict::Fail, Some("step testing: exit status 1"), "FAIL: what"),
        (Verdict::Fail, Some("a stub was added"), "FAIL: what"),
        (Verdict::Fail, None, "FAIL: what"),
        (Verdict::Pass, Some("step test: exit status 1"), "PASS: what"),
        (Verdict::Skipped, Some("step test: exit status 1"), "SKIPPED: what"),
    ] {
        let wanted = format!("3 ends A {end}");
        assert_eq!(ended(verdict, reason, &steps), [wanted.as_str()], "{reason:?}");
    }
    let nothing = ended(Verdict::Fail, Some("step test: exit status 1"), &[]);
    assert_eq!(nothing, ["3 ends A FAIL: what"]);
}

#[test]
fn a_commit_is_shown_by_its_first_nine_digits() {
    let play = Play::new(json!([]));
    let drain = || {
        let limits = super::super::drain::Limits { attempts: None, time: None, failures: 1 };
        super::super::drain::Drain::new(limits, play.site.clock.monotonic())
    };
    for (commit, shown) in [("0123456789abcdef", "012345678"), ("0123", "0123"), ("", "")] {
        let finished = not_started(job(), Outcome::Interrupted, String::new(), &*play.site.clock);
        let after = After::Complete(Some(commit.to_owned()));
        let said = heard(|tell| tell.end(SlotIx::new(0), &finished, &after, &mut drain()));
        let wanted = format!("0 ends A without a verdict: complete, landed as {shown}");
        assert_eq!(said, [wanted]);
    }
}
