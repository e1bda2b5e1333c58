//! The tree that attempts start from, each guarantee with its broken twin.

use crate::sandbox::{Sandbox, queue, wait_until};
use crate::twins::{holds, unless};
use std::fs;

/// Creates an agent that does `agent`, and one step that does `verify` and records, outside of the
/// tree, when it judges the untouched tree.
fn project(sandbox: Sandbox, agent: &str, verify: &str) -> Sandbox {
    let note = "test -z \"$WORKLOOP_TREE_CHECK\" || echo check >>../log";
    let agent = format!("echo \"start $WORKLOOP_TASK_ID\" >>../log; {agent}");
    sandbox.config(&format!(
        "[agents.default]\nrun = '''{agent}'''\n[[verify]]\nname = \"test\"\n\
         run = '''{note}; {verify}'''\n[limits]\nattempts = 1\n"
    ))
}

fn lines(sandbox: &Sandbox, word: &str) -> usize {
    let log = fs::read_to_string(sandbox.path("../log")).unwrap_or_default();
    log.lines().filter(|line| line.starts_with(word)).count()
}

/// A loop starts while another one of the project works.
#[test]
fn the_tree_is_not_judged_beside_attempts() {
    holds("judged-beside", |sandbox: Sandbox| {
        let work = "test $WORKLOOP_TASK_ID != T001 || until test -e ../over; do sleep 0.02; done";
        let other = queue(&[("B", &[])]);
        let sandbox = project(sandbox, work, "true").queue("other/r.json", &other);
        let first = sandbox.spawn(["run", "q.json", "--max-iterations", "1"]);
        wait_until("the first attempt runs", || lines(&sandbox, "start") == 1);
        drop(sandbox.run(["run", "other/r.json"]));
        fs::write(sandbox.path("../over"), "").expect("written");
        drop(first.ends());
        unless(lines(&sandbox, "check") == 1, "the tree was judged beside an attempt")
    });
}

/// Two runs on one tree, which the agent does not change.
#[test]
fn a_tree_is_judged_once() {
    holds("trees-forgotten", |sandbox: Sandbox| {
        let sandbox = project(sandbox, "true", "true");
        drop(sandbox.run(["run", "q.json", "--max-iterations", "1"]));
        drop(sandbox.run(["run", "q.json"]));
        unless(lines(&sandbox, "check") == 1, "the same tree was judged again")
    });
}

/// The first task breaks the test of all others.
#[test]
fn a_tree_that_is_left_red_ends_the_run() {
    holds("left-red-ignored", |sandbox: Sandbox| {
        let broken = "test ! -e broken || { echo broken; false; }";
        let sandbox = project(sandbox, "touch broken", broken);
        let ran = sandbox.run(["run", "q.json"]);
        let started = lines(&sandbox, "start");
        let mut broken = unless(ran.status == 5, "another exit status");
        broken.extend(unless(started == 2, &format!("{started} agents were started")));
        broken
    });
}
