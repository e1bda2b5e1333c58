//! Steps of a verification, each guarantee with its broken twin.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, wait_until};
use crate::twins::{holds, unless};
use rustix::process::Signal;
use serde_json::json;

/// The agent writes the file that a step should measure; the step itself writes none.
#[test]
fn a_file_that_lay_there_before_measures_nothing() {
    holds("stale-believed", |sandbox: Sandbox| {
        let sandbox = sandbox.config(
            "[agents.default]\nrun = '''echo '{\"pct\": 99}' > c.json'''\n[[verify]]\nrun = 'true'\n\
             measure = { json_pointer = '/pct', file = 'c.json', min = 80 }\n\
             [limits]\nattempts = 1\nuntouched = false\n",
        );
        let ran = sandbox.run(["run", "q.json", "--task-id", "T001"]);
        unless(ran.status == 5, "a file from before the step was believed")
    });
}

/// The same if a pattern selects the files that a step writes.
#[test]
fn reports_that_lay_there_before_tell_no_items() {
    holds("stale-believed", |sandbox: Sandbox| {
        let sandbox = sandbox.config(
            "[agents.default]\nrun = '''mkdir -p out/a; \
             echo '<testsuite><testcase name=\"t\"/></testsuite>' >out/a/r.xml'''\n[[verify]]\nrun = 'true'\n\
             report = { junit = 'out/*/r.xml' }\n[limits]\nattempts = 1\nuntouched = false\n",
        );
        let ran = sandbox.run(["run", "q.json", "--task-id", "T001"]);
        unless(ran.status == 5, "a report from before the step was believed")
    });
}

/// The agent removes a test, and the others pass.
#[test]
fn a_test_that_is_gone_is_missed() {
    holds("lost-ignored", |sandbox: Sandbox| {
        let sandbox = sandbox
            .file(
                "a.sh",
                "echo ok 1 - a; test -e gone && echo 1..1 || { echo ok 2 - b; echo 1..2; }",
            )
            .config(
                "[agents.default]\nrun = 'touch gone'\n[[verify]]\nname = 'test'\nrun = 'sh a.sh'\n\
                 report = { parser = 'tap' }\n[limits]\nattempts = 1\n",
            );
        let ran = sandbox.run(["run", "q.json", "--task-id", "T001"]);
        unless(ran.status == 5, "a test was taken away")
    });
}

/// The first attempt breaks what the step checks, the second one changes something else.
#[test]
fn what_an_earlier_attempt_broke_is_judged() {
    if lacks("git") {
        return;
    }
    holds("inputs-of-attempt", |sandbox: Sandbox| {
        let sandbox = sandbox.config(
            "[agents.default]\nrun = '''test $WORKLOOP_ATTEMPT = 1 && echo broken > src.txt || \
             echo x > doc.txt'''\n\
             [[verify]]\nname = 'test'\nrun = 'test ! -e src.txt'\ninputs = ['src*']\n\
             [[verify]]\nname = 'docs'\nrun = 'true'\n[limits]\nattempts = 2\nuntouched = false\n",
        );
        let commit =
            "git init -q . && git add -A && git -c user.name=a -c user.email=b commit -qm c";
        assert!(sandbox.shell(commit));
        let ran = sandbox.run(["run", "q.json", "--task-id", "T001"]);
        unless(ran.status == 5, "a step was skipped that the task had broken")
    });
}

/// A gate that keeps failing is reported to a person, and does not create one task after another.
#[test]
fn a_red_gate_makes_one_task() {
    holds("red-task-again", |sandbox: Sandbox| {
        let mut list = queue(&[("G", &[])]);
        list["tasks"][0]["type"] = json!("gate");
        list["tasks"][0]["verify"] = json!("full");
        let sandbox = sandbox.queue("q.json", &list).config(
            "[agents.default]\nrun = 'true'\n[[verify]]\nrun = 'true'\n\
             [[verify]]\nprofile = 'full'\nrun = 'echo x >>n; exit $(($(wc -l <n)))'\n\
             [profiles.full]\non_red = 'task mend'\n[templates.mend]\ntitle = 'm'\nverify = 'default'\n\
             [limits]\nattempts = 4\nuntouched = false\n",
        );
        let ran = sandbox.run(["run", "q.json", "--max-iterations", "9"]);
        let made = sandbox.read("q.json")["tasks"].as_array().map_or(0, |tasks| tasks.len() - 1);
        unless(ran.status == 5 && made == 1, &format!("{made} tasks were made"))
    });
}

/// A gate treats a failure that the tasks before it caused as new, whatever the result of those
/// tasks.
#[test]
fn a_gate_forgives_nothing_that_its_tasks_broke() {
    if lacks("git") {
        return;
    }
    holds("gate-forgives", |sandbox: Sandbox| {
        let mut list = queue(&[("A", &[]), ("G", &["A"])]);
        list["tasks"][1]["type"] = json!("gate");
        list["tasks"][1]["verify"] = json!("full");
        let sandbox = sandbox.queue("q.json", &list).file("state", "ok 1 - t\n").config(
            "[isolation]\nmode = 'private'\n[workspaces]\ndir = '../trees'\n\
             [agents.default]\nrun = '''echo 'not ok 1 - t' >state'''\n[[verify]]\nrun = 'true'\n\
             [[verify]]\nprofile = 'full'\nrun = 'cat state; echo 1..1; grep -q ^ok state'\n\
             report = { parser = 'tap' }\n[profiles.full]\nbaseline = 'no-new-failures'\n\
             [limits]\nattempts = 1\nuntouched = false\n",
        );
        let ran = sandbox.committed().run(["run", "q.json"]);
        unless(ran.status == 5, "the gate took what its task broke for an old failure")
    });
}

/// A gate runs a test that the steps of the task before it do not run.
#[test]
fn a_gate_is_judged_with_the_tests_from_before_its_work() {
    if lacks("git") {
        return;
    }
    holds("judged-once", |sandbox: Sandbox| {
        let mut list = queue(&[("A", &[]), ("G", &["A"])]);
        list["tasks"][1]["type"] = json!("gate");
        list["tasks"][1]["verify"] = json!("full");
        let files = sandbox.queue("q.json", &list).file("value", "4\n");
        let sandbox = files.file("tests/test_value", "value 4\n").config(
            "[isolation]\nmode = 'private'\n[workspaces]\ndir = '../trees'\n\
             [agents.default]\nrun = 'echo 5 >value; sed -i s/4/5/ tests/*'\n\
             [[verify]]\nrun = 'true'\n[[verify]]\nprofile = 'full'\n\
             run = \"find . -name 'test_*' -exec grep -qx \\\"value $(cat value)\\\" {} +\"\n\
             [limits]\nattempts = 1\nuntouched = false\n",
        );
        let ran = sandbox.committed().run(["run", "q.json"]);
        unless(ran.status == 5, "the gate passed with a weaker test")
    });
}

/// If a step can run neither on the untouched tree nor after an attempt, no task is blamed.
#[test]
fn a_step_that_cannot_run_costs_no_task_an_attempt() {
    holds("lacking-blamed", |sandbox: Sandbox| {
        let sandbox = sandbox.config(
            "[agents.default]\nrun = 'date +%N >made'\n[[verify]]\nname = 'test'\n\
             run = '''echo '/usr/bin/python3: No module named pytest' >&2; exit 1'''\n",
        );
        let ran = sandbox.run(["run", "q.json", "--jobs", "1"]);
        let task = &sandbox.read("q.json")["tasks"][0];
        let said = ran.to_string().contains("step test cannot run: python has no module pytest");
        unless(
            ran.status == 2 && task["status"] == "pending" && said,
            &format!("exit {} and {}", ran.status, task["status"]),
        )
    });
}

/// A task rewrites the script of a gate, which its own steps do not name.
#[test]
fn the_script_of_a_gate_is_no_task_s_to_change() {
    if lacks("git") {
        return;
    }
    for mode in ["shared", "private"] {
        holds("others-unguarded", |sandbox: Sandbox| {
            let mut list = queue(&[("A", &[]), ("G", &["A"])]);
            list["tasks"][1]["type"] = json!("gate");
            list["tasks"][1]["verify"] = json!("full");
            let config = format!(
                "[isolation]\nmode = '{mode}'\n[workspaces]\ndir = '../trees'\n\
                 [agents.default]\nrun = '''echo 'exit 0' >gate.sh'''\n[[verify]]\nrun = 'true'\n\
                 [[verify]]\nprofile = 'full'\nrun = 'sh gate.sh'\n\
                 [limits]\nattempts = 1\nuntouched = false\n",
            );
            let sandbox =
                sandbox.queue("q.json", &list).file("gate.sh", "exit 1\n").config(&config);
            let sandbox = sandbox.committed();
            sandbox.run(["run", "q.json"]);
            let tasks = &sandbox.read("q.json")["tasks"];
            // In private trees a gate would also find it by its second judgement.
            let held = tasks[0]["status"] == "blocked" && tasks[1]["status"] != "complete";
            unless(held, &format!("{mode}: a task rewrote the script of its gate"))
        });
    }
}

/// The first agent rewrites the check so that it passes everything, and its task is blocked for
/// that.
#[test]
fn what_an_agent_made_of_a_check_judges_no_other_task() {
    holds("tampered-believed", |sandbox: Sandbox| {
        let list = queue(&[("A", &[]), ("B", &[])]);
        let sandbox = sandbox.queue("q.json", &list).file("check.sh", "exit 1\n").config(
            "[agents.default]\nrun = '''test $WORKLOOP_TASK_ID = B || echo 'exit 0' >check.sh'''\n\
             [[verify]]\nrun = 'sh check.sh'\n[limits]\nattempts = 1\nuntouched = false\n",
        );
        let ran = sandbox.run(["run", "q.json"]);
        let tasks = &sandbox.read("q.json")["tasks"];
        let held =
            ran.status == 2 && tasks[0]["status"] == "blocked" && tasks[1]["status"] == "pending";
        // A person accepts the script.
        let retried = sandbox.run(["retry", "A", "q.json"]).status == 0;
        let then = sandbox.run(["run", "q.json"]).status;
        unless(held && retried && then == 0, &format!("exit {}, then {then}: {tasks}", ran.status))
    });
}

/// What an agent made of a check judges no task of another run either, also if the loop is killed
/// before it compares anything.
#[test]
fn what_an_agent_made_of_a_check_judges_no_other_run() {
    for end in ["", "while :; do sleep 0.05; done; "] {
        holds("judges-forgotten", |sandbox: Sandbox| {
            let list = queue(&[("A", &[]), ("B", &[])]);
            let agent = format!("echo 'exit 0' >check.sh; : >began; {end}:;");
            let config = format!(
                "[agents.default]\nrun = '''test $WORKLOOP_TASK_ID = B || {{ {agent} }}'''\n\
                 [[verify]]\nrun = 'sh check.sh'\n[limits]\nattempts = 1\nuntouched = false\n"
            );
            let sandbox =
                sandbox.queue("q.json", &list).file("check.sh", "exit 1\n").config(&config);
            let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
            wait_until("the check is changed", || sandbox.path("began").exists());
            if !end.is_empty() {
                running.signal(Signal::KILL);
            }
            running.ends();
            wait_until("nothing of the attempt runs", || sandbox.strays().is_empty());
            let ran = sandbox.run(["run", "q.json", "--task-id", "B"]);
            let open = sandbox.status("B") == "pending";
            unless(ran.status == 2 && open, &format!("{ran}: B was judged by it"))
        });
    }
}
