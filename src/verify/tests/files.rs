//! Tests which files a step wrote, by path and by pattern, at the limits of both.

#![expect(clippy::disallowed_methods, reason = "tests write what they look at")]

use super::super::matching::matching;
use super::super::{Expected, is_pattern};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

const EVER: SystemTime = SystemTime::UNIX_EPOCH;

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    fs::write(path, bytes).expect("file");
}

#[test]
fn a_path_with_a_wildcard_is_a_pattern() {
    for (path, expected) in
        [("a/b.xml", false), ("a/*", true), ("a?", true), ("[a]", true), ("{a}", true), ("", false)]
    {
        assert_eq!(is_pattern(path), expected, "{path}");
    }
}

#[test]
fn a_pattern_finds_files_at_the_depth_that_it_says() {
    let dir = tempfile::tempdir().expect("dir");
    let root = dir.path();
    for path in
        ["a.xml", "r/a.xml", "r/s/a.xml", "r/s/t/a.xml", "r/.h/a.xml", "r/.git/a.xml", "r/a.txt"]
    {
        write(root, path, b"x");
    }
    let found = |pattern: &str| matching(root, pattern).expect(pattern);
    assert_eq!(found("*.xml"), ["a.xml"]);
    assert_eq!(found("r/*.xml"), ["r/a.xml"]);
    assert_eq!(found("r/*/a.xml"), ["r/.h/a.xml", "r/s/a.xml"]);
    assert_eq!(found("r/*/*/a.xml"), ["r/s/t/a.xml"]);
    assert_eq!(found("r/**/a.xml"), ["r/.h/a.xml", "r/a.xml", "r/s/a.xml", "r/s/t/a.xml"]);
    assert_eq!(found("r/{s,s/t}/a.xml"), ["r/s/a.xml", "r/s/t/a.xml"]);
    assert_eq!(found("r/?.xml"), ["r/a.xml"]);
    assert_eq!(found("r/s/*"), ["r/s/a.xml"], "folders are no files");
    assert_eq!(found("./r/*.xml"), ["r/a.xml"]);
    assert_eq!(found("q/*.xml"), [""; 0]);
    assert_eq!(found("a.xml/*.xml"), [""; 0]);
    std::os::unix::fs::symlink(root.join("r"), root.join("link")).expect("link");
    assert_eq!(found("link/*.xml"), ["link/a.xml"], "a link of the project itself");
    assert_eq!(found("*/a.xml"), ["r/a.xml"], "a link that a wildcard finds");
}

#[test]
fn a_path_is_one_file_that_the_step_wrote() {
    let dir = tempfile::tempdir().expect("dir");
    let root = dir.path();
    let expected = Expected::look(root, "r.xml", EVER);
    assert!(!expected.is_pattern());
    write(root, "r.xml", b"");
    let read = expected.read().expect("written");
    assert_eq!((read.len(), &*read[0].name, &*read[0].bytes), (1, "r.xml", &b""[..]));
    fs::remove_file(root.join("r.xml")).expect("removed");
    fs::create_dir(root.join("r.xml")).expect("folder");
    assert_eq!(expected.read().expect_err("a folder"), "it is not a regular file");
    let below = Expected::look(root, "r.xml/none/x", EVER);
    assert_eq!(below.read().expect_err("nothing"), "the step did not write it");
    // A file in the place of a folder cannot be looked into.
    write(root, "f", b"x");
    let error = Expected::look(root, "f/x", EVER).read().expect_err("no folder");
    assert_eq!(error, "Not a directory (os error 20)");
}

#[test]
fn a_report_may_have_64_mib() {
    let dir = tempfile::tempdir().expect("dir");
    let root = dir.path();
    let sparse = |name: &str, bytes: u64| {
        let file = fs::File::create(root.join(name)).expect("file");
        file.set_len(bytes).expect("size");
    };
    let expected = Expected::look(root, "r.bin", EVER);
    sparse("r.bin", (64 << 20) + 1);
    let why = expected.read().expect_err("too large");
    assert!(!why.is_empty() && why != "it is not a regular file", "{why}");
    // Of a pattern, all files have it together.
    let expected = Expected::look(root, "*.part", EVER);
    assert!(expected.is_pattern());
    sparse("a.part", 40 << 20);
    sparse("b.part", (24 << 20) + 1);
    let why = expected.read().expect_err("too large together");
    assert!(why.starts_with("b.part: "), "{why}");
}

#[test]
fn a_pattern_needs_one_file_of_this_run() {
    let dir = tempfile::tempdir().expect("dir");
    let root = dir.path();
    write(root, "out/old.xml", b"old");
    let expected = Expected::look(root, "out/*.xml", EVER);
    let nothing = "the step wrote nothing that matches out/*.xml";
    assert_eq!(expected.read().expect_err("an old one"), nothing);
    write(root, "out/b.xml", b"b");
    write(root, "out/a.xml", b"a");
    let read = expected.read().expect("written");
    let found: Vec<_> = read.iter().map(|one| (&*one.name, &*one.bytes)).collect();
    assert_eq!(found, [("out/a.xml", &b"a"[..]), ("out/b.xml", &b"b"[..])]);
    let none = Expected::look(root, "none/*.xml", EVER);
    assert_eq!(none.read().expect_err("nothing"), "the step wrote nothing that matches none/*.xml");
}
