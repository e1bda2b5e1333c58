//! Hostile queues, given to every verb. A verb may refuse a file. It must not crash, hang, need
//! much memory, run the content, write outside its folder, change a byte outside of an edit, or
//! pass a byte that controls a terminal.

use crate::chance::{Chance, counted, is_long, sampled, say};
use crate::hostile::{Hostile, long, queues};
use crate::measured::{Asked, Bound, Measured, PLAIN, measure};
use crate::places::difference;
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use workloop::domain::Field;

/// Forms of the verbs that only read; `ID` is a task.
const READING: &[&str] = &[
    "status",
    "next",
    "why ID",
    "plan",
    "graph",
    "status --json",
    "prompt --json ID",
    "check --json",
    "log ID",
    "graph --format dot --all",
    "why --json ID",
    "plan --json --barriers --respect scopes",
    "next --json --all",
    "status --table",
    "events",
    "graph --json",
    "log --json ID",
    "events --json",
    "run --dry-run --agent true --no-verify",
    "wait --until idle NO-SUCH-TASK",
    "events --style log",
];

/// Forms of the verbs that write, with a JSON list of the task on stdin, and whether a person's own
/// fields of the task may change.
const WRITING: &[(&str, bool)] = &[
    ("park -", false),
    ("block - --because no", false),
    ("retry -", false),
    ("reset -", false),
    ("cancel -", false),
    ("unpark -", false),
    ("approve -", false),
    ("release --force -", false),
    ("edit --set note_of_mine=\"\\u001b[31m\" ID", true),
    ("edit --set priority=3 --unset tags ID", true),
    ("add --id NEW-1 --title more", true),
    ("progress --percent 5 --note x ID", false),
    ("answer ID yes", false),
];

/// How many of the queues the short run takes.
const SHORT: usize = 120;

pub(crate) fn asked(form: &str, id: &str) -> Asked {
    let mut words: Vec<&str> = form.split(' ').collect();
    words.splice(1..1, ["--work-queue", "q.json"]);
    if let Some(at) = words.iter().position(|word| *word == "ID") {
        // An id may look like a flag.
        words.splice(at..=at, ["--", id]);
    }
    Asked::with(&words, &json!([id]).to_string())
}

fn steers(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

/// Returns what a verb may take for a file of this size. The slowest one takes 3 seconds for each
/// megabyte of a dense file in a build without optimisation; what takes the square of it takes minutes.
pub(crate) fn most(bytes: usize) -> Bound {
    let size = bytes as u64;
    Bound { memory: PLAIN + 10 * size, seconds: Some(10 * size.div_ceil(1 << 20).max(1)) }
}

/// The status of a verb that took more than its time: no test kills one.
const KILLED: i64 = 128 + 9;

/// Returns what a verb did that no verb may do.
pub(crate) fn wrong(sandbox: &Sandbox, queue: &Hostile, ran: &Measured) -> Option<String> {
    let canary = ["canary", "../canary", "../../canary", "script/canary", "/canary", "/tmp/canary"];
    let most = most(queue.bytes.len());
    if ran.status == KILLED {
        return Some(format!("took more than {:?} seconds", most.seconds));
    }
    if ran.status > 100 || ran.said().contains("panicked at") {
        return Some(format!("crashed with {}: {}", ran.status, ran.said()));
    }
    if canary.iter().any(|name| sandbox.path(name).exists()) {
        return Some("something of the queue was run or written".to_owned());
    }
    if ran.said().contains("annot allocate memory") {
        let bytes = queue.bytes.len();
        return Some(format!(
            "{} KiB are too few for {bytes} bytes: {}",
            most.memory >> 10,
            ran.said()
        ));
    }
    let steering = steers(&ran.said())?;
    Some(format!(
        "lets {steering:?} through: {:?}",
        ran.said().chars().take(400).collect::<String>()
    ))
}

/// Returns what a writing verb changed in addition to its purpose.
fn elsewhere(queue: &Hostile, id: &str, after: &[u8], persons: bool) -> Option<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let read: Value = serde_json::from_slice(&queue.bytes).unwrap_or_default();
    let key = if read["features"].is_array() { "features" } else { "tasks" };
    let list = read[key].as_array().map_or(&[][..], Vec::as_slice);
    let at = list.iter().position(|task| task["id"] == id).map(|at| at.to_string());
    let added = list.len().to_string();
    let runtime = |key: &str| {
        Field::from_key(key).is_some_and(|field| {
            field.is_runtime()
                || matches!(field, Field::ApprovedBy | Field::ApprovedAt | Field::Answers)
        })
    };
    let person = |key: &str| persons && matches!(key, "note_of_mine" | "priority" | "tags");
    difference(&text(&queue.bytes), &text(after), &|place| match place {
        ["summary" | "last_updated" | "updated_by" | "sequence" | "fingerprints", ..] => true,
        [list, number, ..] if *list == key && *number == added => true,
        [list, number, field, ..] if *list == key && Some(*number) == at.as_deref() => {
            runtime(field) || person(field)
        }
        _ => false,
    })
}

struct Counts {
    read: AtomicUsize,
    wrote: AtomicUsize,
    refused: AtomicUsize,
}

/// Gives one queue to some forms that read, then to one that writes.
fn look(number: usize, queue: &Hostile, counts: &Counts) -> Vec<String> {
    let sandbox = Sandbox::new().saved("q.json", &queue.bytes);
    let id = queue.id();
    let mut all = vec![asked("check", &id)];
    all.extend((0..2).map(|n| asked(READING[(2 * number + n) % READING.len()], &id)));
    let reading = all.len();
    let (form, persons) = WRITING[number % WRITING.len()];
    all.push(asked(form, &id));
    if number.is_multiple_of(12) {
        all.push(asked("run --max-iterations 2 --agent true --no-verify", &id));
        all.push(asked("events --json", &id));
    }
    let mut broken = Vec::new();
    for (n, ran) in measure(&sandbox, &all, most(queue.bytes.len())).iter().enumerate() {
        let changed = ran.queue.as_ref() != Some(&queue.bytes);
        let mut wrongs: Vec<String> = wrong(&sandbox, queue, ran).into_iter().collect();
        if n < reading {
            counts.read.fetch_add(1, Ordering::Relaxed);
            counts.refused.fetch_add(usize::from(ran.status == 3), Ordering::Relaxed);
            wrongs.extend((changed || ran.state).then(|| "a reader wrote something".to_owned()));
        } else if n == reading && changed {
            counts.wrote.fetch_add(1, Ordering::Relaxed);
            wrongs.extend((ran.status != 0).then(|| "refused, and wrote all the same".to_owned()));
            let after = ran.queue.as_deref().unwrap_or_default();
            wrongs.extend(elsewhere(queue, &id, after, persons));
        }
        let name = |why: String| format!("{}: {}: {why}", queue.name, ran.what);
        broken.extend(wrongs.into_iter().map(name));
    }
    sandbox.nothing_left();
    broken
}

#[test]
fn hostile_queues_harm_nobody() {
    let all: Vec<(usize, Hostile)> = queues().into_iter().enumerate().collect();
    assert!(all.len() >= 300, "only {}", all.len());
    let all = sampled(&mut Chance::of("corpus"), "hostile queues", &all, SHORT);
    let counts = Counts { read: 0.into(), wrote: 0.into(), refused: 0.into() };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut broken = Vec::new();
        while let Some((number, queue)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            broken.extend(look(*number, queue, &counts));
        }
        broken
    };
    let broken: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|one| one.join().expect("no panic")).collect()
    });
    let [read, wrote, refused] =
        [&counts.read, &counts.wrote, &counts.refused].map(|count| count.load(Ordering::Relaxed));
    say(&format!("corpus: {} queues, {read} looks ({refused} refused), {wrote} edits", all.len()));
    assert!(broken.is_empty(), "{} wrongs:\n{}", broken.len(), broken.join("\n"));
    // The queues do harm: many are refused, and many are not, so that their content is read.
    assert!(refused > all.len() / 4 && refused < read * 2 / 3, "{refused} of {read} were refused");
    assert!(wrote > all.len() / 8, "only {wrote} edits were made");
}

/// A hundred thousand tasks, in the short run a quarter of them: no verb takes much more memory than
/// ten times the file.
#[test]
fn a_hundred_thousand_tasks_fit() {
    let (whole, count) = (100_000, if is_long() { 100_000 } else { 25_000 });
    counted("tasks of a long queue", count, whole);
    let last = format!("T{}", count - 1);
    let queue = Hostile { name: "long".to_owned(), bytes: long(count) };
    let sandbox = Sandbox::new().file("q.json", &queue.bytes);
    let forms = [
        "status --json",
        "status --table",
        "next",
        "check",
        "plan --json",
        "graph",
        "edit --set note_of_mine=1 ID",
        "park -",
    ];
    let all: Vec<Asked> = forms.iter().map(|form| asked(form, &last)).collect();
    let mut broken = Vec::new();
    for ran in measure(&sandbox, &all, most(queue.bytes.len())) {
        say(&format!("long: {}: {} KiB", ran.what, ran.peak >> 10));
        assert_eq!(
            ran.status,
            0,
            "{}: {}",
            ran.what,
            ran.said().chars().take(500).collect::<String>()
        );
        broken.extend(wrong(&sandbox, &queue, &ran).map(|why| format!("{}: {why}", ran.what)));
    }
    let after = sandbox.bytes("q.json");
    broken.extend(elsewhere(&queue, &last, &after, true));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(queue.bytes.len() > 100 * count && after != queue.bytes);
}

/// On a terminal, verbs that write raw bytes to a pipe also escape control characters.
#[test]
fn nothing_steers_a_terminal() {
    let texts = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{7f}\u{8}";
    let queue = json!({"project": texts, "tasks": [
        {"id": format!("A{texts}"), "title": texts, "description": texts, "status": "blocked",
         "error": texts, "dependencies": [texts], texts: texts},
        {"id": "B", "title": texts, "description": texts},
        {"id": "C", "title": texts, "requires_approval": [texts]},
    ]});
    let sandbox = Sandbox::new().file("q.json", queue.to_string());
    let steering = format!("printf '{}\\n'", "\\033]0;x\\007\\302\\23331m\\177\\010");
    let run = sandbox.run(["run", "q.json", "--agent", &steering, "--verify", &steering]);
    let forms = [
        "status",
        "status --table",
        "next",
        "check",
        "plan",
        "graph",
        "prompt B",
        "log B",
        "why B",
        "events",
        "events --json",
        "events --style log",
        "retry --failed",
        "park C",
        "log --json B",
        "prompt --json B",
        "unpark C",
        "status --json",
    ];
    let mut shown = vec![run.to_string()];
    for form in forms {
        let program = sandbox.program.display();
        let typed = format!(
            "script -qec '{program} {form} --color never --work-queue q.json' /dev/null >shown"
        );
        let ran = sandbox.shell(&typed);
        let bytes = sandbox.bytes("shown");
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        assert!(!text.is_empty() && (ran || form == "check"), "{form}: {text}");
        shown.push(text);
    }
    let escaped = shown.iter().filter(|text| text.contains('␛') || text.contains("\\u001b"));
    assert!(escaped.count() > 8, "hardly any of them shows the text: {shown:#?}");
    let steering: Vec<_> = shown.iter().filter(|text| steers(text).is_some()).collect();
    assert!(steering.is_empty(), "{steering:#?}");
    assert!(!Path::new("/canary").exists());
}
