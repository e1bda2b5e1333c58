use super::sandbox::{COMPLETE, Ran, Sandbox, ago, elsewhere, gone};
use serde_json::{Value, json};

pub(super) fn one() -> Value {
    json!([{"id": "A", "title": "Walls"}])
}

/// Returns the results of the checks of this name: how it is, what was found, and what to do.
#[track_caller]
pub(super) fn signs(ran: &Ran, check: &str) -> Vec<[String; 3]> {
    let value = ran.json("doctor");
    let checks = value["checks"].as_array().expect("checks").iter();
    let text = |sign: &Value, key: &str| sign[key].as_str().unwrap_or_default().to_owned();
    checks
        .filter(|sign| sign["check"] == check)
        .map(|sign| ["health", "detail", "mend"].map(|key| text(sign, key)))
        .collect()
}

/// Does the same for a project.
#[track_caller]
pub(super) fn of(sandbox: &Sandbox, check: &str) -> Vec<[String; 3]> {
    signs(&sandbox.reads("doctor --json"), check)
}

pub(super) fn ok(detail: &str) -> [String; 3] {
    ["ok", detail, ""].map(str::to_owned)
}

pub(super) fn warn(detail: &str, mend: &str) -> [String; 3] {
    ["warn", detail, mend].map(str::to_owned)
}

fn fail(detail: &str, mend: &str) -> [String; 3] {
    ["fail", detail, mend].map(str::to_owned)
}

#[test]
fn a_project_in_order_can_be_run() {
    let sandbox = Sandbox::complete(one());
    let ran = sandbox.reads("doctor --json");
    let value = ran.json("doctor");
    assert_eq!((ran.exit, &value["ready"]), (0, &json!(true)));
    let names: Vec<&str> = value["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter_map(|sign| sign["check"].as_str())
        .filter(|name| *name != "disk")
        .collect();
    assert_eq!(
        names,
        [
            "workloop", "config", "queue", "agent", "verify", "limits", "claims", "loops", "git",
            "locks", "files", "clock", "sleep", "terminal",
        ]
    );
    let system = format!("{} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    assert_eq!(signs(&ran, "workloop"), [ok(&system)]);
    assert_eq!(signs(&ran, "config"), [ok("DIR/workloop.toml")]);
    assert_eq!(signs(&ran, "queue"), [ok("queues/q.json: 1 task")]);
    assert_eq!(signs(&ran, "agent"), [ok("default: agent")]);
    assert_eq!(signs(&ran, "verify"), [ok("default: unit (unit)")]);
    assert_eq!(signs(&ran, "claims"), [ok("none")]);
    assert_eq!(signs(&ran, "loops"), [ok("none runs here")]);
    assert_eq!(signs(&ran, "terminal"), [ok("output is not a terminal")]);
    let git = warn("git cannot be run: the changes of attempts are unknown", "install git");
    assert_eq!(signs(&ran, "git"), [git]);
    assert_eq!(signs(&ran, "locks"), [ok("reliable in DIR")]);
    let text = sandbox.reads("doctor");
    assert!(text.out.starts_with("ok    workloop   "), "{}", text.out);
    assert!(text.out.contains("\na run can start; "), "{}", text.out);
}

#[test]
fn what_a_run_would_refuse_is_to_be_fixed() {
    let sandbox = Sandbox::new(one());
    let ran = sandbox.reads("doctor --json");
    assert_eq!((ran.exit, &ran.json("doctor")["ready"]), (1, &json!(false)));
    assert_eq!(signs(&ran, "config"), [warn("there is no workloop.toml", "workloop init")]);
    assert_eq!(
        signs(&ran, "run"),
        [
            fail(
                "no verification is configured, so no task could be completed",
                "add [[verify]] with run = \"…\" to workloop.toml"
            ),
            fail(
                "task A: no agent is configured",
                "add [agents.default] with preset = \"claude\" or run = \"…\" to workloop.toml, or name one \
                 with --agent; workloop agents lists the tools that have a preset"
            ),
        ]
    );
    let agent =
        "workloop agents lists what is installed; name one under [agents.default] in workloop.toml";
    assert_eq!(signs(&ran, "agent"), [warn("none is configured", agent)]);
    assert_eq!(signs(&ran, "verify").len(), 0, "said under run");
    let text = sandbox.reads("doctor");
    assert_eq!((text.exit, text.err.as_str()), (1, ""));
    let last = text.out.lines().last().expect("a line");
    assert!(last.starts_with("no run can start; 2 to fix, "), "{last}");
}

#[test]
fn a_program_that_is_missing_comes_with_how_to_install_it() {
    let presets = "[agents.default]\npreset = \"codex\"\n[agents.own]\nrun = \"agent\"\n\
                   [[verify]]\nname = \"unit\"\nrun = [\"unit\"]\n";
    let sandbox = Sandbox::complete(one()).config(presets);
    assert_eq!(
        of(&sandbox, "run"),
        [fail(
            "agent default cannot be started: codex was not found on the PATH",
            "install it: npm install -g @openai/codex"
        )]
    );
    let command = "codex exec --json --sandbox workspace-write --skip-git-repo-check -";
    assert_eq!(
        of(&sandbox, "agent"),
        [
            warn(
                &format!("default: {command}; codex is not installed"),
                "npm install -g @openai/codex"
            ),
            ok("own: agent"),
        ]
    );
    let sandbox = sandbox.config(&COMPLETE.replace("\"unit\"]", "\"gone\"]"));
    assert_eq!(
        of(&sandbox, "run"),
        [fail(
            "verification step unit cannot be started: gone was not found on the PATH",
            "install it, or change workloop.toml"
        )]
    );
}

#[test]
fn agents_say_their_version_and_whether_they_are_logged_in() {
    let config = "[agents.c]\npreset = \"claude\"\n[agents.o]\nrun = \"bin/claude -p\"\n\
                  [agents.w]\npreset = \"gemini\"\nrun = \"agent\"\n\
                  [[verify]]\nname = \"unit\"\nrun = [\"unit\"]\n";
    let sandbox = Sandbox::complete(one())
        .program("claude", "echo '2.1.0 (Claude Code)'")
        .config(config)
        .var("HOME", "DIR/home");
    let claude = "c: claude --print --verbose --output-format stream-json --permission-mode acceptEdits; \
                  2.1.0 (Claude Code)";
    let others = [
        ok("o: bin/claude -p; preset = \"claude\" would read limits and costs from its output"),
        ok("w: agent; gemini is not installed"),
    ];
    let all = |first: [String; 3]| {
        let [o, w] = others.clone();
        [first, o, w]
    };
    if cfg!(target_os = "linux") {
        let out = warn(&format!("{claude}, not logged in"), "claude, then /login");
        assert_eq!(of(&sandbox, "agent"), all(out));
    }
    let sandbox = sandbox.var("ANTHROPIC_API_KEY", "k");
    assert_eq!(of(&sandbox, "agent"), all(ok(&format!("{claude}, logged in"))));
    let unknown = sandbox.without("ANTHROPIC_API_KEY").without("HOME");
    assert_eq!(of(&unknown, "agent"), all(ok(&format!("{claude}, login unknown"))));
}

#[test]
fn steps_are_listed_by_profile_and_limits_in_words() {
    let more = "[[verify]]\nname = \"lint\"\nrun = [\"unit\", \"--lint\"]\n\
                [[verify]]\nname = \"all\"\nprofile = \"slow\"\nrun = [\"unit\", \"--all\"]\n\
                [limits]\nattempts = 3\ncrashes = 2\nconsecutive_failures = 4\n\
                [limits.day]\ncost_usd = 5\n[limits.attempt]\nminutes = 30\n";
    let sandbox = Sandbox::complete(one()).config(&format!("{COMPLETE}{more}"));
    let steps = "default: unit (unit), lint (unit --lint); slow: all (unit --all)";
    assert_eq!(of(&sandbox, "verify"), [ok(steps)]);
    let limits = "3 attempts per task, 2 lost ones in a row block it, 4 blocked tasks in a row end a run; at \
                  most 30 min an attempt, 5 USD a day";
    assert_eq!(of(&sandbox, "limits"), [ok(limits)]);
}

#[test]
fn a_wrong_configuration_is_told_once_and_nothing_is_concluded_from_it() {
    let sandbox = Sandbox::complete(one()).config("[agents.default]\nrun = 7\n");
    let ran = sandbox.reads("doctor --json");
    let why = "DIR/workloop.toml:2:7: run must be a string for the shell or a list of arguments, not integer";
    assert_eq!(signs(&ran, "config"), [fail(why, "workloop check")]);
    for check in ["run", "agent", "verify"] {
        assert_eq!(signs(&ran, check).len(), 0, "{check}");
    }
    assert_eq!(signs(&ran, "queue"), [ok("queues/q.json: 1 task")]);
    assert_eq!(ran.exit, 1);
    let err = sandbox.run("doctor notify").failed(2);
    assert!(err.starts_with("error: failed to read the configuration\n"), "{err}");
}

#[test]
fn queues_are_opened_one_by_one() {
    let sandbox = Sandbox::complete(one())
        .saved("queues/broken one.json", "{\"tasks\": [,]}")
        .queue("other", json!([{"id": "B", "title": "b"}, {"id": "C", "title": "c"}]));
    let broken = "queues/broken one.json:1:12: error[syntax]: expected a value";
    assert_eq!(
        of(&sandbox, "queue"),
        [
            fail(broken, "workloop check 'queues/broken one.json'"),
            ok("queues/other.json: 2 tasks"),
            ok("queues/q.json: 1 task"),
        ]
    );
    let none = Sandbox::empty();
    let text = "failed to find a queue: none in queues/ or tasks/ of DIR";
    assert_eq!(of(&none, "queue"), [fail(text, "workloop init, or name one with --work-queue")]);
    assert_eq!(of(&none, "limits").len(), 0);
    let named = sandbox.reads("doctor --json queues/other.json");
    assert_eq!(signs(&named, "queue"), [ok("queues/other.json: 2 tasks")]);
}

#[test]
fn claims_are_stale_or_of_unknown_liveness_and_both_are_told() {
    let task = |id: &str, claim: Value| json!({"id": id, "title": id, "status": "in_progress", "attempts": 1, "claim": claim});
    let far = || warn("liveness unknown from here: F", "workloop why F");
    let stale = || warn("stale: S and T; the next run takes them over", "workloop run");
    for (tasks, wanted) in [
        (json!([task("F", elsewhere(1))]), vec![far()]),
        (json!([task("S", gone(1)), task("T", gone(1))]), vec![stale()]),
        (
            json!([task("S", gone(1)), task("F", elsewhere(1)), task("T", gone(1))]),
            vec![far(), stale()],
        ),
    ] {
        assert_eq!(of(&Sandbox::complete(tasks), "claims"), wanted);
    }
    let many: Value = (1..=7).map(|n| task(&format!("S{n}"), gone(1))).collect();
    let many = of(&Sandbox::complete(many), "claims");
    let text = "stale: S1, S2, S3, S4, S5 and 2 more; the next run takes them over";
    assert_eq!(many, [warn(text, "workloop run")]);
}

#[test]
fn a_journal_from_the_future_means_that_the_clock_is_wrong() {
    let ahead = |minutes: i64| {
        let event = json!({"event": "progress", "task": "A", "at": ago(-minutes)});
        let signs = of(&Sandbox::complete(one()).journal(&[event]), "clock");
        signs.into_iter().filter(|sign| sign[0] == "warn").collect::<Vec<_>>()
    };
    let text = "it is 6 min behind the last event of the journal";
    assert_eq!(ahead(6), [warn(text, "set the clock: times would go backwards")]);
    assert_eq!(ahead(2).len(), 1);
    assert_eq!(ahead(1).len(), 0, "no clock is exact");
    assert_eq!(ahead(-60).len(), 0);
}

#[test]
fn records_that_can_be_lost_are_a_warning() {
    let signs = of(&Sandbox::complete(one()).without("XDG_STATE_HOME"), "records");
    assert_eq!(signs.len(), 1);
    assert_eq!((signs[0][0].as_str(), signs[0][2].as_str()), ("warn", "git init"));
    assert!(
        signs[0][1]
            .starts_with("used budgets and finished work are forgotten if .workloop/ is deleted: ")
    );
    assert_eq!(of(&Sandbox::complete(one()), "records").len(), 0);
}

#[test]
fn private_trees_need_git() {
    let sandbox =
        Sandbox::complete(one()).config(&format!("{COMPLETE}[isolation]\nmode = \"private\"\n"));
    let git = fail("git cannot be run, but private trees need it", "install git");
    assert_eq!(of(&sandbox, "git"), [git]);
    for (script, wanted) in [
        ("echo 'git version 2.47.3'", ok("2.47.3")),
        ("exit 1", fail("git cannot be run, but private trees need it", "install git")),
    ] {
        let sandbox = Sandbox::complete(one())
            .config(&format!("{COMPLETE}[isolation]\nmode = \"private\"\n"));
        assert_eq!(of(&sandbox.program("git", script), "git"), [wanted], "{script}");
    }
}

/// Returns a project with three channels: one lacks its variable, one is a command.
fn channels() -> Sandbox {
    let notify = "[[notify]]\non = [\"blocked\"]\nslack = \"env:SLACK_URL\"\n\
                  [[notify]]\non = [\"blocked\"]\ncommand = \"cat >told\"\n\
                  [[notify]]\non = [\"blocked\"]\nwebhook = \"https://example.org/x\"\n";
    Sandbox::complete(one()).config(&format!("{COMPLETE}{notify}"))
}

#[test]
fn channels_are_looked_at_but_nothing_is_sent_unasked() {
    let sandbox = channels();
    let unset = "channel 1: slack env:SLACK_URL: SLACK_URL is not set";
    let unset = warn(unset, "set the variable where the loop is started");
    let command = ok("channel 2: command cat >told (workloop doctor notify sends a test)");
    let webhook = "channel 3: webhook example.org";
    let curl = warn(&format!("{webhook}: curl is not installed"), "install curl");
    assert_eq!(of(&sandbox, "channel"), [unset.clone(), command.clone(), curl]);
    assert!(!sandbox.path("told").exists());
    let sandbox = sandbox.program("curl", "exit 3");
    let usable = ok(&format!("{webhook} (workloop doctor notify sends a test)"));
    assert_eq!(of(&sandbox, "channel"), [unset, command, usable]);
}

#[test]
fn a_test_is_sent_to_each_channel_if_that_is_asked() {
    let path = format!("DIR/bin:{}", std::env::var("PATH").expect("a PATH"));
    let sandbox = channels().program("curl", "cat >/dev/null; exit 3").var("PATH", &path);
    let unset = "channel 1: slack env:SLACK_URL: SLACK_URL is not set";
    let ran = sandbox.run("doctor notify");
    assert_eq!(
        (ran.exit, ran.out, ran.err.as_str()),
        (
            1,
            format!(
                "FAIL  channel    {unset}\n\
                 \x20                -> set the variable where the loop is started\n\
                 ok    channel    channel 2: command cat >told: a test was delivered\n\
                 FAIL  channel    channel 3: webhook example.org: curl failed\n\
                 \x20                -> check [[notify]] in workloop.toml line 12\n"
            ),
            ""
        )
    );
    assert!(sandbox.text("told").contains("test"), "{}", sandbox.text("told"));
    let all = sandbox.run("doctor --send-test --json");
    let found: Vec<String> =
        signs(&all, "channel").into_iter().map(|[health, ..]| health).collect();
    assert_eq!((all.exit, found), (1, ["fail", "ok", "fail"].map(str::to_owned).to_vec()));
    let none = Sandbox::complete(one()).reads("doctor notify").printed();
    assert_eq!(none, "ok    channel    there is no [[notify]] in workloop.toml\n");
    // Channels need no queue.
    let none = Sandbox::empty().config("").reads("doctor notify").printed();
    assert_eq!(none, "ok    channel    there is no [[notify]] in workloop.toml\n");
}

#[test]
fn only_what_doctor_knows_can_be_checked() {
    let sandbox = Sandbox::complete(one());
    let hint =
        "hint: workloop doctor checks everything, workloop doctor notify tests the channels\n";
    for word in ["sandbox", "notfy", "Notify"] {
        let text = format!("error: doctor cannot check \"{word}\"\n{hint}");
        sandbox.refuses(&format!("doctor {word}"), 2, &text);
    }
}
