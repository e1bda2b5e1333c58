//! One channel and one journal: what is told once, what is remembered, and what is complained of.

use super::super::carrier::Carrier;
use super::super::channel::Channel;
use super::super::message::Delivery;
use super::super::need::Need;
use super::super::refused::Refused;
use super::super::route::{Next, Route};
use super::{Bench, rule, settle};
use crate::config::{NotifyEvent, NotifyRule, Quiet};
use crate::domain::EventKind;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Records what it is to send, and answers with the next result; after the last one it accepts.
#[derive(Clone, Default)]
struct Recorder {
    sent: Arc<Mutex<Vec<String>>>,
    results: Arc<Mutex<Vec<Refused>>>,
}

impl Carrier for Recorder {
    fn carry(&self, _: &Channel, delivery: &Delivery<'_>) -> Result<(), Refused> {
        let tasks: Vec<&str> =
            delivery.messages.iter().map(|one| one.task.as_deref().unwrap_or("run")).collect();
        self.sent.lock().unwrap().push(format!("{}: {}", delivery.event(), tasks.join(" ")));
        self.results.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

impl Recorder {
    fn refusing(mut results: Vec<Refused>) -> Self {
        results.reverse();
        Self { results: Arc::new(Mutex::new(results)), ..Self::default() }
    }

    fn route(&self, bench: &Bench, rule: NotifyRule) -> Route {
        let carrier = Box::new(self.clone());
        Route::new(bench.channel(rule), bench.journal(), bench.tools(), carrier)
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

fn need(task: &str) -> Need {
    Need {
        task: task.to_owned(),
        what: "waits for approval",
        next: format!("workloop approve {task}"),
    }
}

#[test]
fn what_waits_at_the_end_is_told_once_over_all_runs() {
    let (bench, recorder) = (Bench::new(), Recorder::default());
    let run = |needs: &[Need]| {
        let mut route = recorder.route(&bench, rule());
        settle(&mut route, false);
        route.hear_needs(needs);
        settle(&mut route, true);
        assert_eq!(route.trouble(), Vec::<String>::new());
        recorder.sent().len()
    };
    assert_eq!(run(&[need("A"), need("B")]), 2);
    assert_eq!(run(&[need("A"), need("B")]), 2, "it was told");
    assert_eq!(run(&[need("A")]), 2);
    assert_eq!(run(&[need("A"), need("B")]), 3, "B waits again");
    assert_eq!(recorder.sent(), ["needs_you: A", "needs_you: B", "needs_you: B"]);
}

#[test]
fn a_channel_for_other_events_or_tasks_does_not_hear_what_waits() {
    let (bench, recorder) = (Bench::new(), Recorder::default());
    for rule in [
        NotifyRule { on: vec![NotifyEvent::Complete], ..rule() },
        NotifyRule { tasks: vec!["B*".to_owned()], ..rule() },
        NotifyRule { queues: vec!["q".to_owned()], ..rule() },
    ] {
        let mut route = recorder.route(&bench, rule);
        route.hear_needs(&[need("A")]);
        settle(&mut route, true);
    }
    assert!(recorder.sent().is_empty(), "{:?}", recorder.sent());
}

#[test]
fn how_often_a_delivery_was_tried_is_told_and_forgotten_when_it_arrives() {
    let bench = Bench::new();
    let why = || Refused::again("the key hunter22".to_owned());
    let troubles = |results: Vec<Refused>, seconds: u64| {
        let recorder = Recorder::refusing(results);
        let name = format!("T{seconds}");
        let mut route = recorder.route(&bench, NotifyRule { tasks: vec![name.clone()], ..rule() });
        bench.note(EventKind::Completed, Some(&name), json!({}));
        settle(&mut route, true);
        bench.clock.pass(seconds);
        settle(&mut route, true);
        route.trouble()
    };
    let name = "channel 1: webhook 127.0.0.1:9";
    let left = format!("{name}: 1 not delivered yet; the next run retries");
    assert_eq!(
        troubles(vec![why()], 0),
        [format!("{name}: tried 1 time: the key [masked]"), left.clone()]
    );
    assert_eq!(
        troubles(vec![why(), why()], 1),
        [format!("{name}: tried 2 times: the key [masked]"), left]
    );
    assert_eq!(troubles(vec![why()], 2), Vec::<String>::new(), "it arrived");
    let dropped = Refused::for_good("HTTP 404".to_owned());
    assert_eq!(troubles(vec![why(), dropped], 3), [format!("{name}: dropped: HTTP 404")]);
}

#[test]
fn a_service_that_asks_for_time_gets_it() {
    let bench = Bench::new();
    let after = Some(Duration::from_secs(60));
    let recorder =
        Recorder::refusing(vec![Refused { after, ..Refused::again("HTTP 429".to_owned()) }]);
    let mut route = recorder.route(&bench, rule());
    bench.note(EventKind::Completed, Some("A"), json!({}));
    settle(&mut route, false);
    for (seconds, sent) in [(59, 1), (1, 2)] {
        bench.clock.pass(seconds);
        settle(&mut route, false);
        assert_eq!(recorder.sent().len(), sent);
    }
}

/// Quiet hours are no trouble: the messages wait for the morning.
#[test]
fn what_waits_for_the_end_of_quiet_hours_is_no_error() {
    let (bench, recorder) = (Bench::new(), Recorder::default());
    let quiet = NotifyRule { quiet: Quiet::parse("00:00-24:00"), ..rule() };
    let mut route = recorder.route(&bench, quiet);
    bench.note(EventKind::Completed, Some("A"), json!({}));
    assert!(matches!(settle(&mut route, true), Next::Idle(_)));
    assert_eq!((route.trouble(), recorder.sent()), (Vec::new(), Vec::new()));
    let mut route =
        recorder.route(&bench, NotifyRule { on: vec![NotifyEvent::Complete], ..rule() });
    bench.note(EventKind::Completed, Some("B"), json!({}));
    settle(&mut route, true);
    assert_eq!(recorder.sent(), ["complete: B"], "another rule is another channel");
}

#[test]
fn many_messages_are_a_digest_and_a_day_old_ones_are_no_news() {
    let (bench, recorder) = (Bench::new(), Recorder::default());
    let mut route = recorder.route(&bench, rule());
    for n in 0..21 {
        bench.note(EventKind::Completed, Some(&format!("T{n}")), json!({}));
    }
    settle(&mut route, false);
    let sent = recorder.sent();
    assert!(
        sent.len() == 1 && sent[0].starts_with("digest: T0 T1 ") && sent[0].ends_with(" T20"),
        "{sent:?}"
    );
    bench.note(EventKind::Completed, Some("old"), json!({}));
    bench.clock.pass(24 * 3600 + 1);
    bench.note(EventKind::Completed, Some("new"), json!({}));
    settle(&mut route, false);
    assert_eq!(recorder.sent()[1..], ["complete: new"]);
}

#[test]
fn the_end_of_a_run_counts_the_queues_that_can_be_read() {
    let bench = Bench::new();
    std::fs::write(
        bench.dir.path().join("done.json"),
        r#"{"tasks":[{"id":"C","title":"c","status":"complete"}]}"#,
    )
    .unwrap();
    std::fs::write(bench.dir.path().join("broken.json"), "{").unwrap();
    let texts = Arc::new(Mutex::new(Vec::new()));
    struct Texts(Arc<Mutex<Vec<String>>>);
    impl Carrier for Texts {
        fn carry(&self, _: &Channel, delivery: &Delivery<'_>) -> Result<(), Refused> {
            self.0.lock().unwrap().push(delivery.text(1_000));
            Ok(())
        }
    }
    let carrier = Box::new(Texts(Arc::clone(&texts)));
    let mut route = Route::new(bench.channel(rule()), bench.journal(), bench.tools(), carrier);
    for queues in [json!(["q", "done.json", "broken", "none"]), json!(["done"]), json!(null)] {
        bench.note(EventKind::LoopFinished, None, json!({"queues": queues}));
    }
    settle(&mut route, true);
    let ends = [
        "loop ended: 2 of 3 complete, 1 blocked",
        "loop ended: 1 of 1 complete",
        "loop ended: 0 of 0 complete",
    ];
    let texts = texts.lock().unwrap();
    assert_eq!(texts.len(), 3);
    for (text, end) in texts.iter().zip(ends) {
        assert!(text.ends_with(end), "{text}");
    }
}
