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
