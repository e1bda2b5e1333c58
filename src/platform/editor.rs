//! Runs a person's editor on a file, in the terminal of this process.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

/// Runs `editor`, a command line for the shell, on `file` and waits for its end. Returns its exit
/// status, or 128 + n after signal n.
pub(crate) fn edit(editor: &str, file: &Path) -> io::Result<i32> {
    // The name of the file is a separate argument, never part of the command line.
    let line = format!("{editor} \"$1\"");
    let status = new_command().args(["-c", &line, "sh"]).arg(file).status()?;
    Ok(status.code().or_else(|| status.signal().map(|n| 128 + n)).unwrap_or(-1))
}

#[expect(clippy::disallowed_methods, reason = "an editor needs our own terminal and session")]
fn new_command() -> Command {
    Command::new("sh")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_editor_may_have_flags_and_the_file_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a '$(touch x)' b.json");
        assert_eq!(edit("printf '%s' new >", &file).unwrap(), 0);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(edit("exit 7 #", &file).unwrap(), 7);
    }
}
