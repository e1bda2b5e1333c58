//! One account that several projects and loops use: a limit that one of them reaches applies to
//! all.

use crate::sandbox::{Sandbox, all_end_well, flat_queue, wait_until};
use serde_json::{Value, json};
use std::fs;

/// A fake of Claude Code without events. It records each start. While `limit` contains a number, it
/// prints the tool's message that it may work again in that many seconds. Only a limit of an hour
/// stays.
const TOOL: &str = r#"cat >/dev/null
cd ..
echo "$(date +%s%N) $WORKLOOP_TASK_ID" >>starts
read -r seconds <limit
[ "$seconds" = 3600 ] || { echo 0 >new && mv new limit; }
if [ "$seconds" != 0 ]; then
    reset=$(($(date +%s) + seconds - 60))
    echo "$reset" >>resets
    echo "Claude AI usage limit reached|$reset"
    exit 1
fi
echo '{"type":"result","subtype":"success","is_error":false,"result":"done"}'
"#;

/// Agents of the account, and agents that do not use the account.
const CONFIG: &str = r#"
[agents.default]
preset = "claude"
account = "team"
run = ["sh", "../tool.sh"]
[[verify]]
name = "any"
run = "true"
"#;

const OTHERS: &str = r#"
[agents.default]
preset = "claude"
run = ["sh", "../free.sh"]
[agents.other]
preset = "codex"
account = "team"
run = "echo '{\"type\":\"turn.completed\",\"usage\":{}}'"
[types]
other = { agent = "other" }
[[verify]]
name = "any"
run = "true"
"#;

/// Returns the time of each start, in nanoseconds.
fn starts(sandbox: &Sandbox) -> Vec<u64> {
    let text = fs::read_to_string(sandbox.path("starts")).unwrap_or_default();
    let numbers = text.lines().filter_map(|line| line.split(' ').next()?.parse().ok());
    let mut starts: Vec<u64> = numbers.collect();
    starts.sort_unstable();
    starts
}

/// Ends the only pause of the account now, as a person would who knows that the limit is over.
fn end_pause(sandbox: &Sandbox) {
    let folder = sandbox.path("../state/workloop/accounts/team/pauses");
    let mut files = fs::read_dir(folder).expect("the pauses of the account");
    let path = files.find_map(|entry| {
        let path = entry.expect("readable").path();
        path.extension().is_some_and(|end| end == "json").then_some(path)
    });
    let path = path.expect("a pause");
    let mut pause: Value = serde_json::from_slice(&fs::read(&path).expect("it")).expect("JSON");
    pause["until"] = json!(chrono::Utc::now());
    let new = sandbox.path("pause");
    fs::write(&new, pause.to_string()).expect("written");
    fs::rename(new, path).expect("renamed");
}

#[test]
fn a_limit_of_an_account_pauses_all_its_loops_in_all_projects() {
    let (list, ids) = flat_queue(3);
    let mut sandbox = Sandbox::new().file("tool.sh", TOOL).file("limit", "3600\n");
    for project in ["p", "q"] {
        sandbox = sandbox.file(&format!("{project}/workloop.toml"), CONFIG);
        sandbox = sandbox.queue(&format!("{project}/q.json"), &list);
    }
    let mut first = vec![sandbox.spawn(["run", "p/q.json"])];
    let says = "agent default: usage limit reached; next try at";
    wait_until("the first loop pauses", || first[0].output().contains(says));
    first.push(sandbox.spawn(["run", "p/q.json"]));
    let second = sandbox.spawn(["run", "q/q.json"]);
    wait_until("the other loops report it", || {
        first[1].output().contains(says) && second.output().contains(says)
    });
    assert_eq!(starts(&sandbox).len(), 1);
    for queue in ["p/q.json", "q/q.json"] {
        let pause = &sandbox.run(["status", queue, "--json"]).exits(0).json()["pauses"][0];
        let told = (&pause["agent"], &pause["account"], &pause["kind"]);
        assert_eq!(told, (&json!("default"), &json!("team"), &json!("usage_limit")));
    }
    // Neither the same tool without the account nor another tool of the account is paused.
    let free = TOOL.replace("read -r seconds <limit", "seconds=0");
    let (mut others, _) = flat_queue(2);
    others["tasks"][1]["type"] = json!("other");
    let sandbox = sandbox.file("free.sh", free.replace("starts", "free-starts"));
    let sandbox = sandbox.file("r/workloop.toml", OTHERS).queue("r/q.json", &others);
    sandbox.run(["run", "r/q.json", "--no-wait"]).exits(0);
    assert_eq!(starts(&sandbox).len(), 1);

    // One attempt of the three loops reaches another limit, of two seconds.
    let sandbox = sandbox.file("next", "2\n");
    fs::rename(sandbox.path("next"), sandbox.path("limit")).expect("renamed");
    end_pause(&sandbox);
    all_end_well(first);
    second.ends().exits(0);
    for queue in ["p/q.json", "q/q.json"] {
        assert_eq!(sandbox.read(queue)["summary"]["complete"], ids.len());
    }
    let (starts, resets) = (starts(&sandbox), sandbox.bytes("resets"));
    // One start for each task, and two that were refused.
    assert_eq!(starts.len(), 2 * ids.len() + 2);
    let last = String::from_utf8_lossy(&resets).lines().last().and_then(|line| line.parse().ok());
    let until: u64 = last.unwrap_or(u64::MAX / 1_000_000_000) + 60;
    assert!(starts[2] >= until * 1_000_000_000, "{} before {until}", starts[2]);
}
