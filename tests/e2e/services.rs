//! Services beside steps: that they run, that their end is named, and that missing ones stop a run.

use crate::sandbox::{Sandbox, queue, task};
use serde_json::Value;

/// A service that listens on the port that it is given, and a step that sends a request.
const SERVICE: &str = r#"
[agents.default]
run = "true"
[services.echo]
run = ["python3", "-c", """
import os, socket
s = socket.create_server(("127.0.0.1", int(os.environ["WORKLOOP_PORT_ECHO"])))
print("ready", flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b"hello")
    c.close()
"""]
ready = { port = 0 }
[[verify]]
name = "ask"
run = ["python3", "-c", """
import os, socket
c = socket.create_connection(("127.0.0.1", int(os.environ["WORKLOOP_PORT_ECHO"])))
assert c.recv(9) == b"hello"
"""]
[profiles.default]
services = ["echo"]
[limits]
attempts = 1
untouched = false
"#;

#[test]
fn a_service_runs_beside_its_steps_and_no_longer() {
    let sandbox = Sandbox::new().config(SERVICE).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.strays(), Vec::<u32>::new());
    let broken = SERVICE
        .replace("s = socket.create_server", "raise SystemExit(3)\ns = socket.create_server");
    let sandbox = sandbox.config(&broken).queue("r.json", &queue(&[("B", &[])]));
    sandbox.run(["run", "r.json"]).exits(5).says("service echo: it ended before it was ready");
}

/// A service that ends when the file `die` exists, in the way that the placeholder says, and a step
/// before the one that causes it.
const ENDS: &str = r#"
[agents.default]
run = "cat >prompt-$WORKLOOP_ATTEMPT"
[services.db]
run = '''
echo $$ >pid
echo ready
until test -e die; do sleep 0.02; done
rm die
echo "FATAL: out of memory"
@END@
'''
ready = { line = "ready" }
[[verify]]
name = "first"
run = "echo first >>ran"
[[verify]]
name = "test"
run = '''@TEST@'''
@MORE@
[profiles.default]
services = ["db"]
@PROFILE@
[limits]
attempts = 2
untouched = false
"#;

/// Ends the service, waits until it is gone, and ends with this status.
fn ends(status: u8) -> String {
    format!("touch die; while kill -0 $(cat pid) 2>/dev/null; do sleep 0.02; done; exit {status}")
}

/// Returns a sandbox with one task, and the service that ends by `end` during the step `test`.
fn ending(end: &str, test: &str, more: &str, profile: &str) -> Sandbox {
    let config = ENDS.replace("@END@", end).replace("@TEST@", test);
    let config = config.replace("@MORE@", more).replace("@PROFILE@", profile);
    Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[])]))
}

fn attempts(sandbox: &Sandbox) -> Vec<Value> {
    let why = sandbox.run(["why", "A", "--json", "q.json"]).exits(0).json();
    why["attempts"].as_array().expect("a list").clone()
}

#[test]
fn a_step_fails_if_its_service_ends_and_says_so() {
    for (end, how, status) in [
        ("exit 7", "exit status 7", 1),
        ("exit 7", "exit status 7", 0),
        ("exit 0", "exit status 0", 0),
        ("kill -ABRT $$", "ended by signal 6", 0),
    ] {
        let sandbox = ending(end, &ends(status), "", "");
        sandbox.run(["run", "q.json"]).exits(5);
        let but = if status == 0 { ", but" } else { ";" };
        let text = format!(
            "step test: exit status {status}{but} service db ended while the step ran: {how} (last \
             line: FATAL: out of memory)"
        );
        let attempts = attempts(&sandbox);
        assert_eq!(attempts.len(), 2, "{end}");
        for attempt in &attempts {
            let reason = attempt["reason"].as_str().expect("a reason");
            assert!(reason.contains(&text), "{reason}");
            assert_eq!(
                (&attempt["verdict"], &attempt["reason_code"]),
                (&"FAIL".into(), &"tests_failed".into())
            );
        }
        let error = task(&sandbox.read("q.json"), "A")["error"].clone();
        assert!(error.as_str().is_some_and(|error| error.contains(&text)), "{error}");
        let prompt = String::from_utf8(sandbox.bytes("prompt-2")).expect("text");
        assert!(prompt.contains("Output of service db:\nready\nFATAL: out of memory"), "{prompt}");
        let log = sandbox.run(["log", "A", "q.json"]).exits(0).stdout;
        assert!(log.contains("service db") && log.contains("FATAL"), "{log}");
        assert_eq!(sandbox.strays(), Vec::<u32>::new());
    }
}

#[test]
fn a_step_may_fail_before_its_service_is_gone() {
    let notices = "touch die; until test -e dying; do sleep 0.02; done; exit 1";
    for profile in ["", "parallel = true"] {
        let sandbox = ending("touch dying; sleep 0.05; exit 7", notices, "", profile);
        sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
        let reason = attempts(&sandbox)[0]["reason"].clone();
        let text = reason.as_str().expect("a reason");
        assert!(text.contains("service db ended while the step ran: exit status 7"), "{text}");
    }
}

#[test]
fn all_steps_run_again_if_something_outside_kills_their_service() {
    let once = format!("test -e killed || {{ touch killed; {}; }}", ends(1));
    let sandbox = ending("kill -9 $$", &once, "", "");
    sandbox.run(["run", "q.json"]).exits(0).says("from outside, so the steps run again");
    assert_eq!(sandbox.bytes("ran"), b"first\nfirst\n");
    assert_eq!(task(&sandbox.read("q.json"), "A")["attempts"], 1);
    // It is no way to run for ever.
    let sandbox = ending("kill -9 $$", &ends(1), "", "");
    sandbox.run(["run", "q.json"]).exits(5).says("ended by signal 9");
    assert_eq!(sandbox.bytes("ran"), "first\n".repeat(6).as_bytes());
}

#[test]
fn no_step_passes_on_a_service_that_ended() {
    let more = "allow_failure = true\n[[verify]]\nname = \"later\"\nrun = \"touch later\"";
    let sandbox = ending("exit 7", &ends(1), more, "");
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    let reason = attempts(&sandbox)[0]["reason"].clone();
    let text = reason.as_str().expect("a reason");
    // The next step may begin in the moment in which the end is not known yet.
    let before = "service db: it ended while step test ran: exit status 7";
    let beside =
        "step later: exit status 0, but service db ended while the step ran: exit status 7";
    assert!(text.contains(before) || text.contains(beside), "{text}");
    // Neither does a step that may be tried again.
    let sandbox = ending("exit 7", &format!("echo test >>ran; {}", ends(1)), "retries = 3", "");
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    assert_eq!(sandbox.bytes("ran"), b"first\ntest\n");
    let sandbox = ending("exit 7", &ends(0), "", "parallel = true");
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    let reason = attempts(&sandbox)[0]["reason"].clone();
    let text = reason.as_str().expect("a reason");
    assert!(text.contains("but service db ended while the step ran: exit status 7"), "{text}");
}

/// A configuration whose service cannot be started.
const MISSING: &str = r#"
[agents.default]
run = "touch ran"
[services.db]
run = @RUN@
ready = @READY@
[[verify]]
name = "test"
run = "true"
[profiles.default]
services = ["db"]
[limits]
untouched = false
"#;

#[test]
fn a_service_that_cannot_be_started_stops_the_run() {
    let line = "{ line = \"ready\" }";
    for (run, ready, found, ran) in [
        ("[\"no-such-db\", \"-p\"]", line, "service db cannot be started: no-such-db", false),
        ("[\"./no.sh\"]", line, "service db cannot be started: ./no.sh", false),
        ("\"no-such-db -p\"", line, "service db cannot be started: no-such-db", true),
        (
            "\"echo ready; sleep 60\"",
            "{ command = [\"no-such-ping\"] }",
            "the readiness check of service db cannot be started: no-such-ping",
            false,
        ),
    ] {
        let config = MISSING.replace("@RUN@", run).replace("@READY@", ready);
        let list = queue(&[("A", &[]), ("B", &[])]);
        let sandbox = Sandbox::new().config(&config).queue("q.json", &list);
        let check = sandbox.run(["check", "q.json"]).exits(3);
        assert!(check.stdout.contains(found), "{check}");
        let unfound = "service db: exit status 127: a command in it was not found";
        let text = if ran { unfound } else { found };
        sandbox.run(["run", "q.json"]).exits(2).says(text);
        assert_eq!(sandbox.path("ran").exists(), ran, "{run}");
        let after = sandbox.read("q.json");
        for id in ["A", "B"] {
            assert_eq!(task(&after, id)["status"], "pending", "{run}: {id}");
            assert_eq!(task(&after, id)["budget_used"].as_u64().unwrap_or(0), 0, "{run}: {id}");
        }
    }
}

#[test]
fn a_program_is_looked_up_where_its_command_runs() {
    let config = "[agents.default]\nrun = \"true\"\n[services.db]\ncwd = \"web\"\nrun = [\"./db.sh\"]\n\
                  ready = { line = \"ready\" }\n[[verify]]\nname = \"t\"\ncwd = \"web\"\nrun = [\"./t.sh\"]\n\
                  [profiles.default]\nservices = [\"db\"]\n[limits]\nuntouched = false\n";
    let sandbox = Sandbox::new().config(config).queue("q.json", &queue(&[("A", &[])]));
    let sandbox = sandbox
        .file("web/t.sh", "#!/bin/sh\ntouch tested\n")
        .file("web/db.sh", "#!/bin/sh\necho ready\nexec sleep 60\n");
    assert!(sandbox.shell("chmod +x web/*.sh"));
    sandbox.run(["check", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(sandbox.path("web/tested").exists());
}

#[test]
fn check_reports_a_service_that_no_profile_names() {
    let config = "[agents.default]\nrun = \"true\"\n[services.db]\nrun = \"sleep 60\"\n\
                  ready = { port = 0 }\n[[verify]]\nrun = \"true\"\n";
    let sandbox = Sandbox::new().config(config).queue("q.json", &queue(&[("A", &[])]));
    let check = sandbox.run(["check", "q.json"]).exits(0);
    let text = "workloop.toml:3:11: warning[unused-service]: no profile names service db";
    assert!(check.stdout.contains(text), "{check}");
    let used = format!("{config}[profiles.default]\nservices = [\"db\"]\n");
    let check = sandbox.config(&used).run(["check", "q.json"]).exits(0);
    assert!(!check.stdout.contains("unused-service"), "{check}");
}
