//! Graphs for Mermaid and Graphviz, read by the tools of these languages.

use super::{Folder, Left};
use quick_xml::events::Event;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// Returns titles with all ASCII punctuation, and with entities, escapes and keywords of both
/// languages.
fn titles() -> Vec<String> {
    let signs = (33_u8..127).filter(u8::is_ascii_punctuation).map(char::from);
    let mut titles: Vec<String> = signs.clone().map(|sign| format!("a {sign} b")).collect();
    titles.extend(signs.map(|sign| format!("{sign}{sign}")));
    let others = [
        "&amp; &lt; &#35; #35; &nope;",
        "\\N \\G \\l \\n end",
        "end",
        "graph subgraph digraph strict",
        "--> ==> -.-> %% :::",
        "\"]:::x; A-->B",
        "<b>bold</b><br/>",
        "日本語 🦀 שלום e\u{301}",
        "`code` **bold** $$x$$",
        "\u{1b}[31m\u{202e}",
    ];
    titles.extend(others.map(str::to_owned));
    titles
}

/// Returns a folder with a task for each title, in chains, with a circle, an epic, and a task whose
/// id has special characters, and the titles.
fn folder() -> (Folder, Vec<String>) {
    let titles = titles();
    let task = |(n, title): (usize, &String)| {
        let before = n.checked_sub(1).filter(|_| n % 9 != 0).map(|n| format!("T{n}"));
        json!({"id": format!("T{n}"), "title": title, "depends_on": before.into_iter().collect::<Vec<_>>()})
    };
    let mut tasks: Vec<Value> = titles.iter().enumerate().map(task).collect();
    tasks.push(json!({"id": "C1", "title": "circle one", "depends_on": ["C2"]}));
    tasks.push(json!({"id": "C2", "title": "circle two", "depends_on": ["C1"]}));
    tasks.push(json!({"id": "E", "title": "an epic", "type": "epic"}));
    tasks.push(json!({"id": "a \"child\" & <co>", "title": "a child", "epic": "E"}));
    (Folder::new(&json!({ "tasks": tasks })), titles)
}

/// Returns whether a tool is missing on this machine. If so, prints that to the real stderr,
/// because the test harness hides the output of a test that passed.
pub(super) fn lacks(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = !std::env::split_paths(&path).any(|dir| dir.join(tool).is_file());
    if missing {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a test");
        drop(writeln!(std::io::stderr(), "SKIPPED: {name} needs {tool}"));
    }
    missing
}

/// Returns the texts of an SVG that Graphviz drew.
fn words(svg: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(svg);
    let (mut words, mut is_text) = (Vec::new(), false);
    loop {
        let event = reader.read_event().expect("XML");
        let mut add = |text: &str| words.last_mut().map(|word: &mut String| word.push_str(text));
        if let Event::Start(tag) = &event
            && tag.name().as_ref() == b"text"
        {
            is_text = true;
            words.push(String::new());
        } else if let Event::End(tag) = &event
            && tag.name().as_ref() == b"text"
        {
            is_text = false;
        } else if let Event::Text(text) = &event
            && is_text
        {
            add(&text.decode().expect("UTF-8"));
        } else if let Event::GeneralRef(name) = &event
            && is_text
        {
            let name = format!("&{};", name.decode().expect("UTF-8"));
            add(&quick_xml::escape::unescape(&name).expect("a reference"));
        } else if let Event::Eof = &event {
            return words;
        }
    }
}

#[test]
fn graphviz_reads_every_title_as_it_is() {
    if lacks("dot") {
        return;
    }
    let (folder, titles) = folder();
    let Left(exit, text, err) = folder.run("graph --format dot --all q.json");
    assert_eq!(exit, 0, "{err}");
    folder.write("g.dot", &text);
    let drawn = Command::new("dot").args(["-Tsvg", "g.dot"]).current_dir(folder.path("")).output();
    let drawn = drawn.expect("dot runs");
    let (svg, said) =
        (String::from_utf8_lossy(&drawn.stdout), String::from_utf8_lossy(&drawn.stderr));
    assert!(drawn.status.success() && !said.contains("yntax"), "{said}\n{text}");
    let words: Vec<String> = words(&svg).iter().map(|word| word.replace('\u{a0}', " ")).collect();
    let clean = |title: &str| {
        let shown = title.chars().map(|sign| match sign {
            '\u{1b}' | '\u{202e}' => ' ',
            sign => sign,
        });
        shown.collect::<String>()
    };
    for title in titles.iter().map(|title| clean(title)) {
        let is_there = words.iter().any(|word| word.trim() == title.trim());
        assert!(is_there, "{title:?} is not in {words:?}");
    }
    assert!(words.iter().any(|word| word == "a \"child\" & <co>"), "{words:?}");
    let nodes = svg.matches("class=\"node\"").count();
    assert_eq!(nodes, titles.len() + 4, "no title made a node of its own");
}

#[test]
fn mermaid_reads_every_title() {
    if lacks("mmdc") {
        return;
    }
    let (folder, titles) = folder();
    folder.write("g.mmd", &folder.run("graph --all q.json").1);
    // The browser cannot use its own sandbox in a container.
    folder.write("browser.json", r#"{"args": ["--no-sandbox"]}"#);
    let words = ["-q", "-p", "browser.json", "-i", "g.mmd", "-o", "g.svg"];
    let mut mmdc = Command::new("mmdc");
    mmdc.args(words).current_dir(folder.path("")).stdin(Stdio::null());
    let drawn = mmdc.output().expect("mmdc runs");
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
    let svg = fs::read_to_string(folder.path("g.svg")).expect("a picture");
    assert!(!svg.contains("Syntax error"), "{svg}");
    let nodes = svg.matches("class=\"node ").count();
    assert_eq!(nodes, titles.len() + 4, "no title made a node of its own");
}

/// The names of nodes and edges never come from a title, so each line has one of a few forms
/// whatever a title contains.
#[test]
fn no_title_leaves_its_label() {
    let (folder, titles) = folder();
    for (format, open, close) in [("mermaid", "[\"", "\"]"), ("dot", "[label=\"", "\", fillcolor")]
    {
        let Left(_, text, _) = folder.run(&format!("graph --format {format} --all q.json"));
        let nodes = text.lines().filter(|line| line.contains(open)).collect::<Vec<_>>();
        assert_eq!(nodes.len(), titles.len() + 4, "{text}");
        for line in nodes {
            let label = line.split_once(open).and_then(|(_, rest)| rest.rsplit_once(close));
            assert!(label.is_some(), "{line}");
            let (label, _) = label.unwrap_or_default();
            let bare = label.replace("\\\\", "").replace("\\\"", "");
            assert!(!bare.contains('"'), "{line}");
        }
    }
}
