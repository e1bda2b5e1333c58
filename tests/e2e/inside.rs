//! Verbs inside an attempt: an agent cannot use them to change its project.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::json;

/// An agent that calls the program and records each exit status in `tried`.
const AGENT: &str = r#"
try() { name=$1; shift; "$@" >>said 2>&1 </dev/null; echo "$name $?" >>tried; }
w=@PROGRAM@
case $WORKLOOP_TASK_ID in A) ;; *) exit 0 ;; esac
@LINES@
"#;

fn sandbox(lines: &str) -> Sandbox {
    let other = json!({"tasks": [{"id": "X", "title": "Another project"}]});
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"]), ("C", &["A"])]))
        .queue("more/other.json", &queue(&[("M", &[])]))
        .queue("../elsewhere/q.json", &other);
    let agent = AGENT.replace("@PROGRAM@", &sandbox.program.display().to_string());
    sandbox
        .file("agent.sh", agent.replace("@LINES@", lines))
        .config("[agents.default]\nrun = [\"sh\", \"agent.sh\"]\ntimeout = \"60s\"\n")
}

/// Runs the task of the agent, and returns what it recorded.
fn tried(sandbox: &Sandbox) -> Vec<(String, i32)> {
    let run = ["run", "q.json", "--task-id", "A", "--no-verify"];
    let ran = sandbox.run(run);
    assert_eq!(ran.status, 0, "{ran}");
    let text = String::from_utf8(sandbox.bytes("tried")).expect("text");
    let line = |line: &str| line.split_once(' ').map(|(n, s)| (n.to_owned(), s.parse().ok()));
    text.lines().filter_map(line).map(|(n, s)| (n, s.expect("a status"))).collect()
}

#[test]
fn every_verb_that_writes_is_refused() {
    let sandbox = sandbox(
        r#"
        try add $w add q.json --title x
        try edit $w edit B q.json --priority 0
        try approve $w approve B q.json
        try answer $w answer B yes q.json
        try done $w done B q.json
        try done-verified $w done B --verify q.json
        try retry $w retry B q.json
        try retry-failed $w retry --failed q.json
        try reset $w reset B q.json
        try reset-all $w reset --all --yes q.json
        try cancel $w cancel B q.json
        try block $w block B q.json --because x
        try park $w park B q.json
        try unpark $w unpark B q.json
        try release $w release --force A q.json
        try progress-of-b $w progress B --percent 9 --work-queue q.json
        try stop $w stop q.json
        try stop-all $w stop --all q.json
        try pause $w pause q.json
        try resume $w resume q.json
        try init $w init
        try restore $w workspace restore A q.json
        try prune $w workspace prune q.json
        try land $w land now q.json
        try run $w run q.json --no-verify
        try run-by-name env -C more $w run other.json --no-verify
        try add-beside $w add more/other.json --title x
        "#,
    );
    let all = tried(&sandbox);
    assert_eq!(all.len(), 27);
    for (name, status) in all {
        assert_eq!(status, 2, "{name}: {}", String::from_utf8_lossy(&sandbox.bytes("said")));
    }
    let said = String::from_utf8(sandbox.bytes("said")).expect("text");
    assert_eq!(said.matches("part of an attempt of the same project").count(), 27, "{said}");
    assert!(said.contains("WORKLOOP_RESULT_FILE") && said.contains("workloop progress"), "{said}");
    let after = sandbox.read("q.json");
    for id in ["B", "C"] {
        assert_eq!(*task(&after, id), task(&queue(&[(id, &["A"])]), id).clone(), "{id}");
    }
    assert_eq!(after["tasks"].as_array().map(Vec::len), Some(3));
    assert_eq!(sandbox.read("more/other.json"), queue(&[("M", &[])]));
    for request in ["stop-q", "stop-all", "pause-q"] {
        assert!(!sandbox.path(".workloop").join(request).exists(), "{request}");
    }
    assert!(!sandbox.path("queues").exists());
}

#[test]
fn it_may_read_and_say_how_far_it_is() {
    if lacks("git") {
        return;
    }
    let sandbox = sandbox(
        r"
        try status $w status q.json
        try why $w why B q.json
        try check $w check q.json
        try ls $w workspace ls q.json
        try landing $w land status q.json
        try dry-run $w run q.json --dry-run --no-verify
        try progress $w progress --percent 40
        try progress-by-name $w progress A --next more --work-queue q.json
        try init-elsewhere $w init scratch
        ",
    );
    for (name, status) in tried(&sandbox) {
        // No verification is configured here, which `check` reports.
        let expected = if name == "check" { 3 } else { 0 };
        assert_eq!(status, expected, "{name}: {}", String::from_utf8_lossy(&sandbox.bytes("said")));
    }
    let progress = task(&sandbox.read("q.json"), "A")["progress"].clone();
    assert_eq!((&progress["percent"], &progress["next"]), (&json!(40), &json!("more")));
    assert!(sandbox.path("scratch/workloop.toml").exists());
}

/// The supervisor carries the tag, whatever a process does to its own environment, session and
/// parents, and even if the folder with the entries of the queues is gone.
#[test]
fn hiding_does_not_help() {
    let sandbox = sandbox(
        r#"
        try empty env -i $w park B q.json
        try session setsid env -i $w park B q.json
        sh -c "setsid sh -c '(env -i $w park B q.json >>said 2>&1; echo orphan \$? >orphan.new
            mv orphan.new orphan) & ' &"
        n=0; until [ -e orphan ] || [ $((n += 1)) -gt 1000 ]; do sleep 0.02; done
        cat orphan >>tried
        rm -rf .workloop
        try unentered $w park M more/other.json
        "#,
    );
    let all = tried(&sandbox);
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["empty", "session", "orphan", "unentered"]);
    for (name, status) in all {
        assert_eq!(status, 2, "{name}: {}", String::from_utf8_lossy(&sandbox.bytes("said")));
    }
    assert_eq!(sandbox.status("B"), "pending");
}

/// The tests of a project that uses workloop run inside attempts.
#[test]
fn queues_of_other_projects_are_untouched_by_the_rule() {
    let sandbox = sandbox(
        r"
        try add $w add ../elsewhere/q.json --title more
        try park $w park X ../elsewhere/q.json
        try init $w init ../elsewhere/new
        try run $w run ../elsewhere/q.json --agent true --no-verify
        ",
    );
    for (name, status) in tried(&sandbox) {
        assert_eq!(status, 0, "{name}: {}", String::from_utf8_lossy(&sandbox.bytes("said")));
    }
    let other = sandbox.read("../elsewhere/q.json");
    assert_eq!(other["summary"]["complete"], 1, "{other}");
}
