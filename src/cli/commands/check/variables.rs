//! Reports environment variables that a command reads but that are not set for it.

use crate::cli::session::World;
use crate::config::Config;
use crate::domain::mentions;
use crate::engine::lacking;
use crate::platform::open::{self, Links};
use crate::queue::Position;
use crate::views::check::{FindingView, Findings};

/// The maximum size of a configuration that is searched for a line, in bytes.
const MOST: u64 = 1 << 20;

/// Adds a finding for each such variable, at the first line that reads it.
pub(super) fn of_variables(config: &Config, world: &World, findings: &mut Findings) {
    let Some(path) = &config.path else { return };
    let shown = path.strip_prefix(&world.cwd).unwrap_or(path).display().to_string();
    let found = lacking(config, &world.vars);
    if found.is_empty() {
        return;
    }
    // Without the text, the finding has no line but the same message.
    let text = open::read_text(path, Links::Follow, MOST).unwrap_or_default();
    for found in found {
        let mut finding = FindingView::placeless("unset-variable", &shown, found.to_string());
        if let Some((line, column, excerpt)) = reads(&text, &found.name) {
            finding = finding.at(Position { line, column }, excerpt.to_owned());
        }
        findings.add(finding);
    }
}

/// Returns the first line of `text` that reads the variable `name`, and the column of the name.
/// Comments are ignored.
fn reads<'t>(text: &'t str, name: &str) -> Option<(u32, u32, &'t str)> {
    (1..).zip(text.lines()).find_map(|(number, line)| {
        let is_comment = line.trim_start().starts_with('#');
        let (before, _) = line.split_once('$').filter(|_| !is_comment && mentions(line, name))?;
        let from = before.len();
        let at = from + line[from..].find(name)?;
        let column = u32::try_from(line[..at].chars().count() + 1).ok()?;
        Some((number, column, line))
    })
}

#[cfg(test)]
mod tests {
    use super::reads;

    #[test]
    fn the_line_that_reads_it_is_found() {
        let text = "# $A_B\n[agents.a]\nset = { A_B = 1 }\nrun = \"x $A_BC ${A_B}\"\n";
        assert_eq!(reads(text, "A_B").map(|(line, ..)| line), Some(4));
        assert_eq!(reads(text, "A_BC"), Some((4, 11, "run = \"x $A_BC ${A_B}\"")));
        assert_eq!(reads(text, "NO"), None);
    }
}
