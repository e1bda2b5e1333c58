//! Backoffs and limits that must be enforced, each with its broken twin.

use crate::sandbox::{Running, Sandbox, flat_queue};
use crate::twins::{holds, unless};

/// An agent that records its starts, changes nothing, and prints `stream`.
fn agent(sandbox: Sandbox, stream: &str, more: &str) -> Sandbox {
    let script = format!("cat >/dev/null\necho x >>starts\nnow=$(date +%s)\n{stream}\n");
    let toml = format!(
        "[agents.default]\npreset = \"claude\"\nrun = [\"sh\", \"tool.sh\"]\n\
         [[verify]]\nname = \"any\"\nrun = \"true\"\n{more}\n"
    );
    sandbox.config(&toml).file("tool.sh", script)
}

fn starts(sandbox: &Sandbox) -> usize {
    let lines = |path| String::from_utf8_lossy(&sandbox.bytes(path)).lines().count();
    if sandbox.path("starts").exists() { lines("starts") } else { 0 }
}

const DONE: &str = r#"echo '{"type":"result","subtype":"success","is_error":false,"total_cost_usd":2,"result":"You have hit your usage limit"}'"#;
const REFUSED: &str = r#"echo "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":$((now + 3600))}}"
echo '{"type":"result","subtype":"success","is_error":true,"result":"?"}'
exit 1"#;

#[test]
fn a_pause_is_kept_by_a_second_loop() {
    holds("limit-ignored", |sandbox: Sandbox| {
        let sandbox = agent(sandbox, REFUSED, "");
        for _ in 0..2 {
            drop(sandbox.run(["run", "q.json", "--no-wait", "--max-iterations", "3"]));
        }
        let started = starts(&sandbox);
        unless(started == 1, &format!("{started} starts within one limit"))
    });
}

#[test]
fn a_task_about_limits_pauses_nobody() {
    holds("task-text-matched", |sandbox: Sandbox| {
        let sandbox = agent(sandbox, DONE, "");
        let ran = sandbox.run(["run", "q.json", "--no-wait"]);
        let complete = sandbox.read("q.json")["summary"]["complete"] == 3;
        drop(ran);
        unless(complete, "a reply about a limit was taken for one")
    });
}

/// Starts eight loops at once on 24 tasks, each of which costs 2 dollars of at most 10.
fn eight_loops(sandbox: Sandbox) -> Vec<String> {
    const LOOPS: usize = 8;
    let (list, _) = flat_queue(24);
    let sandbox = sandbox.queue("q.json", &list);
    let sandbox = agent(sandbox, DONE, "[limits.day]\ncost_usd = 10");
    let loops: Vec<Running> =
        (0..LOOPS).map(|_| sandbox.spawn(["run", "q.json", "--jobs", "2"])).collect();
    let statuses: Vec<i32> = loops.into_iter().map(|one| one.ends().status).collect();
    let started = starts(&sandbox);
    // A loop that comes later starts nothing.
    drop(sandbox.run(["run", "q.json"]));
    let later = starts(&sandbox) - started;
    let what = format!("{started} attempts of 2 dollars each within 10 dollars, {later} later");
    let mut broken = unless(started == 5 && later == 0, &what);
    let ends = statuses.iter().all(|status| *status == 6);
    broken.extend(unless(ends, &format!("loops ended with {statuses:?}")));
    broken
}

/// The sum of all loops never exceeds the limit of a day while attempts cost what is expected.
#[test]
fn what_a_day_may_cost_holds_for_all_loops() {
    holds("spending-unlimited", eight_loops);
}

#[test]
fn what_attempts_may_use_is_reserved_before_they_are_claimed() {
    holds("spending-unreserved", eight_loops);
}
