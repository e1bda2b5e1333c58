//! Tests what is found in changed files as a whole, and in tests inside product files.

use super::super::files::{BINARY, LARGE, THRESHOLD};
use super::super::inline::{may_have_tests, tests_of, with_tests_of};
use super::super::starts::names;
use super::super::{may_be_hook, only_removes_tests};
use super::*;
use crate::guardrails::paths::Language;

const DELETED: &str = "test_deleted";

fn messages(changed: &[ChangedFile], grants: &Grants) -> Vec<String> {
    found(changed, &Rules::default(), grants).into_iter().map(|one| one.message).collect()
}

#[test]
fn a_test_file_is_gone_when_it_is_removed_emptied_or_moved_out_of_sight() {
    let test = ["def test_a():", "    assert f()"];
    let sized = |size| ChangedFile { size, ..file("tests/test_a.py", What::Modified, &[], &test) };
    let gone = "a test file is gone or empty; put it back, or have a person allow it for the task \
                (may_remove_tests)";
    let fewer = "1 of its tests is gone (test_a); put it back, or have a person allow it for the \
                 task (may_remove_tests)";
    for (change, expected) in [
        (file("tests/test_a.py", What::Removed, &[], &test), vec![gone]),
        (sized(Some(0)), vec![gone, fewer]),
        (sized(Some(1)), vec![fewer]),
        (sized(None), vec![fewer]),
        (file("old/a.py", What::Renamed("tests/test_a.py".into()), &[], &[]), vec![gone]),
        (file("tests/b/test_a.py", What::Renamed("tests/test_a.py".into()), &[], &[]), vec![]),
        (file("tests/test_a.py", What::Renamed("shop/a.py".into()), &[], &[]), vec![]),
        (file("shop/a.py", What::Removed, &[], &["x = 1"]), vec![]),
        (file("tests/test_a.py", What::Added, &[], &[]), vec![]),
    ] {
        assert_eq!(
            messages(std::slice::from_ref(&change), &Grants::default()),
            expected,
            "{change:?}"
        );
    }
    let empty = ChangedFile { removed: Vec::new(), ..sized(Some(0)) };
    assert_eq!(messages(&[empty], &Grants::default()), [""; 0], "it was empty before");
}

#[test]
fn a_removed_test_may_be_half_found_in_others() {
    let lines = ["def test_a():", "    assert f()", "    assert g()", "    assert h()"];
    let gone = file("tests/test_a.py", What::Removed, &[], &lines);
    let with = |path: &str, kept: usize| {
        let mut all = vec!["def test_b():"];
        all.extend(&lines[..kept]);
        told(&[gone.clone(), file(path, What::Added, &all, &[])])
    };
    let deleted = [format!("tests/test_a.py: {DELETED}")];
    assert_eq!(with("tests/test_b.py", 1), deleted);
    assert_eq!(with("tests/test_b.py", 2), [""; 0]);
    assert_eq!(with("shop/b.py", 4), deleted, "where no runner looks");
    // Blank lines count for nothing.
    let blank = file("tests/test_a.py", What::Removed, &[], &["", "  "]);
    let other = file("tests/test_b.py", What::Added, &["", "x = 1"], &[]);
    assert_eq!(told(&[blank, other]), deleted);
}

#[test]
fn tests_are_counted_over_all_files_of_a_language() {
    let go =
        |path: &str, added: &[&str], removed: &[&str]| file(path, What::Modified, added, removed);
    let (a, b, c) = ("func TestA(t", "func TestB(t", "func TestC(t");
    let said = |changed: &[ChangedFile]| {
        let end = " back, or have a person allow it for the task (may_remove_tests)";
        let cut = |message: String| message.strip_suffix(end).expect("end").to_owned();
        messages(changed, &Grants::default()).into_iter().map(cut).collect::<Vec<_>>()
    };
    assert_eq!(said(&[go("a_test.go", &[], &[a])]), ["1 of its tests is gone (TestA); put it"]);
    assert_eq!(
        said(&[go("a_test.go", &[], &[a, b])]),
        ["2 of its tests are gone (TestA, TestB); put them"]
    );
    // A test that moved to another file, and one that is new, take the place of one.
    assert_eq!(said(&[go("a_test.go", &[], &[a]), go("b_test.go", &[a], &[])]), [""; 0]);
    assert_eq!(said(&[go("a_test.go", &[], &[a]), go("b_test.go", &[c], &[])]), [""; 0]);
    assert_eq!(
        said(&[go("a_test.go", &[c], &[a, b])]),
        ["1 of its tests is gone (TestA, TestB); put it"]
    );
    assert_eq!(said(&[go("a_test.go", &[a], &[a, b])]), ["1 of its tests is gone (TestB); put it"]);
    // Tests of another language do not.
    let python = file("tests/test_a.py", What::Modified, &["def test_c():"], &[]);
    assert_eq!(said(&[go("a_test.go", &[], &[a]), python]).len(), 1);
    let many: Vec<String> = (0..12).map(|n| format!("func Test{n}(t")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let found = said(&[go("a_test.go", &[], &many)]);
    assert!(found[0].ends_with("Test8, Test9 and 2 more); put them"), "{found:?}");
    assert!(found[0].starts_with("12 of its tests are gone (Test0, Test1, "), "{found:?}");
}

#[test]
fn whoever_may_remove_or_change_tests_is_asked_nothing() {
    let gone = [
        file("tests/test_a.py", What::Removed, &[], &["def test_a():"]),
        file("tests/test_b.py", What::Modified, &[], &["def test_b():"]),
        file("src/a.rs", What::Modified, &[], &["    #[test]", "    fn c() {}"]),
    ];
    let person = Grants { by_person: true, ..Grants::default() };
    let removes = Grants { may_remove_tests: true, ..person.clone() };
    assert_eq!(messages(&gone, &removes), [""; 0]);
    let declares = Grants { owns: texts(&["tests", "src/a.rs"]), ..person.clone() };
    assert_eq!(messages(&gone, &declares), [""; 0]);
    assert_eq!(messages(&gone, &person).len(), 3);
    let agents = Grants { may_remove_tests: true, ..Grants::default() };
    let end = "; may_remove_tests of a task that an agent added does not count, only a person may \
               allow it";
    let found = messages(&gone, &agents);
    assert!(found.len() == 3 && found.iter().all(|one| one.ends_with(end)), "{found:?}");
}

#[test]
fn tests_begin_as_their_language_has_it() {
    for (language, lines, expected) in [
        (
            Language::Python,
            &["def test_a():", "  async def testB(self):", "def a_test():"][..],
            &["test_a", "testB"][..],
        ),
        (
            Language::Script,
            &["it('a b', f)", "test(`c`, f)", "it.each([1])(\"d\", f)", "bit('x')"],
            &["a b", "c", "d"],
        ),
        (
            Language::Rust,
            &[
                "#[test]",
                "#[ignore]",
                "async fn a<T>() {",
                "  #[tokio::test]",
                "fn b() {",
                "#[tests]",
            ],
            &["a", "b"],
        ),
        (
            Language::Go,
            &["func TestA(t", " func TestB(t", "func testC(t", "func Test_d(t"],
            &["TestA", "Test_d"],
        ),
        (
            Language::Shell,
            &["@test \"a b\" {", "test_c() {", "function testd ()", "attest() {"],
            &["a b", "test_c", "testd"],
        ),
        (Language::Further, &["@Test void a()"], &[]),
        (Language::Other, &["def test_a():"], &[]),
    ] {
        assert_eq!(names(language, lines), expected, "{language:?}");
    }
    // The name of a Rust test is at most four lines below.
    let near = ["#[test]", "#[a]", "#[b]", "#[c]", "fn near() {}"];
    assert_eq!(names(Language::Rust, &near), ["near"]);
    let far = ["#[test]", "#[a]", "#[b]", "#[c]", "#[d]", "fn far() {}"];
    assert_eq!(names(Language::Rust, &far), [""]);
}

#[test]
fn a_threshold_may_rise_and_not_fall_in_any_file_that_steers() {
    let change = |path: &str, added: &[&str], removed: &[&str]| {
        let found = messages(&[file(path, What::Modified, added, removed)], &Grants::default());
        let end = ": a threshold is weaker; restore it, and meet it";
        let cut = |message: String| message.strip_suffix(end).expect("end").to_owned();
        found.into_iter().map(cut).collect::<Vec<_>>()
    };
    for (path, old, new, expected) in [
        ("jest.config.js", "lines: 80", "lines: 79.5", Some("lines was 80 and is 79.5")),
        ("jest.config.js", "lines: 80", "lines: 80", None),
        ("jest.config.js", "lines: 80", "lines: 80.1", None),
        (
            "jest.config.js",
            "\"functions\": 90,",
            "\"functions\": 9,",
            Some("functions was 90 and is 9"),
        ),
        ("vitest.config.ts", "statements: 1", "", Some("statements was 1 and is gone")),
        (".coveragerc", "fail_under = 85", "fail_under = 84", Some("fail_under was 85 and is 84")),
        (
            "tox.ini",
            "--cov-fail-under=85",
            "--cov-fail-under=8",
            Some("cov-fail-under was 85 and is 8"),
        ),
        ("codecov.yml", "target: 80%", "target: 8%", Some("target was 80 and is 8")),
        (".eslintrc.json", "max-warnings 0", "max-warnings 1", Some("max-warnings was 0 and is 1")),
        ("Makefile", "max_failures=5", "max_failures=4", None),
        ("Makefile", "maxWarnings: '1'", "maxWarnings: '2'", Some("maxWarnings was 1 and is 2")),
        ("Makefile", "max-complexity 9", "", Some("max-complexity was 9 and is gone")),
        ("yarn.lock", "lines: 80", "lines: 1", None),
        ("src/lib.rs", "threshold = 80", "threshold = 1", None),
        ("Makefile", "airlines: 80", "airlines: 1", None),
        ("Makefile", "lines 80x", "lines 8x", Some("lines was 80 and is 8")),
    ] {
        let found = change(path, &[new], &[old]);
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{path}: {old} -> {new}");
    }
    // The same threshold for several folders: each counts, in whatever order.
    let two = ["a: { lines: 80 },", "b: { lines: 60 },"];
    let of = |added: &[&str]| change("jest.config.js", added, &two);
    assert_eq!(of(&["a: { lines: 10 },", "b: { lines: 70 },"]), ["lines was 80 and is 70"]);
    assert_eq!(of(&["b: { lines: 60 },", "a: { lines: 80 },"]), [""; 0]);
    assert_eq!(of(&["a: { lines: 80 },"]), ["lines was 60 and is gone"]);
    assert_eq!(of(&["a: { lines: 80 },", "b: { lines: 60 },", "c: { lines: 1 }"]), [""; 0]);
    let told = told(&[file("jest.config.js", What::Modified, &[], &two)]);
    assert_eq!(told, [format!("jest.config.js: {THRESHOLD}")]);
}

#[test]
fn a_file_has_a_size_that_it_may_have() {
    let sized = |path: &str, size: u64| ChangedFile {
        size: Some(size),
        ..file(path, What::Added, &[], &[])
    };
    let mega = 1 << 20;
    let none = Grants::default();
    let of = |change: ChangedFile, grants: &Grants| messages(&[change], grants);
    assert_eq!(of(sized("a.csv", mega), &none), [""; 0]);
    let message = "it has 1024 KiB, more than 1024; leave out generated files, keep it elsewhere, or \
                   a person declares the path for the task (files), raises guardrails.max_file_kb or \
                   adds \"large_file:a.csv\" to guardrails.allow";
    assert_eq!(of(sized("a.csv", mega + 1), &none), [message]);
    let names = Grants { by_person: true, owns: texts(&["a.csv"]), ..Grants::default() };
    assert_eq!(of(sized("a.csv", 50 * mega), &names), [""; 0]);
    let message = "it has 51200 KiB, more than 51200; leave out generated files, keep it elsewhere, \
                   or a person raises guardrails.max_file_kb or adds \"large_file:a.csv\" to \
                   guardrails.allow";
    assert_eq!(of(sized("a.csv", 50 * mega + 1), &names), [message]);
    // A higher limit of the configuration holds for named files too.
    let rules = Rules { max_file_bytes: 60 * mega, ..Rules::default() };
    assert_eq!(found(&[sized("a.csv", 60 * mega)], &rules, &names), []);
    assert_eq!(found(&[sized("a.csv", 60 * mega + 1)], &rules, &names).len(), 1);
    for change in [
        ChangedFile { what: What::Removed, ..sized("a.csv", 9 * mega) },
        ChangedFile { what: What::Renamed("b.csv".into()), ..sized("a.csv", 9 * mega) },
        sized("package-lock.json", 9 * mega),
        ChangedFile { size: None, ..sized("a.csv", 0) },
    ] {
        assert_eq!(of(change.clone(), &none), [""; 0], "{change:?}");
    }
    let changed = ChangedFile {
        what: What::Renamed("b.csv".into()),
        added: numbered(1, &["x"]),
        ..sized("a.csv", 9 * mega)
    };
    assert_eq!(told(&[changed]), [format!("a.csv: {LARGE}")]);
}

#[test]
fn a_new_binary_that_is_no_medium_is_a_warning() {
    let of = |path: &str, what: What, is_binary: bool| {
        let change = ChangedFile { is_binary, ..file(path, what, &[], &[]) };
        let found = found(&[change], &Rules::default(), &Grants::default());
        found.into_iter().map(|one| (one.code, one.level)).collect::<Vec<_>>()
    };
    let warned = [(BINARY.to_owned(), Level::Warn)];
    for path in ["a.out", "a.png.gz", "png", "a.class"] {
        assert_eq!(of(path, What::Added, true), warned, "{path}");
        assert_eq!(of(path, What::Modified, true), [], "{path}");
        assert_eq!(of(path, What::Added, false), [], "{path}");
    }
    let media = "png jpg jpeg gif webp ico svg woff woff2 ttf otf pdf mp3 wav PNG Pdf";
    for ending in media.split(' ') {
        assert_eq!(of(&format!("a.{ending}"), What::Added, true), [], "{ending}");
    }
}

#[test]
fn rust_files_may_have_tests_inside() {
    for (path, may) in
        [("a.rs", true), ("src/a.rs", true), ("a.rst", false), ("ars", false), ("a.py", false)]
    {
        assert_eq!(may_have_tests(path), may, "{path}");
    }
    let module = "#[cfg(test)]\nmod tests { fn a() {} }";
    for before in [
        "",
        "const A: &[u8] = br\"\\\";\n",
        "const A: &CStr = cr#\"\"\\\"#;\n",
        "const A: char = '\\'';\n",
        "const A: u8 = b'\\\\';\n",
        "fn f<'a>(a: &'a str) {}\n",
        "/* /* } */ \" */\n",
        "// it's \" not one\n",
        "let var\\u{22} = r##\"\"#\"##;\n",
        "let bar = \"\\\\\";\n",
        "fn r#type() { \"é\\u{7d}\" }\n",
    ] {
        assert_eq!(tests_of(&format!("{before}{module}\n")), module, "{before}");
    }
    // What is never closed goes to the end of the file.
    for before in ["/* ", "\" ", "r#\" \" ", "'\\", "/* /* */ ", "br##\"\"# "] {
        assert_eq!(tests_of(&format!("{before}{module}\n")), "", "{before}");
    }
}

#[test]
fn tests_inside_are_put_back_each_by_its_name() {
    let base = "fn f() {}\n#[cfg(test)]\nmod a { 1 }\n#[test]\nfn b() { 2 }\n#[cfg(all(test, unix))]\nmod c;\n";
    let same = |new: &str| with_tests_of(base, new);
    assert_eq!(same(base), None);
    assert_eq!(same(&base.replace("fn f() {}", "fn f() { 3 }")), None);
    assert_eq!(same(&base.replace("{ 1 }", "{ 3 }")).as_deref(), Some(base));
    assert_eq!(same(&base.replace("{ 2 }", "{ 33 }")).as_deref(), Some(base));
    assert_eq!(same(&base.replace("unix", "windows")).as_deref(), Some(base));
    let both = base.replace("{ 1 }", "{ 333 }").replace("{ 2 }", "{}");
    assert_eq!(same(&both).as_deref(), Some(base));
    // What is gone comes back at the end, in its order.
    let gone = with_tests_of(base, "fn f() {}\n").expect("gone");
    assert_eq!(
        gone,
        "fn f() {}\n\n#[cfg(test)]\nmod a { 1 }\n\n#[test]\nfn b() { 2 }\n\n#[cfg(all(test, unix))]\nmod c;\n"
    );
    // A function is no module of the same name.
    let renamed = base.replace("fn b()", "fn a()");
    let mixed = with_tests_of(base, &renamed).expect("b is gone");
    assert!(mixed.starts_with(&renamed) && mixed.ends_with("\n#[test]\nfn b() { 2 }\n"), "{mixed}");
}

#[test]
fn only_whole_tests_and_their_imports_are_removed() {
    let script = "import { a, b } from './a';\n\ntest('a', () => {\n  a();\n});\n\ntest('b', () => {\n  b();\n});\n";
    let without = |text: &str| script.replace(text, "");
    let second = "test('b', () => {\n  b();\n});\n";
    for (new, only) in [
        (script.to_owned(), false),
        (without(second), true),
        (without(second).replace("{ a, b }", "{ a }"), true),
        (without(second).replace("import { a, b } from './a';\n", ""), true),
        (String::new(), true),
        (without("  b();\n"), false),
        (without("  a();\n"), false),
        (without(second).replace("a();", "true;"), false),
        (format!("{}more();\n", without(second)), false),
        (format!("{}import x from 'x';\n", without(second)), true),
        (format!("import y from 'y';\n{script}"), false),
    ] {
        assert_eq!(only_removes_tests("a.test.js", script, &new), only, "{new}");
    }
    let go = "import (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestA(t *testing.T) {\n\tos.Exit(0)\n}\n\nfunc TestB(t *testing.T) {\n}\n";
    let less =
        go.replace("\t\"os\"\n", "").replace("func TestA(t *testing.T) {\n\tos.Exit(0)\n}\n\n", "");
    assert!(only_removes_tests("a_test.go", go, &less));
    assert!(!only_removes_tests("a_test.go", go, &go.replace("\tos.Exit(0)\n", "")));
    let shell = "@test \"a\" {\n  run a\n}\n@test \"b\" {\n  run b\n}\n";
    assert!(only_removes_tests("a.bats", shell, "@test \"b\" {\n  run b\n}\n"));
    assert!(!only_removes_tests("a.bats", shell, &shell.replace("  run a\n", "")));
    assert!(!only_removes_tests("a.txt", "def test_a():\n", ""), "no language");
}

#[test]
fn code_among_tests_that_is_named_like_none_may_be_a_hook() {
    for (path, may) in [
        ("tests/helper.py", true),
        ("tests/conftest.py", true),
        ("spec/support/env.rb", true),
        ("tests/common/mod.rs", true),
        ("tests/test_a.py", false),
        ("tests/a.test.ts", false),
        ("tests/data.json", false),
        ("src/helper.py", false),
    ] {
        assert_eq!(may_be_hook(path), may, "{path}");
    }
}
