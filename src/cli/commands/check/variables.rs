//! Variables that the text of a command reads and that nothing gives it.

use crate::cli::session::World;
use crate::config::Config;
use crate::engine::lacking;
use crate::views::check::{FindingView, Findings};

/// Finds them in the configuration.
pub(super) fn of_variables(config: &Config, world: &World, findings: &mut Findings) {
    let Some(path) = &config.path else { return };
    let shown = path.strip_prefix(&world.cwd).unwrap_or(path).display().to_string();
    for found in lacking(config, &world.vars) {
        findings.add(FindingView::placeless("unset-variable", &shown, found.to_string()));
    }
}
