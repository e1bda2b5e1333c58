//! Tests of channels with a local server and a manual clock.

mod carriers;
mod channels;
mod routes;
mod server;
mod words;

use super::carrier::{Carrier, Programs};
use super::channel::Channel;
use super::message::{Delivery, Message};
use super::refused::Refused;
use super::route::{Next, Route};
use super::start::{Notifier, channels as usable};
use super::tools::Tools;
use crate::config::{Address, NotifyEvent, NotifyRule, NotifySeverity, NotifyTarget, Quiet};
use crate::domain::{Command, Event, EventKind};
use crate::platform::clock::Clock;
use crate::platform::ids::CountingIds;
use crate::store::cursors::Place;
use crate::store::file::FileLog;
use crate::store::journal::Journal;
use crate::store::log::Log;
use crate::store::{StateDir, new_event};
use crate::views::mask::Mask;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::Server;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(super) fn rule() -> NotifyRule {
    NotifyRule {
        on: vec![NotifyEvent::Complete, NotifyEvent::NeedsYou, NotifyEvent::RunFinished],
        target: NotifyTarget::Webhook(Address::Url("http://127.0.0.1:9/".to_owned())),
        secret_env: Some("SIGNS".to_owned()),
        queues: Vec::new(),
        tasks: Vec::new(),
        severity: NotifySeverity::Info,
        quiet: None,
        every: None,
        line: 1,
    }
}

pub(super) fn message(task: &str, text: String) -> Message {
    Message {
        place: Some(Place { seq: 1, at: task.to_owned() }),
        key: task.to_owned(),
        event: NotifyEvent::Complete,
        at: "1970-01-01T00:00:00.000Z".to_owned(),
        queue: Some("q.json".to_owned()),
        task: Some(task.to_owned()),
        title: None,
        reason: None,
        code: None,
        text,
    }
}

/// A clock that only moves when it is set.
struct Manual(Instant, Mutex<Duration>);

impl Manual {
    fn pass(&self, seconds: u64) {
        *self.1.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for Manual {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::from_std(*self.1.lock().unwrap()).unwrap()
    }

    fn monotonic(&self) -> Instant {
        self.0 + *self.1.lock().unwrap()
    }
}

/// A folder with a queue, its journal and a clock.
struct Bench {
    dir: tempfile::TempDir,
    clock: Arc<Manual>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let queue = json!({"tasks": [
            {"id": "A", "title": "The first", "status": "complete"},
            {"id": "B", "title": "b", "status": "blocked"}]});
        std::fs::write(dir.path().join("q.json"), queue.to_string()).unwrap();
        Self { dir, clock: Arc::new(Manual(Instant::now(), Mutex::default())) }
    }

    fn journal(&self) -> (StateDir, Log) {
        (self.state(), Arc::new(FileLog(self.state())))
    }

    fn state(&self) -> StateDir {
        StateDir::beside(&self.dir.path().join("q.json"))
    }

    fn note(&self, kind: EventKind, task: Option<&str>, data: Value) {
        let data = data.as_object().cloned().unwrap();
        let queue = if task.is_some() { "q.json" } else { "" };
        let mut event: Event = new_event(kind, self.clock.now(), queue.to_owned(), data);
        event.task = task.map(str::to_owned);
        event.worker = Some("w".to_owned());
        event.attempt = Some(1);
        Journal::new(self.state()).append(&mut [event]).unwrap();
    }

    fn tools(&self) -> Tools {
        let var = |name: &str| std::env::var_os(name).map(|value| (name.into(), value));
        Tools {
            clock: self.clock.clone(),
            ids: Arc::new(CountingIds::default()),
            mask: Mask::new(&[("A_TOKEN".into(), "hunter22".into())]),
            vars: var("PATH").into_iter().chain([("SIGNS".into(), "Jefe".into())]).collect(),
            folder: self.dir.path().to_owned(),
        }
    }

    fn channel(&self, rule: NotifyRule) -> Channel {
        let (mut usable, wrong) = usable(&[rule], &self.tools().vars);
        assert_eq!(wrong, Vec::<String>::new());
        usable.remove(0)
    }

    fn route(&self, rule: NotifyRule) -> Route {
        let carrier = Programs {
            vars: self.tools().vars,
            folder: self.dir.path().to_owned(),
            cancelled: Arc::default(),
        };
        Route::new(self.channel(rule), self.journal(), self.tools(), Box::new(carrier))
    }
}

fn to(server: &Server) -> NotifyRule {
    NotifyRule { target: NotifyTarget::Webhook(Address::Url(server.url())), ..rule() }
}

/// Takes turns until nothing is due. A process that another test starts may hold the lock of the
/// previous route for a moment.
fn settle(route: &mut Route, ends: bool) -> Next {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let next = route.turn(ends);
        let others = matches!(next, Next::Others(_)) && Instant::now() < deadline;
        if others {
            std::thread::yield_now();
        } else if next != Next::Look(Duration::ZERO) {
            return next;
        }
    }
}

/// A delivery is signed, retried under the same name, sent once, and survives a kill.
#[test]
fn each_event_is_delivered_once_however_often_it_is_tried() {
    let (bench, server) = (Bench::new(), Server::start(&[503, 503]));
    bench.note(EventKind::Completed, Some("Z"), json!({}));
    let mut route = bench.route(to(&server));
    bench.note(EventKind::Claimed, Some("A"), json!({}));
    bench.clock.pass(420);
    bench.note(EventKind::Completed, Some("A"), json!({}));
    assert!(matches!(settle(&mut route, false), Next::Look(_)));
    // Nothing is retried too early.
    assert!(matches!(settle(&mut route, false), Next::Look(_)));
    assert_eq!(server.count(), 1);
    bench.clock.pass(1);
    settle(&mut route, false);
    // The loop is killed here, and the next one continues.
    drop(route);
    let mut route = bench.route(to(&server));
    let asks = json!({"reason_code": "question", "reason": "the key hunter22?"});
    bench.note(EventKind::Blocked, Some("B"), asks);
    assert!(matches!(settle(&mut route, false), Next::Idle(_)));
    let seen = server.seen();
    let ids: Vec<&str> = seen.iter().map(|one| one.header("X-Workloop-Delivery")).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3] && ids.len() == 4, "{ids:?}");
    for one in &seen {
        let signed = super::body::signature("Jefe", &one.body);
        assert_eq!(one.header("X-Workloop-Signature"), signed);
    }
    let first: Value = serde_json::from_str(&seen[2].body).unwrap();
    let picked = ["event", "queue", "task", "title", "reason"].map(|key| first[key].clone());
    let expected = json!(["complete", "q.json", "A", "The first", null]);
    assert_eq!(Value::from(picked.to_vec()), expected);
    assert!(first["text"].as_str().unwrap().contains("complete (7 min)"), "{first}");
    let second: Value = serde_json::from_str(&seen[3].body).unwrap();
    assert_eq!(
        (&second["event"], &second["reason"]),
        (&json!("needs_you"), &json!("the key [masked]?"))
    );
    assert!(second["text"].as_str().unwrap().ends_with("; workloop answer B TEXT"), "{second}");
    // A hook's own code is passed on, and an id that is not a shell word is quoted.
    bench.note(EventKind::Blocked, Some("my C"), json!({"reason_code": "freeze"}));
    settle(&mut route, false);
    let third: Value = serde_json::from_str(&server.seen()[4].body).unwrap();
    assert_eq!(third["reason_code"], "freeze");
    assert!(third["text"].as_str().unwrap().ends_with("; workloop why 'my C'"), "{third}");
    assert_eq!(route.trouble(), Vec::<String>::new());
}

#[test]
fn one_loop_tells_at_a_time_and_the_next_one_takes_over() {
    let (bench, server) = (Bench::new(), Server::start(&[]));
    let (mut first, mut second) = (bench.route(to(&server)), bench.route(to(&server)));
    bench.note(EventKind::Completed, Some("A"), json!({}));
    settle(&mut first, false);
    assert!(matches!(second.turn(true), Next::Others(_)));
    assert_eq!(server.count(), 1);
    drop(first);
    bench.note(EventKind::Completed, Some("B"), json!({}));
    settle(&mut second, false);
    let tasks: Vec<Value> = server.seen().iter().map(server::Request::task).collect();
    assert_eq!(tasks, [json!("A"), json!("B")]);
}

#[test]
fn a_digest_is_one_message_and_the_end_of_the_run_sends_it() {
    let (bench, server) = (Bench::new(), Server::start(&[500]));
    let every = NotifyRule { every: Some(Duration::from_secs(600)), ..to(&server) };
    let mut route = bench.route(every.clone());
    bench.note(EventKind::Completed, Some("A"), json!({}));
    bench.note(EventKind::Completed, Some("B"), json!({}));
    settle(&mut route, false);
    bench.clock.pass(599);
    settle(&mut route, false);
    assert_eq!(server.count(), 0);
    bench.clock.pass(1);
    settle(&mut route, false);
    // The delivery failed. If the loop is killed now, the next one sends the same messages under
    // the same name.
    bench.note(EventKind::LoopFinished, None, json!({"queues": ["q"]}));
    drop(route);
    let mut route = bench.route(every);
    settle(&mut route, true);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(seen[0].header("X-Workloop-Delivery"), seen[1].header("X-Workloop-Delivery"));
    let body: Value = serde_json::from_str(&seen[1].body).unwrap();
    assert_eq!((&body["event"], body["events"].as_array().unwrap().len()), (&json!("digest"), 2));
    let last: Value = serde_json::from_str(&seen[2].body).unwrap();
    assert_eq!(last["event"], "run_finished");
    assert!(last["text"].as_str().unwrap().ends_with(": 1 of 2 complete, 1 blocked"), "{last}");
}

#[test]
fn filters_and_quiet_hours_hold() {
    let (bench, server) = (Bench::new(), Server::start(&[]));
    let only = |queues: &str, tasks: &str, severity| NotifyRule {
        queues: vec![queues.to_owned()],
        tasks: vec![tasks.to_owned()],
        severity,
        ..to(&server)
    };
    let quiet = NotifyRule { quiet: Quiet::parse("00:00-24:00"), ..to(&server) };
    let none = [
        only("other*", "*", NotifySeverity::Info),
        only("q", "B*", NotifySeverity::Info),
        only("q.json", "A", NotifySeverity::Error),
        quiet,
    ];
    let mut routes: Vec<Route> = none.into_iter().map(|rule| bench.route(rule)).collect();
    routes.push(bench.route(only("q", "A", NotifySeverity::Info)));
    bench.note(EventKind::Completed, Some("A"), json!({}));
    for route in &mut routes {
        assert!(matches!(settle(route, true), Next::Idle(_)));
    }
    assert_eq!(server.count(), 1);
}

/// A carrier that refuses everything or nothing.
struct Fake(Option<bool>);

impl Carrier for Fake {
    fn carry(&self, _: &Channel, _: &Delivery<'_>) -> Result<(), Refused> {
        let refused = |again| Refused { again, ..Refused::again("HTTP 404".to_owned()) };
        self.0.map_or(Ok(()), |again| Err(refused(again)))
    }
}

#[test]
fn what_is_refused_for_good_is_dropped_and_told() {
    let bench = Bench::new();
    for (again, says) in [(true, "1 not delivered yet"), (false, "dropped: HTTP 404")] {
        let rule = NotifyRule { line: 7, tasks: vec![again.to_string()], ..rule() };
        let carrier = Box::new(Fake(Some(again)));
        let mut route = Route::new(bench.channel(rule), bench.journal(), bench.tools(), carrier);
        bench.note(EventKind::Completed, Some(&again.to_string()), json!({}));
        settle(&mut route, true);
        let trouble = route.trouble().join("\n");
        assert!(trouble.starts_with("channel 1: webhook 127.0.0.1:9: "), "{trouble}");
        assert!(trouble.contains(says), "{trouble}");
    }
}

/// The loop determines which attempts are silent, regardless of which process sends.
#[test]
fn a_silent_agent_is_told_of_as_the_journal_says_it() {
    let (bench, server) = (Bench::new(), Server::start(&[]));
    let rule = NotifyRule { on: vec![NotifyEvent::Silent], ..to(&server) };
    let mut route = bench.route(rule.clone());
    bench.note(EventKind::Claimed, Some("A"), json!({}));
    let silent = json!({"seconds": 1800, "reason": "nothing was printed for 30 min"});
    bench.note(EventKind::Silent, Some("A"), silent);
    settle(&mut route, false);
    drop(route);
    settle(&mut bench.route(rule), false);
    let seen = server.seen();
    let bodies: Vec<Value> =
        seen.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(bodies[0]["event"], "silent");
    let text = bodies[0]["text"].as_str().unwrap();
    assert!(text.contains("A silent - nothing was printed for 30 min"), "{text}");
}

#[test]
fn a_command_reads_the_message() {
    let bench = Bench::new();
    let script =
        "cat > out; echo \"$WORKLOOP_EVENT $WORKLOOP_TASK_ID ${WORKLOOP_QUEUE-none}\" >> out";
    let target = NotifyTarget::Command(Command::Shell(script.to_owned()));
    let mut route = bench.route(NotifyRule { target, secret_env: None, ..rule() });
    bench.note(EventKind::Completed, Some("A"), json!({}));
    settle(&mut route, false);
    let out = std::fs::read_to_string(bench.dir.path().join("out")).unwrap();
    let (body, rest) = out.split_once('\n').unwrap();
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["task"], "A");
    assert_eq!(rest, "complete A none\n");
}

/// A run does not wait for a server that does not answer.
#[test]
fn the_end_waits_only_so_long() {
    let (bench, server) = (Bench::new(), Server::deaf());
    let channel = bench.channel(to(&server));
    let notifier = Notifier::start(&[channel], &[bench.journal()], &bench.tools());
    bench.note(EventKind::Completed, Some("A"), json!({}));
    let trouble = notifier.finish(&[], Duration::from_secs(1)).join("\n");
    assert!(trouble.contains("next run"), "{trouble}");
    assert!(Path::new(&bench.dir.path().join(".workloop/notify")).is_dir());
}

#[test]
fn a_variable_that_is_not_set_is_told() {
    let address = NotifyTarget::Slack(Address::Variable("NO_SUCH_URL".to_owned()));
    let rule = NotifyRule { target: address, ..rule() };
    let (usable, wrong) = usable(&[rule], &[]);
    assert!(usable.is_empty());
    assert_eq!(wrong, ["channel 1: slack env:NO_SUCH_URL: NO_SUCH_URL and SIGNS are not set"]);
}
