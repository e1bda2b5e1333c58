//! The scripts in `examples/`, started as a person would.

use crate::sandbox::{Sandbox, program};
use std::process::{Command, Stdio};

fn has(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

#[test]
fn four_loops_land_on_one_branch_and_a_conflict_resolves_itself() {
    if !has("git") || !has("sh") {
        eprintln!("SKIPPED: no git or no sh here, so that examples/landing was not run");
        return;
    }
    let sandbox = Sandbox::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/landing/run.sh");
    let mut command = Command::new("sh");
    command
        .arg(script)
        .env("WORKLOOP", program())
        .env("TMPDIR", sandbox.path(""))
        .env("CI", "true");
    command.env("NO_COLOR", "1").env("XDG_STATE_HOME", sandbox.path("state")).stdin(Stdio::null());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null");
    let done = command.output().expect("it runs");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    let says = |text: &str| assert!(out.contains(text), "no {text:?} in {out}{err}");
    for line in ["* ", "Greet loudly\n", "Say hello\n", "\nhallo\n", "\nbonjour\n"] {
        says(line);
    }
    for task in ["german", "french", "count", "about", "loud"] {
        says(&format!("Workloop-Task: {task}, Workloop-Attempt: "));
    }
    says("5 tasks: 5 complete");
    says("Its change did not merge with what landed 1 time.");
    // No attempt failed except the one that did not merge.
    let failed = err.lines().filter(|line| line.contains(" FAIL "));
    let failed: Vec<&str> = failed.filter(|line| !line.contains("does not merge")).collect();
    assert!(failed.is_empty(), "{err}");
    assert!(out.ends_with("== The work tree of the person\n?? note.txt\n"), "{out}");
}
