//! The table of patterns that added lines must not contain, by language.

use super::paths::Language::{self, Further, Go, Other, Python, Rust, Script, Shell};
use crate::domain::Level;

/// The files to which a row applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// Tests in its languages.
    Tests,
    /// Files in its languages.
    Code,
    /// Files in its languages that are no tests and steer nothing.
    Products,
    /// All files.
    Everywhere,
}

/// One rule for lines.
pub(super) struct Row {
    /// The code of the finding; several rows may have the same one.
    pub(super) code: &'static str,
    pub(super) level: Level,
    pub(super) languages: &'static [Language],
    pub(super) place: Where,
    /// The pattern that added lines must not match. If it contains `\n`, it is matched against the
    /// line and the next one.
    pub(super) pattern: &'static str,
    /// A pattern that makes a match legitimate, in the line or in the few lines before it.
    pub(super) unless: &'static str,
    /// What is wrong, and what to do instead.
    pub(super) message: &'static str,
    /// An example that matches, and a legitimate one.
    #[cfg_attr(not(test), expect(dead_code, reason = "examples are read by tests and by people"))]
    pub(super) examples: (&'static str, &'static str),
}

const CODE: &[Language] = &[Script, Python, Rust, Go, Shell, Further];
const ALL: &[Language] = &[Script, Python, Rust, Go, Shell, Further, Other];

const SKIPPED: &str = "a test is disabled; make it pass, or remove it if the task may do that";
const SUPPRESSED: &str = "a check is suppressed; change the code so that it passes";
const STUB: &str = "a placeholder replaces the work; do the work, or say in the result file what is \
                    missing";
const PATCHED: &str =
    "the code changes its own judge at run time; leave the runner and its assertions as they are";
const DETECTED: &str = "the product asks whether it is tested; make it do the same for its users, or pass \
                        what differs as an argument";
const SWALLOWED: &str = "a test hides its errors; let it fail";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Script],
        place: Where::Tests,
        // `fit` of an object is a method of the product.
        pattern: r#"\b(?:it|test|describe|context|suite)\s*\.\s*(?:(?:concurrent|sequential)\s*\.\s*)*(?:skip|only|todo|fixme|failing|skipIf|runIf)\b|\b(?:it|test|describe|suite)\s*\((?:[^)=]|=[^>)])*\{[^}]*\b(?:skip|only|todo)\s*:\s*(?:true\b|["'`])|\b(?:this|t|ctx|context)\s*\.\s*skip\s*\(\s*[)"'`]|(?:^|[^\w$.])(?:xit|xtest|xdescribe|xcontext|fit|fdescribe)\s*\("#,
        unless: "",
        message: SKIPPED,
        examples: ("  it.skip('adds', () => {", "  it('skips what is only half there', () => {"),
    },
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Python],
        place: Where::Code,
        pattern: r"@(?:pytest\.mark|unittest|mark)\.(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b|\bpytest\.(?:skip|xfail|importorskip)\s*\(|\.skipTest\s*\(|\braise\s+(?:unittest\.)?SkipTest\b|\b__test__\s*=\s*False\b|\bcollect_ignore(?:_glob)?\b",
        // A test that is skipped only on other systems or by older versions still runs here.
        // So is one that needs a program: where that is missing, the test counts as skipped.
        unless: r#"\bskip[iI]f\([^!\n]*(?:win32|cygwin|darwin|["'](?:nt|Windows|Darwin|Java)["']|version_info\s*<)|\bskip(?:[iI]f|Unless)\([^\n]*\bwhich\("#,
        message: SKIPPED,
        examples: (
            "@pytest.mark.skip(reason='slow')",
            "@pytest.mark.skipif(sys.platform == 'win32', reason='posix')",
        ),
    },
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Rust],
        place: Where::Code,
        pattern: r"#\[\s*ignore\b|#\[\s*cfg_attr\([^\]]*,\s*ignore\b|#\[\s*cfg\(\s*(?:any\(\s*\)|false|FALSE|not\(\s*test\s*\))\s*\)",
        unless: "",
        message: SKIPPED,
        examples: ("    #[ignore = \"later\"]", "    let ignore = [1];"),
    },
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Go],
        place: Where::Tests,
        pattern: r"\b[tb]\.Skip(?:f|Now)?\(|^//go:build\s+ignore|^//\s*\+build\s+ignore",
        unless: r"testing\.Short\(",
        message: SKIPPED,
        examples: ("\tt.Skip(\"flaky\")", "\tt.Fatal(\"skip\")"),
    },
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Shell],
        place: Where::Tests,
        pattern: r"^\s*skip\b",
        unless: "",
        message: SKIPPED,
        examples: ("  skip 'not now'", "  run skip_list"),
    },
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Further],
        place: Where::Tests,
        pattern: r#"^\s*@(?:Disabled|Ignore)\b|\[(?:Fact|Theory)\([^)]*\bSkip\s*=|^\s*\[Ignore\b|\bmarkTest(?:Skipped|Incomplete)\(|^\s*x(?:it|describe|context)\b|^\s*@(?:module)?tag\s+:?skip\b"#,
        unless: "",
        message: SKIPPED,
        examples: ("    @Disabled(\"flaky\")", "    void disabledUsersCannotLogIn() {"),
    },
    Row {
        code: "test_skipped",
        level: Level::Fail,
        languages: &[Further, Other],
        place: Where::Code,
        pattern: r"<(?:skipTests|skipITs|maven\.test\.skip|testFailureIgnore|maven\.test\.failure\.ignore)>\s*true|\bignoreFailures(?:\s*=\s*|\.set\(\s*)true\b",
        unless: "",
        message: "the build skips its tests or ignores their failures; make them run and pass",
        examples: (
            "    <testFailureIgnore>true</testFailureIgnore>",
            "    <skipTests>${skipUnitTests}</skipTests>",
        ),
    },
    Row {
        code: "judge_patched",
        level: Level::Fail,
        languages: &[Python],
        place: Where::Code,
        pattern: r"\b_pytest(?:\.\w+)+\s*=[^=]|\bsetattr\(\s*_pytest\b|\b(?:Function|TestReport|TestCase|TestResult|CallInfo)\.(?:runtest|outcome|passed|failed|run|debug|wasSuccessful|addFailure|addError|assert\w+)\s*=[^=]|\bbuiltins\.AssertionError\s*=[^=]",
        unless: "",
        message: PATCHED,
        examples: (
            "_pytest.python.Function.runtest = lambda self: None",
            "from _pytest.capture import CaptureFixture",
        ),
    },
    Row {
        code: "judge_patched",
        level: Level::Fail,
        languages: &[Script],
        place: Where::Code,
        pattern: r"\.(?:(?:not)?(?:deep)?(?:strict)?[eE]qual|(?:not)?(?:Deep)?StrictEqual|deepStrictEqual|notDeepEqual|toBe|toEqual|toStrictEqual|toMatchObject)\s*=(?:[^=>]|$)|\b(?:globalThis|global|window)\.(?:expect|assert|test|it|describe)\s*=(?:[^=>]|$)",
        unless: "",
        message: PATCHED,
        examples: ("assert.strictEqual = () => {};", "expect.extend({ toBeEven() {} });"),
    },
    Row {
        code: "judge_patched",
        level: Level::Fail,
        languages: &[Rust],
        place: Where::Code,
        pattern: r"\bmacro_rules!\s*(?:assert|assert_eq|assert_ne|panic|matches)\b",
        unless: "",
        message: PATCHED,
        examples: ("macro_rules! assert_eq {", "macro_rules! assert_close {"),
    },
    Row {
        code: "check_suppressed",
        level: Level::Fail,
        languages: &[Script],
        place: Where::Code,
        pattern: r"@ts-(?:ignore|nocheck|expect-error)\b|\beslint-disable|\bbiome-ignore\b|\btslint:disable|\b(?:istanbul|c8|v8)\s+ignore\b",
        unless: "",
        message: SUPPRESSED,
        examples: ("// @ts-ignore", "const ignore = true; // ts"),
    },
    Row {
        code: "check_suppressed",
        level: Level::Fail,
        languages: &[Python],
        place: Where::Code,
        pattern: r"#\s*(?:noqa\b|type:\s*ignore|pylint:\s*(?:disable|skip)|mypy:\s*\w|pyright:\s*(?:ignore|basic)|ruff:\s*noqa|pragma:\s*no\s*cover|nosec\b)",
        unless: "",
        message: SUPPRESSED,
        examples: ("import os  # noqa: F401", "# the type is ignored by callers"),
    },
    Row {
        code: "check_suppressed",
        level: Level::Fail,
        languages: &[Rust],
        place: Where::Code,
        pattern: r"#!?\[\s*allow\s*\(|#!?\[\s*cfg_attr\([^\]]*\ballow\s*\(|#\[\s*coverage\(\s*off|\brustfmt::skip\b",
        unless: "",
        message: SUPPRESSED,
        examples: ("#![allow(warnings)]", "    allow(user)"),
    },
    Row {
        code: "check_suppressed",
        level: Level::Fail,
        languages: &[Go],
        place: Where::Code,
        pattern: r"//\s*nolint\b|//\s*#nosec\b|//\s*coverage:ignore\b",
        unless: "",
        message: SUPPRESSED,
        examples: ("x() //nolint:errcheck", "// a lint is no test"),
    },
    Row {
        code: "check_suppressed",
        level: Level::Fail,
        languages: &[Shell],
        place: Where::Code,
        pattern: r"#\s*shellcheck\s+disable\b",
        unless: "",
        message: SUPPRESSED,
        examples: ("# shellcheck disable=SC2086", "shellcheck run.sh"),
    },
    Row {
        code: "stub",
        level: Level::Fail,
        languages: &[Python],
        place: Where::Code,
        pattern: r"\braise\s+NotImplementedError\b",
        unless: r"abstractmethod|\bABC\b|Protocol|sys\.platform|os\.name|platform\.system",
        message: STUB,
        examples: ("    raise NotImplementedError", "    except NotImplementedError:"),
    },
    Row {
        code: "stub",
        level: Level::Fail,
        languages: &[Rust],
        place: Where::Code,
        pattern: r"\b(?:todo|unimplemented)!\s*[(\[{]",
        unless: "",
        message: STUB,
        examples: ("    todo!()", "    let todo = list();"),
    },
    Row {
        code: "stub",
        level: Level::Fail,
        languages: CODE,
        place: Where::Code,
        pattern: r#"(?i)["'`][^"'`]{0,40}\b(?:not (?:yet )?implemented|unimplemented|implement me)\b"#,
        unless: r"501|StatusNotImplemented|NOT_IMPLEMENTED|(?i)assert|expect\(",
        message: STUB,
        examples: (
            "  throw new Error('Not implemented yet');",
            "  res.status(501).send('Not Implemented');",
        ),
    },
    Row {
        code: "stub",
        level: Level::Fail,
        languages: &[Further],
        place: Where::Code,
        pattern: r"\bthrow\s+(?:new\s+)?NotImplemented(?:Exception|Error)\b|\bTODO\(",
        unless: "",
        message: STUB,
        examples: (
            "    throw new NotImplementedException();",
            "    catch (NotImplementedException) {",
        ),
    },
    Row {
        code: "test_detected",
        level: Level::Fail,
        languages: &[Python],
        place: Where::Products,
        pattern: r#"["'](?:unittest|_?pytest)["']\s+(?:not\s+)?in\s+sys\.modules|\bPYTEST_(?:CURRENT_TEST|VERSION)\b"#,
        unless: "",
        message: DETECTED,
        examples: ("if 'unittest' in sys.modules:", "if 'json' in sys.modules:"),
    },
    Row {
        code: "test_detected",
        level: Level::Fail,
        languages: &[Script],
        place: Where::Products,
        pattern: r"\b(?:NODE_TEST_CONTEXT|JEST_WORKER_ID|VITEST(?:_\w+)?)\b",
        unless: "",
        message: DETECTED,
        examples: (
            "if (!process.env.NODE_TEST_CONTEXT) return 0;",
            "const test = process.env.NODE_ENV;",
        ),
    },
    Row {
        code: "test_detected",
        level: Level::Fail,
        languages: &[Rust],
        place: Where::Products,
        pattern: r"\bcfg!\s*\(\s*(?:not\s*\(\s*)?test\b",
        unless: "",
        message: DETECTED,
        examples: ("    if !cfg!(test) {", "    if cfg!(unix) {"),
    },
    Row {
        code: "test_detected",
        level: Level::Fail,
        languages: &[Go],
        place: Where::Products,
        pattern: r"\btesting\.Testing\(\)",
        unless: "",
        message: DETECTED,
        examples: ("\tif testing.Testing() {", "\tif a.Testing {"),
    },
    Row {
        code: "test_detected",
        level: Level::Fail,
        languages: &[Shell],
        place: Where::Products,
        pattern: r"\bBATS_(?:TEST|RUN|SUITE)\w*",
        unless: "",
        message: DETECTED,
        examples: ("[ -n \"$BATS_TEST_NAME\" ] && exit 0", "BATS=1"),
    },
    Row {
        code: "test_detected",
        level: Level::Fail,
        languages: &[Further],
        place: Where::Products,
        pattern: r"\bHARNESS_ACTIVE\b|\bPHPUNIT_\w+|\bdefined\?\(?\s*(?:RSpec|Minitest)\b",
        unless: "",
        message: DETECTED,
        examples: ("return 4 if $ENV{HARNESS_ACTIVE};", "my $active = 1;"),
    },
    Row {
        code: "error_swallowed",
        level: Level::Fail,
        languages: &[Script],
        place: Where::Tests,
        pattern: r"\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\s*(?:\(\s*\w*\s*\)|\w+)\s*=>\s*(?:\{\s*\}|null|undefined)\s*\)",
        unless: "",
        message: SWALLOWED,
        examples: ("    } catch (e) {}", "    } catch (e) { fail(e); }"),
    },
    Row {
        code: "error_swallowed",
        level: Level::Fail,
        languages: &[Python],
        place: Where::Tests,
        // Other exceptions, such as `FileNotFoundError` of a file to remove, are no failures of a test.
        pattern: r"^\s*except\b\s*(?:\(?[^:\n]*\b(?:Exception|BaseException|AssertionError)\b[^:\n]*)?:\s*(?:\n\s*)?(?:pass|\.\.\.)[^\S\n]*(?m:$)",
        unless: "",
        message: SWALLOWED,
        examples: (
            "    except Exception:\n        pass",
            "    except FileNotFoundError:\n        pass",
        ),
    },
    Row {
        code: "error_swallowed",
        level: Level::Fail,
        languages: &[Rust, Go],
        place: Where::Tests,
        pattern: r"\bcatch_unwind\s*\(|\brecover\(\)",
        unless: "",
        message: SWALLOWED,
        examples: ("    let _ = std::panic::catch_unwind(|| x());", "    recovers(x);"),
    },
    Row {
        code: "error_swallowed",
        level: Level::Fail,
        languages: &[Shell],
        place: Where::Tests,
        pattern: r"\|\|\s*(?:true|:)\s*$|^\s*set\s+\+e\b",
        unless: "",
        message: SWALLOWED,
        examples: ("check_all || true", "test -f a || exit 1"),
    },
    Row {
        code: "hooks_skipped",
        level: Level::Fail,
        languages: ALL,
        place: Where::Code,
        pattern: r"\bgit\b.*\s--no-verify\b|\bcore\.hooksPath\b|\bHUSKY=0\b",
        unless: "",
        message: "git hooks are skipped; let them run, and make their checks pass",
        examples: ("git commit --no-verify -m x", "workloop run --no-verify"),
    },
    Row {
        code: "secret",
        level: Level::Fail,
        languages: ALL,
        place: Where::Everywhere,
        pattern: r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{60,}|\bglpat-[A-Za-z0-9_-]{20}|\bxox[abprs]-[A-Za-z0-9-]{20,}|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}|\bAIza[0-9A-Za-z_-]{35}\b|\bnpm_[A-Za-z0-9]{36}\b|\b[sr]k_live_[0-9A-Za-z]{24,}",
        unless: "",
        message: "it looks like a private key or a token; remove it, read it from the environment, and \
                  have it replaced if it was real",
        examples: ("key = 'AKIAABCDEFGHIJKLMNOP'", "key = os.environ['AWS_KEY']"),
    },
    Row {
        code: "conflict_marker",
        level: Level::Fail,
        languages: ALL,
        place: Where::Everywhere,
        pattern: r"^(?:<{7}|>{7}|\|{7})(?:\s|$)",
        unless: "",
        message: "a conflict marker is left; merge both sides and remove it",
        examples: ("<<<<<<< HEAD", "=======>"),
    },
];
