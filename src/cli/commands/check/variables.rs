//! Reports environment variables that a command reads but that are not set for it.

use super::written::Written;
use crate::cli::session::World;
use crate::config::Config;
use crate::domain::mentions;
use crate::engine::lacking;
use crate::queue::Position;
use crate::views::check::Findings;

/// Adds a finding for each such variable, at the first line that reads it.
pub(super) fn of_variables(
    config: &Config,
    file: &Written,
    world: &World,
    findings: &mut Findings,
) {
    if config.path.is_none() {
        return;
    }
    for found in lacking(config, &world.vars) {
        let finding = file.finding("unset-variable", found.to_string());
        // Without the text, the finding has no line but the same message.
        findings.add(match reads(file.text(), &found.name) {
            Some(position) => file.at(finding, position),
            None => finding,
        });
    }
}

/// Returns where `text` first reads the variable `name`. Comments are ignored.
fn reads(text: &str, name: &str) -> Option<Position> {
    (1..).zip(text.lines()).find_map(|(number, line)| {
        let is_comment = line.trim_start().starts_with('#');
        let (before, _) = line.split_once('$').filter(|_| !is_comment && mentions(line, name))?;
        let from = before.len();
        let at = from + line[from..].find(name)?;
        let column = u32::try_from(line[..at].chars().count() + 1).ok()?;
        Some(Position { line: number, column })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_reads_it_is_found() {
        let text = "# $A_B\n[agents.a]\nset = { A_B = 1 }\nrun = \"x $A_BC ${A_B}\"\n";
        assert_eq!(reads(text, "A_B").map(|at| at.line), Some(4));
        assert_eq!(reads(text, "A_BC"), Some(Position { line: 4, column: 11 }));
        assert_eq!(reads(text, "NO"), None);
    }
}
