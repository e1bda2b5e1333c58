//! Load, edit, save: nothing outside of an edit may change, and the state in memory is what a
//! reader of the file gets.

use crate::places::difference;
use serde_json::{Map, Value, json};
use std::path::Path;
use workloop::domain::{
    self, Claim, Completion, Evidence, Field, OpenQuestion, ReasonCode, Status, Transition, Verdict,
};
use workloop::queue::Queue;
use workloop::testing::platform::clock::{Clock as _, SystemClock};

/// A source of choices: the bytes after the document, or those of the document if there are none.
struct Chooser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Chooser<'_> {
    fn next(&mut self) -> usize {
        let byte = self.bytes.get(self.at % self.bytes.len().max(1));
        self.at += 1;
        byte.map_or(0, |byte| usize::from(*byte))
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() * 256 + self.next()) % bound.max(1)
    }

    fn text(&mut self) -> String {
        let length = self.below(12);
        let from = self.at.min(self.bytes.len());
        let to = (from + length).min(self.bytes.len());
        self.at += length;
        String::from_utf8_lossy(&self.bytes[from..to]).into_owned()
    }

    fn key(&mut self) -> String {
        let known: Vec<&str> = Field::all().flat_map(|field| field.spellings()).copied().collect();
        if self.below(4) == 0 { self.text() } else { known[self.below(known.len())].to_owned() }
    }

    fn value(&mut self, depth: usize) -> Value {
        let text = self.text();
        match self.below(if depth > 2 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(70_000)),
            3 => json!(1.5 * self.below(70_000) as f64),
            4 => json!(text),
            5 => serde_json::from_str(&text).unwrap_or(json!(text)),
            6 => json!([self.value(depth + 1), text]),
            7 => json!({"k": self.value(depth + 1), text: 1}),
            _ => json!([]),
        }
    }

    fn transition(&mut self) -> Transition {
        let text = self.text();
        let claim = || Claim {
            worker: "h:1:00000000".to_owned(),
            attempt: 7,
            since: "2026-01-19T14:35:45Z".to_owned(),
            host: String::new(),
            boot: String::new(),
            start: 1,
            tag: "0123456789abcdef0123456789abcdef".to_owned(),
        };
        let files = vec![text.clone()];
        match self.below(19) {
            0 => Transition::Claim(claim()),
            1 => {
                let completion = Completion {
                    files_ambiguous: Vec::new(),
                    files_changed: files.clone(),
                    warnings: files,
                    summary: Some(text),
                    artifacts: vec![self.value(0)],
                    notes_for: Some(json!({"A": "note"})),
                    landed: None,
                };
                Transition::Complete(Verdict::Pass, completion)
            }
            2 => {
                let (files_ambiguous, conflict_paths) = (Vec::new(), files.clone());
                let files_changed = files;
                Transition::Fail { reason: text, files_changed, files_ambiguous, conflict_paths }
            }
            3 => Transition::GiveUp { verdict: Verdict::Blocked, reason: text },
            4 => Transition::Interrupt { reason: text },
            5 => Transition::Lose,
            6 => Transition::TakeOver,
            7 => Transition::Settle(Status::Blocked, Some(text)),
            8 => Transition::Approve { by: text },
            9 => Transition::Retry,
            10 => Transition::Reset,
            11 => Transition::Block { because: text },
            12 => Transition::Park,
            13 => Transition::Unpark,
            14 => {
                let by = Some(text.clone());
                let (question, earlier, matches) = (None, Vec::new(), by.clone());
                Transition::Answer { question, earlier, text, by, matches }
            }
            15 => {
                let note = Some(text.clone());
                Transition::Done { by: text, note, verdict: Verdict::Skipped }
            }
            16 => {
                let (code, to) = (ReasonCode::Impossible, Some(text.clone()));
                let evidence = Some(Evidence::List(vec![text.clone()]));
                let question = OpenQuestion { code, text: text.clone(), evidence, to };
                Transition::Ask { reason: text, question: Box::new(question) }
            }
            17 => Transition::Veto { reason: text },
            _ => Transition::Progress(self.value(0)),
        }
    }
}

/// Takes the document up to the first byte that no text contains; the rest chooses the edits.
pub(super) fn edits(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0xff);
    let (text, choices) = bytes.split_at(end.unwrap_or(bytes.len()));
    let choices = if choices.len() > 1 { &choices[1..] } else { text };
    let path = Path::new("q.json");
    let mut queue = match Queue::parse(path, text.to_vec()) {
        Ok(queue) => queue,
        Err(refused) => return super::is_inert(&refused.to_string()),
    };
    assert_eq!(queue.to_bytes(), text, "loading and saving changes the text");
    for finding in queue.findings() {
        super::is_inert(&queue.excerpt(finding.position));
    }
    let mut chooser = Chooser { bytes: choices, at: 0 };
    for _ in 0..1 + chooser.below(6) {
        edit(&mut queue, &mut chooser);
    }
}

fn edit(queue: &mut Queue, chooser: &mut Chooser<'_>) {
    let before = queue.to_bytes();
    let count = queue.tasks().len();
    let at = chooser.below(count);
    let mut keys: Vec<String> = Vec::new();
    let done = match chooser.below(5) {
        0 => {
            let mut task = Map::new();
            task.insert("id".to_owned(), json!(format!("N{}", chooser.text())));
            task.insert(chooser.key(), chooser.value(0));
            task.insert("title".to_owned(), json!(chooser.text()));
            queue.append(&task).is_ok()
        }
        1 => {
            queue.refresh(SystemClock.now());
            true
        }
        2 if count > 0 => {
            let transition = chooser.transition();
            match domain::apply(&queue.tasks()[at], &transition, SystemClock.now()) {
                Ok(changes) => {
                    keys.extend(changes.iter().flat_map(|(field, _)| spelled(*field)));
                    queue.apply(at, &changes).is_ok()
                }
                Err(_) => false,
            }
        }
        kind if count > 0 => {
            let (key, value) = (chooser.key(), chooser.value(0));
            keys.push(key.clone());
            queue.set_key(at, &key, (kind == 3).then_some(&value)).is_ok()
        }
        _ => false,
    };
    if !done {
        return assert_eq!(queue.to_bytes(), before, "a refused edit changed the text");
    }
    judge(queue, &before, at, &keys, count);
}

/// Returns the keys that a field may have. A file may store the state of a task only in `passes`,
/// so a new state may change that too.
fn spelled(field: Field) -> impl Iterator<Item = String> {
    let home = (field == Field::Status).then_some(Field::Passes.key());
    field.spellings().iter().copied().chain(home).map(str::to_owned)
}

/// The keys under which a file may have its tasks.
const LISTS: [&str; 9] = [
    "tasks",
    "features",
    "queue",
    "userStories",
    "stories",
    "items",
    "backlog",
    "jobs",
    "pending_tasks",
];

/// Compares the text with its earlier state, and with what a reader makes of it.
fn judge(queue: &Queue, before: &[u8], at: usize, keys: &[String], count: usize) {
    let after = queue.to_bytes();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let again = Queue::parse(Path::new("q.json"), after.clone());
    assert!(again.is_ok(), "{:?}: it cannot be loaded: {}", again.err(), text(&after));
    let Ok(again) = again else { return };
    assert_eq!(again.tasks(), queue.tasks(), "memory and file differ: {}", text(&after));
    assert_eq!(again.counts(), queue.counts(), "the counts differ: {}", text(&after));
    assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&after).is_ok(), "no JSON for others");
    let (at, added) = (at.to_string(), count.to_string());
    let is_list = |key: &str| LISTS.contains(&key);
    let is_changed = |key: &str| keys.iter().any(|changed| changed == key);
    let found = difference(&text(before), &text(&after), &|place| match place {
        ["summary" | "last_updated" | "updated_by" | "sequence" | "fingerprints", ..] => true,
        [list, number, ..] if is_list(list) && *number == added => true,
        [list, number, key, ..] if is_list(list) && *number == at => is_changed(key),
        // A list without a key.
        [number, ..] if *number == added => true,
        [number, key, ..] if *number == at => is_changed(key),
        _ => false,
    });
    assert_eq!(found, None, "something else changed: {}\n{}", text(before), text(&after));
}
