//! Tests which files are tests, checks and code of which language.

use super::super::paths::Language;
use super::super::paths::{is_test_of_its_language, name};
use super::super::{is_check, is_test, may_patch};

#[test]
fn a_language_is_told_by_the_last_ending() {
    for (endings, language) in [
        ("ts tsx mts cts js jsx mjs cjs vue svelte", Language::Script),
        ("py pyi", Language::Python),
        ("rs", Language::Rust),
        ("go", Language::Go),
        ("sh bash bats zsh ksh", Language::Shell),
        (
            "java kt scala groovy cs swift php rb ex exs dart c cc cpp cxx t pl pm lua hs erl",
            Language::Further,
        ),
        ("md json toml RS Py", Language::Other),
    ] {
        for ending in endings.split(' ') {
            assert_eq!(Language::of(&format!("a.b/c.d.{ending}")), language, "{ending}");
        }
    }
    for path in ["py", "a.py/b", "", "a.", ".rs/x"] {
        assert_eq!(Language::of(path), Language::Other, "{path}");
    }
    assert_eq!(Language::of(".rs"), Language::Rust);
    assert_eq!((name("a/b/c.rs"), name("c.rs"), name("a/"), name("")), ("c.rs", "c.rs", "", ""));
}

#[test]
fn tests_have_names_that_products_do_not_have() {
    let tests = "test_a.py testa.py a_test.py a.test.ts a.spec.vue a.cy.js a-test.js a_test.tsx \
                 a-spec.mjs a_spec.jsx aSpec.ts test-a.cjs test.mts a.snap tests.rs a_test.rs \
                 a_tests.rs a_test.go a.bats a_test.sh test_a.sh test-a.sh test.sh ATest.java \
                 ATests.java AIT.java ATest.kt ATests.kt ASpec.kt ASpec.scala ASpec.groovy ASpec.hs \
                 ATest.scala ATest.groovy ATest.cs ATests.cs ATests.swift ATest.php a_spec.rb \
                 a_test.rb test_a.rb a_test.exs a_test.dart a_test.c a_test.cpp a_unittest.cc \
                 test_a.cxx a.t a.feature a.approved.txt a.verified.json";
    for test in tests.split_whitespace() {
        assert!(is_test(test) && is_test(&format!("src/a/{test}")), "{test}");
    }
    let products = "testing.py testing_tools.py testimony.py testament.py testable.py attest.py \
                    a_tests.py atest.js test.rs tested.rs a_test.txt test_a.go contest.sh \
                    tests.sh ATestCase.java Spec.hs.txt rspec.rb latest.c a_tests.exs a.snapx \
                    a.features approved.txt a.testx.ts itest.rs AITX.java";
    for product in products.split_whitespace() {
        assert!(!is_test(&format!("src/{product}")), "{product}");
    }
}

#[test]
fn all_that_is_below_a_folder_of_tests_is_a_test() {
    let folders = "tests test __tests__ spec specs testdata __snapshots__ __fixtures__ golden e2e \
                   cypress snapshots Tests TEST Shop.Tests Shop.E2e a.b.spec";
    for folder in folders.split_whitespace() {
        for path in [format!("{folder}/a.txt"), format!("x/{folder}/y/a")] {
            assert!(is_test(&path), "{path}");
        }
    }
    for folder in ["testing", "tests2", "my-tests", "tests.old", "specification", "contest"] {
        assert!(!is_test(&format!("{folder}/a.txt")), "{folder}");
    }
    // Expected data counts at the top alone, and the name of a file is not that of a folder.
    for (path, expected) in [
        ("fixtures/a.json", true),
        ("expected/a.txt", true),
        ("src/fixtures/a.json", false),
        ("Fixtures/a.json", false),
        ("tests", false),
        ("", false),
        ("src/tests", false),
    ] {
        assert_eq!(is_test(path), expected, "{path}");
    }
}

#[test]
fn a_test_of_its_language_is_read_by_the_tools_of_that_language_alone() {
    for (path, expected) in [
        ("tests/a.rs", true),
        ("tests/sub/a.rs", false),
        ("tests/sub/a_test.rs", true),
        ("src/tests.rs", true),
        ("__tests__/a.js", true),
        ("__tests__/a.py", false),
        ("tests/a.py", false),
        ("tests/test_a.py", true),
        ("testdata/test_a.py", false),
        ("tests/data/test_a.py", false),
        ("tests/golden/a_test.go", false),
        ("tests/fixtures/a.test.ts", false),
        ("__snapshots__/a.snap", false),
        ("tests/expected/tests.rs", false),
        ("a.snap", true),
        ("a.txt", false),
    ] {
        assert_eq!(is_test_of_its_language(path), expected, "{path}");
    }
}

#[test]
fn a_check_is_told_by_its_folder_or_a_word_of_its_name() {
    for folder in "scripts script ci .ci tools hack checks .github bin a/ci/b".split(' ') {
        assert!(is_check(&format!("{folder}/x.py")), "{folder}");
    }
    for word in "check test verify lint validate coverage assert ci spec gate".split(' ') {
        for name in [word.to_owned(), format!("{word}.sh"), format!("pre-{word}_all.py")] {
            assert!(is_check(&format!("src/{name}")), "{name}");
        }
        assert!(!is_check(&format!("src/{word}s.sh")), "{word}");
        assert!(is_check(&format!("src/{}.sh", word.to_uppercase())), "{word}");
    }
    for path in ["src/a.sh", "cicd/a.py", "src/checkout.rs", "src/a.check.sh", "binary/x"] {
        assert!(!is_check(path), "{path}");
    }
}

#[test]
fn a_python_test_may_patch_by_any_of_these_words_and_assignments() {
    for text in [
        "setattr(a, 'b', c)",
        "delattr(a, 'b')",
        "import builtins",
        "importlib.reload(a)",
        "import ctypes",
        "atexit.register(f)",
        "def load_tests(a, b, c):",
        "gc.get_objects()",
        "exec(code)",
        "eval ('a')",
        "globals()['a']",
        "open('a')",
        "a.__dict__['b']",
        "a.__code__",
        "f.__setattr__('a', 1)",
        "__import__('a')",
        "a.__class__",
        "a.__getattribute__('b')",
        "os.remove('a')",
        "shutil.rmtree('a')",
        "subprocess.run(x)",
        "signal.signal(a, b)",
        "a.start()",
        "a.update(b)",
        "a.clear()",
        "a.setdefault(b, c)",
        "a.write_text('x')",
        "x = 1\n  pytest_plugins = 1",
        "for a.b in c:",
        "with f() as a.b:",
        "from shop import os",
        "a.b = 1",
        "a[0] = 1",
        "a.b += 1",
        "a.b: int = 1",
        "f().b = 1",
        "x, a.b = 1, 2",
        "  pytest_configure = 1",
    ] {
        assert!(may_patch("tests/test_a.py", text), "{text}");
    }
}

#[test]
fn a_python_test_that_reads_and_compares_patches_nothing() {
    for text in [
        "settattr = 1",
        "a.b == 1",
        "a.b != 1",
        "a.b >= 1",
        "self.a = 1",
        "cls.a = 1",
        "a: int = 1",
        "f(a.b, c=1)",
        "a = b.c",
        "reopen(x)",
        "a.started()",
        "assert a.b",
        "my_pytest_x = 1",
        "",
    ] {
        assert!(!may_patch("tests/test_a.py", text), "{text}");
    }
}

#[test]
fn a_test_of_another_language_may_patch_in_its_own_ways() {
    for (path, text, expected) in [
        ("a.test.js", "Array.prototype.map", true),
        ("a.test.js", "x.__proto__", true),
        ("a.test.js", "delete require.cache[x]", true),
        ("a.test.js", "Object.defineProperty(a, b)", true),
        ("a.test.js", "Object.setPrototypeOf(a, b)", true),
        ("a.test.js", "Reflect.set(a)", true),
        ("a.test.js", "eval('a')", true),
        ("a.test.js", "fs.rmSync('a')", true),
        ("a.test.js", "writeFileSync('a')", true),
        ("a.test.js", "module.exports", true),
        ("a.test.js", "this.a = 1", false),
        ("a.test.js", "Object.keys(a)", false),
        ("a.test.js", "f = (a = 1) => a", false),
        ("a.test.js", "let f = (x) => x.y", false),
        ("a.test.js", "a?.b = 1", true),
        ("a_test.go", "func init () {", true),
        ("a_test.go", "os.Exit(0)", true),
        ("a_test.go", "reflect.ValueOf(a)", true),
        ("a_test.go", "//go:linkname a b", true),
        ("a_test.go", "\tvar n int\n\tn = 3", false),
        ("a_test.go", "\tn := 3\n\tn = 4", false),
        ("a_test.go", "func f(n int) {\n\tn = 3", false),
        ("a_test.go", "\tn = 3", true),
        ("a_test.go", "\t_ = f()", false),
        ("a_test.go", "\ta.b = 3", true),
        ("ATest.java", "System.exit(0)", true),
        ("ATest.java", "f.setAccessible(true)", true),
        ("ATest.java", "  static {", true),
        ("ATest.java", "  static void f() {", false),
        ("a_test.rb", "String.class_eval do", true),
        ("a_test.rb", "at_exit { }", true),
        ("a_test.rb", "@a = 1", false),
        ("a_test.rb", "class String", true),
        ("a_test.rb", "class ATest < Minitest::Test", false),
        ("a.t", "BEGIN { }", true),
        ("a.t", "*Shop::tax", true),
        ("ATest.php", "$this->a = 1;", false),
        ("ATest.php", "$shop->a = 1;", true),
        ("ATest.php", "Shop::$a = 1;", true),
        ("a_test.c", "#define add f", true),
        ("a_test.c", "__attribute__((constructor))", true),
        ("a_test.c", "int a = 1;", false),
        ("tests/a.rs", "SHOP.tax = 1;", false),
        ("tests/a.sh", "", true),
        ("tests/a.txt", "a.b = 1", false),
    ] {
        assert_eq!(may_patch(path, text), expected, "{path}: {text}");
    }
}
