//! Tests line by line what each parser of text takes from the output of its tool, and what it
//! refuses.

use super::*;

/// Checks reports of a parser: the items, each with `+`, `-` or `o` before it, or the reason why
/// the report is refused.
pub(super) fn check(parser: Parser, cases: &[(&str, Result<&[&str], &str>)]) {
    for (text, expected) in cases {
        let expected = match expected {
            Ok(items) => Ok(items.iter().map(ToString::to_string).collect()),
            Err(why) => Err((*why).to_owned()),
        };
        assert_eq!(shown(parser, text), expected, "{parser:?}:\n{text}");
    }
}

pub(super) const CUT: &str = "it has no last line: it is cut off";

#[test]
fn cargo_tells_of_each_program_and_its_tests() {
    let head = "     Running unittests src/lib.rs (target/debug/deps/shop-0a1b)\n\n";
    let text = |body: &str| format!("{head}{body}");
    let result = "test result: FAILED. 1 passed; 2 failed; 1 ignored; 1 measured; 0 filtered out; finished in 0.00s\n";
    let all = text(&format!(
        "running 5 tests\ntest a ... ok\ntest b::c ... FAILED\ntest d ... ignored, later\n\
         test e ... bench:         12 ns/iter (+/- 1)\ntest f - should panic ... FAILED\n\n\
         failures:\n\n---- a stdout ----\ntest x ... ok\n\nfailures:\n    b::c\n\n{result}"
    ));
    let items = [
        "+ shop:src/lib.rs::a",
        "- shop:src/lib.rs::b::c",
        "o shop:src/lib.rs::d",
        "+ shop:src/lib.rs::e",
        "- shop:src/lib.rs::f",
    ];
    let one = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 5.00s\n";
    let doc = format!(
        "   Doc-tests my-shop\n\nrunning 1 test\ntest src/lib.rs - a::b (line 12) ... ok\n\n{one}"
    );
    let compile = format!(
        "   Doc-tests shop\n\nrunning 1 test\ntest src/lib.rs - a (line 2) - compile fail ... ok\n\n{one}"
    );
    let bare =
        format!("     Running tests/it.rs (/t/it)\n\nrunning 1 test\ntest a ... ok\n\n{one}");
    let two = text(&format!("running 1 test\ntest a ... ok\n{one}{doc}"));
    check(
        Parser::Cargo,
        &[
            (&all, Ok(&items)),
            (&doc, Ok(&["+ my-shop:doc::src/lib.rs - a::b"])),
            (&compile, Ok(&["+ shop:doc::src/lib.rs - a - compile fail"])),
            (&bare, Ok(&["+ it:tests/it.rs::a"])),
            (&two, Ok(&["+ my-shop:doc::src/lib.rs - a::b", "+ shop:src/lib.rs::a"])),
        ],
    );
}

#[test]
fn cargo_that_was_cut_off_or_counts_others_is_refused() {
    let text = |body: &str| {
        format!("     Running unittests src/lib.rs (target/debug/deps/shop-0a1b)\n\n{body}")
    };
    let one = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 5.00s\n";
    let whole = text(&format!("running 1 test\ntest a ... ok\n{one}"));
    check(
        Parser::Cargo,
        &[
            (
                &text("running 0 tests\n\ntest result: ok. 0 passed; 0 failed;\n"),
                Err("no test ran"),
            ),
            ("", Err("no test ran")),
            (
                &text("running 1 test\ntest a ... ok\n"),
                Err("the tests of shop:src/lib.rs did not end"),
            ),
            (
                &text(&format!(
                    "running 1 test\ntest a ... ok\nrunning 1 test\ntest b ... ok\n{one}"
                )),
                Err("the tests of shop:src/lib.rs did not end"),
            ),
            (
                &text(&format!("running 2 tests\ntest a ... ok\n{one}")),
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            (
                &text("running 1 test\ntest a ... ok\ntest result: ok. 2 passed; 0 failed;\n"),
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            (
                &text(&format!("running 1 test\ntest a ... okay\n{one}")),
                Err("it lists 0 items, and counts 1 at its end"),
            ),
            (
                &format!("{whole}error: could not compile `shop` (test \"it\")\n"),
                Err("it does not compile"),
            ),
        ],
    );
}

#[test]
fn nextest_tells_the_last_try_of_each_test() {
    let sum = |text: &str| format!("     Summary [   0.010s] {text}\n");
    let lines = "    PASS [   0.005s] (1/9) shop a::b\n    FAIL [   0.005s] shop::it c\n\
                 SIGABRT [   0.005s] (3/9) shop d\n TIMEOUT [  60.005s] shop e\n\
                 LEAK [   0.1s] shop f\n SKIP [   ] shop g\n SLOW [> 60.000s] shop a::b\n";
    let all = format!(
        "{lines}{}FAIL [   0.005s] shop::it c\n",
        sum("5 tests run: 2 passed, 3 failed, 1 skipped")
    );
    let items =
        ["+ shop::a::b", "- shop::d", "- shop::e", "+ shop::f", "o shop::g", "- shop::it::c"];
    let tries = format!(
        "  TRY 1 FAIL [   0.004s] (1/2) shop a\n  RETRY 2/3 [         ] shop a\n\
         \x20 TRY 2 PASS [   0.003s] (1/2) shop a\n  TRY 1 FAIL [   0.1s] shop b\n\
         \x20 TRY 2 FAIL [   0.1s] shop b\n{}  FLAKY 2/3 [   0.003s] shop a\n",
        sum("2 tests run: 1 passed (1 flaky), 1 failed, 0 skipped")
    );
    let stopped = format!("PASS [ 0.1s] shop a\n{}", sum("1/4 tests run: 1 passed"));
    let unread = "its summary cannot be read";
    check(
        Parser::Nextest,
        &[
            (&all, Ok(&items)),
            (&tries, Ok(&["+ shop::a", "- shop::b"])),
            // A run that was stopped says how many of all it ran.
            (&stopped, Ok(&["+ shop::a"])),
            (&format!("PASS [ 0.1s] shop a\n{}", sum("1 test run: 1 passed")), Ok(&["+ shop::a"])),
            (&sum("0 tests run: 0 passed, 4 skipped"), Err("no test ran")),
            (
                &format!("PASS [ 0.1s] shop a\n{}", sum("2 tests run: 2 passed")),
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            (
                &format!(
                    "PASS [ 0.1s] shop a\nPASS [ 0.1s] shop b\n{}",
                    sum("1 test run: 1 passed")
                ),
                Err("it lists 2 items, and counts 1 at its end"),
            ),
            (
                &format!("PASS [ 0.1s] shop a\n{}", sum("1 test run: 9 passed")),
                Err("its summary contradicts itself"),
            ),
            (&sum("some tests run: 1 passed"), Err(unread)),
            (&sum("nothing"), Err(unread)),
            (
                "PASS [ 0.1s] shop a\n",
                Err("it has no summary: it is cut off, or nothing was compiled"),
            ),
        ],
    );
}

#[test]
fn pytest_names_each_case_in_its_lines_or_its_summary() {
    let end = |text: &str| format!("===== {text} in 0.10s =====\n");
    let names = "a.py::t1 PASSED   [ 10%]\na.py::t2 FAILED\na.py::C::t3[x PASSED y] SKIPPED (why)\n\
                 a.py::t4 XFAIL\na.py::t5 XPASS\n";
    let all = format!("{names}{}", end("1 failed, 1 passed, 1 skipped, 1 xfailed, 1 xpassed"));
    let workers = format!(
        "[gw0] [ 50%] PASSED a.py::t1 \n[gw1] [100%] FAILED a.py::t2 \n{}",
        end("1 failed, 1 passed")
    );
    let short = "====== short test summary info ======\nPASSED a.py::t1\nFAILED a.py::t2 - assert 1 == 2 - x\n\
                 ERROR b.py - ImportError\nXFAIL a.py::t3 - known\n";
    let dots = format!(".F.\n{short}{}", end("1 failed, 1 passed, 1 xfailed, 1 error"));
    let quiet = "a.py::t1 PASSED\n1 passed in 0.01s\n";
    let collect = format!(
        "a.py::t1 PASSED\n===== short test summary info =====\nERROR b.py - SyntaxError\n{}",
        end("1 passed, 1 error")
    );
    let teardown = format!(
        "a.py::t1 PASSED\na.py::t1 ERROR\n===== short test summary info =====\nERROR a.py::t1 - x\n{}",
        end("1 passed, 1 error")
    );
    // Words of a result in the values of a case, or in the reason of a skipped test.
    let words = format!(
        "a.py::t[x FAILED y] PASSED [ 1%]\na.py::t[a] PASSED b] FAILED [ 2%]\na.py::u SKIPPED (a PASSED b) [ 3%]\n{}",
        end("1 passed, 1 failed, 1 skipped")
    );
    let values = format!(
        "======= short test summary info =======\nFAILED a.py::t[a - b] - assert 0\nPASSED a.py::t[c - d]\n{}",
        end("1 failed, 1 passed")
    );
    check(
        Parser::Pytest,
        &[
            (
                &all,
                Ok(&[
                    "o a.py::C::t3[x PASSED y]",
                    "+ a.py::t1",
                    "- a.py::t2",
                    "o a.py::t4",
                    "+ a.py::t5",
                ]),
            ),
            (&workers, Ok(&["+ a.py::t1", "- a.py::t2"])),
            (&dots, Ok(&["+ a.py::t1", "- a.py::t2", "o a.py::t3", "- b.py::(file)"])),
            (quiet, Ok(&["+ a.py::t1"])),
            (&collect, Ok(&["+ a.py::t1", "- b.py::(file)"])),
            // The failed one comes first.
            (&teardown, Ok(&["- a.py::t1", "+ a.py::t1 #2"])),
            (&words, Ok(&["- a.py::t[a] PASSED b]", "+ a.py::t[x FAILED y]", "o a.py::u"])),
            (&values, Ok(&["- a.py::t[a - b]", "+ a.py::t[c - d]"])),
        ],
    );
}

#[test]
fn pytest_without_names_or_a_last_line_is_refused() {
    let end = |text: &str| format!("===== {text} in 0.10s =====\n");
    let short =
        "====== short test summary info ======\nPASSED a.py::t1\nFAILED a.py::t2 - assert 1 == 2\n";
    check(
        Parser::Pytest,
        &[
            ("===== no tests ran in 0.01s =====\n", Err("no test ran")),
            (&format!("..\n{}", end("2 passed")), Err("it has no names: run pytest with -v")),
            ("a.py::t1 PASSED\na.py::t2 FAILED\n", Err(CUT)),
            ("a.py::t1 PASSED\n1 passed\n", Err(CUT)),
            (
                &format!("a.py::t1 PASSED\n{}", end("2 passed")),
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            (
                &format!("{short}{}", end("9 passed")),
                Err("it lists 2 items, and counts 9 at its end"),
            ),
            // What is deselected did not run, and warnings are no tests.
            (
                &format!("a.py::t1 PASSED\n{}", end("1 passed, 3 deselected, 2 warnings")),
                Ok(&["+ a.py::t1"]),
            ),
        ],
    );
}

#[test]
fn go_tells_of_each_package() {
    let verbose = "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n    b_test.go:3: no\n\
                   --- FAIL: TestB (0.00s)\n    --- PASS: TestB/x (0.00s)\n    --- SKIP: TestB/y (0.00s)\nFAIL\nFAIL\tshop/a\t0.01s\n\
                   ?   \tshop/b\t[no test files]\n--- PASS: TestA (0.00s)\nok  \tshop/c\t0.01s\nFAIL\tshop/d [build failed]\nFAIL\n";
    let event = |action: &str, package: &str, test: &str| {
        format!("{{\"Action\":\"{action}\",\"Package\":\"{package}\",\"Test\":\"{test}\"}}\n")
    };
    let of_package = |action: &str| format!("{{\"Action\":\"{action}\",\"Package\":\"p\"}}\n");
    let json = [
        "go: downloading x v1\n".to_owned(),
        of_package("start"),
        event("run", "p", "TestA"),
        event("output", "p", "TestA"),
        event("pass", "p", "TestA"),
        event("run", "p", "TestB"),
        event("fail", "p", "TestB"),
        event("run", "p", "TestC"),
        event("skip", "p", "TestC"),
        of_package("fail"),
    ]
    .concat();
    let panics = [of_package("start"), event("run", "p", "TestA"), of_package("fail")].concat();
    let builds = [of_package("start"), of_package("output"), of_package("fail")].concat();
    let empty = [of_package("start"), of_package("skip")].concat();
    check(
        Parser::Go,
        &[
            (
                verbose,
                Ok(&[
                    "+ shop/a::TestA",
                    "- shop/a::TestB",
                    "+ shop/a::TestB/x",
                    "o shop/a::TestB/y",
                    "+ shop/c::TestA",
                    "- shop/d [build failed]::(package)",
                ]),
            ),
            ("--- PASS: TestA (0.00s)\n", Err("the last package did not end")),
            ("ok\n", Err("the last package did not end")),
            ("--- DONE: TestA (0.00s)\nok  \tp\t0.01s\n", Err("no test ran")),
            (&json, Ok(&["+ p::TestA", "- p::TestB", "o p::TestC"])),
            (&panics, Err("p TestA did not end")),
            (&builds, Ok(&["- p::(package)"])),
            (&empty, Err("no test ran")),
            (&json[..json.len() - 20], Err("a line is cut off")),
            (&json[..json.len() - of_package("fail").len()], Err("p  did not end")),
        ],
    );
}

#[test]
fn jest_and_vitest_tell_of_groups_and_files() {
    let jest = "PASS src/a.test.js (5.1 s)\n  sum\n    ✓ adds (2 ms)\n    deep\n      ○ skipped later\n    ✎ todo more\n  ✓ alone (1 s)\n\
                FAIL src/b.test.js\n  ✕ breaks\n\n  ● breaks\n\n    expect(1)\n\n      ✓ printed by the test\n\n\
                FAIL src/c.test.js\n  ● Test suite failed to run\n\n    SyntaxError\n\nTests:       1 failed, 1 skipped, 1 todo, 2 passed, 5 total\n";
    check(
        Parser::Jest,
        &[
            (
                jest,
                Ok(&[
                    "+ src/a.test.js::alone",
                    "+ src/a.test.js::sum > adds",
                    "o src/a.test.js::sum > deep > later",
                    "o src/a.test.js::sum > more",
                    "- src/b.test.js::breaks",
                    "- src/c.test.js::(file)",
                ]),
            ),
            ("PASS a.js\n  ✓ a\n", Err(CUT)),
            (
                "PASS a.js\n  ✓ a\nTests:  2 passed, 2 total\n",
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            ("Tests:  0 total\n", Err("no test ran")),
        ],
    );
    let vitest = " ✓ a.test.ts > sum > adds 2ms\n ✓ |web| b.test.ts > c 1.5s\n × a.test.ts > breaks\n ↓ a.test.ts > later\n \
                  ✓ a.test.ts (3)\n ? a.test.ts > odd\n\n Test Files  1 failed\n      Tests  1 failed | 2 passed | 1 skipped (4)\n ✓ d.test.ts > after\n";
    let last = "it has no last lines: it is cut off, or not of --reporter=verbose";
    check(
        Parser::Vitest,
        &[
            (
                vitest,
                Ok(&[
                    "- a.test.ts::breaks",
                    "o a.test.ts::later",
                    "+ a.test.ts::sum > adds",
                    "+ b.test.ts::c",
                ]),
            ),
            (
                " ✓ a.test.ts > takes 5ms 7ms\n Tests  1 passed (1)\n",
                Ok(&["+ a.test.ts::takes 5ms"]),
            ),
            (" ✓ a.test.ts > in ms\n Tests  1 passed (1)\n", Ok(&["+ a.test.ts::in ms"])),
            (
                " ✓ a.test.ts > b\n Tests  2 passed (2)\n",
                Err("it lists 1 items, and counts 2 at its end"),
            ),
            (" Tests  no tests\n", Err("its last lines cannot be read")),
            (" ✓ a.test.ts > b\n", Err(last)),
            ("No test files found, exiting with code 0\n", Err("no test ran")),
        ],
    );
}

#[test]
fn tap_has_a_plan_and_directives() {
    let text = "TAP version 13\n# Subtest: sum\n    # Subtest: deep\n        ok 1 - one\n        1..1\n    ok 1 - deep\n    not ok 2 - two # TODO later\n    1..2\n\
                ok 1 - sum\nok 2 - issue # 5 works\nok 3 # skip no network\nok\nnot ok 5 - 6 # 7 # SKIP because # 8\nokay 6\nnot ok 6 - bad # time=5ms\n1..6\n";
    check(
        Parser::Tap,
        &[
            (
                text,
                Ok(&[
                    "o ",
                    "+  #2",
                    "o 6 # 7",
                    "- bad",
                    "+ issue",
                    "+ sum",
                    "+ sum > deep",
                    "+ sum > deep > one",
                    "o sum > two",
                ]),
            ),
            ("1..2\nok 1 - a\n", Err("it lists 1 items, and counts 2 at its end")),
            ("ok 1 - a\nok 2 - b\n1..1\n", Err("it lists 2 items, and counts 1 at its end")),
            ("ok 1 - a\n    1..1\n", Err("it has no plan: it is cut off")),
            ("1..x\nok 1 - a\n", Err("it has no plan: it is cut off")),
            ("1..0 # SKIP no perl\n", Err("no test ran")),
            ("1..2\nok 1 - a\nBail out! no disk\n", Err("Bail out! no disk")),
            // Two subtests in a row do not nest.
            (
                "# Subtest: a\n    ok 1 - x\nok 1 - a\n# Subtest: b\n    ok 1 - y\nok 2 - b\n1..2\n",
                Ok(&["+ a", "+ a > x", "+ b", "+ b > y"]),
            ),
        ],
    );
}
