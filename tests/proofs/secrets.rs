//! Values of secret variables reach no file except the raw output, which is private to the user,
//! and nothing that is shown.

use crate::sandbox::{Sandbox, queue};
use crate::twins::{holds, unless};
use serde_json::json;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Values that no file of the program may contain, under known names of secrets.
const SECRETS: &[(&str, &str)] = &[
    ("ANTHROPIC_API_KEY", "s3cr3t-canary-key-0123456789"),
    ("MY_TOKEN", "s3cr3t-canary-token-\"quoted\"-abc"),
    ("DB_SECRET", "s3cr3t-canary-secret-äöü"),
    ("PGPASSWORD", "s3cr3t-canary-pass-$x/y"),
];

/// The common prefix of all values: even a half of one must not appear.
const CANARY: &[u8] = b"s3cr3t-canary";

/// Prints the secrets, names files after them, and reports them in its result.
const AGENT: &str = r#"
for value in "$ANTHROPIC_API_KEY" "$MY_TOKEN" "$DB_SECRET" "$PGPASSWORD"; do
    echo "out $value"; echo "err $value" >&2
done
: > "made-$ANTHROPIC_API_KEY.txt"
case $WORKLOOP_TASK_ID in
B) status=needs_input ;;
C) status=failed ;;
*) status=done ;;
esac
cat >"$WORKLOOP_RESULT_FILE" <<END
{"status":"$status","summary":"used $ANTHROPIC_API_KEY","question":"is $DB_SECRET right?",
 "artifacts":["$PGPASSWORD",{"$DB_SECRET":["$ANTHROPIC_API_KEY"]}],
 "notes_for":{"A":"note $DB_SECRET"},
 "follow_ups":[{"title":"rotate $ANTHROPIC_API_KEY","description":"$DB_SECRET"}]}
END
[ "$WORKLOOP_TASK_ID" != D ] || exit 3
"#;

const CONFIG: &str = r#"
[agents.default]
run = "sh ./agent.sh"
[environment]
pass = ["MY_TOKEN", "DB_SECRET", "PGPASSWORD"]
[limits]
attempts = 2
[[verify]]
name = "prints"
run = 'echo "failed with $DB_SECRET and $MY_TOKEN and $ANTHROPIC_API_KEY"; cat "$WORKLOOP_CHANGED_FILES"; test "$WORKLOOP_TASK_ID" = A'
"#;

fn prepared(sandbox: Sandbox) -> Sandbox {
    let list = queue(&[("A", &[]), ("B", &[]), ("C", &[]), ("D", &[]), ("E", &[])]);
    let mut sandbox = sandbox.config(CONFIG).file("agent.sh", AGENT).queue("q.json", &list);
    let owned = SECRETS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    sandbox.variables.extend(owned);
    sandbox
}

fn has_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|part| part == CANARY)
}

/// Finds every file below `dir` that contains the canary, by its path relative to `top`.
fn holders(dir: &Path, top: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            holders(&path, top, found);
        } else if has_canary(&fs::read(&path).unwrap_or_default()) {
            found.push(path.strip_prefix(top).unwrap_or(&path).display().to_string());
        }
    }
}

/// Returns whether a file of an attempt folder is the raw output of a command.
fn is_raw(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with(".workloop/attempts/")
        && (name.ends_with(".out")
            || name.ends_with(".err")
            || name == "result.json"
            || name == "changed-files.txt")
}

/// Runs everything and checks every byte.
fn leaks(sandbox: &Sandbox) -> Vec<String> {
    let mut broken = Vec::new();
    let mut look = |words: &[&str]| {
        let ran = sandbox.spawn_as(&sandbox.program, &[], words).ends();
        let said = format!("{}{}", ran.stdout, ran.stderr);
        broken.extend(has_canary(said.as_bytes()).then(|| format!("{words:?} shows one: {said}")));
    };
    look(&["run", "q.json"]);
    look(&["retry", "E", "q.json"]);
    look(&["run", "--json", "q.json", "--max-iterations", "1"]);
    for id in ["A", "B", "C", "D", "E"] {
        for verb in ["log", "why", "prompt"] {
            look(&[verb, id, "q.json"]);
            look(&[verb, "--json", id, "q.json"]);
        }
    }
    for verb in ["status", "events", "check", "next", "graph", "plan"] {
        look(&[verb, "q.json"]);
        look(&[verb, "--json", "q.json"]);
    }
    let mut found = Vec::new();
    holders(&sandbox.path("../state"), &sandbox.path(".."), &mut found);
    broken.extend(found.drain(..).map(|path| format!("the backup holds one: {path}")));
    holders(&sandbox.path(""), &sandbox.path(""), &mut found);
    let leaked = found.iter().filter(|path| !is_raw(path));
    broken.extend(leaked.map(|path| format!("{path} holds one")));
    // Harm was done: the raw output does contain them.
    if found.iter().filter(|path| is_raw(path)).count() < 8 {
        broken.push(format!("the agents printed nothing: {found:?}"));
    }
    broken
}

#[test]
fn secrets_reach_no_file_and_no_eye() {
    let sandbox = prepared(Sandbox::new());
    assert_eq!(leaks(&sandbox), Vec::<String>::new());
    let mut found = Vec::new();
    holders(&sandbox.path(""), &sandbox.path(""), &mut found);
    for path in found {
        let path = sandbox.path(path);
        let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
        // The agent's own file has the mode of the caller's umask; its folder is private.
        let by_agent = path.ends_with("result.json");
        let private = by_agent || mode(&path) & 0o077 == 0;
        assert!(private, "{} can be read by others", path.display());
        assert_eq!(mode(path.parent().expect("a folder")), 0o700, "{}", path.display());
    }
    let mode = fs::metadata(sandbox.path(".workloop")).expect("there").mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn the_mask_is_what_hides_them() {
    holds("no-mask", |sandbox| {
        let sandbox = prepared(sandbox);
        unless(leaks(&sandbox).is_empty(), "a secret is shown or written")
    });
}

/// What a person wrote to the queue stays there unchanged, and is not copied elsewhere.
#[test]
fn a_secret_that_a_person_wrote_down_stays_where_it_is() {
    let mut sandbox = prepared(Sandbox::new());
    let secret = SECRETS[0].1;
    let list = json!({"tasks": [{"id": "A", "title": format!("use {secret}"),
        "description": format!("log in with {secret}"), "tags": [secret]}]});
    sandbox = sandbox.queue("q.json", &list).file("agent.sh", "cat \"$WORKLOOP_PROMPT_FILE\"");
    let ran = sandbox.run(["run", "--dry-run", "q.json"]).exits(0);
    assert!(!has_canary(format!("{ran}").as_bytes()), "{ran}");
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    assert!(!has_canary(format!("{ran}").as_bytes()), "{ran}");
    for verb in ["status", "events"] {
        let ran = sandbox.run([verb, "--json", "q.json"]);
        assert!(!has_canary(ran.stdout.as_bytes()), "{ran}");
    }
    assert_eq!(sandbox.read("q.json")["tasks"][0]["title"], list["tasks"][0]["title"]);
    let mut found = Vec::new();
    holders(&sandbox.path(".workloop"), &sandbox.path(""), &mut found);
    // The task file for the agent and the last good copy are copies of the queue's own text.
    let own = ["/task.json", "/last-good/q.json"];
    found.retain(|path| !is_raw(path) && !own.iter().any(|own| path.ends_with(own)));
    assert_eq!(found, Vec::<String>::new());
}
