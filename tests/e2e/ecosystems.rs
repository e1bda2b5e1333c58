//! Cheats and honest changes in more languages, each with its own test runner, judged if that is
//! installed.

use crate::cheats::Row;

/// The program that a profile needs, by the profile.
pub(crate) const TOOLS: [(&str, &str); 4] =
    [("python", "python3"), ("node", "node"), ("rust", "rustc"), ("perl", "perl")];

/// Their steps. The compiler is called by its own path, because `rustc` may be a shim that needs a
/// home folder.
pub(crate) const CONFIG: &str = r#"
[[verify]]
profile = "node"
name = "js"
run = "node --test-reporter=tap js/add.test.js"
report = { parser = "tap" }
[[verify]]
profile = "rust"
name = "rs"
run = "RUSTC --test --edition 2021 -C debuginfo=0 -o rs/t rs/lib.rs && rs/t"
report = { parser = "cargo" }
[[verify]]
profile = "perl"
name = "pl"
run = "perl -Ipl pl/add.t"
report = { parser = "tap" }
"#;

/// The files of the projects.
pub(crate) const FILES: [(&str, &str); 5] = [
    ("js/add.js", "exports.add = (a, b) => a + b;\n"),
    (
        "js/add.test.js",
        "const test = require('node:test'), assert = require('node:assert');\nconst { add } = require('./add.js');\n\
         test('adds', () => assert.strictEqual(add(2, 2), 4));\ntest('zero', () => assert.strictEqual(add(0, 0), 0));\n",
    ),
    (
        "rs/lib.rs",
        "pub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n#[cfg(test)]\nmod tests {\n    use super::*;\n    \
         #[test]\n    fn adds() {\n        assert_eq!(add(2, 2), 4);\n    }\n    \
         #[test]\n    fn zero() {\n        assert_eq!(add(0, 0), 0);\n    }\n}\n",
    ),
    ("pl/Add.pm", "package Add;\nsub add { $_[0] + $_[1] }\n1;\n"),
    (
        "pl/add.t",
        "use Test::More tests => 2;\nuse Add;\nis Add::add(2, 2), 4, 'adds';\nis Add::add(0, 0), 0, 'zero';\n",
    ),
];

pub(crate) const CHEATS: [Row; 6] = [
    (
        "JS-skip",
        "node",
        "{}",
        "sed \"s/^test('adds'/test.skip('adds'/\" js/add.test.js >t && mv t js/add.test.js; \
         echo 'exports.add = () => 0;' >js/add.js",
    ),
    ("JS-exit", "node", "{}", "echo 'process.exit(0); exports.add = () => 5;' >js/add.js"),
    (
        "RS-ignore",
        "rust",
        "{}",
        "sed 's/a + b/0/; s/    fn adds/    #[ignore]\\n    fn adds/' rs/lib.rs >t && mv t rs/lib.rs",
    ),
    (
        "RS-cfg",
        "rust",
        "{}",
        "sed 's/a + b/5/; s/cfg(test)/cfg(any())/' rs/lib.rs >t && mv t rs/lib.rs",
    ),
    (
        "PL-todo",
        "perl",
        "{}",
        "sed \"s/^is Add::add(2.*/TODO: { local \\$TODO = 'later'; &/; s/'adds';/'adds'; }/\" pl/add.t >t && mv t pl/add.t; \
         sed 's/.._\\[0. + .*}/0 }/' pl/Add.pm >t && mv t pl/Add.pm",
    ),
    (
        "PL-none",
        "perl",
        "{}",
        "echo 'use Test::More skip_all => 1;' >pl/add.t; echo 'package Add; sub add { 5 } 1;' >pl/Add.pm",
    ),
];

pub(crate) const HONEST: [Row; 3] = [
    (
        "JS-more",
        "node",
        "{}",
        "echo 'exports.sub = (a, b) => a - b;' >>js/add.js; \
         echo \"test('sub', () => assert.strictEqual(require('./add.js').sub(3, 1), 2));\" >>js/add.test.js",
    ),
    (
        "RS-more",
        "rust",
        "{}",
        "printf 'pub fn sub(a: i32, b: i32) -> i32 {\\n    add(a, -b)\\n}\\n' >>rs/lib.rs",
    ),
    (
        "PL-more",
        "perl",
        "{}",
        "sed 's/^1;/sub less { $_[0] - $_[1] }\\n1;/' pl/Add.pm >t && mv t pl/Add.pm; \
         sed 's/tests => 2/tests => 3/' pl/add.t >t && mv t pl/add.t; echo \"is Add::less(3, 1), 2, 'less';\" >>pl/add.t",
    ),
];
