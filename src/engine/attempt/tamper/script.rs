//! Tells scripts from what tools generate, and finds what a script sources.

use super::fingerprint::head;
use super::looker::program;
use super::shell::Shell;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Extensions of shell scripts: these are there to be run.
pub(super) const SHELL_SCRIPTS: [&str; 3] = ["sh", "bash", "bats"];
/// Extensions of scripts that may also be the product.
pub(super) const SCRIPTS: [&str; 8] = ["py", "js", "mjs", "cjs", "ts", "rb", "pl", "php"];
/// Returns the words of a shell script that name files to source.
pub(super) fn sourced(script: &str) -> Vec<String> {
    let commands = Shell::of(script).commands;
    let commands = commands.iter().filter_map(|words| Some(&words[program(words)?..]));
    let sources = |words: &&[String]| matches!(words[0].as_str(), "." | "source");
    commands.filter(sources).flat_map(|words| words[1..].to_vec()).collect()
}

/// Returns whether a shell script itself decides what its exit status is.
pub(in super::super) fn decides(script: &str) -> bool {
    const WORDS: [&str; 10] =
        ["test", "[", "[[", "exit", "return", "false", "diff", "cmp", "grep", "case"];
    Shell::of(script).commands.iter().flatten().any(|word| WORDS.contains(&&**word))
}

/// Returns whether a file is the product of a tool: a compiled program, a log, a database.
pub(super) fn is_product(path: &Path) -> bool {
    const ENDINGS: [&str; 14] = [
        "log", "out", "tmp", "pid", "db", "sqlite", "sqlite3", "o", "so", "a", "pyc", "class",
        "profraw", "coverage",
    ];
    const MAGIC: [&[u8]; 7] = [
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
        b"MZ\x90\0",
        b"!<arch>",
    ];
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let head = head(path, 8).unwrap_or_default();
    ENDINGS.contains(&ending) || MAGIC.iter().any(|magic| head.starts_with(magic))
}

pub(super) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

pub(super) fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    SHELL_SCRIPTS.contains(&ending)
        || SCRIPTS.contains(&ending)
        || ending.is_empty()
        || is_executable(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;

    #[test]
    fn a_script_sources_what_follows_a_dot_or_source() {
        for (script, expected) in [
            (". ./a.sh\nsource \"b c.sh\" --flag", vec!["./a.sh", "b c.sh", "--flag"]),
            ("if true; then . a.sh; fi", vec!["a.sh"]),
            ("X=1 . a.sh && ! . b.sh", vec!["a.sh", "b.sh"]),
            ("f() { . ${DIR}/a.sh; }", vec!["${DIR}/a.sh"]),
            ("echo . a.sh; ./a.sh; # . b.sh", vec![]),
            (".", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(sourced(script), expected, "{script}");
        }
    }

    #[test]
    fn a_script_decides_if_it_compares_or_ends() {
        for script in [
            "test -f x",
            "[ a = b ]",
            "[[ a ]]",
            "exit 3",
            "f() { return 1; }",
            "cmp a b",
            "a | grep x",
        ] {
            assert!(decides(script), "{script}");
        }
        assert!(decides("case $x in *) true;; esac") && decides("false || diff a b"));
        for script in
            ["", "run", "add() { echo 5; }", ". ./a.sh", "testing x", "# exit 1", "echo 'exit 1'"]
        {
            assert!(!decides(script), "{script}");
        }
    }

    #[test]
    fn products_of_tools_are_known_by_name_and_by_their_first_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let is = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            (is_product(&path), is_script(&path))
        };
        for name in ["a.log", "a.sqlite3", "a.o", "lib.so", "x.pyc", "A.class", "a.profraw"] {
            assert!(is(name, b"#!/bin/sh").0, "{name}");
        }
        let magic: [&[u8]; 5] =
            [b"\x7fELF", b"\xcf\xfa\xed\xfe12345", b"\0asm", b"MZ\x90\0", b"!<arch>\n"];
        for bytes in magic {
            assert!(is("tool", bytes).0, "{bytes:?}");
        }
        for (name, bytes) in [("a.sh", "exit 1"), ("a.txt", ""), ("tool", "MZ"), ("x.logs", "ELF")]
        {
            assert!(!is(name, bytes.as_bytes()).0, "{name}");
        }
        assert!(!is_product(&dir.path().join("gone.sh")));
        for (name, script) in
            [("a.bats", true), ("a.cjs", true), ("run", true), ("a.txt", false), ("a.toml", false)]
        {
            assert_eq!(is(name, b"").1, script, "{name}");
        }
        let text = dir.path().join("a.txt");
        fs::set_permissions(&text, fs::Permissions::from_mode(0o744)).unwrap();
        assert!(is_executable(&text) && is_script(&text));
        assert!(!is_executable(&dir.path().join("gone")));
    }
}
