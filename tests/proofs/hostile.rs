//! Generated hostile queues: every known field, in each of its spellings, with texts that have a
//! meaning for a shell, a path, a terminal or a parser, and files that are broken in many ways. New
//! fields are included automatically.

use serde_json::{Value, json};
use workloop::domain::Field;

/// A queue, and what it is about.
#[derive(Clone, Debug)]
pub(crate) struct Hostile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Hostile {
    pub(crate) fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// Returns an id of one of its tasks that can be typed.
    pub(crate) fn id(&self) -> String {
        let read: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        let list = read["tasks"].as_array().or_else(|| read["features"].as_array());
        let ids = list.into_iter().flatten().filter_map(|task| task["id"].as_str());
        let mut typed = ids.filter(|id| !id.contains('\0') && id.len() < 5000);
        typed.next_back().unwrap_or("A").to_owned()
    }
}

const SHELL: &[&str] = &[
    "$(touch canary)",
    "`touch canary`",
    "; touch canary #",
    "' ; touch canary ; '",
    "\" ; touch canary ; \"",
    "| touch canary",
    "&& touch canary",
    "& touch canary &",
    "\n touch canary\n",
    ">canary",
    "${IFS}touch${IFS}canary",
    "-rf",
    "--help",
    "--config=canary",
    "--agent=touch canary",
    "*",
    "~",
];

const PATHS: &[&str] = &[
    "../canary",
    "../../canary",
    "/tmp/../canary",
    "a/../../canary",
    "/canary",
    ".",
    "..",
    "./",
    "a//b",
    "\0",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "file:///etc/passwd",
    "q.json",
    ".workloop/claims",
    "C:\\canary",
];

const STEERING: &[&str] = &[
    "\u{1b}[31mred",
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]8;;http://x\u{7}y\u{1b}]8;;\u{7}",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]52;c;Y2FuYXJ5\u{7}",
    "\u{1b}P$q\u{1b}\\",
    "\u{9b}31m",
    "\u{9d}0;t\u{9c}",
    "\u{90}q\u{9c}",
    "\u{85}next",
    "\u{202e}evil",
    "\u{2066}x\u{2069}",
    "\u{200f}",
    "\u{61c}",
    "\u{2028}\u{2029}",
    "\u{feff}",
    "\u{e0041}\u{e007f}",
    "\u{7f}",
    "\u{8}\u{8}\u{8}",
    "a\rb",
    "\u{c}\u{b}",
    "\t",
];

const SYNTAX: &[&str] = &[
    "{{ 7*7 }}",
    "{% include 'canary' %}",
    "{id}{prompt_file}",
    "%s%n",
    "<script>alert(1)</script>",
    "]]>&amp;",
    "\"]; n0 --> n1; click n0 \"javascript:x\"",
    "|a|b|\\|",
    "<promise>DONE</promise>",
    "\u{ffff}",
    "\u{10ffff}",
    "e\u{301}\u{301}\u{301}",
    "NaN",
    "null",
    "true",
    "0",
    "-1",
    "9999999999999999999999",
    "2026-13-45T99:99:99Z",
    "+262143-12-31T23:59:59Z",
    "__proto__",
    "queue:ID#x",
    "T0",
    " ",
    "\u{a0}",
];

/// Returns the classes of texts.
fn classes() -> Vec<(&'static str, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let mut syntax = owned(SYNTAX);
    syntax.push("x".repeat(4096));
    syntax.push(format!("{}canary", "../".repeat(1500)));
    vec![
        ("shell", owned(SHELL)),
        ("paths", owned(PATHS)),
        ("steering", owned(STEERING)),
        ("syntax", syntax),
    ]
}

/// Returns every key that a task may have, in each spelling, and an unknown one.
fn keys() -> Vec<&'static str> {
    let known = Field::all().flat_map(|field| field.spellings().iter().copied());
    known.chain(["a_key_of_somebody"]).collect()
}

/// Returns the top-level keys of a file, from the schema.
fn top_keys() -> Vec<String> {
    let schema: Value =
        serde_json::from_str(include_str!("../../schemas/queue.schema.json")).expect("JSON");
    let known = schema["properties"].as_object().expect("an object").keys().cloned();
    known.filter(|key| key != "tasks" && key != "features").chain(["strange".to_owned()]).collect()
}

/// Creates a task for each text in each form that a value may have.
fn with_texts(key: &str, texts: &[String]) -> Value {
    let mut tasks = Vec::new();
    for text in texts {
        let shapes = [json!(text), json!([text]), json!({"x": text, text.as_str(): [text]})];
        let shapes = if key == "id" { &shapes[..1] } else { &shapes[..] };
        for value in shapes {
            let id = format!("T{}", tasks.len());
            let mut task = json!({"id": id, "title": "x", "status": "pending"});
            task[key] = value.clone();
            tasks.push(task);
        }
    }
    json!({"project": "p", "tasks": tasks})
}

const NUMBERS: &[&str] = &[
    "1e999",
    "-1e999",
    "1e400",
    "-1",
    "-0",
    "-0.0",
    "0.1",
    "1.50",
    "1E2",
    "1e-400",
    "99999999999999999999",
    "18446744073709551615",
    "9223372036854775808",
    "4294967296",
    "01",
    "-01",
    "1.",
    ".5",
    "+1",
    "0x10",
    "NaN",
    "Infinity",
    "1_000",
    "1e",
    "--1",
];

fn numbers(all: &mut Vec<Hostile>) {
    for number in NUMBERS {
        let tasks: Vec<String> = keys()
            .iter()
            .filter(|key| **key != "id" && **key != "title")
            .map(|key| format!(r#"{{"id":"{key}","title":"x","{key}":{number}}}"#))
            .collect();
        let text = format!(r#"{{"sequence":{number},"tasks":[{}]}}"#, tasks.join(",\n"));
        all.push(Hostile::new(format!("the number {number}"), text));
    }
}

fn doubled(all: &mut Vec<Hostile>) {
    let values = [r#""one""#, "2", "null", r#"["x"]"#];
    for (n, key) in keys().iter().enumerate() {
        let [first, second] = [values[n % 4], values[(n + 1) % 4]];
        let text = format!(
            r#"{{"tasks":[{{"id":"A","title":"x","status":"pending","{key}":{first},"b":1,"{key}":{second}}}]}}"#
        );
        all.push(Hostile::new(format!("{key} twice"), text));
    }
    let texts = [
        r#"{"tasks":[],"tasks":[{"id":"A","title":"x"}]}"#,
        r#"{"tasks":[{"id":"A","title":"x"}],"features":[]}"#,
        r#"{"summary":{"total":1,"total":2},"summary":{},"tasks":[{"id":"A","title":"x"}]}"#,
        r#"{"tasks":[{"id":"A","title":"x","st\u0061tus":"complete","status":"pending"}]}"#,
        r#"{"tasks":[{"id":"A","title":"x"},{"id":"\u0041","title":"y"}]}"#,
    ];
    all.extend(texts.iter().map(|text| Hostile::new(format!("doubled {text}"), *text)));
}

fn shapes(all: &mut Vec<Hostile>) {
    let inside = |x: String| format!(r#"{{"tasks":[{{"id":"A","title":"x","x":{x}}}]}}"#);
    let nested = |depth: usize| inside(format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
    let objects = |n: usize| inside(format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n)));
    for depth in [100, 126, 127, 128, 129, 500, 100_000, 1_000_000] {
        all.push(Hostile::new(format!("{depth} lists deep"), nested(depth)));
        all.push(Hostile::new(format!("{depth} objects deep"), objects(depth)));
    }
    for (name, text) in [
        ("a deep list", "[".repeat(1_000_000)),
        ("a deep object", "{\"a\":".repeat(300_000)),
        ("empty", String::new()),
        ("blanks", " \n\t\r\n ".to_owned()),
        ("a number", "7".to_owned()),
        ("tasks is a number", r#"{"tasks":1}"#.to_owned()),
        ("tasks is a text", r#"{"tasks":"[]"}"#.to_owned()),
        ("tasks of lists", r#"{"tasks":[[],[[]]]}"#.to_owned()),
        ("no tasks", r#"{"tasks":[]}"#.to_owned()),
        (
            "itself",
            r#"{"tasks":[{"id":"A","title":"x","dependencies":["A"],"parent":"A"}]}"#.to_owned(),
        ),
        (
            "lone surrogates",
            r#"{"tasks":[{"id":"A\ud800","title":"\udfff","x":"\ud83d\ud83d\ude00"}]}"#.to_owned(),
        ),
        ("a lone low one", r#"{"tasks":[{"id":"A","title":"x\udc00"}]}"#.to_owned()),
        (
            "escapes of keys",
            r#"{"t\u0061sks":[{"\u0069d":"A","t\u0069tle":"\u001b[31m"}]}"#.to_owned(),
        ),
        ("an escape that is none", r#"{"tasks":[{"id":"A","title":"\x41"}]}"#.to_owned()),
        ("half an escape", r#"{"tasks":[{"id":"A","title":"\u00"}]}"#.to_owned()),
        (
            "a long key",
            inside("{}".to_owned()).replace("\"x\"", &format!("\"{}\"", "k".repeat(70_000))),
        ),
        ("one text of a megabyte", inside(format!("\"{}\"", "\u{1b}é".repeat(350_000)))),
        (
            "many keys",
            inside(format!(
                "{{{}\"z\":0}}",
                (0..20_000).map(|n| format!("\"k{n}\":{n},")).collect::<String>()
            )),
        ),
    ] {
        all.push(Hostile::new(name, text));
    }
    all.push(Hostile::new("not UTF-8", *b"{\"tasks\":[{\"id\":\"\xff\xfe\",\"title\":\"x\"}]}"));
    all.push(Hostile::new(
        "an overlong slash",
        *b"{\"tasks\":[{\"id\":\"\xc0\xaf\",\"title\":\"x\"}]}",
    ));
    all.push(Hostile::new(
        "raw controls",
        *b"{\"tasks\":[{\"id\":\"A\x1b[31m\",\"title\":\"\x00\x07\"}]}",
    ));
}

/// A file with every kind of content, which is then cut and rewritten.
const WHOLE: &str = "{\n  \"project\": \"p\",\n  \"summary\": {\"total\": 9},\n  \"tasks\": [\n    \
    {\"id\": \"A\", \"title\": \"é\\u00e9\\ud83d\\ude00 \\\"x\\\"\", \"priority\": 1.50},\n    \
    {\"id\": \"B\", \"title\": \"y\", \"dependencies\": [\"A\", null], \"passes\": false,\n     \
    \"x\": {\"deep\": [[], {}]}}\n  ]\n}\n";

fn cut_and_marked(all: &mut Vec<Hostile>) {
    let bytes = WHOLE.as_bytes();
    let interesting = |at: &usize| {
        let sides = [at.checked_sub(1), Some(*at)].into_iter().flatten();
        let mut sides = sides.filter_map(|at| bytes.get(at));
        sides.any(|byte| !byte.is_ascii_alphanumeric() && *byte != b' ')
    };
    for at in (0..bytes.len()).filter(interesting) {
        all.push(Hostile::new(format!("cut behind byte {at}"), &bytes[..at]));
    }
    for (name, ending) in [("CRLF", "\r\n"), ("CR", "\r"), ("no ends", ""), ("LF LF", "\n\n")] {
        all.push(Hostile::new(name, WHOLE.replace('\n', ending)));
    }
    all.push(Hostile::new(
        "mixed ends",
        WHOLE.replacen('\n', "\r\n", 3).replacen("\n    ", "\r", 1),
    ));
    for (name, mark) in [
        ("UTF-8", &b"\xef\xbb\xbf"[..]),
        ("UTF-16 LE", b"\xff\xfe"),
        ("UTF-16 BE", b"\xfe\xff"),
        ("two", b"\xef\xbb\xbf\xef\xbb\xbf"),
    ] {
        all.push(Hostile::new(format!("byte order mark, {name}"), [mark, bytes].concat()));
    }
    let wide: Vec<u8> = WHOLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    all.push(Hostile::new("in UTF-16", wide));
    for tail in ["\0", "x", "{}", "\u{feff}", "\u{a0}", "// comment", ",", "\u{c}"] {
        all.push(Hostile::new(format!("with {tail:?} behind it"), format!("{WHOLE}{tail}")));
    }
}

/// Returns all hostile queues.
pub(crate) fn queues() -> Vec<Hostile> {
    let mut all = Vec::new();
    for (class, texts) in classes() {
        for key in keys() {
            let queue = with_texts(key, &texts);
            all.push(Hostile::new(format!("{class} as {key}"), queue.to_string()));
        }
        for key in top_keys() {
            let mut queue = with_texts("title", &texts[..1]);
            queue[key.as_str()] = if key == "phases" {
                texts
                    .iter()
                    .map(|text| json!({"phase": text, "name": text, "gate": [text]}))
                    .collect()
            } else {
                json!(texts[0])
            };
            all.push(Hostile::new(format!("{class} as {key} of the file"), queue.to_string()));
            queue[key.as_str()] = json!({texts[1].as_str(): texts, "total": texts[2]});
            all.push(Hostile::new(format!("{class} inside {key} of the file"), queue.to_string()));
        }
    }
    numbers(&mut all);
    doubled(&mut all);
    shapes(&mut all);
    cut_and_marked(&mut all);
    all
}

/// Returns a queue of many tasks, formatted as a person's tool writes it.
pub(crate) fn long(count: usize) -> Vec<u8> {
    let mut text = String::from("{\n  \"project\": \"long\",\n  \"tasks\": [\n");
    for n in 0..count {
        let comma = if n + 1 < count { "," } else { "" };
        let needs = n.checked_sub(7).map_or_else(String::new, |n| format!("\"T{n}\""));
        text.push_str(&format!(
            "    {{\"id\": \"T{n}\", \"title\": \"Make part {n} of the whole\", \"status\": \"pending\", \
             \"dependencies\": [{needs}], \"file\": \"src/part_{n}.rs\"}}{comma}\n"
        ));
    }
    text.push_str("  ]\n}\n");
    text.into_bytes()
}
