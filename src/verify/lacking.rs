//! Detects from the output of a step that a tool that it starts is not installed.
//!
//! A shell reports a missing command with exit status 127. Launchers such as `python3 -m`, `make`
//! or `cargo` have statuses and messages of their own.

use regex::Regex;
use std::sync::OnceLock;

/// How many of the last lines are examined: an earlier message did not end the step.
const LINES: usize = 3;

/// Messages with which tools report that something is not installed; the group captures its name.
/// Messages about what the project itself lacks, such as a script in its `package.json`, are not
/// included: a task may add that.
const SENTENCES: [(&str, &str); 7] = [
    (r#"^\S*python[0-9.]*(?:\.exe)?: No module named ['"]?([\w.]+)"#, "python has no module"),
    (r"^error: no such command: `([\w-]+)`", "cargo has no command"),
    (
        r"^make(?:\[\d+\])?: \*\*\* \[(.*)\] Error 12[67]$",
        "a program was not found, for the recipe",
    ),
    (r"^Command not found: (\S+)$", "poetry has no program"),
    (r"^Error: the command (\S+).* could not be found within PATH", "pipenv has no program"),
    (r"^error: Failed to spawn: `([^`]+)`", "uv has no program"),
    (r"^\S+: (?:line )?\d+: (\S+?): (?:command )?not found$", "a program was not found:"),
];

/// Returns what is not installed, if one of the last lines of the output reports that.
pub(crate) fn lacking(said: &str) -> Option<String> {
    static SET: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let compiled = SET.get_or_init(|| {
        let one =
            |(pattern, words): &(&str, &'static str)| Some((Regex::new(pattern).ok()?, *words));
        SENTENCES.iter().filter_map(one).collect()
    });
    let lines = said.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.rev().take(LINES).find_map(|line| {
        compiled.iter().find_map(|(sentence, words)| {
            let name = sentence.captures(line)?.get(1)?.as_str().to_owned();
            Some(format!("{words} {name}"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_told_and_what_a_project_lacks_is_not() {
        for (said, expected) in [
            ("/usr/bin/python3: No module named pytest\n", "python has no module pytest"),
            ("python3.11: No module named 'nox.sub'", "python has no module nox.sub"),
            (
                "error: no such command: `nextest`\n\n\thelp: view all\n",
                "cargo has no command nextest",
            ),
            (
                "jest\nmake[1]: *** [Makefile:2: test] Error 127\n",
                "a program was not found, for the recipe Makefile:2: test",
            ),
            ("check.sh: 3: pytest: not found\n", "a program was not found: pytest"),
            ("check.sh: line 3: go: command not found", "a program was not found: go"),
            ("error: Failed to spawn: `pytest`\n  Caused by: x", "uv has no program pytest"),
            ("Command not found: pytest", "poetry has no program pytest"),
        ] {
            assert_eq!(lacking(said).as_deref(), Some(expected), "{said}");
        }
        for said in [
            "ModuleNotFoundError: No module named 'shop'",
            "npm error Missing script: \"test\"",
            "make: *** No rule to make target 'test'.  Stop.",
            "make: *** [Makefile:2: test] Error 1",
            "python3: No module named pytest\n1\n2\n3 failed",
            "",
        ] {
            assert_eq!(lacking(said), None, "{said}");
        }
    }
}
