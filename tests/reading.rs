//! End-to-end tests of the verbs that only read: they run the binary in a temporary folder.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

#[path = "reading/dates.rs"]
mod dates;
#[path = "reading/drawn.rs"]
mod drawn;
#[path = "reading/first_hour.rs"]
mod first_hour;
#[path = "reading/health.rs"]
mod health;
#[path = "reading/kept.rs"]
mod kept;
#[path = "reading/night.rs"]
mod night;
#[path = "reading/reports.rs"]
mod reports;

/// A temporary folder with a queue, in which the program runs.
struct Folder(TempDir);

/// The result of a command: exit status, stdout, stderr.
struct Left(i32, String, String);

impl Folder {
    fn new(queue: &Value) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("q.json", &serde_json::to_string_pretty(queue).expect("JSON"));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workloop"));
        command
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("MY_TOKEN", "tok-12345")
            .env("XDG_STATE_HOME", self.path("state"))
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Left {
        let output = self.command(line).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Left(output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// Returns the JSON that a verb prints, after validating it against its schema.
    #[track_caller]
    fn json(&self, schema: &str, line: &str) -> Value {
        let Left(_, out, err) = self.run(line);
        let value: Value = serde_json::from_str(&out).unwrap_or_default();
        assert!(value.is_object(), "no JSON: {out}{err}");
        fits(schema, &value);
        value
    }
}

#[track_caller]
fn fits(schema: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{schema}.schema.json"));
    let schema = serde_json::from_str(&fs::read_to_string(path).expect("a schema")).expect("JSON");
    let error = jsonschema::validate(&schema, value).err().map(|error| error.to_string());
    assert_eq!(error, None, "{value}");
}

fn chain() -> Value {
    json!({"project": "house", "tasks": [
        {"id": "A", "title": "Floor", "estimated_minutes": 30},
        {"id": "B", "title": "Walls", "dependencies": ["A"], "estimated_hours": 2},
        {"id": "C", "title": "Fence", "priority": 0, "estimated_minutes": 10, "tags": ["outside"]},
        {"id": "D", "title": "Roof", "depends_on": ["B"], "estimated_minutes": 60},
    ]})
}

/// Returns a folder in which A has passed and C has failed once.
fn worked() -> Folder {
    let mut queue = chain();
    queue["tasks"][2]["max_iterations"] = json!(1);
    let folder = Folder::new(&queue);
    folder.write(
        "agent.sh",
        "printf 'made %s with %s\\033[31m\\n' \"$WORKLOOP_TASK_ID\" tok-12345\necho oops >&2\n",
    );
    folder.write(
        "workloop.toml",
        "[agents.default]\nrun = \"sh agent.sh\"\n[[verify]]\nname = \"fits\"\n\
         run = 'echo looking; test \"$WORKLOOP_TASK_ID\" = A'\n\
         [limits]\nuntouched = false # it is red but for A\n",
    );
    let Left(exit, _, err) = folder.run("run q.json --task-id A --task-id C");
    assert_eq!(exit, 5, "{err}");
    folder
}

#[test]
fn status_has_three_forms() {
    let folder = Folder::new(&chain());
    let Left(exit, out, err) = folder.run("status q.json");
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.starts_with("q.json (project house): 4 tasks: 2 ready, 2 waiting\n"), "{out}");
    assert!(out.contains("waiting      D  Roof   B (waiting)"), "{out}");
    let value = folder.json("status", "status q.json --json --tag outside");
    assert_eq!(value["queues"][0]["summary"]["total"], 1);
    let Left(exit, out, _) = folder.run("status --table q.json");
    assert!(exit == 0 && out.contains("┆ D  Roof"), "{out}");
}

#[test]
fn status_watch_shows_changes_and_leaves_with_its_reader() {
    let folder = Folder::new(&chain());
    let mut child =
        folder.command("status --watch q.json").stdout(Stdio::piped()).spawn().expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut until = |text: &str| {
        let found = lines.by_ref().map_while(Result::ok).any(|line| line.contains(text));
        assert!(found, "never printed {text}");
    };
    until("2 ready");
    let mut queue = chain();
    queue["tasks"][0]["status"] = json!("complete");
    folder.write("q.json", &queue.to_string());
    until("1 complete");
    drop(lines);
    assert!(child.wait().expect("ended").success());
}

#[test]
fn next_lists_what_is_ready_in_the_order_of_claims() {
    let folder = Folder::new(&chain());
    let value = folder.json("next", "next q.json --json");
    let ids: Vec<&str> = value["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|t| t["id"].as_str())
        .collect();
    assert_eq!(ids, ["C", "A"]);
    let Left(_, out, _) = folder.run("next q.json --tag outside");
    assert!(out.starts_with("1  C  Fence\n   priority 0, "), "{out}");
    assert!(
        folder.run("run --dry-run --agent x --no-verify q.json").1.starts_with("C  Fence\nA  ")
    );
}

#[test]
fn why_knows_attempts_and_what_is_held_up() {
    let folder = worked();
    let value = folder.json("why", "why C --json q.json");
    assert_eq!((&value["state"], &value["holds_up"]), (&json!("blocked"), &json!([])));
    assert_eq!(value["attempts"][0]["verdict"], "FAIL");
    assert_eq!(value["attempts"][0]["outcome"], "exit status 0");
    let log = value["attempts"][0]["log"].as_str().expect("a path");
    assert!(fs::read_to_string(log).expect("there").contains("looking"), "of the failed step");
    let Left(exit, out, _) = folder.run("why q:B --work-queue q.json");
    assert!(exit == 0 && out.contains("It is ready in q.json: nothing is in its way."), "{out}");
    assert!(out.contains("It holds up 1 task: D."), "{out}");
    let Left(exit, out, err) = folder.run("why AA q.json");
    assert_eq!((exit, out.as_str()), (2, ""));
    assert_eq!(err, "error: there is no task `AA` in q.json; did you mean `A`?\n");
}

#[test]
fn every_reason_code_is_explained() {
    let folder = worked();
    let value = folder.json("explain", "explain no_progress --json");
    assert_eq!(value["code"], "no_progress");
    let Left(exit, out, _) = folder.run("explain tampered");
    assert!(exit == 0 && out.starts_with("tampered: ") && out.contains("workloop why"), "{out}");
    let Left(exit, out, _) = folder.run("explain");
    assert!(exit == 0 && out.lines().count() > 25, "{out}");
    let Left(exit, _, err) = folder.run("explain no_progres");
    assert!(exit == 2 && err.contains("did you mean `no_progress`?"), "{err}");
}

#[test]
fn check_looks_at_all_queues_even_if_one_is_refused() {
    let folder = Folder::new(&json!({"tasks": [
        {"id": "A", "title": "a", "dependencies": ["B"]},
        {"id": "B", "title": "b", "dependencies": ["A", "Z"]},
    ]}));
    folder.write("broken.json", "{\n  \"tasks\": [\n    {\"id\": nul}\n  ]\n}\n");
    folder.write("workloop.toml", "[limits]\natempts = 3\n");
    let Left(exit, out, _) = folder.run("check q.json broken.json");
    assert_eq!(exit, 3);
    let heads: Vec<&str> = out.lines().filter(|line| line.contains(": error[")).collect();
    assert!(heads[0].starts_with("broken.json:3:12: error[syntax]"), "{out}");
    assert!(
        heads.iter().any(|line| line.starts_with("q.json:") && line.contains("[cycle]")),
        "{out}"
    );
    assert!(heads.iter().any(|line| line.contains("error[unknown-id]: B: Z: no loaded")), "{out}");
    assert!(heads.last().expect("one").starts_with("workloop.toml:2:1: error[config]"), "{out}");
    assert!(out.contains("3 |     {\"id\": nul}\n  |            ^\n"), "{out}");
    let value = folder.json("check", "check q.json broken.json --json");
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(heads.len()));
}

#[test]
fn warnings_count_with_strict_and_every_code_is_in_the_help() {
    let folder = Folder::new(&json!({"tasks": [
        {"id": "A", "title": "a", "dependencies": ["B"]}, {"id": "B", "title": "b"},
    ]}));
    let Left(exit, out, _) = folder.run("check q.json");
    assert!(exit == 0 && out.contains("warning[listed-before-dependency]"), "{out}");
    assert_eq!(folder.run("check --strict q.json").0, 3);
    let help = folder.run("check --help").1;
    for code in ["cycle", "syntax", "id-duplicate", "config", "too-many-loops", "duplicate-work"] {
        assert!(help.contains(&format!("\n  {code} ")), "{code} is missing in {help}");
    }
    folder.write("workloop.toml", "jobs = 16\n");
    let with_jobs = folder.command("check q.json").env("WORKLOOP_JOBS", "16").output();
    let out = String::from_utf8(with_jobs.expect("runs").stdout).expect("text");
    assert!(out.contains("too-many-loops") || out.contains("workloop.toml:1:1"), "{out}");
}

#[test]
fn plan_shows_waves_path_and_loops() {
    let folder = Folder::new(&chain());
    let value = folder.json("plan", "plan q.json --json --loops 1,3");
    assert_eq!(value["waves"], json!([["A", "C"], ["B"], ["D"]]));
    assert_eq!(value["critical_path"], json!({"tasks": ["A", "B", "D"], "minutes": 210}));
    assert_eq!(value["loops"][1]["makespan_minutes"], 210);
    let Left(_, out, _) = folder.run("plan q.json");
    assert!(out.contains("  1  2  A  C\n  2  1  B\n  3  1  D\n"), "{out}");
    assert!(out.contains("A (30 min) -> B (2 h) -> D (1 h)"), "{out}");
    assert!(out.contains("  C  3 h 20 min  (takes 10 min)"), "{out}");
    folder.json("plan", "plan q.json --json --barriers --respect scopes --tag outside");
}

#[test]
fn plan_compares_with_what_the_journal_measured() {
    let folder = worked();
    let value = folder.json("plan", "plan q.json --json --actual");
    let actual = &value["actual"];
    assert_eq!(
        (&actual["tasks"][0]["id"], &actual["estimated_minutes"]),
        (&json!("A"), &json!(30.0))
    );
    assert!(actual["actual_minutes"].as_f64().is_some_and(|minutes| minutes < 5.0), "{actual}");
    assert!(folder.run("plan q.json --actual").1.contains("1 measured task: 30 min estimated"));
}

#[test]
fn graph_is_drawn_in_three_languages() {
    let folder = Folder::new(&chain());
    assert!(
        folder.run("graph q.json").1.starts_with("flowchart LR\n    n0[\"A<br/>Floor\"]:::ready\n")
    );
    assert!(folder.run("graph --format dot q.json").1.starts_with("digraph queue {"));
    let value = folder.json("graph", "graph q.json --json");
    assert_eq!(value["critical_path"], json!(["A", "B", "D"]));
    assert!(!folder.run("graph q.json --tag outside").1.contains("Floor"));
}

#[test]
fn prompt_is_what_the_next_attempt_would_get() {
    let folder = worked();
    let value = folder.json("prompt", "prompt C --json q.json");
    assert_eq!((&value["id"], &value["attempt"]), (&json!("C"), &json!(2)));
    let Left(exit, out, _) = folder.run("prompt C q.json");
    assert_eq!((exit, Some(out.as_str())), (0, value["prompt"].as_str()));
    assert!(out.contains("Fence") && out.contains("looking"), "{out}");
}

#[test]
fn log_shows_every_stream_and_hides_secrets() {
    let folder = worked();
    let Left(exit, out, _) = folder.run("log C q.json");
    // Lines with times differ from run to run.
    let is_times = |line: &&str| line.starts_with("==> ") && line.contains(" to ");
    assert_eq!(out.lines().filter(is_times).count(), 1, "{out}");
    let out: String =
        out.split_inclusive('\n').filter(|line| !is_times(line)).collect::<Vec<_>>().concat();
    assert_eq!(
        (exit, out.as_str()),
        (
            0,
            "==> attempt 1, agent, standard output <==\nmade C with [masked]\u{1b}[31m\n\
             ==> attempt 1, agent, standard error <==\noops\n\
             ==> attempt 1, verification step fits <==\nlooking\n\
             ==> attempt 1: FAIL, step fits: exit status 1 <==\n"
        )
    );
    let value = folder.json("log", "log C --attempt 1 --json q.json");
    assert_eq!(value["streams"][1]["text"], "oops\n");
    assert_eq!(folder.run("log C --attempt 7 q.json").0, 2);
    assert_eq!(folder.run("log B q.json").0, 2);
    assert_eq!(folder.run("log A --follow q.json").0, 0);
}

#[test]
fn events_are_filtered_and_printed_in_two_styles() {
    let folder = worked();
    let Left(_, lines, _) = folder.run("events q.json --json");
    for line in lines.lines() {
        fits("event", &serde_json::from_str(line).expect("JSON"));
    }
    let log = folder.run("events --style log q.json").1;
    assert!(
        log.lines().any(|l| l.contains(": SUBTASK A complete (") && l[2..].starts_with(':')),
        "{log}"
    );
    assert!(log.contains("SUBTASK C blocked ("), "{log}");
    assert_eq!(folder.run("events --since 2099-01-01T00:00:00Z q.json").1, "");
    assert_eq!(folder.run("events --since 1h q.json").1.lines().count(), lines.lines().count());
    assert_eq!(folder.run("events --since soon q.json").0, 2);
    assert_eq!(Folder::new(&chain()).run("events q.json").0, 0);
}

/// Kills the child on drop if the test did not end it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn following_and_waiting_end_with_the_work() {
    let folder = Folder::new(&json!({"tasks": [{"id": "A", "title": "a"}]}));
    folder.write("agent.sh", "echo begun; while ! test -e go; do sleep 0.02; done; echo ended\n");
    let line = "run q.json --no-verify --agent";
    let mut run = folder.command(line);
    let mut run = Running(run.arg("sh agent.sh").stderr(Stdio::null()).spawn().expect("started"));
    let mut events = folder.command("events --follow --style log q.json");
    let mut events = Running(events.stdout(Stdio::piped()).spawn().expect("started"));
    let story = BufReader::new(events.0.stdout.take().expect("a pipe")).lines();
    let mut story = story.map_while(Result::ok);
    assert!(story.any(|line| line.contains("SUBTASK A started")));
    let wait = folder.command("wait A --work-queue q.json").stderr(Stdio::piped()).spawn();
    let wait = wait.expect("started");
    // The folder of an attempt is created just after its claim.
    while folder.run("log A q.json").0 != 0 {}
    let mut log = folder.command("log A --follow q.json");
    let mut log = Running(log.stdout(Stdio::piped()).spawn().expect("started"));
    let mut lines =
        BufReader::new(log.0.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "begun"));
    folder.write("go", "");
    assert!(lines.any(|line| line == "ended"));
    assert_eq!(lines.last().as_deref(), Some("==> attempt 1: SKIPPED <=="));
    assert!(story.any(|line| line.contains("SUBTASK A complete")));
    let wait = wait.wait_with_output().expect("ended");
    assert!(
        wait.status.success()
            && String::from_utf8_lossy(&wait.stderr).contains("the task is complete")
    );
    assert!(run.0.wait().expect("ended").success());
}

#[test]
fn wait_ends_as_run_would() {
    let folder = worked();
    assert_eq!(folder.run("wait A --work-queue q.json").0, 0);
    let Left(exit, _, err) = folder.run("wait C --work-queue q.json");
    assert!(exit == 5 && err.contains("cannot continue (C)"), "{err}");
    let folder =
        Folder::new(&json!({"tasks": [{"id": "A", "title": "a", "requires_approval": true}]}));
    assert_eq!(folder.run("wait --work-queue q.json").0, 7);
    let value = folder.json("status", "wait --until idle --json --work-queue q.json");
    assert_eq!(value["queues"][0]["waiting"], 1);
    let need = &value["needs_you"][0];
    let command = "workloop approve A --work-queue q.json";
    assert_eq!((&need["need"], &need["command"]), (&json!("approval"), &json!(command)));
    assert_eq!(value["needs_you"], folder.json("status", "status --json q.json")["needs_you"]);
    assert_eq!(folder.run("wait nobody --work-queue q.json").0, 2);
}

#[test]
fn what_is_read_only_can_be_read() {
    let folder = Folder::new(&chain());
    let before = fs::read(folder.path("q.json")).expect("read");
    for verb in ["status", "next", "check", "plan", "graph", "events", "why A", "prompt A"] {
        let verb =
            if verb.contains(' ') { format!("{verb} --work-queue") } else { verb.to_owned() };
        assert_ne!(folder.run(&format!("{verb} q.json")).0, 1, "{verb}");
    }
    assert_eq!(fs::read(folder.path("q.json")).expect("read"), before);
    assert!(!folder.path(".workloop").exists());
}

/// Returns a folder with one of the real queues that exist beside the repository on some machines.
fn real(name: &str) -> Option<Folder> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/queues").join(name);
    let text = fs::read_to_string(path).ok()?;
    let folder = Folder::new(&json!({"tasks": []}));
    folder.write(name, &text);
    Some(folder)
}

fn sizes(plan: &Value) -> Vec<usize> {
    let waves = plan["waves"].as_array().cloned().unwrap_or_default();
    waves.iter().map(|wave| wave.as_array().map_or(0, Vec::len)).collect()
}

#[test]
fn real_queues_are_planned_as_people_counted() {
    for (name, waves) in [
        ("karematch-p0-sprint1.json", vec![7, 2, 2, 1]),
        ("karematch-backend.json", vec![1, 3, 1]),
        ("karematch-provider-onboarding.json", vec![1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1]),
        ("adr001-plan.json", vec![3, 5, 2, 3, 2]),
        ("ai-orchestrator.json", vec![]),
    ] {
        let Some(folder) = real(name) else { return };
        let plan = folder.json("plan", &format!("plan {name} --json"));
        assert_eq!(sizes(&plan), waves, "{name}");
        folder.json("status", &format!("status {name} --json"));
    }
    let Some(folder) = real("adr001-plan.json") else { return };
    let plan = folder.json("plan", "plan adr001-plan.json --json --barriers");
    assert_eq!(sizes(&plan), [3, 5, 2, 1, 2, 1, 1]);
    let Some(folder) = real("karematch-backend.json") else { return };
    let plan = folder.json("plan", "plan karematch-backend.json --json");
    assert_eq!(
        (&plan["work_minutes"], &plan["critical_path"]["minutes"]),
        (&json!(840), &json!(600))
    );
}

#[test]
fn real_queues_are_read_as_people_read_them() {
    let name = "karematch-provider-onboarding.json";
    let Some(folder) = real(name) else { return };
    let next = folder.json("next", &format!("next --all --json {name}"));
    assert_eq!(next["ready"], 1);
    assert_eq!(next["tasks"][0]["id"], "PROVIDER-004");
    let check = folder.json("check", &format!("check --json {name}"));
    let is_early = |finding: &&Value| finding["code"] == "done-before-dependency";
    let findings = check["findings"].as_array().cloned().unwrap_or_default();
    assert_eq!(findings.iter().find(is_early).map(|f| &f["task"]), Some(&json!("PROVIDER-015")));
    let backend = real("karematch-backend.json").expect("beside the other");
    folder.write(
        "karematch-backend.json",
        &fs::read_to_string(backend.path("karematch-backend.json")).expect("read"),
    );
    let check = folder.json("check", &format!("check --json {name} karematch-backend.json"));
    let findings = check["findings"].as_array().cloned().unwrap_or_default();
    let shared = findings.iter().filter(|f| f["code"] == "same-id-different-dependencies");
    assert_eq!(shared.count(), 5);
    let name = "ai-orchestrator.json";
    let folder = real(name).expect("beside the other");
    let Left(exit, out, _) = folder.run(&format!("next {name}"));
    assert!(
        exit == 0 && out.contains("nothing is ready: 1 of 3 complete; 2 cannot continue"),
        "{out}"
    );
    assert_eq!(folder.run(&format!("wait --work-queue {name}")).0, 5);
}

#[test]
fn every_real_queue_passes_the_reading_verbs() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/queues");
    for entry in fs::read_dir(data).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(folder) = real(&name).filter(|_| name.ends_with(".json")) else { continue };
        for verb in ["status", "next", "plan", "graph", "check"] {
            folder.json(verb, &format!("{verb} --json {name}"));
            let Left(exit, out, err) = folder.run(&format!("{verb} {name}"));
            assert!(exit == 0 && !out.is_empty() && err.is_empty(), "{verb} {name}: {err}");
        }
    }
}

#[test]
fn nothing_of_a_queue_steers_the_terminal() {
    let folder = Folder::new(&json!({"project": "p\u{1b}[2J", "tasks": [
        {"id": "A\u{1b}]0;x\u{7}", "title": "t\u{202e}evil", "requires_approval": true},
        {"id": "B", "title": "\u{9b}31m", "status": "blocked", "error": "e\u{1b}[31m\nmore",
            "dependencies": ["A\u{1b}]0;x\u{7}", "no\u{7}"]},
    ]}));
    for line in [
        "status q.json",
        "status --table q.json",
        "next q.json",
        "why B q.json",
        "why \u{1b}[31m q.json",
        "check q.json",
        "plan q.json",
        "graph q.json",
        "wait --work-queue q.json",
    ] {
        let Left(_, out, err) = folder.run(line);
        let said = out + &err;
        assert!(!said.is_empty());
        let active = said.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(active, None, "{line}: {said:?}");
        let turned = said.contains('\u{202e}') && !line.starts_with("graph");
        assert!(!turned, "{line}: {said:?}");
    }
}

#[test]
fn check_finds_what_run_would_refuse() {
    let folder = Folder::new(&json!({"tasks": [{"id": "A", "title": "a"}]}));
    let codes = |line: &str| {
        let found = folder.json("check", line);
        let list = found["findings"].as_array().cloned().unwrap_or_default();
        let code = |finding: &Value| format!("{}:{}", finding["severity"], finding["code"]);
        list.iter().map(code).collect::<Vec<_>>().join(" ").replace('"', "")
    };
    let line = "check q.json --json";
    assert_eq!(codes(line), "warning:no-verification warning:no-agent");
    assert_eq!(folder.run("check q.json").0, 0);
    folder.write("workloop.toml", "jobs = 1\n");
    assert!(codes(line).contains("config"));
    folder.write("workloop.toml", "queues = [\"q.json\"]\n");
    assert_eq!(codes(line), "error:no-verification error:no-agent");
    assert_eq!((folder.run("check").0, folder.run("run").0), (3, 2));
    folder.write(
        "workloop.toml",
        "[agents.default]\nrun = \"no-such-agent x\"\n[[verify]]\nname = \"v\"\nrun = [\"./no-such\"]\n",
    );
    assert_eq!(codes(line), "error:no-program error:no-program");
    let text = folder.run("check q.json").1;
    assert!(
        text.contains("agent default cannot be started: no-such-agent was not found"),
        "{text}"
    );
    folder.write("workloop.toml", "[agents.default]\nrun = \"true\"\n[[verify]]\nrun = \"true\"\n");
    assert_eq!(codes(line), "");
    let mode = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(folder.path("q.json"), mode).expect("mode");
    };
    mode(0o666);
    assert_eq!(codes(line), "error:unsafe-place");
    assert_eq!((folder.run("check q.json").0, folder.run("run q.json").0), (3, 2));
}

#[test]
fn reading_verbs_answer_with_a_broken_configuration_and_several_queues() {
    let folder = worked();
    let broken = "queues = [\"q.json\"]\n[agents.default]\nrun = \"true\"\n[[verify]]\nrun = \"true\"\n[limits]\natempts = 3\n";
    folder.write("workloop.toml", broken);
    for line in ["status", "next", "why B", "plan", "graph", "prompt B", "log C", "events"] {
        let Left(exit, out, err) = folder.run(line);
        assert!(exit == 0 && !out.is_empty(), "{line}: {err}");
        assert!(err.starts_with("warning: failed to read the configuration"), "{line}: {err}");
        assert!(err.contains("did you mean attempts?"), "{line}: {err}");
    }
    assert_eq!(folder.run("check").0, 3);
    for line in ["run", "park B", "add --title x", "reset A"] {
        assert_eq!(folder.run(line).0, 2, "{line}");
    }
    folder.write("workloop.toml", "");
    for (name, id) in [("queues/a.json", "X"), ("queues/b.json", "Y")] {
        folder.write(name, &json!({"tasks": [{"id": id, "title": "t"}]}).to_string());
    }
    let status = folder.run("status").1;
    assert!(status.contains("queues/a.json") && status.contains("queues/b.json"), "{status}");
    assert_eq!(folder.run("why Y").0, 0);
    let Left(exit, _, err) = folder.run("run");
    assert!(exit == 2 && err.contains("queues/a.json"), "{err}");
}

#[test]
fn the_latest_attempt_is_shown_where_none_is_named() {
    let folder = worked();
    let Left(exit, out, _) = folder.run("log q.json");
    assert!(exit == 0 && out.starts_with("==> task A <==\n==> attempt 1, agent"), "{out}");
    assert!(out.contains("verification step fits <==\nlooking\n"), "{out}");
    assert_eq!(folder.json("log", "log q.json --json")["id"], "A");
    let Left(exit, _, err) = folder.run("log A C q.json");
    assert!(exit == 2 && err.contains("log shows one task"), "{err}");
    let Left(exit, _, err) = Folder::new(&chain()).run("log q.json");
    assert!(exit == 2 && err.contains("no task has an attempt to show"), "{err}");
}

#[test]
fn scripts_get_an_exit_status_and_the_quiet_what_went_wrong() {
    let folder = worked();
    assert_eq!(folder.run("status q.json").0, 0);
    assert_eq!(folder.run("status --exit-code q.json").0, 7);
    let Left(exit, out, err) = folder.run("status --exit-code -q --tag outside q.json");
    assert_eq!((exit, out.as_str(), err.as_str()), (5, "", ""));
    assert_eq!(folder.run("status --exit-code --json q.json").0, 7);
    let Left(exit, _, err) = folder.run("run -q q.json --agent true --verify false");
    assert!(exit == 5 && err.contains(" FAIL     B  ") && !err.contains("start"), "{err}");
    let told = folder.run("-v status q.json").2;
    assert!(told.starts_with("configuration: ") && told.contains("queue: q.json, project root"));
    assert!(!told.contains("limits.attempts"), "{told}");
    assert!(folder.run("-vv status q.json").2.contains("limits.attempts: 5 (default)"));
}
