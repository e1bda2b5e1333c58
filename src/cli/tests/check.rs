use super::sandbox::{COMPLETE, Sandbox};
use crate::platform::programs::lacks;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

fn one() -> Value {
    json!([{"id": "A", "title": "Walls"}])
}

#[test]
fn nothing_wrong_is_said_in_one_line() {
    let sandbox = Sandbox::complete(one());
    assert_eq!(sandbox.reads("check").printed(), "nothing found in 1 queue of 1 task\n");
    assert_eq!(sandbox.reads("check -q").printed(), "");
    assert_eq!(sandbox.reads("check --strict").exit, 0);
    let value = sandbox.reads("check --json").json("check");
    assert_eq!(value, json!({"schema_version": 1, "findings": [], "more": []}));
    let sandbox =
        sandbox.queue("other", json!([{"id": "B", "title": "b"}, {"id": "C", "title": "c"}]));
    assert_eq!(sandbox.reads("check").printed(), "nothing found in 2 queues of 3 tasks\n");
    assert_eq!(
        sandbox.reads("check queues/other.json").printed(),
        "nothing found in 1 queue of 2 tasks\n"
    );
}

#[test]
fn without_a_configuration_what_a_run_needs_is_missing_but_no_error() {
    let sandbox = Sandbox::new(one());
    let text = "workloop.toml: warning[no-verification]: no verification is configured, so no task could \
                be completed: add [[verify]], or give --verify to run\n\
                workloop.toml: warning[no-agent]: no agent is configured: add [agents.default], or give \
                --agent to run\n\
                0 errors, 2 warnings in 1 queue of 1 task\n";
    assert_eq!(sandbox.reads("check").printed(), text);
    assert_eq!(sandbox.reads("check -q").printed(), text, "findings are what was asked for");
    let strict = sandbox.reads("check --strict");
    assert_eq!((strict.exit, strict.out.as_str(), strict.err.as_str()), (3, text, ""));
    let configured = sandbox.config("");
    let ran = configured.reads("check");
    let wanted = text.replace("warning[", "error[").replace("0 errors, 2 w", "2 errors, 0 w");
    assert_eq!((ran.exit, ran.out, ran.err.as_str()), (3, wanted, ""));
    // Nothing needs an agent yet.
    let done = configured.queue("q", json!([{"id": "A", "title": "t", "status": "complete"}]));
    let ran = done.reads("check");
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
    assert!(ran.out.ends_with("0 errors, 1 warning in 1 queue of 1 task\n"), "{}", ran.out);
}

#[test]
fn a_finding_has_its_place_and_the_line() {
    let sandbox = Sandbox::complete(json!([
        {"id": "A", "title": "Walls", "agent": "nobody", "verify": ["quik"]},
        {"id": "B", "title": "Roof", "agent": "nobody", "dependencies": ["X"]},
        {"id": "C", "title": "Door", "status": "pending", "attempts": 5, "budget_used": 5},
        {"id": "D", "title": "done", "agent": "nobody", "verify": ["gone"], "status": "complete"},
    ]));
    let ran = sandbox.reads("check");
    assert_eq!(
        ran.out,
        "queues/q.json:7:16: warning[agent-default]: A: there is no agent nobody; default runs it\n\
         7 |       \"agent\": \"nobody\",\n\
         \x20 |                ^\n\
         queues/q.json:9:9: error[unknown-profile]: A: unknown profile quik; there are: default\n\
         9 |         \"quik\"\n\
         \x20 |         ^\n\
         queues/q.json:17:9: error[unknown-id]: B: X: no loaded queue has such a task (did \
         you mean A?)\n\
         17 |         \"X\"\n\
         \x20  |         ^\n\
         queues/q.json:23:17: warning[budget-used]: the task is open, but its budget is used up (5 of 5 \
         attempts): it is not run; workloop retry C gives a new one\n\
         23 |       \"status\": \"pending\",\n\
         \x20  |                 ^\n\
         2 errors, 2 warnings in 1 queue of 4 tasks\n"
    );
    assert_eq!((ran.exit, ran.err.as_str()), (3, ""));
    let value = sandbox.reads("check --json").json("check");
    assert_eq!(
        value["findings"][1],
        json!({
            "severity": "error", "code": "unknown-profile", "queue": "queues/q.json", "line": 9,
            "column": 9, "task": "A", "message": "unknown profile quik; there are: default",
        })
    );
}

#[test]
fn names_in_phases_are_reported_where_they_are() {
    let queue = json!({
        "tasks": [{"id": "A", "title": "a", "phase": "one"}, {"id": "B", "title": "b", "phase": "two"}],
        "phases": [
            {"phase": "one", "verify": ["nix"]},
            {"phase": "two", "gate": ["gaate"]},
            {"phase": "one", "verify": ["later"]},
        ],
    });
    let sandbox = Sandbox::complete(json!([])).file("queues/q.json", &format!("{queue:#}"));
    let value = sandbox.reads("check --json").json("check");
    let found: Vec<Value> = value["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|found| json!([found["code"], found["line"], found["task"], found["message"]]))
        .collect();
    assert_eq!(
        found,
        [
            json!([
                "unknown-profile",
                18,
                "A",
                "unknown profile nix of phase one; there are: default"
            ]),
            json!([
                "unknown-profile",
                24,
                null,
                "the gate of phase two: unknown profile gaate; there are: default"
            ]),
        ]
    );
}

#[test]
fn a_broken_configuration_is_reported_with_all_its_faults() {
    let sandbox = Sandbox::complete(one()).config("[verify]\nx = 1\n[[agents]]\nrun = 1\n");
    let text = "workloop.toml:1:1: error[config]: verify must be tables under [[verify]], not table\n\
                1 | [verify]\n\
                \x20 | ^\n\
                workloop.toml:3:1: error[config]: agents must be a table, not array\n\
                3 | [[agents]]\n\
                \x20 | ^\n";
    let ran = sandbox.reads("check");
    let wanted = format!("{text}2 errors, 0 warnings in 1 queue of 1 task\n");
    assert_eq!((ran.exit, ran.out), (3, wanted), "and nothing that follows from it");
    sandbox.sh("rm -r queues");
    let none = "workloop.toml: error[no-queue]: failed to find a queue: none in queues/ or tasks/ of DIR\n";
    let ran = sandbox.reads("check");
    let wanted = format!("{none}{text}3 errors, 0 warnings in 0 queues of 0 tasks\n");
    assert_eq!((ran.exit, ran.out, ran.err.as_str()), (3, wanted, ""));
    let sandbox = sandbox.config("");
    let text = "error: failed to find a queue: none in queues/ or tasks/ of DIR\n\
                hint: workloop init writes a first queue\n";
    sandbox.refuses("check", 2, text);
}

#[test]
fn what_a_setting_needs_is_reported_at_the_setting() {
    let more = "[services.db]\nrun = \"x\"\nready = { line = \"x\" }\n[workspaces]\nkeep = [\"x/\"]\n\
                [agents.default.environment]\nset = { A = \"$HOME\" }\n";
    let config = COMPLETE.replace("run = [\"unit\"]", "run = \"unit # $UNSET_ONE\"");
    let sandbox = Sandbox::complete(one()).config(&format!("{config}{more}"));
    let ran = sandbox.reads("check");
    assert_eq!(
        ran.out,
        "workloop.toml:5:16: warning[unset-variable]: the run text of step unit reads $UNSET_ONE, which \
         is set neither here nor by set or file under [environment]\n\
         5 | run = \"unit # $UNSET_ONE\"\n\
         \x20 |                ^\n\
         workloop.toml:6:11: warning[unused-service]: no profile names service db, so it is never started: \
         add it to services of a profile, such as [profiles.default] services = [\"db\"]\n\
         6 | [services.db]\n\
         \x20 |           ^\n\
         workloop.toml:10:1: warning[no-effect]: workspaces.keep has no effect: it is for private trees, \
         and isolation.mode is \"shared\"\n\
         10 | keep = [\"x/\"]\n\
         \x20  | ^\n\
         0 errors, 3 warnings in 1 queue of 1 task\n"
    );
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
}

#[test]
fn a_program_that_does_not_exist_is_an_error() {
    let sandbox = Sandbox::new(one()).config(COMPLETE);
    let ran = sandbox.reads("check");
    assert_eq!(
        ran.out,
        "workloop.toml: error[no-program]: agent default cannot be started: agent was not found on the PATH\n\
         workloop.toml: error[no-program]: verification step unit cannot be started: unit was not found on the PATH\n\
         2 errors, 0 warnings in 1 queue of 1 task\n"
    );
    let config = format!("root = \"nowhere\"\n{COMPLETE}");
    let sandbox = Sandbox::complete(one()).config(&config);
    let ran = sandbox.reads("check");
    assert!(ran.out.starts_with("workloop.toml: error[no-root]: "), "{}", ran.out);
    assert_eq!(ran.exit, 3);
}

#[test]
fn queues_that_cannot_be_read_do_not_hide_the_others() {
    let sandbox = Sandbox::complete(one())
        .saved("queues/broken.json", "{\"tasks\": [\n  {\"id\": \"A\"},,\n]}")
        .saved("queues/empty.json", "")
        .file(
            "queues/other.json",
            "{\"tasks\": [{\"id\": \"B\", \"title\": \"b\", \"agent\": \"x\"}]}",
        );
    sandbox.sh("mkfifo queues/fifo.json");
    let ran = sandbox.run("check queues/broken.json queues/empty.json queues/other.json queues/fifo.json queues/q.json");
    assert_eq!(
        ran.out,
        "queues/broken.json:2:15: error[syntax]: expected a value\n\
         2 |   {\"id\": \"A\"},,\n\
         \x20 |               ^\n\
         queues/empty.json:1:1: error[empty]: the file is empty\n\
         queues/fifo.json: error[unreadable]: failed to read it: fifo.json is a FIFO, not a regular file\n\
         queues/other.json:1:47: warning[agent-default]: B: there is no agent x; default runs it\n\
         1 | {\"tasks\": [{\"id\": \"B\", \"title\": \"b\", \"agent\": \"x\"}]}\n\
         \x20 |                                               ^\n\
         3 errors, 1 warning in 5 queues of 2 tasks\n"
    );
    assert_eq!((ran.exit, ran.err.as_str()), (3, ""));
    let text = "error: failed to find the queue queues/no.json; did you mean queues/q.json?\n";
    assert_eq!(sandbox.run("check queues/no.json").failed(2), text);
}

#[test]
fn what_every_user_may_write_is_refused() {
    let sandbox = Sandbox::complete(one());
    let open = |name: &str, mode| {
        fs::set_permissions(sandbox.path(name), Permissions::from_mode(mode)).expect("set");
    };
    open("queues/q.json", 0o666);
    let ran = sandbox.reads("check");
    assert_eq!(
        ran.out,
        "queues/q.json: error[unsafe-place]: DIR/queues/q.json is writable by every user of this machine, \
         and its content would run with your rights: chmod o-w it; if you trust everybody who can write \
         there, --trust DIR/queues or WORKLOOP_TRUST=DIR/queues allows it\n\
         1 error, 0 warnings in 1 queue of 1 task\n"
    );
    assert_eq!(ran.exit, 3);
    open("queues/q.json", 0o644);
    open("workloop.toml", 0o666);
    let ran = sandbox.reads("check --json");
    let finding = &ran.json("check")["findings"][0];
    assert_eq!((&finding["code"], &finding["queue"]), (&json!("config"), &json!("workloop.toml")));
    assert_eq!(ran.exit, 3);
}

#[test]
fn what_a_newer_program_wrote_is_read_and_reported() {
    let sandbox = Sandbox::complete(json!([{"id": "A", "title": "t", "status": "complete"}]))
        .journal(&[json!({"v": 2})]);
    let text = sandbox.text("queues/q.json").replacen('{', "{\"workloop_format\": 7,", 1);
    sandbox.put("queues/q.json", &text);
    assert_eq!(
        sandbox.reads("check").printed(),
        "DIR/queues/.workloop/events.jsonl: warning[newer-journal]: format 2, but this program supports 1\n\
         queues/q.json: warning[newer-queue]: format 7, but this program supports 1\n\
         0 errors, 2 warnings in 1 queue of 1 task\n"
    );
}

#[test]
fn settings_of_the_environment_are_checked_too() {
    let many = Sandbox::complete(one()).var("WORKLOOP_JOBS", "16");
    assert_eq!(
        many.reads("check").printed(),
        "environment variable WORKLOOP_JOBS: warning[too-many-loops]: 16 loops: beyond 15 they mostly wait \
         for each other, for the machine and for you; see what `plan` recommends\n\
         0 errors, 1 warning in 1 queue of 1 task\n"
    );
    let most = Sandbox::complete(one()).var("WORKLOOP_JOBS", "15");
    assert_eq!(most.reads("check").printed(), "nothing found in 1 queue of 1 task\n");
    let wrong = Sandbox::complete(one()).var("WORKLOOP_JOBS", "0").reads("check");
    assert_eq!(
        wrong.out,
        "WORKLOOP_JOBS: error[config]: failed to read WORKLOOP_JOBS: \"0\" is not a whole number of at \
         least 1\n\
         1 error, 0 warnings in 1 queue of 1 task\n"
    );
    let alone = Sandbox::complete(one()).without("XDG_STATE_HOME").reads("check").printed();
    let start = "queues/q.json: warning[no-backup]: used budgets and finished work are forgotten if \
                 .workloop/ is deleted: there is no git here, and no copy can be kept (neither \
                 XDG_STATE_HOME nor HOME names a folder); ";
    assert!(alone.starts_with(start), "{alone}");
}

#[test]
fn private_trees_need_a_repository_and_a_place_outside_of_it() {
    let private = format!("{COMPLETE}[isolation]\nmode = \"private\"\n");
    let sandbox = Sandbox::complete(one()).config(&private);
    let of = |sandbox: &Sandbox| sandbox.run("check").out;
    let no_git = "workloop.toml: error[no-git]: git is not on the PATH: install it\n\
                  1 error, 0 warnings in 1 queue of 1 task\n";
    assert_eq!(of(&sandbox), no_git);
    if lacks("git") {
        return;
    }
    let path = format!("DIR/bin:{}", std::env::var("PATH").expect("a PATH"));
    let sandbox = sandbox.var("PATH", &path);
    assert_eq!(
        of(&sandbox),
        "workloop.toml: error[no-repository]: isolation.mode = \"private\" is not possible: DIR is not in a \
         git work tree. Make one (git init, git add, git commit), or use mode = \"shared\".\n\
         1 error, 0 warnings in 1 queue of 1 task\n"
    );
    let sandbox = sandbox
        .config(&format!("{private}[workspaces]\ndir = \"trees\"\n"))
        .git()
        .var("PATH", &path);
    // A folder for each repository.
    let start = "workloop.toml: error[places-inside]: workspaces.dir leads to DIR/trees/p-";
    let end = ", inside the project: set it to a folder outside\n1 error, 0 warnings in 1 queue of 1 task\n";
    let text = of(&sandbox);
    assert!(text.starts_with(start) && text.ends_with(end), "{text}");
}

#[test]
fn a_script_that_a_gate_runs_should_be_guarded() {
    let gate = |script: &str| {
        format!("{COMPLETE}[[verify]]\nname = \"gate\"\nprofile = \"gate\"\nrun = \"{script}\"\n")
    };
    let tasks = |files: Value| {
        json!([{"id": "G", "title": "Gate", "type": "gate", "verify": ["gate"]},
               {"id": "A", "title": "a", "files": files}])
    };
    let of = |script: &str, files: Value, more: &str| {
        let sandbox = Sandbox::complete(tasks(files))
            .program("sh", "")
            .program("cat", "")
            .file("release.sh", "exit 0\n")
            .file("src/run.sh", "exit 0\n")
            .file("notes.txt", "x\n")
            .config(&(gate(script) + more));
        sandbox.reads("check").printed()
    };
    let nothing = "nothing found in 1 queue of 2 tasks\n";
    let warning = "workloop.toml: warning[unguarded-script]: a gate runs release.sh, and nothing in its name \
                   shows that it judges, so that tasks may change it: add it to guardrails.protect, or to \
                   the files of the task that has to change it\n\
                   0 errors, 1 warning in 1 queue of 2 tasks\n";
    assert_eq!(of("sh release.sh", json!([]), ""), warning);
    for (script, files, more, why) in [
        ("sh release.sh", json!(["release.sh"]), "", "a task declares it"),
        ("sh release.sh", json!(["*.sh"]), "", "a glob of a task covers it"),
        (
            "sh release.sh",
            json!([]),
            "[guardrails]\nprotect = [\"release.sh\"]\n",
            "it is protected",
        ),
        ("sh src/run.sh", json!([]), "", "it is the product"),
        ("cat notes.txt", json!([]), "", "it is no script"),
    ] {
        assert_eq!(of(script, files, more), nothing, "{why}");
    }
}

#[test]
fn a_configuration_that_is_named_is_shown_by_its_own_path() {
    let more = "[workspaces]\nkeep = [\"x/\"]\n";
    let sandbox = Sandbox::complete(one()).file("conf/other.toml", &format!("{COMPLETE}{more}"));
    let text = "conf/other.toml:7:1: warning[no-effect]: workspaces.keep has no effect: it is for private \
                trees, and isolation.mode is \"shared\"\n\
                7 | keep = [\"x/\"]\n\
                \x20 | ^\n\
                0 errors, 1 warning in 1 queue of 1 task\n";
    assert_eq!(sandbox.reads("check --config conf/other.toml").printed(), text);
    let sandbox = sandbox.var("WORKLOOP_CONFIG", "conf/other.toml");
    assert_eq!(sandbox.reads("check").printed(), text);
}
