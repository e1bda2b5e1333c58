//! Steps of a verification, each promise with its broken twin.

use crate::sandbox::Sandbox;
use crate::twins::{holds, unless};

/// The agent writes the number that a step should measure, which writes none.
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

/// The agent takes a test away, and what is left passes.
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

/// The first attempt breaks what the step looks at, the second one touches something else.
#[test]
fn what_an_earlier_attempt_broke_is_judged() {
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
