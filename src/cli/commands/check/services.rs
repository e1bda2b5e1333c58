//! Reports services that are configured but never started.

use crate::config::{Config, FILE_NAME};
use crate::queue::{Position, excerpt};
use crate::views::check::{FindingView, Findings};
use std::path::Path;

/// Adds a finding for each service that no profile names.
pub(super) fn of_services(config: &Config, cwd: &Path, findings: &mut Findings) {
    let path = config.path.as_deref().unwrap_or_else(|| Path::new(FILE_NAME));
    let shown = path.strip_prefix(cwd).unwrap_or(path).display().to_string();
    for unused in &config.unused_services {
        let position = Position { line: unused.line, column: unused.column };
        let finding = FindingView::placeless("unused-service", &shown, &unused.message);
        findings.add(finding.at(position, excerpt(&unused.text, position)));
    }
}
