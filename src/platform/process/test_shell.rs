//! Shell scripts that tests run as a person would, mostly to use git.

use std::path::Path;

/// What git must not take from the machine, and what it need not do in a folder that is soon deleted:
/// a commit would start a second program to find out whether to tidy up.
const GIT: [(&str, &str); 9] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_COUNT", "1"),
    ("GIT_CONFIG_KEY_0", "maintenance.auto"),
    ("GIT_CONFIG_VALUE_0", "false"),
    ("GIT_AUTHOR_NAME", "t"),
    ("GIT_AUTHOR_EMAIL", "t@example.org"),
    ("GIT_COMMITTER_NAME", "t"),
    ("GIT_COMMITTER_EMAIL", "t@example.org"),
];

/// Runs a script in `dir` with these variables in addition to the environment of the tests, and
/// returns what it printed, without its last line ends.
#[track_caller]
pub(crate) fn sh(dir: &Path, script: &str, vars: &[(&str, &str)]) -> String {
    let shell = duct::cmd!("sh", "-ec", script).dir(dir);
    let all = GIT.iter().chain(vars);
    let shell = all.fold(shell, |shell, (name, value)| shell.env(name, value));
    let done = shell.stderr_to_stdout().stdout_capture().unchecked().run().expect("a shell");
    let text = String::from_utf8_lossy(&done.stdout).trim_end().to_owned();
    assert!(done.status.success(), "{script}: {text}");
    text
}

#[test]
fn a_script_prints_and_its_variables_count() {
    let dir = crate::platform::quick_dir();
    let printed = sh(dir.path(), "echo one; echo $A >&2; touch made", &[("A", "two")]);
    assert_eq!(printed, "one\ntwo");
    assert!(dir.path().join("made").exists());
}
