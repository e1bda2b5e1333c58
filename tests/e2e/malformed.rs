//! Files that are refused, with a position and without any change of the file.

use crate::sandbox::Sandbox;
use std::os::unix::fs::MetadataExt as _;

/// Returns whether a text contains a position: `q.json:LINE:COLUMN`.
fn names_a_place(text: &str) -> bool {
    text.split("q.json:").skip(1).any(|rest| {
        let mut numbers = rest.split(':');
        let is_number = |part: Option<&str>| {
            part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        };
        is_number(numbers.next()) && is_number(numbers.next())
    })
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let deep =
        format!(r#"{{"tasks": [{{"id": "A", "x": {}1{}}}]}}"#, "[".repeat(130), "]".repeat(130));
    let invalid =
        [br#"{"tasks": [{"id": "A", "title": ""#.as_slice(), b"\xff\xfe", br#""}]}"#].concat();
    let bom = [b"\xef\xbb\xbf".as_slice(), br#"{"tasks": [{"id": "A", "title": "a"}]}"#].concat();
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("not JSON", text("tasks: []\n")),
        ("empty", Vec::new()),
        ("only blanks", text("  \n")),
        ("truncated", text("{\n  \"tasks\": [\n    {\"id\": \"A\", \"title\": \"a")),
        ("text after the end", text(r#"{"tasks": [{"id": "A", "title": "a"}]} {}"#)),
        (
            "a trailing comma",
            text("{\n  \"tasks\": [\n    {\"id\": \"A\", \"title\": \"a\"},\n  ]\n}"),
        ),
        ("byte order mark", bom),
        ("invalid UTF-8", invalid),
        ("NaN", text(r#"{"tasks": [{"id": "A", "title": "a", "x": NaN}]}"#)),
        ("too deep", text(&deep)),
        ("no task list", text(r#"{"project": "p"}"#)),
        ("a value that is no list", text("7")),
        ("both lists", text(r#"{"tasks": [], "features": []}"#)),
        ("tasks that are no list", text(r#"{"tasks": {"A": {}}}"#)),
        (
            "the same id twice",
            text(r#"{"tasks": [{"id": "A", "title": "a"}, {"id": "A", "title": "b"}]}"#),
        ),
        ("a task that is no object", text(r#"{"tasks": ["A"]}"#)),
        ("an id that is no whole number", text(r#"{"tasks": [{"id": 1.5, "title": "a"}]}"#)),
        ("an empty id", text(r#"{"tasks": [{"id": "", "title": "a"}]}"#)),
        ("no id", text(r#"{"tasks": [{"title": "a"}]}"#)),
    ]
}

#[test]
fn each_is_refused_with_its_place_and_left_as_it_is() {
    for (name, bytes) in cases() {
        let sandbox = Sandbox::new().saved("q.json", &bytes);
        let modified = |sandbox: &Sandbox| {
            let data = std::fs::metadata(sandbox.path("q.json")).expect("there");
            (data.ino(), data.mtime(), data.mtime_nsec())
        };
        let before = modified(&sandbox);
        for verb in ["run", "status", "check"] {
            let ran = sandbox.run([verb, "q.json"]);
            assert_eq!(ran.status, 3, "{name}: {ran}");
            assert!(names_a_place(&format!("{}{}", ran.stdout, ran.stderr)), "{name}: {ran}");
        }
        sandbox.run(["add", "--work-queue", "q.json", "--title", "more"]).exits(3);
        sandbox.run(["reset", "--all", "--yes", "q.json"]).exits(3);
        assert_eq!(sandbox.bytes("q.json"), bytes, "{name}");
        assert_eq!(modified(&sandbox), before, "{name}");
        assert!(sandbox.oracle().entries.is_empty(), "{name}");
    }
}

#[test]
fn a_file_of_more_than_256_mib_is_refused_unread() {
    let sandbox = Sandbox::new().file("q.json", "{");
    let file = std::fs::OpenOptions::new().write(true).open(sandbox.path("q.json")).expect("there");
    file.set_len(256 * 1024 * 1024 + 1).expect("a sparse file");
    sandbox.run(["run", "q.json"]).exits(3).says("256");
    sandbox.run(["status", "q.json"]).exits(3).says("256");
}

#[test]
fn a_missing_queue_is_a_wrong_command() {
    let sandbox = Sandbox::new();
    sandbox.run(["run", "no-such-queue.json"]).exits(2).says("no-such-queue.json");
}

#[test]
fn no_message_suggests_deleting_anything() {
    for (name, bytes) in cases() {
        let sandbox = Sandbox::new().saved("q.json", &bytes);
        let ran = sandbox.run(["run", "q.json"]);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        for word in ["add `", "rm ", "git checkout", "git clean", "git reset", "reset --all"] {
            assert!(!said.contains(word), "{name}: {ran}");
        }
    }
}
