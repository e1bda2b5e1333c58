//! Without git everything inside the project may be deleted, so the records are also kept outside
//! it.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task, wait_until};
use serde_json::json;

/// Returns a sandbox without git, in the folder `p`. Starts are counted outside it, where a copy of
/// the first state of the queue is kept as well.
fn project(agent: &str, verify: &str) -> Sandbox {
    let mut list = queue(&[("A", &[]), ("B", &["A"])]);
    for id in ["A", "B"] {
        let at = usize::from(id == "B");
        list["tasks"][at]["files"] = json!([format!("made-{id}")]);
        list["tasks"][at]["max_iterations"] = json!(2);
    }
    let config = format!(
        "[agents.default]\nrun = '''echo $WORKLOOP_TASK_ID >>../starts; {agent}'''\n\
         [[verify]]\nrun = '''{verify}'''\n"
    );
    Sandbox::new().queue("saved", &list).queue("p/q.json", &list).file("p/workloop.toml", config)
}

const MAKE: &str = "echo $WORKLOOP_TASK_ID >made-$WORKLOOP_TASK_ID";
const MADE: &str = "test -e made-$WORKLOOP_TASK_ID";

fn starts(sandbox: &Sandbox) -> String {
    let text = std::fs::read_to_string(sandbox.path("starts")).unwrap_or_default();
    text.lines().collect::<Vec<_>>().join(",")
}

#[test]
fn a_budget_ends_whatever_is_deleted() {
    for harm in ["rm -rf .workloop", "rm -rf .workloop; cp ../saved q.json"] {
        // By the agent, and by another process between two runs.
        for (agent, between) in [(harm, "true"), ("true", harm)] {
            let sandbox = project(agent, "false");
            sandbox.run(["run", "p/q.json", "--max-iterations", "1"]).exits(6);
            assert!(sandbox.shell(&format!("cd p; {between}")));
            sandbox.run(["run", "p/q.json"]).exits(5);
            assert_eq!(starts(&sandbox), "A,A", "{agent}; {between}");
            let after = sandbox.read("p/q.json");
            let after = task(&after, "A");
            assert_eq!((&after["status"], &after["attempts"]), (&json!("blocked"), &json!(2)));
        }
    }
}

#[test]
fn finished_work_is_put_back_where_it_is() {
    let sandbox = project(MAKE, MADE);
    sandbox.run(["run", "p/q.json"]).exits(0);
    assert!(sandbox.shell("cd p; rm -rf .workloop; cp ../saved q.json"));
    let ran = sandbox.run(["run", "p/q.json"]).exits(0);
    ran.says("complete again").says("A, B");
    assert_eq!(starts(&sandbox), "A,B");
    // The restored records are the same as before.
    let events = sandbox.run(["events", "--json", "p/q.json"]).exits(0).stdout;
    assert_eq!(events.matches("\"completed\"").count(), 2, "{events}");
    assert!(sandbox.shell("cd p; rm -rf .workloop made-B; cp ../saved q.json"));
    sandbox.run(["run", "p/q.json"]).exits(0).says("not in the tree");
    assert_eq!(starts(&sandbox), "A,B,B");
    assert!(sandbox.path("p/made-B").exists());
}

#[test]
fn a_loop_that_has_nothing_to_do_knows_what_was_done() {
    let sandbox = project(MAKE, MADE);
    let running = sandbox.spawn(["run", "p/q.json", "--when-empty", "wait"]);
    let complete = || sandbox.read("p/q.json")["summary"]["complete"] == 2;
    wait_until("both are complete", complete);
    wait_until("it waits", || running.output().contains("waiting for"));
    // The loop creates parts of the folder again meanwhile.
    assert!(
        sandbox.shell("cd p; until rm -rf .workloop; do :; done; cp ../saved t && mv t q.json")
    );
    wait_until("both are complete again", complete);
    sandbox.run(["stop", "p/q.json"]).exits(0);
    running.ends();
    assert_eq!(starts(&sandbox), "A,B");
}

/// A reader uses the copy, and `events --follow` prints no line twice after the journal is
/// restored.
#[test]
fn events_are_printed_once_whatever_is_deleted() {
    let sandbox = project(MAKE, MADE);
    sandbox.run(["run", "p/q.json"]).exits(0);
    let following = sandbox.spawn(["events", "--follow", "--json", "p/q.json"]);
    let told = |output: &str, event: &str| output.matches(&format!("\"{event}\"")).count();
    wait_until("all events are printed", || told(&following.output(), "loop_finished") == 1);
    assert!(sandbox.shell("rm -r p/.workloop"));
    let read = sandbox.run(["events", "--json", "p/q.json"]).exits(0).stdout;
    assert_eq!(told(&read, "completed"), 2, "{read}");
    assert!(!sandbox.path("p/.workloop").exists(), "a reader wrote");
    sandbox.run(["reset", "A", "p/q.json"]).exits(0);
    wait_until("the event of the verb is printed", || told(&following.output(), "reset") > 0);
    assert_eq!(told(&following.output(), "completed"), 2, "{}", following.output());
}

/// A project with the same path and the same tasks has no records of the previous one.
#[test]
fn a_project_that_is_made_again_begins_anew() {
    let sandbox = project(MAKE, "true");
    sandbox.run(["run", "p/q.json"]).exits(0);
    let again = "cp p/workloop.toml . && rm -rf p && mkdir p && mv workloop.toml p && \
                 cp saved p/q.json";
    assert!(sandbox.shell(again));
    let ran = sandbox.run(["run", "p/q.json"]).exits(0);
    assert!(!ran.stderr.contains("again"), "{ran}");
    assert_eq!(starts(&sandbox), "A,B,A,B");
}

#[test]
fn where_no_copy_can_be_kept_it_is_said_and_nothing_fails() {
    if lacks("git") {
        return;
    }
    let mut sandbox = project(MAKE, MADE);
    sandbox.variables.push(("XDG_STATE_HOME".to_owned(), "/dev/null".to_owned()));
    let told = "if .workloop/ is deleted";
    sandbox.run(["check", "p/q.json"]).exits(0).says("warning[no-backup]").says(told);
    sandbox.run(["run", "p/q.json"]).exits(0).says(told);
    // A verb that makes one change does not report it.
    let ran = sandbox.run(["park", "A", "p/q.json"]);
    assert!(!ran.stderr.contains(told), "{ran}");
    assert!(sandbox.shell("git init -q p"));
    let ran = sandbox.run(["check", "p/q.json"]).exits(0);
    assert!(!ran.stdout.contains(told), "{ran}");
}
