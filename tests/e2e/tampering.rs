//! Tampering with what judges the work is noticed before each step, named, and never rewarded.

use crate::sandbox::{Sandbox, queue, task, wait_until};
use serde_json::{Value, json};

/// Returns a project whose agent is a shell command, judged by these steps.
fn project(agent: &str, steps: &[&str]) -> Sandbox {
    let agent =
        format!("[agents.default]\nrun = '''{agent}'''\ntimeout = \"30s\"\ngrace = \"1s\"\n");
    let steps = steps.iter().map(|run| format!("[[verify]]\nrun = {}\n", json!(run)));
    // These tests are about attempts, not about the untouched tree.
    let limits = "[limits]\nuntouched = false\n";
    Sandbox::new()
        .config(&(agent + &steps.collect::<String>() + limits))
        .file("check.sh", "exit 1\n")
        .queue("q.json", &queue(&[("A", &[])]))
}

fn attempt(sandbox: &Sandbox) -> Value {
    task(&sandbox.read("q.json"), "A").clone()
}

/// Runs once and asserts that the task is blocked as `tampered`, with the file in its error.
#[track_caller]
fn blocked_for(sandbox: &Sandbox, file: &str) {
    sandbox.run(["run", "q.json"]).exits(5).says("tampered");
    let task = attempt(sandbox);
    assert_eq!((&task["status"], &task["passes"]), (&json!("blocked"), &json!(false)), "{task}");
    let error = task["error"].as_str().unwrap_or_default();
    assert!(error.contains(file) && error.contains("workloop retry A"), "{error}");
    let journal = String::from_utf8_lossy(&sandbox.bytes(".workloop/events.jsonl")).into_owned();
    assert!(journal.contains(r#""reason_code":"tampered""#), "{journal}");
}

#[test]
fn a_step_that_rewrites_the_next_one_is_stopped_before_it_runs() {
    // The agent adds code to the product that changes a script when the first step runs it.
    let sandbox =
        project("echo 'echo exit 0 >check.sh' >app", &["sh ./app", "sh check.sh && : >ran"]);
    blocked_for(&sandbox, "check.sh");
    assert!(!sandbox.path("ran").exists(), "the changed script was run");
}

#[test]
fn a_check_that_replaces_itself_passes_nothing() {
    let sandbox =
        project("true", &["./own.sh"]).file("own.sh", "#!/bin/sh\necho 'exit 0' >own.sh\n");
    assert!(sandbox.shell("chmod +x own.sh"));
    blocked_for(&sandbox, "own.sh");
}

/// If the verification of the untouched tree replaces a check, no task is blamed, because an
/// earlier attempt may have left that.
#[test]
fn a_check_that_replaces_itself_on_the_untouched_tree_begins_nothing() {
    let config = "[agents.default]\nrun = ': >began'\n[[verify]]\nrun = './own.sh'\n";
    let sandbox =
        project("true", &[]).config(config).file("own.sh", "#!/bin/sh\necho 'exit 0' >own.sh\n");
    assert!(sandbox.shell("chmod +x own.sh"));
    let ran = sandbox.run(["run", "q.json"]).exits(2);
    ran.says("tampered: own.sh was changed by a verification of the tree")
        .says("no task was blamed");
    assert!(!sandbox.path("began").exists() && sandbox.status("A") == "pending");
    // Another run does not take it for the original, until a person changed it.
    sandbox
        .run(["run", "q.json"])
        .exits(2)
        .says("own.sh changed during a verification of the tree");
    assert!(sandbox.shell("echo 'exit 0 # checked' >own.sh"));
    sandbox.run(["run", "q.json"]).exits(0);
}

#[test]
fn a_change_counts_however_the_attempt_ends() {
    // Otherwise the second attempt would treat the changed script as a person's.
    for end in ["exit 3", "kill -9 $$", "no-such-command-here"] {
        let sandbox = project(&format!("echo exit 0 >check.sh; {end}"), &["sh check.sh"]);
        sandbox.run(["run", "q.json"]).says("tampered");
        assert_eq!(sandbox.status("A"), "blocked", "{end}");
    }
}

#[test]
fn a_person_accepts_the_change_by_retry() {
    let sandbox = project("grep -q 0 check.sh || echo exit 0 >check.sh", &["sh check.sh"]);
    blocked_for(&sandbox, "check.sh");
    sandbox.run(["retry", "A", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.status("A"), "complete");
}

#[test]
fn what_a_person_gave_to_a_task_it_may_change_and_a_follow_up_may_not() {
    for (extra, status) in [
        (json!({"file": "check.sh"}), "complete"),
        (json!({"files": ["check.sh"]}), "complete"),
        (json!({"tests": ["check.sh"]}), "blocked"),
        (json!({"files": ["check.sh"], "discovered_by": "Z"}), "blocked"),
    ] {
        let mut list = queue(&[("A", &[])]);
        let task = list["tasks"][0].as_object_mut().expect("a task");
        task.extend(extra.as_object().cloned().unwrap_or_default());
        let sandbox = project("echo exit 0 >check.sh", &["sh check.sh"]).queue("q.json", &list);
        sandbox.run(["run", "q.json"]);
        assert_eq!(sandbox.status("A"), status, "{extra}");
    }
}

#[test]
fn honest_work_is_left_alone() {
    // Product files, a dependency, a test that no step names, and a second attempt at a new file.
    let agent = "mkdir -p src tests; date +%N >src/app.js; echo x >tests/new.test.js; \
                 sed -i 's/1.0/2.0/' package.json; echo \"exit $((2 - WORKLOOP_ATTEMPT))\" >new.sh";
    let package = r#"{"scripts": {"test": "sh new.sh"}, "dependencies": {"left-pad": "1.0"}}"#;
    let sandbox = project(agent, &["sh new.sh", "test -s src/app.js", "grep -q 2.0 package.json"])
        .file("package.json", package)
        .file("tests/old.test.js", "old");
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(attempt(&sandbox)["attempts"], 2);
    let guard = sandbox.shell("grep -q new.sh .workloop/attempts/*/1/guard.json");
    assert!(guard, "guard.json does not list the file to be made");
}

#[test]
fn protected_globs_are_watched() {
    for change in ["echo x >tests/golden/new", "echo x >tests/golden/a", "rm tests/golden/a"] {
        let sandbox = project(change, &["true"]).file("tests/golden/a", "as it was");
        let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
        let protect = format!("{config}[guardrails]\nprotect = [\"tests/golden/**\"]\n");
        let sandbox = sandbox.config(&protect);
        blocked_for(&sandbox, "tests/golden/");
    }
}

#[test]
fn an_agent_gains_nothing_by_editing_the_configuration() {
    let sandbox =
        project("echo '# mine' >>workloop.toml", &["sh check.sh"]).file("check.sh", "exit 0\n");
    let before = sandbox.bytes("workloop.toml");
    sandbox.run(["run", "q.json"]).exits(5).says("workloop.toml changed").says("put back");
    assert_eq!(sandbox.bytes("workloop.toml"), before);
    // The first attempt used no budget, because a person may have made the edit; the second one
    // does.
    let task = attempt(&sandbox);
    assert_eq!((&task["status"], &task["attempts"]), (&json!("blocked"), &json!(2)), "{task}");
    assert!(sandbox.shell("tail -n 1 .workloop/attempts/*/1/workloop.toml.changed | grep -q mine"));
}

#[test]
fn a_persons_edit_of_the_configuration_costs_no_task_its_attempt() {
    let agent = "[ -e edited ] || { : >started; until [ -e edited ]; do sleep 0.02; done; }";
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    let sandbox = project(agent, &["true"]).queue("q.json", &list);
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.path("started").exists());
    assert!(sandbox.shell("echo '# a word' >>workloop.toml && : >edited"));
    running.ends().exits(0).says("workloop.toml changed");
    assert_eq!(sandbox.status("A"), "complete");
}

#[test]
fn steps_run_the_programs_that_were_there_at_the_start() {
    // The agent creates a program of that name in the project root and in another folder, both of
    // which come first in PATH.
    let agent =
        "mkdir -p early; for f in judge early/judge; do echo '#!/bin/sh' >$f; chmod +x $f; done";
    let mut sandbox = project(agent, &["true"]).file("late/judge", "#!/bin/sh\nexit 1\n");
    assert!(sandbox.shell("chmod +x late/judge"));
    let here = sandbox.path("").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!(":.:{here}early:{here}late:{path}");
    sandbox.variables.push(("PATH".to_owned(), path));
    let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
    let steps = "[[verify]]\nname = \"path\"\nrun = 'case $PATH in :*|.*) exit 9;; esac'\n\
                 [[verify]]\nname = \"judge\"\nrun = [\"judge\"]\n";
    let sandbox = sandbox.config(&(config + steps));
    let ran = sandbox.run(["run", "q.json", "--max-iterations", "1"]);
    ran.exits(6).says("step judge: exit status 1");
}

#[test]
fn no_value_of_a_task_is_taken_for_a_flag() {
    let steps = ["true"];
    let list = |extra: &Value| {
        let mut list = queue(&[("A", &[])]);
        list["tasks"][0]
            .as_object_mut()
            .expect("a task")
            .extend(extra.as_object().cloned().unwrap_or_default());
        list
    };
    let config = |sandbox: &Sandbox, words: &str| {
        let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
        format!("{config}[[verify]]\nname = \"args\"\nrun = {words}\n")
    };
    let print = r#"["sh", "-c", 'printf "%s\n" "$@" >args', "sh", "{tests}", "{files}"]"#;
    let sandbox = project("echo z >z", &steps)
        .queue("q.json", &list(&json!({"tests": ["-x"], "files": ["-y", "z"]})));
    let sandbox = {
        let config = config(&sandbox, print);
        sandbox.config(&config)
    };
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.bytes("args"), b"./-x\n./-y\nz\n");
    let sandbox = project("true", &steps).queue("q.json", &list(&json!({"title": "--help"})));
    let sandbox = {
        let config = config(&sandbox, r#"["echo", "{title}"]"#);
        sandbox.config(&config)
    };
    sandbox.run(["run", "q.json"]).exits(5).says("as a flag");
    let journal = String::from_utf8_lossy(&sandbox.bytes(".workloop/events.jsonl")).into_owned();
    assert!(journal.contains(r#""reason_code":"bad_task""#), "{journal}");
}

/// The agent of `A` adds a task that declares the check, and the agent of that task rewrites it.
#[test]
fn a_task_that_an_agent_wrote_into_the_file_permits_itself_nothing() {
    let agent = r#"case $WORKLOOP_TASK_ID in
        A) jq '.tasks += [{"id": "Z", "title": "z", "files": ["check.sh"], "verify": "none"}]' q.json >new &&
           mv new q.json && echo work >work;;
        Z) echo exit 0 >check.sh;; esac"#;
    let sandbox = project(agent, &["test -e work && sh check.sh"]);
    if crate::processes::lacks("jq") {
        return;
    }
    let sandbox = sandbox.file("check.sh", "exit 0 # the first\n");
    let ran = sandbox.run(["run", "q.json"]).exits(5);
    ran.says("task Z was added to the file beside attempts").says("--unset discovered_by");
    let queue = sandbox.read("q.json");
    let added = task(&queue, "Z");
    assert_eq!((&added["status"], &added["discovered_by"]), (&json!("blocked"), &json!("unknown")));
    assert_eq!(
        (added.get("verify"), task(&queue, "A")["status"].as_str()),
        (None, Some("complete"))
    );
    // A person takes it over.
    assert!(sandbox.shell("echo 'exit 0 # the first' >check.sh"));
    sandbox.run(["edit", "Z", "q.json", "--unset", "discovered_by"]).exits(0);
    sandbox.run(["retry", "Z", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
}
