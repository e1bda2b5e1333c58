//! Values of secret variables: they reach no file but the raw output, and nothing that is shown.

use crate::sandbox::Sandbox;
use std::fs;
use std::path::Path;

/// A value that no file of ours may hold.
const SECRET: &str = "s3cr3t-canary-0123456789";

/// Every file below `dir`, with its bytes.
fn every_file(dir: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            every_file(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(path).unwrap_or_default()));
        }
    }
}

#[test]
fn a_secret_of_the_environment_reaches_no_file() {
    let (list, _) = crate::sandbox::flat_queue(2);
    let agent = "[agents.default]\nrun = 'echo $ANTHROPIC_API_KEY; echo $ANTHROPIC_API_KEY >&2; \
                 printf \"{\\\"status\\\":\\\"done\\\",\\\"summary\\\":\\\"used $ANTHROPIC_API_KEY\\\"}\" \
                 >$WORKLOOP_RESULT_FILE'\n[limits]\nattempts = 2\n\
                 [[verify]]\nrun = 'echo failed with $ANTHROPIC_API_KEY; \
                 test $WORKLOOP_TASK_ID = T002'\n";
    let mut sandbox = Sandbox::new().config(agent).queue("q.json", &list);
    sandbox.variables.push(("ANTHROPIC_API_KEY".to_owned(), SECRET.to_owned()));
    let ran = sandbox.run(["run", "q.json"]);
    assert!(!format!("{ran}").contains(SECRET), "{ran}");
    for verb in [["log", "T001", "q.json"], ["why", "T001", "q.json"]] {
        let shown = sandbox.run(verb);
        assert!(!format!("{shown}").contains(SECRET), "{shown}");
    }
    let mut files = Vec::new();
    every_file(&sandbox.path(""), &mut files);
    // The raw output of a command is kept as it came, private to the user: everything shown of it
    // is masked. Nothing else may hold the value.
    let raw = |path: &str| {
        path.ends_with(".out") || path.ends_with(".err") || path.ends_with("/result.json")
    };
    let holds: Vec<&String> = files
        .iter()
        .filter(|(path, _)| !raw(path))
        .filter(|(_, bytes)| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()))
        .map(|(path, _)| path)
        .collect();
    assert!(files.len() > 8 && holds.is_empty(), "{holds:?}");
}
