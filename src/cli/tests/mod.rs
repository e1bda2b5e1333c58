//! Whole command lines that run in this process. Each verb has a file with its name here; the tests
//! of a verb see what it prints, what it writes and how it ends, as its users do. What a verb
//! decides in a function of its own is tested beside that function.

mod add;
mod agents;
mod answer;
mod approve;
mod block;
mod blockers;
mod board;
mod cancel;
mod check;
mod diff;
mod doctor;
mod done;
mod edit;
mod events;
mod explain;
mod findings;
mod forecast;
mod graph;
mod house;
mod init;
mod land;
mod log;
mod next;
mod nothing;
mod park;
mod plan;
mod progress;
mod prompt;
mod ran;
mod red_flags;
mod references;
mod release;
mod report;
mod reset;
mod resting;
mod retry;
mod run;
mod sandbox;
mod secrets;
mod since;
mod status;
mod stop;
mod stuck;
mod tampered;
mod verify;
mod wait;
mod watching;
mod why;
mod workspace;

use super::World;
use ran::{Ran, call};
use std::path::Path;

/// Runs a command line; returns exit status, stdout and stderr.
fn run(cwd: &Path, line: &str) -> (u8, String, String) {
    let words: Vec<&str> = line.split(' ').collect();
    let world = World { cwd: cwd.to_owned(), vars: Vec::new(), stdin_terminal: false };
    let Ran { exit, out, err } = call(&words, &world);
    (exit, out, err)
}

#[test]
fn init_works_in_an_empty_folder_and_never_overwrites() {
    let dir = tempfile::tempdir().expect("dir");
    let (exit, out, err) = run(dir.path(), "init --project demo");
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.starts_with("wrote workloop.toml\nwrote queues/demo.json\nagent: none"), "{out}");
    assert!(out.contains("\n\nNext:\n  1. set in workloop.toml"), "{out}");
    let read = |name| std::fs::read(dir.path().join(name)).expect("file");
    let before = (read("workloop.toml"), read("queues/demo.json"));
    let (exit, out, _) = run(dir.path(), "init --project other");
    assert_eq!(exit, 0);
    assert!(out.starts_with("kept workloop.toml\nkept queues/demo.json\n"), "{out}");
    assert_eq!(before, (read("workloop.toml"), read("queues/demo.json")));
    let queue: serde_json::Value = serde_json::from_slice(&before.1).expect("json");
    assert_eq!(queue["project"], "demo");
    assert_eq!(run(dir.path(), "init sub/folder -q"), (0, String::new(), String::new()));
    assert!(dir.path().join("sub/folder/queues/folder.json").exists());
}

#[test]
fn schemas_are_printed_by_name() {
    let here = Path::new("/");
    let (exit, out, _) = run(here, "schema");
    assert_eq!(exit, 0);
    assert!(out.lines().any(|name| name == "status"), "{out}");
    assert_eq!(run(here, "schema status").1, include_str!("../../../schemas/status.schema.json"));
    assert_eq!(run(here, "schema status.schema.json").0, 0);
    let (exit, out, err) = run(here, "schema nothing");
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.starts_with("error: there is no schema \"nothing\"\nhint: schemas: "), "{err}");
}

#[test]
fn completions_and_manual_come_from_the_definitions() {
    let dir = tempfile::tempdir().expect("dir");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (exit, out, _) = run(dir.path(), &format!("completions {shell}"));
        assert!(exit == 0 && out.contains("WORKLOOP_COMPLETE"), "{shell}");
    }
    let page = run(dir.path(), "man").1;
    assert!(page.contains(".TH workloop 1"), "{page}");
    for section in ["EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"] {
        assert!(page.contains(&format!(".SH \"{section}\"\n")), "{section}: {page}");
    }
    assert_eq!(run(dir.path(), "man --dir pages").0, 0);
    assert!(dir.path().join("pages/workloop-run.1").exists());
}

#[test]
fn help_goes_to_stdout_and_wrong_usage_to_stderr() {
    let here = Path::new("/");
    let (exit, out, err) = run(here, "run --help");
    assert!(exit == 0 && out.contains("Exit status:") && err.is_empty());
    assert_eq!(run(here, "--version").1, format!("workloop {}\n", env!("CARGO_PKG_VERSION")));
    let (exit, out, err) = run(here, "rnu");
    assert!(exit == 2 && out.is_empty() && err.contains("unrecognized subcommand"), "{err}");
    assert!(!err.contains('\u{1b}'));
    assert!(run(here, "--color always rnu").2.contains("rnu"));
}

/// Returns what a shell offers at the end of `line`. Uses fish, which needs no more variables.
fn offered(cwd: &Path, line: &str) -> Vec<String> {
    let vars = vec![("WORKLOOP_COMPLETE".into(), "fish".into())];
    let world = World { cwd: cwd.to_owned(), vars, stdin_terminal: false };
    let words: Vec<&str> = std::iter::once("--").chain(line.split(' ')).collect();
    let out = call(&words, &world).printed();
    let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    let typed = line.split(' ').next_back().unwrap_or_default();
    let all = out.lines().map(first).collect::<Vec<_>>();
    // Flags are offered everywhere.
    all.into_iter().filter(|word| word.starts_with('-') == typed.starts_with('-')).collect()
}

#[test]
fn completion_knows_verbs_flags_ids_and_what_tasks_have() {
    let dir = tempfile::tempdir().expect("dir");
    let task = |id: &str, more: &str| format!("{{\"id\":\"{id}\",\"title\":\"t\"{more}}}");
    let tasks = [
        task("A-1", ",\"type\":\"docs\",\"tags\":[\"x\",\"y\"]"),
        task("A-2", ",\"type\":\"docs\""),
        task("$(touch pwned)", ""),
        task("-rf", ""),
    ];
    let path = dir.path().join("q.json");
    std::fs::write(path, format!("{{\"tasks\":[{}]}}", tasks.join(","))).expect("written");
    assert_eq!(offered(dir.path(), "workloop unp"), ["unpark"]);
    assert_eq!(offered(dir.path(), "workloop run --max-m"), ["--max-minutes"]);
    assert_eq!(offered(dir.path(), "workloop park q.json A-"), ["A-1", "A-2"]);
    assert_eq!(offered(dir.path(), "workloop park q.json "), ["A-1", "A-2", "q.json"]);
    assert_eq!(offered(dir.path(), "workloop why --work-queue q.json "), ["A-1", "A-2"]);
    assert_eq!(offered(dir.path(), "workloop run q.json --type "), ["docs"]);
    assert_eq!(offered(dir.path(), "workloop run q.json --tag "), ["x", "y"]);
    assert_eq!(offered(dir.path(), "workloop status "), ["q.json"]);
    assert_eq!(offered(dir.path(), "workloop explain tamp"), ["tampered"]);
    assert_eq!(offered(dir.path(), "workloop schema stat"), ["status"]);
    assert!(!offered(dir.path(), "workloop no-such-verb x").contains(&"A-1".to_owned()));
}

#[test]
fn help_of_a_verb_is_its_help() {
    let here = Path::new("/");
    let (exit, out, _) = run(here, "help run");
    assert_eq!((exit, &out), (0, &run(here, "run --help").1));
    assert!(out.contains("Examples:\n  workloop run\n"), "{out}");
    assert_eq!(run(here, "help").1, run(here, "--help").1);
    let (exit, _, err) = run(here, "help rnu");
    assert!(exit == 2 && err.contains("there is no verb rnu; did you mean run?"), "{err}");
    let (_, screen, _) = run(here, "-h");
    assert!(screen.lines().count() <= 24, "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
}
