//! Keeps the house standing: imports point down, folders form no circle, files stay readable.
//!
//! It reads the sources as text, so that a forbidden import is found before it is used, and it
//! looks at everything but tests, which may use whatever they need.
#![expect(clippy::disallowed_methods, reason = "the sources are read, which nobody replaces")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Every folder of `src/` (and the two files beside them) with its layer, the lowest first.
const LAYERS: [(&str, u8); 16] = [
    ("domain", 1),
    ("platform", 1),
    ("queue", 2),
    ("plan", 2),
    ("store", 3),
    ("supervisor", 3),
    ("agent", 4),
    ("verify", 4),
    ("workspace", 4),
    ("config", 5),
    ("project", 6),
    ("views", 6),
    ("engine", 7),
    ("cli", 8),
    ("lib", 9),
    ("main", 9),
];

/// Imports within one layer that are meant.
const SIDEWAYS: [(&str, &str); 1] = [("main", "lib")];

/// Lines that a file may have, without its tests.
const MAX_LINES: usize = 400;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// An import that points up or sideways.
    Upward { file: String, line: usize, from: String, to: String },
    /// A folder that has no layer.
    Homeless { file: String, folder: String },
    /// Folders that import each other.
    Circle(Vec<String>),
    /// A file that nobody reads to its end.
    TooLong { file: String, lines: usize },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upward { file, line, from, to } => {
                write!(f, "{file}:{line}: `{from}` may not import `{to}`")
            }
            Self::Homeless { file, folder } => {
                write!(f, "{file}: `{folder}` has no layer in tests/layering.rs")
            }
            Self::Circle(folders) => write!(f, "folders in a circle: {}", folders.join(" -> ")),
            Self::TooLong { file, lines } => {
                write!(f, "{file}: {lines} lines without tests, {MAX_LINES} are the limit")
            }
        }
    }
}

/// A source file: its path below `src/` and its text.
struct Source {
    path: String,
    text: String,
}

/// A use of something of ours: the line and the folder that it reaches into.
type Import = (usize, String);

impl Source {
    fn folder(&self) -> String {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first).to_owned()
    }

    /// The names of the modules from the crate's root to this file.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        path.split('/').filter(|part| !matches!(*part, "lib" | "main")).collect()
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part.ends_with("tests.rs"))
    }

    /// The lines without comments and without what is compiled for tests only, with their numbers.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut kept = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                skip_item(line.len() - line.trim_start().len(), &mut lines);
                continue;
            }
            let comment =
                if line.trim_start().starts_with("//") { Some(0) } else { line.find(" //") };
            kept.push((number + 1, &line[..comment.unwrap_or(line.len())]));
        }
        kept
    }

    fn lines_without_tests(&self) -> usize {
        self.code().len()
    }

    fn imports(&self) -> Vec<Import> {
        let mut text = String::new();
        let mut starts = Vec::new();
        for (number, line) in self.code() {
            starts.push((text.len(), number));
            text.push_str(line);
            text.push('\n');
        }
        let line_at = |offset: usize| {
            let index = starts.partition_point(|(start, _)| *start <= offset);
            starts[index.saturating_sub(1)].1
        };
        let depth = self.module().len();
        let mut found = Vec::new();
        for (offset, rest) in paths_from(&text, "crate::").chain(paths_from(&text, "workloop::")) {
            found.extend(first_names(rest).into_iter().map(|name| (line_at(offset), name)));
        }
        for (offset, rest) in paths_from(&text, "super::") {
            let more = rest.split("super::").take_while(|part| part.is_empty()).count();
            if depth > 0 && 1 + more == depth {
                let names = first_names(&rest["super::".len() * more..]);
                found.extend(names.into_iter().map(|name| (line_at(offset), name)));
            }
        }
        found.sort();
        found
    }
}

/// Goes past the item that begins here: to its semicolon or comma, or to its closing brace at the
/// same indent, which is where rustfmt puts it.
fn skip_item<'a>(indent: usize, lines: &mut impl Iterator<Item = (usize, &'a str)>) {
    let end = format!("{}}}", " ".repeat(indent));
    let mut attributes = true;
    for (_, line) in lines {
        attributes = attributes && line.trim_start().starts_with("#[");
        let closed = line == end || line.ends_with('}') && line.contains('{');
        let single = line.ends_with(';') || line.ends_with(',');
        let top = line.len() - line.trim_start().len() == indent;
        if !attributes && top && (closed || single) {
            return;
        }
    }
}

/// What follows each `prefix` that starts a path.
fn paths_from<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.match_indices(prefix).filter_map(move |(offset, _)| {
        let before = text[..offset].chars().next_back();
        let starts = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | ':'));
        starts.then(|| (offset, &text[offset + prefix.len()..]))
    })
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The first names of a path or of each path in a group: `{a::b, c}` has `a` and `c`.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else { return vec![word(rest).to_owned()] };
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (offset, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(word(group[start..offset].trim_start()).to_owned());
                start = offset + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty() && name != "self");
    names
}

fn layer(folder: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == folder).map(|(_, layer)| *layer)
}

fn may_import(from: &str, to: &str) -> bool {
    from == to || SIDEWAYS.contains(&(from, to)) || layer(to) < layer(from)
}

fn check(sources: &[Source]) -> Vec<Fault> {
    let folders: BTreeSet<String> = sources.iter().map(Source::folder).collect();
    let mut faults = Vec::new();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let (file, from) = (source.path.clone(), source.folder());
        let lines = source.lines_without_tests();
        if lines >= MAX_LINES {
            faults.push(Fault::TooLong { file: file.clone(), lines });
        }
        if layer(&from).is_none() {
            faults.push(Fault::Homeless { file: file.clone(), folder: from.clone() });
            continue;
        }
        // `crate::Thing` of lib.rs itself is no folder and is left to the compiler.
        for (line, to) in source.imports().into_iter().filter(|(_, to)| folders.contains(to)) {
            edges.entry(from.clone()).or_default().insert(to.clone());
            if !may_import(&from, &to) {
                faults.push(Fault::Upward { file: file.clone(), line, from: from.clone(), to });
            }
        }
    }
    faults.extend(circle(&edges).map(Fault::Circle));
    faults
}

/// A circle among the folders, if there is one.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    edges.keys().find_map(|start| walk(start, edges, &mut Vec::new(), &mut done))
}

fn walk(
    at: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
    way: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(position) = way.iter().position(|folder| folder == at) {
        let mut found = way[position..].to_vec();
        found.push(at.to_owned());
        return Some(found);
    }
    if !done.insert(at.to_owned()) {
        return None;
    }
    way.push(at.to_owned());
    let next = edges.get(at).into_iter().flatten().filter(|to| *to != at);
    let found = next.into_iter().find_map(|to| walk(to, edges, way, done));
    way.pop();
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn own_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).expect("readable UTF-8"),
        path: path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned(),
    };
    rust_files(&root).into_iter().map(read).collect()
}

#[test]
fn the_house_stands() {
    let faults: Vec<String> = check(&own_sources()).iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    let source =
        |(path, text): &(&str, &str)| Source { path: (*path).into(), text: (*text).into() };
    files.iter().map(source).collect()
}

fn upward(file: &str, line: usize, from: &str, to: &str) -> Fault {
    Fault::Upward { file: file.into(), line, from: from.into(), to: to.into() }
}

#[test]
fn imports_that_point_down_are_fine() {
    let good = sources(&[
        ("domain/mod.rs", "//! Knows nothing of [`crate::cli`].\npub mod id;\n"),
        ("domain/id.rs", "use super::status::Status;\n"),
        ("queue/mod.rs", "use crate::domain::{id::TaskId, task};\n"),
        ("config/mod.rs", "use crate::queue::Queue;\n"),
        ("engine/mod.rs", "use crate::config::Config; // as crate::cli does\n"),
        ("cli/mod.rs", "fn f() { crate::engine::run(); $crate::main::f(); }\n"),
        ("main.rs", "use workloop::cli;\n"),
        ("lib.rs", "pub mod cli;\n"),
    ]);
    assert_eq!(check(&good), []);
}

#[test]
fn every_way_of_reaching_up_is_found() {
    let bad = sources(&[
        ("domain/id.rs", "//! An id.\n\nuse crate::queue::Queue;\n"),
        ("domain/task.rs", "fn f(x: &crate::store::Store) {}\n"),
        ("domain/mod.rs", "use super::{cli, id};\n"),
        ("domain/claim.rs", "use super::super::engine;\n"),
        ("queue/mod.rs", "use crate::{\n    domain::id,\n    plan::{Graph, Node},\n};\n"),
        ("plan/mod.rs", "pub(crate) use crate::plan::graph;\n"),
        ("store/mod.rs", ""),
        ("cli/mod.rs", ""),
        ("engine/mod.rs", ""),
    ]);
    let expected = [
        upward("domain/id.rs", 3, "domain", "queue"),
        upward("domain/task.rs", 1, "domain", "store"),
        upward("domain/mod.rs", 1, "domain", "cli"),
        upward("domain/claim.rs", 1, "domain", "engine"),
        upward("queue/mod.rs", 1, "queue", "plan"),
    ];
    let mut found = check(&bad);
    found.retain(|fault| matches!(fault, Fault::Upward { .. }));
    assert_eq!(found, expected);
}

#[test]
fn circles_and_unknown_folders_are_found() {
    let bad = sources(&[
        ("agent/mod.rs", "use crate::verify::Step;\n"),
        ("verify/mod.rs", "use crate::workspace::Git;\n"),
        ("workspace/mod.rs", "use crate::agent::Agent;\n"),
        ("helpers/mod.rs", "\n"),
    ]);
    let faults = check(&bad);
    let circle: Vec<String> = ["agent", "verify", "workspace", "agent"].map(String::from).into();
    assert!(faults.contains(&Fault::Circle(circle)), "{faults:?}");
    let homeless = Fault::Homeless { file: "helpers/mod.rs".into(), folder: "helpers".into() };
    assert!(faults.contains(&homeless), "{faults:?}");
}

#[test]
fn tests_count_neither_as_lines_nor_as_imports() {
    let code = "fn f() {}\n".repeat(MAX_LINES - 1);
    let tests = "#[cfg(test)]\nmod tests {\n    use crate::cli::Cli;\n\n    fn g() {}\n}\n";
    let fine = sources(&[("domain/id.rs", &format!("{code}{tests}")), ("cli/mod.rs", "")]);
    assert_eq!(check(&fine), []);
    let long = sources(&[("domain/id.rs", &format!("{code}{tests}fn h() {{}}\n"))]);
    assert_eq!(check(&long), [Fault::TooLong { file: "domain/id.rs".into(), lines: MAX_LINES }]);
    let elsewhere = "#[cfg(test)]\nmod tests;\nuse crate::cli::Cli;\n\n#[cfg(test)]\n\
                     fn only_here() {\n    crate::cli::f();\n}\n";
    let after = sources(&[("domain/id.rs", elsewhere), ("cli/mod.rs", "")]);
    assert_eq!(check(&after), [upward("domain/id.rs", 3, "domain", "cli")]);
}
