//! Tests that a value of the wrong kind is refused where it is, and that nothing else is reported
//! because of it.

use super::*;

/// What a key accepts.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A string that is not blank.
    Text,
    /// A string, whose content is checked by the section.
    Line,
    Flag,
    /// A whole number, and the smallest one.
    Number(u32),
    Amount,
    Time,
    Texts,
    Codes(i32),
    Command,
    Table,
    Tables,
    /// One of several words, as the message lists them.
    Word(&'static str),
}

use Kind::*;

/// Returns wrong values of a kind, each with the message about it, in which `KEY` is the key. A
/// number before the message is the offset of the item that is wrong.
fn wrong(kind: Kind) -> Vec<(&'static str, usize, String)> {
    let not = |expected: &str, values: &[(&'static str, &str)]| -> Vec<_> {
        let message = |found: &str| format!("KEY must be {expected}, not {found}");
        values.iter().map(|(value, found)| (*value, 0, message(found))).collect()
    };
    let same = |message: &str, values: &[&'static str]| -> Vec<_> {
        values.iter().map(|value| (*value, 0, message.to_owned())).collect()
    };
    let string = || not("a string", &[("3", "integer"), ("true", "boolean"), ("[\"a\"]", "array")]);
    let empty = |values: &[&'static str]| same("KEY must not be empty", values);
    match kind {
        Text => [string(), empty(&["\"\"", "\" \\t\""])].concat(),
        Line => string(),
        Flag => not("true or false", &[("\"true\"", "string"), ("1", "integer")]),
        Number(least) => {
            let message = format!("KEY must be a whole number of at least {least}");
            let below: &[&str] = if least == 0 { &[] } else { &["0", "0x0"] };
            let values = [&["\"3\"", "1.0", "-1", "4294967296", "[1]"], below].concat();
            same(&message, &values)
        }
        Amount => {
            let values = ["\"3\"", "0", "-1", "0.0", "-0.5", "nan", "inf", "true", "[1]"];
            same("KEY must be a number above 0", &values)
        }
        Time => [
            not("a duration such as \"45m\"", &[("1.5", "float"), ("true", "boolean")]),
            same("KEY must not be zero", &["\"0s\"", "\"0\"", "0"]),
            same("\"soon\" is not a duration such as \"45m\", \"10s\" or \"1h30m\"", &["\"soon\""]),
            same("\"-5\" is not a duration such as \"45m\", \"10s\" or \"1h30m\"", &["-5"]),
        ]
        .concat(),
        Texts => {
            let item = "KEY must be a list of strings, and this item is not";
            let items = vec![("[\"a\", 3]", 6, item.to_owned()), ("[{}]", 1, item.to_owned())];
            [not("a list of strings", &[("3", "integer"), ("{}", "table")]), items].concat()
        }
        Codes(least) => {
            let codes = format!("a list of exit statuses from {least} to 255");
            let item = format!("KEY must be {codes}, and this item is not");
            let items = [("[256]", 1), ("[1, -1]", 4), ("[\"1\"]", 1), ("[4294967297]", 1)];
            let items = items.map(|(value, offset)| (value, offset, item.clone()));
            [not(&codes, &[("75", "integer"), ("\"75\"", "string")]), items.to_vec()].concat()
        }
        Command => {
            let item = "KEY must be a list of strings, and this item is not".to_owned();
            let kinds = [("3", "integer"), ("true", "boolean")];
            [
                not("a string for the shell or a list of arguments", &kinds),
                empty(&["\"\"", "\" \"", "[]", "[\"\", \"a\"]"]),
                vec![("[\"a\", 1]", 6, item)],
            ]
            .concat()
        }
        Table => not("a table", &[("3", "integer"), ("\"x\"", "string"), ("[]", "array")]),
        Tables => not("tables under [[KEY]]", &[("3", "integer"), ("{}", "table")]),
        Word(words) => {
            [string(), same(&format!("KEY must be {words}"), &["\"odd\"", "\"\""])].concat()
        }
    }
}

/// Checks the keys of a section, which follow the lines of `head`.
fn check(head: &str, keys: &[(&str, Kind)]) {
    for (key, kind) in keys {
        for (value, offset, message) in wrong(*kind) {
            let text = format!("{head}{key} = {value}\n");
            let (line, column) = (text.matches('\n').count(), key.len() + 4 + offset);
            let expected = format!("{line}:{column}: {}", message.replace("KEY", key));
            assert_eq!(problems(&text), [expected], "{kind:?}: {text}");
        }
    }
}

const REQUIRES: Kind = Word("\"declared\" or \"any\" or \"none\"");
const PASS_FAIL: Kind = Word("\"pass\" or \"fail\"");

#[test]
fn keys_of_the_file_itself() {
    let flags = ["create_root", "allow_queue_commands", "unsafe_fs"].map(|key| (key, Flag));
    check("", &flags);
    check("", &[("root", Text), ("queues", Texts)]);
    let tables = [
        "project",
        "agents",
        "types",
        "services",
        "templates",
        "profiles",
        "limits",
        "estimates",
        "environment",
        "guardrails",
        "escalation",
        "isolation",
        "workspaces",
        "landing",
        "hooks",
        "board",
    ];
    check("", &tables.map(|key| (key, Table)));
    check("", &["verify", "known_errors", "notify"].map(|key| (key, Tables)));
}

#[test]
fn keys_of_projects() {
    check("[project]\n", &[("p", Table)]);
    check("[project.p]\n", &[("root", Text), ("create_root", Flag), ("queues", Table)]);
    let found = problems("[project.p.queues]\na = \"a.json\"\nb = [\"b.json\"]\n");
    assert_eq!(found, ["3:5: b must be the path of a queue, not array"]);
}

#[test]
fn keys_of_agents() {
    check("[agents]\n", &[("strict", Flag), ("a", Table)]);
    check("[agents.a]\n", &[("run", Command)]);
    let times = ["timeout", "silence", "grace"].map(|key| (key, Time));
    let texts = ["args", "verify", "fallback", "usage_limit", "transient", "auth", "agent_error"];
    let head = "[agents.a]\nrun = \"x\"\n";
    check(head, &times);
    check(head, &texts.map(|key| (key, Texts)));
    check(head, &["model", "account", "prompt"].map(|key| (key, Text)));
    check(
        head,
        &[
            ("preset", Line),
            ("permission", Word("\"edits\" or \"all\"")),
            ("resume", Flag),
            ("max_parallel", Number(1)),
            ("ok_exit_codes", Codes(0)),
            ("cost_estimate_usd", Amount),
            ("environment", Table),
        ],
    );
}

#[test]
fn keys_of_steps() {
    check("[[verify]]\n", &[("run", Command)]);
    let head = "[[verify]]\nrun = \"x\"\n";
    check(head, &["profile", "name", "hidden"].map(|key| (key, Text)));
    check(head, &["needs", "inputs"].map(|key| (key, Texts)));
    check(head, &["environment", "env", "measure", "report"].map(|key| (key, Table)));
    check(
        head,
        &[
            ("timeout", Time),
            ("cwd", Line),
            ("allow_failure", Flag),
            ("retries", Number(0)),
            ("blocked_exit_codes", Codes(1)),
        ],
    );
    let measure = format!("{head}[verify.measure]\n");
    check(&measure, &[("regex", Text), ("json_pointer", Text)]);
    check(&format!("{measure}regex = \"x\"\n"), &[("file", Line), ("unit", Text)]);
    check(&format!("{head}[verify.report]\n"), &[("junit", Line)]);
    check(&format!("{head}[verify.report]\nparser = \"tap\"\n"), &[("file", Line)]);
}

#[test]
fn keys_of_services() {
    check("[services]\n", &[("s", Table)]);
    check("[services.s]\nready = { port = 1 }\n", &[("run", Command)]);
    let run = "[services.s]\nrun = \"x\"\n";
    check(run, &[("ready", Table)]);
    let head = format!("{run}ready = {{ port = 1 }}\n");
    check(&head, &[("cwd", Line), ("timeout", Time), ("environment", Table), ("env", Table)]);
    let ready = format!("{run}[services.s.ready]\n");
    check(&ready, &[("port", Number(0)), ("command", Command), ("line", Text)]);
}

#[test]
fn keys_of_types_templates_and_profiles() {
    check("[types]\n", &[("t", Table)]);
    let types = [("agent", Line), ("verify", Texts), ("review", Flag)];
    check("[types.t]\n", &types);
    check("[types.t]\n", &[("require_changes", REQUIRES)]);
    check("[templates]\n", &[("t", Table)]);
    check("[templates.t]\n", &[("title", Text)]);
    let head = "[templates.t]\ntitle = \"x\"\n";
    check(head, &["verify", "files", "tags", "acceptance_criteria"].map(|key| (key, Texts)));
    check(head, &["requires_approval", "review"].map(|key| (key, Flag)));
    check(head, &[("description", Text), ("type", Line), ("agent", Line)]);
    check(head, &[("priority", Number(0)), ("max_iterations", Number(1))]);
    let step = "[[verify]]\nrun = \"x\"\n";
    check(&format!("{step}[profiles]\n"), &[("default", Table)]);
    let head = format!("{step}[profiles.default]\n");
    check(&head, &[("parallel", Flag), ("review", Flag), ("services", Texts), ("on_red", Line)]);
    check(&head, &[("flaky", PASS_FAIL), ("require_changes", REQUIRES)]);
    check(&head, &[("baseline", Word("\"strict\" or \"no-new-failures\""))]);
}

#[test]
fn keys_of_limits_and_estimates() {
    let numbers = ["attempts", "crashes", "consecutive_failures", "keep_attempts"];
    check("[limits]\n", &numbers.map(|key| (key, Number(1))));
    check("[limits]\n", &[("follow_up_depth", Number(0)), ("progress_every", Time)]);
    check("[limits]\n", &[("promise", Flag), ("untouched", Flag), ("scopes", Line)]);
    check("[limits]\n", &["attempt", "run", "day"].map(|key| (key, Table)));
    let amounts = ["minutes", "cost_usd", "tokens"].map(|key| (key, Amount));
    for head in ["[limits]\n", "[limits.attempt]\n", "[limits.run]\n", "[limits.day]\n"] {
        check(head, &amounts);
    }
    check("[limits.run]\n", &[("attempts", Number(1))]);
    check("[limits.day]\n", &[("attempts", Number(1))]);
    check("[estimates]\n", &[("effort", Table)]);
    check("[estimates.effort]\n", &["S", "M", "L", "XL"].map(|key| (key, Time)));
}

#[test]
fn keys_of_environments() {
    let agent = "[agents.a]\nrun = \"x\"\n[agents.a.environment]\n";
    let step = "[[verify]]\nrun = \"x\"\n[verify.environment]\n";
    let service = "[services.s]\nrun = \"x\"\nready = { port = 1 }\n[services.s.environment]\n";
    for head in ["[environment]\n", agent, step, service] {
        check(head, &[("inherit", Line), ("pass", Texts), ("drop", Texts)]);
        check(head, &[("set", Table), ("file", Line)]);
    }
    check("[environment.set]\n", &[("A", Line)]);
    check("[[verify]]\nrun = \"x\"\n[verify.env]\n", &[("A", Line)]);
}

#[test]
fn keys_of_guardrails() {
    check("[guardrails]\n", &["protect", "deny", "allow"].map(|key| (key, Texts)));
    check("[guardrails]\n", &[("max_file_kb", Number(1)), ("levels", Table)]);
    check(
        "[guardrails]\n",
        &[("scope", Word("\"warn\" or \"fail\"")), ("require_changes", REQUIRES)],
    );
    check("[guardrails]\n", &[("frozen", Tables)]);
    check("[[guardrails.frozen]]\n", &[("paths", Texts)]);
    check("[[guardrails.frozen]]\npaths = \"a\"\n", &[("name", Text), ("after", Text)]);
}

#[test]
fn keys_of_trees_and_landing() {
    check("[isolation]\n", &[("mode", Word("\"shared\" or \"private\"")), ("target", Line)]);
    let paths = ["setup", "setup_inputs", "copy", "link", "keep"].map(|key| (key, Texts));
    check("[workspaces]\n", &paths);
    check("[workspaces]\n", &[("dir", Text), ("objects", Word("\"borrowed\" or \"own\""))]);
    check("[workspaces]\n", &[("retry_from", Word("\"last\" or \"base\""))]);
    check("[landing]\n", &[("mode", Word("\"off\" or \"branch\"")), ("conflicts", Number(0))]);
    check("[landing]\n", &[("commit", Word("\"task\" or \"none\""))]);
}

#[test]
fn keys_of_hooks_the_board_channels_and_known_errors() {
    check("[hooks]\n", &[("timeout", Time)]);
    check("[hooks]\n", &crate::domain::HookPoint::ALL.map(|point| (point.word(), Command)));
    check("[board]\n", &[("path", Line)]);
    check("[board]\n", &[("style", Word("\"kanban\" or \"progress\" or \"todo\""))]);
    let head = "[[notify]]\non = \"limit\"\n";
    check(head, &["webhook", "slack", "discord", "ntfy"].map(|key| (key, Line)));
    check(head, &[("command", Command), ("desktop", Flag)]);
    check("[[notify]]\ndesktop = true\n", &[("on", Texts)]);
    let head = format!("{head}desktop = true\n");
    check(&head, &[("secret_env", Line), ("queues", Texts), ("tasks", Texts), ("quiet", Line)]);
    check(&head, &[("severity", Word("\"info\" or \"warning\" or \"error\"")), ("every", Time)]);
    check("[[known_errors]]\nfix = \"x\"\n", &[("match", Line)]);
    let head = "[[known_errors]]\nmatch = \"x\"\n";
    check(head, &[("cause", Text), ("fix", Text)]);
}
