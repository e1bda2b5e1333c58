//! Lines that run until something changes: `status --watch` and `wait`. The reader of the output
//! changes the queue itself, so that no thread and no time is needed.

use super::super::{Sink, Streams, World, run_cli};
use super::house::of;
use super::sandbox::Sandbox;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What a reader does after a text: whether it reads on.
type React = Box<dyn FnMut(usize) -> bool + Send>;

/// A handle whose reader reacts to each text, given how many there were.
struct Reader {
    texts: Arc<Mutex<Vec<String>>>,
    react: React,
    gone: bool,
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let many = {
            let mut texts = self.texts.lock().expect("lock");
            texts.push(String::from_utf8_lossy(bytes).into_owned());
            texts.len()
        };
        self.gone = !(self.react)(many);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a line in the project with such readers of stdout and stderr. Returns the exit status, and
/// the texts of both.
fn read_by(
    sandbox: &Sandbox,
    line: &str,
    (out, err): (React, React),
) -> (u8, Vec<String>, Vec<String>) {
    let kept = [Arc::default(), Arc::default()];
    let sink = |texts: &Arc<Mutex<Vec<String>>>, react| {
        Sink::new(Box::new(Reader { texts: Arc::clone(texts), react, gone: false }), false)
    };
    let mut streams = Streams { out: sink(&kept[0], out), err: sink(&kept[1], err) };
    let world = World { cwd: sandbox.path("."), vars: Vec::new(), stdin_terminal: false };
    let words = std::iter::once("workloop").chain(line.split(' '));
    let exit = run_cli(words.map(OsString::from), &mut streams, &world);
    let [out, err] = kept.map(|texts| texts.lock().expect("lock").clone());
    (exit, out, err)
}

/// Returns a reaction that writes this queue after each of the texts with these numbers, and goes
/// after the last of them.
fn edits(sandbox: &Sandbox, queues: Vec<(usize, Value)>) -> React {
    let path: PathBuf = sandbox.path("queues/q.json");
    let last = queues.last().map_or(0, |(number, _)| *number);
    Box::new(move |number| {
        if let Some((_, tasks)) = queues.iter().find(|(at, _)| *at == number) {
            let text = json!({"project": "demo", "tasks": tasks}).to_string();
            // In one step, as an editor saves a file.
            let fresh = path.with_extension("new");
            std::fs::write(&fresh, text).expect("written");
            std::fs::rename(&fresh, &path).expect("renamed");
        }
        number < last
    })
}

/// A reader that only reads.
fn reads_on() -> React {
    Box::new(|_| true)
}

#[test]
fn every_change_is_shown_once_until_the_reader_goes() {
    let status = |status: &str| json!([{"id": "A", "title": "a", "status": status}]);
    let sandbox = of(&[json!({"id": "A", "title": "a"})]);
    // The second text is the empty line between the first status and the next.
    let out =
        edits(&sandbox, vec![(1, status("blocked")), (3, status("parked")), (5, status("done"))]);
    let (exit, texts, err) = read_by(&sandbox, "status --watch", (out, reads_on()));
    assert_eq!((exit, err.len()), (0, 0), "{err:?}");
    let head = |count: &str| format!("queues/q.json (project demo): 1 task: {count}\n");
    assert_eq!(texts.len(), 5, "{texts:?}");
    assert_eq!(texts[0], format!("{}  ready        A  a\n", head("1 ready")));
    assert_eq!([&texts[1], &texts[3]], ["\n", "\n"]);
    assert!(
        texts[2].ends_with(&format!("{}  blocked      A  a\n", head("1 blocked"))),
        "{texts:?}"
    );
    assert_eq!(texts[4], head("1 parked (100%)").replace(" (100%)", ""), "{texts:?}");
}

#[test]
fn watched_json_is_an_object_for_each_change() {
    let sandbox = of(&[json!({"id": "A"})]);
    let done = |status: &str| json!([{"id": "A", "status": status}]);
    let out = edits(&sandbox, vec![(1, done("done")), (2, done("parked"))]);
    let (exit, texts, _) = read_by(&sandbox, "status --watch --json", (out, reads_on()));
    assert_eq!((exit, texts.len()), (0, 2), "{texts:?}");
    let state = |text: &String| {
        let json: Value = serde_json::from_str(text).expect(text);
        json["queues"][0]["tasks"][0]["state"].clone()
    };
    assert_eq!(texts.iter().map(state).collect::<Vec<_>>(), [json!("ready"), json!("complete")]);
}

#[test]
fn a_wait_ends_as_soon_as_the_task_is_complete() {
    let sandbox = of(&[json!({"id": "A"}), json!({"id": "B"})]);
    let done = json!([{"id": "A", "status": "complete"}, {"id": "B"}]);
    let err = edits(&sandbox, vec![(1, done), (9, json!([]))]);
    let (exit, out, texts) = read_by(&sandbox, "wait A --json --timeout 20s", (reads_on(), err));
    assert_eq!(exit, 0, "{texts:?}");
    assert_eq!(
        texts,
        ["no loop serves these queues now; waiting 20s for one\n", "the task is complete\n"]
    );
    let json: Value = serde_json::from_str(&out.concat()).expect("JSON");
    assert_eq!(json["queues"][0]["summary"]["complete"], 1);
}

#[test]
fn a_task_that_is_removed_while_it_is_waited_for_is_told() {
    let sandbox = of(&[json!({"id": "A"}), json!({"id": "B"})]);
    let err = edits(&sandbox, vec![(1, json!([{"id": "B"}])), (9, json!([]))]);
    let (exit, _, texts) = read_by(&sandbox, "wait A --timeout 20s", (reads_on(), err));
    assert_eq!(exit, 2, "{texts:?}");
    assert_eq!(texts[1..].concat(), "error: there is no task `A` in queues/q.json\n");
}
