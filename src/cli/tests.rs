use super::*;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A handle whose text can be looked at afterwards.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lock").extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("lock").clone()).expect("text")
    }
}

/// Exit status, stdout, stderr.
fn run(cwd: &Path, line: &str) -> (u8, String, String) {
    let (out, err) = (Shared::default(), Shared::default());
    let mut streams = Streams {
        out: Sink::new(Box::new(out.clone()), false),
        err: Sink::new(Box::new(err.clone()), false),
    };
    let world = World { cwd: cwd.to_owned(), vars: Vec::new(), stdin_terminal: false };
    let words = std::iter::once("workloop").chain(line.split_whitespace());
    let exit = run_cli(words.map(OsString::from), &mut streams, &world);
    (exit, out.text(), err.text())
}

#[test]
fn init_works_in_an_empty_folder_and_never_overwrites() {
    let dir = tempfile::tempdir().expect("dir");
    let (exit, out, err) = run(dir.path(), "init --project demo");
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.starts_with("wrote workloop.toml\nwrote queues/demo.json\n\nNext:\n"), "{out}");
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
    assert_eq!(run(here, "schema status").1, include_str!("../../schemas/status.schema.json"));
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
        assert!(exit == 0 && out.contains("unpark"), "{shell}");
    }
    assert!(run(dir.path(), "man").1.contains(".TH workloop 1"));
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
