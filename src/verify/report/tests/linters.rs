//! Tests what the parsers of linters take from their output, and what they refuse.

use super::texts::{CUT, check};
use super::*;

#[test]
fn linters_of_javascript_tell_findings_and_count_them() {
    check(
        Parser::Tsc,
        &[
            ("", Ok(&[])),
            ("error TS18003: No inputs were found.\n", Ok(&["- TS18003: No inputs were found."])),
            (
                "/project/a(1).ts(1,7): error TS2322: Type 'a' is: not b.\n  more\n",
                Ok(&["- a(1).ts::TS2322: Type 'a' is: not b."]),
            ),
            ("a.ts:1:7 - error TS1: x\n\nFound 1 error in a.ts:1\n", Ok(&["- a.ts::TS1: x"])),
            ("a.ts:1:7 - error TS1: x\n", Err(CUT)),
            (
                "a.ts:1:7 - error TS1: x\n\nFound 2 errors.\n",
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            ("a.ts(1,7): error TSx: y\na.ts(1,7): warning TS1: y\n", Ok(&[])),
        ],
    );
    check(
        Parser::Eslint,
        &[
            ("", Ok(&[])),
            (
                "/project/a.js\n  1:5   error    'a' is not defined  no-undef\n  2:1   warning  x  no-x\n\n✖ 2 problems (1 error, 1 warning)\n",
                Ok(&["- a.js::no-undef: 'a' is not defined"]),
            ),
            (
                "a.js\n  1:5  error  x  no-x\n\n✖ 1 problem (1 error, 0 warnings)\n",
                Ok(&["- a.js::no-x: x"]),
            ),
            ("a.js\n  1:5  error  x  no-x\n", Err("it is cut off")),
            ("a.js\n  1:5  warning  x  no-x\n", Err("it is cut off")),
            (
                "a.js\n  1:5  error  x  no-x\n✖ 2 problems (2 errors)\n",
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            ("a.js\n  a:5  error  x  no-x\n  1  error  y  no-y\n", Ok(&[])),
        ],
    );
}

#[test]
fn ruff_and_clippy_tell_findings_and_have_a_last_line() {
    check(
        Parser::Ruff,
        &[
            ("All checks passed!\n", Ok(&[])),
            (
                "F401 [*] `os` imported but unused\n --> /project/a.py:1:8\n  |\n\nFound 1 error.\n",
                Ok(&["- a.py::F401: `os` imported but unused"]),
            ),
            (
                "a.py:1:8: PLR2004 Magic value\nb.py:1:1: SyntaxError: Expected\nc.py:1:1: invalid-syntax: Expected\nFound 3 errors.\n",
                Ok(&[
                    "- a.py::PLR2004: Magic value",
                    "- b.py::SyntaxError: Expected",
                    "- c.py::invalid-syntax: Expected",
                ]),
            ),
            (
                "a.py:1:8: F401 x\nAll checks passed!\n",
                Err("it lists 1 items, and counts 0 at its end"),
            ),
            (
                "a.py:1:8: F401 x\nFound 2 errors.\n",
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            ("a.py:1:8: F401 x\n", Err(CUT)),
            ("Found some errors.\n", Err("its last line cannot be read")),
            ("a.py:1:8: F40 x\na.py:x:8: F401 x\na.py:1:8: f401 x\nFound 0 errors.\n", Ok(&[])),
        ],
    );
    check(
        Parser::Clippy,
        &[
            ("    Finished `dev` profile in 0.1s\n", Ok(&[])),
            (
                "warning: unused\n --> src/a.rs:1:1\nerror[E0308]: mismatched types\n  --> src/a.rs:2:5\n   |\nerror: this loop never loops\n   --> /project/src/b.rs:3:9\n\
                 error: aborting due to 2 previous errors\n --> src/c.rs:1:1\nerror: could not compile `a` (lib) due to 2 previous errors\n",
                Ok(&["- src/a.rs::mismatched types", "- src/b.rs::this loop never loops"]),
            ),
            ("error: x\n --> src/a.rs:2:5\n", Err(CUT)),
            // An error without a place is one of the tool itself.
            ("error: x\nwarning: y\n --> src/a.rs:2:5\n    Finished dev\n", Ok(&[])),
        ],
    );
}
