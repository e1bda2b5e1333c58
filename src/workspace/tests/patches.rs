//! Tests how the output of git about a difference is read.

use super::super::change::{Delta, DeltaKind, is_declared, read_raw};
use super::super::line_changes::{LineChange, joined};
use super::super::repo::Oid;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const NONE: &str = "0000000000000000000000000000000000000000";

/// Returns an object name of one digit.
fn oid(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn side(mode: &str, digit: char) -> Option<(String, Oid)> {
    Some((mode.to_owned(), Oid::parse(&oid(digit)).expect("an object name")))
}

fn delta(path: &str, kind: DeltaKind) -> Delta {
    Delta { path: path.into(), kind, old: side("100644", 'a'), new: side("100644", 'b') }
}

fn modified(path: &str) -> Delta {
    delta(path, DeltaKind::Modified)
}

#[test]
fn each_letter_of_a_raw_difference_is_one_kind() {
    let (a, b) = (oid('a'), oid('b'));
    let raw = format!(
        ":000000 100644 {NONE} {b} A\0new\0:100644 000000 {a} {NONE} D\0gone\0\
         :100644 100755 {a} {b} M\0run\0:100644 120000 {a} {b} T\0link\0\
         :100644 100644 {a} {b} R087\0from\0to\n\u{e4}\0:160000 160000 {a} {b} M\0lib\0"
    );
    let added = Delta { old: None, ..delta("new", DeltaKind::Added) };
    let removed = Delta { new: None, ..delta("gone", DeltaKind::Removed) };
    let run = Delta { new: side("100755", 'b'), ..modified("run") };
    let link = Delta { new: side("120000", 'b'), ..modified("link") };
    let renamed = delta("to\n\u{e4}", DeltaKind::Renamed { from: "from".into() });
    let lib = Delta { old: side("160000", 'a'), new: side("160000", 'b'), ..modified("lib") };
    assert_eq!(read_raw(raw.as_bytes()), [added, removed, run, link, renamed, lib]);
}

#[test]
fn a_raw_difference_that_is_cut_off_ends_before_the_cut() {
    let (a, b) = (oid('a'), oid('b'));
    let one = format!(":100644 100644 {a} {b} M\0one\0");
    for rest in [
        String::new(),
        format!(":100644 100644 {a} {b} M"),
        format!(":100644 100644 {a} {b} R100\0from\0"),
        format!(":100644 100644 {a} M\0two\0"),
        "two\0".to_owned(),
    ] {
        assert_eq!(read_raw(format!("{one}{rest}").as_bytes()), [modified("one")], "{rest:?}");
    }
    assert_eq!(read_raw(b""), []);
    // A side that git has not written yet has no object.
    let raw = format!(":100644 100644 {a} {NONE} M\0one\0");
    assert_eq!(read_raw(raw.as_bytes()), [Delta { new: None, ..modified("one") }]);
    let raw = [format!(":100644 100644 {a} {b} M\0").as_bytes(), b"\xff\0"].concat();
    assert_eq!(read_raw(&raw)[0].path, Path::new(OsStr::from_bytes(b"\xff")));
}

/// Returns the lines of each file, those that are added and those that are removed.
fn shown(deltas: &[Delta], patch: &str) -> Option<Vec<String>> {
    let one = |change: LineChange| {
        let lines = |sign: char, lines: Vec<(u32, Vec<u8>)>| {
            let line = |(at, text): (u32, Vec<u8>)| {
                format!("{sign}{at}:{}", String::from_utf8(text).expect("UTF-8"))
            };
            lines.into_iter().map(line).collect::<Vec<_>>()
        };
        let mut all = lines('-', change.removed);
        all.extend(lines('+', change.added));
        all.extend(change.is_binary.then(|| "binary".to_owned()));
        format!("{} {}", change.delta.path.display(), all.join(" ")).trim_end().to_owned()
    };
    joined(deltas.to_vec(), patch.as_bytes()).map(|all| all.into_iter().map(one).collect())
}

fn of_one(delta: &Delta, patch: &str) -> Option<Vec<String>> {
    shown(std::slice::from_ref(delta), patch)
}

#[test]
fn lines_of_a_patch_have_the_numbers_of_their_side() {
    let patch = "diff --git a/one b/one\nindex 1..2 100644\n--- a/one\n+++ b/one\n\
        @@ -3 +3,2 @@ fn f() {\n-c\n+C\n+D\n@@ -9,2 +9,0 @@\n-i\n-\n@@ -20,0 +19 @@\n+end\n\
        \\ No newline at end of file\n";
    let lines = "one -3:c -9:i -10: +3:C +4:D +19:end";
    assert_eq!(shown(&[modified("one")], patch), Some(vec![lines.to_owned()]));
}

#[test]
fn a_line_that_looks_like_a_part_of_a_patch_is_a_line() {
    let patch = "diff --git a/one b/one\n--- a/one\n+++ b/one\n@@ -1,3 +1,3 @@\n--- a/two\n\
        -diff --git a/two b/two\n\\ No newline at end of file\n-@@ -9 +9 @@\n+++ b/two\n+@@ -1 +1 @@\n\
        +Binary files a/one and b/one differ\n";
    let lines = "one -1:-- a/two -2:diff --git a/two b/two -3:@@ -9 +9 @@ +1:++ b/two \
        +2:@@ -1 +1 @@ +3:Binary files a/one and b/one differ";
    assert_eq!(shown(&[modified("one")], patch), Some(vec![lines.to_owned()]));
}

#[test]
fn a_file_without_lines_still_has_its_part_of_the_patch() {
    let renamed = delta("new", DeltaKind::Renamed { from: "old".into() });
    let all = [modified("bin"), renamed, modified("run"), modified("big")];
    let patch = "diff --git a/bin b/bin\nindex 1..2 100644\nBinary files a/bin and b/bin differ\n\
        diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n\
        diff --git a/run b/run\nold mode 100644\nnew mode 100755\n\
        diff --git a/big b/big\nindex 1..2 100644\nGIT binary patch\nliteral 0\n";
    let lines = ["bin binary", "new", "run", "big binary"].map(str::to_owned).to_vec();
    assert_eq!(shown(&all, patch), Some(lines));
}

/// Git writes a file that became a link as one that is removed and one that is added.
#[test]
fn a_file_that_became_a_link_has_two_parts() {
    let link = Delta { new: side("120000", 'b'), ..modified("l") };
    let patch = "diff --git a/l b/l\ndeleted file mode 100644\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
        diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+to\n";
    let lines = vec!["l -1:x +1:to".to_owned()];
    assert_eq!(of_one(&link, patch), Some(lines.clone()));
    // In a work tree it has no object yet.
    let written = Delta { new: None, ..modified("l") };
    assert_eq!(of_one(&written, patch), Some(lines));
    let gone = Delta { kind: DeltaKind::Removed, ..written };
    assert_eq!(of_one(&gone, patch), None, "a file that is gone has one part");
    let (removed, added) = patch.split_at(patch.rfind("diff --git").expect("two"));
    assert_eq!(of_one(&gone, removed), Some(vec!["l -1:x".to_owned()]));
    assert_eq!(of_one(&link, removed), None, "its other part is missing");
    assert_eq!(of_one(&link, added), Some(vec!["l +1:to".to_owned()]));
}

#[test]
fn a_patch_that_lists_other_files_is_refused() {
    let patch = "diff --git a/one b/one\n@@ -1 +1 @@\n-a\n+b\n";
    assert_eq!(shown(&[], patch), None);
    assert_eq!(shown(&[modified("one"), modified("two")], patch), None);
    assert_eq!(shown(&[modified("one")], ""), None);
    assert_eq!(shown(&[], ""), Some(Vec::new()));
    let cut = "diff --git a/one b/one\n@@ -1,2 +1,2 @@\n-a\n+b\n";
    assert_eq!(shown(&[modified("one")], cut), Some(vec!["one -1:a +1:b".to_owned()]));
}

#[test]
fn the_whole_project_is_declared_by_its_root() {
    for (declared, path, expected) in [
        (".", "a", true),
        ("./", "src/a", true),
        ("", "a", false),
        ("/", "a", false),
        ("./a", "a", true),
        ("a/", "a/b", true),
        ("a", "ab", false),
        ("src/*.rs", "src/a.rs", true),
        ("src/*.rs", "src/x/a.rs", false),
        ("src/**", "src/x/a.rs", true),
        ("src/[ab].rs", "src/b.rs", true),
        ("src/[id].tsx", "src/[id].tsx", true),
        ("{a,b}/c", "b/c", true),
    ] {
        let all = [declared.to_owned()];
        assert_eq!(is_declared(Path::new(path), &all), expected, "{declared} {path}");
    }
    assert!(!is_declared(Path::new("a"), &[]));
}
