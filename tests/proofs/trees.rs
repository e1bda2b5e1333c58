//! Nasty process trees: however an attempt ends, nothing of it is left, no lock is held and no
//! temporary file stays.

use crate::fake_agent::CONFIG;
use crate::processes::{self, lacks};
use crate::sandbox::{Running, Sandbox, queue, wait_until};
use rustix::process::Signal;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A tree as a script, whose leader does `$LAST` after it has started the tree. `$1` is the folder:
/// it is in the arguments of processes that hide their environment, so that they can be found.
const TREES: &[(&str, &str)] = &[
    ("double fork", r#"(sh -c 'trap "" HUP; sleep 300' & ) </dev/null >/dev/null 2>&1"#),
    ("daemon", r#"setsid sh -c 'while :; do sleep 1; done' </dev/null >/dev/null 2>&1 &"#),
    ("nohup", "nohup sh -c 'while :; do sleep 1; done' >/dev/null 2>&1 &"),
    ("deaf to TERM", r#"sh -c 'trap "" TERM; while :; do sleep 1; done' &"#),
    (
        "deaf with deaf children",
        r#"sh -c 'trap "" TERM HUP INT; sh -c "trap \"\" TERM HUP; while :; do sleep 1; done" & while :; do sleep 1; done' &"#,
    ),
    ("empty environment", r#"env -i PATH="$PATH" sh -c 'while :; do sleep 1; done' "$1" &"#),
    ("holds the pipe", "setsid sh -c 'while :; do sleep 1; done' &"),
    ("stopped", "sh -c 'kill -STOP $$; sleep 300' &"),
    ("zombies", "sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 0 & done; exec sleep 300' &"),
    (
        "forks as it dies",
        r#"cat >chain.sh <<'END'
trap 'sh chain.sh & exit' TERM HUP INT
sh -c 'sleep 0.02' ; n=${N:-0}; N=$((n + 1)); export N
[ "$N" -gt 400 ] || { sh chain.sh & }
END
sh chain.sh &"#,
    ),
    (
        "new session without environment",
        r#"(env -i PATH="$PATH" setsid sh -c 'while :; do sleep 1; done' "$1" & ) </dev/null >/dev/null 2>&1"#,
    ),
    (
        "fifty deep",
        r#"cat >deep.sh <<'END'
[ "$1" -gt 50 ] && exec sleep 300
sh deep.sh $(($1 + 1)) "$2" & wait
END
sh deep.sh 1 "$1" &"#,
    ),
    (
        "groups of its own",
        "set -m; sh -c 'while :; do sleep 1; done' & sh -c 'sleep 300 | sleep 300' & set +m",
    ),
    ("closed descriptors", "setsid -f sh -c 'exec 0<&- 1>&- 2>&-; while :; do sleep 1; done'"),
];

/// Creates the agent that starts a tree; a failed verification would show what was left of it.
fn planted(tree: &str, last: &str) -> Sandbox {
    planted_in(Sandbox::new(), tree, last)
}

fn planted_in(sandbox: Sandbox, tree: &str, last: &str) -> Sandbox {
    static TAGS: AtomicUsize = AtomicUsize::new(0);
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    // The programs of the tree have a unique number in their arguments.
    let tag = format!("{:07}{:03}", std::process::id(), TAGS.fetch_add(1, Ordering::Relaxed));
    let tree = tree
        .replace("sleep 1;", &format!("sleep 1.{tag};"))
        .replace("sleep 300", &format!("sleep 300.{tag}"))
        .replace("chain.sh", &format!("chain-{tag}.sh"))
        .replace("deep.sh", &format!("deep-{tag}.sh"));
    let script = format!("root=$PWD; set -- \"$root\"\n{tree}\necho planted >planted\n{last}\n");
    let config = CONFIG
        .replace(r#"run = ["sh", "fake-agent.sh"]"#, r#"run = ["sh", "tree.sh"]"#)
        .replace(r#"timeout = "30s""#, r#"timeout = "2s""#);
    let config = config.replace("test -e \"made/$WORKLOOP_TASK_ID\"", "true");
    sandbox.config(&config).queue("q.json", &list).file("tree.sh", script).file("tag", tag)
}

fn is_planted(sandbox: &Sandbox) -> bool {
    sandbox.path("planted").exists()
}

/// Checks that nothing of the attempt is alive and that its locks are free.
#[track_caller]
fn is_clean(name: &str, sandbox: &Sandbox) {
    let mut left = Vec::new();
    let gone = crate::sandbox::holds_within(std::time::Duration::from_secs(30), || {
        left = sandbox.strays();
        left.is_empty()
    });
    let lines: Vec<String> = left.iter().map(|pid| processes::command_line(*pid)).collect();
    assert!(gone, "{name}: still alive: {lines:?}");
    let free = "for lock in .workloop/claims/*.lock; do \
                [ ! -e \"$lock\" ] || flock -n \"$lock\" true || exit 1; done; flock -n . true";
    assert!(sandbox.shell(free), "{name}: a lock is held");
    sandbox.nothing_left();
}

/// Runs `one` with every tree, several at a time, because most of them wait.
fn with_each(one: impl Fn(&str, &str) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((name, tree)) = TREES.get(next.fetch_add(1, Ordering::Relaxed)) {
            one(name, tree);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..7).map(|_| scope.spawn(work)).collect();
        let failed = threads.into_iter().filter_map(|one| one.join().err()).count();
        assert_eq!(failed, 0, "threads failed");
    });
}

#[test]
fn it_is_ended_before_the_verification() {
    if lacks("flock") {
        return;
    }
    with_each(|name, tree| {
        let looks = "\n[[verify]]\nname = \"alone\"\n\
                     run = \"! ps -eo stat=,args= | grep -v '^Z' | grep -F -f tag\"\n";
        let sandbox = planted(tree, "exit 0");
        let config = String::from_utf8_lossy(&sandbox.bytes("workloop.toml")).into_owned();
        let sandbox = sandbox.config(&format!("{config}{looks}"));
        let ran = sandbox.run(["run", "q.json"]);
        assert!(is_planted(&sandbox), "{name}: {ran}");
        assert_eq!(ran.status, 0, "{name}: {ran}");
        is_clean(name, &sandbox);
    });
}

#[test]
fn it_is_ended_at_its_limit() {
    if lacks("flock") {
        return;
    }
    with_each(|name, tree| {
        let sandbox = planted(tree, "trap '' TERM; while :; do sleep 1; done");
        let ran = sandbox.run(["run", "q.json"]);
        assert!(is_planted(&sandbox) && ran.status == 5, "{name}: {ran}");
        is_clean(name, &sandbox);
    });
}

/// Starts a loop with a waiting tree; returns it with its supervisor.
fn started(tree: &str) -> (Sandbox, Running, u32) {
    let sandbox = planted(tree, "exec sleep 300");
    let config = String::from_utf8_lossy(&sandbox.bytes("workloop.toml")).into_owned();
    let sandbox = sandbox.config(&config.replace(r#"timeout = "2s""#, r#"timeout = "300s""#));
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the tree is planted", || is_planted(&sandbox));
    let of_ours = |pid: &u32| processes::command_line(*pid).contains("workloop supervise");
    let supervisor = sandbox.strays().into_iter().find(of_ours).expect("a supervisor");
    (sandbox, running, supervisor)
}

#[test]
fn it_is_ended_when_the_loop_is_killed() {
    if lacks("flock") {
        return;
    }
    with_each(|name, tree| {
        let (sandbox, running, _) = started(tree);
        running.signal(Signal::KILL);
        drop(running);
        is_clean(name, &sandbox);
    });
}

#[test]
fn it_is_ended_when_the_supervisor_is_killed() {
    if lacks("flock") {
        return;
    }
    with_each(|name, tree| {
        let (sandbox, running, supervisor) = started(tree);
        assert!(sandbox.shell("echo exit 0 >tree.sh"));
        processes::signal(supervisor, Signal::KILL);
        let ran = running.ends();
        assert!(ran.stderr.contains("supervisor vanished"), "{name}: {ran}");
        is_clean(name, &sandbox);
    });
}

#[test]
fn it_is_ended_by_the_next_loop_when_both_are_killed() {
    if lacks("flock") {
        return;
    }
    with_each(|name, tree| {
        let (sandbox, running, supervisor) = started(tree);
        running.signal(Signal::STOP);
        processes::signal(supervisor, Signal::KILL);
        running.signal(Signal::KILL);
        drop(running);
        wait_until("the supervisor is dead", || processes::is_dead(supervisor));
        assert!(sandbox.shell("echo exit 0 >tree.sh"));
        let ran = sandbox.run(["run", "q.json"]);
        assert!(matches!(ran.status, 0 | 5), "{name}: {ran}");
        is_clean(name, &sandbox);
    });
}

#[test]
fn the_sweep_is_what_ends_them() {
    crate::twins::holds("leftovers-stay", |sandbox| {
        let (name, tree) = TREES[1];
        // Only when it has left the group: the group is always ended.
        let tree = tree.replace("while :", "echo >up; while :");
        let last = "while ! test -e up; do sleep 0.01; done; exit 0";
        let sandbox = planted_in(sandbox, &tree, last);
        sandbox.run(["run", "q.json"]);
        let patience = crate::twins::patience(&sandbox);
        let gone = crate::sandbox::holds_within(patience, || sandbox.strays().is_empty());
        crate::twins::unless(gone && is_planted(&sandbox), &format!("{name} stayed"))
    });
}
