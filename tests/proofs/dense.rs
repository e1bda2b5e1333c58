//! Files in which a few bytes have a large effect: very many very short tasks on one line, and
//! lists and objects of very many very short elements. A verb may take ten times the file and 12
//! MiB of memory, and only a short time.

use crate::chance::{Chance, counted, is_long, say, spread};
use crate::corpus::{asked, most, wrong};
use crate::hostile::Hostile;
use crate::measured::{Asked, measure};
use crate::sandbox::Sandbox;
use crate::twin::{broken, twin};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Returns the shortest text for a number: base 64.
fn short(number: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 || digits.is_empty() {
        digits.push(DIGITS[rest % 64]);
        rest /= 64;
    }
    digits.reverse();
    String::from_utf8(digits).expect("letters")
}

/// Joins items with commas, up to `size` bytes.
fn joined(size: usize, item: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 64);
    for number in 0.. {
        if text.len() >= size {
            break;
        }
        let comma = if number > 0 { "," } else { "" };
        write!(text, "{comma}{}", item(number)).expect("a string takes everything");
    }
    text
}

/// What every task contains in addition to its id; `#` is the number of the task, `<` that of the
/// one before.
const TASKS: &[&str] = &[
    "",
    r##","track":"a""##,
    r##","agent":"#""##,
    r##","type":"#""##,
    r##","phase":"#""##,
    r##","file":"#""##,
    r##","verify":"#""##,
    r##","tags":["#"]"##,
    r##","status":"#""##,
    r##","status":"done""##,
    r##","status":"blocked""##,
    r##","status":"in_progress""##,
    r##","depends_on":["<"]"##,
    r##","depends_on":["?#"]"##,
    r##","parent":"<""##,
    r##","parent":"A""##,
    r##","parent":1"##,
    r##","passes":1"##,
    r##","priority":"x""##,
    r##","a":1,"a":1"##,
    r##","not_before":"2026-01-01""##,
    r##","status":"doing","agent":"human","file":"#""##,
    r##","status":"doing","agent":"human","scope":"#*""##,
];

/// What one object contains many times: the text around it, and one item.
const MANY: &[(&str, &str, &str)] = &[
    (r#"{"tasks":[{"id":"a","title":"t","tags":["#, r##""#""##, "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","tags":["#, "1", "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","files":["#, r##""#""##, "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","files":["#, "1", "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","scope":["#, r##""#/*""##, "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","tests":["#, "1", "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","depends_on":["#, r##""#""##, "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","depends_on":["#, "1", "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","child_tasks":["#, r##""#""##, "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","notify":["#, r##""#""##, "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","mine":["#, "1", "]}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","mine":{"#, r##""#":1"##, "}}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","claim":{"#, r##""#":1"##, "}}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","#, r##""_#":1"##, "}]}"),
    (r#"{"tasks":[{"id":"a","title":"t","#, r#""x":1"#, "}]}"),
    (
        r#"{"tasks":[{"id":"b","status":"doing","agent":"human","files":["#,
        r##""#""##,
        r#"]},{"id":"a","files":["-","."]}]}"#,
    ),
    (
        r#"{"tasks":[{"id":"b","status":"doing","agent":"human","scope":["#,
        r##""#*""##,
        r#"]},{"id":"a","files":["-x"],"scope":["-*"]}]}"#,
    ),
    (r#"{"tasks":[],"phases":["#, r##""#""##, "]}"),
    (r#"{"tasks":[{"id":"a","phase":"A"}],"phases":["#, r##"{"phase":"#","barrier":true}"##, "]}"),
    (r#"{"tasks":[{"id":"a","phase":"A"}],"phases":["#, r##"{"phase":"#","gate":["x"]}"##, "]}"),
    (r#"{"tasks":[{"id":"a","phase":"A"}],"phases":["#, r##"{"phase":"#","verify":["x"]}"##, "]}"),
    (r#"{"tasks":[],"phases":["#, r##"{"phase":"#"}"##, "]}"),
    (r#"{"tasks":[],"summary":{"#, r##""#":1"##, "}}"),
    (r#"{"tasks":[],"#, r##""_#":1"##, "}"),
    (r#"{"tasks":[],"#, r#""x":1"#, "}"),
];

/// The number of files.
const FILES: usize = TASKS.len() + MANY.len() + 3;

/// Returns one of the files, of about `size` bytes. Making all of them takes seconds.
fn dense(number: usize, size: usize) -> Hostile {
    let filled = |pattern: &str, number: usize| {
        let (own, before) = (short(number), short(number.saturating_sub(1)));
        pattern.replace('#', &own).replace('<', &before)
    };
    if let Some(said) = TASKS.get(number) {
        let task = |number| format!(r#"{{"id":"{}"{}}}"#, short(number), filled(said, number));
        let tasks = format!(r#"{{"tasks":[{}]}}"#, joined(size, task));
        return Hostile::new(format!("tasks with {said}"), tasks);
    }
    let number = number - TASKS.len();
    if let Some((before, item, behind)) = MANY.get(number) {
        let many = joined(size, |number| filled(item, number));
        let name = format!("many {item} in {before}");
        return Hostile::new(name, format!("{before}{many}{behind}"));
    }
    match number - MANY.len() {
        0 => on_lines(size),
        1 => deep(size),
        _ => each_on_all(size),
    }
}

fn on_lines(size: usize) -> Hostile {
    let lines = joined(size, |number| format!("\n{{\"id\":\"{}\"}}", short(number)));
    Hostile::new("tasks on lines of their own", format!(r#"{{"tasks":[{lines}]}}"#))
}

fn deep(size: usize) -> Hostile {
    let deep = joined(size / 2, |_| "a".to_owned()).replace(',', "/");
    let text = format!(
        r#"{{"tasks":[{{"id":"A","status":"doing","agent":"human","file":"{deep}"}},{{"id":"b","scope":"*b","file":"{deep}/a"}}]}}"#
    );
    Hostile::new("a folder in a folder in a folder", text)
}

fn each_on_all(size: usize) -> Hostile {
    let task = |number| {
        let firsts: Vec<String> =
            (0..number).map(|first| format!(r#""{}""#, short(first))).collect();
        format!(r#"{{"id":"{}","depends_on":[{}]}}"#, short(number), firsts.join(","))
    };
    let tasks: Vec<String> = (0..(size * 2 / 5).isqrt()).map(task).collect();
    let text = format!(r#"{{"tasks":[{}]}}"#, tasks.join(","));
    Hostile::new("each task on all before it", text)
}

const READING: &[&str] = &[
    "status",
    "next",
    "plan",
    "graph",
    "why ID",
    "status --json",
    "next --json --all",
    "plan --json",
    "graph --json",
    "graph --format dot --all",
    "check --json",
];

/// How many of the files the short run takes.
const SHORT: usize = 8;

const WRITING: &[&str] = &["park -", "edit --set note_of_mine=1 ID", "add --id NEW-1 --title more"];

/// Returns the numbers of the files of this run.
fn chosen() -> Vec<usize> {
    spread(&mut Chance::of("dense"), &Vec::from_iter(0..FILES), SHORT)
}

/// Returns one of the files in the size of this run.
fn file(number: usize) -> Hostile {
    dense(number, if is_long() { 8_000_000 } else { 1_000_000 })
}

#[test]
fn dense_files_need_little() {
    let some = chosen();
    counted("dense files", some.len(), FILES);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut broken = Vec::new();
        while let Some(number) = some.get(next.fetch_add(1, Ordering::Relaxed)) {
            let queue = file(*number);
            let sandbox = Sandbox::new().file("q.json", &queue.bytes);
            broken.extend(look(&sandbox, &queue, &forms(*number, &queue)));
        }
        broken
    };
    let broken: Vec<String> = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(work));
        threads.into_iter().flat_map(|one| one.join().expect("no panic")).collect()
    });
    assert!(broken.is_empty(), "{} wrongs:\n{}", broken.len(), broken.join("\n"));
}

/// The files that the short run takes are enough to show a twin that needs too much memory.
#[test]
fn a_twin_that_keeps_everything_is_caught() {
    is_caught("findings-unbounded");
}

/// The same for a twin that takes the square of the time.
#[test]
fn a_twin_that_compares_all_with_all_is_caught() {
    is_caught("one-bucket");
}

#[track_caller]
fn is_caught(fault: &str) {
    if twin().is_none() {
        return;
    }
    let caught = chosen().into_iter().find_map(|number| {
        let queue = file(number);
        let sandbox = broken(Sandbox::new().file("q.json", &queue.bytes), fault)?;
        let mut forms = forms(number, &queue).into_iter();
        forms.find_map(|form| look(&sandbox, &queue, &[form]).into_iter().next())
    });
    say(&format!("{fault}: {}", caught.as_deref().unwrap_or("NOT NOTICED")));
    assert!(caught.is_some(), "the fault {fault} was not noticed");
}

/// Returns what is asked about one file: `check`, another verb that reads and one that writes; in the
/// long run all of them.
fn forms(number: usize, queue: &Hostile) -> Vec<Asked> {
    let some = if is_long() { READING.len() } else { 1 };
    let mut forms = vec!["check"];
    forms.extend((0..some).map(|n| READING[(number + n) % READING.len()]));
    let some = if is_long() { WRITING.len() } else { 1 };
    forms.extend((0..some).map(|n| WRITING[(number + n) % WRITING.len()]));
    let id = if queue.name.starts_with("many") { "a" } else { "A" };
    forms.iter().map(|form| asked(form, id)).collect()
}

/// Returns what the verbs do with one file that no verb may do.
fn look(sandbox: &Sandbox, queue: &Hostile, forms: &[Asked]) -> Vec<String> {
    let measured = measure(sandbox, forms, most(queue.bytes.len()));
    let wrongs = measured.iter().filter_map(|ran| {
        let why = wrong(sandbox, queue, ran)?;
        Some(format!("{}: {}: {why}", queue.name, ran.what))
    });
    wrongs.collect()
}
