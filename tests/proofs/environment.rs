//! What commands get from the environment: secrets only if a person allows it, or if an agent logs
//! in with them. A person is notified if something is missing.

use crate::sandbox::{Sandbox, queue};
use crate::twins::{holds, unless};
use serde_json::{Value, json};

const CONFIG: &str = r#"
limits.untouched = false
limits.attempts = 2
[environment]
set = { GREETING = "hello" }
file = "vars.env"
[agents.default]
run = "env | sort >agent.env; sh ./claude"
[agents.default.environment]
drop = ["EDITOR"]
[[verify]]
name = "test"
run = "sh ./test.sh"
[[verify]]
name = "named"
run = "test \"$NAMED_TOKEN\" = n"
"#;

/// Variables of the loop, and whether agent and step get them.
const VARIABLES: &[(&str, &str, bool, bool)] = &[
    ("MY_FLAG", "f", true, true),
    ("EDITOR", "vi", false, true),
    ("X_TOKEN", "t", false, false),
    ("ANTHROPIC_API_KEY", "k", true, false),
    ("DATABASE_URL", "postgres://u:p@db.example.org/x", false, false),
    ("LOCAL_URL", "postgres://u:p@127.0.0.1/x", true, true),
    ("CLAUDECODE", "1", false, false),
    ("NAMED_TOKEN", "n", false, false),
    ("FROM_FILE", "outside", true, true),
];

fn prepared(sandbox: Sandbox) -> Sandbox {
    let test = "env | sort >step.env\necho \"X_TOKEN is not set\"\ntest -e fixed\n";
    let mut sandbox = sandbox
        .config(CONFIG)
        .file("vars.env", "FROM_FILE=file\nONLY_FILE='a b' # c\n")
        .file("claude", "test -e fail && echo 'no DATABASE_URL' >&2 && exit 1\nexit 0\n")
        .file("test.sh", test)
        .queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    let owned = VARIABLES.iter().map(|(name, value, ..)| ((*name).into(), (*value).into()));
    sandbox.variables.extend(owned);
    sandbox
}

/// Returns which of the variables a command wrongly got or did not get.
fn wrong(sandbox: &Sandbox, file: &str, gets: impl Fn(usize) -> bool) -> Vec<String> {
    let text = String::from_utf8_lossy(&sandbox.bytes(file)).into_owned();
    let line = |(name, value): (&str, &str)| text.lines().any(|l| l == format!("{name}={value}"));
    let all = VARIABLES.iter().enumerate();
    let odd = all.filter(|(at, (name, value, ..))| line((name, value)) != gets(*at));
    let mut odd: Vec<String> = odd.map(|(_, (name, ..))| format!("{file}: {name}")).collect();
    for own in [("GREETING", "hello"), ("ONLY_FILE", "a b")] {
        odd.extend(unless(line(own), &format!("{file}: {}", own.0)));
    }
    odd
}

#[test]
fn secrets_are_withheld() {
    holds("secrets-passed", |sandbox| {
        let sandbox = prepared(sandbox).file("fixed", "");
        sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
        let mut odd = wrong(&sandbox, "agent.env", |at| VARIABLES[at].2);
        odd.extend(wrong(&sandbox, "step.env", |at| VARIABLES[at].3));
        odd
    });
}

/// Names in the output of a failed command appear in the reason, the feedback, `why`, and `prompt`.
#[test]
fn a_failure_that_could_come_from_them_says_so() {
    let sandbox = prepared(Sandbox::new());
    let says = "not passed to it: X_TOKEN (its name looks like a secret); if it needs that, pass = \
                [\"X_TOKEN\"] under [environment]";
    let once = ["run", "q.json", "--task-id", "A", "--max-iterations", "1"];
    sandbox.run(once).exits(6).says(says);
    sandbox.run(["why", "A", "q.json"]).exits(0).says("not passed to it: X_TOKEN");
    sandbox.run(["log", "A", "--work-queue", "q.json"]).says("not passed to it: X_TOKEN");
    sandbox.run(["prompt", "A", "q.json"]).exits(0).says(says);
    assert!(sandbox.shell("touch fail"));
    sandbox
        .run(["run", "q.json", "--task-id", "B", "--max-iterations", "1"])
        .says("not passed to it: DATABASE_URL (it contains a URL with a password)");
    let listed = sandbox.run(["prompt", "A", "q.json", "--env", "--json"]).exits(0).json();
    let agent = &listed["environment"][0];
    assert_eq!((&agent["command"], &agent["inherit"]), (&json!("agent"), &json!("safe")));
    let withheld = |name: &str, reason: &str| {
        let list = agent["withheld"].as_array().expect("a list");
        list.contains(&json!({"name": name, "reason": reason}))
    };
    assert!(withheld("EDITOR", "drop names it"), "{agent}");
    assert!(withheld("CLAUDECODE", "it belongs to an agent around this process"), "{agent}");
    let text = sandbox.run(["prompt", "A", "q.json", "--env"]).exits(0);
    for part in ["agent default (inherit = \"safe\")", "step named", "    MY_FLAG\n"] {
        assert!(text.stdout.contains(part), "{part}: {text}");
    }
    assert!(!format!("{text}").contains("postgres://"), "{text}");
    let folders = std::fs::read_dir(sandbox.path(".workloop/attempts")).expect("attempts");
    let files = folders.flatten().map(|folder| folder.path().join("1/env.json"));
    let mut found = 0;
    for file in files.filter(|file| file.is_file()) {
        let text = std::fs::read_to_string(&file).expect("names");
        let names: Value = serde_json::from_str(&text).expect("JSON");
        let has = |key: &str, name: &str| {
            names[key].as_array().is_some_and(|list| list.contains(&json!(name)))
        };
        assert!(has("withheld", "X_TOKEN") && has("passed", "MY_FLAG"), "{names}");
        found += 1;
    }
    assert!(found > 0);
}

#[test]
fn what_cannot_be_meant_is_refused_or_warned_of() {
    let sandbox = prepared(Sandbox::new());
    let with = |text: &str| {
        let verify = "[[verify]]\nname = \"t\"\nrun = \"true\"\n";
        std::fs::write(sandbox.path("workloop.toml"), format!("{text}\n{verify}"))
            .expect("written");
    };
    for (text, said) in [
        ("environment.set = { WORKLOOP_X = \"1\" }", "must not name WORKLOOP_X"),
        ("environment.file = \"missing.env\"", "missing.env"),
        ("environment.inherit = \"some\"", "\"safe\", \"all\", \"core\" or \"none\""),
        ("environment.file = \"bad.env\"", "bad.env:2: a line must be NAME=value"),
        ("environment.file = \"all.env\"", "every user may write to it"),
    ] {
        assert!(
            sandbox.shell("echo A=1 >all.env; chmod 666 all.env; printf 'A=1\\nno\\n' >bad.env")
        );
        with(text);
        sandbox.run(["run", "q.json", "--agent", "true"]).exits(2).says(said);
        sandbox.run(["check", "q.json"]).exits(3).says(said);
    }
    with("[agents.default]\nrun = 'echo $UNKNOWN_THING $MY_FLAG'");
    sandbox
        .run(["check", "q.json"])
        .exits(0)
        .says("warning[unset-variable]: the run text of agent default reads $UNKNOWN_THING");
}

/// A file of variables is part of the configuration: a change by an agent has no effect.
#[test]
fn an_agent_does_not_change_the_file_of_variables() {
    let sandbox = prepared(Sandbox::new())
        .file("fixed", "")
        .file("claude", "echo FROM_FILE=agent >vars.env\n");
    sandbox
        .run(["run", "q.json", "--task-id", "A"])
        .exits(5)
        .says("vars.env changed")
        .says("put back");
    assert!(String::from_utf8_lossy(&sandbox.bytes("vars.env")).starts_with("FROM_FILE=file"));
}
