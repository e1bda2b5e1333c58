//! Checks the module structure: imports point down, neither folders nor files form a circle, files
//! stay short, and there is as much code in tests as in the product.
//!
//! The sources are read as text, so that a forbidden import is found even if it is unused. Tests
//! are exempt: they may import whatever they need.
#![expect(clippy::disallowed_methods, reason = "the sources are not replaced meanwhile")]

mod circles;
mod share;
mod source;

use circles::{Arrow, arrows, circles};
use share::{Share, share};
use source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Every folder of `src/` (and the two files beside them) with its layer, the lowest first.
const LAYERS: [(&str, u8); 20] = [
    ("domain", 1),
    ("platform", 1),
    ("queue", 2),
    ("plan", 2),
    ("store", 3),
    ("supervisor", 3),
    ("agent", 4),
    ("claims", 4),
    ("guardrails", 4),
    ("verify", 4),
    ("workspace", 4),
    ("config", 5),
    ("project", 6),
    ("views", 6),
    ("engine", 7),
    ("notify", 7),
    ("cli", 8),
    ("lib", 9),
    ("testing", 9),
    ("main", 9),
];

/// Imports within one layer that are intended.
const SIDEWAYS: [(&str, &str); 1] = [("main", "lib")];

/// The number of lines, without tests, that a file must stay below.
const MAX_LINES: usize = 400;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// An import that points up or sideways.
    Upward { file: String, line: usize, from: String, to: String },
    /// A folder that has no layer.
    Homeless { file: String, folder: String },
    /// Folders that import each other.
    Circle(Vec<String>),
    /// Files or folders of one folder that import each other.
    Tangle(Vec<Arrow>),
    /// A file that is too long to be readable.
    TooLong { file: String, lines: usize },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upward { file, line, from, to } => {
                write!(f, "{file}:{line}: `{from}` may not import `{to}`")
            }
            Self::Homeless { file, folder } => {
                write!(f, "{file}: `{folder}` has no layer in tests/layering/main.rs")
            }
            Self::Circle(folders) => write!(f, "folders in a circle: {}", folders.join(" -> ")),
            Self::Tangle(arrows) => {
                write!(
                    f,
                    "files or folders in a circle; move what they share to a place below them:"
                )?;
                let mut each = arrows.iter();
                each.try_for_each(|Arrow { from, line, to }| write!(f, "\n  {from}:{line} -> {to}"))
            }
            Self::TooLong { file, lines } => {
                write!(f, "{file}: {lines} lines without tests, {MAX_LINES} are the limit")
            }
        }
    }
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
        let paths = source.code().paths(&source.module(), &[]);
        let reached =
            paths.into_iter().filter_map(|path| Some((path.line, path.names.into_iter().next()?)));
        // `crate::Thing` of lib.rs itself is not a folder and is left to the compiler.
        let reached: BTreeSet<_> = reached.filter(|(_, to)| folders.contains(to)).collect();
        for (line, to) in reached {
            edges.entry(from.clone()).or_default().insert(to.clone());
            if !may_import(&from, &to) {
                faults.push(Fault::Upward { file: file.clone(), line, from: from.clone(), to });
            }
        }
    }
    faults.extend(circle(&edges).map(Fault::Circle));
    faults
}

/// Returns the circles of files and folders.
fn check_circles(sources: &[Source]) -> Vec<Fault> {
    circles(&arrows(sources)).into_iter().map(Fault::Tangle).collect()
}

/// Returns a circle among the folders, if there is one.
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

fn own_sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).expect("readable UTF-8"),
        path: path.strip_prefix(&root).expect("below the folder").to_string_lossy().into_owned(),
    };
    rust_files(&root).into_iter().map(read).collect()
}

#[test]
fn the_sources_follow_the_module_structure() {
    let sources = own_sources("src");
    let faults = [check(&sources), check_circles(&sources)].concat();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn tests_have_as_much_code_as_the_product() {
    let found = share(&own_sources("src"), &own_sources("tests"));
    println!("lines of code: {} of the product, {} of tests", found.product, found.tests);
    assert!(found.tests >= found.product, "{found:?}");
}

#[test]
fn modules_for_tests_count_as_tests() {
    let code = "//! Says why.\n\n#[cfg(test)]\n#[expect(clippy::x, reason = \"y\")]\nmod samples;\n\
                mod real; // no test\n\n#[cfg(test)]\nmod tests {\n    // a comment\n    fn f() {}\n}\n";
    let below = sources(&[
        ("domain/mod.rs", code),
        ("domain/samples.rs", "fn a() {}\nfn b() {}\n"),
        ("domain/samples/more.rs", "fn c() {}\n"),
        ("domain/real.rs", "/// Documentation.\nfn d() {}\n\nfn e() {}\n"),
        ("domain/real/tests.rs", "fn g() {}\n"),
    ]);
    let beside = sources(&[("e2e/main.rs", "//! Text.\n\nfn h() {}\n")]);
    assert_eq!(share(&below, &beside), Share { product: 3, tests: 12 });
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

fn arrow(from: &str, line: usize, to: &str) -> Arrow {
    Arrow { from: from.into(), line, to: to.into() }
}

#[test]
fn files_and_folders_that_import_each_other_are_found() {
    let bad = sources(&[
        ("plan/mod.rs", "mod graph;\nmod now;\nmod node;\n"),
        ("plan/graph.rs", "use super::{\n    node::{self, Node},\n    Level,\n};\n"),
        ("plan/node.rs", "fn f() -> crate::plan::now::Now {}\n"),
        ("plan/now/mod.rs", "mod pick;\npub struct Now;\n"),
        ("plan/now/pick.rs", "use super::super::graph::Graph;\n"),
        ("plan/alone.rs", "use super::graph::Graph;\nuse self::deep;\n"),
    ]);
    let circle = [
        arrow("plan/graph.rs", 1, "plan/node.rs"),
        arrow("plan/node.rs", 1, "plan/now/mod.rs"),
        arrow("plan/now/pick.rs", 1, "plan/graph.rs"),
    ];
    assert_eq!(check_circles(&bad), [Fault::Tangle(circle.into())]);
}

#[test]
fn a_file_and_the_files_below_it_are_no_exception() {
    let own = sources(&[
        ("plan/now/mod.rs", "mod pick;\nuse pick::Pick;\npub struct Now;\n"),
        ("plan/now/pick.rs", "use super::Now;\n"),
    ]);
    let arrows = [
        arrow("plan/now/mod.rs", 2, "plan/now/pick.rs"),
        arrow("plan/now/pick.rs", 1, "plan/now/mod.rs"),
    ];
    assert_eq!(check_circles(&own), [Fault::Tangle(arrows.into())]);
}

#[test]
fn a_path_through_a_re_export_leads_to_the_file_that_defines_the_name() {
    let files = |other: &str| {
        sources(&[
            ("queue/mod.rs", "mod text;\nmod ids;\npub use text::{Text, Line as Row};\n"),
            ("queue/text.rs", "pub(crate) use super::ids::Ids as Table;\n"),
            ("queue/ids.rs", other),
            ("lib.rs", "pub mod queue;\n"),
        ])
    };
    // Neither `mod.rs`, which names its files, nor a path through it makes a circle.
    assert_eq!(check_circles(&files("use crate::queue::Other;\n")), []);
    assert_eq!(check_circles(&files("use super::text::Table;\n")), []);
    let own =
        [arrow("queue/ids.rs", 1, "queue/text.rs"), arrow("queue/text.rs", 1, "queue/ids.rs")];
    for name in ["Text", "{Row, Other}"] {
        let mut bad = files(&format!("use crate::queue::{name};\n"));
        bad[1].text.push_str("fn f(table: Table) {}\n");
        assert_eq!(check_circles(&bad), [Fault::Tangle(own.clone().into())], "{name}");
    }
}

#[test]
fn visibilities_and_tests_are_no_imports() {
    let fine = sources(&[
        ("plan/mod.rs", "pub fn f() {}\nuse graph::Graph;\nmod graph;\n"),
        ("plan/graph.rs", "pub(in crate::plan) struct Graph;\n#[cfg(test)]\nuse super::f;\n"),
        ("plan/graph/tests.rs", "use crate::plan::f;\n"),
    ]);
    assert_eq!(check_circles(&fine), []);
}

#[test]
fn a_file_with_a_path_of_its_own_belongs_to_the_file_that_names_it() {
    let circle = sources(&[
        ("platform/spawn.rs", "#[path = \"spawn_linux.rs\"]\nmod system;\n\nuse system::spawn;\n"),
        ("platform/spawn_linux.rs", "use super::Spawned;\n"),
    ]);
    let arrows = [
        arrow("platform/spawn.rs", 4, "platform/spawn_linux.rs"),
        arrow("platform/spawn_linux.rs", 1, "platform/spawn.rs"),
    ];
    assert_eq!(check_circles(&circle), [Fault::Tangle(arrows.into())]);
}
