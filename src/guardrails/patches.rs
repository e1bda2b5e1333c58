//! Finds code in a new test that may change what other tests see.
//!
//! Many runners load all tests into one process. There, a new test can replace a function of the
//! product for the tests that the base has, so that these pass with broken work. A test that stays
//! within itself cannot. In doubt, a test is said to reach further: it is only judged once more.

use super::paths::Language;
use regex::{Regex, RegexSet};
use std::sync::OnceLock;

/// What reaches beyond a test, by language. Assignments are found by [`assigns_beyond`].
const REACHES: [(Language, &str); 13] = [
    (
        Language::Python,
        r"\b(?:setattr|delattr|builtins|importlib|reload|ctypes|atexit|load_tests|gc)\b",
    ),
    (
        Language::Python,
        r"\b(?:exec|eval|globals|vars|open)\s*\(|__\w*(?:dict|code|setattr|import|class|getattr\w*)__",
    ),
    (
        Language::Python,
        r"\b(?:os|sys|shutil|subprocess|signal|threading)\.|\.(?:start|update|clear|setdefault|write\w*)\(",
    ),
    (
        Language::Python,
        r"(?m)^\s*pytest_|\b(?:for|as)\s+\w+[.\[]|^\s*from \w[\w.]* import .*\b(?:os|sys)\b",
    ),
    (
        Language::Script,
        r"\b(?:prototype|__proto__|globalThis|global|window|process|child_process|vm)\b",
    ),
    (
        Language::Script,
        r"\brequire\.cache\b|\bObject\.(?:assign|define\w+|setPrototypeOf)|\bReflect\.|\beval\s*\(",
    ),
    (Language::Script, r"\bfs\b|\bwrite(?:File|Sync)|\bexports\b"),
    (
        Language::Go,
        r"(?m)^func\s+(?:init|TestMain)\s*\(|\b(?:os|reflect|unsafe|syscall|exec)\.|go:linkname",
    ),
    (Language::Further, r"\b_?exit\b|\babort\b|\bsetAccessible\b|\breflect\b|(?m)^\s*static\s*\{"),
    (
        Language::Further,
        r"\b(?:define_method|class_eval|module_eval|instance_eval|instance_variable_set|prepend|at_exit)\b",
    ),
    (Language::Further, r"\bBEGIN\b|\*\w*(?:::\w+)+|\*\{|\bno strict\b|\bclass_alias\b|\brunkit"),
    (Language::Further, r"\batexit\b|\bconstructor\b|\bdlsym\b|(?m)^\s*#\s*define\b"),
    (Language::Further, r"(?m)^\s*(?:class|module)\s+[A-Z]\w*\s*$|\bDllImport\b"),
];

/// Returns whether the new test at `path` may change what other tests see. A Rust test is part of a
/// program of its own, or of a module that the product declares.
pub(crate) fn may_patch(path: &str, text: &str) -> bool {
    let language = Language::of(path);
    match language {
        Language::Rust | Language::Other => false,
        // A script may be read by the shell that runs the others.
        Language::Shell => true,
        Language::Python | Language::Script | Language::Go | Language::Further => {
            found(language, text) || text.lines().any(|line| assigns_beyond(line, language, text))
        }
    }
}

fn found(language: Language, text: &str) -> bool {
    static COMPILED: OnceLock<Option<RegexSet>> = OnceLock::new();
    let set = COMPILED.get_or_init(|| RegexSet::new(REACHES.iter().map(|(_, text)| text)).ok());
    // Without the patterns nothing can be excluded.
    set.as_ref().is_none_or(|set| set.matches(text).iter().any(|at| REACHES[at].0 == language))
}

/// Returns whether a line assigns to something that the test does not own: a member or an element,
/// except members of the test itself, and in Go a variable that `text` does not declare.
fn assigns_beyond(line: &str, language: Language, text: &str) -> bool {
    let Some(target) = target(line) else { return false };
    target.split(',').map(str::trim).any(|one| {
        let own = ["self.", "cls.", "this.", "$this->", "@"];
        let own = own.iter().find_map(|prefix| one.strip_prefix(prefix)).unwrap_or(one);
        let is_member = own.contains(['.', '[']) || own.contains("->") || own.contains("::");
        is_member || (language == Language::Go && is_foreign(own, text))
    })
}

/// Returns the left side of an assignment.
fn target(line: &str) -> Option<&str> {
    let line = line.trim();
    let mut from = 0;
    loop {
        let at = from + line.get(from..)?.find('=')?;
        let (before, behind) = (&line[..at], &line[at + 1..]);
        if behind.starts_with('>') {
            from = at + 2;
            continue;
        }
        // A comparison, or a Go declaration.
        if behind.starts_with('=') || before.ends_with(['!', '<', '>', ':', '=', '~']) {
            return None;
        }
        let before = before.trim_end_matches(|letter: char| "+-*/%&|^?.".contains(letter)).trim();
        let before = before.split_once(": ").map_or(before, |(name, _)| name);
        // Within brackets it is an argument or a default.
        let (open, closed) = (before.rfind('('), before.rfind(')'));
        return match (open, closed) {
            (None, None) => Some(before),
            (Some(open), Some(closed)) if closed > open => {
                Some(&before[closed + 1..]).filter(|rest| rest.starts_with(['.', '[']))
            }
            _ => None,
        };
    }
}

/// Returns whether a Go test assigns to the variable `name` without declaring it.
fn is_foreign(name: &str, text: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    if name.is_empty() || name == "_" || !name.chars().all(is_name) {
        return false;
    }
    let declares = format!(r"\b{name}\b[^=\n]*:=|\bvar\s+\(?\s*{name}\b|[(,]\s*{name}\s+[\w*\[]");
    Regex::new(&declares).is_ok_and(|declares| !declares.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_replaces_something_reaches_further() {
        for (path, text) in [
            ("tests/test_0.py", "import shop.price\nshop.price.tax = lambda price: 4\n"),
            ("tests/test_0.py", "import shop\ndef test_x():\n    setattr(shop, 'tax', 4)\n"),
            ("tests/test_0.py", "from shop import RATES\nRATES['de'] = 19\n"),
            ("tests/test_0.py", "vars(shop)['tax'] = 4\n"),
            ("tests/test_0.py", "import shop\nshop.a, x = 4, 5\n"),
            ("tests/test_0.py", "import shop\nfor shop.tax in [f]:\n    pass\n"),
            ("tests/test_0.py", "patch('shop.tax', f).start()\n"),
            ("tests/test_0.py", "open('shop/price.py', 'w').write('')\n"),
            (
                "tests/test_0.py",
                "class T(TestCase):\n    def test_x(self):\n        self.shop.tax = f\n",
            ),
            ("a.test.js", "const price = require('../lib/price');\nprice.tax = () => 4;\n"),
            ("a.test.js", "Object.assign(require('../price'), { tax: () => 4 });\n"),
            ("a.test.js", "process.exit(0);\n"),
            ("a_test.go", "package a\n\nfunc init() { rate = 19 }\n"),
            ("a_test.go", "package a\n\nfunc TestMain(m *testing.M) {}\n"),
            ("a_test.go", "package a\n\nfunc TestA(t *testing.T) {\n\trate = 19\n}\n"),
            ("t/0.t", "use Test::More; no strict 'refs'; *Shop::tax = sub { 4 };\n"),
            ("ATest.java", "class ATest { static { Price.rate = 19; } }\n"),
            ("tests/0_test.sh", "add() { echo 4; }\n"),
        ] {
            assert!(may_patch(path, text), "{path}: {text}");
        }
    }

    #[test]
    fn an_ordinary_test_stays_within_itself() {
        for (path, text) in [
            (
                "tests/test_a.py",
                "import unittest\nfrom shop.price import tax\n\nLIMIT = 3\n\nclass TestTax(unittest.TestCase):\n    \
                 def setUp(self):\n        self.price = 4\n\n    def test_tax(self):\n        \
                 for price, rate in [(1, 2)]:\n            with self.subTest(price=price):\n                \
                 found = tax(price, rate=rate)\n                self.assertEqual(found, 4)\n\n\
                 if __name__ == \"__main__\":\n    unittest.main()\n",
            ),
            (
                "tests/test_b.py",
                "import pytest\n\n@pytest.mark.parametrize(\"a, b\", [(1, 2)])\ndef test_b(a, b, tmp_path, x=1):\n    \
                 with pytest.raises(ValueError, match=\"a\") as error:\n        f(a.b)\n    assert a.b >= 2 and a == b\n",
            ),
            (
                "a.test.js",
                "const test = require('node:test');\nconst { tax } = require('../lib/price');\n\
                 test('tax', () => {\n  const found = tax(1, 2);\n  let more = found === 4;\n  assert.ok(more);\n});\n",
            ),
            (
                "a.test.ts",
                "describe('a', () => {\n  let x: number = 3;\n  beforeEach(() => { });\n  \
                 it('b', async () => {\n    expect(a.b).toEqual({ c: 1 });\n  });\n});\n",
            ),
            (
                "a_test.go",
                "package a\n\nfunc TestA(t *testing.T) {\n\tgot, err := Tax(1)\n\tif err != nil || got != 4 {\n\t\t\
                 t.Fatal(got)\n\t}\n\tgot, err = Tax(2)\n\tvar n int\n\tn = 3\n\tfor _, c := range cases {\n\t\t_ = c\n\t}\n}\n",
            ),
            (
                "ATest.java",
                "class ATest {\n  @Test void adds() {\n    int found = Price.tax(1);\n    assertEquals(4, found);\n  }\n}\n",
            ),
            (
                "t/a.t",
                "use Test::More tests => 1;\nuse Shop;\nmy $x = Shop::tax(1);\nis $x, 4, 'tax';\n",
            ),
            ("tests/golden/out.txt", "a.b = 3\n"),
            ("src/cart/tests.rs", "fn f() { cart.total = 3; }\n"),
        ] {
            assert!(!may_patch(path, text), "{path}: {text}");
        }
    }
}
