use super::sandbox::{Sandbox, elsewhere};
use crate::platform::programs::lacks;
use serde_json::{Value, json};

const PRIVATE: &str = "[isolation]\nmode = \"private\"\n";

/// Returns the task A, whose second attempt is claimed by a worker of another machine.
fn task(change: &Value) -> Value {
    json!([
        {"id": "A", "title": "Walls", "status": "in_progress", "attempts": 2, "claim": elsewhere(2),
         "change": change},
        {"id": "B", "title": "Roof"},
    ])
}

/// A repository in which a change of A waits to land, and its commits.
struct Waiting {
    sandbox: Sandbox,
    commits: (String, String),
}

impl Waiting {
    fn new() -> Self {
        let sandbox = Sandbox::new(task(&Value::Null)).config(PRIVATE).file("a.txt", "one\n").git();
        let commits = sandbox.keep("A", 2, "two");
        sandbox.enter("A", 2, &commits);
        Self { sandbox, commits }
    }

    /// Makes the queue say what the change waits for.
    fn told(self, waits: &str, obstacle: Option<&str>) -> Self {
        let (base, commit) = &self.commits;
        let mut change = json!({"commit": commit, "base": base, "verdict": "PASS", "waits": waits});
        if let Some(obstacle) = obstacle {
            change["obstacle"] = json!(obstacle);
        }
        let sandbox = self.sandbox.queue("q", task(&change));
        Self { sandbox, commits: self.commits }
    }

    /// Returns the status with this reason.
    fn text(&self, reason: &str) -> String {
        let (base, commit) = (&self.commits.0[..10], &self.commits.1[..10]);
        format!(
            "DIR: 1 change waits to land on main (at {base})\n\
             \x20 A  Walls␛\n\
             \x20   {reason}\n\
             \x20   attempt 2, commit {commit} on {base}, since 2026-01-19T10:00:00Z, worker \
             elsewhere:4711:0badcafe\n"
        )
    }
}

#[test]
fn what_waits_to_land_is_shown_with_what_its_queue_says() {
    if lacks("git") {
        return;
    }
    let waiting = Waiting::new();
    let left = waiting.text("left over: its queue does not say that it waits");
    assert_eq!(waiting.sandbox.run("land status").printed(), left);
    for (waits, obstacle, reason) in [
        ("landing", None, "waits for its turn to land"),
        ("review", None, "waits for a person's review"),
        ("checkout", Some("a.txt has changes\u{1b}"), "needs you: a.txt has changes␛"),
    ] {
        let waiting = Waiting::new().told(waits, obstacle);
        assert_eq!(waiting.sandbox.run("land status").printed(), waiting.text(reason), "{waits}");
    }
}

#[test]
fn json_says_whether_the_queue_knows_of_the_change() {
    if lacks("git") {
        return;
    }
    let waiting = Waiting::new().told("checkout", Some("a.txt has changes"));
    let (base, commit) = &waiting.commits;
    let mut wait = json!({
        "task": "A", "queue": "DIR/queues/q.json", "title": "Walls\u{1b}", "attempt": 2,
        "since": "2026-01-19T10:00:00Z", "base": base, "commit": commit, "state": "waiting",
        "landed": null, "waits": "checkout", "obstacle": "a.txt has changes",
        "worker": "elsewhere:4711:0badcafe", "worker_alive": true, "is_current": true,
    });
    let whole = |wait: &Value| {
        let target = "refs/heads/main";
        let repository = json!({"path": "DIR", "target": target, "tip": base, "waiting": [wait]});
        json!({"schema_version": 1, "repositories": [repository]})
    };
    let status = |sandbox: &Sandbox| sandbox.run("land status --json").json("land");
    assert_eq!(status(&waiting.sandbox), whole(&wait));
    // The queue is about a later attempt.
    let text = waiting.sandbox.text("queues/q.json").replace("\"attempts\": 2", "\"attempts\": 3");
    waiting.sandbox.put("queues/q.json", &text);
    wait["waits"] = json!("landing");
    for (key, value) in
        [("obstacle", Value::Null), ("worker_alive", Value::Null), ("is_current", json!(false))]
    {
        wait[key] = value;
    }
    assert_eq!(status(&waiting.sandbox), whole(&wait));
    // The queue is not loaded.
    waiting.sandbox.sh("mv queues/q.json queues/r.json");
    wait["is_current"] = Value::Null;
    assert_eq!(status(&waiting.sandbox), whole(&wait));
}

#[test]
fn where_nothing_waits_that_is_said() {
    let sandbox = Sandbox::new(json!([{"id": "A"}]));
    let none = json!({"schema_version": 1, "repositories": []});
    if lacks("git") {
        return;
    }
    let sandbox = sandbox.var("PATH", &std::env::var("PATH").expect("a PATH"));
    let text = "nothing waits to land: the project is not in a git work tree\n";
    assert_eq!(sandbox.reads("land status").printed(), text);
    assert_eq!(sandbox.reads("land status --json").json("land"), none);
    assert_eq!(sandbox.reads("land now").printed(), "nothing waits to land\n");
    assert_eq!(sandbox.reads("land now -q").printed(), "");
    sandbox.sh("git init -q -b main .");
    assert_eq!(
        sandbox.run("land status").printed(),
        "DIR: nothing waits to land on HEAD (at no commit)\n"
    );
}

#[test]
fn landing_is_refused_where_a_loop_could_not_land() {
    if lacks("git") {
        return;
    }
    let Waiting { sandbox, .. } = Waiting::new().told("landing", None);
    sandbox.refuses("land now --json", 2, "error: --json is only for land status\n");
    sandbox.run("pause").printed();
    let text = "error: queues/q.json is paused, so nothing lands\nhint: workloop resume\n";
    sandbox.refuses("land now", 2, text);
    sandbox.run("resume");
    let sandbox = sandbox.config("[isolation]\nmode = \"shared\"\n");
    let text = "error: changes wait to land, but [isolation] mode is \"shared\"\n\
                hint: set mode = \"private\" under [isolation], as it was when they were made\n";
    sandbox.refuses("land now", 2, text);
    // The entry alone is enough: git may have reverted the queue.
    let reverted = sandbox.queue("q", json!([{"id": "A", "title": "Walls"}]));
    reverted.refuses("land now", 2, text);
}

#[test]
fn an_entry_that_cannot_be_read_is_named() {
    if lacks("git") {
        return;
    }
    let Waiting { sandbox, .. } = Waiting::new();
    sandbox.put(".git/workloop/landing/A-2.json", "{\"version\": 1}");
    for line in ["land status", "land status --json", "land now"] {
        let err = sandbox.run(line).failed(1);
        assert_eq!(
            err,
            "error: failed to read DIR/.git/workloop/landing/A-2.json: missing field `whose` at line \
             1 column 14\n",
            "{line}"
        );
    }
}

#[test]
fn what_to_do_must_be_said() {
    let sandbox = Sandbox::new(json!([]));
    let err = sandbox.run("land").failed(2);
    assert!(
        err.starts_with("error: the following required arguments were not provided:\n  <WHAT>\n"),
        "{err}"
    );
    let err = sandbox.run("land undo").failed(2);
    let wanted = "error: invalid value 'undo' for '<WHAT>'\n  [possible values: status, now]\n";
    assert!(err.starts_with(wanted), "{err}");
}
