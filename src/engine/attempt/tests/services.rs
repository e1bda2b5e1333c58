//! Services beside steps: when they start, when they are ready, and what their end means.

use super::case::{CONFIG, Case, Ran};
use crate::domain::{EndedService, Outcome, Verdict};
use crate::supervisor::scripted::{Answer, variable};
use crate::supervisor::{CommandSpec, Unstarted};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Returns a project whose step needs the service `db`, which is ready as `ready` says.
fn service(ready: &str) -> Case {
    Case::of(&format!(
        "{CONFIG}[profiles.default]\nservices = [\"db\"]\n\
         [services.db]\nrun = [\"db\"]\ntimeout = \"3s\"\nready = {ready}\n"
    ))
}

/// Returns a project whose service prints that it is ready.
fn listening() -> Case {
    service("{ line = \"^ready$\" }")
}

fn serves() -> Answer {
    Answer::runs().prints("starts\nready\n")
}

/// Waits for `condition`, which another thread brings about.
#[track_caller]
fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    }
}

/// Returns a service that ends so as soon as the step `check` runs, and that step.
fn dying(answer: Answer, step: Answer) -> (Answer, Answer) {
    let is_wanted = Arc::new(AtomicBool::new(false));
    let wants = Arc::clone(&is_wanted);
    let service = answer.prints("starts\nready\nlast words\n").does(move |spec: &CommandSpec| {
        fs::write(&spec.stdout, "ready\n").unwrap();
        until(|| is_wanted.load(Ordering::SeqCst));
    });
    let step = step.does(move |spec| {
        wants.store(true, Ordering::SeqCst);
        let log = spec.stdout.with_file_name("service-db.out");
        until(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("last words")));
    });
    (service, step)
}

#[test]
fn a_service_starts_before_its_step_and_ends_with_it() {
    let case = listening().on("db", serves());
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(case.script.words(), ["agent", "db", "check"]);
    assert_eq!(ran.text("service-db.out"), "starts\nready\n");
    assert_eq!(ran.steps(), ["agent: exit status 0", "check: exit status 0"], "it is no step");
    assert_eq!(ran.finished.warnings, Vec::<String>::new());
}

#[test]
fn a_service_starts_once_for_all_steps_that_need_it() {
    let more = "[[verify]]\nname = \"b\"\nrun = [\"b\"]\n[[verify]]\nname = \"c\"\nrun = [\"c\"]\n\
                profile = \"other\"\n";
    let config = format!(
        "{CONFIG}{more}[profiles.default]\nservices = [\"db\"]\n\
         [services.db]\nrun = [\"db\"]\nready = {{ line = \"ready\" }}\n"
    );
    let case = Case::of(&config).on("db", serves());
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    assert_eq!(case.script.words(), ["agent", "db", "check", "b"]);
}

#[test]
fn an_agent_that_fails_needs_no_service() {
    let case = listening().on("agent", Answer::exit(1));
    case.run();
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn a_service_that_ends_before_it_is_ready_fails_the_work() {
    let case = listening().on("db", Answer::exit(4).prints("no space\n\n"));
    let ran = case.run();
    let how = "it ended before it was ready: exit status 4 (last line: no space)";
    let reason = format!("step service db: {how}");
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", &*reason));
    assert_eq!(case.script.words(), ["agent", "db"], "the step does not run");
    let report = ran.step("service db");
    assert_eq!(
        (report.outcome.clone(), report.log.as_str()),
        (Outcome::Exited { code: 4 }, "service-db.out")
    );
}

#[test]
fn a_service_that_cannot_be_started_is_a_fault_of_the_environment() {
    for (answer, why) in [
        (Answer::unstarted(Unstarted::Missing, "db: not found"), "db: not found"),
        (Answer::vanishes(), "lost: its supervisor vanished"),
    ] {
        let ran = listening().on("db", answer).run();
        assert_eq!(ran.end(), (None, "environment", &*format!("service db: {why}")));
    }
}

/// Returns a service that never becomes ready, and whose time is over once it has printed `text`.
fn slow(case: Case, text: &'static str) -> Case {
    let clock = Arc::clone(&case.clock);
    let slow = Answer::runs().prints(text).does(move |spec| {
        fs::write(&spec.stdout, text).unwrap();
        clock.leap();
    });
    case.on("db", slow)
}

#[test]
fn a_service_that_is_never_ready_has_so_much_time_and_no_more() {
    let case = slow(listening(), "first\nalmost\u{1b}[1m\n");
    let ran = case.run();
    let reason = "step service db: it was not ready after 3 s (last line: almost\u{241b}[1m)";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "timeout", reason));
    assert_eq!(ran.step("service db").outcome, Outcome::TimedOut { seconds: 3 });
    assert!(ran.step("service db").millis > 3_000);
    assert_eq!(case.script.words(), ["agent", "db"]);
    let ran = slow(listening(), "").run();
    assert_eq!(ran.end().2, "step service db: it was not ready after 3 s");
}

#[test]
fn a_line_of_an_earlier_run_does_not_make_a_service_ready() {
    let case = listening();
    let clock = Arc::clone(&case.clock);
    let case = case.on("db", Answer::runs().does(move |_| clock.leap()));
    let folder = case.prepared().folder;
    folder.put("service-db.out", b"ready\n").unwrap();
    assert_eq!(case.run().end().1, "timeout");
}

#[test]
fn a_command_that_exits_0_makes_a_service_ready() {
    let case = service("{ command = [\"ping\"] }")
        .on("db", Answer::runs())
        .on("ping", Answer::exit(1))
        .on("ping", Answer::exit(0));
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    let words = case.script.words();
    assert_eq!(words.iter().filter(|word| *word == "ping").count(), 2, "{words:?}");
    assert_eq!(words.last().unwrap(), "check");
    let log = case.script.last("ping").stdout;
    assert_eq!(log.file_name().unwrap(), "service-db.out.ready");
}

#[test]
fn a_readiness_check_that_cannot_be_started_is_a_fault_of_the_environment() {
    let missing = Answer::unstarted(Unstarted::Missing, "ping: not found");
    let case = service("{ command = [\"ping\"] }").on("db", Answer::runs()).on("ping", missing);
    assert_eq!(case.run().end(), (None, "environment", "service db: ping: not found"));
}

#[test]
fn a_free_port_is_told_to_the_service_and_to_its_steps() {
    let listens = Answer::runs().does(|spec| {
        let port: u16 = variable(spec, "WORKLOOP_PORT_DB").unwrap().parse().unwrap();
        let socket = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        // It accepts the connection that shows that it is ready.
        drop(socket.accept().unwrap());
    });
    let case = service("{ port = 0 }").on("db", listens);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let port = |word: &str| variable(&case.script.last(word), "WORKLOOP_PORT_DB");
    assert!(port("db").is_some());
    assert_eq!(port("check"), port("db"));
    assert_eq!(port("agent"), None);
}

#[test]
fn a_port_that_another_process_has_is_not_taken_for_the_service() {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let case = service(&format!("{{ port = {port} }}")).on("db", Answer::runs());
    let ran = case.run();
    let reason = format!(
        "service db: another process already listens on port {port}; stop it, or set port = 0 for \
         a free one"
    );
    assert_eq!(ran.end(), (None, "environment", &*reason));
    assert_eq!(case.script.words(), ["agent"]);
}

fn ended(ran: &Ran, step: &str) -> Vec<EndedService> {
    ran.step(step).checked.services.clone()
}

#[test]
fn a_step_fails_if_its_service_ends_even_if_it_passes_without() {
    for (code, but) in [(0, ", but"), (2, ";")] {
        let (db, check) = dying(Answer::exit(1), Answer::exit(code));
        let more = "retries = 3\n";
        let config = format!(
            "{CONFIG}{more}[profiles.default]\nservices = [\"db\"]\n\
             [services.db]\nrun = [\"db\"]\nready = {{ line = \"^ready$\" }}\n"
        );
        let case = Case::of(&config).on("db", db).on("check", check);
        let ran = case.run();
        let reason = format!(
            "step check: exit status {code}{but} service db ended while the step ran: exit status 1 \
             (last line: last words)"
        );
        assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", &*reason));
        assert_eq!(case.script.words(), ["agent", "db", "check"], "it is not run again");
        let service = EndedService {
            name: "db".to_owned(),
            outcome: Outcome::Exited { code: 1 },
            last: Some("last words".to_owned()),
            log: "service-db.out".to_owned(),
        };
        assert_eq!(ended(&ran, "check"), [service]);
    }
}

#[test]
fn all_steps_run_again_with_a_new_service_if_something_outside_killed_it() {
    let (db, check) = dying(Answer::ends(Outcome::Signaled { signal: 9 }), Answer::exit(1));
    let case =
        listening().on("db", db).on("db", serves()).on("check", check).on("check", Answer::exit(0));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(ran.steps(), ["agent: exit status 0", "check: exit status 0"]);
    assert_eq!(case.script.words(), ["agent", "db", "check", "db", "check"]);
    let warning = "step check: exit status 1; service db ended while the step ran: ended by signal 9 \
                   (last line: last words); from outside, so the steps run again";
    assert_eq!(ran.finished.warnings, [warning]);
}

#[test]
fn a_service_that_ends_with_the_attempt_is_no_failure() {
    let case = listening().on("db", serves());
    let cancelled = Arc::clone(&case.cancelled);
    let ends =
        Answer::ends(Outcome::Interrupted).does(move |_| cancelled.store(true, Ordering::SeqCst));
    let ran = case.on("check", ends).run();
    assert_eq!(ran.end(), (None, "", "interrupted"));
    assert_eq!(ended(&ran, "check"), []);
}

#[test]
fn services_start_in_order_and_a_later_one_knows_the_port_of_an_earlier_one() {
    let config = format!(
        "{CONFIG}[profiles.default]\nservices = [\"db\", \"web-1\"]\n\
         [services.db]\nrun = [\"db\"]\nready = {{ port = 0 }}\n\
         [services.web-1]\nrun = [\"web\"]\ncwd = \"site\"\nenv = {{ MODE = \"test\" }}\n\
         ready = {{ line = \"ready\" }}\n"
    );
    let listens = Answer::runs().does(|spec| {
        let port: u16 = variable(spec, "WORKLOOP_PORT_DB").unwrap().parse().unwrap();
        drop(std::net::TcpListener::bind(("127.0.0.1", port)).unwrap().accept().unwrap());
    });
    let case = Case::of(&config).file("site/x", "").on("db", listens).on("web", serves());
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(case.script.words(), ["agent", "db", "web", "check"]);
    let (db, web) = (case.script.last("db"), case.script.last("web"));
    let port = variable(&db, "WORKLOOP_PORT_DB");
    assert!(port.is_some());
    assert_eq!(variable(&web, "WORKLOOP_PORT_DB"), port);
    assert_eq!(variable(&web, "MODE").as_deref(), Some("test"));
    assert_eq!((db.cwd, web.cwd), (case.root(), case.root().join("site")));
    assert_eq!(variable(&case.script.last("check"), "WORKLOOP_PORT_WEB_1"), None, "it has no port");
    assert_eq!(web.stdout.file_name().unwrap(), "service-web-1.out");
}

#[test]
fn steps_beside_each_other_share_a_service() {
    let config = format!(
        "{CONFIG}[[verify]]\nname = \"b\"\nrun = [\"b\"]\n\
         [profiles.default]\nparallel = true\nservices = [\"db\"]\n\
         [services.db]\nrun = [\"db\"]\nready = {{ line = \"ready\" }}\n"
    );
    let case = Case::of(&config).on("db", serves());
    assert_eq!(case.run().end(), (Some(Verdict::Pass), "", ""));
    let mut words = case.script.words();
    assert_eq!(words[..2], ["agent", "db"]);
    words[2..].sort();
    assert_eq!(words[2..], ["b", "check"]);
    let broken = Case::of(&config).on("db", Answer::exit(1));
    let ran = broken.run();
    let reason = "step service db: it ended before it was ready: exit status 1";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
    assert_eq!(broken.script.words(), ["agent", "db"], "it is not started for each step");
}

#[test]
fn a_service_whose_command_is_not_found_is_missing_until_it_was_ready_once() {
    let config = format!(
        "{CONFIG}[profiles.default]\nservices = [\"db\"]\n\
         [services.db]\nrun = \"db -x\"\nready = {{ line = \"ready\" }}\n"
    );
    let missing = || Answer::exit(127).complains("sh: 1: db: not found\n");
    let ran = Case::of(&config).on("db -x", missing()).run();
    let reason = "service db: exit status 127: a command in it was not found: sh: 1: db: not found";
    assert_eq!(ran.end(), (None, "environment", reason));
    let mut case = Case::of(&config).on("db -x", serves()).on("db -x", missing());
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    case.attempt(2);
    let reason = "step service db: it ended before it was ready: exit status 127 (last line: sh: 1: db: not \
                  found)";
    assert_eq!(
        case.run().end(),
        (Some(Verdict::Fail), "tests_failed", reason),
        "the work removed it"
    );
}

#[test]
fn an_attempt_that_is_cancelled_while_a_service_starts_is_interrupted() {
    let case = listening();
    let cancelled = Arc::clone(&case.cancelled);
    let case = case.on("db", Answer::runs().does(move |_| cancelled.store(true, Ordering::SeqCst)));
    assert_eq!(case.run().end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), ["agent", "db"]);
}

#[test]
fn the_script_of_a_service_is_guarded_like_that_of_a_step() {
    let config = format!(
        "{CONFIG}[profiles.default]\nservices = [\"db\"]\n\
         [services.db]\nrun = [\"sh\", \"serve.sh\"]\nready = {{ line = \"ready\" }}\n"
    );
    let case = Case::of(&config).file("serve.sh", "echo ready; sleep 9\n");
    let case = case.on("agent", Answer::exit(0).writes("serve.sh", "echo ready\n"));
    assert_eq!(case.run().end().1, "tampered");
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn a_service_for_the_base_ends_before_the_agent_starts() {
    let config = CONFIG.to_owned()
        + "report = { parser = \"tap\" }\n[profiles.default]\nservices = [\"db\"]\n\
           [services.db]\nrun = [\"db\"]\nready = { line = \"ready\" }\n";
    let case = Case::of(&config).on("db", serves());
    let ran = case.on("check", Answer::exit(0).prints("1..1\nok 1 - a\n"));
    assert_eq!(ran.run().end().0, Some(Verdict::Pass));
    assert_eq!(ran.script.words(), ["db", "check", "agent", "db", "check"]);
}

#[test]
fn a_service_that_is_not_ready_for_the_base_is_a_warning_first_and_then_the_verdict() {
    let config = CONFIG.to_owned()
        + "report = { parser = \"tap\" }\n[profiles.default]\nservices = [\"db\"]\n\
           [services.db]\nrun = [\"db\"]\nready = { line = \"ready\" }\n";
    let case = Case::of(&config).on("db", Answer::exit(3));
    let ran = case.run();
    let how = "it ended before it was ready: exit status 3";
    assert_eq!(ran.finished.warnings, [format!("A: before: step service db: {how}")]);
    assert_eq!(
        ran.end(),
        (Some(Verdict::Fail), "tests_failed", &*format!("step service db: {how}"))
    );
    assert_eq!(case.script.words(), ["db", "agent", "db"]);
}

#[test]
fn no_service_of_a_cancelled_attempt_starts() {
    let case = listening();
    let cancelled = Arc::clone(&case.cancelled);
    let cancels = Answer::exit(0).does(move |_| cancelled.store(true, Ordering::SeqCst));
    let case = case.on("agent", cancels);
    assert_eq!(case.run().end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), ["agent"]);
}
