//! Tests the rules for lines, alternative by alternative.

use super::*;

pub(super) const TS: &str = "src/a.test.ts";
pub(super) const JS: &str = "src/a.js";
pub(super) const PY_TEST: &str = "tests/test_a.py";
pub(super) const PY: &str = "shop/a.py";
const RS: &str = "src/a.rs";
pub(super) const RS_TEST: &str = "tests/a.rs";
const GO: &str = "a.go";
pub(super) const GO_TEST: &str = "a_test.go";
pub(super) const SH: &str = "lib/a.sh";
pub(super) const SH_TEST: &str = "tests/a_test.sh";
const JAVA_TEST: &str = "src/test/ATest.java";
const RB: &str = "lib/a.rb";

/// Checks that exactly the lines that `code` names are found by it, and by nothing else.
pub(super) fn check(path: &str, code: &str, wrong: &[&str], right: &[&str]) {
    for text in wrong {
        let lines: Vec<&str> = text.split('\n').collect();
        let expected = [format!("{path}:1: {code}")];
        assert_eq!(told(&[file(path, What::Modified, &lines, &[])]), expected, "{text}");
    }
    for text in right {
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(told(&[file(path, What::Modified, &lines, &[])]), [""; 0], "{path}: {text}");
    }
}

#[test]
fn tests_of_scripts_that_are_switched_off() {
    let wrong = [
        "it.skip('a', f)",
        "test.only('a', f)",
        "describe . todo('a')",
        "context.fixme('a', f)",
        "suite.failing('a', f)",
        "it.skipIf(x)('a', f)",
        "test.runIf(x)('a', f)",
        "it.concurrent.skip('a', f)",
        "describe.sequential.only('a', f)",
        "test('a', { skip: true }, f)",
        "it(`a`, { timeout: 5, todo: 'later' }, f)",
        "it('a = b', { skip: true }, f)",
        "this.skip()",
        "if (old) t . skip( 'later' )",
        "ctx.skip()",
        "xit('a', f)",
        "  xtest ('a', f)",
        "xdescribe('a', f)",
        "xcontext('a', f)",
        "fit('a', f)",
        "};fdescribe('a', f)",
    ];
    let right = [
        "it('skips nothing', f)",
        "exit(1)",
        "outfit('a')",
        "git.skip('a')",
        "it.skipped('a')",
        "list.skip(1)",
        "model.fit(xs, ys)",
        "addon.fit()",
        "test('a', { timeout: 5 }, f)",
        "test('a', () => { read({ skip: true }); })",
        "test('a', async t => { read({ skip: true }); })",
        "t.skip(2)",
        "this.skipped()",
        "rest.skip()",
    ];
    check(TS, "test_skipped", &wrong, &right);
    // A product has other words that look like these.
    check(JS, "test_skipped", &[], &["fit(box)", "context.skip()", "suite.only = 1"]);
}

#[test]
fn tests_of_python_that_are_switched_off() {
    let wrong = [
        "@pytest.mark.skip",
        "@pytest.mark.skipif(FAST, reason='x')",
        "@pytest.mark.xfail(strict=True)",
        "@mark.skip(reason='x')",
        "@unittest.skip('x')",
        "@unittest.skipIf(True, 'x')",
        "@unittest.skipUnless(0, 'x')",
        "@unittest.expectedFailure",
        "    pytest.skip('x')",
        "pytest.xfail()",
        "np = pytest.importorskip('numpy')",
        "    self.skipTest('x')",
        "    raise unittest.SkipTest('x')",
        "    raise SkipTest",
        "__test__ = False",
        "collect_ignore = ['a.py']",
        "collect_ignore_glob = ['*']",
        // Not another system, but any except one.
        "@pytest.mark.skipif(sys.platform != 'win32', reason='x')",
    ];
    let right = [
        "@pytest.mark.skipif(os.name == 'nt', reason='x')",
        "@pytest.mark.skipif(sys.version_info < (3, 12), reason='x')",
        "@unittest.skipIf(platform.system() == 'Darwin', 'x')",
        "@unittest.skipUnless(shutil.which('git'), 'git')",
        "@pytest.mark.parametrize('skip', [1])",
        "@pytest.mark.skipping",
        "pytest.skipped('x')",
        "__test__ = True",
        "collect_ignored = 1",
        "skipTest('x')",
    ];
    check(PY_TEST, "test_skipped", &wrong, &right);
    check(PY, "test_skipped", &["__test__ = False"], &["skip()"]);
}

#[test]
fn tests_of_rust_and_go_that_are_switched_off() {
    let wrong = [
        "    #[ignore]",
        "#[ ignore = \"x\" ]",
        "#[cfg_attr(unix, ignore)]",
        "#[cfg(any())]",
        "#[cfg( false )]",
        "#[cfg(not(test))]",
    ];
    let right = [
        "#[ignored]",
        "// #[ignore",
        "#[cfg(any(unix, windows))]",
        "#[cfg(not(tests))]",
        "#[cfg_attr(unix, inline)]",
    ];
    // A comment that switches off nothing cannot be told from code.
    check(RS, "test_skipped", &wrong, &[right[0], right[2], right[3], right[4]]);
    check(RS, "test_skipped", &[right[1]], &[]);
    let wrong = ["\tt.Skip(\"x\")", "\tb.Skipf(\"x\")", "\tt.SkipNow()", "//go:build ignore"];
    check(GO_TEST, "test_skipped", &wrong, &["\tt.Skipped()", "\tit.Skip()", " //go:build ignore"]);
    check(GO_TEST, "test_skipped", &["// +build ignore"], &["//go:build linux"]);
    check(GO_TEST, "test_skipped", &[], &["\tif testing.Short() {\n\t\tt.Skip(\"short\")"]);
    check(GO, "test_skipped", &[], &["\tt.Skip(\"x\")"]);
}

#[test]
fn tests_of_shells_and_further_languages_that_are_switched_off() {
    check(
        SH_TEST,
        "test_skipped",
        &["skip", "  skip 'x'"],
        &["skip_all", "echo skip", "skipped=1"],
    );
    check(SH, "test_skipped", &[], &["skip 3"]);
    let wrong = [
        "  @Disabled",
        "@Ignore(\"x\")",
        "[Fact(Skip = \"x\")]",
        "[Theory(DisplayName = \"a\", Skip=\"x\")]",
        "  [Ignore(\"x\")]",
        "$this->markTestSkipped('x');",
        "$this->markTestIncomplete();",
        "xit 'adds' do",
        "  xdescribe 'a' do",
        "xcontext 'a' do",
        "@tag :skip",
        "@moduletag skip: true",
    ];
    let right = [
        "@DisabledOnOs(WINDOWS)",
        "[Fact]",
        "[Fact(DisplayName = \"Skip\")]",
        "[IgnoreCase]",
        "markTestDone();",
        "exit 'x'",
        "@tag :skipped",
    ];
    check(JAVA_TEST, "test_skipped", &wrong, &right);
    for path in ["pom.xml", "build.gradle.kt"] {
        let wrong = [
            "<skipTests>true</skipTests>",
            "  <skipITs> true",
            "<maven.test.skip>true",
            "<testFailureIgnore>true",
            "<maven.test.failure.ignore>true",
            "ignoreFailures = true",
            "ignoreFailures.set(true)",
        ];
        let right = ["<skipTests>false", "<skipDocs>true", "ignoreFailures = false"];
        check(path, "test_skipped", &wrong, &right);
    }
}

#[test]
fn code_that_replaces_its_judge() {
    let wrong = [
        "_pytest.runner.call_runtest_hook = f",
        "setattr(_pytest, 'x', f)",
        "Function.runtest = f",
        "TestReport.outcome = 'passed'",
        "unittest.TestCase.assertEqual = f",
        "TestResult.wasSuccessful = f",
        "builtins.AssertionError = Exception",
    ];
    let right = [
        "_pytest.runner.x == f",
        "setattr(pytest_mod, 'x', f)",
        "if Function.runtest == f:",
        "TestReport.name = 'a'",
        "builtins.AssertionError == x",
        "x = _pytest.runner.y",
    ];
    check(PY, "judge_patched", &wrong, &right);
    let wrong = [
        "assert.equal = () => {}",
        "assert.notDeepStrictEqual = f",
        "assert.deepStrictEqual =",
        "matchers.toBe = f",
        "x.toStrictEqual = f",
        "global.expect = f",
        "globalThis.test = f",
        "window.describe = f",
    ];
    let right = [
        "assert.equal(a, b)",
        "x.toBe === f",
        "x.toEqual => f",
        "global.testing = f",
        "local.expect = f",
        "const equal = f",
    ];
    check(JS, "judge_patched", &wrong, &right);
    let wrong = ["macro_rules! assert {", "macro_rules!  panic {", "macro_rules! matches("];
    check(RS, "judge_patched", &wrong, &["macro_rules! assertions {", "macro_rules! my_assert {"]);
}

#[test]
fn checks_that_are_suppressed() {
    let wrong = [
        "// @ts-ignore",
        "// @ts-nocheck",
        "// @ts-expect-error x",
        "/* eslint-disable */",
        "// eslint-disable-next-line no-x",
        "// biome-ignore lint: x",
        "// tslint:disable",
        "/* istanbul ignore next */",
        "// c8 ignore start",
        "/* v8 ignore file */",
    ];
    check(JS, "check_suppressed", &wrong, &["// @ts-ignored", "// eslint", "// v8 ignored"]);
    let wrong = [
        "x = 1  # noqa",
        "x = 1 # type: ignore[x]",
        "# pylint: disable=all",
        "# pylint: skip-file",
        "# mypy: ignore-errors",
        "# pyright: ignore",
        "# pyright: basic",
        "# ruff: noqa",
        "#pragma: no cover",
        "f() # nosec",
    ];
    let right = ["# noqas", "# type: int", "# pylint: enable=x", "# pyright: strict", "noqa = 1"];
    check(PY, "check_suppressed", &wrong, &right);
    let wrong = [
        "#[allow(dead_code)]",
        "#![ allow (warnings)]",
        "#[cfg_attr(test, allow(unused))]",
        "#[coverage(off)]",
        "#[rustfmt::skip]",
    ];
    check(RS, "check_suppressed", &wrong, &["#[allowed(x)]", "#[coverage(on)]", "#[deny(x)]"]);
    let wrong = ["x() //nolint", "// nolint:all", "// #nosec G1", "// coverage:ignore"];
    check(GO, "check_suppressed", &wrong, &["// nolinter", "// coverage:ignored"]);
    let shell = ["# shellcheck disable=SC1"];
    check(SH, "check_suppressed", &shell, &["# shellcheck enable=x", "# shellcheck disabled"]);
}

#[test]
fn placeholders_in_the_place_of_work() {
    check(
        PY,
        "stub",
        &["raise NotImplementedError('x')", "print('not implemented')"],
        &[
            "class A(ABC):\n    def f(self):\n        raise NotImplementedError",
            "class A(Protocol):\n    raise NotImplementedError",
            "if os.name == 'nt':\n    raise NotImplementedError",
            "return NotImplemented",
            "x = NotImplementedErrors",
        ],
    );
    let wrong = ["unimplemented!(\"x\")", "todo! {}", "todo![]"];
    check(RS, "stub", &wrong, &["todo(x)", "my_todo!()", "/// `todo`"]);
    let right = [
        "// not implemented",
        "throw new Error('no implementation')",
        "expect(f).toThrow('not implemented')",
        "res.status(501).end('not implemented')",
        "const code = NOT_IMPLEMENTED; say('unimplemented')",
    ];
    let wrong = [
        "throw new Error(\"Not Implemented\")",
        "say(`implement me`)",
        "fail('this is not yet implemented')",
        "log('unimplemented: a')",
    ];
    check(JS, "stub", &wrong, &right);
    check(GO, "stub", &["panic(\"not implemented\")"], &["assert(\"not implemented\")"]);
    // More than 40 letters before the words are prose.
    check(GO, "stub", &[], &[&format!("x(\"{} not implemented\")", "a".repeat(41))]);
    let wrong =
        ["throw NotImplementedError()", "throw new NotImplementedException();", "TODO(\"x\")"];
    check("src/A.kt", "stub", &wrong, &["catch (e: NotImplementedError)", "// TODO x", "TODOS(1)"]);
}

#[test]
fn products_that_ask_whether_they_are_tested() {
    let wrong = [
        "if 'pytest' in sys.modules:",
        "\"_pytest\" not in sys.modules",
        "os.environ.get('PYTEST_CURRENT_TEST')",
        "PYTEST_VERSION",
    ];
    check(PY, "test_detected", &wrong, &["'pytests' in sys.modules", "PYTEST_ADDOPTS_X"]);
    check(PY_TEST, "test_detected", &[], &wrong);
    let wrong = ["env.JEST_WORKER_ID", "env.VITEST", "env.VITEST_POOL_ID", "env.NODE_TEST_CONTEXT"];
    check(JS, "test_detected", &wrong, &["env.VITESTS", "env.NODE_ENV"]);
    check("jest.config.js", "test_detected", &[], &wrong);
    check(TS, "test_detected", &[], &wrong);
    check(RS, "test_detected", &["if cfg!(test) {", "cfg! ( not ( test ) )"], &["cfg!(tests)"]);
    check(RS_TEST, "test_detected", &[], &["if cfg!(test) {"]);
    check(GO, "test_detected", &["if testing.Testing() {"], &["testing.Short()"]);
    check(SH, "test_detected", &["$BATS_RUN_TMPDIR", "$BATS_SUITE_X"], &["$BATS_ROOT", "$BATS"]);
    let wrong = ["$ENV{HARNESS_ACTIVE}", "defined?(RSpec)", "defined? Minitest", "PHPUNIT_X"];
    check(RB, "test_detected", &wrong, &["HARNESS_ACTIVES", "defined?(Rails)"]);
}
