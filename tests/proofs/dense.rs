//! Files in which a few bytes have a large effect: very many very short tasks on one line, and
//! lists and objects of very many very short elements. A verb may take ten times the file and 12
//! MiB of memory, and only a short time.

use crate::chance::{Chance, is_long, sampled};
use crate::corpus::{asked, most, wrong};
use crate::hostile::Hostile;
use crate::measured::{Asked, measure};
use crate::sandbox::Sandbox;
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

/// Returns all files, each of about `size` bytes.
fn dense(size: usize) -> Vec<Hostile> {
    let filled = |pattern: &str, number: usize| {
        let (own, before) = (short(number), short(number.saturating_sub(1)));
        pattern.replace('#', &own).replace('<', &before)
    };
    let of_tasks = |said: &&str| {
        let task = |number| format!(r#"{{"id":"{}"{}}}"#, short(number), filled(said, number));
        Hostile::new(
            format!("tasks with {said}"),
            format!(r#"{{"tasks":[{}]}}"#, joined(size, task)),
        )
    };
    let of_many = |(before, item, behind): &(&str, &str, &str)| {
        let many = joined(size, |number| filled(item, number));
        Hostile::new(format!("many {item} in {before}"), format!("{before}{many}{behind}"))
    };
    let lines = |number| format!("\n{{\"id\":\"{}\"}}", short(number));
    let lines = format!(r#"{{"tasks":[{}]}}"#, joined(size, lines));
    let components = (size * 2 / 5).isqrt();
    let component = |number| {
        let firsts: Vec<String> =
            (0..number).map(|first| format!(r#""{}""#, short(first))).collect();
        format!(r#"{{"id":"{}","depends_on":[{}]}}"#, short(number), firsts.join(","))
    };
    let component: Vec<String> = (0..components).map(component).collect();
    let deep = joined(size / 2, |_| "a".to_owned()).replace(',', "/");
    let deep = format!(
        r#"{{"tasks":[{{"id":"A","status":"doing","agent":"human","file":"{deep}"}},{{"id":"b","scope":"*b","file":"{deep}/a"}}]}}"#
    );
    let more = [
        Hostile::new("tasks on lines of their own", lines),
        Hostile::new("a folder in a folder in a folder", deep),
        Hostile::new(
            "each task on all before it",
            format!(r#"{{"tasks":[{}]}}"#, component.join(",")),
        ),
    ];
    TASKS.iter().map(of_tasks).chain(MANY.iter().map(of_many)).chain(more).collect()
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

#[test]
fn dense_files_need_little() {
    let all: Vec<(usize, Hostile)> =
        dense(if is_long() { 8_000_000 } else { 1_000_000 }).into_iter().enumerate().collect();
    let all = sampled(&mut Chance::of("dense"), "dense files", &all, SHORT);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut broken = Vec::new();
        while let Some((number, queue)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            broken.extend(look(*number, queue));
        }
        broken
    };
    let broken: Vec<String> = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(work));
        threads.into_iter().flat_map(|one| one.join().expect("no panic")).collect()
    });
    assert!(broken.is_empty(), "{} wrongs:\n{}", broken.len(), broken.join("\n"));
}

/// Gives one file to `check`, to another reader and to one verb that writes; in the long
/// run to all of them.
fn look(number: usize, queue: &Hostile) -> Vec<String> {
    let some = if is_long() { READING.len() } else { 1 };
    let mut forms = vec!["check"];
    forms.extend((0..some).map(|n| READING[(number + n) % READING.len()]));
    let some = if is_long() { WRITING.len() } else { 1 };
    forms.extend((0..some).map(|n| WRITING[(number + n) % WRITING.len()]));
    let sandbox = Sandbox::new().file("q.json", &queue.bytes);
    let id = if queue.name.starts_with("many") { "a" } else { "A" };
    let asked: Vec<Asked> = forms.iter().map(|form| asked(form, id)).collect();
    let measured = measure(&sandbox, &asked, most(queue.bytes.len()));
    let wrongs = measured.iter().filter_map(|ran| {
        let why = wrong(&sandbox, queue, ran)?;
        Some(format!("{}: {}: {why}", queue.name, ran.what))
    });
    wrongs.collect()
}
